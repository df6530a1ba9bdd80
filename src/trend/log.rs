//! The release log: what was decided about which agent, what went on or got a name all the same, and what came after.

use std::collections::HashMap;

use jiff::Timestamp;

use super::period::name;
use crate::domain::Slug;
use crate::gate::Decision as Verdict;
use crate::history::{Decided, Decider, RunLine};

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

/// A run that was blocked or without a verdict, and went on or got a name all the same.
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

/// What became of it.
#[derive(Debug, Clone, PartialEq)]
pub enum How {
    /// It was given a name. That lets nothing pass: a version that was held back may have one.
    Named(String),
    /// It was judged again, and passed under this policy, which is another one or from another revision.
    JudgedAgain(Slug),
}

impl How {
    /// Whether the run went on.
    pub fn went_on(&self) -> bool {
        matches!(self, How::JudgedAgain(_))
    }
}

/// How a run stands while its decisions go by.
#[derive(Default)]
struct Standing<'d> {
    decided: Option<&'d Decided>,
}

impl<'d> Standing<'d> {
    /// The decision that stands, where that blocks the run or leaves it without a verdict. A review that is pending
    /// does neither: it is there to be settled.
    fn blocked(&self) -> Option<&'d Decided> {
        self.decided.filter(|decided| matches!(decided.decision, Verdict::Fail | Verdict::Inconclusive))
    }

    /// `gate` decides anew under the policy that the run was judged by; what it says under another one stands beside it.
    fn observe(&mut self, next: &'d Decided) {
        if next.by != Decider::Gate || self.decided.is_none_or(|decided| same_policy(decided, next)) {
            self.decided = Some(next);
        }
    }
}

fn same_policy(a: &Decided, b: &Decided) -> bool {
    (&a.policy, &a.policy_from) == (&b.policy, &b.policy_from)
}

/// Runs that went on or got a name although they were blocked or without a verdict, oldest first. `entries` and `runs`
/// are oldest first.
pub fn overrides(runs: &[RunLine], entries: &[Entry]) -> Vec<Override> {
    let mut found = Vec::new();
    let mut about: HashMap<&Slug, Vec<&Decided>> = HashMap::new();
    for entry in entries {
        about.entry(&entry.run).or_default().push(&entry.decided);
    }
    for (place, run) in runs.iter().enumerate() {
        let decisions = about.get(&run.id).map_or(&[][..], Vec::as_slice);
        let after = runs.get(place + 1).map(|next| (next.id.clone(), next.decision));
        let one = |at, verdict, how| Override {
            run: run.id.clone(),
            agent: run.agent.clone(),
            at,
            verdict,
            how,
            after: after.clone(),
        };
        match passed_elsewhere(decisions) {
            Ok((blocked, passed)) => {
                found.push(one(passed.at, blocked.decision, How::JudgedAgain(passed.policy.clone())));
            }
            Err(Some(blocked)) => {
                let named = run.tags.iter().map(|tag| one(run.started_at, blocked.decision, How::Named(tag.clone())));
                found.extend(named);
            }
            Err(None) => {}
        }
    }
    found
}

/// What stood against a run, and the decision of another policy that passed it all the same; where there is no such one,
/// what stands against it in the end.
fn passed_elsewhere<'d>(decisions: &[&'d Decided]) -> Result<(&'d Decided, &'d Decided), Option<&'d Decided>> {
    let mut standing = Standing::default();
    for next in decisions {
        if let Some(blocked) = standing.blocked()
            && next.decision == Verdict::Pass
            && !same_policy(blocked, next)
        {
            return Ok((blocked, next));
        }
        standing.observe(next);
    }
    Err(standing.blocked())
}

#[cfg(test)]
mod tests {
    use super::*;
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

    /// What is told of one run with these decisions: command, policy and decision, one after the other.
    fn told(tag: Option<&str>, decisions: &[(Decider, &str, Verdict)]) -> Vec<(Verdict, How)> {
        let mut runs = [run("a", "2026-11-01T00:00:00Z", "1"), run("b", "2026-11-02T00:00:00Z", "2")];
        runs[0].tags.extend(tag.map(str::to_owned));
        let entry = |(place, (by, policy, decision)): (usize, &(Decider, &str, Verdict))| {
            let mut entry = entry("a", &format!("2026-11-01T{place:02}:30:00Z"), *decision);
            (entry.decided.by, entry.decided.policy) = (*by, slug(policy));
            entry
        };
        let entries: Vec<Entry> = decisions.iter().enumerate().map(entry).collect();
        let found = overrides(&runs, &entries);
        assert!(found.iter().all(|one| one.after == Some((slug("b"), None))));
        found.into_iter().map(|one| (one.verdict, one.how)).collect()
    }

    use Decider::{Gate, Run, Score};
    use Verdict::{Fail, Inconclusive, Pass, ReviewPending};

    #[test]
    fn a_block_that_another_policy_passed_stands_in_the_log_with_what_came_after() {
        let went_on = |policy: &str| How::JudgedAgain(slug(policy));
        assert_eq!(told(None, &[(Run, "pr", Fail), (Gate, "lax", Pass)]), [(Fail, went_on("lax"))]);
        let first = [(Run, "pr", Inconclusive), (Gate, "lax", Pass), (Gate, "laxer", Pass)];
        assert_eq!(told(Some("v1"), &first), [(Inconclusive, went_on("lax"))]);
        let rejected = [(Run, "pr", ReviewPending), (Gate, "pr", Fail), (Score, "lax", Pass)];
        assert_eq!(told(None, &rejected), [(Fail, went_on("lax"))]);
    }

    #[test]
    fn a_review_that_was_settled_and_a_gate_under_another_policy_override_nothing() {
        assert_eq!(told(Some("v1"), &[(Run, "pr", ReviewPending), (Gate, "pr", Pass)]), []);
        assert_eq!(told(None, &[(Run, "pr", ReviewPending), (Gate, "lax", Pass)]), []);
        assert_eq!(told(Some("v1"), &[(Run, "pr", Pass), (Gate, "strict", Inconclusive), (Gate, "pr", Pass)]), []);
        assert_eq!(told(None, &[(Run, "pr", Fail), (Gate, "pr", Pass), (Gate, "lax", Pass)]), []);
        assert_eq!(told(None, &[(Run, "pr", Fail), (Score, "pr", Pass)]), []);
    }

    #[test]
    fn a_blocked_run_that_got_a_name_did_not_go_on() {
        let found = told(Some("v1"), &[(Run, "pr", Fail), (Gate, "strict", Fail)]);
        assert_eq!(found, [(Fail, How::Named("v1".to_owned()))]);
        assert!(!found[0].1.went_on());
        assert_eq!(told(None, &[(Run, "pr", Fail)]), []);
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
