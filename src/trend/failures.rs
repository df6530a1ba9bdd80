//! Failures period by period: which are new, still open, fixed, or came back.
//!
//! A case fails in an area if any of its repeats in the period's last whole run is at -1. A period in which it was not
//! asked says nothing: it is neither failing nor fixed then.

use std::collections::BTreeMap;

use crate::domain::{Area, Slug};

/// A case in an area, in the last whole run of a period.
#[derive(Debug, Clone, PartialEq)]
pub struct Observed {
    /// Place of the period.
    pub period: usize,
    pub case: Slug,
    pub pipeline: Slug,
    pub area: Area,
    /// Whether any repeat was at -1.
    pub failing: bool,
    /// The criterion behind it.
    pub cause: Option<Slug>,
}

/// Where a failure stands in the newest period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FailureState {
    /// Never failed before.
    New,
    /// Failed before, was fixed, and fails again.
    CameBack,
    /// Failed the last time that it was asked, too.
    StillOpen,
    /// Failed the last time that it was asked, and does not now.
    Fixed,
}

/// A case that fails in an area, or just stopped to.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    pub case: Slug,
    pub pipeline: Slug,
    pub area: Area,
    pub state: FailureState,
    /// The first period of the row in which it fails, or failed until it was fixed.
    pub since: usize,
    /// The newest period in which it failed.
    pub last: usize,
    pub cause: Option<Slug>,
}

/// Follows cases over the periods, which come in order.
#[derive(Debug, Default)]
pub struct Failures {
    newest: Option<usize>,
    followed: BTreeMap<(Slug, Area), Followed>,
}

#[derive(Debug)]
struct Followed {
    seen: usize,
    failing: bool,
    /// As it was the last time but one.
    failed_before: bool,
    /// Whether an earlier row of failures had ended.
    had_ended: bool,
    failure: Option<Failure>,
}

impl Failures {
    pub fn observe(&mut self, observed: Observed) {
        let Observed { period, case, pipeline, area, failing, cause } = observed;
        self.newest = self.newest.max(Some(period));
        let followed = self.followed.entry((case.clone(), area)).or_insert(Followed {
            seen: period,
            failing: false,
            failed_before: false,
            had_ended: false,
            failure: None,
        });
        followed.failed_before = followed.failing;
        followed.failing = failing;
        followed.seen = period;
        if !failing {
            // Until it is seen again, the row that just ended is remembered: it is what was fixed.
            if !followed.failed_before && followed.failure.take().is_some() {
                followed.had_ended = true;
            }
            return;
        }
        if followed.failed_before
            && let Some(failure) = &mut followed.failure
        {
            (failure.last, failure.cause) = (period, cause);
            return;
        }
        followed.had_ended |= followed.failure.is_some();
        let state = if followed.had_ended { FailureState::CameBack } else { FailureState::New };
        followed.failure = Some(Failure { case, pipeline, area, state, since: period, last: period, cause });
    }

    /// What fails in the newest period, and what was fixed in it: by state, then by area and case.
    pub fn finish(self) -> Vec<Failure> {
        let newest = self.newest;
        let stands = |followed: Followed| {
            let mut failure = followed.failure.filter(|_| Some(followed.seen) == newest)?;
            match (followed.failed_before, followed.failing) {
                (true, true) => failure.state = FailureState::StillOpen,
                (true, false) => failure.state = FailureState::Fixed,
                (false, true) => {}
                (false, false) => return None,
            }
            Some(failure)
        };
        let mut failures: Vec<Failure> = self.followed.into_values().filter_map(stands).collect();
        failures.sort_by(|a, b| (a.state, a.area, &a.case).cmp(&(b.state, b.area, &b.case)));
        failures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Periods of one case: `x` fails, `.` does not, a blank was not asked. Another case is asked in every one.
    #[track_caller]
    fn check(periods: &str, state: Option<(FailureState, usize)>) {
        let mut failures = Failures::default();
        for (period, mark) in periods.chars().enumerate() {
            let of = |case: &str, failing| Observed {
                period,
                case: Slug::new(case).unwrap(),
                pipeline: Slug::new("p").unwrap(),
                area: Area::TaskSuccess,
                failing,
                cause: None,
            };
            failures.observe(of("other", false));
            if mark != ' ' {
                failures.observe(of("case", mark == 'x'));
            }
        }
        let found = failures.finish();
        assert_eq!(found.first().map(|failure| (failure.state, failure.since)), state, "{periods:?}");
        assert!(found.len() < 2);
    }

    #[test]
    fn a_failure_is_new_open_fixed_or_back() {
        check("..x", Some((FailureState::New, 2)));
        check("x", Some((FailureState::New, 0)));
        check(".xx", Some((FailureState::StillOpen, 1)));
        check(".x.", Some((FailureState::Fixed, 1)));
        check(".x..", None);
        check("x.x", Some((FailureState::CameBack, 2)));
        check("x..x", Some((FailureState::CameBack, 3)));
        check("x..xx", Some((FailureState::StillOpen, 3)));
        check("...", None);
    }

    #[test]
    fn a_period_without_the_case_says_nothing_of_it() {
        check("x x", Some((FailureState::StillOpen, 0)));
        check("x .", Some((FailureState::Fixed, 0)));
        check("xx ", None);
        check(". x", Some((FailureState::New, 2)));
    }
}
