//! The sheet that a reviewer fills in with an editor: a head, and the output to be put right.
//!
//! Owns its text. What a reviewer typed is never rewritten: only lines that begin with `#!` come and go.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::desk::Found;
use super::fields;
use crate::corrections::words;
use crate::diagnostic::{Diagnostic, any_error, located_all, printable_line};
use crate::domain::{CorrectionReason, Pipeline, ReviewVerdict};
use crate::golden::emit_entry;
use crate::suite::{self, SourceFile};

/// What a line begins with that was put there for the reviewer to read, and goes the next time.
const MESSAGE: &str = "#! ";

/// Lines of the customer's text that stand in the head.
const BODY: usize = 30;

/// What a reviewer says of an output. What is not said yet is absent.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Sheet {
    /// `rejected`: the output was of no use. `corrected`: it was used after changes.
    pub verdict: Option<ReviewVerdict>,
    /// Why it had to be corrected.
    pub reason: Option<CorrectionReason>,
    /// Minutes of review.
    pub minutes: Option<f64>,
    /// What the case guards against, in one sentence.
    pub guards: Option<String>,
    /// Who reviewed it.
    pub by: Option<String>,
    /// The reviewer's role.
    pub role: Option<String>,
    /// The output as it should have been.
    pub output: Value,
}

/// The text of a sheet that nobody has typed in yet.
pub fn begin(found: &Found, sheet: &Sheet) -> String {
    let case = &found.result.case;
    let mut text = String::new();
    let mut remark = |line: &str| {
        text.push_str(format!("# {}", printable_line(line)).trim_end());
        text.push('\n');
    };
    remark(&format!("{}: {}", case.id, case.title));
    remark(&format!("run {}, target {}, repeat {}", found.run, found.target, found.result.trial.repeat));
    remark("");
    remark("Put `output` right, fill in the head, save, and leave the editor. It is read as YAML; JSON");
    remark("is YAML too. A file left empty gives up: then nothing is written.");
    remark("");
    remark(&format!("Asked for: {}", case.request.title));
    let body: Vec<&str> = case.request.intake_payload.body.lines().collect();
    for line in body.iter().take(BODY) {
        remark(&format!("  | {line}"));
    }
    if body.len() > BODY {
        remark(&format!("  | … {} more lines", body.len() - BODY));
    }
    text.push('\n');
    let reasons: Vec<&str> = CorrectionReason::ALL.into_iter().map(CorrectionReason::name).collect();
    let half = reasons.len() / 2 + 1;
    text.push_str("# rejected: of no use. corrected: used after changes.\n");
    field(&mut text, "verdict", sheet.verdict.map(|verdict| verdict.name().into()));
    text.push_str(&format!("# {},\n# {}\n", reasons[..half].join(", "), reasons[half..].join(", ")));
    field(&mut text, "reason", sheet.reason.map(|reason| reason.name().into()));
    text.push_str("# Minutes of review, e.g. 4.\n");
    field(&mut text, "minutes", sheet.minutes.map(Value::from));
    text.push_str("# What the case guards against, in one sentence.\n");
    field(&mut text, "guards", sheet.guards.clone().map(Value::from));
    field(&mut text, "by", sheet.by.clone().map(Value::from));
    field(&mut text, "role", sheet.role.clone().map(Value::from));
    text.push('\n');
    emit_entry(&mut text, "output", &sheet.output);
    text
}

fn field(text: &mut String, key: &str, value: Option<Value>) {
    match value {
        Some(value) => emit_entry(text, key, &value),
        None => text.push_str(&format!("{key}:\n")),
    }
}

/// What a reviewer typed, or everything that is wrong with it.
pub fn read(name: &str, text: &str, pipeline: &Pipeline) -> Result<Sheet, Vec<Diagnostic>> {
    let file = SourceFile { path: name.to_owned(), text: text.to_owned() };
    let (sheet, mut found) = suite::parse::<Sheet>(&file);
    if let Some(sheet) = &sheet {
        found = fields::problems(pipeline, &sheet.output, name);
        if sheet.minutes.is_some_and(|minutes| !words::are_minutes(minutes)) {
            found.push(Diagnostic::error("out-of-range", name, "/minutes", words::MINUTES));
        }
    }
    suite::locate(&file, &mut found);
    match sheet {
        Some(sheet) if !any_error(&found) => Ok(sheet),
        _ => Err(found),
    }
}

/// Whether nothing is left but remarks: whoever leaves it so has given up.
pub fn is_given_up(text: &str) -> bool {
    text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'))
}

/// The text with these messages on top, in the place of those that stood there. Line numbers are those of the new text.
pub fn with_messages(name: &str, text: &str, said: &[Diagnostic]) -> String {
    let typed: String = text.split_inclusive('\n').filter(|line| !line.starts_with(MESSAGE)).collect();
    let above = said.len();
    // Places are those in the text as it was typed, with the messages that stood there.
    let gone_before = |line: usize| text.lines().take(line).filter(|line| line.starts_with(MESSAGE)).count();
    let lines = located_all(said, &|path: &str| (path == name).then_some(text));
    let messages = lines.iter().map(|problem| {
        let place =
            problem.line.map_or_else(String::new, |line| format!("line {}: ", line - gone_before(line) + above));
        let help = problem.help.as_ref().map_or_else(String::new, |help| format!(" ({help})"));
        format!("{MESSAGE}{}\n", printable_line(&format!("{place}{}{help}", problem.message)))
    });
    messages.collect::<String>() + &typed
}
