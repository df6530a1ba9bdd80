//! The transcript as a timeline: who said what, which tool was called, and what the gateway decided.

use serde::Serialize;

use super::diff::{block, value};
use super::page::{Fact, shown};
use crate::domain::{Approval, Call, Change, Exchange, Message, Role, Stage, Step, Trial, Usage};
use crate::report::words;

/// Most bytes of a message, arguments or a reply, and most steps of one trial.
const TEXT: usize = 16 * 1024;
const STEPS: usize = 200;

#[derive(Debug, Serialize)]
pub struct Timeline {
    steps: Vec<Line>,
    /// Steps left out.
    more: usize,
    changes: Vec<Changed>,
    usage: Vec<Fact>,
}

/// One step: exactly one of the three is there.
#[derive(Debug, Default, Serialize)]
struct Line {
    message: Option<Said>,
    call: Option<Called>,
    exchange: Option<Sent>,
}

#[derive(Debug, Serialize)]
struct Sent {
    tone: &'static str,
    text: String,
}

#[derive(Debug, Serialize)]
struct Said {
    role: &'static str,
    text: String,
    long: bool,
}

#[derive(Debug, Serialize)]
struct Called {
    number: u32,
    tool: String,
    effect: Option<&'static str>,
    stages: Vec<&'static str>,
    tone: &'static str,
    refusal: Option<String>,
    approval: Option<String>,
    fault: Option<&'static str>,
    args: String,
    reply: String,
}

#[derive(Debug, Serialize)]
struct Changed {
    change: &'static str,
    entry: String,
    effect: &'static str,
    fields: Option<String>,
}

impl Timeline {
    pub fn of(trial: &Trial) -> Self {
        Self {
            steps: trial.steps.iter().take(STEPS).map(step).collect(),
            more: trial.steps.len().saturating_sub(STEPS),
            changes: trial.changes.iter().map(changed).collect(),
            usage: usage(&trial.usage),
        }
    }
}

fn step(step: &Step) -> Line {
    match step {
        Step::Message(message) => Line { message: Some(said(message)), ..Line::default() },
        Step::Call(call) => Line { call: Some(called(call)), ..Line::default() },
        Step::Exchange(exchange) => Line { exchange: Some(sent(exchange)), ..Line::default() },
    }
}

fn said(message: &Message) -> Said {
    let role = match message.role {
        Role::System => "System",
        Role::User => "Request",
        Role::Agent => "Agent",
        Role::Log => "Log",
    };
    let text = block(&message.text, TEXT);
    Said { role, long: text.len() > 700 || text.lines().count() > 10, text }
}

fn sent(exchange: &Exchange) -> Sent {
    let tone = if exchange.error.is_some() { "bad" } else { "good" };
    Sent { tone, text: shown(&words::exchange(exchange)) }
}

fn called(call: &Call) -> Called {
    let tone = match (call.reached(Stage::Stopped), &call.fault) {
        (true, _) => "bad",
        (false, Some(_)) => "mid",
        (false, None) => "good",
    };
    Called {
        number: call.number,
        tool: shown(&call.tool),
        effect: call.effect.map(|effect| effect.name()),
        stages: call.stages.iter().map(|stage| stage.name()).collect(),
        tone,
        refusal: call.refusal.as_ref().map(|refusal| format!("{}: {}", refusal.kind.name(), shown(&refusal.message))),
        approval: call.approval.as_ref().map(approval),
        fault: call.fault.map(|fault| fault.name()),
        args: value(&call.args),
        reply: value(&call.reply),
    }
}

/// An approval in one line: who, what, over which scope, how far it has come.
pub fn approval(approval: &Approval) -> String {
    let note = approval.note.as_ref().map_or_else(String::new, |note| format!(" (“{}”)", shown(note)));
    format!(
        "{} by {} for {} on {}{note}",
        approval.status.name(),
        shown(&approval.approver),
        shown(&approval.action),
        shown(&approval.scope)
    )
}

fn changed(change: &Change) -> Changed {
    let fields = serde_json::to_string_pretty(&change.fields).ok().filter(|_| !change.fields.is_empty());
    Changed {
        change: change.change.name(),
        entry: format!("{}/{} {}", shown(&change.collection), shown(&change.kind), shown(&change.id)),
        effect: change.effect.name(),
        fields: fields.map(|json| block(&json, TEXT)),
    }
}

fn usage(usage: &Usage) -> Vec<Fact> {
    let tokens = |count: Option<u64>| count.map_or("unknown".to_owned(), |count| count.to_string());
    vec![
        Fact::new("wall time", words::duration(usage.wall_ms)),
        Fact::new("cost", words::dollars(usage.cost_usd)),
        Fact::new("tokens in", tokens(usage.input_tokens)),
        Fact::new("tokens out", tokens(usage.output_tokens)),
    ]
}
