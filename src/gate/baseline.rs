//! What the run is held against where answers vary: every repeat of what was accepted, not one lucky sample.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};

use super::repeats::{Behaviour, behaviour};
use crate::domain::{Area, Outcome, Slug, Trit};
use crate::score::TrialResult;

/// The repeats of every case that has any; `baseline.json` of a run is this, as JSON.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Baseline {
    /// Where it is from, as told to people: `golden`, `run 20261121-164857-57fc`, `golden at v2.4`.
    pub source: String,
    pub cases: BTreeMap<Slug, CaseBaseline>,
}

/// One case, as it was accepted. Nothing in here is a mean: a repeat is one element of each list.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct CaseBaseline {
    /// At least 1.
    pub repeats: u32,
    /// Different behaviours among the repeats: 1 where all agree.
    pub behaviours: u32,
    /// Marks over the criteria that can be repeated, in the order of the repeats; one that was not scored is left out.
    pub areas: BTreeMap<Area, Vec<Trit>>,
    /// Milliseconds of wall time, where it is known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wall_ms: Vec<f64>,
    /// US dollars, where the price is known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cost_usd: Vec<f64>,
}

/// A baseline in the making, from the trials of a run.
#[derive(Default)]
pub struct BaselineOf {
    baseline: Baseline,
    behaviours: BTreeMap<Slug, HashSet<Behaviour>>,
}

impl BaselineOf {
    pub fn new(source: impl Into<String>) -> Self {
        let baseline = Baseline { source: source.into(), ..Baseline::default() };
        Self { baseline, ..Self::default() }
    }

    /// Adds a trial, in the order of the repeats. One whose target failed is missing data, and no repeat.
    pub fn observe(&mut self, result: &TrialResult) {
        if let Outcome::Failed { .. } = result.trial.outcome {
            return;
        }
        let case = self.baseline.cases.entry(result.case.id.clone()).or_default();
        let seen = self.behaviours.entry(result.case.id.clone()).or_default();
        seen.insert(behaviour(result));
        case.repeats += 1;
        case.behaviours = seen.len() as u32;
        for area in &result.scored.areas {
            let mark = area.held.map(|held| held.now).or(area.mark.trit());
            if let Some(mark) = mark {
                case.areas.entry(area.area).or_default().push(mark);
            }
        }
        let usage = &result.trial.usage;
        case.wall_ms.extend(Some(usage.wall_ms).filter(|ms| ms.is_finite()));
        case.cost_usd.extend(usage.cost_usd.filter(|usd| usd.is_finite()));
    }

    pub fn finish(self) -> Baseline {
        self.baseline
    }
}

impl Baseline {
    /// Whether repeats of a case disagree.
    pub fn varies(&self) -> bool {
        self.cases.values().any(|case| case.behaviours > 1)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::gate::sample::{Sample, case, slug};

    const TASK: Area = Area::TaskSuccess;

    fn baseline(samples: &[Sample]) -> Baseline {
        let mut baseline = BaselineOf::new("run a");
        samples.iter().for_each(|sample| baseline.observe(&sample.done()));
        baseline.finish()
    }

    #[test]
    fn every_repeat_of_a_run_is_kept_with_what_was_held_against_its_snapshot() {
        let a = case("a").moved(TASK, -1, 1).outvoted(TASK, 0);
        let found =
            baseline(&[a.clone(), a.clone().changed().marked(TASK, 0).repeat(2), a.failed("503").repeat(3), case("b")]);
        assert!(found.varies());
        let a = &found.cases[&slug("a")];
        assert_eq!((a.repeats, a.behaviours, a.wall_ms.as_slice()), (2, 2, [100.0, 100.0].as_slice()));
        assert_eq!(a.areas[&TASK], [Trit::Useful, Trit::Incomplete]);
        assert_eq!((found.cases[&slug("b")].behaviours, found.source.as_str()), (1, "run a"));
    }

    #[test]
    fn what_nobody_accepted_is_told_apart_by_what_it_is() {
        let new = |risk: &str| case("a").unknown().answering(json!({"risk": risk}));
        let found = baseline(&[new("low"), new("high").repeat(2), new("low").repeat(3), new("none").failed("x")]);
        assert_eq!((found.cases[&slug("a")].repeats, found.cases[&slug("a")].behaviours), (3, 2));
        let unpriced = baseline(&[case("a").cost(None), case("a").cost(Some(f64::NAN)).repeat(2)]);
        assert!(unpriced.cases[&slug("a")].cost_usd.is_empty());
    }
}
