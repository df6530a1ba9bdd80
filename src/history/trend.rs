//! What can be asked of many runs at once: the types of the answers, which a trend report is made of.
//!
//! Only whole runs count: those that came to their end, over all cases of the project, and were judged. A week is
//! Monday to Sunday in UTC.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Serialize, Serializer};

use super::summary::AreaSum;
use crate::domain::{Area, Slug};
use crate::gate::Decision;

const DAY_MS: i64 = 86_400_000;

/// Weeks since the one that began on Monday, 29 December 1969.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Week(pub i64);

impl Week {
    /// The week of a time in milliseconds since 1970.
    pub fn of_ms(ms: i64) -> Self {
        Self((ms.div_euclid(DAY_MS) + 3).div_euclid(7))
    }

    pub fn of(at: Timestamp) -> Self {
        Self::of_ms(at.as_millisecond())
    }

    /// Its Monday.
    pub fn monday(self) -> Date {
        let day = Timestamp::from_millisecond((self.0 * 7 - 3) * DAY_MS).unwrap_or(Timestamp::UNIX_EPOCH);
        day.to_zoned(jiff::tz::TimeZone::UTC).date()
    }
}

/// The Monday, `2026-11-16`.
impl fmt::Display for Week {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.monday(), f)
    }
}

impl Serialize for Week {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Which runs are asked about. What is absent does not narrow.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scope {
    pub project: Option<Slug>,
    pub target: Option<Slug>,
    pub policy: Option<Slug>,
    /// First and last time that a run started at, both included.
    pub since: Option<Timestamp>,
    pub until: Option<Timestamp>,
}

/// An area of a pipeline in a week.
#[derive(Debug, Clone, PartialEq)]
pub struct WeekArea {
    pub week: Week,
    pub pipeline: Slug,
    pub area: Area,
    pub runs: u64,
    pub sum: AreaSum,
}

/// An agent as it was for some time: all whole runs with the same target files and pipelines.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Release {
    /// [`agent_digest`](super::agent_digest).
    pub agent: String,
    pub target: Slug,
    pub since: Timestamp,
    pub until: Timestamp,
    pub runs: u64,
    /// What said that it answered.
    pub models: Vec<String>,
    /// Names that its runs were given.
    pub tags: Vec<String>,
}

/// An area of a pipeline in a release.
#[derive(Debug, Clone, PartialEq)]
pub struct ReleaseArea {
    pub agent: String,
    pub pipeline: Slug,
    pub area: Area,
    pub runs: u64,
    pub sum: AreaSum,
}

/// Costs and times of a week.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WeekCost {
    pub week: Week,
    pub runs: u64,
    pub trials: u64,
    /// Trials with `task_success` at +1.
    pub solved: u64,
    /// US dollars over all trials; absent if the cost of any run is unknown.
    pub cost_usd: Option<f64>,
    /// Runs whose cost is unknown.
    pub unpriced: u64,
    pub input_tokens: u64,
    pub output_tokens: u64,
    /// Mean over the runs of the run's middle trial and of its 95th percentile, milliseconds.
    pub wall_ms_p50: Option<f64>,
    pub wall_ms_p95: Option<f64>,
}

/// A run in a listing.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunLine {
    /// Its number in the store.
    #[serde(skip)]
    pub number: i64,
    pub id: Slug,
    pub project: Slug,
    pub target: Slug,
    pub policy: Slug,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    pub evalgate: String,
    pub started_at: Timestamp,
    pub ended_at: Timestamp,
    /// `finished`, `stopped` or `unfinished`.
    pub state: String,
    pub cases: u64,
    pub of: u64,
    pub trials: u64,
    pub failed: u64,
    pub solved: u64,
    pub cost_usd: Option<f64>,
    pub wall_ms_p50: Option<f64>,
    pub wall_ms_p95: Option<f64>,
    pub agent: String,
    pub decision: Option<Decision>,
    pub exit: Option<u8>,
    pub headline: Option<String>,
    pub tags: Vec<String>,
    /// Whether only this is left of it: its folder was removed.
    pub pruned: bool,
}

/// A run from which on something else was tested, or by something else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Moved {
    pub run: Slug,
    pub target: Slug,
    pub at: Timestamp,
    /// Parts with another digest than in the run before: `suites`, `rubrics`, `target` …; `model` where another model
    /// answered.
    pub parts: Vec<String>,
}

/// Parts of two runs that differ; `model` is one of them where both name one.
pub fn moved(
    then: (&BTreeMap<String, String>, Option<&str>),
    now: (&BTreeMap<String, String>, Option<&str>),
) -> Vec<String> {
    let parts: std::collections::BTreeSet<&String> = then.0.keys().chain(now.0.keys()).collect();
    let mut moved: Vec<String> =
        parts.into_iter().filter(|part| then.0.get(*part) != now.0.get(*part)).cloned().collect();
    if let (Some(was), Some(is)) = (then.1, now.1)
        && was != is
    {
        moved.push("model".to_owned());
    }
    moved
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_begins_on_monday_in_utc() {
        let week = |text: &str| Week::of(text.parse().unwrap()).to_string();
        assert_eq!(week("2026-11-16T00:00:00Z"), "2026-11-16");
        assert_eq!(week("2026-11-22T23:59:59.999Z"), "2026-11-16");
        assert_eq!(week("2026-11-15T23:59:59Z"), "2026-11-09");
        assert_eq!(week("1969-12-30T12:00:00Z"), "1969-12-29");
    }

    #[test]
    fn what_moved_is_named_and_an_unknown_model_is_no_other_one() {
        let digests = |suites: &str| BTreeMap::from([("suites".to_owned(), suites.to_owned())]);
        let (a, b) = (digests("1"), digests("2"));
        assert_eq!(moved((&a, Some("m")), (&b, Some("n"))), ["suites", "model"]);
        assert!(moved((&a, Some("m")), (&a, None)).is_empty());
    }
}
