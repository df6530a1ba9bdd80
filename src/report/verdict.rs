//! `verdict.json`: the gate's decision as it was stored.

use super::{Out, RenderError, RunReport, json};

pub fn render(report: &RunReport, out: Out) -> Result<(), RenderError> {
    let text = json::pretty(&report.verdict).map_err(RenderError::of("verdict"))?;
    out.write_all(&text).map_err(RenderError::of("verdict"))
}

#[cfg(test)]
mod tests {
    use crate::gate::Verdict;
    use crate::report::{sample, tests::rendered};

    #[test]
    fn the_verdict_reads_back_as_it_was() {
        let report = sample::run();
        let read: Verdict = serde_json::from_str(&rendered("verdict", &report)).unwrap();
        assert_eq!(read, report.verdict);
    }
}
