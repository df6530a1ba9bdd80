//! The desk that corrections are made at: finds the trial, makes the correction, and says what is to be written.
//!
//! Writes nothing by itself: whoever decides more at the same time writes it along with the rest.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;

use crate::cli::context::{Context, Project};
use crate::cli::exit::Exit;
use crate::cli::failure::{Failure, name_of};
use crate::cli::output;
use crate::cli::run::named;
use crate::corrections::{Known, Made, Of, Refusal, Said, make};
use crate::domain::{Case, CaseKind, Correction, Decision, Slug, Weight};
use crate::golden::emit_mapping;
use crate::score::TrialResult;
use crate::store::{Changes, GoldenFolder, Labels, RunFolder, SnapshotKey, StoreError};
use crate::suite::{NewCase, SourceFile, add_cases, create_suite, default_world};

/// The file of a pipeline that corrections are kept in unless another is named.
const FILE: &str = "reviewer_corrections.yaml";

/// The name of a suite that there was not.
const SUITE: &str = "reviewer-corrections";

/// The file of labels that corrections give.
pub const LABELS: &str = "rubrics/labels/corrections.jsonl";

/// A mark of the byte order at the beginning of a file, which is none of its text.
pub const BOM: char = '\u{feff}';

/// A trial that somebody is not content with.
pub struct Found {
    pub result: TrialResult,
    pub run: Slug,
    pub target: Slug,
}

/// Corrections in the making. Each goes by the id of its case.
pub struct Desk<'p> {
    project: &'p Project,
    root: PathBuf,
    labels: Labels,
    /// The file that was named for all, relative to the project's root.
    suite: Option<String>,
    made: Vec<Kept>,
    /// Where in `made` the case with this id is.
    by_id: HashMap<Slug, usize>,
    /// File → case → its correction, of files that were looked into.
    cases: RefCell<HashMap<String, CasesOfFile>>,
}

/// Case → its correction, where it has one.
type CasesOfFile = HashMap<Slug, Option<Box<Correction>>>;

/// A correction, and where it goes.
pub struct Kept {
    pub made: Made,
    pub file: String,
    trial: (PathBuf, String),
}

impl<'p> Desk<'p> {
    /// A desk in the project; `suite` is the file that every case goes into, if not that of its pipeline.
    pub fn new(project: &'p Project, suite: Option<&str>) -> Self {
        let root = project.checked.root.path().to_owned();
        let labels = Labels::open(&root.join("rubrics"));
        Self {
            project,
            root,
            labels,
            suite: suite.map(str::to_owned),
            made: Vec::new(),
            by_id: HashMap::new(),
            cases: RefCell::default(),
        }
    }

    /// Makes a correction of a trial and lays it with the others. `Ok(Err)`: the reasons against it.
    pub fn correct(&mut self, found: &Found, said: &Said) -> Result<Result<&Kept, Refusal>, Failure> {
        let catalog = &self.project.catalog;
        let result = &found.result;
        let pipeline = named(&catalog.pipelines, &result.pipeline, "pipeline")?;
        let rubric = named(&catalog.rubrics, &result.pipeline, "rubric")?;
        let system = named(&catalog.systems, &result.case.world, "world")?;
        let (trial, path, text) = self.labels.kept(&result.trial)?;
        let of = Of {
            result,
            run: &found.run,
            target: &found.target,
            pipeline,
            rubric: &rubric.rubric,
            system,
            trial: &trial,
        };
        let file = self.file(&result.pipeline)?;
        let made = make(&of, said, &|id| self.known(id));
        let made = match made {
            Ok(made) => made,
            Err(refusal) => return Ok(Err(refusal)),
        };
        self.by_id.insert(made.case.id.clone(), self.made.len());
        self.made.push(Kept { made, file, trial: (path, text) });
        match self.made.last() {
            Some(kept) => Ok(Ok(kept)),
            None => Err(Failure::new(Exit::Internal, "the correction was not kept")),
        }
    }

    /// What was made so far.
    pub fn made(&self) -> &[Kept] {
        &self.made
    }

    /// What is to be kept of them among the decisions of reviews.
    pub fn decisions(&self) -> impl Iterator<Item = &Decision> {
        self.made.iter().map(|kept| &kept.made.decision)
    }

    /// Adds to `changes` all that is to be kept but the decisions.
    pub fn write_into(&self, changes: &mut Changes) -> Result<(), Failure> {
        let mut by_file: BTreeMap<&str, Vec<&Kept>> = BTreeMap::new();
        for kept in &self.made {
            by_file.entry(&kept.file).or_default().push(kept);
        }
        for (file, kept) in by_file {
            let suite = self.add_cases(changes, file, &kept)?;
            for Kept { made, trial: (path, text), .. } in kept {
                changes.put(path, text.as_str())?;
                for label in &made.labels {
                    changes.append(&self.root.join(LABELS), &serde_json::to_string(label)?)?;
                }
                let key =
                    SnapshotKey { pipeline: made.pipeline.clone(), suite: suite.clone(), case: made.case.id.clone() };
                let golden = GoldenFolder::of(&self.root, &made.target);
                changes.put(&golden.pending_path(&key), made.snapshot.to_text(&made.case.title))?;
            }
        }
        Ok(())
    }

    /// Adds the cases to their file, which is made if there is none. Gives the name of the suite.
    fn add_cases(&self, changes: &mut Changes, file: &str, kept: &[&Kept]) -> Result<Slug, Failure> {
        let refused = |why: String| Failure::new(Exit::Usage, format!("nothing was written: {why}"));
        let first = &kept[0].made;
        let path = self.root.join(file);
        let text = changes.text(&path)?.map(str::to_owned);
        let new = |world: Option<&Slug>| -> Result<Vec<NewCase>, Failure> {
            kept.iter()
                .map(|kept| Ok(NewCase { case: kept.made.case.clone(), lines: lines(&kept.made.case, world)? }))
                .collect()
        };
        let Some(text) = text else {
            let name = self.free_suite(&first.pipeline)?;
            let world = first.case.world.clone();
            let text = create_suite(file, &first.pipeline, &head(&name, &world, &first.pipeline), &new(Some(&world))?)
                .map_err(refused)?;
            changes.put(&path, text)?;
            return Ok(name);
        };
        let known = self.project.checked.suites.iter().find(|suite| suite.file == file);
        let Some(suite) = known.filter(|suite| suite.kind == CaseKind::ReviewerCorrection) else {
            return Err(refused(format!("{file} is no suite of kind reviewer_correction")));
        };
        let (mark, text) = match text.strip_prefix(BOM) {
            Some(text) => (String::from(BOM), text.to_owned()),
            None => (String::new(), text),
        };
        let source = SourceFile { path: file.to_owned(), text };
        let added = add_cases(&source, &suite.pipeline, &new(default_world(&source).as_ref())?).map_err(refused)?;
        changes.put(&path, mark + &added)?;
        Ok(suite.name.clone())
    }

    /// The file that the cases of a pipeline go into.
    fn file(&self, pipeline: &Slug) -> Result<String, Failure> {
        let folder = format!("suites/{pipeline}");
        let Some(named) = &self.suite else { return Ok(format!("{folder}/{FILE}")) };
        let named = named.strip_prefix("./").unwrap_or(named);
        let name = named.strip_prefix(&format!("{folder}/")).unwrap_or(named);
        let plain = !name.contains(['/', '\\']) && (name.ends_with(".yaml") || name.ends_with(".jsonl"));
        match plain && Slug::new(name).is_ok() {
            true => Ok(format!("{folder}/{name}")),
            false => Err(Failure::usage(format!("--suite {named:?} is no file of suites in {folder}"))
                .with_hint(format!("e.g. {folder}/{FILE}"))),
        }
    }

    fn free_suite(&self, pipeline: &Slug) -> Result<Slug, Failure> {
        let taken =
            |name: &Slug| self.project.checked.suites.iter().any(|s| s.pipeline == *pipeline && s.name == *name);
        let mut names = (1..100).map(|n| if n == 1 { SUITE.to_owned() } else { format!("{SUITE}-{n}") });
        let free = names.find_map(|name| Slug::new(&name).ok().filter(|name| !taken(name)));
        free.ok_or_else(|| Failure::usage(format!("every name for a suite of corrections of {pipeline} is taken")))
    }

    /// What an id stands for, in the project or on this desk.
    fn known(&self, id: &Slug) -> Option<Known> {
        let known = |correction: Option<Box<Correction>>| correction.map_or(Known::Other, Known::Correction);
        if let Some(&at) = self.by_id.get(id) {
            return Some(known(self.made[at].made.case.correction.clone().map(Box::new)));
        }
        let checked = &self.project.checked;
        let suite = checked.suite_of(id)?;
        let mut cases = self.cases.borrow_mut();
        let of_file = cases.entry(suite.file.clone()).or_insert_with(|| {
            let of = |case: &Arc<Case>| (case.id.clone(), case.correction.clone().map(Box::new));
            suite.suite(&checked.root).map(|loaded| loaded.0.cases.iter().map(of).collect()).unwrap_or_default()
        });
        Some(known(of_file.get(id).cloned().flatten()))
    }
}

/// The run that is meant: the newest of `target` where no run is named.
pub fn resolve(
    context: &Context,
    project: &Project,
    run: Option<&str>,
    target: Option<&str>,
) -> Result<RunFolder, Failure> {
    let target = target.map(|name| name_of("target", name)).transpose()?;
    if let Some(target) = &target {
        named(&project.catalog.project.targets, target, "target")?;
    }
    let runs = context.runs(&project.checked.root);
    let folder = match (run, &target) {
        (None, Some(target)) => {
            let (entries, _) = runs.list()?;
            let newest = entries.into_iter().find(|entry| entry.meta.target == *target);
            newest.map(|entry| entry.folder).ok_or_else(|| {
                Failure::usage(format!("no run of the target {target}"))
                    .with_hint(format!("`evalgate run --target {target}` makes one"))
            })?
        }
        (run, _) => output::resolve(&runs, run)?,
    };
    let of = folder.meta()?.target;
    match target.filter(|target| *target != of) {
        Some(target) => Err(Failure::usage(format!("run {} is one of {of}, not of {target}", folder.id()))),
        None => Ok(folder),
    }
}

/// The trial of a case in a run.
pub fn find(
    context: &Context,
    project: &Project,
    case: &str,
    (run, repeat, target): (Option<&str>, u32, Option<&str>),
) -> Result<Found, Failure> {
    let folder = resolve(context, project, run, target)?;
    let result = output::find_result(&folder, case, repeat)?;
    Ok(Found { result, run: folder.id().clone(), target: folder.meta()?.target })
}

/// The trials of some cases in a run, and the ids of all cases in it.
pub fn find_all(folder: &RunFolder, wanted: &HashSet<(&str, u32)>) -> Result<(Vec<Found>, BTreeSet<Slug>), StoreError> {
    let target = folder.meta()?.target;
    let (mut found, mut ids) = (Vec::new(), BTreeSet::new());
    for result in folder.results()? {
        let result = result?;
        ids.insert(result.case.id.clone());
        if wanted.contains(&(result.case.id.as_str(), result.trial.repeat)) {
            found.push(Found { result, run: folder.id().clone(), target: target.clone() });
        }
    }
    Ok((found, ids))
}

/// The case as YAML, as it would stand in a suite of that world.
fn lines(case: &Case, world: Option<&Slug>) -> Result<String, Failure> {
    let mut value = serde_json::to_value(case)?;
    if let Some(map) = value.as_object_mut() {
        if world == Some(&case.world) {
            map.shift_remove("world");
        }
        if case.weight == Weight::Normal {
            map.shift_remove("weight");
        }
        for call in map.get_mut("reference").and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(call) =
                call.as_object_mut().filter(|call| call.get("ends").is_some_and(|ends| ends == "executed"))
            {
                call.shift_remove("ends");
            }
        }
        return Ok(emit_mapping(map, &["request", "expect", "correction"]));
    }
    Err(Failure::new(Exit::Internal, "a case is no map"))
}

fn head(name: &Slug, world: &Slug, pipeline: &Slug) -> String {
    format!(
        "# yaml-language-server: $schema=../../reports/schema/suite.schema.json\n\
         suite: {name}\nkind: reviewer_correction\nworld: {world}\n\
         about: What reviewers put right in answers of {pipeline}. Each guards against the same mistake.\ncases:\n"
    )
}
