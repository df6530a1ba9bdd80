//! `results.tap`: the run as tests in the Test Anything Protocol, version 14.
//!
//! The tests are those of `junit.xml`. The plan stands at the end, so that the tests can be written as they come. A
//! reason stands in a block of YAML behind its test, in quotes as in JSON, which every reader of YAML takes.

use std::fmt::Write;

use super::brief::Brief;
use super::cases::CaseView;
use super::outcomes::{End, Outcomes, Test};
use super::{Begun, Out, RenderError, RunReport, Scratch, Table, json};

struct Lines<'r> {
    out: Out<'r>,
    outcomes: Outcomes<'r>,
    count: u64,
    /// The test that is being written.
    text: String,
}

/// Begins the file.
pub fn table<'r>(report: &'r RunReport, out: Out<'r>, _: Scratch<'r>) -> Begun<'r> {
    let mut lines = Lines { out, outcomes: Outcomes::of(report), count: 0, text: String::new() };
    lines.text.push_str("TAP version 14\n");
    for test in lines.outcomes.gate() {
        lines.push_test(&test)?;
    }
    Ok(Box::new(lines))
}

impl Table for Lines<'_> {
    fn push(&mut self, case: &CaseView<Brief>) -> Result<(), RenderError> {
        self.outcomes.case(case).iter().try_for_each(|test| self.push_test(test))
    }

    fn finish(self: Box<Self>) -> Result<(), RenderError> {
        let plan = format!("1..{}\n", self.count);
        self.out.write_all(plan.as_bytes()).map_err(RenderError::of("tap"))?;
        self.out.flush().map_err(RenderError::of("tap"))
    }
}

impl Lines<'_> {
    fn push_test(&mut self, test: &Test) -> Result<(), RenderError> {
        self.count += 1;
        let ok = if matches!(test.end, End::Passed | End::Skipped) { "ok" } else { "not ok" };
        let (suite, name) = (escaped(&test.suite), escaped(&test.name));
        // Writing to a string cannot fail.
        let _ = write!(self.text, "{ok} {} - {suite}: {name}", self.count);
        if test.end == End::Skipped {
            let _ = write!(self.text, " # SKIP {}", escaped(&test.message));
        }
        self.text.push('\n');
        self.push_block(test)?;
        self.out.write_all(self.text.as_bytes()).map_err(RenderError::of("tap"))?;
        self.text.clear();
        Ok(())
    }

    /// The diagnostics of a test that has any.
    fn push_block(&mut self, test: &Test) -> Result<(), RenderError> {
        let severity = match test.end {
            End::Failed => "fail",
            End::Error => "error",
            End::Passed | End::Skipped => "comment",
        };
        let told = !test.message.is_empty() && test.end != End::Skipped;
        if !told && test.flaky.is_empty() {
            return Ok(());
        }
        self.text.push_str("  ---\n");
        if told {
            let _ = writeln!(self.text, "  message: {}", quoted(&test.message)?);
        }
        let _ = writeln!(self.text, "  severity: {severity}");
        if !test.kind.is_empty() {
            let _ = writeln!(self.text, "  kind: {}", quoted(&test.kind)?);
        }
        if let Some((file, line)) = &test.place {
            let _ = writeln!(self.text, "  at: {{file: {}, line: {line}}}", quoted(file)?);
        }
        if !test.flaky.is_empty() {
            self.text.push_str("  disagreeing_repeats:\n");
            for flaky in &test.flaky {
                let _ = writeln!(self.text, "    - {}", quoted(flaky)?);
            }
        }
        self.text.push_str("  ...\n");
        Ok(())
    }
}

/// A text in which nothing begins a directive.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('#', "\\#")
}

fn quoted(text: &str) -> Result<String, RenderError> {
    Ok(json::inert(&serde_json::to_string(text).map_err(RenderError::of("tap"))?).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{sample, tests::rendered};

    #[test]
    fn the_plan_counts_the_tests_and_they_are_numbered_through() {
        for run in [sample::run(), sample::empty(), sample::waived(), sample::varying()] {
            let tap = rendered("tap", &run);
            assert!(tap.starts_with("TAP version 14\n"));
            let numbers: Vec<usize> = tap
                .lines()
                .filter_map(|line| line.strip_prefix("not ok ").or_else(|| line.strip_prefix("ok ")))
                .map(|rest| rest.split(' ').next().unwrap().parse().unwrap())
                .collect();
            assert_eq!(numbers, (1..=numbers.len()).collect::<Vec<_>>());
            assert!(tap.ends_with(&format!("\n1..{}\n", numbers.len())), "{tap}");
        }
    }

    #[test]
    fn hostile_text_begins_neither_a_test_nor_a_directive() {
        assert_eq!(escaped("a # SKIP b\\"), "a \\# SKIP b\\\\");
        let tap = rendered("tap", &sample::run());
        for line in tap.lines() {
            let known = ["TAP version 14", "ok ", "not ok ", "  ", "1.."];
            assert!(known.iter().any(|start| line.starts_with(start)), "{line:?}");
        }
    }

    #[test]
    fn a_reason_is_yaml() {
        let tap = rendered("tap", &sample::run());
        let mut blocks = 0;
        for block in tap.split("  ---\n").skip(1) {
            let block: String =
                block.lines().take_while(|line| *line != "  ...").map(|line| format!("{line}\n")).collect();
            let read: serde_json::Value =
                serde_yaml::from_str(&block).unwrap_or_else(|error| panic!("{error}: {block}"));
            assert!(read["severity"].is_string(), "{block}");
            blocks += 1;
        }
        assert!(blocks > 5);
    }
}
