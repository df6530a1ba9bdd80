//! What the run covered: whether it is whole, whether it holds what the policy asks for, whether cases were lost.

use super::finding::{Found, cases, counted, listed, verb};
use super::judge::{Evidence, Moved};
use super::verdict::{Counts, FindingWeight, UNREADABLE_SNAPSHOT};
use crate::domain::{CoverageScope, Policy, Slug};

/// `marked`: whether any trial has a mark at all.
pub fn findings(policy: &Policy, counts: &Counts, marked: bool, evidence: &Evidence) -> Vec<Found> {
    let mut found = Vec::new();
    found.extend(whole(counts, marked, evidence));
    found.extend(shrunk(policy, evidence));
    found.extend(moved(evidence));
    for sentence in &evidence.unreadable {
        let brief = sentence.trim_end_matches('.');
        found.push(Found::new(UNREADABLE_SNAPSHOT, FindingWeight::Inconclusive, brief, "."));
    }
    found.extend(selected(policy, counts, evidence));
    found
}

fn whole(counts: &Counts, marked: bool, evidence: &Evidence) -> Option<Found> {
    let (done, planned) = (counts.trials, evidence.planned);
    let of = format!("{done} of {}", counted(planned as usize, "trial"));
    let mut rest = ".".to_owned();
    let brief = match &evidence.stopped {
        Some(reason) => {
            rest = format!(": {}.", reason.trim_end_matches('.'));
            if done < planned { format!("The run stopped after {of}") } else { "The run does not count".to_owned() }
        }
        None if done == 0 => "Nothing was checked: the run holds no trial".to_owned(),
        None if done < planned => {
            format!("The run is not complete: {of} {} recorded", verb(done as usize, "is", "are"))
        }
        None if done > planned => {
            format!("The records do not fit the plan: {done} trials for {planned} that were planned")
        }
        None if !marked && counts.failed_trials < done => {
            "Nothing was judged: no trial has a mark in any area".to_owned()
        }
        None => return None,
    };
    Some(Found::new("incomplete", FindingWeight::Inconclusive, &brief, &rest))
}

fn shrunk(policy: &Policy, evidence: &Evidence) -> Option<Found> {
    let orphans = &evidence.orphans;
    if orphans.is_empty() {
        return None;
    }
    let weight = if policy.coverage.allow_shrink { FindingWeight::Warns } else { FindingWeight::Fails };
    let n = orphans.len();
    let brief = format!(
        "Coverage shrank: {} with accepted behaviour {} gone ({})",
        cases(n),
        verb(n, "is", "are"),
        listed(orphans)
    );
    let rest = format!(
        ". Bring {0} back, name {0} in `moved_from` of a new case of its pipeline and kind that takes over from it alone, \
         or remove the snapshot in a reviewed change.",
        verb(n, "it", "each")
    );
    Some(Found::new("coverage_shrank", weight, &brief, &rest).about(orphans.clone()).case_by_case())
}

/// Weighs nothing by itself: what took over waits for its own acceptance. Whether it asks the same, people have to see.
fn moved(evidence: &Evidence) -> Option<Found> {
    let to: Vec<Slug> = evidence.moved.iter().map(|moved| moved.to.clone()).collect();
    if to.is_empty() {
        return None;
    }
    let pairs: Vec<String> = evidence.moved.iter().map(|Moved { from, to }| format!("{from} to {to}")).collect();
    let n = to.len();
    let brief = format!("{} moved: {}", cases(n), listed(&pairs));
    let rest = format!(
        ". What was accepted of {} is held against nothing any more; remove the snapshot once the new one is accepted.",
        verb(n, "it", "each")
    );
    Some(Found::new("moved", FindingWeight::Warns, &brief, &rest).about(to))
}

fn selected(policy: &Policy, counts: &Counts, evidence: &Evidence) -> Option<Found> {
    if evidence.of <= counts.cases {
        return None;
    }
    let profile = policy.profile.name();
    let of = format!("{} of {}", counts.cases, cases(evidence.of as usize));
    let was = verb(counts.cases as usize, "was", "were");
    let left_out = evidence.guards_left_out as usize;
    let (code, weight, brief, rest) = match policy.coverage.require {
        CoverageScope::All => (
            "coverage",
            FindingWeight::Inconclusive,
            format!("Only {of} {was} run"),
            format!("; the {profile} policy judges the whole project."),
        ),
        CoverageScope::Golden if left_out > 0 => (
            "coverage",
            FindingWeight::Inconclusive,
            format!(
                "{} not run",
                match left_out {
                    1 => "1 golden request or correction was".to_owned(),
                    n => format!("{n} golden requests and corrections were"),
                }
            ),
            format!("; the {profile} policy needs all of them."),
        ),
        CoverageScope::Golden | CoverageScope::Selected => (
            "selection",
            FindingWeight::Warns,
            format!("{of} {was} run"),
            ": a verdict on the selection, not on the release.".to_owned(),
        ),
    };
    Some(Found::new(code, weight, &brief, &rest))
}
