//! Where a review gets what it shows and merges: the golden folder, the runs that proposed a change, the project.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::cli::context::Project;
use crate::cli::failure::Failure;
use crate::domain::{Case, CaseKind, Ruling, Slug};
use crate::golden::{Snapshot, SnapshotKey};
use crate::report::{At, Results};
use crate::review::{Basis, Decided, Merged, Pending, merge};
use crate::score::TrialResult;
use crate::store::{GoldenFolder, Runs, Settled, StoreError, StoredResults};

/// What is stored of the changes of one target.
pub struct Sources<'a> {
    pub project: &'a Project,
    pub golden: &'a GoldenFolder,
    runs: Runs,
    pending: &'a [Pending],
    /// By the run's id, as far as they were asked for; `None` where a run is not there or cannot be read.
    opened: RefCell<HashMap<String, Option<Opened>>>,
}

/// A run whose results are read case by case.
struct Opened {
    results: StoredResults,
    /// Where the trials of each case begin, and how many there are.
    places: HashMap<Slug, (At, usize)>,
}

impl<'a> Sources<'a> {
    pub fn new(project: &'a Project, golden: &'a GoldenFolder, runs: Runs, pending: &'a [Pending]) -> Self {
        Self { project, golden, runs, pending, opened: RefCell::default() }
    }

    /// What was accepted, and what is proposed. Refused if the proposal changed since it was listed.
    pub fn snapshots(&self, pending: &Pending) -> Result<(Option<Snapshot>, Snapshot), StoreError> {
        let proposed = self.golden.unchanged(&pending.key, &pending.seen)?;
        let malformed = |cause| StoreError::Snapshot { path: self.golden.pending_path(&pending.key), cause };
        let proposed = proposed.snapshot().map_err(malformed)?.clone();
        let accepted = match self.golden.accepted(&pending.key)? {
            Some(accepted) => {
                let malformed = |cause| StoreError::Snapshot { path: self.golden.accepted_path(&pending.key), cause };
                Some(accepted.snapshot().map_err(malformed)?.clone())
            }
            None => None,
        };
        Ok((accepted, proposed))
    }

    /// The trials of a change, in the order of their repeats; none where their run is not there any more.
    pub fn trials(&self, pending: &Pending) -> Vec<TrialResult> {
        let mut opened = self.opened.borrow_mut();
        let run = opened.entry(pending.run.clone()).or_insert_with(|| self.open(&pending.run));
        let found = run.as_ref().and_then(|run| {
            let &(place, count) = run.places.get(&pending.key.case)?;
            run.results.full(place, count).ok()
        });
        found.unwrap_or_default()
    }

    fn open(&self, run: &str) -> Option<Opened> {
        let folder = self.runs.resolve(run).ok().filter(|folder| folder.id().as_str() == run)?;
        let results = folder.stored_results().ok()?;
        let wanted: HashSet<&Slug> =
            self.pending.iter().filter(|pending| pending.run == run).map(|pending| &pending.key.case).collect();
        let mut places: HashMap<Slug, (At, usize)> = HashMap::new();
        let seen = results.each(&mut |place, trial| {
            if wanted.contains(&trial.case.id) {
                places.entry(trial.case.id).or_insert((place, 0)).1 += 1;
            }
            Ok(())
        });
        seen.ok()?;
        Some(Opened { results, places })
    }

    /// The case as the project has it today, and the kind of its suite.
    pub fn case(&self, key: &SnapshotKey) -> Option<(CaseKind, Arc<Case>)> {
        let checked = &self.project.checked;
        let file = checked.suite_of(&key.case)?;
        let loaded = file.suite(&checked.root).ok()?;
        let case = loaded.0.cases.iter().find(|case| case.id == key.case)?;
        Some((file.kind, Arc::clone(case)))
    }

    /// What was accepted of a change, with the new values of some fields. Errors are sentences.
    pub fn merge(&self, pending: &Pending, fields: &[String]) -> Result<Merged, Failure> {
        let (accepted, proposed) = self.snapshots(pending)?;
        let catalog = &self.project.catalog;
        let (trials, case) = (self.trials(pending), self.case(&pending.key));
        let basis = || {
            let (kind, case) = case.as_ref()?;
            Some(Basis {
                rubric: &catalog.rubrics.get(&pending.key.pipeline)?.rubric,
                case,
                kind: *kind,
                pipeline: catalog.pipelines.get(&pending.key.pipeline)?,
                system: catalog.systems.get(&case.world)?,
                trial: &trials.first()?.trial,
            })
        };
        let refused = |why: String| Failure::usage(format!("{}: {why}", pending.key));
        let difference = pending.comparison.difference();
        let difference = difference.ok_or_else(|| refused("no single field changed".to_owned()))?;
        merge(accepted.as_ref(), &proposed, difference, fields, basis().as_ref())
            .map_err(|why| refused(why.to_string()))
    }

    /// A decision as it is written, merged where it is about fields. Refused if the merge is marked otherwise than when
    /// it was decided.
    pub fn settled<'p>(&self, pending: &'p Pending, decided: Decided) -> Result<Settled<'p>, Failure> {
        let merged = match &decided.ruling {
            Ruling::AcceptedFields(fields) => Some(self.merge(pending, fields)?),
            _ => None,
        };
        if merged.as_ref().is_some_and(|merged| merged.worse() != decided.worse) {
            return Err(Failure::usage(format!("{} is marked otherwise than when it was decided", pending.key)));
        }
        Ok(Settled { pending, decided, merged: merged.map(|merged| merged.snapshot) })
    }
}
