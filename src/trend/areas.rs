//! Where each area stands now, and how that differs from the period before and from the last release.

use super::stand::{Change, ENOUGH, Sum};
use crate::domain::{Area, Slug};

/// Periods in the small chart of an area.
pub const SPARK: usize = 12;

/// An area in the newest period.
#[derive(Debug, Clone, PartialEq)]
pub struct AreaLine {
    pub area: Area,
    pub now: Sum,
    /// Against the period before; absent where there is none.
    pub since_period: Option<Change>,
    /// Against the last run of the release before; absent where there is none.
    pub since_release: Option<Change>,
    /// Means of the newest periods, oldest first; at most [`SPARK`].
    pub spark: Vec<Option<f64>>,
    /// Whether a single -1 is too much.
    pub zero_tolerance: bool,
    pub state: State,
    /// What else than the agent is another one since what it is held against, e.g. `rubrics`: the change says nothing of
    /// the agent then.
    pub other: Vec<&'static str>,
}

/// An area in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Zero tolerance, and there is a -1.
    Violated,
    Fell,
    /// Nobody can tell: no marks, too few in common with what was before, or another measure.
    Unclear,
    Steady,
    Rose,
    /// Zero tolerance, and there is no -1.
    Held,
}

impl State {
    pub fn word(self) -> &'static str {
        match self {
            State::Violated => "violated",
            State::Fell => "fell",
            State::Unclear => "unclear",
            State::Steady => "steady",
            State::Rose => "rose",
            State::Held => "held",
        }
    }

    /// Of an area, by what the release changed or, where there was none before, the period; `other`: what else than the
    /// agent is another one since.
    pub fn of(now: &Sum, zero_tolerance: bool, change: Option<&Change>, other: &[&str]) -> Self {
        match (now.cases, zero_tolerance) {
            (0, _) => return State::Unclear,
            (_, true) if now.harmful_cases > 0 => return State::Violated,
            (_, true) => return State::Held,
            _ => {}
        }
        match change.and_then(Change::direction).filter(|_| other.is_empty()) {
            None => State::Unclear,
            Some(0) => State::Steady,
            Some(direction) if direction < 0 => State::Fell,
            Some(_) => State::Rose,
        }
    }
}

impl AreaLine {
    /// What the state is read from: the change since the last release, or since the period before where that is all.
    pub fn judged_by(&self) -> Option<&Change> {
        self.since_release.as_ref().or(self.since_period.as_ref())
    }

    /// Why the state is what it is, without a full stop.
    pub fn reason(&self) -> String {
        let cases = self.now.cases;
        match (self.state, self.judged_by()) {
            (State::Violated, _) => "a case at −1, where one is too much".to_owned(),
            (State::Held, _) => "no case at −1".to_owned(),
            (State::Unclear, _) if cases == 0 => "nothing was marked".to_owned(),
            (State::Unclear, None) => "there is nothing before it".to_owned(),
            (State::Unclear, Some(_)) if !self.other.is_empty() => changed(&self.other),
            (State::Unclear, Some(change)) => {
                format!("only {} common cases; {ENOUGH} at least", change.cases)
            }
            (State::Steady, _) => "the change's interval holds 0".to_owned(),
            (State::Fell, _) => "the change's interval is below 0".to_owned(),
            (State::Rose, _) => "the change's interval is above 0".to_owned(),
        }
    }
}

/// `the rubrics changed`, `the suites and rubrics changed`.
pub(super) fn changed(other: &[&str]) -> String {
    match other {
        [some @ .., last] if !some.is_empty() => format!("the {} and {last} changed", some.join(", ")),
        _ => format!("the {} changed", other.concat()),
    }
}

/// An area over all periods, of one pipeline or of all.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// Absent: all of them.
    pub pipeline: Option<Slug>,
    pub area: Area,
    /// One a period.
    pub sums: Vec<Sum>,
    /// Changes of level that several methods agree on.
    pub changes: Vec<super::moves::Confirmed>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Interval;

    fn line(harmful: u64, zero_tolerance: bool, ends: Option<(f64, f64)>, other: &[&'static str]) -> AreaLine {
        let now = Sum { cases: 30, harmful_cases: harmful, ..Sum::default() };
        let interval = ends.map(|(lower, upper)| Interval { lower, upper });
        let change = Change { cases: 30, mean: Some(0.1), interval };
        let state = State::of(&now, zero_tolerance, Some(&change), other);
        let (area, spark, other) = (Area::TaskSuccess, Vec::new(), other.to_vec());
        AreaLine { area, now, since_period: None, since_release: Some(change), spark, zero_tolerance, state, other }
    }

    fn state(harmful: u64, zero: bool, ends: Option<(f64, f64)>) -> &'static str {
        line(harmful, zero, ends, &[]).state.word()
    }

    #[test]
    fn what_another_measure_did_is_not_laid_on_the_agent() {
        let fell = line(3, false, Some((-0.2, -0.1)), &["rubrics"]);
        assert_eq!((fell.state, fell.reason()), (State::Unclear, "the rubrics changed".to_owned()));
        assert_eq!(changed(&["suites", "rubrics", "judge"]), "the suites, rubrics and judge changed");
        let held = line(0, true, Some((-0.2, -0.1)), &["suites"]);
        assert_eq!((held.state, held.reason()), (State::Held, "no case at −1".to_owned()));
    }

    #[test]
    fn an_area_of_zero_tolerance_is_violated_by_one_case_whatever_its_mean_did() {
        assert_eq!(state(1, true, Some((0.1, 0.2))), "violated");
        assert_eq!(state(0, true, Some((-0.2, -0.1))), "held");
    }

    #[test]
    fn another_area_moved_only_if_its_whole_interval_did() {
        assert_eq!(state(3, false, Some((-0.2, -0.1))), "fell");
        assert_eq!(state(3, false, Some((-0.2, 0.1))), "steady");
        assert_eq!(state(3, false, Some((0.1, 0.2))), "rose");
        assert_eq!(state(3, false, None), "unclear");
        assert_eq!(State::of(&Sum::default(), true, None, &[]), State::Unclear);
    }
}
