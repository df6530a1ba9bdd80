//! The history as text of 80 columns, and the parts of it that have a form of their own as JSON.

use serde_json::{Value, json};

use crate::diagnostic::{cut, printable_line};
use crate::domain::{Area, Slug};
use crate::gate::Decision;
use crate::history::{AreaSum, Decided, RunLine};
use crate::report::mean_mark;

/// What a decision is called in a narrow column.
fn word(decision: Option<Decision>) -> &'static str {
    match decision {
        Some(Decision::Pass) => "pass",
        Some(Decision::Fail) => "FAIL",
        Some(Decision::Inconclusive) => "inconclusive",
        Some(Decision::ReviewPending) => "review",
        None => "no verdict",
    }
}

/// A line a run; where these do not fit, a run's id and decision with the rest of it below. Nothing is cut.
pub fn listing(runs: &[RunLine], width: usize) -> String {
    if runs.is_empty() {
        return "no runs\n".to_owned();
    }
    let rows: Vec<[String; 6]> = runs.iter().map(cells).collect();
    let head = ["run", "", "target", "policy", "cases", "name"].map(str::to_owned);
    let widths: [usize; 6] = std::array::from_fn(|at| {
        let cells = std::iter::once(&head).chain(&rows);
        cells.map(|row| row[at].chars().count()).fold(LEAST[at], usize::max)
    });
    let fits = widths.iter().sum::<usize>() + GAPS <= width;
    let line = |[id, decision, target, policy, cases, names]: &[String; 6]| {
        // A few ids are longer than others: they do not move the whole table.
        let ([_, of_decision, of_target, of_policy, of_cases, _], of_id) = (widths, LEAST[0]);
        match fits {
            true => vec![format!(
                "{id:<of_id$} {decision:<of_decision$} {target:<of_target$}  {policy:<of_policy$}  {cases:>of_cases$}  {names}"
            )],
            false => {
                let rest = format!("{target} under {policy}, {cases} cases {names}");
                let rest = wrapped(&rest, width.saturating_sub(2)).into_iter().map(|line| format!("  {line}"));
                std::iter::once(format!("{id:<of_id$} {decision}")).chain(rest).collect()
            }
        }
    };
    let shown = std::iter::once(&head).filter(|_| fits).chain(&rows).flat_map(line);
    shown.map(|line| printable_line(line.trim_end()).into_owned() + "\n").collect()
}

/// Columns of a cell at least.
const LEAST: [usize; 6] = [21, 12, 6, 6, 11, 0];

/// Columns between the cells of a line: one behind the id and the decision each, two behind any other.
const GAPS: usize = 1 + 1 + 2 + 2 + 2;

/// Id, decision, target, policy, cases and names.
fn cells(run: &RunLine) -> [String; 6] {
    let cases = match run.cases == run.of {
        true => run.cases.to_string(),
        false => format!("{} of {}", run.cases, run.of),
    };
    let mut names = run.tags.join(", ");
    if run.pruned {
        names += if names.is_empty() { "(pruned)" } else { " (pruned)" };
    }
    let decision = word(run.decision).to_owned();
    [run.id.to_string(), decision, run.target.to_string(), run.policy.to_string(), cases, names]
}

/// All that the history has of a run.
pub fn run_text(run: &RunLine, areas: &[(Slug, Area, AreaSum)], decisions: &[Decided]) -> String {
    let mut lines = vec![format!("{}  {}", run.id, word(run.decision))];
    if let Some(headline) = &run.headline {
        lines.extend(wrapped(headline, 76).into_iter().map(|line| format!("  {line}")));
    }
    lines.push(String::new());
    let cost = run.cost_usd.map_or("unknown".to_owned(), |cost| format!("${cost:.2}"));
    let facts = [
        ("project", run.project.to_string()),
        ("target", run.target.to_string()),
        ("agent", run.agent.clone()),
        ("model", run.model.clone().unwrap_or_else(|| "none, or several".to_owned())),
        ("policy", run.policy.to_string()),
        ("evalgate", run.evalgate.clone()),
        ("started", run.started_at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()),
        ("took", took(run)),
        ("state", run.state.clone()),
        ("cases", format!("{} of {}, {} trials, {} failed", run.cases, run.of, run.trials, run.failed)),
        ("cost", cost),
        ("names", if run.tags.is_empty() { "none".to_owned() } else { run.tags.join(", ") }),
        ("folder", if run.pruned { "removed: only this is left" } else { "kept" }.to_owned()),
    ];
    lines.extend(facts.map(|(what, is)| format!("  {what:<9} {is}")));
    let mut open = None;
    for (pipeline, area, sum) in areas {
        if open != Some(pipeline) {
            lines.push(String::new());
            lines.push(format!(
                "  {:<22} {:>6}  {:>6}  {:>5}  {:>5}",
                cut(pipeline, 22),
                "mean",
                "at -1",
                "marks",
                "none"
            ));
            open = Some(pipeline);
        }
        let mean = mean_mark(sum.mean());
        let share = sum.harmful_share().map_or("–".to_owned(), |share| format!("{:.1} %", share * 100.0));
        lines.push(format!("  {:<22} {mean:>6}  {share:>6}  {:>5}  {:>5}", area.name(), sum.marked(), sum.not_scored));
    }
    if !decisions.is_empty() {
        lines.extend([String::new(), "  decisions".to_owned()]);
    }
    for decided in decisions {
        let at = decided.at.strftime("%Y-%m-%d %H:%M");
        let against = decided.held_against.as_ref().map(|source| format!(", held against {source}"));
        let (by, decision) = (decided.by.name(), word(Some(decided.decision)));
        let line = format!("  {at}  {by:<5}  {decision:<12}  {}{}", decided.policy, against.unwrap_or_default());
        lines.push(line);
    }
    lines.iter().map(|line| printable_line(line.trim_end()).into_owned() + "\n").collect()
}

/// Lines of whole words, at most `width` characters each where words let it.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

fn took(run: &RunLine) -> String {
    let seconds = run.ended_at.duration_since(run.started_at).as_secs_f64();
    let p95 = run.wall_ms_p95.map(|ms| format!(", a trial p95 {ms:.0} ms")).unwrap_or_default();
    match seconds < 120.0 {
        true => format!("{seconds:.1} s{p95}"),
        false => format!("{:.1} min{p95}", seconds / 60.0),
    }
}

/// Sums of an area, and what follows from them.
pub fn area_json((pipeline, area, sum): &(Slug, Area, AreaSum)) -> Value {
    json!({
        "pipeline": pipeline,
        "area": area,
        "cases": sum.cases,
        "harmful": sum.harmful,
        "incomplete": sum.incomplete,
        "useful": sum.useful,
        "not_scored": sum.not_scored,
        "missing": sum.missing,
        "mean": sum.mean(),
        "mean_of_cases": sum.mean_of_cases(),
        "harmful_share": sum.harmful_share(),
        "pass_hat": sum.pass_hat().map(|(k, chance)| json!({"k": k, "chance": chance})),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trend::sample::run;

    #[test]
    fn no_run_loses_a_name_or_a_word_on_a_narrow_terminal() {
        let mut runs =
            [run("20261121-112630-7f3a", "2026-11-21T11:26:30Z", "1"), run("b", "2026-11-22T00:00:00Z", "1")];
        runs[0].tags = vec!["v2.4".to_owned(), "taken-back-in-november".to_owned()];
        runs[0].pruned = true;
        for width in [40, 60, 160] {
            let text = listing(&runs, width);
            assert!(text.lines().all(|line| line.chars().count() <= width), "{text}");
            assert!(text.contains("v2.4,") && text.contains("taken-back-in-november"), "{text}");
            assert!(text.contains("(pruned)") && text.contains("no verdict") && !text.contains('…'), "{text}");
        }
        assert_eq!(listing(&runs, 160).lines().count(), 3);
        assert_eq!(listing(&[], 60), "no runs\n");
    }
}
