//! Which runs may go: everything that no rule keeps.
//!
//! Kept whatever the rules say: tagged runs, the newest judged run of each target, and runs that a kept run was held
//! against.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::domain::Slug;

/// What retention has to know of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    pub id: Slug,
    pub target: Slug,
    pub started_at: Timestamp,
    pub judged: bool,
    pub tagged: bool,
    /// Ids of the runs it was held against.
    pub held_against: Vec<Slug>,
}

/// The rules; a run that any of them keeps stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Keep {
    /// The newest so many runs of each target.
    pub newest: Option<usize>,
    /// Runs younger than so many days.
    pub days: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeepError {
    #[error("{0:?} says not what to keep: write a number of runs, e.g. 200, or an age, e.g. 90d or 12w")]
    Unclear(String),
    #[error("{0} is given twice")]
    Twice(&'static str),
}

impl Keep {
    /// Reads `200`, `90d` or `12w` and adds it to the rules.
    pub fn with(mut self, text: &str) -> Result<Self, KeepError> {
        let number = |text: &str| text.parse::<u32>().ok().filter(|n| (1..=1_000_000).contains(n));
        let days = |end: char, of: i64| text.strip_suffix(end).and_then(number).map(|n| i64::from(n) * of);
        if let Some(days) = days('d', 1).or_else(|| days('w', 7)) {
            return match self.days.replace(days) {
                Some(_) => Err(KeepError::Twice("an age")),
                None => Ok(self),
            };
        }
        let newest = number(text).ok_or_else(|| KeepError::Unclear(text.to_owned()))?;
        match self.newest.replace(newest as usize) {
            Some(_) => Err(KeepError::Twice("a number of runs")),
            None => Ok(self),
        }
    }
}

/// What is to go, oldest first, and how many stay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shed {
    pub gone: Vec<Slug>,
    pub kept: usize,
}

/// Applies the rules.
pub fn shed(runs: &[Standing], keep: Keep, now: Timestamp) -> Shed {
    let mut newest_first: Vec<&Standing> = runs.iter().collect();
    newest_first.sort_by(|a, b| (b.started_at, &b.id).cmp(&(a.started_at, &a.id)));
    let kept = needed(runs, by_rule(&newest_first, keep, now));
    let left = newest_first.into_iter().rev().filter(|run| !kept.contains(&run.id));
    let gone: Vec<Slug> = left.map(|run| run.id.clone()).collect();
    Shed { kept: runs.len() - gone.len(), gone }
}

/// What stays for its own sake.
fn by_rule<'r>(newest_first: &[&'r Standing], keep: Keep, now: Timestamp) -> Vec<&'r Standing> {
    let mut seen: BTreeMap<&Slug, (usize, bool)> = BTreeMap::new();
    let stays = |run: &&'r Standing| {
        let (nth, judged) = seen.entry(&run.target).or_default();
        *nth += 1;
        let speaks_for_its_target = run.judged && !*judged;
        *judged |= run.judged;
        let age = now.duration_since(run.started_at).as_secs() / 86_400;
        keep.newest.is_some_and(|newest| *nth <= newest)
            || keep.days.is_some_and(|days| age < days)
            || run.tagged
            || speaks_for_its_target
    };
    newest_first.iter().copied().filter(stays).collect()
}

/// These runs and all they were held against, and those in turn. A run may be held against a newer one.
fn needed<'r>(runs: &'r [Standing], mut next: Vec<&'r Standing>) -> BTreeSet<&'r Slug> {
    let known: BTreeMap<&Slug, &Standing> = runs.iter().map(|run| (&run.id, run)).collect();
    let mut kept = BTreeSet::new();
    while let Some(run) = next.pop() {
        if kept.insert(&run.id) {
            next.extend(run.held_against.iter().filter_map(|id| known.get(id)));
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slug(name: &str) -> Slug {
        Slug::new(name).unwrap()
    }

    /// A run of a target, so many days old.
    fn run(id: &str, days: i64) -> Standing {
        let started_at = now() - jiff::SignedDuration::from_hours(24 * days);
        Standing { id: slug(id), target: slug("t"), started_at, judged: true, tagged: false, held_against: Vec::new() }
    }

    fn now() -> Timestamp {
        "2026-06-01T00:00:00Z".parse().unwrap()
    }

    #[track_caller]
    fn check(runs: &[Standing], keep: &[&str], gone: &[&str]) {
        let keep = keep.iter().try_fold(Keep::default(), |keep, text| keep.with(text)).unwrap();
        let shed = shed(runs, keep, now());
        assert_eq!(shed.gone.iter().map(Slug::as_str).collect::<Vec<_>>(), gone);
        assert_eq!(shed.kept + shed.gone.len(), runs.len());
    }

    #[test]
    fn what_no_rule_keeps_goes_oldest_first() {
        let runs = [run("a", 40), run("b", 30), run("c", 20), run("d", 10)];
        check(&runs, &["2"], &["a", "b"]);
        check(&runs, &["25d"], &["a", "b"]);
        check(&runs, &["1", "25d"], &["a", "b"]);
        check(&runs, &["3", "1w"], &["a"]);
        check(&runs, &["100"], &[]);
        check(&[], &["1"], &[]);
    }

    #[test]
    fn each_target_has_its_own_newest_runs() {
        let other = Standing { target: slug("u"), ..run("z", 90) };
        check(&[run("a", 2), run("b", 1), other], &["1"], &["a"]);
    }

    #[test]
    fn tagged_runs_and_baselines_of_kept_runs_stay() {
        let tagged = Standing { tagged: true, held_against: vec![slug("a")], ..run("c", 30) };
        let going = Standing { judged: false, ..run("d", 20) };
        let unheld = Standing { held_against: vec![slug("b")], ..run("e", 10) };
        check(&[run("a", 50), run("b", 40), tagged, going, unheld, run("f", 1)], &["1"], &["b", "d", "e"]);
    }

    #[test]
    fn a_run_that_an_older_kept_run_was_held_against_stays() {
        let old = Standing { tagged: true, held_against: vec![slug("c")], ..run("a", 50) };
        let newer = Standing { held_against: vec![slug("b"), slug("a"), slug("none")], ..run("c", 30) };
        check(&[old, run("b", 40), newer, run("d", 20), run("e", 1)], &["1"], &["d"]);
    }

    #[test]
    fn the_newest_judged_run_of_a_target_stays_whatever_its_age() {
        let killed = Standing { judged: false, ..run("c", 700) };
        check(&[run("a", 900), run("b", 800), killed], &["1d"], &["a", "c"]);
    }

    #[test]
    fn a_rule_is_a_number_or_an_age_once_each() {
        assert_eq!(Keep::default().with("2w"), Ok(Keep { newest: None, days: Some(14) }));
        for bad in ["", "0", "-1", "d", "1y", "newest", "1.5"] {
            assert!(Keep::default().with(bad).is_err(), "{bad:?}");
        }
        assert!(Keep::default().with("5").unwrap().with("6").is_err());
    }
}
