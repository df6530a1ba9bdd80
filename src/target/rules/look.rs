//! Looking things up: the read calls of the rules and what is kept of their answers.
//!
//! Makes each declared call at most once for each item, within the budget; a refusal or a fault becomes a failure to
//! report, never a second try.

use minijinja::Environment;
use serde_json::{Map, Value};

use super::known::{Failure, Found, Known, Picked};
use super::reading::shared_terms;
use super::spec::{Keep, Look, Template};
use super::template::{RenderError, Scope};
use crate::domain::SHARED_ORG;

/// Calls a tool and gives the gateway's reply.
pub(super) type CallTool<'c> = dyn FnMut(&str, Value) -> Value + Send + 'c;

/// The calls an answer may still make.
pub(super) struct Calls<'c> {
    pub left: u32,
    pub tool: &'c mut CallTool<'c>,
}

impl Calls<'_> {
    /// Makes a call; `None` when none is left.
    pub fn make(&mut self, tool: &str, args: Map<String, Value>) -> Option<Value> {
        self.left = self.left.checked_sub(1)?;
        Some((self.tool)(tool, Value::Object(args)))
    }
}

/// Carries out the looks in order; after each one, `weigh` judges all that was found so far.
pub(super) fn look(
    looks: &[Look],
    known: &mut Known,
    environment: &Environment<'static>,
    calls: &mut Calls,
    weigh: impl Fn(&mut Known),
) -> Result<(), RenderError> {
    for look in looks {
        if !look.when.holds(known) {
            continue;
        }
        let mut found = Vec::new();
        for args in arguments(look, known, environment)? {
            let Some(reply) = calls.make(&look.tool, args) else { break };
            let (entries, failure) = read_reply(look, &reply);
            known.failures.extend(failure);
            found.extend(entries);
        }
        found.retain(|entry| entry.org == known.request.org_id || entry.org == SHARED_ORG);
        complete(known, &found);
        let kept = keep(found, &look.keep, &lower(&known.terms));
        known.found.insert(look.name.clone(), kept);
        weigh(known);
    }
    Ok(())
}

/// The arguments of each call to make.
fn arguments(
    look: &Look,
    known: &Known,
    environment: &Environment<'static>,
) -> Result<Vec<Map<String, Value>>, RenderError> {
    let scope = Scope::of(known, environment);
    let items: Vec<Option<Picked>> = match &look.each {
        Some(pick) => known.pick(pick).into_iter().map(Some).collect(),
        None => vec![None],
    };
    let mut all = Vec::new();
    for item in items {
        all.extend(filled(&look.args, &scope, item)?);
    }
    Ok(all)
}

/// Arguments with their templates rendered; `None` when a text comes out empty.
pub(super) fn filled(
    args: &Map<String, Value>,
    scope: &Scope,
    item: Option<Picked>,
) -> Result<Option<Map<String, Value>>, RenderError> {
    let mut filled = Map::new();
    for (name, value) in args {
        let value = match value {
            Value::String(source) => {
                let template = Template(source.clone());
                let text = match item {
                    Some(item) => scope.text_for(&template, item)?,
                    None => scope.text(&template)?,
                };
                if text.is_empty() {
                    return Ok(None);
                }
                Value::String(text)
            }
            other => other.clone(),
        };
        filled.insert(name.clone(), value);
    }
    Ok(Some(filled))
}

/// The error code of a reply, where the call was not carried out.
pub(super) fn refused(reply: &Value) -> Option<(String, String)> {
    if reply["ok"] == Value::Bool(true) {
        return None;
    }
    let word = |key: &str| reply["error"][key].as_str().unwrap_or_default().to_owned();
    let code = Some(word("code")).filter(|code| !code.is_empty()).unwrap_or_else(|| "malformed".into());
    Some((code, word("message")))
}

/// The entries of a reply, and what was wrong with it.
fn read_reply(look: &Look, reply: &Value) -> (Vec<Found>, Option<Failure>) {
    let failure = |code: String, message: String| {
        Some(Failure { look: look.name.clone(), tool: look.tool.clone(), code, message })
    };
    if let Some((code, message)) = refused(reply) {
        return (Vec::new(), failure(code, message));
    }
    let result = &reply["result"];
    let list = result["hits"].as_array().or_else(|| result["entries"].as_array());
    let entries: Vec<Found> = match list {
        Some(list) => list.iter().filter_map(read_entry).collect(),
        None => read_entry(&result["entry"]).into_iter().collect(),
    };
    // A search says `truncated` also when it simply has more hits; only an answer short of what was asked for is a loss.
    let asked = look.args.get("limit").and_then(Value::as_u64);
    let short = result["truncated"] == Value::Bool(true) && asked.is_none_or(|asked| (entries.len() as u64) < asked);
    (entries, if short { failure("truncated".into(), String::new()) } else { None })
}

fn read_entry(value: &Value) -> Option<Found> {
    let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let snippet = text("snippet");
    Some(Found {
        id: value["id"].as_str()?.to_owned(),
        org: text("org"),
        collection: text("collection"),
        kind: text("kind"),
        title: text("title"),
        text: if snippet.is_empty() { text("text") } else { snippet },
        fields: value["fields"].as_object().cloned().unwrap_or_default(),
        links: value["links"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect(),
        updated: value["updated"].as_str().map(str::to_owned),
        score: value["score"].as_f64().unwrap_or_default(),
        ..Found::default()
    })
}

/// Gives entries seen in a list before what is now known of them in full.
fn complete(known: &mut Known, fuller: &[Found]) {
    for entry in known.found.values_mut().flatten() {
        if let Some(full) = fuller.iter().find(|f| f.id == entry.id && f.text.len() >= entry.text.len()) {
            let score = entry.score;
            entry.clone_from(full);
            entry.score = score;
        }
    }
}

/// The results worth keeping, each once, in the order they came.
fn keep(found: Vec<Found>, rule: &Keep, terms: &[String]) -> Vec<Found> {
    let best = found.iter().map(|entry| entry.score).fold(0.0, f64::max);
    let mut kept: Vec<Found> = Vec::new();
    for entry in found {
        let about = format!("{} {} {}", entry.id, entry.title, entry.text);
        let good = (rule.kinds.is_empty() || rule.kinds.contains(&entry.kind))
            && entry.score >= best * rule.share
            && shared_terms(&about, terms) >= rule.terms
            && !kept.iter().any(|other| other.id == entry.id);
        if good && kept.len() < rule.top {
            kept.push(entry);
        }
    }
    kept
}

fn lower(terms: &[String]) -> Vec<String> {
    terms.iter().map(|term| term.to_lowercase()).collect()
}
