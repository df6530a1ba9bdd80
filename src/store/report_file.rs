//! A report beside a run: written in pieces next to the old one, and put in its place when it is whole.

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use super::StoreError;
use super::disk::{Durable, Naming, Replacement};

/// Dropped before it is finished, it leaves no trace.
pub struct ReportWriter {
    output: BufWriter<Replacement>,
    path: PathBuf,
}

impl ReportWriter {
    pub(super) fn create(path: PathBuf) -> Result<Self, StoreError> {
        let output = BufWriter::with_capacity(1 << 16, Replacement::of(&path)?);
        Ok(Self { output, path })
    }

    /// Puts the report in its place.
    pub fn finish(self) -> Result<(), StoreError> {
        let replacement = self.output.into_inner().map_err(|failed| failed.into_error()).naming("write", &self.path)?;
        replacement.finish(Durable::No)
    }
}

impl Write for ReportWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.output.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}
