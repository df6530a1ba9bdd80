//! What the gate holds a run against where answers vary: every repeat of the accepted snapshots.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::RunError;
use super::select::Selected;
use crate::domain::{Mode, Policy, Slug};
use crate::event::RunMeta;
use crate::gate::{Baseline, CaseBaseline};
use crate::golden::SnapshotKeys;
use crate::load::Checked;
use crate::plan::Catalog;
use crate::score::{self, CompiledRubric};
use crate::store::{GoldenFolder, SnapshotKey};

/// Whether repeats decide what a run is worth under a policy: then they have to be read before it begins.
fn needs_baseline(policy: &Policy, meta: &RunMeta) -> bool {
    match policy.mode {
        Mode::Deterministic => false,
        Mode::Stochastic => true,
        Mode::Auto => !meta.answers_alike() || meta.repeats > 1,
    }
}

/// The accepted snapshots of the selected cases, where repeats decide anything; nothing is read where they do not. One
/// that cannot be read is left out: scoring tells of it.
pub fn accepted_baseline(
    policy: &Policy,
    meta: &RunMeta,
    checked: &Checked,
    catalog: &Catalog,
    selected: &Selected,
    golden: &GoldenFolder,
) -> Result<Baseline, RunError> {
    if !needs_baseline(policy, meta) {
        return Ok(Baseline::default());
    }
    let known: SnapshotKeys = golden.list()?.accepted.into_iter().collect();
    let mut baseline = Baseline { source: "golden".to_owned(), ..Baseline::default() };
    for part in &selected.suites {
        let file = &checked.suites[part.suite];
        let loaded = file.suite(&checked.root).map_err(RunError::Changed)?;
        let rubric = &catalog.rubrics[&file.pipeline].rubric;
        let cases = part.cases.par_iter().map(|at| &loaded.0.cases[*at as usize].id);
        let key =
            |case: &Slug| SnapshotKey { pipeline: file.pipeline.clone(), suite: file.name.clone(), case: case.clone() };
        let accepted = cases.map(|case| (case, key(case))).filter(|(_, key)| known.contains(key));
        let read = accepted.filter_map(|(case, key)| Some((case.clone(), of_case(rubric, golden, &key)?)));
        baseline.cases.extend(read.collect::<Vec<_>>());
    }
    Ok(baseline)
}

fn of_case(rubric: &CompiledRubric, golden: &GoldenFolder, key: &SnapshotKey) -> Option<CaseBaseline> {
    let accepted = golden.accepted(key).ok()??;
    // Most snapshots are of one run, and reading all of each would be most of what happens before the first trial.
    if let Some(marks) = accepted.plain_marks() {
        let areas = score::area_marks(rubric, &marks, &BTreeMap::new())
            .into_iter()
            .map(|(area, trit)| (area, vec![trit]))
            .collect();
        return Some(CaseBaseline { repeats: 1, behaviours: 1, areas, ..CaseBaseline::default() });
    }
    let snapshot = accepted.snapshot().ok()?;
    let repeats = snapshot.by_repeat();
    let mut case = CaseBaseline {
        repeats: u32::try_from(repeats.len()).unwrap_or(u32::MAX),
        behaviours: u32::try_from(snapshot.variants().count()).unwrap_or(u32::MAX),
        wall_ms: snapshot.info.wall_ms.clone(),
        cost_usd: snapshot.info.cost_usd.clone(),
        ..CaseBaseline::default()
    };
    for behaviour in repeats {
        for (area, trit) in score::area_marks(rubric, &behaviour.marks, &snapshot.info.judges) {
            case.areas.entry(area).or_default().push(trit);
        }
    }
    Some(case)
}
