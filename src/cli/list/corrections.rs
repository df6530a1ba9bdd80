//! `evalgate list corrections`: how often people correct, why, how long it takes, and whether it stays corrected.

use std::collections::BTreeMap;
use std::fmt::Display;

use jiff::tz::TimeZone;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;

use super::Listing;
use crate::cli::context::{Context, Project};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::corrections::{Corrected, Figures, Guarded, Material, Rate, Spread};
use crate::diagnostic::printable_line;
use crate::domain::{Case, CaseKind, Label, LabelSource, Slug};
use crate::gate::guard_holds;
use crate::report::spelling;
use crate::run::sentence;
use crate::score::TrialResult;
use crate::store::{Labels, Ledger, REVIEWS, RunEntry};

/// The numbers over every stored run.
pub fn list(context: &Context) -> Result<Listing, Failure> {
    let project = context.project()?;
    let root = project.checked.root.path().to_owned();
    let mut material = Material {
        corrections: corrections(&project, &Labels::open(&root.join("rubrics")).all()?)?,
        decisions: Ledger::open(&root, REVIEWS).read()?,
        ..Material::default()
    };
    let (runs, skipped) = context.runs(&project.checked.root).list()?;
    let mut left_out: Vec<String> = skipped.iter().map(|skipped| sentence(&skipped.why)).collect();
    for run in runs {
        if let Err(error) = add_run(&project, &run, &mut material) {
            left_out.push(sentence(&error));
        }
    }
    let figures = Figures::of(&material);
    let mut text = text(&figures);
    for why in &left_out {
        text += &format!("left out: {}\n", printable_line(why));
    }
    let exit = if figures.corrections == 0 { Exit::NothingSelected } else { Exit::Passed };
    Ok(Listing { text, json: json!(figures), exit })
}

/// The corrections in the suites, with what their labels say of the trial.
pub fn corrections(project: &Project, labels: &[Label]) -> Result<Vec<Corrected>, Failure> {
    let mut by_id: BTreeMap<&str, Vec<&Label>> = BTreeMap::new();
    for label in labels.iter().filter(|label| label.source == LabelSource::Correction) {
        // Those of further areas have a number behind the id.
        let stem =
            label.id.rsplit_once('.').filter(|(_, n)| n.bytes().all(|b| b.is_ascii_digit())).map(|(stem, _)| stem);
        let is_own = project.checked.census.cases.contains_key(&label.id);
        by_id.entry(stem.filter(|_| !is_own).unwrap_or(&label.id)).or_default().push(label);
    }
    let mut all = Vec::new();
    for file in project.checked.suites.iter().filter(|file| file.kind == CaseKind::ReviewerCorrection) {
        let suite = file.suite(&project.checked.root).map_err(|why| Failure::new(Exit::ProjectInvalid, why))?;
        for case in &suite.0.cases {
            let labels = by_id.get(case.id.as_str()).map_or(&[][..], Vec::as_slice);
            all.extend(corrected(&file.pipeline, case, labels));
        }
    }
    Ok(all)
}

fn corrected(pipeline: &Slug, case: &Case, labels: &[&Label]) -> Option<Corrected> {
    let correction = case.correction.as_ref()?;
    let day = correction.date.to_zoned(TimeZone::UTC).ok()?.timestamp();
    let first = labels.first();
    Some(Corrected {
        id: case.id.clone(),
        pipeline: pipeline.clone(),
        workflow: spelling(case.request.kind),
        reason: correction.reason,
        at: first.map_or(day, |label| label.at),
        areas: labels.iter().map(|label| label.area).collect(),
        trial: first.map(|label| (label.run.clone(), label.target.clone(), label.case.clone())),
        minutes: labels.iter().find_map(|label| label.minutes),
    })
}

/// A line of results, as far as it is counted.
#[derive(Deserialize)]
struct Line {
    pipeline: Slug,
    case: LineCase,
    trial: LineTrial,
}

#[derive(Deserialize)]
struct LineCase {
    request: LineRequest,
}

#[derive(Deserialize)]
struct LineRequest {
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct LineTrial {
    /// One key: how the trial ended.
    outcome: BTreeMap<String, IgnoredAny>,
}

/// Counts the trials of a run and what its guards did. A run that did not end has no results to count.
fn add_run(project: &Project, run: &RunEntry, material: &mut Material) -> Result<(), crate::store::StoreError> {
    let target = &run.meta.target;
    let mut results = match run.folder.results() {
        Ok(results) => results,
        Err(_) => return Ok(()),
    };
    let mut trials: BTreeMap<(Slug, Slug, String), u64> = BTreeMap::new();
    while let Some(line) = results.next_as::<Line>("")? {
        if !line.trial.outcome.contains_key("failed") {
            *trials.entry((target.clone(), line.pipeline, line.case.request.kind)).or_default() += 1;
        }
    }
    let policies = &project.catalog.policies;
    let policy = policies.get(&run.meta.policy).or_else(|| policies.get(&project.catalog.project.policy));
    let mut held: BTreeMap<Slug, bool> = BTreeMap::new();
    let mut results = run.folder.results()?;
    while let Some(result) = results.next_with("\"reviewer_correction\"")? {
        let TrialResult { case, .. } = &result;
        if let Some(holds) = policy.and_then(|policy| guard_holds(&result, policy)) {
            *held.entry(case.id.clone()).or_insert(true) &= holds;
        }
    }
    let at = run.meta.started_at;
    material.runs.insert(run.meta.id.clone());
    for (key, n) in trials {
        *material.trials.entry(key).or_default() += n;
    }
    let guards = held.into_iter().map(|(case, held)| Guarded { case, target: target.clone(), at, held });
    material.guards.extend(guards);
    Ok(())
}

fn text(figures: &Figures) -> String {
    let mut text = String::new();
    let mut line = |line: String| {
        text.push_str(line.trim_end());
        text.push('\n');
    };
    let Figures { runs, trials, corrections, without_run, guards, agreed, .. } = figures;
    line(format!("{corrections} corrections; {trials} trials that answered, in {runs} stored runs"));
    if *without_run > 0 {
        line(format!("{without_run} of them are of no stored run, or written by hand: they are in no rate"));
    }
    line(String::new());
    line(format!("  {:<34} {:>9} {:>8}  {}", "corrected trials", "n", "per 100", "95 % (Clopper-Pearson)"));
    line(rate("all", &figures.rate));
    let targets = group("target", &figures.by_target);
    let reasons = figures.by_reason.iter().map(|(reason, rate)| (reason.name(), rate)).collect();
    let areas: BTreeMap<&str, &Rate> = figures.by_area.iter().map(|(area, rate)| (area.name(), rate)).collect();
    for block in [
        targets,
        named("reason", reasons),
        named("area", areas),
        group("pipeline", &figures.by_pipeline),
        group("workflow", &figures.by_workflow),
    ] {
        block.into_iter().for_each(&mut line);
    }
    line(String::new());
    line(spread("minutes of review", &figures.minutes, "without"));
    line(spread("hours from correction to guard", &figures.hours_to_guard, "not asked since"));
    line(spread("hours from correction to fixed", &figures.hours_to_fix, "not fixed"));
    line(String::new());
    line(format!(
        "  {} guards: {} hold, {} are not fixed yet, {} came back and are broken now,",
        guards.n, guards.holding, guards.not_fixed, guards.back_now
    ));
    line(format!(
        "  {} were never asked; {} came back at some time (times in all: {})",
        guards.never_asked, guards.came_back, guards.times_back
    ));
    match agreed.per_100 {
        Some(share) => line(format!(
            "  {} of {} decisions in reviews accepted what was proposed ({share:.0} %{})",
            agreed.count,
            agreed.of,
            agreed.interval.map_or_else(String::new, |[low, high]| format!(", {low:.0} to {high:.0}"))
        )),
        None => line("  no decision of a review is kept yet".to_owned()),
    }
    text
}

/// Those that count something; that the others are none goes without saying.
fn named(of: &str, rates: BTreeMap<&str, &Rate>) -> Vec<String> {
    let counted = rates.into_iter().filter(|(_, rate)| rate.count > 0);
    counted.map(|(name, one)| rate(&format!("{of} {name}"), one)).collect()
}

fn group<K: Display>(of: &str, rates: &BTreeMap<K, Rate>) -> Vec<String> {
    rates.iter().filter(|(_, rate)| rate.count > 0).map(|(name, one)| rate(&format!("{of} {name}"), one)).collect()
}

fn rate(name: &str, rate: &Rate) -> String {
    let n = format!("{}/{}", rate.count, rate.of);
    let per_100 = rate.per_100.map_or("–".to_owned(), |rate| format!("{rate:.1}"));
    let interval = rate.interval.map_or_else(String::new, |[low, high]| format!("{low:.1} to {high:.1}"));
    printable_line(&format!("  {name:<34} {n:>9} {per_100:>8}  {interval}")).into_owned()
}

fn spread(name: &str, spread: &Spread, without: &str) -> String {
    let Spread { n, p50, p90, total, without: none } = spread;
    let number = |value: Option<f64>| value.map_or("–".to_owned(), |value| format!("{value:.1}"));
    let total = if name.starts_with("minutes") { format!(", {total:.0} in all") } else { String::new() };
    format!("  {name}: p50 {}, p90 {}{total} (n {n}, {without} {none})", number(*p50), number(*p90))
}
