//! One case on the page: its line in the list, and all there is to it when it is opened.

use serde::Serialize;

use super::diff::{Changes, block, value};
use super::page::{Fact, minus, shown, tone};
use super::timeline::{Timeline, approval};
use crate::domain::{Area, Attachment, Correction, Level, Mark, Outcome, Request, Trit, Weight};
use crate::golden::Comparison;
use crate::report::brief::Marked;
use crate::report::cases::CaseView;
use crate::report::{RunReport, words};
use crate::score::judge::Vote;
use crate::score::{CriterionMark, Judged, TrialResult};

/// Most bytes of a request's body, an attachment or an output.
const TEXT: usize = 32 * 1024;

/// Most repeats of a case: the worst ones.
const REPEATS: usize = 10;

/// The line of a case.
#[derive(Debug, Serialize)]
pub struct CaseRow {
    id: String,
    title: String,
    pipeline: String,
    kind: &'static str,
    critical: bool,
    /// One per column of the page.
    marks: Vec<Cell>,
    /// `new`, `changed`, `error`, `flaky` or nothing.
    flags: Vec<&'static str>,
    changed: bool,
    tone: &'static str,
    sign: &'static str,
    /// What the filters look at: `area:mark` pairs, and text in lower case.
    marked: String,
    search: String,
}

#[derive(Debug, Serialize)]
struct Cell {
    area: &'static str,
    short: &'static str,
    tone: &'static str,
    sign: &'static str,
    mark: String,
    why: String,
}

/// A case that opens.
#[derive(Debug, Serialize)]
pub struct CaseDetail {
    row: CaseRow,
    /// The sentence that says most about the case.
    why: Option<Why>,
    request: RequestText,
    expect: Option<String>,
    correction: Option<CorrectionText>,
    approvals: Vec<String>,
    notes: Option<String>,
    trials: Vec<TrialText>,
    /// Repeats that are not shown.
    more_trials: usize,
    place: String,
    commands: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Why {
    tone: &'static str,
    label: String,
    text: String,
}

#[derive(Debug, Serialize)]
struct RequestText {
    facts: Vec<Fact>,
    title: String,
    body: String,
    attachments: Vec<AttachmentText>,
}

#[derive(Debug, Serialize)]
struct AttachmentText {
    name: String,
    text: String,
}

#[derive(Debug, Serialize)]
struct CorrectionText {
    guards: String,
    facts: Vec<Fact>,
    corrected: String,
}

#[derive(Debug, Serialize)]
struct TrialText {
    repeat: u32,
    /// Whether the repeat is shown opened: the only one, or the first of the worst.
    open: bool,
    tone: &'static str,
    sign: &'static str,
    mark: String,
    output: Option<String>,
    /// Why there is no output, where there is none.
    silence: Option<String>,
    changes: Option<Changes>,
    comparison: &'static str,
    criteria: Vec<CriterionText>,
    timeline: Timeline,
}

#[derive(Debug, Serialize)]
struct CriterionText {
    area: &'static str,
    criterion: String,
    advisory: bool,
    tone: &'static str,
    sign: &'static str,
    mark: String,
    why: String,
    /// What stands behind the mark of a judge.
    judged: Option<JudgedText>,
}

#[derive(Debug, Serialize)]
struct JudgedText {
    judge: String,
    question: String,
    votes: Vec<String>,
    flags: Vec<String>,
    notes: Vec<String>,
}

impl CaseRow {
    pub fn of<T: Marked>(view: &CaseView<T>, columns: &[Area]) -> Self {
        let case = view.first().case();
        let worst = view.worst().and_then(|(_, mark)| mark.trit());
        let cells = columns.iter().map(|&area| cell(area, view.mark(area)));
        let marked = columns.iter().filter_map(|&area| {
            let mark = view.mark(area)?.trit().map_or("none".to_owned(), |trit| trit.value().to_string());
            Some(format!("{area}:{mark}"))
        });
        let mut flags = Vec::new();
        if view.failed() {
            flags.push("error");
        }
        if view.needs_review() {
            flags.push(view.snapshot());
        }
        if columns.iter().any(|&area| !view.agrees(area)) {
            flags.push("flaky");
        }
        let search = [view.id(), case.title, case.pipeline, case.suite, case.org_id, &case.tags.join(" ")];
        Self {
            id: case.id.to_string(),
            title: shown(case.title),
            pipeline: case.pipeline.to_string(),
            kind: case.kind.name(),
            critical: case.weight == Weight::Critical,
            marks: cells.collect(),
            changed: view.needs_review(),
            flags,
            tone: if view.failed() { "mid" } else { tone(worst) },
            sign: if view.failed() { "!" } else { words::sign(worst) },
            marked: marked.collect::<Vec<_>>().join(" "),
            search: shown(&search.join(" ").to_lowercase()),
        }
    }
}

fn cell(area: Area, mark: Option<&Mark>) -> Cell {
    let trit = mark.and_then(Mark::trit);
    Cell {
        area: area.name(),
        short: words::short(area),
        tone: tone(trit),
        sign: words::sign(trit),
        mark: match mark {
            Some(_) => minus(words::mark(trit)),
            None => String::new(),
        },
        why: shown(mark.map_or("not asked of this case", Mark::why)),
    }
}

impl CaseDetail {
    pub fn of(report: &RunReport, view: &CaseView, columns: &[Area]) -> Self {
        let (first, case) = (view.first(), &view.first().case);
        let expect = serde_json::to_string_pretty(&case.expect).ok().filter(|_| !case.expect.is_empty());
        let order = |result: &&TrialResult| result.scored.areas.iter().filter_map(|area| area.mark.trit()).min();
        let mut repeats: Vec<&TrialResult> = view.trials().iter().collect();
        repeats.sort_by_key(order);
        let open = repeats.first().map_or(1, |result| result.trial.repeat);
        repeats.truncate(REPEATS);
        repeats.sort_by_key(|result| result.trial.repeat);
        Self {
            row: CaseRow::of(view, columns),
            why: why(view),
            request: request(&case.request),
            expect: expect.map(|json| block(&json, TEXT)),
            correction: case.correction.as_ref().map(correction),
            approvals: case.approvals.iter().map(approval).collect(),
            notes: case.notes.as_deref().map(|notes| block(notes, TEXT)),
            more_trials: view.trials().len() - repeats.len(),
            trials: repeats.into_iter().map(|result| trial(result, result.trial.repeat == open)).collect(),
            place: format!("{}:{}", shown(&first.file), first.line),
            commands: vec![
                format!("evalgate show {} --run {}", case.id, report.meta.id),
                format!("evalgate run --target {} --filter 'id({})'", report.meta.target, case.id),
            ],
        }
    }
}

fn why(view: &CaseView) -> Option<Why> {
    // What was done wrong before a failure is worse than the failure.
    let harmful = view.worst().is_some_and(|(_, mark)| mark.trit() == Some(Trit::Harmful));
    if let Some(error) = view.error().filter(|_| !harmful) {
        return Some(Why { tone: "mid", label: "The target failed".to_owned(), text: shown(error) });
    }
    let (area, mark) = view.worst().filter(|(_, mark)| mark.trit() < Some(Trit::Useful))?;
    let label = format!("{area} {}", minus(words::mark(mark.trit())));
    Some(Why { tone: tone(mark.trit()), label, text: shown(mark.why()) })
}

fn request(request: &Request) -> RequestText {
    let mut facts = vec![
        Fact::new("org", shown(&request.org_id)),
        Fact::new("type", words::spelling(request.kind)),
        Fact::new(
            "from",
            format!("{} by {}", shown(&request.intake_payload.author), shown(&request.intake_payload.channel)),
        ),
    ];
    let optional = [
        ("priority", request.priority.map(words::spelling)),
        ("status", request.status.map(words::spelling)),
        ("risk", request.risk_level.map(words::spelling)),
        ("next actor", request.next_required_actor.map(words::spelling)),
        ("goal", request.business_goal.as_deref().map(shown)),
        ("baseline", Some(request.baseline_snapshot_id.as_deref().map_or("none pinned".to_owned(), shown))),
        ("artifacts", Some(shown(&request.artifacts.join(", "))).filter(|list| !list.is_empty())),
        ("audit refs", Some(shown(&request.audit_refs.join(", "))).filter(|list| !list.is_empty())),
    ];
    facts.extend(optional.into_iter().filter_map(|(label, value)| Some(Fact::new(label, value?))));
    let attachment = |file: &Attachment| AttachmentText { name: shown(&file.name), text: block(&file.text, TEXT) };
    RequestText {
        facts,
        title: shown(&request.title),
        body: block(&request.intake_payload.body, TEXT),
        attachments: request.intake_payload.attachments.iter().map(attachment).collect(),
    }
}

fn correction(correction: &Correction) -> CorrectionText {
    let corrected: serde_json::Map<_, _> = correction
        .corrected
        .iter()
        .chain(&correction.wording)
        .map(|(pointer, value)| (pointer.clone(), value.clone()))
        .collect();
    CorrectionText {
        guards: shown(&correction.guards),
        facts: vec![
            Fact::new("verdict", words::spelling(correction.verdict)),
            Fact::new("reason", words::spelling(correction.reason)),
            Fact::new("reviewer", format!("{}, {}", shown(&correction.reviewer), shown(&correction.role))),
            Fact::new("date", correction.date.to_string()),
        ],
        corrected: value(&serde_json::Value::Object(corrected)),
    }
}

fn trial(result: &TrialResult, open: bool) -> TrialText {
    let (output, silence) = match &result.trial.outcome {
        Outcome::Answered { output } => (Some(value(output)), None),
        Outcome::NoAnswer { reason } => (None, Some(format!("No answer: {}", block(reason, TEXT)))),
        Outcome::Failed { error } => (None, Some(format!("The target failed: {}", block(error, TEXT)))),
    };
    let worst = result.scored.areas.iter().filter_map(|area| area.mark.trit()).min();
    TrialText {
        repeat: result.trial.repeat,
        open,
        tone: tone(worst),
        sign: words::sign(worst),
        mark: minus(words::mark(worst)),
        output,
        silence,
        changes: result.scored.comparison.difference().map(Changes::of),
        comparison: match result.scored.comparison {
            Comparison::New => "There is no accepted snapshot yet.",
            Comparison::Same => "As accepted.",
            Comparison::Changed(_) => "Differs from the accepted snapshot.",
            Comparison::NotCompared => "There is nothing to compare.",
        },
        criteria: result.scored.criteria.iter().map(criterion).collect(),
        timeline: Timeline::of(&result.trial),
    }
}

fn criterion(criterion: &CriterionMark) -> CriterionText {
    let trit = criterion.mark.trit();
    CriterionText {
        area: criterion.area.name(),
        criterion: criterion.criterion.to_string(),
        advisory: criterion.level == Level::Advisory,
        tone: tone(trit),
        sign: words::sign(trit),
        mark: if trit.is_some() { minus(words::mark(trit)) } else { "not scored".to_owned() },
        why: block(criterion.mark.why(), TEXT),
        judged: criterion.judged.as_deref().map(judged),
    }
}

fn judged(judged: &Judged) -> JudgedText {
    let vote = |vote: &Vote| shown(&format!("vote {}: {}", vote.number, words::vote(vote)));
    let advisory = judged.demoted.iter().chain(&judged.barred).map(|why| shown(&format!("advisory: {why}")));
    let accepted = judged.not_compared.then(|| "accepted by another judge: not compared".to_owned());
    JudgedText {
        judge: judged.judge.to_string(),
        question: shown(&judged.question),
        votes: judged.votes.iter().map(vote).collect(),
        flags: judged
            .flags
            .iter()
            .map(|flag| format!("the {} holds {}", flag.part.name(), flag.suspicion.name()))
            .collect(),
        notes: advisory.chain(accepted).collect(),
    }
}
