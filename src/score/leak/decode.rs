//! Runs of text that may hide other text: base64, hex and percent-encoding, decoded wherever they could begin.

use data_encoding::{BASE64_NOPAD, HEXLOWER_PERMISSIVE};

use super::Form;

/// Shortest run worth decoding, in characters: canaries have at least eight bytes.
const BASE64_MIN: usize = 11;
const HEX_MIN: usize = 16;

/// Calls `each` with everything that `text` may decode to, until it says something.
pub fn decoded<T>(text: &str, mut each: impl FnMut(Form, &[u8]) -> Option<T>) -> Option<T> {
    let percent = text.contains('%').then(|| percent_encoding::percent_decode_str(text).collect::<Vec<u8>>());
    percent
        .and_then(|bytes| each(Form::Percent, &bytes))
        .or_else(|| runs(text, BASE64_MIN, base64_step, |run| base64(run, &mut each)))
        .or_else(|| runs(text, HEX_MIN, hex_step, |run| hex(run, &mut each)))
}

/// What a character means to a run.
enum Step {
    Digit,
    /// Between the digits of one run.
    Filler,
    End,
}

fn base64_step(byte: u8) -> Step {
    match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' | b'-' | b'_' => Step::Digit,
        // Line breaks of wrapped mail bodies.
        b'\n' | b'\r' => Step::Filler,
        _ => Step::End,
    }
}

fn hex_step(byte: u8) -> Step {
    match byte {
        b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F' => Step::Digit,
        // `4e 57`, `4e:57`, `\x4e\x57`.
        b' ' | b':' | b'-' | b'\\' | b'x' | b'\n' => Step::Filler,
        _ => Step::End,
    }
}

/// Calls `each` with the digits of every run of at least `min` of them.
fn runs<T>(text: &str, min: usize, step: impl Fn(u8) -> Step, mut each: impl FnMut(&[u8]) -> Option<T>) -> Option<T> {
    let bytes = text.as_bytes();
    if bytes.len() < min {
        return None;
    }
    let (mut start, mut digits) = (0, 0);
    for end in 0..=bytes.len() {
        match bytes.get(end).map_or(Step::End, |&byte| step(byte)) {
            Step::Digit => digits += 1,
            Step::Filler => {}
            Step::End => {
                // Most runs are short words: their digits are collected only when they are many enough.
                if digits >= min {
                    let run = bytes[start..end].iter().copied().filter(|&byte| matches!(step(byte), Step::Digit));
                    if let Some(found) = each(&run.collect::<Vec<u8>>()) {
                        return Some(found);
                    }
                }
                (start, digits) = (end + 1, 0);
            }
        }
    }
    None
}

/// A run may begin with characters that are not part of the encoded value: all four alignments are tried.
fn base64<T>(run: &[u8], each: &mut impl FnMut(Form, &[u8]) -> Option<T>) -> Option<T> {
    (0..4).find_map(|start| {
        let standard = |&digit: &u8| match digit {
            b'-' => b'+',
            b'_' => b'/',
            other => other,
        };
        let mut part: Vec<u8> = run[start..].iter().map(standard).collect();
        // Filled up to whole groups, so that a run may also be cut off anywhere.
        part.resize(part.len().next_multiple_of(4), b'A');
        each(Form::Base64, &BASE64_NOPAD.decode(&part).ok()?)
    })
}

fn hex<T>(run: &[u8], each: &mut impl FnMut(Form, &[u8]) -> Option<T>) -> Option<T> {
    (0..2).find_map(|start| {
        let part = &run[start..];
        let part = &part[..part.len() / 2 * 2];
        each(Form::Hex, &HEXLOWER_PERMISSIVE.decode(part).ok()?)
    })
}
