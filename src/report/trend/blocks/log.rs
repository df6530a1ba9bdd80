//! The release log: releases, decisions, and what went on or got a name although it had not passed.

use std::collections::BTreeSet;

use super::Sources;
use crate::gate::{Decision, counted};
use crate::report::trend::document::{Block, Cell, Table, Tone, columns};
use crate::report::words;
use crate::trend::{Entry, How, Override, Release, day};

/// Newest decisions that are listed; the others are counted.
const LISTED: usize = 300;

pub fn block(sources: &Sources) -> Block {
    let trend = sources.trend;
    let whole = sources.whole_runs();
    let (went_on, named): (Vec<&Override>, Vec<&Override>) = trend.overrides.iter().partition(|one| one.how.went_on());
    let mut lead = vec![match went_on.len() {
        0 => "Nothing went on without having passed.".to_owned(),
        n => format!("{} went on without having passed.", counted(n, "run")),
    }];
    if !named.is_empty() {
        let runs = named.iter().map(|one| &one.run).collect::<BTreeSet<_>>().len();
        let were = if runs == 1 { "was" } else { "were" };
        lead.push(format!("{} {were} named although blocked or without a verdict.", counted(runs, "run")));
    }
    let releases = Table {
        id: "releases",
        caption: format!(
            "An agent from the first to the last of a row of runs with the same target files, prompts and limits; \
                  newest first. Runs by how the decision about each stands.{whole}"
        ),
        columns: columns([
            ("release", "Release"),
            ("agent", "Agent"),
            ("since", "From"),
            ("until", "To"),
            ("runs", "Runs"),
            ("passed", "Passed"),
            ("blocked", "Blocked"),
            ("no_verdict", "No verdict"),
            ("pending", "Review pending"),
        ]),
        rows: trend.releases.iter().rev().map(|one| release(sources, one)).collect(),
        folded: trend.releases.len() > 12,
    };
    let overrides = Table {
        id: "overrides",
        caption: format!(
            "What went on without having passed: a run that was blocked or without a verdict and passed under another \
                  policy. What was named all the same. And what came after.{whole}"
        ),
        columns: columns([
            ("run", "Run"),
            ("agent", "Agent"),
            ("when", "When"),
            ("verdict", "It was"),
            ("how", "What became of it"),
            ("after", "The next run"),
        ]),
        rows: trend.overrides.iter().rev().map(|one| overridden(sources, one)).collect(),
        folded: false,
    };
    let tables = vec![releases, overrides, decisions(sources)];
    Block { id: "log", title: "Release log", lead, tables, charts: Vec::new() }
}

fn short(digest: &str) -> String {
    digest.chars().take(12).collect()
}

fn release(sources: &Sources, release: &Release) -> Vec<Cell> {
    let decisions = Some("#log-decisions".to_owned());
    let mut row = vec![
        Cell::text(release.name.clone()).linked(sources.run(&release.last)),
        Cell::text(short(&release.agent)),
        Cell::text(day(release.since).to_string()),
        Cell::text(day(release.until).to_string()),
        Cell::count(release.runs).linked(decisions.clone()),
    ];
    row.extend(release.stands.map(|n| Cell::count(n).linked(decisions.clone())));
    row
}

fn overridden(sources: &Sources, one: &Override) -> Vec<Cell> {
    let how = match (&one.how, one.verdict) {
        (How::Named(name), Decision::Inconclusive) => format!("was named {name} without a verdict"),
        (How::Named(name), _) => format!("was named {name} although blocked"),
        (How::JudgedAgain(policy), _) => format!("went on: judged again, passed under {policy}"),
    };
    let after = one.after.as_ref().map(|(run, stands)| {
        let word = stands.map_or("not judged", |stands| words::decision(stands).1);
        format!("{run}: {word}")
    });
    vec![
        Cell::text(one.run.as_str()).linked(sources.run(&one.run)),
        Cell::text(short(&one.agent)),
        Cell::text(day(one.at).to_string()),
        Cell::text(words::decision(one.verdict).1).toned(Tone::Bad),
        Cell::text(how),
        Cell::text(after.unwrap_or_else(|| "none yet".to_owned())),
    ]
}

fn decisions(sources: &Sources) -> Table {
    let entries = &sources.material.entries;
    let older = entries.len().saturating_sub(LISTED);
    let note = if older > 0 { format!("; {older} older ones are in `evalgate history`") } else { String::new() };
    let row = |entry: &Entry| {
        let decided = &entry.decided;
        let (sign, word) = words::decision(decided.decision);
        let tone = match decided.decision {
            Decision::Pass => Tone::Good,
            Decision::Fail => Tone::Bad,
            Decision::Inconclusive | Decision::ReviewPending => Tone::Middle,
        };
        vec![
            Cell::text(decided.at.strftime("%Y-%m-%d %H:%M").to_string()),
            Cell::text(entry.run.as_str()).linked(sources.run(&entry.run)),
            Cell::text(short(&entry.agent)),
            Cell::text(decided.by.name()),
            Cell::text(decided.policy.as_str()),
            Cell::text(format!("{sign} {word}")).toned(tone),
            Cell::text(decided.headline.clone()),
        ]
    };
    Table {
        id: "decisions",
        caption: format!("Decisions, newest first, UTC{note}.{}", sources.whole_runs()),
        columns: columns([
            ("at", "When"),
            ("run", "Run"),
            ("agent", "Agent"),
            ("by", "By"),
            ("policy", "Policy"),
            ("decision", "Decision"),
            ("headline", "In a sentence"),
        ]),
        rows: entries.iter().rev().take(LISTED).map(row).collect(),
        folded: true,
    }
}
