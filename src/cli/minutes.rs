//! What review took, read for the gate: on a run, and on what the run is held against.

use jiff::Timestamp;

use super::baseline::Against;
use super::exit::Exit;
use super::failure::Failure;
use crate::domain::{Decision, Policy};
use crate::event::RunMeta;
use crate::gate::{ByCase, Minutes, Reviews, allowed_burden};
use crate::load::{Revision, RevisionError, Root};
use crate::store::{Labels, Ledger, REVIEWS, ledger_lines};

/// Minutes of review by case. Nothing is read where the policy does not ask for them.
///
/// What the project has accepted is what was accepted before the run began: whatever is decided about other runs later
/// changes nothing, and its own acceptance does not become what it is held against.
pub fn minutes(policy: &Policy, meta: &RunMeta, root: &Root, against: &Against) -> Result<Minutes, Failure> {
    minutes_then(policy, meta, root, against, Timestamp::MAX)
}

/// The same as it was at a time: what was decided later is left out.
pub fn minutes_then(
    policy: &Policy,
    meta: &RunMeta,
    root: &Root,
    against: &Against,
    at: Timestamp,
) -> Result<Minutes, Failure> {
    if allowed_burden(policy).is_none() {
        return Ok(Minutes::default());
    }
    let mut decisions: Vec<Decision> = Ledger::open(root.path(), REVIEWS).read()?;
    let mut labels = Labels::open(&root.path().join("rubrics")).all()?;
    decisions.retain(|decision| decision.at <= at);
    labels.retain(|label| label.at <= at);
    let reviews = Reviews::of(decisions, &labels);
    let own: Vec<&str> = [&meta.id].into_iter().chain(&meta.merged_from).map(|id| id.as_str()).collect();
    let was = match against {
        Against::Golden => reviews.accepted(&meta.target, Some(meta.started_at), &own),
        Against::Run(run) => reviews.on(&[run.id().as_str()]),
        Against::Revision(revision) => accepted_at(revision, meta, &own)?,
    };
    Ok(Minutes { now: reviews.on(&own), was })
}

/// By the ledger as it was.
fn accepted_at(revision: &Revision, meta: &RunMeta, own: &[&str]) -> Result<ByCase, Failure> {
    let file = match revision.read(REVIEWS) {
        Ok(file) => file,
        Err(RevisionError::Absent { .. }) => return Ok(ByCase::new()),
        Err(error) => return Err(error.into()),
    };
    let decisions: Vec<Decision> = ledger_lines(&file.text).map_err(|(number, cause)| {
        let place = format!("{REVIEWS} of {}, line {number}", revision.label());
        Failure::new(Exit::ProjectInvalid, format!("{place}: {cause}"))
    })?;
    Ok(Reviews::of(decisions, &[]).accepted(&meta.target, None, own))
}
