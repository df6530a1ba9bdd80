//! What the runs cost and how long their trials took.

use std::collections::BTreeMap;

use crate::history::RunLine;

/// Costs and times of some runs.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Spent {
    pub runs: u64,
    pub trials: u64,
    /// Trials whose target failed.
    pub failed: u64,
    /// Trials with `task_success` at +1.
    pub solved: u64,
    /// US dollars of all trials; absent if the cost of any run is unknown.
    pub cost_usd: Option<f64>,
    /// Runs whose cost is unknown.
    pub unpriced: u64,
    /// Milliseconds: mean over the runs of the run's middle trial, and of its 95th percentile.
    pub wall_ms_p50: Option<f64>,
    pub wall_ms_p95: Option<f64>,
}

impl Spent {
    pub fn of<'r>(runs: impl IntoIterator<Item = &'r RunLine>) -> Self {
        let mut spent = Self::default();
        let mut cost = 0.0;
        let (mut p50, mut p95) = (Vec::new(), Vec::new());
        for run in runs {
            spent.runs += 1;
            spent.trials += run.trials;
            spent.failed += run.failed;
            spent.solved += run.solved;
            match run.cost_usd {
                Some(usd) => cost += usd,
                None => spent.unpriced += 1,
            }
            p50.extend(run.wall_ms_p50);
            p95.extend(run.wall_ms_p95);
        }
        spent.cost_usd = (spent.unpriced == 0 && spent.runs > 0).then_some(cost);
        let mean = crate::stats::mean::mean;
        (spent.wall_ms_p50, spent.wall_ms_p95) = (mean(&p50), mean(&p95));
        spent
    }

    /// US dollars for a trial with `task_success` at +1; absent where the cost is unknown or nothing was solved.
    pub fn usd_a_solved(&self) -> Option<f64> {
        self.cost_usd.filter(|_| self.solved > 0).map(|usd| usd / self.solved as f64)
    }

    /// By what said that it answered, in the order of names; runs without a name under `None`.
    pub fn by_model(runs: &[RunLine]) -> BTreeMap<Option<&str>, Spent> {
        Self::by(runs, |run| run.model.as_deref())
    }

    /// By how often a case was asked, to a tenth; the number is ten times that.
    pub fn by_repeats(runs: &[RunLine]) -> BTreeMap<u64, Spent> {
        Self::by(runs, |run| (run.trials * 10 + run.cases / 2).checked_div(run.cases).unwrap_or(0))
    }

    fn by<'r, K: Ord>(runs: &'r [RunLine], key: impl Fn(&'r RunLine) -> K) -> BTreeMap<K, Spent> {
        let mut by: BTreeMap<K, Vec<&RunLine>> = BTreeMap::new();
        for run in runs {
            by.entry(key(run)).or_default().push(run);
        }
        by.into_iter().map(|(key, runs)| (key, Spent::of(runs))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trend::sample::run;

    #[test]
    fn one_unknown_price_makes_the_sum_unknown() {
        let mut runs = [run("a", "2026-11-01T00:00:00Z", "1"), run("b", "2026-11-01T00:00:00Z", "1")];
        assert_eq!(Spent::of(&runs).usd_a_solved(), Some(0.2));
        runs[1].cost_usd = None;
        let spent = Spent::of(&runs);
        assert_eq!((spent.cost_usd, spent.unpriced, spent.usd_a_solved()), (None, 1, None));
        assert_eq!(spent.wall_ms_p50, Some(100.0));
        assert_eq!(Spent::of(&[]).cost_usd, None);
    }

    #[test]
    fn models_are_told_apart() {
        let mut runs = [run("a", "2026-11-01T00:00:00Z", "1"), run("b", "2026-11-01T00:00:00Z", "1")];
        runs[0].model = Some("m-1".to_owned());
        let by: Vec<_> = Spent::by_model(&runs).into_iter().map(|(model, spent)| (model, spent.runs)).collect();
        assert_eq!(by, [(None, 1), (Some("m-1"), 1)]);
    }

    #[test]
    fn repeats_are_told_to_a_tenth() {
        let mut runs = [run("a", "2026-11-01T00:00:00Z", "1"), run("b", "2026-11-01T00:00:00Z", "1")];
        (runs[1].cases, runs[1].trials) = (60, 155);
        let by: Vec<u64> = Spent::by_repeats(&runs).into_keys().collect();
        assert_eq!(by, [20, 26]);
    }
}
