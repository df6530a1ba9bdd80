//! The numbers of the loop: how often people correct, why, how long it takes, and whether it stays corrected.
//!
//! Every number stands with what it is out of. Rates are of trials that answered, in the runs that are stored; their
//! intervals are those of Clopper and Pearson at 95 % and take trials for independent, which repeats of a case are not.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;

use crate::domain::{Area, CorrectionReason, Decision, Ruling, Slug};
use crate::stats::proportion::clopper_pearson;
use crate::stats::quantile::quantile;

/// Version of [`Figures`] as JSON.
pub const FIGURES_VERSION: u32 = 1;

const CONFIDENCE: f64 = 0.95;
const SECONDS_AN_HOUR: f64 = 3600.0;

/// A correction, with what is known of the trial it is one of.
#[derive(Debug, Clone, PartialEq)]
pub struct Corrected {
    /// The id of its case.
    pub id: Slug,
    pub pipeline: Slug,
    /// Type of request.
    pub workflow: String,
    pub reason: CorrectionReason,
    /// When it was made; of one written by hand, when its day began.
    pub at: Timestamp,
    /// Of the labels; none of one that was written by hand.
    pub areas: BTreeSet<Area>,
    /// Run, target and case of the trial; absent where it was written by hand.
    pub trial: Option<(Slug, Slug, Slug)>,
    pub minutes: Option<f64>,
}

/// A guard in a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Guarded {
    pub case: Slug,
    pub target: Slug,
    /// When the run began.
    pub at: Timestamp,
    /// Whether it held in every repeat.
    pub held: bool,
}

/// What the numbers are made of.
#[derive(Debug, Clone, Default)]
pub struct Material {
    pub runs: BTreeSet<Slug>,
    /// Target, pipeline and workflow → trials that answered.
    pub trials: BTreeMap<(Slug, Slug, String), u64>,
    pub corrections: Vec<Corrected>,
    pub guards: Vec<Guarded>,
    pub decisions: Vec<Decision>,
}

/// How many of how many, with the interval.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rate {
    pub count: u64,
    /// Out of how many.
    pub of: u64,
    /// Per hundred; absent where there is nothing to be out of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_100: Option<f64>,
    /// 95 %, Clopper and Pearson, per hundred.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<[f64; 2]>,
}

impl Rate {
    fn of(count: u64, of: u64) -> Self {
        let interval = clopper_pearson(count, of, CONFIDENCE);
        Self {
            count,
            of,
            per_100: interval.map(|_| 100.0 * count as f64 / of as f64),
            interval: interval.map(|interval| [100.0 * interval.lower, 100.0 * interval.upper]),
        }
    }
}

/// Median and 90th percentile (linear between values) of `n` values.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Spread {
    pub n: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p50: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p90: Option<f64>,
    pub total: f64,
    /// Corrections that have no such number, or none yet.
    pub without: usize,
}

impl Spread {
    fn of(values: &[f64], all: usize) -> Self {
        Self {
            n: values.len(),
            p50: quantile(values, 0.5),
            p90: quantile(values, 0.9),
            // The sum of nothing is -0.0, which people would read as such.
            total: 0.0 + values.iter().sum::<f64>(),
            without: all.saturating_sub(values.len()),
        }
    }
}

/// What became of the guards, by the newest run of any target that asked each.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct GuardCounts {
    pub n: usize,
    pub holding: usize,
    /// Held once and do not hold now.
    pub back_now: usize,
    /// Never held in a stored run.
    pub not_fixed: usize,
    pub never_asked: usize,
    /// Guards that held and then did not in a later run of the same target, now or at any time.
    pub came_back: usize,
    /// How often that happened.
    pub times_back: usize,
}

/// Everything.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figures {
    pub version: u32,
    pub runs: usize,
    /// That answered, in those runs.
    pub trials: u64,
    pub corrections: usize,
    /// Corrections of a run that is not stored, or written by hand: in no rate.
    pub without_run: usize,
    /// Corrected trials of all.
    pub rate: Rate,
    pub by_target: BTreeMap<Slug, Rate>,
    /// Of all trials.
    pub by_reason: BTreeMap<CorrectionReason, Rate>,
    /// Of all trials; a correction may be about several areas.
    pub by_area: BTreeMap<Area, Rate>,
    pub by_pipeline: BTreeMap<Slug, Rate>,
    pub by_workflow: BTreeMap<String, Rate>,
    /// Minutes of review a correction.
    pub minutes: Spread,
    /// Hours from the correction to the first run that asked its guard.
    pub hours_to_guard: Spread,
    /// Hours from the correction to the first run in which its guard held.
    pub hours_to_fix: Spread,
    pub guards: GuardCounts,
    /// Decisions of reviews in which the behaviour was accepted as it was proposed.
    pub agreed: Rate,
}

impl Figures {
    pub fn of(material: &Material) -> Self {
        let Material { runs, trials, corrections, guards, decisions } = material;
        let counted: Vec<&Corrected> = corrections.iter().filter(|one| in_runs(one, runs)).collect();
        let all: u64 = trials.values().sum();
        // A trial that was corrected twice was one trial.
        let distinct = |one: &dyn Fn(&Corrected) -> bool| {
            counted.iter().filter(|c| one(c)).filter_map(|c| c.trial.as_ref()).collect::<BTreeSet<_>>().len() as u64
        };
        let part = |holds: &dyn Fn(&(Slug, Slug, String)) -> bool| -> u64 {
            trials.iter().filter(|(key, _)| holds(key)).map(|(_, n)| n).sum()
        };
        let targets: BTreeSet<&Slug> = trials.keys().map(|(target, _, _)| target).collect();
        let pipelines: BTreeSet<&Slug> = trials.keys().map(|(_, pipeline, _)| pipeline).collect();
        let workflows: BTreeSet<&String> = trials.keys().map(|(_, _, workflow)| workflow).collect();
        let of_target = |target: &Slug| {
            let count = distinct(&|c| c.trial.as_ref().is_some_and(|(_, of, _)| of == target));
            (target.clone(), Rate::of(count, part(&|(of, _, _)| of == target)))
        };
        let of_pipeline = |pipeline: &Slug| {
            let count = distinct(&|c| c.pipeline == *pipeline);
            (pipeline.clone(), Rate::of(count, part(&|(_, of, _)| of == pipeline)))
        };
        let of_workflow = |workflow: &String| {
            let count = distinct(&|c| c.workflow == *workflow);
            (workflow.clone(), Rate::of(count, part(&|(_, _, of)| of == workflow)))
        };
        let minutes: Vec<f64> = corrections.iter().filter_map(|one| one.minutes).collect();
        let hours = |holds: &dyn Fn(&Guarded) -> bool| -> Vec<f64> {
            let first = |one: &Corrected| {
                let asked = guards.iter().filter(|guard| guard.case == one.id && guard.at >= one.at && holds(guard));
                asked.map(|guard| guard.at.duration_since(one.at).as_secs_f64() / SECONDS_AN_HOUR).reduce(f64::min)
            };
            corrections.iter().filter_map(first).collect()
        };
        let accepted = decisions.iter().filter(|decision| decision.ruling == Ruling::Accepted).count();
        Self {
            version: FIGURES_VERSION,
            runs: runs.len(),
            trials: all,
            corrections: corrections.len(),
            without_run: corrections.len() - counted.len(),
            rate: Rate::of(distinct(&|_| true), all),
            by_target: targets.into_iter().map(of_target).collect(),
            by_reason: CorrectionReason::ALL
                .into_iter()
                .map(|r| (r, Rate::of(distinct(&|c| c.reason == r), all)))
                .collect(),
            by_area: Area::ALL.into_iter().map(|a| (a, Rate::of(distinct(&|c| c.areas.contains(&a)), all))).collect(),
            by_pipeline: pipelines.into_iter().map(of_pipeline).collect(),
            by_workflow: workflows.into_iter().map(of_workflow).collect(),
            minutes: Spread::of(&minutes, corrections.len()),
            hours_to_guard: Spread::of(&hours(&|_| true), corrections.len()),
            hours_to_fix: Spread::of(&hours(&|guard| guard.held), corrections.len()),
            guards: guard_counts(corrections, guards),
            agreed: Rate::of(accepted as u64, decisions.len() as u64),
        }
    }
}

fn in_runs(one: &Corrected, runs: &BTreeSet<Slug>) -> bool {
    one.trial.as_ref().is_some_and(|(run, _, _)| runs.contains(run))
}

fn guard_counts(corrections: &[Corrected], guards: &[Guarded]) -> GuardCounts {
    let mut counts = GuardCounts { n: corrections.len(), ..GuardCounts::default() };
    let mut by_case: BTreeMap<&Slug, Vec<&Guarded>> = BTreeMap::new();
    for guard in guards {
        by_case.entry(&guard.case).or_default().push(guard);
    }
    for one in corrections {
        let mut asked = by_case.remove(&one.id).unwrap_or_default();
        asked.sort_by_key(|guard| guard.at);
        let mut last: BTreeMap<&Slug, bool> = BTreeMap::new();
        let mut times = 0;
        for guard in &asked {
            times += usize::from(last.insert(&guard.target, guard.held) == Some(true) && !guard.held);
        }
        counts.came_back += usize::from(times > 0);
        counts.times_back += times;
        match asked.last() {
            None => counts.never_asked += 1,
            Some(newest) if newest.held => counts.holding += 1,
            Some(_) if asked.iter().any(|guard| guard.held) => counts.back_now += 1,
            Some(_) => counts.not_fixed += 1,
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slug(text: &str) -> Slug {
        Slug::new(text).unwrap()
    }

    fn hour(n: i64) -> Timestamp {
        Timestamp::from_second(n * 3600).unwrap()
    }

    fn corrected(id: &str, run: Option<&str>, reason: CorrectionReason) -> Corrected {
        Corrected {
            id: slug(id),
            pipeline: slug("notes"),
            workflow: "security".into(),
            reason,
            at: hour(0),
            areas: [Area::TaskSuccess].into(),
            trial: run.map(|run| (slug(run), slug("clerk"), slug("berth"))),
            minutes: run.map(|_| 4.0),
        }
    }

    fn guarded(case: &str, at: i64, held: bool) -> Guarded {
        Guarded { case: slug(case), target: slug("clerk"), at: hour(at), held }
    }

    fn material() -> Material {
        Material {
            runs: [slug("r")].into(),
            trials: BTreeMap::from([((slug("clerk"), slug("notes"), "security".to_owned()), 200)]),
            corrections: vec![
                corrected("a", Some("r"), CorrectionReason::WeakPrompt),
                corrected("b", Some("r"), CorrectionReason::StaleSop),
                corrected("c", Some("gone"), CorrectionReason::StaleSop),
                corrected("d", None, CorrectionReason::StaleSop),
            ],
            guards: vec![guarded("a", 2, false), guarded("a", 5, true), guarded("a", 9, false), guarded("b", 3, false)],
            decisions: Vec::new(),
        }
    }

    #[test]
    fn a_trial_counts_once_and_only_where_its_run_is_stored() {
        let figures = Figures::of(&material());
        // Both corrections of the run are of the same trial.
        assert_eq!((figures.rate.count, figures.rate.of, figures.rate.per_100), (1, 200, Some(0.5)));
        assert_eq!((figures.corrections, figures.without_run), (4, 2));
        let [low, high] = figures.rate.interval.unwrap();
        assert!((low - 0.0127).abs() < 1e-3 && (high - 2.754).abs() < 1e-2, "{low} {high}");
        assert_eq!(figures.by_reason[&CorrectionReason::StaleSop].count, 1);
        assert_eq!(figures.by_reason[&CorrectionReason::BadContext].count, 0);
        assert_eq!((figures.minutes.n, figures.minutes.without, figures.minutes.total), (3, 1, 12.0));
    }

    #[test]
    fn no_minutes_add_up_to_nothing() {
        assert_eq!(format!("{}", Spread::of(&[], 0).total), "0");
    }

    #[test]
    fn what_came_back_and_what_never_held_are_told_apart() {
        let figures = Figures::of(&material());
        let GuardCounts { n, holding, back_now, not_fixed, never_asked, came_back, times_back } = figures.guards;
        assert_eq!((n, holding, back_now, not_fixed, never_asked, came_back, times_back), (4, 0, 1, 1, 2, 1, 1));
        assert_eq!((figures.hours_to_guard.n, figures.hours_to_guard.p50), (2, Some(2.5)));
        assert_eq!((figures.hours_to_fix.n, figures.hours_to_fix.p50), (1, Some(5.0)));
    }

    #[test]
    fn nothing_gives_no_rate_instead_of_zero() {
        let figures = Figures::of(&Material::default());
        assert_eq!((figures.rate.per_100, figures.agreed.per_100, figures.minutes.p50), (None, None, None));
    }
}
