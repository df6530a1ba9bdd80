//! Failures week by week: which are new, still open, fixed, or came back.
//!
//! A case fails in an area if any of its repeats in the week's last whole run is at -1. A week in which it was not asked
//! says nothing: it is neither failing nor fixed then.

use std::collections::BTreeMap;

use serde::Serialize;

use super::trend::Week;
use crate::domain::{Area, Slug};

/// A case in an area, in the last whole run of a week.
#[derive(Debug, Clone, PartialEq)]
pub struct Observed {
    pub week: Week,
    pub run: Slug,
    pub case: Slug,
    pub pipeline: Slug,
    pub area: Area,
    /// Whether any repeat was at -1.
    pub failing: bool,
    /// The criterion behind it.
    pub cause: Option<Slug>,
}

/// Where a failure stands in the newest week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
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
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Failure {
    pub case: Slug,
    pub pipeline: Slug,
    pub area: Area,
    pub state: FailureState,
    /// The first week, and its run, of the row of weeks in which it fails, or failed until it was fixed.
    pub since: Week,
    pub since_run: Slug,
    /// The newest run in which it failed.
    pub last_run: Slug,
    pub cause: Option<Slug>,
}

/// Follows cases over the weeks, which come in order.
#[derive(Debug, Default)]
pub struct Failures {
    newest: Option<Week>,
    followed: BTreeMap<(Slug, Area), Followed>,
}

#[derive(Debug)]
struct Followed {
    seen: Week,
    failing: bool,
    /// As it was the last time but one.
    failed_before: bool,
    /// Whether an earlier row of failures had ended.
    had_ended: bool,
    failure: Option<Failure>,
}

impl Failures {
    pub fn observe(&mut self, observed: Observed) {
        let Observed { week, run, case, pipeline, area, failing, cause } = observed;
        self.newest = self.newest.max(Some(week));
        let followed = self.followed.entry((case.clone(), area)).or_insert(Followed {
            seen: week,
            failing: false,
            failed_before: false,
            had_ended: false,
            failure: None,
        });
        followed.failed_before = followed.failing;
        followed.failing = failing;
        followed.seen = week;
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
            (failure.last_run, failure.cause) = (run, cause);
            return;
        }
        followed.had_ended |= followed.failure.is_some();
        let state = if followed.had_ended { FailureState::CameBack } else { FailureState::New };
        let (since_run, last_run) = (run.clone(), run);
        followed.failure = Some(Failure { case, pipeline, area, state, since: week, since_run, last_run, cause });
    }

    /// What fails in the newest week, and what was fixed in it: by state, then by area and case.
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

    /// Weeks of one case: `x` fails, `.` does not, a blank was not asked. Another case is asked every week.
    #[track_caller]
    fn check(weeks: &str, state: Option<(FailureState, i64)>) {
        let mut failures = Failures::default();
        for (week, mark) in (0..).zip(weeks.chars()) {
            let of = |case: &str, failing| Observed {
                week: Week(week),
                run: Slug::new(&format!("r{week}")).unwrap(),
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
        assert_eq!(found.first().map(|failure| (failure.state, failure.since.0)), state, "{weeks:?}");
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
    fn a_week_without_the_case_says_nothing_of_it() {
        check("x x", Some((FailureState::StillOpen, 0)));
        check("x .", Some((FailureState::Fixed, 0)));
        check("xx ", None);
        check(". x", Some((FailureState::New, 2)));
    }
}
