//! What people decided, all of it invented: a few rulings on each candidate, and one fall that is excused for some days.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::schedule::{Planned, RELEASES};
use crate::domain::{Decision, Policy, Ruling, Slug, WaivedArea, Waiver};
use crate::golden::{Comparison, Marks, Stored};
use crate::score::{self, TrialResult};

/// Rulings that are written down of each candidate.
const RULINGS: usize = 6;

/// Reviewers, in turn.
const REVIEWERS: [&str; 3] = ["a.demo", "b.demo", "c.demo"];

/// From the night to the review: the morning of the day after.
const UNTIL_REVIEW: SignedDuration = SignedDuration::from_mins(31 * 60 + 50);

const TAKEN: &str = "invented for the demo: read, and better for the customer than what it replaces";
const REFUSED: &str = "invented for the demo: this may not reach a customer";

/// What reviewers wrote down about the changed cases of a candidate, worst first. `accepted`: what a case was held
/// against.
pub fn reviews<'m>(
    target: &Slug,
    run: &Slug,
    planned: &Planned,
    results: &[TrialResult],
    accepted: impl Fn(&TrialResult) -> Option<&'m Stored>,
) -> Vec<Decision> {
    let taken = RELEASES[planned.release].accepted;
    let changed = results.iter().filter(|result| result.scored.comparison != Comparison::Same);
    let mut changed: Vec<(Vec<String>, &TrialResult)> = changed
        .map(|result| {
            let was = accepted(result).and_then(|stored| Some(stored.snapshot().ok()?.behaviour.marks.clone()));
            (worse(&was.unwrap_or_default(), &score::snapshot_marks(&result.scored)), result)
        })
        .collect();
    // What got worse is refused, and what did not is taken.
    changed.sort_by_key(|(worse, _)| if taken { worse.len() as i64 } else { -(worse.len() as i64) });
    let mut at = planned.at + UNTIL_REVIEW;
    let ruled = changed.into_iter().take(RULINGS).enumerate().map(|(nth, (worse, result))| {
        let minutes = minutes_of(&result.case.id);
        at += SignedDuration::from_mins(minutes as i64);
        Decision {
            at,
            by: REVIEWERS[nth % REVIEWERS.len()].to_owned(),
            target: target.clone(),
            pipeline: result.pipeline.clone(),
            suite: result.suite.clone(),
            case: result.case.id.clone(),
            run: run.to_string(),
            ruling: if taken { Ruling::Accepted } else { Ruling::Rejected },
            worse,
            reason: Some(if taken { TAKEN } else { REFUSED }.to_owned()),
            minutes: Some(minutes),
        }
    });
    ruled.collect()
}

/// 3 to 17 minutes, which the name of the case decides.
fn minutes_of(case: &Slug) -> f64 {
    f64::from(3 + blake3::hash(case.as_bytes()).as_bytes()[0] % 15)
}

/// Marks that were lower than accepted.
fn worse(was: &Marks, now: &Marks) -> Vec<String> {
    let marks = was.iter().flat_map(|(area, marks)| marks.iter().map(move |(id, mark)| (area, id, mark)));
    let lower =
        marks.filter(|(area, id, mark)| now.get(area).and_then(|now| now.get(*id)).is_some_and(|now| now < mark));
    lower.map(|(area, id, _)| format!("{area}/{id}")).collect()
}

/// An excuse for the first fall that all of these policies let people excuse, from the day of `at` on.
pub fn excuse(results: &[TrialResult], at: Timestamp, policies: &[&Policy]) -> Option<Waiver> {
    let days = policies.iter().map(|policy| policy.quarantine.max_days).min()?;
    let date = at.to_zoned(TimeZone::UTC).date();
    results.iter().find_map(|result| {
        let fallen = result.scored.areas.iter().filter(|area| area.held.is_some_and(|held| held.now < held.was));
        let may = |area: &WaivedArea| policies.iter().all(|policy| area.refusal(Some(result.kind), policy).is_none());
        let area = fallen.map(|area| WaivedArea::Area(area.area)).find(may)?;
        Some(Waiver {
            case: result.case.id.clone(),
            area,
            reason: "Invented for the demo: the customer knows, and the next release mends it".to_owned(),
            owner: REVIEWERS[0].to_owned(),
            issue: None,
            date,
            expires: date.checked_add(i64::from(days).days()).ok()?,
        })
    })
}
