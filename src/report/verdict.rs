//! `verdict.json`: the gate's decision as it was stored.

use super::{RenderError, RunReport, json};

pub fn render(report: &RunReport) -> Result<Vec<u8>, RenderError> {
    json::pretty(&report.verdict).map_err(RenderError::of("verdict"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::Verdict;
    use crate::report::sample;

    #[test]
    fn the_verdict_reads_back_as_it_was() {
        let report = sample::run();
        let read: Verdict = serde_json::from_slice(&render(&report).unwrap()).unwrap();
        assert_eq!(read, report.verdict);
    }
}
