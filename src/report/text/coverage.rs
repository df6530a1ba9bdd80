//! What the cases cover, on a screen: two tables, every vocabulary in a paragraph, and what no case has.

use super::super::coverage::Coverage;
use super::super::words;
use super::Style;
use super::matrix::{Line, matrix};
use super::screen::{Screen, Tone};
use crate::domain::CaseKind;

pub fn render(coverage: &Coverage, style: Style) -> String {
    let mut screen = Screen::new(style);
    screen.line(&[(Tone::Strong, &words::count(coverage.cases, "case"))]);
    screen.blank();
    kinds(&mut screen, coverage);
    screen.blank();
    worlds(&mut screen, coverage);
    screen.blank();
    vocabularies(&mut screen, coverage);
    screen.blank();
    missing(&mut screen, coverage);
    screen.into_text()
}

fn kinds(screen: &mut Screen, coverage: &Coverage) {
    let heads: Vec<&str> = coverage.pipelines.keys().map(|name| &**name).chain(["total"]).collect();
    let line = |head: &str, counts: Vec<u64>| {
        let total = counts.iter().sum();
        Line { head: head.to_owned(), cells: counts.into_iter().chain([total]).map(cell).collect() }
    };
    let of_kind = |kind: CaseKind| coverage.pipelines.keys().map(|name| coverage.count(name, kind)).collect();
    let totals = coverage.pipelines.values().map(|kinds| kinds.values().sum()).collect();
    let lines: Vec<Line> =
        CaseKind::ALL.iter().map(|kind| line(kind.name(), of_kind(*kind))).chain([line("total", totals)]).collect();
    matrix(screen, &heads, &lines);
}

fn worlds(screen: &mut Screen, coverage: &Coverage) {
    let pipelines: Vec<&str> = coverage.pipelines.keys().map(|name| &**name).collect();
    let heads: Vec<&str> = ["entries"].into_iter().chain(pipelines.iter().copied()).chain(["cases"]).collect();
    let lines: Vec<Line> = coverage
        .worlds
        .iter()
        .map(|(name, world)| {
            let of = |pipeline: &&str| world.cases.get(*pipeline).copied().unwrap_or(0);
            let entries = (Tone::Plain, world.entries.to_string());
            let cells = [entries].into_iter().chain(pipelines.iter().map(of).map(cell));
            Line { head: name.to_string(), cells: cells.chain([cell(world.cases.values().sum())]).collect() }
        })
        .collect();
    matrix(screen, &heads, &lines);
}

fn cell(count: u64) -> (Tone, String) {
    (if count == 0 { Tone::Bad } else { Tone::Plain }, count.to_string())
}

fn vocabularies(screen: &mut Screen, coverage: &Coverage) {
    let width = coverage.vocabularies.iter().map(|vocabulary| vocabulary.name.len()).max().unwrap_or(0);
    for vocabulary in &coverage.vocabularies {
        let found = vocabulary.words.iter().filter(|word| word.cases > 0);
        let shown: Vec<String> = found.map(|word| format!("{}={}", word.word, word.cases)).collect();
        let text = if shown.is_empty() { "–".to_owned() } else { shown.join(", ") };
        screen.paragraph((Tone::Quiet, &format!("  {:width$}  ", vocabulary.name)), &text);
    }
}

/// What no case has, one line each, so that it can be looked for.
fn missing(screen: &mut Screen, coverage: &Coverage) {
    let mut lines: Vec<(String, String)> = Vec::new();
    for (pipeline, kinds) in &coverage.pipelines {
        let none: Vec<&str> = kinds.iter().filter(|(_, count)| **count == 0).map(|(kind, _)| kind.name()).collect();
        if !none.is_empty() {
            lines.push((pipeline.to_string(), none.join(", ")));
        }
    }
    let idle = |(_, world): &(_, &super::super::coverage::WorldCoverage)| world.cases.values().all(|count| *count == 0);
    let idle: Vec<&str> = coverage.worlds.iter().filter(idle).map(|(name, _)| &**name).collect();
    if !idle.is_empty() {
        lines.push(("world".to_owned(), idle.join(", ")));
    }
    for vocabulary in &coverage.vocabularies {
        let none: Vec<&str> = vocabulary.missing().collect();
        if vocabulary.words.is_empty() {
            lines.push((vocabulary.name.clone(), "any tag".to_owned()));
        } else if !none.is_empty() {
            lines.push((vocabulary.name.clone(), none.join(", ")));
        }
    }
    if lines.is_empty() {
        screen.line(&[(Tone::Good, "✔ "), (Tone::Plain, "Every kind, world and word has a case.")]);
        return;
    }
    screen.line(&[(Tone::Bad, "✖ "), (Tone::Plain, "No case has")]);
    let width = lines.iter().map(|(what, _)| what.len()).max().unwrap_or(0);
    for (what, none) in &lines {
        screen.paragraph((Tone::Quiet, &format!("  {what:width$}  ")), none);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::domain::Slug;
    use crate::report::{Vocabulary, Word, WorldCoverage};

    fn coverage(boundaries: u64, fuel: u64) -> Coverage {
        let slug = |name: &str| Slug::new(name).unwrap();
        let kinds = CaseKind::ALL.map(|kind| (kind, if kind == CaseKind::MetadataBoundary { boundaries } else { 2 }));
        let words = [("berth", 6 + boundaries), ("fuel", fuel)];
        let words = words.map(|(word, cases)| Word { word: word.into(), cases }).to_vec();
        let cases = BTreeMap::from([(slug("intake"), 6 + boundaries)]);
        Coverage {
            cases: 6 + boundaries,
            pipelines: BTreeMap::from([(slug("intake"), BTreeMap::from(kinds))]),
            worlds: BTreeMap::from([(slug("harbour"), WorldCoverage { entries: 3, cases })]),
            vocabularies: vec![Vocabulary { name: "topic".into(), words }],
        }
    }

    #[test]
    fn what_no_case_has_is_named_at_the_end() {
        let text = render(&coverage(0, 0), Style::PLAIN);
        assert!(text.contains("  topic  berth=6\n"), "{text}");
        assert!(text.ends_with("✖ No case has\n  intake  metadata_boundary\n  topic   fuel\n"), "{text}");
    }

    #[test]
    fn full_coverage_is_said_and_fits_in_80_columns() {
        let text = render(&coverage(1, 1), Style::PLAIN);
        assert!(text.ends_with("✔ Every kind, world and word has a case.\n"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    }
}
