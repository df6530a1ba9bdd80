//! A project read and checked: every problem of every file, and where the cases are.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;

use super::files::{LoadError, MARKER, Root};
use super::unread;
use crate::diagnostic::{Diagnostic, Severity, any_error};
use crate::domain::{CaseKind, Project, Slug, Suite};
use crate::plan::{self, Catalog, Census, Coverage, JUDGE_PROMPT, Parts, WAIVERS, assemble};
use crate::suite::{self, SourceFile};
use crate::target::{self, JudgeModel, Target};

/// The cases of a project of up to so many are kept in memory, which they take about 40 MB of; a larger project's suites
/// are read again when they are run, so that memory does not grow with it.
const KEPT_CASES: usize = 10_000;

/// A project, with everything that is wrong with it.
pub struct Checked {
    pub root: Root,
    /// Whatever of it could be read; absent without a project file. Whole if there is no error among the diagnostics.
    pub catalog: Option<Catalog>,
    /// In the order of their files.
    pub suites: Vec<SuiteFile>,
    pub census: Census,
    /// Every target that could be built; none where the project was read without its cases.
    pub targets: BTreeMap<Slug, Box<dyn Target>>,
    /// Every judge that could be built; none where the project was read without its cases.
    pub judges: BTreeMap<Slug, Arc<JudgeModel>>,
    /// Located.
    pub diagnostics: Vec<Diagnostic>,
    /// Part (`suites`, `worlds`, `pipelines`, `rubrics`, `policies`, `project`) → blake3 over its files, hex.
    pub digests: BTreeMap<String, String>,
}

/// A suite's place, and its cases while the project is small.
pub struct SuiteFile {
    pub file: String,
    pub pipeline: Slug,
    pub name: Slug,
    pub kind: CaseKind,
    pub cases: usize,
    /// Place and number of repeats of the cases that have a number of their own, ascending.
    own_repeats: Vec<(u32, u32)>,
    digest: blake3::Hash,
    kept: Option<Arc<(Suite, Vec<u32>)>>,
}

impl SuiteFile {
    /// How often a case says that it is to be run.
    pub fn own_repeats(&self, case: u32) -> Option<u32> {
        let found = self.own_repeats.binary_search_by_key(&case, |(at, _)| *at).ok()?;
        Some(self.own_repeats[found].1)
    }

    /// The suite and the line of each case. Errors: the file changed since it was checked, or cannot be read any more.
    pub fn suite(&self, root: &Root) -> Result<Arc<(Suite, Vec<u32>)>, String> {
        if let Some(kept) = &self.kept {
            return Ok(Arc::clone(kept));
        }
        let source = root.read(&self.file)?;
        let known = (digest(&source) == self.digest).then(|| suite::parse_suite_again(&source, &self.pipeline));
        known.flatten().map(Arc::new).ok_or_else(|| format!("{} changed while it was in use", self.file))
    }
}

/// Everything but the cases.
struct Reader<'r> {
    root: &'r Root,
    found: Vec<Diagnostic>,
    hashes: BTreeMap<String, blake3::Hasher>,
}

impl Reader<'_> {
    fn read(&mut self, part: &str, path: &str) -> Option<SourceFile> {
        match self.root.read(path) {
            Ok(file) => {
                let hasher = self.hashes.entry(part.to_owned()).or_default();
                add(hasher, &file);
                Some(file)
            }
            Err(why) => {
                self.found.push(unreadable(path, &why));
                None
            }
        }
    }

    fn keep<T>(&mut self, path: &str, parsed: suite::Parsed<T>) -> Option<(String, T)> {
        let (value, mut found) = parsed;
        self.found.append(&mut found);
        value.map(|value| (path.to_owned(), value))
    }

    fn parts(&mut self) -> Result<Parts, LoadError> {
        let mut parts = Parts::default();
        if let Some(file) = self.read("project", MARKER) {
            parts.project = self.keep(MARKER, suite::parse_project(&file));
        }
        for name in self.root.list("suites")?.0.iter().filter(|name| *name != "worlds") {
            let folder = format!("suites/{name}");
            let path = format!("{folder}/pipeline.yaml");
            let Some(file) = self.read("pipelines", &path) else {
                parts.unread.pipelines.extend(Slug::new(name).ok());
                continue;
            };
            let root = self.root;
            let parsed = suite::parse_pipeline(&file, name, &|inner| root.read(&format!("{folder}/{inner}")));
            match self.keep(&path, parsed) {
                Some((path, pipeline)) => {
                    let hasher = self.hashes.entry("pipelines".to_owned()).or_default();
                    hasher.update(pipeline.prompt.as_bytes());
                    hasher.update(pipeline.output_schema.to_string().as_bytes());
                    parts.pipelines.push((path, pipeline));
                }
                None => parts.unread.pipelines.extend(Slug::new(name).ok()),
            }
        }
        for name in self.root.list("suites/worlds")?.0 {
            let folder = format!("suites/worlds/{name}");
            let paths = self.root.list(&folder)?.1.into_iter().filter(|file| file.ends_with(".yaml"));
            let files: Vec<SourceFile> =
                paths.filter_map(|file| self.read("worlds", &format!("{folder}/{file}"))).collect();
            let parsed = suite::parse_world(&name, &files);
            match self.keep(&folder, parsed) {
                Some(world) => parts.worlds.push(world),
                None => parts.unread.worlds.extend(Slug::new(&name).ok()),
            }
        }
        if self.root.list("rubrics")?.1.iter().any(|name| JUDGE_PROMPT.ends_with(&format!("/{name}"))) {
            // Part of every judge's identity, and of nothing else.
            match self.root.read(JUDGE_PROMPT) {
                Ok(file) => parts.judge_prompt = Some(file.text),
                Err(why) => self.found.push(unreadable(JUDGE_PROMPT, &why)),
            }
        }
        for name in self.root.list("rubrics")?.1.iter().filter(|name| name.ends_with(".yaml")) {
            let path = format!("rubrics/{name}");
            if path == WAIVERS {
                let read = self.read("waivers", &path).and_then(|file| self.keep(&path, suite::parse_waivers(&file)));
                parts.waivers = read.map(|(_, file)| file.waivers).unwrap_or_default();
                continue;
            }
            let read = self.read("rubrics", &path).and_then(|file| self.keep(&path, suite::parse_rubric(&file)));
            match read {
                Some(rubric) => parts.rubrics.push(rubric),
                None => parts.unread.rubrics.extend(stem(name)),
            }
        }
        for name in self.root.list("rubrics/policies")?.1.iter().filter(|name| name.ends_with(".yaml")) {
            let path = format!("rubrics/policies/{name}");
            let read = self.read("policies", &path).and_then(|file| self.keep(&path, suite::parse_policy(&file)));
            match read {
                Some(policy) => parts.policies.push(policy),
                None => parts.unread.policies.extend(stem(name)),
            }
        }
        Ok(parts)
    }
}

/// Reads a project without its cases: enough for looking at runs.
pub fn read_catalog(root: Root) -> Result<Checked, LoadError> {
    let mut reader = Reader { root: &root, found: Vec::new(), hashes: BTreeMap::new() };
    let parts = reader.parts()?;
    let Reader { mut found, hashes, .. } = reader;
    let (catalog, mut problems) = assemble(parts);
    found.append(&mut problems);
    found.append(&mut unread::files(&root, catalog.as_ref())?);
    let digests = hashes.into_iter().map(|(part, hasher)| (part, hasher.finalize().to_hex().to_string())).collect();
    let (suites, census, targets, judges) = (Vec::new(), Census::default(), BTreeMap::new(), BTreeMap::new());
    let mut checked = Checked { root, catalog, suites, census, targets, judges, diagnostics: found, digests };
    checked.locate();
    Ok(checked)
}

/// Reads a project and checks all of it.
pub fn check(root: Root) -> Result<Checked, LoadError> {
    let mut checked = read_catalog(root)?;
    let mut files = Vec::new();
    for name in checked.root.list("suites")?.0.iter().filter(|name| *name != "worlds") {
        let Ok(pipeline) = Slug::new(name) else { continue };
        for file in checked.root.list(&format!("suites/{name}"))?.1 {
            if is_suite(&file, checked.catalog.as_ref().map(|catalog| &catalog.project)) {
                files.push((pipeline.clone(), format!("suites/{name}/{file}")));
            }
        }
    }
    let (root, catalog) = (&checked.root, checked.catalog.as_ref());
    let mut hasher = blake3::Hasher::new();
    let mut found = Vec::new();
    let mut cases = 0;
    // As many suites as are read at once are in memory at once.
    for files in files.chunks(rayon::current_num_threads()) {
        let read: Vec<ReadSuite> =
            files.par_iter().map(|(pipeline, file)| read_suite(root, catalog, pipeline, file)).collect();
        for mut suite in read {
            hasher.update(suite.digest.as_bytes());
            found.append(&mut suite.found);
            let Some((file, coverage)) = suite.suite else {
                checked.census.add_unread(&suite.pipeline);
                continue;
            };
            cases += file.cases;
            found.extend(checked.census.add(&file.pipeline, &file.name, &file.file, coverage));
            checked.suites.push(file);
        }
        if cases > KEPT_CASES {
            checked.suites.iter_mut().for_each(|suite| suite.kept = None);
        }
    }
    checked.digests.insert("suites".to_owned(), hasher.finalize().to_hex().to_string());
    if let Some(catalog) = &checked.catalog {
        found.extend(checked.census.finish(catalog));
        found.extend(plan::examine_waivers(catalog, &checked.census, &|case| {
            checked.suite_of(case).map(|suite| suite.kind)
        }));
        let (targets, mut problems) = build_targets(root, catalog);
        checked.targets = targets;
        found.append(&mut problems);
        for name in catalog.project.judges.keys() {
            let (judge, mut problems) = target::build_judge(name, &catalog.project, MARKER, root.path());
            checked.judges.extend(judge.map(|judge| (name.clone(), Arc::new(judge))));
            found.append(&mut problems);
        }
    }
    checked.diagnostics.append(&mut found);
    checked.locate();
    Ok(checked)
}

/// Whether a file in the folder of a pipeline is a suite: any that has no other use there.
pub fn is_suite(file: &str, project: Option<&Project>) -> bool {
    let is_other =
        || ["pipeline.yaml", "rules.yaml"].contains(&file) || project.is_some_and(|project| project.reads(file));
    file.ends_with(".jsonl") || (file.ends_with(".yaml") && !is_other())
}

struct ReadSuite {
    pipeline: Slug,
    suite: Option<(SuiteFile, Coverage)>,
    found: Vec<Diagnostic>,
    digest: blake3::Hash,
}

fn read_suite(root: &Root, catalog: Option<&Catalog>, pipeline: &Slug, file: &str) -> ReadSuite {
    let source = match root.read(file) {
        Ok(source) => source,
        Err(why) => {
            let found = vec![unreadable(file, &why)];
            return ReadSuite { pipeline: pipeline.clone(), suite: None, found, digest: blake3::hash(b"") };
        }
    };
    let digest = digest(&source);
    let (parsed, mut found) = suite::parse_suite(&source, pipeline);
    let Some((suite, lines)) = parsed else {
        return ReadSuite { pipeline: pipeline.clone(), suite: None, found, digest };
    };
    let coverage = match catalog.filter(|catalog| catalog.pipelines.contains_key(pipeline)) {
        Some(catalog) => {
            let (coverage, mut problems) = Coverage::of(catalog, &suite, &lines, file);
            suite::locate(&source, &mut problems);
            found.append(&mut problems);
            coverage
        }
        None => Coverage::unexamined(&suite, &lines),
    };
    let (name, kind, cases) = (suite.name.clone(), suite.kind, suite.cases.len());
    let own_repeats = (0..).zip(&suite.cases).filter_map(|(at, case)| Some((at, case.repeats?))).collect();
    let kept = (cases <= KEPT_CASES).then(|| Arc::new((suite, lines)));
    let file =
        SuiteFile { file: file.to_owned(), pipeline: pipeline.clone(), name, kind, cases, own_repeats, digest, kept };
    ReadSuite { pipeline: pipeline.clone(), suite: Some((file, coverage)), found, digest }
}

/// Every target of the project is built: what is wrong with one is wrong with the project.
fn build_targets(root: &Root, catalog: &Catalog) -> (BTreeMap<Slug, Box<dyn Target>>, Vec<Diagnostic>) {
    let pipelines: Vec<_> = catalog.pipelines.values().cloned().collect();
    let read = |pipeline: &Slug, name: &str| root.read(&format!("suites/{pipeline}/{name}"));
    let (mut targets, mut found) = (BTreeMap::new(), Vec::new());
    for name in catalog.project.targets.keys() {
        let (target, mut problems) = target::build(name, &catalog.project, MARKER, &pipelines, &read, root.path());
        targets.extend(target.map(|target| (name.clone(), target)));
        // What is wrong with a prompt is wrong for every target that uses it.
        problems.retain(|problem| !found.contains(problem));
        found.append(&mut problems);
    }
    (targets, found)
}

impl Checked {
    /// Whether it can be run.
    pub fn is_sound(&self) -> bool {
        self.catalog.is_some() && !any_error(&self.diagnostics)
    }

    /// The suite that holds a case.
    pub fn suite_of(&self, case: &Slug) -> Option<&SuiteFile> {
        let (file, _) = self.census.cases.get(case)?;
        self.suites.iter().find(|suite| suite.file == **file)
    }

    /// Errors and warnings.
    pub fn counts(&self) -> (usize, usize) {
        let errors = self.diagnostics.iter().filter(|d| d.severity == Severity::Error).count();
        (errors, self.diagnostics.len() - errors)
    }

    /// The texts that the diagnostics are about, by path.
    pub fn sources(&self) -> BTreeMap<String, String> {
        let mut sources = BTreeMap::new();
        for diagnostic in &self.diagnostics {
            if !sources.contains_key(&diagnostic.file)
                && let Ok(file) = self.root.read(&diagnostic.file)
            {
                sources.insert(file.path, file.text);
            }
        }
        sources
    }

    /// Turns pointers that are left into places in the text.
    fn locate(&mut self) {
        use crate::diagnostic::Place;
        let pointed = |d: &Diagnostic| matches!(d.place, Place::Value(_) | Place::Key(_));
        let files: std::collections::BTreeSet<String> =
            self.diagnostics.iter().filter(|d| pointed(d)).map(|d| d.file.clone()).collect();
        for path in files {
            let Ok(file) = self.root.read(&path) else { continue };
            let (mut here, rest): (Vec<_>, Vec<_>) =
                std::mem::take(&mut self.diagnostics).into_iter().partition(|d| d.file == path && pointed(d));
            suite::locate(&file, &mut here);
            self.diagnostics = rest;
            self.diagnostics.append(&mut here);
        }
    }
}

/// What a file is called by others.
fn stem(file: &str) -> Option<Slug> {
    Slug::new(file.strip_suffix(".yaml")?).ok()
}

fn unreadable(path: &str, why: &str) -> Diagnostic {
    Diagnostic::of_file("unreadable-file", path, format!("this file is needed: {why}"))
}

fn digest(file: &SourceFile) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    add(&mut hasher, file);
    hasher.finalize()
}

/// Path and text, each with its length, so that no two different sets of files hash alike.
fn add(hasher: &mut blake3::Hasher, file: &SourceFile) {
    for part in [&file.path, &file.text] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
}

#[cfg(test)]
#[path = "checked_tests.rs"]
mod tests;
