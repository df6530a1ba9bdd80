//! What a judge may see of a trial, each part as text that cannot be taken for anything but what is judged.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::facts;
use super::flags::Flag;
use super::menu::Menu;
use super::neutral::Neutral;
use super::question::Part;
use crate::domain::{Call, Entry};
use crate::score::{View, texts};

/// Most characters of a part; what is beyond is left out, and the judge is told.
const LONGEST: usize = 48_000;
/// Most characters of one reply to a call.
const REPLY: usize = 2_000;

/// One part of a trial that a judge may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sight {
    /// What the customer asked for.
    Request,
    /// What the agent answered.
    Output,
    /// The tool calls, with their arguments, stages and replies.
    Calls,
    /// The entries of the world that the output cites, as far as the customer's org may see them.
    Sources,
    /// What the case expects.
    Expect,
    /// Lengths, counts, the schema's result, tools with their stages: no text of the agent or of the customer.
    Facts,
}

impl Sight {
    /// The spelling in YAML and prompts.
    pub fn name(self) -> &'static str {
        match self {
            Sight::Request => "request",
            Sight::Output => "output",
            Sight::Calls => "calls",
            Sight::Sources => "sources",
            Sight::Expect => "expect",
            Sight::Facts => "facts",
        }
    }

    /// The part of a trial, and what looks wrong with it.
    pub(super) fn part(self, view: &View, output: &Value, menu: &Menu) -> (Part, Vec<Flag>) {
        let mut neutral = Neutral::of(menu);
        let text = match self {
            Sight::Request => request(view, &mut neutral),
            Sight::Output => pretty(&neutral.value(output)),
            Sight::Calls => calls(view, &mut neutral),
            Sight::Sources => sources(view, output, &mut neutral),
            Sight::Expect => {
                let expect: Value = view.case.expect.iter().map(|(key, want)| (key.clone(), want.clone())).collect();
                pretty(&neutral.value(&expect))
            }
            Sight::Facts => facts::of(view, output),
        };
        let flags = neutral.found().map(|suspicion| Flag { part: self, suspicion }).collect();
        (Part { name: self, text: quoted(&text) }, flags)
    }
}

/// Every line behind a bar: no line of what is judged begins as a line of the prompt does.
fn quoted(text: &str) -> String {
    let (shown, left_out) = match text.char_indices().nth(LONGEST) {
        Some((end, _)) => (&text[..end], text[end..].chars().count()),
        None => (text, 0),
    };
    let mut lines: Vec<String> = shown.lines().map(|line| format!("| {line}")).collect();
    if lines.is_empty() {
        lines.push("| (nothing)".to_owned());
    }
    if left_out > 0 {
        lines.push(format!("(cut here: {left_out} more characters are not shown)"));
    }
    lines.join("\n")
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

fn request(view: &View, neutral: &mut Neutral) -> String {
    let request = &view.case.request;
    let intake = &request.intake_payload;
    let mut lines = vec![format!("title: {}", neutral.line(&request.title))];
    lines.extend(request.business_goal.as_ref().map(|goal| format!("goal: {}", neutral.line(goal))));
    lines.push(format!("from: {}, {}", neutral.line(&intake.author), neutral.line(&intake.channel)));
    lines.push(String::new());
    lines.push(neutral.text(&intake.body));
    for file in &intake.attachments {
        lines.push(String::new());
        lines.push(format!("attachment {}:", neutral.line(&file.name)));
        lines.push(neutral.text(&file.text));
    }
    lines.join("\n")
}

fn calls(view: &View, neutral: &mut Neutral) -> String {
    let calls: Vec<String> = view.trial.calls().map(|call| one_call(call, neutral)).collect();
    if calls.is_empty() { "no tool was called".to_owned() } else { calls.join("\n") }
}

fn one_call(call: &Call, neutral: &mut Neutral) -> String {
    let stages: Vec<&str> = call.stages.iter().map(|stage| stage.name()).collect();
    let refused = call.refusal.as_ref().map(|refusal| format!(" ({})", refusal.kind.name())).unwrap_or_default();
    let args = neutral.value(&call.args);
    let reply = crate::diagnostic::cut(&neutral.value(&call.reply).to_string(), REPLY);
    let tool = neutral.line(&call.tool);
    format!("{}. {tool}: {}{refused}\n   arguments: {args}\n   reply: {reply}", call.number, stages.join(", "))
}

fn sources(view: &View, output: &Value, neutral: &mut Neutral) -> String {
    let org = &view.case.request.org_id;
    let mut cited: Vec<&Entry> = Vec::new();
    let mut hidden = 0;
    texts(output, &mut |text| {
        let Some(entry) = view.system.entry(text) else { return };
        if !view.system.visible(&entry.id, org) {
            hidden += 1;
        } else if !cited.iter().any(|known| known.id == entry.id) {
            cited.push(entry);
        }
    });
    let mut told: Vec<String> = cited
        .into_iter()
        .map(|entry| {
            let Entry { id, kind, title, text, fields, .. } = entry;
            pretty(&neutral.value(&json!({"id": id, "kind": kind, "title": title, "text": text, "fields": fields})))
        })
        .collect();
    if hidden > 0 {
        told.push(format!("(not shown: {hidden} cited of another org)"));
    }
    if told.is_empty() { "the output cites no entry of the world".to_owned() } else { told.join("\n") }
}
