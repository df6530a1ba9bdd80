//! What a run comes to: sums per pipeline and area from which means, shares and intervals follow, costs and times.
//!
//! Sums of runs can be added: those of a week are the sums of its runs.

use std::collections::BTreeMap;

use super::entry::{Ended, TrialEntry};
use crate::domain::{Area, Slug, Trit};
use crate::stats::mean;
use crate::stats::pass::all_of;
use crate::stats::quantile::nearest_rank;

/// Marks of one area in one pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct AreaSum {
    /// Cases with a mark.
    pub cases: u64,
    /// Trials marked -1, 0 and 1.
    pub harmful: u64,
    pub incomplete: u64,
    pub useful: u64,
    /// Trials in which nothing of the area applied or could be judged, and of these those whose target failed.
    pub not_scored: u64,
    pub missing: u64,
    /// Sum over cases of the case's mean mark, and of its square: mean and spread over cases.
    pub case_means: f64,
    pub case_squares: f64,
    /// Sum over cases of the chance that `k` of its repeats are all at +1.
    pub passed: f64,
    /// Fewest marks that any of the cases has; 0 where there is none, or where sums of different `k` were added.
    pub k: u64,
}

impl AreaSum {
    /// Trials with a mark.
    pub fn marked(&self) -> u64 {
        self.harmful + self.incomplete + self.useful
    }

    /// Mean mark of trials, -1..1.
    pub fn mean(&self) -> Option<f64> {
        let (sum, n) = (self.useful as f64 - self.harmful as f64, self.marked());
        (n > 0).then(|| sum / n as f64)
    }

    /// Share of trials at -1, 0..1.
    pub fn harmful_share(&self) -> Option<f64> {
        (self.marked() > 0).then(|| self.harmful as f64 / self.marked() as f64)
    }

    /// Mean over cases of the case's mean mark, -1..1.
    pub fn mean_of_cases(&self) -> Option<f64> {
        (self.cases > 0).then(|| self.case_means / self.cases as f64)
    }

    /// Variance of the cases' means, unbiased; of the sums of several runs, over all their cases.
    pub fn variance_of_cases(&self) -> Option<f64> {
        let n = self.cases as f64;
        (self.cases > 1).then(|| ((self.case_squares - self.case_means * self.case_means / n) / (n - 1.0)).max(0.0))
    }

    /// pass^k over cases, 0..1, with its k.
    pub fn pass_hat(&self) -> Option<(u64, f64)> {
        (self.cases > 0 && self.k > 0).then(|| (self.k, self.passed / self.cases as f64))
    }

    /// Adds the sums of other runs.
    pub fn add(&mut self, other: &AreaSum) {
        self.k = match (self.cases, other.cases) {
            (0, _) => other.k,
            (_, 0) => self.k,
            _ if self.k == other.k => self.k,
            _ => 0,
        };
        self.cases += other.cases;
        self.harmful += other.harmful;
        self.incomplete += other.incomplete;
        self.useful += other.useful;
        self.not_scored += other.not_scored;
        self.missing += other.missing;
        self.case_means += other.case_means;
        self.case_squares += other.case_squares;
        self.passed += other.passed;
    }
}

/// What a run comes to.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Summary {
    pub areas: BTreeMap<(Slug, Area), AreaSum>,
    pub trials: u64,
    /// Trials whose target failed.
    pub failed: u64,
    /// Trials with `task_success` at +1.
    pub solved: u64,
    /// US dollars over all trials; absent if any trial's cost is unknown.
    pub cost_usd: Option<f64>,
    pub input_tokens: u64,
    pub output_tokens: u64,
    /// Wall time of trials, milliseconds: the middle one and the 95th percentile, both by nearest rank as the gate has it.
    pub wall_ms_p50: Option<f64>,
    pub wall_ms_p95: Option<f64>,
    /// What said that it answered; absent where nothing did, or several.
    pub model: Option<String>,
}

/// Sums a run up while its trials go by, the repeats of a case behind each other.
#[derive(Debug, Default)]
pub struct Gathering {
    summary: Summary,
    /// Pipeline and area → repeats at +1, marks, and their sum, of each case.
    tallies: BTreeMap<(Slug, Area), Vec<Tally>>,
    open: Option<Slug>,
    cost: f64,
    unpriced: bool,
    walls: Vec<f64>,
    models: Vec<String>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    useful: u32,
    marked: u32,
    sum: i32,
}

impl Gathering {
    pub fn observe(&mut self, trial: &TrialEntry) {
        let again = self.open.as_ref() == Some(&trial.case);
        if !again {
            self.open = Some(trial.case.clone());
        }
        let summary = &mut self.summary;
        summary.trials += 1;
        summary.failed += u64::from(trial.outcome == Ended::Failed);
        summary.input_tokens += trial.input_tokens.unwrap_or(0);
        summary.output_tokens += trial.output_tokens.unwrap_or(0);
        match trial.cost_usd {
            Some(cost) => self.cost += cost,
            None => self.unpriced = true,
        }
        self.walls.push(trial.wall_ms);
        if let Some(model) = trial.model.as_ref().filter(|model| !self.models.contains(model)) {
            self.models.push(model.clone());
        }
        for entry in &trial.marks {
            let key = (trial.pipeline.clone(), entry.area);
            let area = summary.areas.entry(key.clone()).or_default();
            match entry.mark {
                None => {
                    area.not_scored += 1;
                    area.missing += u64::from(entry.missing);
                }
                Some(trit) => {
                    match trit {
                        Trit::Harmful => area.harmful += 1,
                        Trit::Incomplete => area.incomplete += 1,
                        Trit::Useful => area.useful += 1,
                    }
                    summary.solved += u64::from(entry.area == Area::TaskSuccess && trit == Trit::Useful);
                }
            }
            let tallies = self.tallies.entry(key).or_default();
            // A case of which an earlier repeat was not marked has its place already.
            if !again || tallies.is_empty() {
                tallies.push(Tally::default());
            }
            if let (Some(trit), Some(tally)) = (entry.mark, tallies.last_mut()) {
                tally.marked += 1;
                tally.useful += u32::from(trit == Trit::Useful);
                tally.sum += i32::from(trit.value());
            }
        }
    }

    pub fn finish(self) -> Summary {
        let Self { mut summary, tallies, cost, unpriced, walls, mut models, .. } = self;
        for (key, tallies) in tallies {
            let Some(area) = summary.areas.get_mut(&key) else { continue };
            let tallies: Vec<Tally> = tallies.into_iter().filter(|tally| tally.marked > 0).collect();
            let k = tallies.iter().map(|tally| tally.marked).min().unwrap_or(0);
            (area.cases, area.k) = (tallies.len() as u64, u64::from(k));
            let means: Vec<f64> = tallies.iter().map(|tally| f64::from(tally.sum) / f64::from(tally.marked)).collect();
            area.case_squares = mean::sum(means.iter().map(|mean| mean * mean).collect());
            // To the same last bit as the mean of a trend has it, in whatever order cases come.
            area.case_means = mean::sum(means);
            for Tally { useful, marked, .. } in tallies {
                area.passed += all_of(u64::from(useful), u64::from(marked), u64::from(k)).unwrap_or(0.0);
            }
        }
        summary.cost_usd = (!unpriced && summary.trials > 0).then_some(cost);
        (summary.wall_ms_p50, summary.wall_ms_p95) = (nearest_rank(&walls, 50), nearest_rank(&walls, 95));
        summary.model = if models.len() == 1 { models.pop() } else { None };
        summary
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{CaseKind, RequestType};
    use crate::history::MarkEntry;

    fn trial(case: &str, repeat: u32, mark: Option<i8>) -> TrialEntry {
        let mark = mark.map(|mark| Trit::try_from(mark).unwrap());
        TrialEntry {
            case: Slug::new(case).unwrap(),
            pipeline: Slug::new("p").unwrap(),
            suite: Slug::new("s").unwrap(),
            kind: CaseKind::GoldenRequest,
            request: RequestType::Security,
            org: "o".into(),
            repeat,
            outcome: if mark.is_some() { Ended::Answered } else { Ended::Failed },
            wall_ms: f64::from(repeat),
            cost_usd: Some(0.5),
            input_tokens: Some(3),
            output_tokens: None,
            model: Some("m".into()),
            marks: vec![MarkEntry { area: Area::TaskSuccess, mark, missing: mark.is_none(), cause: None }],
            guarded: None,
        }
    }

    fn summary(trials: &[TrialEntry]) -> Summary {
        let mut gathering = Gathering::default();
        trials.iter().for_each(|trial| gathering.observe(trial));
        gathering.finish()
    }

    #[test]
    fn a_run_is_summed_up_over_trials_and_over_cases() {
        let summary = summary(&[
            trial("a", 1, Some(1)),
            trial("a", 2, Some(1)),
            trial("b", 1, Some(-1)),
            trial("b", 2, Some(1)),
            trial("c", 1, None),
        ]);
        let area = summary.areas.values().next().unwrap();
        assert_eq!((area.cases, area.harmful, area.useful, area.not_scored, area.missing), (2, 1, 3, 1, 1));
        assert_eq!((area.mean(), area.mean_of_cases()), (Some(0.5), Some(0.5)));
        assert_eq!(area.variance_of_cases(), Some(0.5));
        assert_eq!(area.pass_hat(), Some((2, 0.5)));
        assert_eq!((summary.trials, summary.failed, summary.solved), (5, 1, 3));
        assert_eq!((summary.cost_usd, summary.input_tokens), (Some(2.5), 15));
        assert_eq!(summary.model.as_deref(), Some("m"));
        assert_eq!((summary.wall_ms_p50, summary.wall_ms_p95), (Some(1.0), Some(2.0)));
    }

    #[test]
    fn an_unknown_cost_makes_the_sum_unknown_and_nothing_has_no_mean() {
        let mut free = trial("a", 1, None);
        free.cost_usd = None;
        let summary = summary(&[free, trial("b", 1, None)]);
        assert_eq!(summary.cost_usd, None);
        let area = summary.areas.values().next().unwrap();
        assert_eq!((area.mean(), area.harmful_share(), area.pass_hat()), (None, None, None));
    }

    #[test]
    fn sums_of_runs_add_up_and_another_k_is_not_mixed_in() {
        let one = *summary(&[trial("a", 1, Some(1))]).areas.values().next().unwrap();
        let two = *summary(&[trial("a", 1, Some(-1)), trial("a", 2, Some(-1))]).areas.values().next().unwrap();
        let mut both = one;
        both.add(&one);
        assert_eq!((both.pass_hat(), both.cases), (Some((1, 1.0)), 2));
        both.add(&two);
        assert_eq!((both.pass_hat(), both.mean()), (None, Some(0.0)));
    }
}
