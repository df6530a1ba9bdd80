//! Runs of text that may hide other text: base64, hex, HTML entities and percent-encoding, decoded wherever they could
//! begin.

use data_encoding::{BASE64_NOPAD, HEXLOWER_PERMISSIVE};

use super::Form;

/// Shortest run worth decoding, in characters: canaries have at least eight bytes.
const BASE64_MIN: usize = 11;
const HEX_MIN: usize = 16;

/// What a byte is to a run of base64 and to one of hex: a digit, or a filler between the digits of one run.
const BASE64_DIGIT: u8 = 1;
const BASE64_FILLER: u8 = 2;
const HEX_DIGIT: u8 = 4;
const HEX_FILLER: u8 = 8;

static CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = class(byte as u8);
        byte += 1;
    }
    classes
};

const fn class(byte: u8) -> u8 {
    let base64 = match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' | b'-' | b'_' => BASE64_DIGIT,
        // Line breaks of wrapped mail bodies.
        b'\n' | b'\r' => BASE64_FILLER,
        _ => 0,
    };
    let hex = match byte {
        b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F' => HEX_DIGIT,
        // `4e 57`, `4e:57`, `\x4e\x57`, `\u004e\u0057`, `4e, 57`.
        b' ' | b':' | b'-' | b'\\' | b'x' | b'u' | b',' | b'\n' => HEX_FILLER,
        _ => 0,
    };
    base64 | hex
}

/// Calls `each` with everything that `text` may decode to, until it says something.
pub fn decoded<T>(text: &str, mut each: impl FnMut(Form, &[u8]) -> Option<T>) -> Option<T> {
    let percent = text.contains('%').then(|| percent_encoding::percent_decode_str(text).collect::<Vec<u8>>());
    // The 0 of `0x4e 0x57` is no digit.
    let bare = text.contains("0x").then(|| text.replace("0x", ""));
    percent
        .and_then(|bytes| each(Form::Percent, &bytes))
        .or_else(|| runs(text, BASE64_MIN, BASE64_DIGIT, BASE64_FILLER, |run| base64(run, &mut each)))
        .or_else(|| runs(text, HEX_MIN, HEX_DIGIT, HEX_FILLER, |run| hex(run, &mut each)))
        .or_else(|| runs(&bare?, HEX_MIN, HEX_DIGIT, HEX_FILLER, |run| hex(run, &mut each)))
        .or_else(|| text.contains("&#").then(|| each(Form::Entities, entities(text).as_bytes())).flatten())
}

/// The text with its numeric HTML entities (`&#78;`, `&#x4e;`) replaced.
fn entities(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("&#") {
        plain.push_str(before);
        let (radix, digits) = after.strip_prefix(['x', 'X']).map_or((10, after), |digits| (16, digits));
        let end = digits.find(|c: char| !c.is_digit(radix)).unwrap_or(digits.len());
        match u32::from_str_radix(&digits[..end], radix).ok().and_then(char::from_u32) {
            Some(c) => {
                plain.push(c);
                rest = digits[end..].strip_prefix(';').unwrap_or(&digits[end..]);
            }
            None => {
                plain.push_str("&#");
                rest = after;
            }
        }
    }
    plain.push_str(rest);
    plain
}

/// Calls `each` with the digits of every run of at least `min` of them.
fn runs<T>(text: &str, min: usize, digit: u8, filler: u8, mut each: impl FnMut(&[u8]) -> Option<T>) -> Option<T> {
    let bytes = text.as_bytes();
    let class = |byte: &u8| CLASSES[usize::from(*byte)];
    let (is_digit, is_end) = (|byte: &u8| class(byte) & digit != 0, |byte: &u8| class(byte) & (digit | filler) == 0);
    let mut start = 0;
    while let Some(shortest) = bytes.get(start..start + min) {
        // Looking from behind, most text is passed over a word at a time.
        if let Some(end) = shortest.iter().rposition(is_end) {
            start += end + 1;
            continue;
        }
        let rest = &bytes[start + min..];
        let end = start + min + rest.iter().position(is_end).unwrap_or(rest.len());
        let run = &bytes[start..end];
        let digits = run.iter().filter(|&byte| is_digit(byte)).count();
        let found = match digits {
            few if few < min => None,
            all if all == run.len() => each(run),
            _ => each(&run.iter().copied().filter(is_digit).collect::<Vec<u8>>()),
        };
        if found.is_some() {
            return found;
        }
        start = end + 1;
    }
    None
}

/// A run may begin with characters that are not part of the encoded value: all four alignments are tried.
fn base64<T>(run: &[u8], each: &mut impl FnMut(Form, &[u8]) -> Option<T>) -> Option<T> {
    let standard = |&digit: &u8| match digit {
        b'-' => b'+',
        b'_' => b'/',
        other => other,
    };
    // Filled up to whole groups, so that a run may also be cut off anywhere.
    let mut digits = Vec::with_capacity(run.len() + 3);
    digits.extend(run.iter().map(standard));
    digits.extend([b'A'; 3]);
    let mut bytes = vec![0; digits.len()];
    (0..4).find_map(|start| {
        let part = &digits[start..start + (run.len() - start).next_multiple_of(4)];
        let length = BASE64_NOPAD.decode_len(part.len()).ok()?;
        let decoded = BASE64_NOPAD.decode_mut(part, &mut bytes[..length]).ok()?;
        each(Form::Base64, &bytes[..decoded])
    })
}

fn hex<T>(run: &[u8], each: &mut impl FnMut(Form, &[u8]) -> Option<T>) -> Option<T> {
    (0..2).find_map(|start| {
        let part = &run[start..];
        let part = &part[..part.len() / 2 * 2];
        each(Form::Hex, &HEXLOWER_PERMISSIVE.decode(part).ok()?)
    })
}
