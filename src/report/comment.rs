//! `comment.md`: one comment of a pull or merge request that is written again by every run, and turns green.
//!
//! The marker on top tells which comment it is: of this project and target. Hosts take 65,536 characters of a comment at
//! most and drop or refuse the rest, so parts are left out from the end until it fits.

use super::markdown::{areas, code, prose, worst_cases};
use super::{Out, RenderError, RunReport, words};
use crate::gate::{Decision, FindingWeight};

/// Most bytes of the comment.
const MOST: usize = 60_000;

/// Most findings told.
const FINDINGS: usize = 10;

pub fn render(report: &RunReport, out: Out) -> Result<(), RenderError> {
    let (meta, verdict) = (&report.meta, &report.verdict);
    let (sign, word) = match verdict.decision {
        Decision::Pass => ("✅", words::decision(Decision::Pass).1),
        Decision::Fail => ("❌", words::decision(Decision::Fail).1),
        other => ("⚠️", words::decision(other).1),
    };
    let mut page = format!(
        "<!-- evalgate: {} / {} -->\n### {sign} {word}: {} · {} · policy {}\n\n{}\n",
        meta.project,
        meta.target,
        code(&meta.target),
        words::size(report),
        code(&meta.policy),
        prose(&verdict.headline)
    );
    let mut left_out = false;
    let told = judged_by(report) + &findings(report);
    for part in [told, areas(verdict), worst_cases(report)?] {
        if page.len() + part.len() <= MOST {
            page.push_str(&part);
        } else {
            left_out = true;
        }
    }
    if left_out {
        page.push_str("\nMore than a comment holds: the rest is in the run's reports.\n");
    }
    page.push_str(&format!("\nRun {} · exit {} · evalgate {}\n", code(&meta.id), verdict.exit, prose(&meta.evalgate)));
    out.write_all(page.as_bytes()).map_err(RenderError::of("comment"))
}

fn judged_by(report: &RunReport) -> String {
    words::judged_by(&report.verdict).map_or_else(String::new, |said| format!("\n{}\n", prose(&said)))
}

/// What keeps it from passing; of a pass, what it warns of.
fn findings(report: &RunReport) -> String {
    let verdict = &report.verdict;
    let passed = verdict.decision == Decision::Pass;
    let told = |weight| (weight == FindingWeight::Warns) == passed;
    let findings: Vec<_> = verdict.findings.iter().filter(|finding| told(finding.weight)).collect();
    let mut list = String::new();
    for finding in findings.iter().take(FINDINGS) {
        list.push_str(&format!("\n- {}", prose(&finding.sentence)));
    }
    if let Some(more) = findings.len().checked_sub(FINDINGS).filter(|&more| more > 0) {
        list.push_str(&format!("\n- … and {more} more"));
    }
    if list.is_empty() { list } else { list + "\n" }
}

#[cfg(test)]
mod tests {
    use crate::report::{sample, tests::rendered};

    #[test]
    fn the_marker_stays_the_same_while_the_comment_turns_green() {
        let (red, green) = (rendered("comment", &sample::run()), rendered("comment", &sample::passing()));
        let marker = "<!-- evalgate: managed-services / rules -->";
        assert!(red.starts_with(&format!("{marker}\n### ❌ BLOCKED: `rules` · ")), "{red}");
        assert!(green.starts_with(&format!("{marker}\n### ✅ PASSED: `rules` · ")), "{green}");
    }

    #[test]
    fn a_comment_fits_whatever_a_run_says() {
        let mut report = sample::run();
        let long = "@a<b>".repeat(2_000);
        report.verdict.headline.clone_from(&long);
        for finding in &mut report.verdict.findings {
            finding.sentence.clone_from(&long);
        }
        let one = report.verdict.findings[0].clone();
        report.verdict.findings.extend(std::iter::repeat_n(one, 500));
        for result in &mut report.results {
            let areas = result.scored.areas.iter_mut();
            areas.for_each(|area| {
                area.mark = crate::domain::Mark::Marked { trit: crate::domain::Trit::Harmful, why: long.clone() }
            });
        }
        for area in &mut report.verdict.areas {
            area.note = Some(long.clone());
        }
        let comment = rendered("comment", &report);
        assert!(comment.len() < 65_536, "{}", comment.len());
        assert!(comment.contains("and 494 more"), "{comment}");
        let summary = rendered("markdown", &report);
        assert!(summary.len() < 1 << 20, "{}", summary.len());
    }

    #[test]
    fn the_sample_run_as_a_comment() {
        insta::assert_snapshot!(rendered("comment", &sample::run()));
    }
}
