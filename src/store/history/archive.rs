//! A run's folder as one compressed stream, cut into parts that a database can hold, and back.
//!
//! A file is its name, its length in bytes, each on a line, and its content. Only what cannot be made again is in it.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use super::super::disk::Naming;
use super::database::HistoryError;
use super::incoming::Incoming;
use super::source::TRUTH;

/// Bytes of a part.
const PART: usize = 1 << 20;

/// Most bytes that a run may unpack to.
const LARGEST: u64 = 64 << 30;

/// Called with each part, in order.
pub(super) type Take<'t> = dyn FnMut(Vec<u8>) -> Result<(), HistoryError> + 't;

/// Files of the run that are there, opened, with their names and lengths.
fn files(folder: &Path) -> Result<Vec<(&'static str, File, u64)>, HistoryError> {
    let mut files = Vec::new();
    for name in TRUTH {
        let path = folder.join(name);
        match File::open(&path) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
            file => {
                let file = file.naming("open", &path)?;
                let length = file.metadata().naming("read", &path)?.len();
                files.push((name, file, length));
            }
        }
    }
    Ok(files)
}

/// Blake3 of the files, hex: the same as long as none of them changes.
pub(super) fn digest(folder: &Path) -> Result<String, HistoryError> {
    let mut hasher = blake3::Hasher::new();
    for (name, file, length) in files(folder)? {
        hasher.update(format!("{name}\n{length}\n").as_bytes());
        hasher.update_reader(file.take(length)).naming("read", &folder.join(name))?;
    }
    Ok(hasher.finalize().to_hex().to_string())
}

/// Packs a run's folder.
pub(super) fn pack(folder: &Path, take: &mut Take) -> Result<(), HistoryError> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(PART), Compression::default());
    let mut buffer = vec![0; 1 << 16];
    for (name, file, length) in files(folder)? {
        let path = folder.join(name);
        writeln!(encoder, "{name}\n{length}").naming("pack", &path)?;
        let (mut file, mut left) = (file.take(length), length);
        loop {
            let read = file.read(&mut buffer).naming("read", &path)?;
            if read == 0 {
                break;
            }
            left -= read as u64;
            encoder.write_all(&buffer[..read]).naming("pack", &path)?;
            if encoder.get_ref().len() >= PART {
                take(std::mem::replace(encoder.get_mut(), Vec::with_capacity(PART)))?;
            }
        }
        if left > 0 {
            let changed = io::Error::new(io::ErrorKind::UnexpectedEof, "it became shorter meanwhile");
            return Err(changed).naming("read", &path).map_err(HistoryError::from);
        }
    }
    take(encoder.finish().naming("pack", folder)?)
}

/// Unpacks a run; what is wrong with the stream is a sentence.
pub(super) fn unpack(packed: impl Read, incoming: &Incoming) -> Result<(), String> {
    let mut input = BufReader::new(GzDecoder::new(packed));
    let mut all = 0u64;
    loop {
        let Some(name) = line(&mut input)? else { return Ok(()) };
        let length = line(&mut input)?.and_then(|length| length.parse::<u64>().ok());
        let length = length.ok_or_else(|| format!("the length of {name:?} cannot be read"))?;
        all = all.saturating_add(length);
        if all > LARGEST {
            return Err(format!("it holds more than {} GiB", LARGEST >> 30));
        }
        let mut file = incoming.file(&name).map_err(|error| error.to_string())?;
        let copied = io::copy(&mut Read::by_ref(&mut input).take(length), &mut file).map_err(|e| e.to_string())?;
        if copied < length {
            return Err(format!("{name} ends early"));
        }
    }
}

/// A short line; `None` at the end.
fn line(input: &mut impl BufRead) -> Result<Option<String>, String> {
    let mut line = Vec::new();
    let read = input.take(100).read_until(b'\n', &mut line).map_err(|error| error.to_string())?;
    match line.pop() {
        None => Ok(None),
        Some(b'\n') if read > 1 => String::from_utf8(line).map(Some).map_err(|error| error.to_string()),
        Some(_) => Err("a file in it has no name".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Runs;

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    #[track_caller]
    fn refused(stream: &[u8], why: &str) {
        let folder = tempfile::tempdir().unwrap();
        let runs = Runs::new(folder.path());
        let error = unpack(stream, &Incoming::new(&runs).unwrap()).unwrap_err();
        assert!(error.contains(why), "{error}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing stays");
    }

    #[test]
    fn a_stream_from_elsewhere_writes_files_of_a_run_and_no_others() {
        refused(&packed(b"../../etc/passwd\n1\nx"), "is not a name");
        refused(&packed(b"report.html\n1\nx"), "is not a name");
        refused(&packed(b"verdict.json\n9\nx"), "ends early");
        refused(&packed(b"verdict.json\n99999999999999\nx"), "GiB");
        refused(&packed(b"verdict.json\n1\nxverdict.json\n1\nx"), "cannot create");
        refused(&packed(b"\n1\nx"), "no name");
        refused(b"no gzip at all", "gzip");
    }

    #[test]
    fn what_was_packed_is_unpacked_in_parts_or_whole() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let mut random = crate::stats::random::Random::new(7);
        let text: Vec<u8> = (0..3 * PART).map(|_| (random.bits() & 0xff) as u8).collect();
        std::fs::write(from.path().join("events.jsonl"), &text).unwrap();
        std::fs::write(from.path().join("report.html"), "a page").unwrap();
        let mut parts: Vec<Vec<u8>> = Vec::new();
        pack(from.path(), &mut |part| {
            parts.push(part);
            Ok(())
        })
        .unwrap();
        assert!(parts.len() >= 3);
        let runs = Runs::new(to.path());
        let incoming = Incoming::new(&runs).unwrap();
        unpack(&*parts.concat(), &incoming).unwrap();
        let unpacked = incoming.folder();
        assert_eq!(std::fs::read(unpacked.join("events.jsonl")).unwrap(), text);
        assert_eq!(digest(unpacked).unwrap(), digest(from.path()).unwrap());
    }
}
