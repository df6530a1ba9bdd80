//! Values as JSON on one line, in memory: what is stored is written so before it goes to a file.
//!
//! Knows nothing of files, and not which values there are.

use std::io;

use serde::Serialize;

/// A value as JSON, written once for every place it stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Json(Vec<u8>);

impl Json {
    /// Errors: the value has a map whose keys are no texts, or an error of its own.
    pub fn of(value: &impl Serialize) -> serde_json::Result<Self> {
        let mut text = Vec::with_capacity(1024);
        push_json(&mut text, value)?;
        Ok(Self(text))
    }

    /// UTF-8.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Appends a value as JSON. Errors: those of [`Json::of`]; then a part of it may have been appended.
pub fn push_json(out: &mut Vec<u8>, value: &(impl Serialize + ?Sized)) -> serde_json::Result<()> {
    serde_json::to_writer(Appending(out), value)
}

/// What serde_json says of a text, without the place that it ends with: whoever tells it knows the place in the file.
pub fn without_place(error: &serde_json::Error) -> String {
    let mut message = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    if let Some(rest) = message.strip_suffix(&place) {
        message.truncate(rest.len());
    }
    message
}

/// Most of what serde_json writes is a single quote, colon or comma, for which a call to copy memory is dear.
struct Appending<'o>(&'o mut Vec<u8>);

impl io::Write for Appending<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes)?;
        Ok(bytes.len())
    }

    #[inline(always)]
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match bytes {
            [byte] => self.0.push(*byte),
            bytes => self.0.extend_from_slice(bytes),
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn it_is_what_serde_json_writes() {
        let value = json!({"a": [1, 2.5, null, true, "x\"\n\u{7f}ü"], "": {}, "b": {"c": []}});
        assert_eq!(Json::of(&value).unwrap().as_bytes(), serde_json::to_vec(&value).unwrap());
        let mut line = b"x".to_vec();
        push_json(&mut line, "y").unwrap();
        assert_eq!(line, b"x\"y\"");
    }
}
