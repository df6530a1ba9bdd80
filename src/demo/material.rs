//! The real half: what each agent did on every case, with its marks, and what it would be held against.

use std::collections::BTreeMap;

use super::DemoError;
use super::schedule::{Accepted, Grown, Part, RELEASES};
use crate::domain::Slug;
use crate::golden::{self, Snapshot, SnapshotInfo, Stored};
use crate::plan::Catalog;
use crate::score::{self, TrialResult};

/// An agent that was run.
#[derive(Debug)]
pub struct Agent {
    pub name: Slug,
    /// Of its target and all files that this names, hex.
    pub digest: String,
    /// In the order of the plan, a trial a case.
    pub results: Vec<TrialResult>,
    /// What it did on each case, as it stands in a snapshot; none where it failed.
    accepted: BTreeMap<Slug, Stored>,
}

impl Agent {
    pub fn new(name: Slug, digest: String, results: Vec<TrialResult>, catalog: &Catalog) -> Result<Self, DemoError> {
        let mut accepted = BTreeMap::new();
        for result in &results {
            let case = &result.case;
            let pipeline =
                catalog.pipelines.get(&result.pipeline).ok_or_else(|| DemoError::Gone(case.id.to_string()))?;
            let marks = score::snapshot_marks(&result.scored);
            let Some(seen) = golden::observe(pipeline, &result.trial, marks, SnapshotInfo::default()) else { continue };
            let seen = Snapshot::of_trials(vec![(1, seen.snapshot())]).map(|snapshot| snapshot.to_text(&case.title));
            let stored = seen.map(Stored::new).transpose();
            let stored = stored.map_err(|cause| DemoError::Snapshot { case: case.id.to_string(), cause })?;
            accepted.extend(stored.map(|stored| (case.id.clone(), stored)));
        }
        Ok(Self { name, digest, results, accepted })
    }
}

/// All that a history is made of.
#[derive(Debug)]
pub struct Material {
    agents: [Agent; 3],
    pub grown: Grown,
    /// Names, sorted.
    pipelines: Vec<Slug>,
}

impl Material {
    /// Errors: the agents did not answer the same cases in the same order.
    pub fn new(agents: [Agent; 3], catalog: &Catalog) -> Result<Self, DemoError> {
        let [first, others @ ..] = &agents;
        for other in others {
            let alike = first.results.iter().map(|one| &one.case.id).eq(other.results.iter().map(|one| &one.case.id));
            if !alike {
                return Err(DemoError::Different(first.name.to_string(), other.name.to_string()));
            }
        }
        let grown = Grown::of(first.results.iter().map(|one| (&one.pipeline, one.kind, &one.case.id)));
        Ok(Self { grown, pipelines: catalog.pipelines.keys().cloned().collect(), agents })
    }

    fn agent(&self, part: Part) -> &Agent {
        &self.agents[part as usize]
    }

    /// Who did a pipeline in a release.
    pub fn by(&self, release: usize, pipeline: &Slug) -> &Agent {
        let by = &RELEASES[release].by;
        let place = self.pipelines.iter().position(|known| known == pipeline).unwrap_or(0);
        self.agent(by[place % by.len()])
    }

    /// Each pipeline and who did it.
    pub fn parts(&self, release: usize) -> impl Iterator<Item = (&Slug, &Agent)> {
        self.pipelines.iter().map(move |pipeline| (pipeline, self.by(release, pipeline)))
    }

    /// The digest of a release's agent: that of the one that did everything, or one of all parts.
    pub fn digest(&self, release: usize) -> String {
        let mut parts = self.parts(release).map(|(pipeline, agent)| (pipeline, agent.digest.as_str()));
        if let Some((_, only)) = parts.next()
            && parts.all(|(_, other)| other == only)
        {
            return only.to_owned();
        }
        let mut hasher = blake3::Hasher::new();
        for (pipeline, agent) in self.parts(release) {
            hasher.update(format!("{pipeline} {}\n", agent.digest).as_bytes());
        }
        hasher.finalize().to_hex().to_string()
    }

    /// What a release did, in the order of the plan.
    pub fn results(&self, release: usize) -> impl Iterator<Item = &TrialResult> {
        let [first, ..] = &self.agents;
        first.results.iter().enumerate().map(move |(at, one)| &self.by(release, &one.pipeline).results[at])
    }

    /// What had been accepted of a case.
    pub fn accepted(&self, accepted: Accepted, result: &TrialResult) -> Option<&Stored> {
        let case = &result.case.id;
        let there = self.grown.holds(accepted.suites, case);
        self.by(accepted.release, &result.pipeline).accepted.get(case).filter(|_| there)
    }
}
