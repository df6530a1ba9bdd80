//! The release log: what was decided about which agent, what was released all the same, and what came after.

use std::collections::HashMap;

use jiff::Timestamp;

use super::period::name;
use crate::domain::Slug;
use crate::gate::Decision as Verdict;
use crate::history::{Decided, RunLine};

/// A decision about a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub run: Slug,
    /// Of the agent: see [`agent_digest`](crate::history::agent_digest).
    pub agent: String,
    pub decided: Decided,
}

/// An agent for as long as it ran without another one in between.
#[derive(Debug, Clone, PartialEq)]
pub struct Release {
    /// Its names, or the beginning of its digest.
    pub name: String,
    pub agent: String,
    pub since: Timestamp,
    /// When its last run began, and its id.
    pub until: Timestamp,
    pub last: Slug,
    pub runs: u64,
    /// Its runs by how the decision about each stands: pass, fail, inconclusive, review pending.
    pub stands: [u64; 4],
}

impl Release {
    pub const STANDS: [Verdict; 4] = [Verdict::Pass, Verdict::Fail, Verdict::Inconclusive, Verdict::ReviewPending];

    /// Releases in the order in which they ran.
    pub fn of(runs: &[RunLine]) -> Vec<Self> {
        let chunks = runs.chunk_by(|a, b| a.agent == b.agent);
        let release = |part: &[RunLine]| {
            let (first, last) = (part.first()?, part.last()?);
            let stands =
                Self::STANDS.map(|verdict| part.iter().filter(|run| run.decision == Some(verdict)).count() as u64);
            Some(Self {
                name: name(runs, part),
                agent: first.agent.clone(),
                since: first.started_at,
                until: last.started_at,
                last: last.id.clone(),
                runs: part.len() as u64,
                stands,
            })
        };
        chunks.filter_map(release).collect()
    }
}

/// A run that did not pass and went on all the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Override {
    pub run: Slug,
    pub agent: String,
    pub at: Timestamp,
    /// What stood against it.
    pub verdict: Verdict,
    pub how: How,
    /// The next whole run of the target, and how it stands.
    pub after: Option<(Slug, Option<Verdict>)>,
}

/// How it went on.
#[derive(Debug, Clone, PartialEq)]
pub enum How {
    /// It was given a name although it had not passed.
    Named(String),
    /// It was judged again, and passed under this policy.
    JudgedAgain(Slug),
}

/// Runs that went on although they had not passed, oldest first. `entries` and `runs` are oldest first.
pub fn overrides(runs: &[RunLine], entries: &[Entry]) -> Vec<Override> {
    let mut found = Vec::new();
    let mut about: HashMap<&Slug, Vec<&Decided>> = HashMap::new();
    for entry in entries {
        about.entry(&entry.run).or_default().push(&entry.decided);
    }
    for (place, run) in runs.iter().enumerate() {
        let decisions = about.get(&run.id).map_or(&[][..], Vec::as_slice);
        let Some(first) = decisions.iter().find(|decided| decided.decision != Verdict::Pass) else { continue };
        let after = runs.get(place + 1).map(|next| (next.id.clone(), next.decision));
        let one = |at, how| Override {
            run: run.id.clone(),
            agent: run.agent.clone(),
            at,
            verdict: first.decision,
            how,
            after: after.clone(),
        };
        let passed = decisions.iter().find(|decided| decided.at > first.at && decided.decision == Verdict::Pass);
        found.extend(passed.map(|decided| one(decided.at, How::JudgedAgain(decided.policy.clone()))));
        if run.decision.is_some_and(|standing| standing != Verdict::Pass) && passed.is_none() {
            found.extend(run.tags.iter().map(|tag| one(run.started_at, How::Named(tag.clone()))));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Decider;
    use crate::trend::sample::{run, slug};

    fn entry(run: &str, at: &str, decision: Verdict) -> Entry {
        let decided = Decided {
            at: at.parse().unwrap(),
            by: Decider::Run,
            policy: slug("pr"),
            decision,
            exit: 0,
            headline: String::new(),
            policy_from: None,
            held_against: None,
        };
        Entry { run: slug(run), agent: "1".to_owned(), decided }
    }

    #[test]
    fn a_block_that_was_overridden_stands_in_the_log_with_what_came_after() {
        let mut runs = [
            run("a", "2026-11-01T00:00:00Z", "1"),
            run("b", "2026-11-02T00:00:00Z", "1"),
            run("c", "2026-11-03T00:00:00Z", "2"),
        ];
        (runs[0].decision, runs[0].tags) = (Some(Verdict::Fail), vec!["v1".to_owned()]);
        (runs[1].decision, runs[2].decision) = (Some(Verdict::Pass), Some(Verdict::Fail));
        let entries = [
            entry("a", "2026-11-01T01:00:00Z", Verdict::Fail),
            entry("b", "2026-11-02T01:00:00Z", Verdict::Inconclusive),
            entry("b", "2026-11-02T02:00:00Z", Verdict::Pass),
            entry("c", "2026-11-03T02:00:00Z", Verdict::Fail),
        ];
        let found = overrides(&runs, &entries);
        let how: Vec<&How> = found.iter().map(|one| &one.how).collect();
        assert_eq!(how, [&How::Named("v1".to_owned()), &How::JudgedAgain(slug("pr"))]);
        assert_eq!(found[1].after, Some((slug("c"), Some(Verdict::Fail))));
    }

    #[test]
    fn releases_count_how_their_runs_stand() {
        let mut runs = [run("a", "2026-11-01T00:00:00Z", "1"), run("b", "2026-11-02T00:00:00Z", "1")];
        runs[0].decision = Some(Verdict::Fail);
        let releases = Release::of(&runs);
        assert_eq!((releases.len(), releases[0].runs, releases[0].stands), (1, 2, [0, 1, 0, 0]));
        assert_eq!(releases[0].last, slug("b"));
    }
}
