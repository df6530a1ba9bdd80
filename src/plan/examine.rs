//! What a suite's cases say that the catalog does not bear out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Catalog;
use crate::diagnostic::Diagnostic;
use crate::domain::{Case, Outcome, Pipeline, ReferenceEnd, SHARED_ORG, Slug, Step, Suite, Trial, Trit, Usage};
use crate::golden::SnapshotInfo;
use crate::score::{self, Answers, View};
use crate::world::{Binding, System, replay};

/// What one suite holds, gathered while it was examined.
#[derive(Debug, Default)]
pub struct Coverage {
    /// Every case with its line.
    pub ids: Vec<(Slug, u32)>,
    /// Cases with their earlier ids.
    pub moved_from: Vec<(Slug, Vec<Slug>)>,
    /// Positions of the rubric's criteria that some case of the suite can score.
    pub applicable: BTreeSet<usize>,
}

impl Coverage {
    /// The cases alone: of a suite whose pipeline could not be read, nothing else is known.
    pub fn unexamined(suite: &Suite, lines: &[u32]) -> Self {
        let ids = suite.cases.iter().enumerate();
        let ids = ids.map(|(i, case)| (case.id.clone(), lines.get(i).copied().unwrap_or(1))).collect();
        let moved = suite.cases.iter().filter(|case| !case.moved_from.is_empty());
        let moved_from = moved.map(|case| (case.id.clone(), case.moved_from.clone())).collect();
        Self { ids, moved_from, applicable: BTreeSet::new() }
    }

    /// Examines one suite. The diagnostics are pointers into `file`.
    pub fn of(catalog: &Catalog, suite: &Suite, lines: &[u32], file: &str) -> (Self, Vec<Diagnostic>) {
        let mut coverage = Self::unexamined(suite, lines);
        let mut found = Vec::new();
        let mut header_told = false;
        let pipeline = &catalog.pipelines[&suite.pipeline];
        for (i, case) in suite.cases.iter().enumerate() {
            let at = format!("/cases/{i}");
            let rubric = catalog.rubrics.get(&suite.pipeline).map(|rubrics| &rubrics.rubric);
            for (i, criterion) in rubric.into_iter().flat_map(|rubric| rubric.criteria().iter().enumerate()) {
                if !coverage.applicable.contains(&i) && criterion.applies_to(case) {
                    coverage.applicable.insert(i);
                }
            }
            let Some(system) = catalog.systems.get(&case.world) else {
                if catalog.unread.worlds.contains(&case.world) {
                    continue;
                }
                let message = format!("there is no world {:?}", case.world);
                let known = catalog.systems.keys().map(Slug::as_str);
                let of_header = suite.world.as_ref() == Some(&case.world);
                // The header's is told once, not once a case.
                if of_header && std::mem::replace(&mut header_told, true) {
                    continue;
                }
                let pointer = if of_header { "/world".to_owned() } else { format!("{at}/world") };
                let diagnostic = Diagnostic::error("unknown-world", file, pointer, message);
                found.push(diagnostic.suggest(&case.world, known));
                continue;
            };
            let mut exam = Exam { file, at: &at, case, pipeline, system, found: &mut found };
            exam.request();
            exam.approvals();
            exam.faults();
            let Some(rubric) = rubric else { continue };
            for problem in rubric.examine(case, pipeline, system) {
                let mut diagnostic =
                    Diagnostic::error(problem.code, file, format!("{at}{}", problem.pointer), problem.message);
                diagnostic.help = problem.help;
                exam.found.push(if problem.key { diagnostic.at_key() } else { diagnostic });
            }
            exam.reference(rubric, suite);
        }
        (coverage, found)
    }
}

struct Exam<'a> {
    file: &'a str,
    /// Pointer of the case.
    at: &'a str,
    case: &'a Case,
    pipeline: &'a Pipeline,
    system: &'a Arc<System>,
    found: &'a mut Vec<Diagnostic>,
}

impl Exam<'_> {
    fn error(&mut self, code: &'static str, below: &str, message: String) {
        self.found.push(Diagnostic::error(code, self.file, format!("{}{below}", self.at), message));
    }

    /// An error with the known name that was probably meant.
    fn unknown<'n>(
        &mut self,
        code: &'static str,
        below: &str,
        message: String,
        name: &str,
        known: impl IntoIterator<Item = &'n str>,
    ) {
        let diagnostic = Diagnostic::error(code, self.file, format!("{}{below}", self.at), message);
        self.found.push(diagnostic.suggest(name, known));
    }

    fn request(&mut self) {
        let (case, system) = (self.case, self.system);
        let world = &system.world;
        let org = case.request.org_id.as_str();
        if !world.orgs.iter().any(|known| known.id == org) {
            let message = format!("the world {:?} has no org {org:?}", world.name);
            self.unknown("unknown-org", "/request/org_id", message, org, world.orgs.iter().map(|o| o.id.as_str()));
            return;
        }
        let Some(baseline) = &case.request.baseline_snapshot_id else { return };
        let below = "/request/baseline_snapshot_id";
        match system.entry(baseline) {
            Some(entry) if entry.org == org || entry.org == SHARED_ORG => {}
            // A foreign baseline may be the very point of a boundary case.
            Some(_) => {}
            None => {
                let known = world.entries.iter().filter(|e| e.collection == "baselines").map(|e| e.id.as_str());
                let message = format!("the world {:?} has no entry {baseline:?}", world.name);
                self.unknown("unknown-record", below, message, baseline, known);
            }
        }
    }

    fn approvals(&mut self) {
        let (case, system) = (self.case, self.system);
        for (i, approval) in case.approvals.iter().enumerate() {
            if system.user(&approval.approver).is_none() {
                let message = format!("the world {:?} has no user {:?}", system.world.name, approval.approver);
                let known = system.world.users.iter().map(|user| user.id.as_str());
                self.unknown("unknown-user", &format!("/approvals/{i}/approver"), message, &approval.approver, known);
            }
            if !system.world.tools.iter().any(|tool| tool.action() == approval.action) {
                let message = format!("no tool of the world {:?} needs {:?}", system.world.name, approval.action);
                let known: Vec<&str> = system
                    .world
                    .tools
                    .iter()
                    .filter(|tool| tool.effect.needs_approval())
                    .map(crate::domain::Tool::action)
                    .collect();
                self.unknown("unknown-action", &format!("/approvals/{i}/action"), message, &approval.action, known);
            }
        }
    }

    fn faults(&mut self) {
        let (case, system) = (self.case, self.system);
        for (i, fault) in case.faults.iter().enumerate() {
            if system.tool(&fault.tool).is_none() {
                let message = format!("the world {:?} has no tool {:?}", system.world.name, fault.tool);
                let known = system.world.tools.iter().map(|tool| tool.name.as_str());
                self.unknown("unknown-tool", &format!("/faults/{i}/tool"), message, &fault.tool, known);
            }
        }
    }

    /// Proves that the case can be solved: the reference calls end as written and cross no line of the rubric.
    fn reference(&mut self, rubric: &score::CompiledRubric, suite: &Suite) {
        let case = self.case;
        if case.reference.is_empty() {
            return;
        }
        let replayed = replay(self.system, Binding::of(case, self.pipeline), &case.reference);
        for (i, problem) in &replayed.problems {
            self.error("broken-reference", &format!("/reference/{i}"), format!("the reference call {problem}"));
        }
        if !replayed.problems.is_empty() {
            return;
        }
        let trial = Trial {
            case: case.id.clone(),
            repeat: 1,
            outcome: Outcome::NoAnswer { reason: "the reference makes calls only".to_owned() },
            // A call that must be stopped shows what the gate does; it is no part of the solution.
            steps: case
                .reference
                .iter()
                .zip(replayed.calls)
                .filter(|(reference, _)| reference.ends == ReferenceEnd::Executed)
                .map(|(_, call)| Step::Call(call))
                .collect(),
            changes: replayed.changes,
            usage: Usage::default(),
        };
        let view = View {
            case,
            kind: suite.kind,
            pipeline: self.pipeline,
            system: self.system,
            trial: &trial,
            accepted: None,
            answers: &Answers::default(),
        };
        let Ok((scored, _)) = score::score(rubric, &view, SnapshotInfo::default()) else { return };
        for (criterion, mark) in rubric.criteria().iter().zip(&scored.criteria) {
            let judges_calls = matches!(criterion.entry.name, "state" | "tools");
            if judges_calls && mark.mark.trit() == Some(Trit::Harmful) {
                let message = format!(
                    "the reference calls fail {}/{} themselves: {}",
                    criterion.area,
                    criterion.id,
                    mark.mark.why()
                );
                self.error("wrong-oracle", "/reference", message);
            }
        }
    }
}

/// What the suites of a project hold together.
#[derive(Debug, Default)]
pub struct Census {
    /// Case → file and line.
    pub cases: BTreeMap<Slug, (Arc<str>, u32)>,
    /// Case → its earlier ids, where it has any.
    pub moved_from: BTreeMap<Slug, Vec<Slug>>,
    /// Pipeline → positions of its rubric's criteria that some case can score.
    applicable: BTreeMap<Slug, BTreeSet<usize>>,
    suites: BTreeMap<(Slug, Slug), Arc<str>>,
    /// Pipelines of which a suite could not be read: nobody knows what its cases can score.
    unread: BTreeSet<Slug>,
}

impl Census {
    /// Notes that a suite of the pipeline could not be read.
    pub fn add_unread(&mut self, pipeline: &Slug) {
        self.unread.insert(pipeline.clone());
    }

    /// Whether every suite could be read: a case that is not here does not exist.
    pub fn is_whole(&self) -> bool {
        self.unread.is_empty()
    }

    /// Adds a suite; what it repeats of another is wrong.
    pub fn add(&mut self, pipeline: &Slug, suite: &Slug, file: &str, coverage: Coverage) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        let file: Arc<str> = file.into();
        if let Some(other) = self.suites.insert((pipeline.clone(), suite.clone()), Arc::clone(&file)) {
            let message = format!("{other} is called {suite:?} as well");
            found.push(Diagnostic::error("duplicate-suite", &file, "/suite", message));
        }
        for (i, (id, line)) in coverage.ids.into_iter().enumerate() {
            if let Some((other, line)) = self.cases.get(&id) {
                // Within one file the YAML edge has said so already.
                if **other != *file {
                    let message = format!("{id:?} is a case of {other} already, line {line}");
                    let help = "ids are unique in the project: snapshots and history are kept by them";
                    let pointer = format!("/cases/{i}/id");
                    found.push(Diagnostic::error("duplicate-id", &file, pointer, message).with_help(help));
                }
                continue;
            }
            self.cases.insert(id, (Arc::clone(&file), line));
        }
        self.moved_from.extend(coverage.moved_from);
        self.applicable.entry(pipeline.clone()).or_default().extend(coverage.applicable);
        found
    }

    /// What is wrong with the project as a whole: pipelines without cases, criteria that no case can score.
    pub fn finish(&self, catalog: &Catalog) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for (pipeline, rubrics) in catalog.rubrics.iter().filter(|(pipeline, _)| !self.unread.contains(*pipeline)) {
            let Some(applicable) = self.applicable.get(pipeline) else {
                let message = format!("the pipeline {pipeline:?} has no cases: nothing would be checked");
                found.push(Diagnostic::error("no-cases", &rubrics.file, "/rubric", message));
                continue;
            };
            for (i, criterion) in rubrics.rubric.criteria().iter().enumerate() {
                // A guard that waits for its first correction is no slip.
                let waits = criterion.entry.name == "correction";
                if !applicable.contains(&i) && !waits {
                    let message = match criterion.want() {
                        Some(want) => format!("no case gives `expect.{want}`: this criterion would never be scored"),
                        None => "no case gives this criterion anything to judge".to_owned(),
                    };
                    let pointer = format!("{}/id", criterion.pointer);
                    found.push(Diagnostic::error("idle-criterion", &rubrics.file, pointer, message));
                }
            }
        }
        found
    }
}
