//! Which policy and which waivers judge: the project's, or those of another revision, so that a change cannot weaken its
//! own judge.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::context;
use super::exit::Exit;
use super::failure::Failure;
use super::panel::license;
use super::run::{digest, named, serialised};
use crate::calibration::Rulings;
use crate::domain::{Defaults, Policy, Project, Slug, Waiver};
use crate::event::{PolicyBase, RunMeta};
use crate::gate::{LicenceLine, PolicyFrom, fewer_repeats, weakened};
use crate::load::{Revision, RevisionError, Root};
use crate::plan::{Catalog, WAIVERS};
use crate::run::JudgedBy;
use crate::store::Labels;
use crate::suite::{Parsed, SourceFile, parse_policy, parse_project, parse_waivers};

/// A policy, and what else judges with it.
pub struct Judging {
    pub policy: Policy,
    pub by: JudgedBy,
}

/// The judge that another revision has.
pub struct Base {
    revision: Revision,
    project: Project,
    waivers: Vec<Waiver>,
}

impl Base {
    /// Of the revision that `--policy-from` names.
    pub fn open(root: &Root, name: &str) -> Result<Self, Failure> {
        let revision = Revision::resolve(root.path(), name)?;
        let project = sound(&revision, &revision.read("evalgate.yaml")?, parse_project)?;
        let waivers = match revision.read(WAIVERS) {
            Ok(file) => sound(&revision, &file, parse_waivers)?.waivers,
            Err(RevisionError::Absent { .. }) => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        Ok(Self { revision, project, waivers })
    }

    /// The revision that `--policy-from` names, or else the one that judges a run that began already.
    pub fn of(root: &Root, given: Option<&str>, began: Option<&RunMeta>) -> Result<Option<Self>, Failure> {
        if let Some(name) = given {
            return Self::open(root, name).map(Some);
        }
        let Some((run, from)) = began.and_then(|began| Some((&began.id, began.policy_from.as_ref()?))) else {
            return Ok(None);
        };
        Self::open(root, &from.commit).map(Some).map_err(|failure| {
            let why =
                format!("run {run} is judged by the policy and the waivers of another revision: {}", failure.error);
            Failure::new(failure.exit, why).with_hint("fetch it, or name one that judges alike: `--policy-from REV`")
        })
    }

    pub fn revision(&self) -> &Revision {
        &self.revision
    }

    /// As a run keeps it.
    pub fn pinned(&self) -> PolicyBase {
        PolicyBase { commit: self.revision.commit().to_owned(), waivers: digest(&serialised(&self.waivers)) }
    }

    /// What the project said there of the flags of `run`.
    pub fn defaults(&self) -> &Defaults {
        &self.project.defaults
    }

    /// The policy that judged there, unless somebody named one.
    pub fn default_policy(&self) -> &Slug {
        &self.project.policy
    }

    fn policy(&self, name: &Slug) -> Result<Policy, Failure> {
        let folder = "rubrics/policies";
        match self.revision.read(&format!("{folder}/{name}.yaml")) {
            Ok(file) => sound(&self.revision, &file, parse_policy),
            Err(RevisionError::Absent { .. }) => {
                let names = self.revision.list(folder)?;
                let known: Vec<&str> = names.iter().filter_map(|name| name.strip_suffix(".yaml")).collect();
                Err(Failure::usage(format!("there is no policy {name:?} in {}", self.revision.label()))
                    .suggest(name, &known))
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// The judge called `name`: the base's, where there is one.
pub fn judging(catalog: &Catalog, base: Option<&Base>, name: &Slug) -> Result<Judging, Failure> {
    let Some(base) = base else {
        let policy = named(&catalog.policies, name, "policy")?.clone();
        return Ok(Judging { policy, by: JudgedBy::waiving(&catalog.waivers) });
    };
    let policy = base.policy(name)?;
    let mut told = Vec::new();
    let mut now = name;
    if name == base.default_policy() && catalog.project.policy != *name {
        now = &catalog.project.policy;
        told.push(format!("the project's policy was {name}, would be {now}"));
    }
    match catalog.policies.get(now) {
        Some(now) => told.extend(weakened(&policy, now)),
        None => told.push(format!("the policy {now} would be gone")),
    }
    told.extend(fewer_repeats(base.defaults().repeat, catalog.project.defaults.repeat));
    for waiver in catalog.waivers.iter().filter(|waiver| !base.waivers.contains(waiver)) {
        told.push(format!("{} would be waived in {}", waiver.case, waiver.area));
    }
    let from = PolicyFrom { revision: base.revision.label(), weakened: told };
    Ok(Judging { policy, by: JudgedBy { policy_from: Some(from), ..JudgedBy::waiving(&base.waivers) } })
}

/// What people said of single trials, until a time if one is given; nothing is read where no judge is asked.
pub fn rulings(project: &context::Project, until: Option<Timestamp>) -> Result<Rulings, Failure> {
    if project.catalog.judges_in_use().is_empty() {
        return Ok(Rulings::default());
    }
    let mut labels = Labels::open(&project.checked.root.path().join("rubrics")).all()?;
    labels.retain(|label| until.is_none_or(|until| label.at <= until));
    Ok(Rulings::of(&labels))
}

/// The judge called `name` of a run of `target`, with which models may mark for it today and what people said.
pub fn judging_today(
    project: &mut context::Project,
    base: Option<&Base>,
    name: &Slug,
    target: &Slug,
) -> Result<Judging, Failure> {
    let mut judging = judging(&project.catalog, base, name)?;
    let licences = license(project, target, &judging.policy.judge);
    licensed(&mut judging.by, licences, base, project)?;
    judging.by.rulings = rulings(project, None)?;
    Ok(judging)
}

/// The judge called `name` as it was at a time: who was licensed then is given, and what people said later is left out.
pub fn judging_then(
    project: &context::Project,
    base: Option<&Base>,
    name: &Slug,
    licences: &[LicenceLine],
    at: Timestamp,
) -> Result<Judging, Failure> {
    let mut judging = judging(&project.catalog, base, name)?;
    licensed(&mut judging.by, licences.to_vec(), base, project)?;
    judging.by.rulings = rulings(project, Some(at))?;
    Ok(judging)
}

/// Adds who may gate. Where the base judges, a licence that it does not know of is told like any other weakening.
fn licensed(
    by: &mut JudgedBy,
    licences: Vec<LicenceLine>,
    base: Option<&Base>,
    project: &context::Project,
) -> Result<(), Failure> {
    let judges: BTreeSet<&Slug> =
        licences.iter().filter(|line| line.licence.is_licensed()).map(|line| &line.judge).collect();
    if let (Some(base), Some(from)) = (base, &mut by.policy_from) {
        for judge in judges {
            let path = format!("rubrics/calibration/{judge}.json");
            let then = match base.revision.read(&path) {
                Ok(file) => Some(file.text),
                Err(RevisionError::Absent { .. }) => None,
                Err(error) => return Err(error.into()),
            };
            if then != project.checked.root.read(&path).ok().map(|file| file.text) {
                from.weakened.push(format!("the judge {judge} would gate by a calibration that is not there yet"));
            }
        }
    }
    by.licences = licences;
    Ok(())
}

/// A file of a revision without errors.
fn sound<T>(revision: &Revision, file: &SourceFile, parse: fn(&SourceFile) -> Parsed<T>) -> Result<T, Failure> {
    let (read, found) = parse(file);
    read.ok_or_else(|| {
        let first = found.first().map_or("it cannot be read", |problem| problem.message.as_str());
        Failure::new(Exit::ProjectInvalid, format!("{} of {}: {first}", file.path, revision.label()))
    })
}
