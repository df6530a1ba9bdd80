//! The one-screen verdict: what an engineer sees when a run ends.
//!
//! Owns what is said and in which order. Only what changed since the accepted state is listed, worst first, each with
//! the command that shows more.

mod calibration;
mod case;
mod columns;
mod compare;
mod coverage;
mod criteria;
mod discrimination;
mod matrix;
mod power;
mod screen;
mod shadow;
mod simulation;
mod tested;

use columns::{Align, Column, Row, table};
use screen::{Screen, Tone};

use super::cases::CaseView;
use super::{Out, Overview, RenderError, RunReport, foreign::clip, words};
use crate::domain::{Area, Trit};
use crate::event::RunState;
use crate::gate::{
    AreaState, AreaSummary, Decision, Finding, FindingWeight, JudgeSummary, Regime, UNKNOWN_COST, UNREADABLE_SNAPSHOT,
    Verdict, WaiverLine, WaiverState,
};
use crate::score::Held;

pub use calibration::render as render_calibration;
pub use case::{render as render_case, render_request, render_steps};
pub use compare::render as render_compared;
pub use coverage::render as render_coverage;
pub use criteria::render as render_criteria;
pub use discrimination::render as render_discrimination;
pub use power::render as render_power;
pub use screen::{Style, paragraphs as render_paragraphs};
pub use shadow::render as render_shadow;
pub use simulation::render as render_simulation;

/// Most findings and most changed cases on the screen.
const FINDINGS: usize = 8;
const CHANGED: usize = 6;
/// Codes of findings that only more cases answer.
const TOO_FEW_CASES: [&str; 2] = ["interval", "assurance"];
/// Most waivers on the screen.
const WAIVERS: usize = 6;
/// Most bytes of one sentence.
const SENTENCE: usize = 320;

/// The screen for a terminal of this style.
pub fn render(report: &RunReport, style: Style) -> Result<String, RenderError> {
    let mut screen = Screen::new(style);
    head(&mut screen, report);
    match report.verdict.regime {
        Regime::Deterministic => areas(&mut screen, &report.verdict),
        Regime::Stochastic => tested::areas(&mut screen, &report.verdict),
    }
    findings(&mut screen, &report.verdict.findings);
    waivers(&mut screen, &report.verdict.waivers);
    judges(&mut screen, &report.verdict.judges);
    let overview = report.overview()?;
    changed(&mut screen, report, overview)?;
    foot(&mut screen, report, overview);
    Ok(screen.into_text())
}

/// The screen for a file: 80 columns, no colour.
pub fn render_plain(report: &RunReport, out: Out) -> Result<(), RenderError> {
    out.write_all(render(report, Style::PLAIN)?.as_bytes()).map_err(RenderError::of("text"))
}

fn head(screen: &mut Screen, report: &RunReport) {
    let (sign, word) = words::decision(report.verdict.decision);
    let what = format!("  {} · {} · policy {}", report.meta.target, words::size(report), report.meta.policy);
    let tone = match report.verdict.decision {
        Decision::Pass => Tone::Good,
        Decision::Fail => Tone::Bad,
        Decision::Inconclusive | Decision::ReviewPending => Tone::Middling,
    };
    let exit = format!("exit {}", report.verdict.exit);
    screen.line_between(&[(tone, &format!("{sign} {word}")), (Tone::Plain, &what)], &exit);
    sentence(screen, (Tone::Plain, "  "), &report.verdict.headline);
    let findings = &report.verdict.findings;
    if let Some(end) = words::unfinished(&report.state, &findings[..findings.len().min(FINDINGS)]) {
        sentence(screen, (Tone::Middling, "  "), &end);
    }
    if let Some(judged_by) = words::judged_by(&report.verdict) {
        screen.paragraph((Tone::Quiet, "  "), &judged_by);
    }
    let selection = &report.meta.selection;
    if let Some(filter) = &selection.filter {
        let only = if selection.cases < selection.of { "only " } else { "" };
        let chosen = format!("{only}{} of {} cases: {filter}", selection.cases, selection.of);
        screen.line(&[(Tone::Quiet, "  "), (Tone::Quiet, &chosen)]);
    }
}

fn areas(screen: &mut Screen, verdict: &Verdict) {
    if verdict.areas.is_empty() {
        return;
    }
    let columns = [
        Column { head: "area", align: Align::Left, drop: 0 },
        Column { head: "now", align: Align::Right, drop: 0 },
        Column { head: "was", align: Align::Right, drop: 4 },
        Column { head: "Δ", align: Align::Right, drop: 1 },
        Column { head: "-1", align: Align::Right, drop: 0 },
        Column { head: "0", align: Align::Right, drop: 0 },
        Column { head: "+1", align: Align::Right, drop: 2 },
        Column { head: "none", align: Align::Right, drop: 3 },
        Column { head: "verdict", align: Align::Left, drop: 0 },
    ];
    let rows: Vec<Row> = verdict.areas.iter().map(|area| area_row(area, verdict.regime)).collect();
    screen.blank();
    table(screen, &columns, &rows);
}

fn state_tone(area: &AreaSummary) -> Tone {
    match area.state {
        AreaState::Pass => Tone::Good,
        AreaState::Fail => Tone::Bad,
        AreaState::Inconclusive => Tone::Middling,
        AreaState::Advisory | AreaState::NotScored | AreaState::NotCompared => Tone::Quiet,
    }
}

fn change_tone(area: &AreaSummary) -> Tone {
    match area.change {
        Some(delta) if delta < -0.005 => Tone::Bad,
        Some(delta) if delta > 0.005 => Tone::Good,
        Some(_) | None => Tone::Quiet,
    }
}

fn area_row(area: &AreaSummary, regime: Regime) -> Row {
    let counted = |n: u64, tone| (if n == 0 { Tone::Quiet } else { tone }, n.to_string());
    let cells = vec![
        (Tone::Plain, area.area.name().to_owned()),
        (Tone::Plain, words::mean(area.mean)),
        (Tone::Quiet, words::mean(area.was)),
        (change_tone(area), words::mean(area.change)),
        counted(area.harmful, Tone::Bad),
        counted(area.incomplete, Tone::Middling),
        counted(area.useful, Tone::Plain),
        counted(area.not_scored, Tone::Plain),
        (state_tone(area), words::area_state(area.state).to_owned()),
    ];
    Row { cells, notes: words::change_over(area, regime).into_iter().chain(area.note.clone()).collect() }
}

fn findings(screen: &mut Screen, findings: &[Finding]) {
    if findings.is_empty() {
        return;
    }
    screen.blank();
    for finding in findings.iter().take(FINDINGS) {
        let lead = match finding.weight {
            FindingWeight::Fails => (Tone::Bad, "  ✖ "),
            FindingWeight::Inconclusive => (Tone::Middling, "  ? "),
            FindingWeight::Pending => (Tone::Middling, "  ○ "),
            FindingWeight::Warns => (Tone::Quiet, "  ! "),
        };
        sentence(screen, lead, &finding.sentence);
        let said = finding.cases.iter().any(|case| finding.sentence.contains(case.as_str()));
        if let ([first, rest @ ..], false) = (finding.cases.as_slice(), said) {
            let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
            screen.line(&[(Tone::Quiet, "    → "), (Tone::Plain, first), (Tone::Quiet, &more)]);
        }
    }
    if let Some(more) = findings.len().checked_sub(FINDINGS).filter(|&more| more > 0) {
        screen.line(&[(Tone::Quiet, &format!("    … and {more} more: `evalgate gate` lists them"))]);
    }
}

fn waivers(screen: &mut Screen, waivers: &[WaiverLine]) {
    if waivers.is_empty() {
        return;
    }
    let count = |state| waivers.iter().filter(|line| line.state == state).count();
    let states =
        [WaiverState::Excuses, WaiverState::Expired, WaiverState::Refused, WaiverState::Ahead, WaiverState::Idle];
    let counts = states.map(|state| (count(state), words::waiver_state(state)));
    let counts: Vec<String> =
        { counts.iter() }.filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
    let n = words::count(waivers.len() as u64, "waiver");
    screen.blank();
    screen.line(&[(Tone::Quiet, &format!("  {n}: {}; `evalgate waive --list`", counts.join(", ")))]);
    let mut worst: Vec<&WaiverLine> = waivers.iter().collect();
    worst.sort_by_key(|line| states.iter().position(|state| *state == line.state));
    for line in worst.into_iter().take(WAIVERS) {
        let lead = format!("    {}: ", words::waiver_state(line.state));
        sentence(screen, (Tone::Quiet, &lead), &words::waiver(line));
    }
}

/// What judges did and took, which is not the agent's.
fn judges(screen: &mut Screen, judges: &[JudgeSummary]) {
    if !judges.is_empty() {
        screen.blank();
    }
    for judge in judges {
        screen.paragraph((Tone::Quiet, &format!("  judge {}: ", judge.judge)), &words::judge(judge));
    }
}

fn changed(screen: &mut Screen, report: &RunReport, overview: &Overview) -> Result<(), RenderError> {
    let all = overview.changed;
    if all == 0 {
        return Ok(());
    }
    let of = words::count(overview.cases, "case");
    let what = match report.verdict.regime {
        Regime::Deterministic => "changed since the accepted state",
        Regime::Stochastic => "not seen before, to look at",
    };
    screen.blank();
    screen.line(&[(Tone::Quiet, &format!("  {what}: {all} of {of}, worst first"))]);
    for place in overview.worst.iter().filter(|place| place.needs_review).take(CHANGED) {
        let trials = report.full(place)?;
        let view = CaseView::of(&trials);
        screen.line(&[(Tone::Plain, "  evalgate show "), (Tone::Strong, view.id())]);
        let (tone, what) = change(&view);
        sentence(
            screen,
            (tone, &format!("    {} ", words::sign(view.worst().and_then(|(_, mark)| mark.trit())))),
            &what,
        );
    }
    if let Some(more) = all.checked_sub(CHANGED as u64).filter(|&more| more > 0) {
        screen.line(&[(Tone::Quiet, &format!("  … and {more} more: evalgate review --list"))]);
    }
    Ok(())
}

/// What became of a changed case, in a sentence.
fn change(view: &CaseView) -> (Tone, String) {
    let fall = Area::ALL.into_iter().filter_map(|area| Some((area, view.fall(area)?))).min_by_key(|(_, held)| held.now);
    let why = |area| view.mark(area).map_or("", |mark| mark.why());
    if let Some((area, Held { was, now })) = fall {
        let moved = format!("{area} {} → {}: {}", words::mark(Some(was)), words::mark(Some(now)), why(area));
        return (Tone::Bad, moved);
    }
    let worst = match view.worst() {
        Some((area, mark)) if mark.trit() < Some(Trit::Useful) => format!("{area}: {}", mark.why()),
        Some(_) | None => "every mark is +1".to_owned(),
    };
    match view.difference() {
        Some(difference) => {
            let mut parts = Vec::new();
            if !difference.fields.is_empty() {
                let named = difference.fields.iter().take(3).map(|field| field.pointer.trim_start_matches('/'));
                parts.push(named.collect::<Vec<_>>().join(", "));
            }
            if difference.calls.is_some() {
                parts.push("the tool calls".to_owned());
            }
            if parts.is_empty() {
                parts.push("marks".to_owned());
            }
            (Tone::Middling, format!("changed: {}; no mark fell; {worst}", parts.join(", ")))
        }
        None => (Tone::Middling, format!("new, nobody has accepted it yet; {worst}")),
    }
}

fn foot(screen: &mut Screen, report: &RunReport, overview: &Overview) {
    let counts = &report.verdict.counts;
    let mut facts = vec![words::count(counts.trials, "trial")];
    if counts.failed_trials > 0 {
        facts.push(format!("{} failed", counts.failed_trials));
    }
    if let Some(p95) = counts.wall_ms_p95 {
        facts.push(format!("p95 {}", words::duration(p95)));
    }
    facts.push(format!("cost {}", words::dollars(counts.cost_usd)));
    facts.push(format!("run {}", report.meta.id));
    screen.blank();
    screen.paragraph((Tone::Quiet, "  "), &facts.join(" · "));
    screen.paragraph((Tone::Strong, "  next: "), &next(report, overview));
}

/// What to do now.
fn next(report: &RunReport, overview: &Overview) -> String {
    let blamed = report.verdict.findings.iter().filter(|finding| finding.weight != FindingWeight::Warns);
    let gravest = report.verdict.findings.first().map(|finding| finding.code.as_str());
    let first = blamed.flat_map(|finding| &finding.cases).next().map(|case| case.as_str());
    let first = first.or_else(|| overview.worst.first().filter(|place| place.attention).map(|place| place.id.as_str()));
    match report.verdict.decision {
        Decision::Pass => {
            format!("nothing blocks; everything is in `evalgate report {} --format html`", report.meta.id)
        }
        Decision::Fail => match first {
            Some(case) => {
                format!("`evalgate show {case}`, then fix the agent, or accept on purpose: `evalgate review --list`")
            }
            None => "fix what the findings name, then `evalgate run`".to_owned(),
        },
        Decision::ReviewPending => {
            "`evalgate review --list`, then `evalgate review --accept CASE --reason …`".to_owned()
        }
        Decision::Inconclusive if report.state != RunState::Finished => {
            format!("`evalgate run --resume {}` runs what is missing", report.meta.id)
        }
        Decision::Inconclusive if report.verdict.findings.iter().any(|f| f.code == UNREADABLE_SNAPSHOT) => {
            "mend the snapshots that the findings name, then `evalgate run`".to_owned()
        }
        Decision::Inconclusive if gravest.is_some_and(|code| TOO_FEW_CASES.contains(&code)) => {
            "add as many cases as the findings name, then `evalgate run`".to_owned()
        }
        Decision::Inconclusive if gravest == Some("judge_not_licensed") => {
            "hold the judge's marks against those of people, or make its criteria advisory".to_owned()
        }
        Decision::Inconclusive if only(&report.verdict, UNKNOWN_COST) => {
            "name the price of the model under `prices` in evalgate.yaml, or have the target report `cost_usd`, then \
             `evalgate run`"
                .to_owned()
        }
        Decision::Inconclusive => match first {
            Some(case) => format!("`evalgate show {case}`: find out why the evidence is missing, then `evalgate run`"),
            None => "run what the policy asks for: `evalgate run` without a filter".to_owned(),
        },
    }
}

/// Whether nothing else keeps the run from a verdict.
fn only(verdict: &Verdict, code: &str) -> bool {
    let undecided = verdict.findings.iter().filter(|finding| finding.weight == FindingWeight::Inconclusive);
    undecided.map(|finding| finding.code.as_str()).all(|of| of == code)
}

/// A paragraph of a text that may be of any length.
fn sentence(screen: &mut Screen, lead: (Tone, &str), text: &str) {
    match clip(text, SENTENCE) {
        (text, 0) => screen.paragraph(lead, text),
        (text, _) => screen.paragraph(lead, &format!("{text}…")),
    }
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr;

    use super::*;
    use crate::report::{sample, tests::rendered};

    fn screen(report: &RunReport, style: Style) -> String {
        render(report, style).unwrap()
    }

    #[test]
    fn a_blocked_run_on_80_columns() {
        insta::assert_snapshot!(screen(&sample::run(), Style::PLAIN));
    }

    #[test]
    fn a_blocked_run_on_60_columns_in_ascii() {
        insta::assert_snapshot!(screen(&sample::run(), Style { width: 60, unicode: false, color: false }));
    }

    #[test]
    fn a_run_whose_answers_vary_on_80_columns() {
        insta::assert_snapshot!(screen(&sample::varying(), Style::PLAIN));
    }

    #[test]
    fn a_passing_run_says_so_in_few_lines() {
        insta::assert_snapshot!(screen(&sample::passing(), Style::PLAIN));
    }

    #[test]
    fn a_change_that_is_not_over_what_now_is_over_says_so() {
        let mut report = sample::passing();
        let area = &mut report.verdict.areas[0];
        (area.mean, area.was, area.change) = (Some(0.89), Some(0.74), Some(0.0));
        (area.marked, area.compared) = (265, 107);
        let over = "\n    was and Δ: over the 107 of 265 trials held against accepted marks\n";
        assert!(screen(&report, Style::PLAIN).contains(over), "{}", screen(&report, Style::PLAIN));
        let page = rendered("markdown", &report);
        assert!(page.contains("| pass: was and Δ: over the 107 of 265 trials"), "{page}");
        let html = rendered("html", &report);
        assert!(html.contains("was and Δ: over the 107 of 265 trials"));
        let area = &mut report.verdict.areas[0];
        area.compared = 265;
        let over = "\n    was and Δ: over the criteria that have accepted marks\n";
        assert!(screen(&report, Style::PLAIN).contains(over));
        report.verdict.areas[0].was = Some(0.894);
        assert!(!screen(&report, Style::PLAIN).contains("was and Δ"));
    }

    #[test]
    fn an_unknown_cost_asks_for_a_price() {
        let mut report = sample::passing();
        report.verdict.decision = Decision::Inconclusive;
        let sentence = "The cost of 1 of 1 trial is unknown.".to_owned();
        let weight = FindingWeight::Inconclusive;
        let finding = Finding { code: UNKNOWN_COST.into(), weight, area: None, cases: Vec::new(), sentence };
        report.verdict.findings = vec![finding.clone()];
        assert!(screen(&report, Style::PLAIN).contains("next: name the price of the model under `prices` in"));
        report.verdict.findings.push(Finding { code: "incomplete".into(), ..finding });
        assert!(!screen(&report, Style::PLAIN).contains("`prices`"));
    }

    #[test]
    fn waivers_are_counted_and_told() {
        let screen = screen(&sample::waived(), Style::PLAIN);
        assert!(screen.contains("  5 waivers: 1 in use, 1 EXPIRED, 1 refused, 1 not yet, 1 not needed;"), "{screen}");
        let told = ["    in use: ", "    EXPIRED: ", "    refused: ", "    not yet: ", "    not needed: "];
        assert!(told.iter().all(|lead| screen.contains(lead)), "{screen}");
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        for width in [40, 60, 79, 80, 120] {
            for report in [sample::run(), sample::varying(), sample::empty(), sample::passing(), sample::waived()] {
                for line in screen(&report, Style { width, ..Style::PLAIN }).lines() {
                    assert!(line.width() <= width, "{width}: {line}");
                }
            }
        }
    }

    #[test]
    fn colour_changes_nothing_but_the_look() {
        let plain = screen(&sample::run(), Style::PLAIN);
        let coloured = screen(&sample::run(), Style { color: true, ..Style::PLAIN });
        assert!(coloured.contains("\u{1b}["));
        assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), plain);
    }

    #[test]
    fn every_decision_says_what_to_do_next() {
        for decision in [Decision::Pass, Decision::Fail, Decision::Inconclusive, Decision::ReviewPending] {
            let mut report = sample::run();
            report.verdict.decision = decision;
            assert!(screen(&report, Style::PLAIN).contains("next: "), "{decision:?}");
        }
    }
}
