//! What was accepted, as a side of a comparison: the snapshots of a revision, marked over that revision's own cases and
//! rubrics, or those of the project as it stands.

use std::collections::BTreeMap;
use std::path::{Component, Path};

use jiff::Timestamp;

use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::run::meta_of;
use crate::compare::Side;
use crate::diagnostic::Severity;
use crate::domain::{Area, Project, Slug, Trit};
use crate::golden::{Behaviour, Snapshot, Stored};
use crate::load::{self, Checked, Revision, Root};
use crate::score::{self, CompiledRubric, texts};
use crate::store::{GOLDEN, GoldenFolder, SnapshotKey, StoreError};
use crate::suite::parse_project;

/// The snapshots of a target, as the project has them now.
pub fn as_it_stands(context: &Context, root: &Root, target: &Slug) -> Result<Side, Failure> {
    let checked = load::check(root.clone())?;
    side("golden as it stands".to_owned(), checked, &context.golden(root, target), target, Timestamp::now())
}

/// The snapshots of a target at a revision.
pub fn at(revision: &Revision, target: &Slug) -> Result<Side, Failure> {
    let golden = format!("{GOLDEN}/{target}");
    let project = parse_project(&revision.read("evalgate.yaml")?).0;
    let named = project.as_ref().map(|project| files_of(project, target)).unwrap_or_default();
    let parts = ["evalgate.yaml", "suites", "rubrics", &golden];
    let parts: Vec<&str> = parts.into_iter().chain(named.iter().map(String::as_str)).collect();
    let exported = revision.export(&parts)?;
    let checked = load::check(Root::find(exported.root())?)?;
    let golden = GoldenFolder::of(exported.root(), target);
    side(format!("golden at {}", revision.label()), checked, &golden, target, revision.time()?)
}

/// Every text of a target's settings may name a file of the project that it answers with.
fn files_of(project: &Project, target: &Slug) -> Vec<String> {
    let mut named = Vec::new();
    for settings in project.targets.get(target).into_iter().flat_map(|spec| spec.0.values()) {
        texts(settings, &mut |text| {
            let inside = Path::new(text).components().all(|part| matches!(part, Component::Normal(_)));
            if inside && !text.is_empty() && text.len() < 256 && !text.contains('\0') {
                named.push(text.to_owned());
            }
        });
    }
    named
}

fn side(
    name: String,
    mut checked: Checked,
    golden: &GoldenFolder,
    target: &Slug,
    at: Timestamp,
) -> Result<Side, Failure> {
    // A project of another day may hold what is an error today; what can be read is compared, and the rest left out.
    let first = checked.diagnostics.iter().find(|problem| problem.severity == Severity::Error);
    let why = first.map_or_else(String::new, |problem| format!(": {}: {}", problem.file, problem.message));
    let Some(catalog) = checked.catalog.take() else {
        return Err(Failure::new(Exit::ProjectInvalid, format!("the project of {name} cannot be read{why}")));
    };
    let listing = golden.list()?;
    if listing.accepted.is_empty() {
        return Err(Failure::new(
            Exit::NothingSelected,
            format!("{name}: nothing is accepted for the target {target}"),
        )
        .with_hint("`--target NAME` names another target"));
    }
    let mut meta = meta_of(&checked, &catalog, target)?;
    meta.started_at = at;
    let mut side = Side::of_accepted(name, meta);
    for file in &checked.suites {
        let Some(rubric) = catalog.rubrics.get(&file.pipeline) else { continue };
        let asked: Vec<Area> = rubric.rubric.areas().iter().map(|(area, _)| *area).collect();
        let suite = file.suite(&checked.root).map_err(|why| Failure::new(Exit::ProjectInvalid, why))?;
        for case in &suite.0.cases {
            let key = SnapshotKey { pipeline: file.pipeline.clone(), suite: file.name.clone(), case: case.id.clone() };
            if listing.accepted.binary_search(&key).is_err() {
                continue;
            }
            let stored = stored(golden, &key)?;
            if let Some(snapshot) = stored.as_ref().and_then(|stored| stored.snapshot().ok()) {
                let repeats = marks(snapshot, &rubric.rubric);
                side.accept((&suite.0, case), &asked, &repeats, &snapshot.info);
            }
        }
    }
    Ok(side)
}

/// What was accepted of a case. Nothing where it cannot be read: its case is left out.
fn stored(golden: &GoldenFolder, key: &SnapshotKey) -> Result<Option<Stored>, Failure> {
    match golden.accepted(key) {
        Err(StoreError::Snapshot { .. }) => Ok(None),
        read => Ok(read?),
    }
}

/// The areas' marks of each repeat that was accepted.
fn marks(snapshot: &Snapshot, rubric: &CompiledRubric) -> Vec<BTreeMap<Area, Trit>> {
    let marks = |behaviour: &Behaviour| score::area_marks(rubric, &behaviour.marks, &snapshot.info.judges);
    snapshot.by_repeat().into_iter().map(marks).collect()
}
