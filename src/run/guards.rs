//! What earlier runs and the accepted snapshots tell of guards that do not hold: did they ever?

use std::collections::BTreeMap;

use crate::domain::{Policy, Slug};
use crate::gate::{Broken, GuardPast, guard_holds, snapshot_holds_guard};
use crate::store::{GoldenFolder, RunFolder, Runs, SnapshotKey};

/// Runs that are looked at, newest first: what held longer ago is told by the accepted snapshot.
const LOOKED_AT: usize = 50;

/// What is known from before `run` of the guards that do not hold in it. What cannot be read tells nothing.
pub fn guards_past(
    runs: &Runs,
    (run, target): (&Slug, &Slug),
    golden: &GoldenFolder,
    broken: &BTreeMap<Slug, Broken>,
    policy: &Policy,
) -> BTreeMap<Slug, GuardPast> {
    let mut past: BTreeMap<Slug, GuardPast> = broken.keys().map(|case| (case.clone(), GuardPast::default())).collect();
    if past.is_empty() {
        return past;
    }
    let earlier = runs.list().map(|(entries, _)| entries).unwrap_or_default();
    let earlier = earlier.into_iter().filter(|entry| entry.meta.target == *target && entry.meta.id < *run);
    for entry in earlier.take(LOOKED_AT) {
        if past.values().all(|past| past.held.is_some()) {
            break;
        }
        for (case, held) in held_in(&entry.folder, policy, &past) {
            if let Some(past) = past.get_mut(&case).filter(|past| past.held.is_none()) {
                past.asked += 1;
                past.held = held.then(|| format!("run {}", entry.meta.id));
            }
        }
    }
    for (case, past) in past.iter_mut().filter(|(_, past)| past.held.is_none()) {
        let Broken { pipeline, suite, .. } = &broken[case];
        let key = SnapshotKey { pipeline: pipeline.clone(), suite: suite.clone(), case: case.clone() };
        let Ok(Some(accepted)) = golden.accepted(&key) else { continue };
        let Ok(snapshot) = accepted.snapshot() else { continue };
        // What a reviewer asked for is no evidence that an agent ever did it.
        if snapshot.info.correction.is_none() && snapshot_holds_guard(snapshot, policy) {
            let at =
                snapshot.info.accepted_at.as_deref().and_then(|at| at.split('T').next()).unwrap_or("an earlier day");
            past.held = Some(format!("the snapshot accepted on {at}"));
        }
    }
    past
}

/// Which of the guards were asked in a run, and whether each held in every repeat.
fn held_in(folder: &RunFolder, policy: &Policy, wanted: &BTreeMap<Slug, GuardPast>) -> BTreeMap<Slug, bool> {
    let mut held = BTreeMap::new();
    let Ok(mut results) = folder.results() else { return held };
    while let Ok(Some(result)) = results.next_with("\"reviewer_correction\"") {
        if wanted.contains_key(&result.case.id)
            && let Some(holds) = guard_holds(&result, policy)
        {
            let all = held.entry(result.case.id.clone()).or_insert(true);
            *all &= holds;
        }
    }
    held
}
