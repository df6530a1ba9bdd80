//! Marks stored answers by today's cases and rubrics: nothing is asked, written or proposed.

use std::collections::HashMap;
use std::sync::Arc;

use crate::cli::context::{Context, Project};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::panel::{Asking, panel};
use crate::client::ClientLimits;
use crate::compare::same_question;
use crate::domain::{Case, Slug};
use crate::golden::{SnapshotInfo, SnapshotKeys, Stored};
use crate::judging::Panel;
use crate::load::SuiteFile;
use crate::plan::Catalog;
use crate::score::judge::questions;
use crate::score::{self, Answers, Scored, TrialResult, View};
use crate::store::{GoldenFolder, RunFolder, SnapshotKey, StoreError};

/// The project as it stands.
pub struct Today<'p> {
    context: &'p Context,
    project: &'p Project,
    /// Every case by its id, and by the ids it had.
    cases: HashMap<Slug, (&'p SuiteFile, Arc<Case>)>,
}

/// Marks the answers of one run, trial by trial.
pub struct Marker<'p> {
    catalog: &'p Catalog,
    cases: &'p HashMap<Slug, (&'p SuiteFile, Arc<Case>)>,
    golden: GoldenFolder,
    accepted: SnapshotKeys,
    /// Today's judges.
    panel: Option<Arc<Panel>>,
    runtime: tokio::runtime::Runtime,
    /// The case whose repeats go by, with its snapshot; `None` inside if the snapshot cannot be read.
    last: Option<(Slug, Option<Option<Stored>>)>,
}

impl<'p> Today<'p> {
    pub fn of(context: &'p Context, project: &'p Project) -> Result<Self, Failure> {
        let mut cases = HashMap::new();
        let mut renamed = Vec::new();
        for file in &project.checked.suites {
            let suite = file.suite(&project.checked.root).map_err(|why| Failure::new(Exit::ProjectInvalid, why))?;
            for case in &suite.0.cases {
                renamed.extend(case.moved_from.iter().map(|old| (old.clone(), (file, Arc::clone(case)))));
                cases.insert(case.id.clone(), (file, Arc::clone(case)));
            }
        }
        for (old, case) in renamed {
            cases.entry(old).or_insert(case);
        }
        Ok(Self { context, project, cases })
    }

    /// Digest of the worlds.
    pub fn worlds(&self) -> Option<&String> {
        self.project.checked.digests.get("worlds")
    }

    /// For a run of this target. `again`: its judges are asked anew, instead of looked up.
    pub fn marker(&self, target: &Slug, folder: &RunFolder, again: bool) -> Result<Marker<'_>, Failure> {
        let Project { checked, catalog } = self.project;
        let asking = Asking { of_run: !again, ..Asking::again(again, ClientLimits::default()) };
        let panel = panel(self.context, (checked, catalog), folder, asking)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let golden = self.context.golden(&checked.root, target);
        let accepted = golden.list()?.accepted.into_iter().collect();
        Ok(Marker { catalog, cases: &self.cases, golden, accepted, panel, runtime, last: None })
    }
}

impl Marker<'_> {
    /// Today's marks of a stored answer; `None` if its case is gone or asks something else today, or if its snapshot
    /// cannot be read.
    pub fn mark(&mut self, result: &TrialResult) -> Result<Option<Scored>, StoreError> {
        let Some((file, case)) = self.cases.get(&result.case.id) else { return Ok(None) };
        let parts = (
            self.catalog.pipelines.get(&file.pipeline),
            self.catalog.systems.get(&case.world),
            self.catalog.rubrics.get(&file.pipeline),
        );
        let (Some(pipeline), Some(system), Some(rubric)) = parts else { return Ok(None) };
        if file.pipeline != result.pipeline || !same_question(case, &result.case) {
            return Ok(None);
        }
        if self.last.as_ref().is_none_or(|(last, _)| *last != case.id) {
            let key = SnapshotKey { pipeline: file.pipeline.clone(), suite: file.name.clone(), case: case.id.clone() };
            let stored = match self.accepted.contains(&key).then(|| self.golden.accepted(&key)) {
                None => Some(None),
                Some(Ok(stored)) => Some(stored),
                Some(Err(StoreError::Snapshot { .. })) => None,
                Some(Err(error)) => return Err(error),
            };
            self.last = Some((case.id.clone(), stored));
        }
        let Some((_, Some(accepted))) = &self.last else { return Ok(None) };
        let (trial, kind, accepted) = (&result.trial, file.kind, accepted.as_ref());
        let mut answers = Answers::default();
        if let Some(panel) = &self.panel {
            let view = View { case, kind, pipeline, system, trial, accepted, answers: &answers };
            let questions = questions(&rubric.rubric, &view);
            answers = match panel.on_record(&questions) {
                Some(answers) => answers,
                None => self.runtime.block_on(panel.answers(&questions)),
            };
        }
        let view = View { case, kind, pipeline, system, trial, accepted, answers: &answers };
        // An error is again a snapshot that cannot be read: it is taken apart only where its text differs.
        Ok(score::score(&rubric.rubric, &view, SnapshotInfo::default()).ok().map(|(scored, _)| scored))
    }
}
