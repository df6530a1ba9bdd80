//! The three pipes of a process: what it is told, what it answers, what it logs. Memory stays flat whatever is written.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Bytes of standard error that are kept: the last ones.
pub(super) const LOG_CAP: usize = 16 << 10;

/// Bytes before those that are kept while it is written: a secret that the cut went through is no longer than this, and
/// is left out with them.
const MARGIN: usize = 8 << 10;

/// Most bytes in memory.
const MOST: usize = LOG_CAP + MARGIN;

/// Read at a time.
const CHUNK: usize = 64 << 10;

/// More was written than is read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Flooded;

/// Writes everything and closes. Whoever does not want to read it need not.
pub(super) async fn feed(mut pipe: impl AsyncWrite + Unpin, bytes: &[u8]) {
    if pipe.write_all(bytes).await.is_ok() {
        drop(pipe.shutdown().await);
    }
}

/// Reads to the end, at most `cap` bytes.
pub(super) async fn read(pipe: impl AsyncRead + Unpin, cap: usize, into: &mut Vec<u8>) -> Result<(), Flooded> {
    let mut pipe = pipe.take(cap as u64 + 1);
    while pipe.read_buf(into).await.unwrap_or(0) > 0 {}
    if into.len() > cap { Err(Flooded) } else { Ok(()) }
}

/// Reads to the end and keeps the end.
pub(super) async fn follow(mut pipe: impl AsyncRead + Unpin, tail: &mut Tail) {
    let mut chunk = vec![0; CHUNK];
    while let Ok(read @ 1..) = pipe.read(&mut chunk).await {
        tail.push(&chunk[..read]);
    }
}

/// The last bytes of a stream.
#[derive(Debug, Default)]
pub(super) struct Tail {
    kept: Vec<u8>,
    /// Bytes that came before those and are gone.
    gone: u64,
}

impl Tail {
    fn push(&mut self, bytes: &[u8]) {
        self.kept.extend_from_slice(bytes);
        // Not at every push: what is moved each time is no more than what came since.
        if self.kept.len() > 2 * MOST + CHUNK {
            self.cut();
        }
    }

    fn cut(&mut self) {
        let beyond = self.kept.len().saturating_sub(MOST);
        self.kept.drain(..beyond);
        self.gone += beyond as u64;
    }

    /// Takes the text, redacted, at most [`LOG_CAP`] bytes of it and a line that says how much came before.
    pub fn take(&mut self, redact: impl Fn(&str) -> String) -> String {
        self.cut();
        let gone = std::mem::take(&mut self.gone);
        let text = redact(&String::from_utf8_lossy(&std::mem::take(&mut self.kept)));
        if gone == 0 && text.len() <= LOG_CAP {
            return text;
        }
        // Redacting may have made the text much shorter: the margin is left out all the same.
        let margin = if gone > 0 { MARGIN } else { 0 };
        let mut start = margin.max(text.len().saturating_sub(LOG_CAP)).min(text.len());
        while !text.is_char_boundary(start) {
            start += 1;
        }
        format!("[{} bytes before this were left out]\n{}", gone + start as u64, &text[start..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, redact: impl Fn(&str) -> String) -> String {
        let mut tail = Tail::default();
        for chunk in text.as_bytes().chunks(1000) {
            tail.push(chunk);
        }
        tail.take(redact)
    }

    #[test]
    fn a_short_log_is_kept_whole() {
        assert_eq!(shown("a\nb\n", str::to_owned), "a\nb\n");
        assert_eq!(shown("", str::to_owned), "");
        assert_eq!(shown("é", str::to_owned), "é");
    }

    #[test]
    fn of_a_flood_the_end_is_kept_in_flat_memory() {
        let mut tail = Tail::default();
        for line in 0..200_000 {
            tail.push(format!("line {line}\n").as_bytes());
            assert!(tail.kept.capacity() < 1 << 18);
        }
        let text = tail.take(str::to_owned);
        assert!(text.ends_with("line 199999\n") && text.len() < LOG_CAP + 100, "{}", text.len());
        assert!(text.starts_with('[') && text.contains("bytes before this were left out"));
        assert!(shown(&"é".repeat(LOG_CAP), str::to_owned).ends_with("éé"));
    }

    #[test]
    fn a_secret_that_the_cut_goes_through_does_not_show() {
        let secret = "s3cr3t-of-the-desk";
        for before in 0..40 {
            // Many secrets behind the cut: redacted, they are shorter.
            let text = format!("{}{secret}{}", "x".repeat(before), secret.repeat(2 * MOST / secret.len()));
            for text in [&text, &format!("{text}{}", "y".repeat(LOG_CAP))] {
                let shown = shown(text, |text| text.replace(secret, "[KEY]"));
                let leaks = (4..=secret.len()).any(|length| shown.contains(&secret[secret.len() - length..]));
                assert!(!leaks, "{before}: {}", &shown[..80]);
            }
        }
    }

    #[tokio::test]
    async fn no_more_than_the_cap_is_read() {
        let mut read_bytes = Vec::new();
        assert_eq!(read(&b"12345"[..], 5, &mut read_bytes).await, Ok(()));
        assert_eq!(read_bytes, b"12345");
        let mut read_bytes = Vec::new();
        assert_eq!(read(tokio::io::repeat(b'x'), 1000, &mut read_bytes).await, Err(Flooded));
        assert_eq!(read_bytes.len(), 1001);
    }
}
