//! The invented half: which release was run on which day, over which cases, held against what.
//!
//! Knows no agent and no mark. A release is made of the three agents, a pipeline each.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::domain::{CaseKind, Slug};

/// Weeks of the history, Monday to Sunday.
pub const WEEKS: i32 = 26;

/// The agent that does a pipeline: first, second and third of those that are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    Timid,
    Careless,
    Careful,
}

/// A version of the agent.
#[derive(Debug, PartialEq, Eq)]
pub struct Release {
    /// The name that its release run gets.
    pub tag: &'static str,
    /// Who does the pipelines, in the order of their names; a fourth is done like the first.
    pub by: [Part; 3],
    /// Whether reviewers took it; otherwise it was given up after its release run.
    pub accepted: bool,
}

use Part::{Careful, Careless, Timid};

/// Every release that was tried.
pub const RELEASES: [Release; 6] = [
    Release { tag: "v0.9", by: [Timid, Timid, Timid], accepted: false },
    Release { tag: "v1.0", by: [Careful, Careful, Timid], accepted: true },
    Release { tag: "v1.1", by: [Careful, Careful, Careless], accepted: false },
    Release { tag: "v2.0", by: [Careful, Careful, Careful], accepted: true },
    Release { tag: "v2.1", by: [Careful, Careless, Careful], accepted: false },
    Release { tag: "v2.2", by: [Careless, Careful, Careless], accepted: false },
];

/// First week of each phase, and the release that was run in it: after one that was given up the last one is back.
pub const PHASES: [(i32, usize); 7] = [(0, 0), (4, 1), (9, 2), (10, 1), (14, 3), (24, 4), (25, 5)];

/// First weeks of the second and the third version of the suites, and of the second policy.
const GROWS: [i32; 2] = [7, 12];
const OTHER_POLICY: i32 = 17;

/// Hour and minute of a nightly run and of a release run, UTC; days after Monday of the nightly ones, of the release
/// run, and of the review before it.
const NIGHT: (i8, i8) = (2, 10);
const RELEASE: (i8, i8) = (14, 30);
const NIGHTS: [i32; 3] = [0, 2, 4];
const RELEASE_DAY: i32 = 4;
const REVIEW_DAY: i32 = 3;

/// How far the suites had grown, from 0: all cases are in the last version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Suites(pub u8);

impl Suites {
    pub const ALL: Suites = Suites(GROWS.len() as u8);

    fn of(week: i32) -> Self {
        Self(GROWS.iter().filter(|grows| week >= **grows).count() as u8)
    }
}

/// What had been accepted: the behaviour of a release on the cases there were.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    pub release: usize,
    pub suites: Suites,
}

/// A run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Planned {
    pub at: Timestamp,
    /// Position in [`RELEASES`].
    pub release: usize,
    pub suites: Suites,
    pub accepted: Option<Accepted>,
    /// Whether the second policy judged.
    pub other_policy: bool,
    /// Whether it was the release run, which gets the release's name.
    pub names: bool,
    /// Whether reviewers looked at what it did on the next day.
    pub reviewed: bool,
}

impl Planned {
    /// Whether another run holds the same marks: it was one of the same release and suites, held against the same.
    pub fn is_like(&self, other: &Planned) -> bool {
        (self.release, self.suites, self.accepted) == (other.release, other.suites, other.accepted)
    }
}

/// All runs, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// First Monday and last Sunday.
    pub first: Date,
    pub last: Date,
    pub runs: Vec<Planned>,
}

impl Schedule {
    /// [`WEEKS`] whole weeks, the last of which ends on `until` or before it. `None` where the calendar ends.
    pub fn until(until: Date) -> Option<Self> {
        let last = until.checked_sub(i32::from(until.weekday().to_sunday_zero_offset()).days()).ok()?;
        let first = last.checked_sub((WEEKS * 7 - 1).days()).ok()?;
        let at = |days: i32, (hour, minute): (i8, i8)| {
            let day = first.checked_add(days.days()).ok()?;
            Some(day.at(hour, minute, 0, 0).to_zoned(TimeZone::UTC).ok()?.timestamp())
        };
        let mut runs = Vec::new();
        let mut accepted: Option<Accepted> = None;
        let mut tried = [false; RELEASES.len()];
        for week in 0..WEEKS {
            let release = PHASES.iter().rfind(|(first, _)| *first <= week).map_or(0, |(_, release)| *release);
            let candidate = !std::mem::replace(&mut tried[release], true);
            let suites = Suites::of(week);
            let nights = NIGHTS.map(|day| (day, NIGHT, false));
            let releases = candidate.then_some((RELEASE_DAY, RELEASE, true));
            for (day, time, names) in nights.into_iter().chain(releases) {
                if candidate && RELEASES[release].accepted && day > REVIEW_DAY {
                    accepted = Some(Accepted { release, suites });
                }
                // What is new in the suites is looked at after its first night.
                if day > 0
                    && let Some(accepted) = &mut accepted
                {
                    accepted.suites = suites;
                }
                let (at, other_policy) = (at(week * 7 + day, time)?, week >= OTHER_POLICY);
                let reviewed = candidate && day + 1 == REVIEW_DAY;
                runs.push(Planned { at, release, suites, accepted, other_policy, names, reviewed });
            }
        }
        Some(Self { first, last, runs })
    }

    /// Positions of the runs whose folders stay: those with a name, and the newest of each release.
    pub fn kept(&self) -> Vec<usize> {
        let newest = |at: usize| self.runs[at + 1..].iter().all(|later| later.release != self.runs[at].release);
        (0..self.runs.len()).filter(|at| self.runs[*at].names || newest(*at)).collect()
    }
}

/// Since which version of the suites each case is there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grown(BTreeMap<Slug, Suites>);

impl Grown {
    /// Of every ten cases of a pipeline and kind seven are there from the beginning and two since the second version;
    /// corrections come with the last. Which ones, their names decide.
    pub fn of<'c>(cases: impl IntoIterator<Item = (&'c Slug, CaseKind, &'c Slug)>) -> Self {
        let mut groups: BTreeMap<(&Slug, CaseKind), Vec<&Slug>> = BTreeMap::new();
        for (pipeline, kind, case) in cases {
            groups.entry((pipeline, kind)).or_default().push(case);
        }
        let mut grown = BTreeMap::new();
        for ((_, kind), mut cases) in groups {
            cases.sort_by_cached_key(|case| blake3::hash(case.as_bytes()).to_hex());
            let all = cases.len();
            for (place, case) in cases.into_iter().enumerate() {
                let tenth = place * 10 / all;
                let since = match kind {
                    CaseKind::ReviewerCorrection => Suites::ALL.0,
                    _ => u8::from(tenth >= 7) + u8::from(tenth >= 9),
                };
                grown.insert(case.clone(), Suites(since));
            }
        }
        Self(grown)
    }

    /// Whether a case was there.
    pub fn holds(&self, suites: Suites, case: &Slug) -> bool {
        self.0.get(case).is_some_and(|since| *since <= suites)
    }

    /// Names of the cases that were there, in their order.
    pub fn cases(&self, suites: Suites) -> impl Iterator<Item = &Slug> {
        self.0.iter().filter(move |(_, since)| **since <= suites).map(|(case, _)| case)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule() -> Schedule {
        Schedule::until("2026-09-02".parse().unwrap()).unwrap()
    }

    #[test]
    fn the_weeks_are_whole_and_the_last_one_is_over_on_the_day() {
        let schedule = schedule();
        assert_eq!((schedule.first.to_string(), schedule.last.to_string()), ("2026-03-02".into(), "2026-08-30".into()));
        assert_eq!(schedule.runs.len() as i32, WEEKS * 3 + RELEASES.len() as i32);
        assert!(schedule.runs.is_sorted_by(|a, b| a.at < b.at));
        assert_eq!(Schedule::until("2026-08-30".parse().unwrap()), Some(schedule));
        assert_eq!(Schedule::until(Date::MIN), None);
    }

    #[test]
    fn every_release_gets_its_name_once_and_its_newest_run_is_kept() {
        let schedule = schedule();
        let named: Vec<usize> = schedule.runs.iter().filter(|run| run.names).map(|run| run.release).collect();
        assert_eq!(named, [0, 1, 2, 3, 4, 5]);
        let kept: Vec<&Planned> = schedule.kept().into_iter().map(|at| &schedule.runs[at]).collect();
        assert_eq!(kept.last(), schedule.runs.last().as_ref());
        for release in 0..RELEASES.len() {
            let newest = schedule.runs.iter().rfind(|run| run.release == release).unwrap();
            assert!(kept.contains(&newest));
        }
    }

    #[test]
    fn only_what_reviewers_took_is_ever_held_against() {
        for run in schedule().runs {
            let accepted = run.accepted.is_none_or(|accepted| RELEASES[accepted.release].accepted);
            assert!(accepted, "{run:?}");
            if run.names && RELEASES[run.release].accepted {
                assert_eq!(run.accepted.map(|accepted| accepted.release), Some(run.release));
            }
        }
    }

    #[test]
    fn the_suites_only_grow_and_hold_everything_in_the_end() {
        let name = |text: String| Slug::new(&text).unwrap();
        let (pipeline, cases) = (name("p".into()), (0..40).map(|n| name(format!("c-{n}"))).collect::<Vec<_>>());
        let kind = |n: usize| if n < 20 { CaseKind::ReviewerCorrection } else { CaseKind::GoldenRequest };
        let grown = Grown::of(cases.iter().enumerate().map(|(n, case)| (&pipeline, kind(n), case)));
        let sizes: Vec<usize> = (0..3).map(|version| grown.cases(Suites(version)).count()).collect();
        assert_eq!(sizes, [14, 18, 40]);
        assert!(cases.iter().all(|case| grown.holds(Suites::ALL, case)));
        let alone = Grown::of([(&pipeline, CaseKind::UnsafeToolCall, &cases[0])]);
        assert!(alone.holds(Suites(0), &cases[0]), "a suite of one case has it from the beginning");
    }
}
