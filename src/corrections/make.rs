//! One correction: from a trial and what a person said of it to everything that is to be kept.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Value, json};

use super::changed::changed;
use super::expectation;
use crate::domain::{
    Area, Case, CaseKind, Correction, CorrectionReason, Decision, Label, LabelSource, Level, Outcome, Pipeline,
    ReviewVerdict, Ruling, Slug, Trit,
};
use crate::golden::{Snapshot, SnapshotInfo, is_prose};
use crate::score::{self, Answers, CompiledRubric, Scored, TrialResult, View};
use crate::world::System;

/// Characters of the digest behind the case's name, and how many there are where so few are taken.
const SHORT: [usize; 4] = [6, 8, 12, 16];

/// Longest id: behind it there is room for the number of a second label.
const LONGEST: usize = Slug::MAX - 3;

/// The trial that was not good enough, and what it is judged by.
pub struct Of<'a> {
    pub result: &'a TrialResult,
    pub run: &'a Slug,
    pub target: &'a Slug,
    pub pipeline: &'a Pipeline,
    pub rubric: &'a CompiledRubric,
    pub system: &'a Arc<System>,
    /// What the trial is kept under beside the labels.
    pub trial: &'a str,
}

/// What a person said of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    pub verdict: ReviewVerdict,
    pub reason: CorrectionReason,
    /// Of review.
    pub minutes: Option<f64>,
    /// What the case guards against, in one sentence.
    pub guards: String,
    pub reviewer: String,
    pub role: String,
    pub date: Date,
    pub at: Timestamp,
    /// The whole output as it should have been; as it was where nothing was put right.
    pub output: Value,
}

/// What an id stands for already.
pub enum Known {
    /// A case that was born from this correction.
    Correction(Box<Correction>),
    Other,
}

/// Everything that is to be kept of a correction. All of it goes by the id of the case.
#[derive(Debug, Clone, PartialEq)]
pub struct Made {
    pub pipeline: Slug,
    pub target: Slug,
    pub case: Arc<Case>,
    /// One an area that the correction speaks of; the first has the id of the case, the others `.2`, `.3` … behind it.
    pub labels: Vec<Label>,
    /// What the reviewer asked for.
    pub snapshot: Snapshot,
    pub decision: Decision,
    /// What the reviewer should know, in sentences.
    pub notes: Vec<String>,
}

/// Why there is nothing to keep.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the target failed on {case}, so there is no output to correct: {error}")]
    Failed { case: Slug, error: String },
    #[error(
        "{0}: nothing was changed in the output, and what is used after changes has some: change a field, or say `rejected`"
    )]
    NothingChanged(Slug),
    #[error("{case}: {what} was corrected in this way already, as {id}")]
    Known { case: Slug, what: &'static str, id: Slug },
    #[error("{case}: {message}")]
    Impossible { case: Slug, message: String },
}

/// Makes a correction. `known` tells what an id stands for in the project.
pub fn make(of: &Of, said: &Said, known: &dyn Fn(&Slug) -> Option<Known>) -> Result<Made, Refusal> {
    let case = &of.result.case;
    let original = match &of.result.trial.outcome {
        Outcome::Answered { output } => output,
        Outcome::NoAnswer { .. } => &Value::Null,
        Outcome::Failed { error } => return Err(Refusal::Failed { case: case.id.clone(), error: error.clone() }),
    };
    let changed = if said.output.is_null() { BTreeMap::new() } else { changed(original, &said.output) };
    if changed.is_empty() && said.verdict == ReviewVerdict::Corrected {
        return Err(Refusal::NothingChanged(case.id.clone()));
    }
    let prose = |(place, value): &(String, Value)| is_prose(&of.pipeline.snapshot, place, value);
    let (wording, corrected): (BTreeMap<_, _>, BTreeMap<_, _>) =
        changed.clone().into_iter().partition(|(place, value)| prose(&(place.clone(), value.clone())));
    let correction = Correction {
        original: part(original, &changed),
        verdict: said.verdict,
        reason: said.reason,
        corrected,
        wording,
        reviewer: said.reviewer.clone(),
        role: said.role.clone(),
        date: said.date,
        guards: said.guards.clone(),
    };
    let id = free_id(&case.id, &correction, known)?;
    let mut new = Case {
        id: id.clone(),
        title: format!("{} (corrected)", case.title.trim_end_matches(" (corrected)")),
        correction: Some(correction),
        moved_from: Vec::new(),
        notes: None,
        ..Case::clone(case)
    };
    let judged_by = (of.rubric, of.pipeline, of.system);
    let mut notes = expectation::amend(&mut new, original, &changed, judged_by);
    if let Some(problem) = of.rubric.examine(&new, of.pipeline, of.system).into_iter().next() {
        return Err(Refusal::Impossible { case: case.id.clone(), message: problem.message });
    }
    let wanted = (!said.output.is_null()).then_some(&said.output);
    let (as_wanted, _) = scored(of, &new, wanted)?;
    for key in not_of_this_guard(of.rubric, &as_wanted).into_iter().filter(|_| !changed.is_empty()) {
        new.expect.shift_remove(&key);
        notes
            .push(format!("expect.{key} is left out: the corrected output does not hold it, and would never be fixed"));
    }
    let (as_was, _) = scored(of, &new, None)?;
    let (as_wanted, snapshot) = scored(of, &new, wanted)?;
    notes.extend(told(of, &as_was, &as_wanted, &changed));
    let concerned = concerned(of.rubric, said, &changed);
    Ok(Made {
        pipeline: of.result.pipeline.clone(),
        target: of.target.clone(),
        labels: labels(of, said, &id, &concerned),
        snapshot,
        decision: decision(of, said, &id),
        notes,
        case: Arc::new(new),
    })
}

/// Whether two corrections ask for the same, whoever made them and when.
pub fn same_correction(a: &Correction, b: &Correction) -> bool {
    let asked = |c: &Correction| (c.verdict, c.reason, c.guards.clone(), c.corrected.clone(), c.wording.clone());
    asked(a) == asked(b)
}

/// The fields of the output that were changed, whole from the top; all of it where none was.
fn part(original: &Value, changed: &BTreeMap<String, Value>) -> Value {
    let Value::Object(map) = original else { return original.clone() };
    let touched = |key: &str| {
        let place = crate::domain::pointer::below("", key);
        changed.keys().any(|at| at.strip_prefix(&place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
    };
    let part: serde_json::Map<String, Value> =
        map.iter().filter(|(key, _)| touched(key)).map(|(key, value)| (key.clone(), value.clone())).collect();
    if part.is_empty() { original.clone() } else { part.into() }
}

/// `<case>-<digest of what is asked>`: the same correction gets the same id, whoever makes it and when.
fn free_id(case: &Slug, correction: &Correction, known: &dyn Fn(&Slug) -> Option<Known>) -> Result<Slug, Refusal> {
    let Correction { verdict, reason, corrected, wording, guards, .. } = correction;
    let asked = json!([case, verdict, reason, corrected, wording, guards]).to_string();
    let digest = blake3::hash(asked.as_bytes()).to_hex();
    for short in SHORT {
        let stem = &case[..case.len().min(LONGEST - short - 1)];
        let name = format!("{}-{}", stem.trim_end_matches(['-', '.', '_']), &digest[..short]);
        let Ok(id) = Slug::new(&name) else { continue };
        match known(&id) {
            None => return Ok(id),
            Some(Known::Correction(other)) if same_correction(&other, correction) => {
                return Err(Refusal::Known { case: case.clone(), what: "its output", id });
            }
            Some(Known::Correction(_) | Known::Other) => {}
        }
    }
    Err(Refusal::Impossible { case: case.clone(), message: "every id for its correction is taken".to_owned() })
}

/// The trial under the new case, with the reviewer's output where one is given.
fn scored(of: &Of, case: &Case, output: Option<&Value>) -> Result<(Scored, Snapshot), Refusal> {
    let mut trial = of.result.trial.clone();
    (trial.case, trial.repeat) = (case.id.clone(), 1);
    if let Some(output) = output {
        trial.outcome = Outcome::Answered { output: output.clone() };
    }
    let view = View {
        case,
        kind: CaseKind::ReviewerCorrection,
        pipeline: of.pipeline,
        system: of.system,
        trial: &trial,
        accepted: None,
        answers: &Answers::default(),
    };
    let text = serde_json::to_string(case).unwrap_or_default();
    let info = SnapshotInfo {
        case_digest: blake3::hash(text.as_bytes()).to_hex().to_string(),
        run: of.run.to_string(),
        correction: Some(case.id.to_string()),
        ..SnapshotInfo::default()
    };
    let impossible = |message: String| Refusal::Impossible { case: of.result.case.id.clone(), message };
    let (scored, observed) = score::score(of.rubric, &view, info).map_err(|error| impossible(error.to_string()))?;
    let observed = observed.ok_or_else(|| impossible("there is nothing to take a snapshot of".to_owned()))?;
    Ok((scored, observed.snapshot()))
}

/// Expectations of the original case that would keep the guard from ever holding, whatever was put right: those that
/// regression control reads and the reviewer's own output does not meet.
fn not_of_this_guard(rubric: &CompiledRubric, as_wanted: &Scored) -> Vec<String> {
    let criteria = rubric.criteria().iter().zip(&as_wanted.criteria);
    let unmet = criteria.filter(|(criterion, marked)| {
        criterion.area == Area::RegressionControl
            && criterion.level == Level::Blocking
            && criterion.repeatable()
            && marked.mark.trit().is_some_and(|trit| trit < Trit::Useful)
    });
    unmet.filter_map(|(criterion, _)| Some(criterion.want()?.to_owned())).collect()
}

/// What the reviewer should know about the new case.
fn told(of: &Of, as_was: &Scored, as_wanted: &Scored, changed: &BTreeMap<String, Value>) -> Vec<String> {
    let mut notes = Vec::new();
    let criteria = of.rubric.criteria();
    let blocking = |i: &usize| criteria[*i].level == Level::Blocking && criteria[*i].repeatable();
    let all: Vec<usize> = (0..criteria.len()).filter(blocking).collect();
    let trit = |scored: &Scored, i: usize| scored.criteria[i].mark.trit();
    for &i in all.iter().filter(|i| !changed.is_empty() && criteria[**i].entry.reads.is_of_output()) {
        if trit(as_wanted, i).is_some_and(|trit| trit < Trit::Useful) {
            let why = as_wanted.criteria[i].mark.why().trim_end_matches('.');
            notes.push(format!("the corrected output itself is not +1 in {}: {why}", criteria[i].id));
        }
    }
    let corrects = criteria.iter().any(|criterion| criterion.entry.name == "correction");
    if !corrects {
        let pipeline = &of.result.pipeline;
        notes
            .push(format!("rubrics/{pipeline}.yaml has no criterion `correction`: only what the case expects is held"));
    }
    if !all.iter().any(|&i| trit(as_was, i) < trit(as_wanted, i)) {
        notes.push(
            "no criterion tells the corrected output from what it was: what it guards is for people to see".to_owned(),
        );
    }
    notes
}

/// The areas that a person's mark is about: those with a criterion that reads a changed field; of an output that was of no
/// use, also the task; where permission was the reason, also that.
fn concerned(rubric: &CompiledRubric, said: &Said, changed: &BTreeMap<String, Value>) -> Vec<Area> {
    // These are measured, or are about more than one output.
    const NOT_MARKED: [Area; 3] = [Area::RegressionControl, Area::ReviewerBurden, Area::CostAndLatency];
    let reads = |area: Area| {
        let criteria = rubric.criteria().iter().filter(move |criterion| criterion.area == area);
        criteria.into_iter().any(|criterion| changed.keys().any(|place| criterion.reads(place)))
    };
    let also = |area: Area| match area {
        Area::TaskSuccess => said.verdict == ReviewVerdict::Rejected,
        Area::PermissionAdherence => said.reason == CorrectionReason::PermissionIssue,
        _ => false,
    };
    let areas = Area::ALL.into_iter().filter(|area| !NOT_MARKED.contains(area));
    let concerned: Vec<Area> = areas.filter(|area| reads(*area) || also(*area)).collect();
    if concerned.is_empty() { vec![Area::TaskSuccess] } else { concerned }
}

fn labels(of: &Of, said: &Said, id: &Slug, areas: &[Area]) -> Vec<Label> {
    let mark = match said.verdict {
        ReviewVerdict::Rejected => Trit::Harmful,
        ReviewVerdict::Corrected => Trit::Incomplete,
    };
    let one = |(number, area): (usize, &Area)| {
        let id = if number == 1 { id.clone() } else { Slug::new(&format!("{id}.{number}")).ok()? };
        Some(Label {
            id,
            source: LabelSource::Correction,
            pipeline: of.result.pipeline.clone(),
            suite: of.result.suite.clone(),
            case: of.result.case.id.clone(),
            target: of.target.clone(),
            run: of.run.clone(),
            trial: of.trial.to_owned(),
            area: *area,
            criterion: None,
            mark,
            reviewer: said.reviewer.clone(),
            at: said.at,
            // The time was spent once.
            minutes: said.minutes.filter(|_| number == 1),
            note: Some(said.guards.clone()),
            anchor: false,
        })
    };
    (1..).zip(areas).filter_map(one).collect()
}

fn decision(of: &Of, said: &Said, id: &Slug) -> Decision {
    Decision {
        at: said.at,
        by: said.reviewer.clone(),
        target: of.target.clone(),
        pipeline: of.result.pipeline.clone(),
        suite: of.result.suite.clone(),
        case: of.result.case.id.clone(),
        run: of.run.to_string(),
        ruling: Ruling::Corrected(id.clone()),
        worse: Vec::new(),
        reason: Some(format!("{}: {}", said.reason.name(), said.guards)),
        minutes: said.minutes,
    }
}
