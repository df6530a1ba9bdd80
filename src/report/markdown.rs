//! `summary.md`: one page for pull requests, chat and CI step summaries.
//!
//! Foreign text stands in code spans, where mentions, HTML, images and links are inert; the gate's sentences are
//! escaped.

use super::cases::CaseView;
use super::{Out, RenderError, RunReport, foreign, words};
use crate::domain::Trit;
use crate::gate::{AreaSummary, FindingWeight, Regime, Verdict};

/// Most cases listed.
const CASES: usize = 10;
/// Most findings listed, and most bytes of one text: the page stays far below the 1 MiB of a step summary.
const FINDINGS: usize = 20;
const TEXT: usize = 400;

pub fn render(report: &RunReport, out: Out) -> Result<(), RenderError> {
    let verdict = &report.verdict;
    let (sign, word) = words::decision(verdict.decision);
    let mut page = format!(
        "## {sign} {word}: {} · {} · policy {} · exit {}\n\n{}\n",
        code(&report.meta.target),
        words::size(report),
        code(&report.meta.policy),
        verdict.exit,
        prose(&verdict.headline),
    );
    if let Some(judged_by) = words::judged_by(verdict) {
        page.push_str(&format!("\n{}\n", prose(&judged_by)));
    }
    page.push_str(&areas(verdict));
    if !verdict.findings.is_empty() {
        page.push_str("\n**Findings**\n\n");
    }
    for finding in verdict.findings.iter().take(FINDINGS) {
        let sign = match finding.weight {
            FindingWeight::Fails => "✖",
            FindingWeight::Inconclusive => "?",
            FindingWeight::Pending => "○",
            FindingWeight::Warns => "!",
        };
        page.push_str(&format!("- {sign} {}\n", prose(&finding.sentence)));
    }
    if let Some(more) = verdict.findings.len().checked_sub(FINDINGS).filter(|&more| more > 0) {
        page.push_str(&format!("- … and {more} more\n"));
    }
    if !verdict.waivers.is_empty() {
        page.push_str("\n**Waivers**\n\n");
    }
    for line in verdict.waivers.iter().take(FINDINGS) {
        page.push_str(&format!("- {}: {}\n", words::waiver_state(line.state), prose(&words::waiver(line))));
    }
    if let Some(more) = verdict.waivers.len().checked_sub(FINDINGS).filter(|&more| more > 0) {
        page.push_str(&format!("- … and {more} more\n"));
    }
    for judge in &verdict.judges {
        page.push_str(&format!("\nJudge {}: {}\n", code(&judge.judge), prose(&words::judge(judge))));
    }
    page.push_str(&worst_cases(report)?);
    page.push_str(&format!("\nRun {} · evalgate {}\n", code(&report.meta.id), prose(&report.meta.evalgate)));
    out.write_all(page.as_bytes()).map_err(RenderError::of("markdown"))
}

/// Where answers vary, the columns of chance stand between the means and the counts.
pub(super) fn areas(verdict: &Verdict) -> String {
    if verdict.areas.is_empty() {
        return String::new();
    }
    let (heads, rule) = match verdict.regime {
        Regime::Deterministic => (String::new(), ""),
        Regime::Stochastic => (format!(" bound | {} | pass^k |", words::p_head(&verdict.areas)), "--:|--:|--:|"),
    };
    let mut table = format!("\n| area | now | was | Δ |{heads} -1 | 0 | +1 | not scored | verdict |\n");
    table.push_str(&format!("|:--|--:|--:|--:|{rule}--:|--:|--:|--:|:--|\n"));
    for area in &verdict.areas {
        let tested = match verdict.regime {
            Regime::Deterministic => String::new(),
            Regime::Stochastic => format!(
                " {} | {} | {} |",
                words::mean(area.test.and_then(|test| test.lower)),
                words::p_value(area.test.and_then(|test| test.p_adjusted)).replace('<', "&lt;"),
                words::share(area.pass_hat.map(|pass| pass.now))
            ),
        };
        table.push_str(&format!(
            "| {} | {} | {} | {} |{tested} {} | {} | {} | {} | {}{} |\n",
            area.area,
            words::mean(area.mean),
            words::mean(area.was),
            words::mean(area.change),
            area.harmful,
            area.incomplete,
            area.useful,
            area.not_scored,
            words::area_verdict(area),
            notes(area, verdict.regime)
        ));
    }
    if let Some(legend) = words::legend(&verdict.areas) {
        table.push_str(&format!("\n{}\n", prose(&legend)));
    }
    table
}

fn notes(area: &AreaSummary, regime: Regime) -> String {
    let over = words::change_over(area, regime);
    let notes: Vec<String> = over.iter().chain(&area.note).map(|note| prose(note)).collect();
    if notes.is_empty() { String::new() } else { format!(": {}", notes.join("; ")) }
}

pub(super) fn worst_cases(report: &RunReport) -> Result<String, RenderError> {
    let worst: Vec<_> = report.overview()?.worst.iter().filter(|place| place.attention).take(CASES).collect();
    if worst.is_empty() {
        return Ok(String::new());
    }
    let mut table = "\n**Worst cases**\n\n| case | mark | area | why | snapshot |\n|:--|--:|:--|:--|:--|\n".to_owned();
    for place in worst {
        let trials = report.brief(place)?;
        let view = CaseView::of(&trials);
        let (mark, area, why) = match (view.error(), view.worst()) {
            // What was done wrong before a failure is worse than the failure.
            (Some(error), worst) if worst.is_none_or(|(_, mark)| mark.trit() > Some(Trit::Harmful)) => {
                ("error", "", error)
            }
            (_, Some((area, mark))) if mark.trit() < Some(Trit::Useful) => {
                (words::mark(mark.trit()), area.name(), mark.why())
            }
            (_, Some(_)) => ("+1", "", ""),
            (_, None) => ("–", "", "nothing was scored"),
        };
        let why = if why.is_empty() { String::new() } else { code(why) };
        let snapshot = view.snapshot().replace('_', " ");
        table.push_str(&format!("| {} | {mark} | {area} | {why} | {snapshot} |\n", code(view.id())));
    }
    Ok(table)
}

/// A code span of any text, also within a table.
pub(super) fn code(text: &str) -> String {
    let text = short(text);
    if text.is_empty() {
        return text;
    }
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let text = text.replace('|', "\\|");
    // A space keeps a backtick at either end apart from the fence; renderers drop it again.
    if text.starts_with('`') || text.ends_with('`') {
        format!("{fence} {text} {fence}")
    } else {
        format!("{fence}{text}{fence}")
    }
}

/// Text as it is: no markup, no mention, no link.
pub(super) fn prose(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in short(text).chars() {
        match c {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            // Mentions and links are found in the rendered text, so escapes do not stop them; a word joiner does.
            '@' => safe.push_str("@&#8288;"),
            '\\' | '`' | '*' | '[' | ']' | '|' | '#' | '!' | '~' | '$' => safe.extend(['\\', c]),
            c => safe.push(c),
        }
    }
    safe.replace("://", ":&#8288;//").replace("www.", "www&#8288;.")
}

fn short(text: &str) -> String {
    foreign::line(text, TEXT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{sample, tests::rendered};

    #[test]
    fn foreign_text_cannot_leave_its_code_span() {
        for (text, span) in [
            ("plain", "`plain`"),
            ("a `b` c", "``a `b` c``"),
            ("`` `", "``` `` ` ```"),
            ("a|b\nc", "`a\\|b\\nc`"),
            ("@everyone <img src=x>", "`@everyone <img src=x>`"),
        ] {
            assert_eq!(code(text), span);
        }
    }

    #[test]
    fn a_sentence_mentions_and_links_nothing() {
        assert_eq!(prose("@team <b> ![x](http://y)"), "@&#8288;team &lt;b&gt; \\!\\[x\\](http:&#8288;//y)");
        assert_eq!(prose("task_success fell"), "task_success fell");
    }

    #[test]
    fn a_run_whose_answers_vary_as_a_page() {
        insta::assert_snapshot!(rendered("markdown", &sample::varying()));
    }

    #[test]
    fn every_waiver_is_told_with_its_state() {
        let page = rendered("markdown", &sample::waived());
        for state in ["in use", "not needed", "EXPIRED", "not yet", "refused"] {
            assert!(page.contains(&format!("\n- {state}: {} in ", sample::REGRESSED)), "{state}\n{page}");
        }
        assert!(page.contains("by ada &lt;@&#8288;ops&gt; until 2026-03-10, 8 days left"), "{page}");
    }

    #[test]
    fn the_sample_run_as_a_page() {
        insta::assert_snapshot!(rendered("markdown", &sample::run()));
    }
}
