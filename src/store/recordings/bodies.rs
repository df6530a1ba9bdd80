//! Large parts of recordings, each once: `bodies/<ab>/<digest>.gz`, named by what it holds.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use flate2::read::GzDecoder;
use flate2::{Compression, GzBuilder};

use super::super::StoreError;
use super::super::disk::{Durable, Naming, check_inside, replace};

/// Most bytes of one body, uncompressed.
const LARGEST: u64 = 64 << 20;
/// Hexadecimal digits of a digest: 128 bits, enough that nothing is taken for anything else by accident.
const DIGITS: usize = 32;

/// The bodies of all recordings of a project.
pub struct Bodies {
    root: PathBuf,
    /// Digests whose files were found or written.
    known: Mutex<HashSet<String>>,
}

impl Bodies {
    /// Those below the recordings' folder, which need not exist yet.
    pub fn open(recordings: &Path) -> Self {
        Self { root: recordings.join("bodies"), known: Mutex::default() }
    }

    /// Keeps it, if it is not there yet; its digest.
    pub fn keep(&self, body: &[u8]) -> Result<String, StoreError> {
        let digest = digest(body);
        if self.known().contains(&digest) {
            return Ok(digest);
        }
        let path = self.path(&digest);
        if body.len() as u64 > LARGEST {
            return Err(too_large(path));
        }
        // What is there already stays as it is, whoever compressed it; what is there and damaged is mended.
        match self.read(&digest) {
            Ok(_) => {}
            Err(StoreError::Link(path)) => return Err(StoreError::Link(path)),
            Err(_) => {
                let folder = path.parent().unwrap_or(&self.root);
                fs::create_dir_all(folder).naming("create", folder)?;
                replace(&path, &compressed(body).naming("compress", &path)?, Durable::Yes)?;
            }
        }
        self.known().insert(digest.clone());
        Ok(digest)
    }

    /// What the digest stands for. What is not there, or is something else, is an error that names the path.
    pub fn read(&self, digest: &str) -> Result<Vec<u8>, StoreError> {
        if digest.len() != DIGITS || !digest.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(StoreError::Damaged { path: self.root.clone(), why: format!("{digest:?} is no digest") });
        }
        let path = self.path(digest);
        for part in [self.root.as_path(), path.parent().unwrap_or(&self.root), &path] {
            check_inside(self.root.parent().unwrap_or(&self.root), part)?;
        }
        let mut body = Vec::new();
        let unpacked = GzDecoder::new(File::open(&path).naming("open", &path)?);
        unpacked.take(LARGEST + 1).read_to_end(&mut body).naming("unpack", &path)?;
        if body.len() as u64 > LARGEST {
            return Err(too_large(path));
        }
        if self::digest(&body) != digest {
            let why = "it does not hold what its name says: take it from where it was recorded".to_owned();
            return Err(StoreError::Damaged { path, why });
        }
        Ok(body)
    }

    fn path(&self, digest: &str) -> PathBuf {
        self.root.join(&digest[..2]).join(format!("{digest}.gz"))
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashSet<String>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn too_large(path: PathBuf) -> StoreError {
    StoreError::Damaged { path, why: format!("it holds more than {} MiB", LARGEST >> 20) }
}

fn digest(body: &[u8]) -> String {
    blake3::hash(body).to_hex()[..DIGITS].to_owned()
}

/// The same bytes for the same body: no time, no name, no operating system in the header.
fn compressed(body: &[u8]) -> io::Result<Vec<u8>> {
    let mut packed = GzBuilder::new().mtime(0).operating_system(255).write(Vec::new(), Compression::best());
    packed.write_all(body)?;
    packed.finish()
}
