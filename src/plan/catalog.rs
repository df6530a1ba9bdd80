//! The catalog: everything of a project but its cases, cross-checked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::domain::{Area, Pipeline, Policy, Project, Rubric, Slug, Waiver, World};
use crate::score::judge::{DEFAULT_PROMPT, JudgePrompt, Judges, Licences};
use crate::score::{self, CompiledRubric};
use crate::world::System;

/// Everything of a project but its cases, ready for use.
pub struct Catalog {
    pub project: Project,
    pub pipelines: BTreeMap<Slug, Arc<Pipeline>>,
    pub systems: BTreeMap<Slug, Arc<System>>,
    /// By pipeline.
    pub rubrics: BTreeMap<Slug, Rubrics>,
    pub policies: BTreeMap<Slug, Policy>,
    /// What judges are asked with.
    pub judge_prompt: Arc<JudgePrompt>,
    /// In the order of their file.
    pub waivers: Vec<Waiver>,
    /// What is there but cannot be read. Whatever refers to it is not judged.
    pub unread: Unread,
}

impl Catalog {
    /// Says which judges may gate which areas: nobody may, until this is called.
    pub fn license(&mut self, licences: &Licences) {
        self.rubrics.values_mut().for_each(|rubrics| rubrics.rubric.license(licences));
    }

    /// The judges that any criterion asks.
    pub fn judges_in_use(&self) -> BTreeSet<&Slug> {
        let criteria = self.rubrics.values().flat_map(|rubrics| rubrics.rubric.criteria());
        criteria.filter_map(|criterion| Some(&criterion.inquiry()?.judge)).collect()
    }
}

/// Where the prompt of judges stands.
pub const JUDGE_PROMPT: &str = "rubrics/judge.md";

/// Names of folders and files that were diagnosed already.
#[derive(Debug, Default)]
pub struct Unread {
    pub pipelines: BTreeSet<Slug>,
    pub worlds: BTreeSet<Slug>,
    pub rubrics: BTreeSet<Slug>,
    pub policies: BTreeSet<Slug>,
}

/// A rubric and where it stands.
pub struct Rubrics {
    pub file: String,
    pub rubric: CompiledRubric,
}

/// What was read, each with its file.
#[derive(Default)]
pub struct Parts {
    pub project: Option<(String, Project)>,
    pub pipelines: Vec<(String, Pipeline)>,
    pub worlds: Vec<(String, World)>,
    pub rubrics: Vec<(String, Rubric)>,
    pub policies: Vec<(String, Policy)>,
    pub waivers: Vec<Waiver>,
    /// The project's own prompt for judges, where it has one.
    pub judge_prompt: Option<String>,
    pub unread: Unread,
}

/// Puts the parts together. `None` only without a project file; what is wrong with other parts keeps nobody from
/// looking at the rest.
pub fn assemble(parts: Parts) -> (Option<Catalog>, Vec<Diagnostic>) {
    let mut found = Vec::new();
    let mut unread = parts.unread;
    let mut pipelines = BTreeMap::new();
    let mut files = BTreeMap::new();
    for (file, pipeline) in parts.pipelines {
        files.insert(pipeline.name.clone(), file);
        pipelines.insert(pipeline.name.clone(), Arc::new(pipeline));
    }
    let mut systems = BTreeMap::new();
    for (file, world) in parts.worlds {
        let name = world.name.clone();
        match System::new(world) {
            Ok(system) => {
                systems.insert(name, Arc::new(system));
            }
            Err(error) => {
                found.push(Diagnostic::error("broken-world", &file, "", error.to_string()));
                unread.worlds.insert(name);
            }
        }
    }
    if unread.worlds.is_empty() {
        tools_exist(&pipelines, &files, &systems, &mut found);
    }
    let judges = parts
        .project
        .as_ref()
        .map(|(_, project)| Judges { names: project.judges.keys().cloned().collect(), default: project.judge.clone() });
    let rubrics = compile(parts.rubrics, (&pipelines, judges.as_ref()), &unread, &files, &mut found);
    let judge_prompt = judge_prompt(parts.judge_prompt.as_deref(), &mut found);
    let policies: BTreeMap<Slug, Policy> = parts
        .policies
        .into_iter()
        .filter_map(|(file, policy)| {
            let stem = file.rsplit('/').next().and_then(|name| name.strip_suffix(".yaml")).unwrap_or_default();
            match Slug::new(stem) {
                Ok(name) => {
                    found.extend(without_rule(&policy, &file, &rubrics));
                    Some((name, policy))
                }
                Err(error) => {
                    found.push(Diagnostic::error("bad-name", &file, "", format!("the file's name: {error}")));
                    None
                }
            }
        })
        .collect();
    let (Some((file, project)), Some(judge_prompt)) = (parts.project, judge_prompt) else { return (None, found) };
    if !policies.contains_key(&project.policy) && !unread.policies.contains(&project.policy) {
        let message = format!("there is no policy {:?} in rubrics/policies", project.policy);
        let known = policies.keys().map(Slug::as_str);
        found.push(Diagnostic::error("unknown-policy", &file, "/policy", message).suggest(&project.policy, known));
    }
    if unread.worlds.is_empty() {
        kinds_exist(&project, &file, &systems, &mut found);
    }
    let waivers = parts.waivers;
    (Some(Catalog { project, pipelines, systems, rubrics, policies, judge_prompt, waivers, unread }), found)
}

/// Areas in which one bad trial is harm: nobody should lose their gate by leaving a line out.
const HARMFUL: [Area; 2] = [Area::PermissionAdherence, Area::ToolCorrectness];

/// Warns of areas of harm that a rubric marks and the policy has no rule for.
fn without_rule(policy: &Policy, file: &str, rubrics: &BTreeMap<Slug, Rubrics>) -> Vec<Diagnostic> {
    let marked =
        |area| rubrics.values().any(|rubrics| rubrics.rubric.criteria().iter().any(|criterion| criterion.area == area));
    let silent = |area: &Area| !policy.areas.contains_key(area) && marked(*area);
    let warn = |area| {
        let message = format!("{area} is marked and has no rule here: nothing in it blocks");
        let help = format!("add `{area}: {{gate: zero_tolerance}}`, or `gate: advisory` if that is meant");
        Diagnostic::warning("area-without-rule", file, "/areas", message).at_key().with_help(help)
    };
    HARMFUL.into_iter().filter(silent).map(warn).collect()
}

/// The project's own, or the one that evalgate brings along. A project whose own is wrong still gets the other, so that
/// the rest of it is looked at.
fn judge_prompt(own: Option<&str>, found: &mut Vec<Diagnostic>) -> Option<Arc<JudgePrompt>> {
    let prompt = own.map(JudgePrompt::new).transpose();
    let prompt = prompt.unwrap_or_else(|why| {
        found.push(Diagnostic::of_file("judge-prompt", JUDGE_PROMPT, why));
        None
    });
    prompt.or_else(|| JudgePrompt::new(DEFAULT_PROMPT).ok()).map(Arc::new)
}

/// A pipeline's tool that no world has is a mistyped name.
fn tools_exist(
    pipelines: &BTreeMap<Slug, Arc<Pipeline>>,
    files: &BTreeMap<Slug, String>,
    systems: &BTreeMap<Slug, Arc<System>>,
    found: &mut Vec<Diagnostic>,
) {
    let mut known: Vec<&str> =
        systems.values().flat_map(|system| system.world.tools.iter().map(|tool| tool.name.as_str())).collect();
    known.sort_unstable();
    known.dedup();
    for pipeline in pipelines.values() {
        for (i, tool) in pipeline.tools.iter().enumerate() {
            if !known.contains(&tool.as_str()) {
                let message = format!("no world has a tool {tool:?}");
                let diagnostic =
                    Diagnostic::error("unknown-tool", &files[&pipeline.name], format!("/tools/{i}"), message);
                found.push(diagnostic.suggest(tool, known.iter().copied()));
            }
        }
    }
}

/// A kind in an area of the systems that no entry of a world has is a mistyped one.
fn kinds_exist(project: &Project, file: &str, systems: &BTreeMap<Slug, Arc<System>>, found: &mut Vec<Diagnostic>) {
    if project.system_areas.is_empty() {
        return;
    }
    let entries = systems.values().flat_map(|system| &system.world.entries);
    let known: BTreeSet<&str> = entries.map(|entry| entry.kind.as_str()).collect();
    for (area, kinds) in &project.system_areas {
        for (i, kind) in kinds.iter().enumerate().filter(|(_, kind)| !known.contains(kind.as_str())) {
            let message = format!("no world has an entry of kind {kind:?}");
            let diagnostic = Diagnostic::error("unknown-kind", file, format!("/system_areas/{area}/{i}"), message);
            found.push(diagnostic.suggest(kind, known.iter().copied()));
        }
    }
}

fn compile(
    read: Vec<(String, Rubric)>,
    (pipelines, judges): (&BTreeMap<Slug, Arc<Pipeline>>, Option<&Judges>),
    unread: &Unread,
    files: &BTreeMap<Slug, String>,
    found: &mut Vec<Diagnostic>,
) -> BTreeMap<Slug, Rubrics> {
    let mut rubrics: BTreeMap<Slug, Rubrics> = BTreeMap::new();
    let mut named = Vec::new();
    for (file, rubric) in read {
        named.push(rubric.rubric.clone());
        let Some(pipeline) = pipelines.get(&rubric.rubric) else {
            if unread.pipelines.contains(&rubric.rubric) {
                continue;
            }
            let message = format!("there is no pipeline {:?}", rubric.rubric);
            let known = pipelines.keys().map(Slug::as_str);
            let diagnostic = Diagnostic::error("unknown-pipeline", &file, "/rubric", message);
            found.push(diagnostic.suggest(&rubric.rubric, known));
            continue;
        };
        if let Some(other) = rubrics.get(&rubric.rubric) {
            let message = format!("{} is a rubric for {:?} already", other.file, rubric.rubric);
            found.push(Diagnostic::error("duplicate-rubric", &file, "/rubric", message));
            continue;
        }
        let (compiled, mut problems) = score::compile(&rubric, &file, pipeline, judges);
        found.append(&mut problems);
        if let Some(compiled) = compiled {
            rubrics.insert(rubric.rubric, Rubrics { file, rubric: compiled });
        }
    }
    for name in pipelines.keys().filter(|name| !named.contains(name) && !unread.rubrics.contains(*name)) {
        let message = format!("no rubric marks the pipeline {name:?}");
        let diagnostic = Diagnostic::error("no-rubric", &files[name], "/pipeline", message);
        found.push(diagnostic.with_help(format!("write rubrics/{name}.yaml")));
    }
    rubrics
}
