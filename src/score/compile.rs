//! Rubrics made ready for use: check names looked up, parameters typed, marks settled.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::at::At;
use super::checks::{CHECKS, CheckEntry, Reads};
use super::examine::Exam;
use super::judge::{Inquiry, Judged, Judges, Licences};
use super::judgement::{Check, Fix, Judgement, Subject};
use super::schema::Allowed;
use super::{View, schema, shown};
use crate::diagnostic::{Diagnostic, any_error};
use crate::domain::{
    Area, Case, Combine, Criterion, Effect, Level, Mark, Outcome, Pipeline, Rubric, Slug, Trit, pointer,
};
use crate::golden::Comparison;
use crate::world::System;

/// A rubric whose checks are known and whose parameters are typed.
pub struct CompiledRubric {
    areas: Vec<(Area, Combine)>,
    criteria: Vec<CompiledCriterion>,
    /// What the output schema allows at the places that cases were examined for: many cases ask for few places.
    pub(super) allowed: Allowed,
}

/// One question, ready to be asked of a trial.
pub struct CompiledCriterion {
    pub area: Area,
    /// Unique within the area.
    pub id: Slug,
    /// Advisory, whatever the rubric says, where a judge marks that is not licensed for the area.
    pub level: Level,
    /// The level in the rubric.
    written: Level,
    /// Why `level` is not what is written.
    demoted: Option<String>,
    /// Why its judge may gate nothing.
    barred: Option<String>,
    /// Who its judge is today, hex.
    identity: Option<String>,
    pub entry: &'static CheckEntry,
    /// JSON pointer of the criterion in the rubric.
    pub pointer: String,
    pub hit: Trit,
    pub partial: Trit,
    pub miss: Trit,
    check: Box<dyn Check>,
}

impl CompiledRubric {
    /// In the rubric's order, area by area.
    pub fn criteria(&self) -> &[CompiledCriterion] {
        &self.criteria
    }

    /// Whether a trial of the case can be marked in the area.
    pub(super) fn asks(&self, area: Area, case: &Case) -> bool {
        self.criteria.iter().any(|c| c.area == area && c.level == Level::Blocking && c.applies_to(case))
    }

    /// Lets the criteria block that are to block and whose judge is licensed for their area; makes those of other judges
    /// advisory, which is what they are until somebody says this.
    pub fn license(&mut self, licences: &Licences) {
        for criterion in &mut self.criteria {
            let Some(inquiry) = criterion.check.inquiry() else { continue };
            let licensed = licences.of(&inquiry.judge, criterion.area);
            let demoted = licensed.err().filter(|_| criterion.written == Level::Blocking).map(str::to_owned);
            criterion.level = if demoted.is_some() { Level::Advisory } else { criterion.written };
            criterion.demoted = demoted;
            criterion.barred = licences.barred(&inquiry.judge).map(str::to_owned);
            criterion.identity = licences.identity(&inquiry.judge).map(str::to_owned);
        }
    }

    /// The areas it marks, in the areas' order.
    pub fn areas(&self) -> &[(Area, Combine)] {
        &self.areas
    }
}

impl CompiledCriterion {
    /// The key of the case's `expect` that it reads.
    pub fn want(&self) -> Option<&str> {
        self.check.want()
    }

    /// Whether the rubric lets it block, licensed or not.
    pub fn is_to_block(&self) -> bool {
        self.written == Level::Blocking
    }

    /// What it asks a judge, where one marks it.
    pub fn inquiry(&self) -> Option<&Inquiry> {
        self.check.inquiry()
    }

    /// Whether a mark of it that a snapshot holds says something of today's: any of a rule, and of a judge those that the same
    /// judge gave. `judges`: the identities of those of the snapshot.
    pub(super) fn stands_by(&self, judges: &BTreeMap<Slug, String>) -> bool {
        self.inquiry().is_none_or(|inquiry| {
            self.identity.as_ref().is_some_and(|identity| judges.get(&inquiry.judge) == Some(identity))
        })
    }

    /// What stands behind a judge's mark of the trial; `None` where no judge marks it, or has nothing to judge.
    pub(super) fn judged(&self, view: &View) -> Option<Box<Judged>> {
        let inquiry = self.inquiry().filter(|_| self.applies_to(view.case))?;
        let answered = match &view.trial.outcome {
            Outcome::Answered { .. } => view.answers.of(self.area, &self.id),
            Outcome::NoAnswer { .. } | Outcome::Failed { .. } => None,
        };
        let (identity, digest, votes, flags) = answered.cloned().map_or_else(Default::default, |answered| {
            (answered.identity, answered.digest, answered.votes, answered.flags)
        });
        let (judge, question, asked) = (inquiry.judge.clone(), inquiry.question.clone(), inquiry.votes);
        let (demoted, barred) = (self.demoted.clone(), self.barred.clone());
        let not_compared = false;
        Some(Box::new(Judged { judge, identity, question, digest, asked, votes, flags, demoted, barred, not_compared }))
    }

    /// Whether the mark depends on the trial, the case and the stored answers of a judge alone, so that a snapshot may hold
    /// it.
    pub fn repeatable(&self) -> bool {
        self.entry.repeatable
    }

    /// Whether the case gives it something to judge.
    pub fn applies_to(&self, case: &Case) -> bool {
        self.check.inapplicable(case, self.expected(case)).is_none()
    }

    /// What the case expects of it.
    pub(super) fn expected<'c>(&self, case: &'c Case) -> Option<&'c Value> {
        case.expect.get(self.want()?)
    }

    /// The texts that the field it judges may hold, where the output's schema lists them.
    pub fn vocabulary<'s>(&self, schema: &'s Value) -> Option<Vec<&'s str>> {
        let allowed = schema::allowed(schema, self.check.field()?)?;
        let texts: Vec<&str> = allowed.into_iter().filter_map(Value::as_str).collect();
        (!texts.is_empty()).then_some(texts)
    }

    /// The texts that the case takes for right in that field.
    pub fn right<'c>(&self, case: &'c Case) -> Vec<&'c str> {
        let want = self.want().and_then(|key| case.expect.get(key));
        want.map(|want| self.check.right(want)).into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// Whether it reads what is at a place of the output, or a part of it. A criterion that searches the whole output
    /// reads no place of its own.
    pub fn reads(&self, place: &str) -> bool {
        let within = |outer: &str, inner: &str| {
            inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let places = self.check.places();
        places.into_iter().filter(|at| !at.is_empty()).any(|at| within(at, place) || within(place, at))
    }

    /// What the case should expect once a reviewer put something right, under the key of [`CompiledCriterion::want`].
    pub fn corrected(&self, fix: &Fix) -> Option<Value> {
        self.check.corrected(fix)
    }

    /// Effect classes of the tools that the case's expectation speaks of.
    pub fn effects(&self, case: &Case, system: &System) -> Vec<Effect> {
        let want = self.want().and_then(|key| case.expect.get(key));
        want.map(|want| self.check.effects(want, system)).unwrap_or_default()
    }

    pub(super) fn examine(&self, exam: &mut Exam) {
        self.check.examine(exam);
    }

    /// The mark of one trial.
    pub(super) fn mark(&self, view: &View, comparison: &Comparison) -> Mark {
        let (trit, why) = match self.judge(view, comparison) {
            Judgement::Hit(why) => (self.hit, why),
            Judgement::Partial(why) => (self.partial, why),
            Judgement::Miss(why) => (self.miss, why),
            Judgement::NotApplicable(reason) => return Mark::NotScored { reason: shown::sentence(reason) },
        };
        Mark::Marked { trit, why: shown::sentence(why) }
    }

    pub(super) fn judge(&self, view: &View, comparison: &Comparison) -> Judgement {
        let Outcome::Failed { .. } = &view.trial.outcome else { return self.judge_ended(view, comparison) };
        let done = (self.entry.reads == Reads::Deeds).then(|| self.judge_ended(view, comparison));
        match done {
            Some(miss @ Judgement::Miss(_)) => miss,
            // Why it failed is told once, with the outcome. What is not wrong yet says nothing of a trial without an end.
            _ => Judgement::NotApplicable("the target failed".to_owned()),
        }
    }

    fn judge_ended(&self, view: &View, comparison: &Comparison) -> Judgement {
        let want = self.expected(view.case);
        if let Some(reason) = self.check.inapplicable(view.case, want) {
            return Judgement::NotApplicable(reason);
        }
        let output = match &view.trial.outcome {
            Outcome::Answered { output } => output,
            Outcome::NoAnswer { reason } if self.entry.reads == Reads::Output => {
                return Judgement::Miss(format!("there is no answer: {reason}"));
            }
            Outcome::NoAnswer { .. } if self.entry.reads == Reads::Claims => {
                return Judgement::NotApplicable("there is no answer that claims anything".to_owned());
            }
            Outcome::NoAnswer { .. } | Outcome::Failed { .. } => &Value::Null,
        };
        let want = want.unwrap_or(&Value::Null);
        let answered = self.inquiry().and_then(|_| view.answers.of(self.area, &self.id));
        self.check.judge(&Subject { view, output, want, comparison, answered })
    }
}

/// Compiles a rubric for its pipeline; unknown checks, wrong parameters and places that the output does not have are
/// diagnostics about `file`. `None` only with at least one error. `judges`: those of the project; `None` where it could not
/// be read, and then no name of a judge is wrong. No judge is licensed for anything until [`CompiledRubric::license`].
pub fn compile(
    rubric: &Rubric,
    file: &str,
    pipeline: &Pipeline,
    judges: Option<&Judges>,
) -> (Option<CompiledRubric>, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let mut criteria: Vec<CompiledCriterion> = Vec::new();
    for (&area, asked) in &rubric.areas {
        for (i, criterion) in asked.criteria.iter().enumerate() {
            let pointer = format!("/areas/{area}/criteria/{i}");
            if criteria.iter().any(|other| other.area == area && other.id == criterion.id) {
                let message = format!("{area} has two criteria {:?}", criterion.id);
                diagnostics.push(Diagnostic::error("duplicate-criterion", file, format!("{pointer}/id"), message));
            }
            let setup = Setup {
                pipeline,
                judges,
                params: &Value::Null,
                file,
                pointer: String::new(),
                diagnostics: &mut diagnostics,
            };
            criteria.extend(compile_criterion(area, criterion, pointer, setup));
        }
    }
    let areas = rubric.areas.iter().map(|(&area, asked)| (area, asked.combine)).collect();
    let mut compiled = CompiledRubric { areas, criteria, allowed: Allowed::default() };
    compiled.license(&Licences::default());
    ((!any_error(&diagnostics)).then_some(compiled), diagnostics)
}

/// `setup`: without the parameters and their place.
fn compile_criterion<'a>(
    area: Area,
    criterion: &'a Criterion,
    pointer: String,
    mut setup: Setup<'a>,
) -> Option<CompiledCriterion> {
    let file = setup.file;
    let at_check = format!("{pointer}/check");
    let mut named = criterion.check.iter();
    let (Some((name, params)), None) = (named.next(), named.next()) else {
        let message = format!("a criterion has exactly one check, this one has {}", criterion.check.len());
        setup.diagnostics.push(Diagnostic::error("one-check", file, at_check, message));
        return None;
    };
    let at_params = pointer::below(&at_check, name);
    let Some(entry) = find(name) else {
        let message = format!("there is no check {}", shown::text(name));
        let known = CHECKS.iter().map(|entry| entry.name);
        let unknown = Diagnostic::error("unknown-check", file, at_params, message).at_key();
        setup.diagnostics.push(unknown.suggest(name, known));
        return None;
    };
    (setup.params, setup.pointer) = (params, at_params);
    let check = (entry.compile)(&mut setup)?;
    let diagnostics = setup.diagnostics;
    let own = [("hit", criterion.hit), ("partial", criterion.partial), ("miss", criterion.miss)];
    for (key, _) in own.iter().filter(|(_, mark)| mark.is_some() && check.inquiry().is_some()) {
        let message = format!("`{key}` says nothing here: each option of a judge says which mark it earns");
        diagnostics.push(Diagnostic::error("marks-of-options", file, format!("{pointer}/{key}"), message).at_key());
    }
    let (hit, partial, miss) = (
        criterion.hit.unwrap_or(entry.hit.mark),
        criterion.partial.unwrap_or(entry.partial.mark),
        criterion.miss.unwrap_or(entry.miss.mark),
    );
    if hit < partial || partial < miss {
        let message = format!("a hit earns {hit}, a partial hit {partial}, a miss {miss}: the better end earns less");
        diagnostics.push(Diagnostic::warning("marks-out-of-order", file, pointer.as_str(), message));
    }
    let (id, level) = (criterion.id.clone(), criterion.level);
    let (written, demoted, barred, identity) = (level, None, None, None);
    Some(CompiledCriterion {
        area,
        id,
        level,
        written,
        demoted,
        barred,
        identity,
        entry,
        pointer,
        hit,
        partial,
        miss,
        check,
    })
}

/// The check with this name.
fn find(name: &str) -> Option<&'static CheckEntry> {
    CHECKS.binary_search_by_key(&name, |entry| entry.name).ok().map(|i| &CHECKS[i])
}

/// What a check is compiled from.
pub struct Setup<'a> {
    pub pipeline: &'a Pipeline,
    judges: Option<&'a Judges>,
    params: &'a Value,
    file: &'a str,
    /// Of the parameters, in the rubric.
    pointer: String,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl Setup<'_> {
    /// The typed parameters, or `None` with everything wrong about them diagnosed.
    pub fn params<T: DeserializeOwned + JsonSchema>(&mut self) -> Option<T> {
        let empty = Map::new();
        let given = match self.params {
            Value::Object(given) => given,
            Value::Null => &empty,
            other => {
                self.error("", format!("a check's parameters are a map, not {}", shown::value(other)));
                return None;
            }
        };
        let schema = schemars::schema_for!(T);
        let known = schema.get("properties").and_then(Value::as_object).unwrap_or(&empty);
        let mut right = Map::new();
        for (key, value) in given {
            if known.contains_key(key) {
                right.insert(key.to_owned(), value.to_owned());
                continue;
            }
            let pointer = pointer::below(&self.pointer, key);
            let message = format!("this check has no parameter {}", shown::text(key));
            let diagnostic = Diagnostic::error("unknown-parameter", self.file, pointer, message).at_key();
            self.diagnostics.push(diagnostic.suggest(key, known.keys().map(String::as_str)));
        }
        let complete = right.len() == given.len();
        match serde_path_to_error::deserialize(&Value::Object(right)) {
            Ok(params) => complete.then_some(params),
            Err(error) => {
                let pointer = pointer::at_path("", error.path());
                self.error(&pointer, error.into_inner().to_string());
                None
            }
        }
    }

    /// The judge with this name, or the project's own; `None` with a diagnostic if there is none.
    pub fn judge(&mut self, named: Option<Slug>) -> Option<Slug> {
        let Some(judges) = self.judges else { return named.or(Slug::new("unknown").ok()) };
        let pointer = format!("{}{}", self.pointer, if named.is_some() { "/judge" } else { "" });
        let fault = match (named, &judges.default) {
            (Some(name), _) if judges.names.contains(&name) => return Some(name),
            (None, Some(name)) => return Some(name.clone()),
            (Some(name), _) => {
                Diagnostic::error("unknown-judge", self.file, pointer, format!("there is no judge {name:?}"))
                    .suggest(&name, judges.names.iter().map(Slug::as_str))
            }
            (None, None) => {
                let message = "no judge is named here, and evalgate.yaml says none for such criteria";
                Diagnostic::error("no-judge", self.file, pointer, message)
                    .with_help("set `judges` and `judge` in evalgate.yaml, or name one of its judges here")
            }
        };
        self.diagnostics.push(fault);
        None
    }

    /// An error about the parameter at `below`, e.g. `/at`.
    pub fn error(&mut self, below: &str, message: impl Into<String>) {
        let pointer = format!("{}{below}", self.pointer);
        self.diagnostics.push(Diagnostic::error("wrong-parameter", self.file, pointer, message));
    }

    /// Says so where the parameter `key` names a place that the output schema does not have.
    pub fn place(&mut self, key: &str, at: &At) {
        self.pointed(key, at.as_str());
    }

    /// The same for a place made of several parameters: the one called `key` decides.
    pub fn pointed(&mut self, key: &str, pointer: &str) {
        if let Some((message, step, known)) = schema::fault(&self.pipeline.output_schema, pointer) {
            let place = format!("{}/{key}", self.pointer);
            self.diagnostics.push(Diagnostic::error("unknown-place", self.file, place, message).suggest(&step, known));
        }
    }
}
