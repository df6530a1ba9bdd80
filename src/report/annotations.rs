//! `annotations.txt`: workflow commands that GitHub Actions shows beside the lines of a change, ten at most.
//!
//! The verdict first, unless it is a pass; then the worst cases, each once, at its line of the suite. A command is one
//! line, and nothing in a text can end it or begin another.

use std::collections::BTreeSet;

use super::blamed;
use super::{Out, RenderError, RunReport, foreign, words};
use crate::gate::{Decision, FindingWeight};

/// Most commands: a step shows ten of a kind and drops the rest without a word.
const MOST: usize = 10;

/// Most bytes of one text.
const TEXT: usize = 1_000;

pub fn render(report: &RunReport, out: Out) -> Result<(), RenderError> {
    let verdict = &report.verdict;
    if verdict.decision == Decision::Pass {
        return Ok(());
    }
    let (_, word) = words::decision(verdict.decision);
    let title = format!("{word} {} under {}", report.meta.target, report.meta.policy);
    let level = if verdict.decision == Decision::Fail { "error" } else { "warning" };
    let mut lines =
        vec![format!("::{level} title={}::{}", property(&title), data(&foreign::line(&verdict.headline, TEXT)))];
    let mut told = BTreeSet::new();
    blamed::each(report, TEXT, &mut |blamed| {
        if told.insert(blamed.case.clone()) {
            let level = if blamed.weight == FindingWeight::Fails { "error" } else { "warning" };
            lines.push(format!(
                "::{level} file={},line={},title={}::{}",
                property(&foreign::line(&blamed.file, TEXT)),
                blamed.line,
                property(&blamed.case),
                data(&blamed.said)
            ));
        }
        Ok(lines.len() < MOST)
    })?;
    lines.push(String::new());
    out.write_all(lines.join("\n").as_bytes()).map_err(RenderError::of("annotations"))
}

/// The text of a command. What it could do elsewhere in a line is taken from it: older commands (`##[…]`) are obeyed
/// wherever they stand.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A").replace("##", "#\u{2060}#")
}

/// A value before the text of a command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{sample, tests::rendered};

    #[test]
    fn the_verdict_is_told_first_and_each_blamed_case_at_its_line() {
        let text = rendered("annotations", &sample::run());
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("::error title=BLOCKED rules under pr::1 case fell"), "{text}");
        let regressed = lines.iter().find(|line| line.contains(sample::REGRESSED)).unwrap();
        assert!(regressed.starts_with("::error file=suites/triage/"), "{regressed}");
        assert!(regressed.contains(&format!(",title={}::task_success: -1", sample::REGRESSED)), "{regressed}");
        let pending = lines.iter().find(|line| line.contains(sample::NEW)).unwrap();
        assert!(pending.starts_with("::warning file="), "{pending}");
        assert_eq!(lines.iter().filter(|line| line.contains(sample::REGRESSED)).count(), 1);
    }

    #[test]
    fn a_command_cannot_be_ended_or_begun_by_a_text() {
        assert_eq!(property("a:b,c%\r\n"), "a%3Ab%2Cc%25%0D%0A");
        assert_eq!(data("##[add-mask]x ##vso[task.complete]"), "#\u{2060}#[add-mask]x #\u{2060}#vso[task.complete]");
        for run in [sample::run(), sample::waived(), sample::varying()] {
            for line in rendered("annotations", &run).lines() {
                assert!(line.starts_with("::error ") || line.starts_with("::warning "), "{line}");
                assert!(!line.contains("##"), "{line}");
            }
        }
    }

    #[test]
    fn there_are_ten_at_most_and_none_for_a_pass() {
        let mut report = sample::large(2_000);
        let all = report.results.iter().map(|result| result.case.id.clone()).collect();
        report.verdict.findings[0].cases = all;
        assert_eq!(rendered("annotations", &report).lines().count(), MOST);
        assert_eq!(rendered("annotations", &sample::passing()), "");
    }

    #[test]
    fn a_place_is_told_from_the_top_of_the_repository() {
        let mut report = sample::run();
        report.meta.folder = "agents/desk,eu/".into();
        let text = rendered("annotations", &report);
        assert!(text.contains("file=agents/desk%2Ceu/suites/triage/"), "{text}");
    }
}
