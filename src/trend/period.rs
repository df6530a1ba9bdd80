//! Periods of a trend: weeks, days or releases, each of which its last whole run stands for.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::history::RunLine;

const DAY_MS: i64 = 86_400_000;

/// What a period is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Monday to Sunday, UTC.
    Week,
    /// UTC.
    Day,
    /// As long as the same agent runs: a row of runs whose target files, prompts and limits are the same.
    Release,
}

impl By {
    /// The period's name, for sentences.
    pub fn noun(self) -> &'static str {
        match self {
            By::Week => "week",
            By::Day => "day",
            By::Release => "release",
        }
    }
}

/// Some runs behind each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    /// The Monday or the day, `2026-11-16`; of a release its names, or the beginning of the agent's digest.
    pub label: String,
    /// Places of its first and last run among the runs.
    pub first: usize,
    pub last: usize,
}

impl Period {
    pub fn runs(&self) -> usize {
        self.last - self.first + 1
    }
}

/// The day of a time, in UTC.
pub fn day(at: Timestamp) -> Date {
    at.to_zoned(jiff::tz::TimeZone::UTC).date()
}

/// The Monday of a time's week, in UTC.
fn monday(at: Timestamp) -> Date {
    // Day 0, 1 January 1970, was a Thursday.
    let days = at.as_millisecond().div_euclid(DAY_MS);
    let monday = (days + 3).div_euclid(7) * 7 - 3;
    day(Timestamp::from_millisecond(monday * DAY_MS).unwrap_or(at))
}

/// The periods that have runs, oldest first; `runs` are oldest first.
pub fn periods(runs: &[RunLine], by: By) -> Vec<Period> {
    let label = |run: &RunLine| match by {
        By::Week => monday(run.started_at).to_string(),
        By::Day => day(run.started_at).to_string(),
        By::Release => run.agent.clone(),
    };
    let mut periods: Vec<Period> = Vec::new();
    for (place, run) in runs.iter().enumerate() {
        let label = label(run);
        match periods.last_mut() {
            Some(period) if period.label == label => period.last = place,
            _ => periods.push(Period { label, first: place, last: place }),
        }
    }
    if by == By::Release {
        for period in &mut periods {
            period.label = name(runs, &runs[period.first..=period.last]);
        }
    }
    periods
}

/// What the agent of some runs is called: the names that these were given, or that other runs of it were, or the
/// beginning of its digest.
pub fn name(all: &[RunLine], runs: &[RunLine]) -> String {
    let Some(first) = runs.first() else { return String::new() };
    let names = |runs: &mut dyn Iterator<Item = &RunLine>| {
        let mut names: Vec<String> = Vec::new();
        for tag in runs.flat_map(|run| &run.tags) {
            if !names.contains(tag) {
                names.push(tag.clone());
            }
        }
        names.join(", ")
    };
    let own = names(&mut runs.iter());
    if !own.is_empty() {
        return own;
    }
    match names(&mut all.iter().filter(|run| run.agent == first.agent)) {
        others if others.is_empty() => first.agent.chars().take(7).collect(),
        others => format!("{others} again"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trend::sample::run;

    fn labels(runs: &[RunLine], by: By) -> Vec<(String, usize)> {
        periods(runs, by).into_iter().map(|period| (period.label.clone(), period.runs())).collect()
    }

    #[test]
    fn a_week_begins_on_monday_in_utc() {
        let runs = [
            run("a", "2026-11-15T23:59:59Z", "1"),
            run("b", "2026-11-16T00:00:00Z", "1"),
            run("c", "2026-11-22T23:59:59.999Z", "2"),
        ];
        assert_eq!(labels(&runs, By::Week), [("2026-11-09".to_owned(), 1), ("2026-11-16".to_owned(), 2)]);
        assert_eq!(labels(&runs, By::Day).len(), 3);
        assert_eq!(monday("1969-12-30T12:00:00Z".parse().unwrap()).to_string(), "1969-12-29");
    }

    #[test]
    fn a_release_is_as_long_as_the_same_agent_runs_and_may_come_back() {
        let mut runs = [
            run("a", "2026-11-01T00:00:00Z", "1"),
            run("b", "2026-11-02T00:00:00Z", "1"),
            run("c", "2026-11-03T00:00:00Z", "2222222222"),
            run("d", "2026-11-04T00:00:00Z", "1"),
        ];
        runs[1].tags = vec!["v1".to_owned()];
        let found = labels(&runs, By::Release);
        assert_eq!(found, [("v1".to_owned(), 2), ("2222222".to_owned(), 1), ("v1 again".to_owned(), 1)]);
    }
}
