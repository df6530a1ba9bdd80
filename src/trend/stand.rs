//! How a run stands: the marks of its cases, area by area, and how two runs differ on the cases that both hold.

use std::collections::BTreeMap;

use crate::domain::{Area, Slug, Trit};
use crate::history::{CaseFact, MarkFact};
use crate::stats::pass::all_of;
use crate::stats::{Interval, mean};

/// Of every interval here, in both directions together.
pub const CONFIDENCE: f64 = 0.95;

/// Fewer common cases than this give no change: it would say little.
pub const ENOUGH: usize = 20;

/// How far a mark can be from another.
const RANGE: f64 = 2.0;

/// Marks of a case in an area, over its repeats.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tally {
    pub marks: u32,
    sum: i32,
    pub harmful: u32,
    pub useful: u32,
    /// The criterion behind the lowest mark, where that is below +1.
    pub cause: Option<Slug>,
    lowest: Option<Trit>,
}

impl Tally {
    fn observe(&mut self, mark: Trit, cause: Option<String>) {
        self.marks += 1;
        self.sum += i32::from(mark.value());
        self.harmful += u32::from(mark == Trit::Harmful);
        self.useful += u32::from(mark == Trit::Useful);
        if self.lowest.is_none_or(|lowest| mark < lowest) {
            self.lowest = Some(mark);
            self.cause = cause.and_then(|cause| Slug::new(&cause).ok());
        }
    }

    /// -1..1.
    pub fn mean(&self) -> f64 {
        f64::from(self.sum) / f64::from(self.marks.max(1))
    }

    /// The lowest mark of any repeat.
    pub fn lowest(&self) -> Option<Trit> {
        self.lowest
    }
}

/// Marks of a case by area, in the areas' order.
pub type Tallies = [Option<Box<Tally>>; Area::COUNT];

/// The marks of a run, by the number of the case.
#[derive(Debug, Default)]
pub struct Stand {
    pub cases: BTreeMap<i64, Tallies>,
    /// Of guards, the lowest mark by area of what they are judged on, over the repeats.
    guards: BTreeMap<i64, [Option<Trit>; Area::COUNT]>,
}

/// What of a run is looked at.
pub type Wanted<'w> = &'w dyn Fn(&CaseFact) -> bool;

impl Stand {
    pub fn observe(&mut self, fact: MarkFact) {
        let tallies = self.cases.entry(fact.case).or_default();
        tallies[fact.area.index()].get_or_insert_default().observe(fact.mark, fact.cause);
    }

    /// A mark of what a guard is judged on.
    pub fn guard(&mut self, case: i64, area: Area, mark: Trit) {
        let lowest = &mut self.guards.entry(case).or_default()[area.index()];
        *lowest = Some(lowest.map_or(mark, |lowest| lowest.min(mark)));
    }

    /// Each guard that was asked in one of these areas, and whether it held in every repeat: as the gate has it.
    pub fn held<'s>(&'s self, guarding: &'s [Area]) -> impl Iterator<Item = (i64, bool)> + 's {
        self.guards.iter().filter_map(move |(case, lowest)| {
            let lowest = guarding.iter().filter_map(|area| lowest[area.index()]).min()?;
            Some((*case, lowest == Trit::Useful))
        })
    }

    /// The cases with a mark in an area.
    pub fn of_area<'s>(
        &'s self,
        area: Area,
        facts: &'s BTreeMap<i64, CaseFact>,
        wanted: Wanted<'s>,
    ) -> impl Iterator<Item = (i64, &'s CaseFact, &'s Tally)> {
        self.cases.iter().filter_map(move |(number, tallies)| {
            let fact = facts.get(number).filter(|fact| wanted(fact))?;
            Some((*number, fact, tallies[area.index()].as_deref()?))
        })
    }

    /// The marks of an area, summed up.
    pub fn sum(&self, area: Area, facts: &BTreeMap<i64, CaseFact>, wanted: Wanted) -> Sum {
        let tallies: Vec<&Tally> = self.of_area(area, facts, wanted).map(|(_, _, tally)| tally).collect();
        Sum::of(&tallies)
    }

    /// What changed since another run, over the cases that have a mark in both.
    pub fn change_since(&self, then: &Stand, area: Area, facts: &BTreeMap<i64, CaseFact>, wanted: Wanted) -> Change {
        let was: BTreeMap<i64, f64> =
            then.of_area(area, facts, wanted).map(|(n, _, tally)| (n, tally.mean())).collect();
        let now = self.of_area(area, facts, wanted);
        let changes: Vec<f64> = now.filter_map(|(n, _, tally)| Some(tally.mean() - was.get(&n)?)).collect();
        Change::of(&changes)
    }
}

/// Marks of an area, over cases.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sum {
    /// Cases with a mark.
    pub cases: usize,
    pub marks: u64,
    /// Fewest and most marks of a case.
    pub k: (u32, u32),
    /// Mean over cases of the case's mean mark, -1..1.
    pub mean: Option<f64>,
    /// Student's, over cases, with one pseudo-case at each end of the range, as changes have it; within -1..1.
    pub interval: Option<Interval>,
    /// Cases with any repeat at -1, and marks at -1.
    pub harmful_cases: u64,
    pub harmful: u64,
    /// Mean over cases of the chance that `k` repeats, the fewest of any, are all at +1.
    pub passed: Option<f64>,
}

impl Sum {
    fn of(tallies: &[&Tally]) -> Self {
        let means: Vec<f64> = tallies.iter().map(|tally| tally.mean()).collect();
        let interval = |found: mean::Estimate| {
            let Interval { lower, upper } = found.two_sided(CONFIDENCE);
            Interval { lower: lower.max(-1.0), upper: upper.min(1.0) }
        };
        let found = mean::with_pseudo_cases(&means, RANGE / 2.0).filter(|_| !means.is_empty());
        let fewest = tallies.iter().map(|tally| tally.marks).min().unwrap_or(0);
        let all = |tally: &&Tally| all_of(tally.useful.into(), tally.marks.into(), fewest.into());
        let passed: Vec<f64> = tallies.iter().filter_map(all).collect();
        Self {
            cases: tallies.len(),
            marks: tallies.iter().map(|tally| u64::from(tally.marks)).sum(),
            k: (fewest, tallies.iter().map(|tally| tally.marks).max().unwrap_or(0)),
            mean: mean::mean(&means),
            interval: found.map(interval),
            harmful_cases: tallies.iter().filter(|tally| tally.harmful > 0).count() as u64,
            harmful: tallies.iter().map(|tally| u64::from(tally.harmful)).sum(),
            passed: mean::mean(&passed),
        }
    }

    /// Share of marks at -1, 0..1.
    pub fn harmful_share(&self) -> Option<f64> {
        (self.marks > 0).then(|| self.harmful as f64 / self.marks as f64)
    }
}

/// Mean change of common cases.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Change {
    /// Cases that have a mark on both sides.
    pub cases: usize,
    /// -2..2; absent below [`ENOUGH`] cases.
    pub mean: Option<f64>,
    /// With one pseudo-case at each end of the range, as the gate's own interval has.
    pub interval: Option<Interval>,
}

impl Change {
    fn of(changes: &[f64]) -> Self {
        let enough = changes.len() >= ENOUGH;
        let found = mean::with_pseudo_cases(changes, RANGE).filter(|_| enough);
        Self {
            cases: changes.len(),
            mean: mean::mean(changes).filter(|_| enough),
            interval: found.map(|found| found.two_sided(CONFIDENCE)),
        }
    }

    /// Below 0 or above it with all of the interval; 0 where it holds 0.
    pub fn direction(&self) -> Option<i8> {
        let Interval { lower, upper } = self.interval?;
        Some(i8::from(lower > 0.0) - i8::from(upper < 0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trend::sample::{facts, stand};

    #[test]
    fn a_case_counts_once_with_the_mean_of_its_repeats() {
        let sum = stand(&[(1, 1), (1, -1), (2, 1), (2, 1)]).sum(Area::TaskSuccess, &facts(2), &|_| true);
        assert_eq!((sum.cases, sum.marks, sum.k, sum.mean), (2, 4, (2, 2), Some(0.5)));
        assert_eq!((sum.harmful_cases, sum.harmful, sum.passed), (1, 1, Some(0.5)));
        assert_eq!(sum.harmful_share(), Some(0.25));
        let Interval { lower, upper } = sum.interval.unwrap();
        assert_eq!((lower, upper), (-1.0, 1.0));
    }

    #[test]
    fn cases_that_are_all_alike_have_an_interval_with_a_width() {
        let all = |n: i64| stand(&(1..=n).map(|case| (case, 1)).collect::<Vec<_>>());
        let lower = |n: i64| all(n).sum(Area::TaskSuccess, &facts(n), &|_| true).interval.map(|found| found.lower);
        assert!(lower(4).is_some_and(|lower| lower < 0.0), "{:?}", lower(4));
        assert!(lower(100).is_some_and(|lower| lower > 0.9 && lower < 1.0), "{:?}", lower(100));
        assert_eq!(lower(0), None);
    }

    #[test]
    fn only_cases_of_both_sides_are_compared_and_few_give_no_number() {
        let all = |n: i64, mark: i8| (1..=n).map(|case| (case, mark)).collect::<Vec<_>>();
        let facts = facts(40);
        let change = stand(&all(30, 1)).change_since(&stand(&all(25, 0)), Area::TaskSuccess, &facts, &|_| true);
        assert_eq!((change.cases, change.mean, change.direction()), (25, Some(1.0), Some(1)));
        let few = stand(&all(19, 1)).change_since(&stand(&all(40, 0)), Area::TaskSuccess, &facts, &|_| true);
        assert_eq!((few.cases, few.mean, few.direction()), (19, None, None));
        let same = stand(&all(20, 1)).change_since(&stand(&all(20, 1)), Area::TaskSuccess, &facts, &|_| true);
        assert_eq!((same.mean, same.direction()), (Some(0.0), Some(0)));
    }

    #[test]
    fn a_guard_holds_if_what_it_is_judged_on_is_at_one_in_every_repeat_whatever_its_areas_are() {
        let mut stand = stand(&[(1, 0), (2, 1), (3, 1)]);
        stand.guard(1, Area::TaskSuccess, Trit::Useful);
        stand.guard(1, Area::EvidenceQuality, Trit::Harmful);
        stand.guard(2, Area::TaskSuccess, Trit::Useful);
        stand.guard(2, Area::TaskSuccess, Trit::Incomplete);
        let held: Vec<(i64, bool)> = stand.held(&[Area::TaskSuccess]).collect();
        assert_eq!(held, [(1, true), (2, false)]);
    }

    #[test]
    fn the_cause_is_that_of_the_lowest_mark() {
        let mut tally = Tally::default();
        tally.observe(Trit::Incomplete, Some("half".to_owned()));
        tally.observe(Trit::Harmful, Some("wrong".to_owned()));
        tally.observe(Trit::Useful, None);
        assert_eq!(tally.cause.as_ref().map(Slug::as_str), Some("wrong"));
    }
}
