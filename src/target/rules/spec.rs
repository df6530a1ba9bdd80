//! The format of `rules.yaml`: what the embedded agent weighs, looks up, decides, asks, does and writes.
//!
//! Owns the written shapes and their documentation, which becomes the JSON Schema editors complete from.
//! Knows nothing of how a rule is carried out; conditions have a file of their own, `when`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::when::{Presence, When};
use crate::domain::Slug;

/// Version of the format that this evalgate reads.
pub const RULES_VERSION: u32 = 1;

/// The embedded agent's rules for one pipeline. Sections are carried out in this order.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RulesSpec {
    /// Format version; 1.
    pub version: u32,
    /// The pipeline they belong to.
    pub rules: Slug,
    /// Most tool calls of one answer, searches and drafts together.
    #[serde(default = "default_calls")]
    pub calls: u32,
    /// Regular expressions, without regard to case. A sentence that one matches speaks to the agent instead of about
    /// the work: its words are neither weighed nor searched for nor quoted.
    #[serde(default)]
    pub ignore: Vec<String>,
    /// Words to listen for, by the name other rules call them.
    pub signals: BTreeMap<String, Signal>,
    /// Read calls, in order.
    #[serde(default)]
    pub look: Vec<Look>,
    /// Which entries give way to later ones.
    #[serde(default)]
    pub overrules: Overrules,
    /// What is decided from the request and from what was found, in order.
    pub facts: Vec<FactRule>,
    /// Questions for missing context, and the unknown each stands for.
    #[serde(default)]
    pub asks: Vec<AskRule>,
    pub confidence: ConfidenceRule,
    /// What is decided once open questions and confidence are known, in order.
    #[serde(default)]
    pub route: Vec<FactRule>,
    /// What is drafted or asked for in the world, in order. Only tools that prepare belong here.
    #[serde(default)]
    pub act: Vec<Act>,
    /// The unknown written for a call that was not answered, or only in part; `item` has `tool`, `code` and `message`.
    pub failed: Template,
    /// Field of the output → where its value comes from.
    pub output: BTreeMap<String, Draft>,
}

fn default_calls() -> u32 {
    8
}

/// A minijinja template over `request`, `title`, `terms`, `heard`, `planted`, `found`, `facts`, `approvals`, `questions`,
/// `unknowns`, `confidence`, `acts`, and `item` under `each`. What it renders is never rendered again.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Template(pub String);

impl Template {
    fn item() -> Self {
        Self("{{ item }}".into())
    }
}

/// Words that point at one meaning, in any language. Compared without regard to case, from the start of a word
/// (`fail` hears `failed`); a word right after a negation is not heard.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Signal {
    /// Each word heard adds 3.
    pub strong: Vec<String>,
    /// Each word heard adds 1.
    pub plain: Vec<String>,
    /// Regular expressions, without regard to case; each one that matches adds 2.
    pub patterns: Vec<String>,
    /// Words to add to the search terms when the signal is heard, in the language of the system of record.
    pub search: Vec<String>,
}

/// One read call, or one for each thing found before.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Look {
    /// What other rules call its result.
    pub name: String,
    pub tool: String,
    /// Arguments; texts are templates. A call with an empty text among its arguments is not made.
    #[serde(default)]
    pub args: Map<String, Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub each: Option<Pick>,
    #[serde(default)]
    pub when: When,
    #[serde(default)]
    pub keep: Keep,
}

/// An entry of an `over` kind is overruled by a later one of a `by` kind that links to it or names its id in a field.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Overrules {
    /// Kinds of entry that overrule, e.g. `Decision`.
    pub by: Vec<String>,
    /// Kinds of entry that can be overruled, e.g. `SOP`.
    pub over: Vec<String>,
}

/// Which of the results are worth keeping.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Keep {
    /// At most so many, best first.
    pub top: usize,
    /// Only those with at least this share of the best one's score, 0..1.
    pub share: f64,
    /// Only those in whose id, title or text at least so many of the search terms stand.
    pub terms: usize,
    /// Only these kinds of entry; every kind when empty.
    pub kinds: Vec<String>,
}

impl Default for Keep {
    fn default() -> Self {
        Self { top: 4, share: 0.0, terms: 0, kinds: Vec::new() }
    }
}

/// Some of what a look found, or the items of a fact that is a list.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pick {
    /// Name of a look or of an `all` fact.
    pub from: String,
    /// Only these kinds of entry; every kind when empty.
    #[serde(default)]
    pub kinds: Vec<String>,
    /// Only entries that have, in each of these fields, one of the values listed for it.
    #[serde(default)]
    pub fields: BTreeMap<String, Vec<String>>,
    /// Only entries in whose title and text one of these signals is loud.
    #[serde(default)]
    pub says: Vec<String>,
    /// Only entries that the request itself refers to (`some`), or does not (`none`).
    #[serde(default)]
    pub referred: Option<Presence>,
    /// Only entries that a later one overrules (`some`), or none does (`none`).
    #[serde(default)]
    pub overruled: Option<Presence>,
    /// Only the first so many.
    #[serde(default)]
    pub top: Option<usize>,
}

/// One decision.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FactRule {
    /// What other rules call it.
    pub fact: String,
    pub by: Method,
}

/// How a decision is made. Values are templates.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// The option with the highest score; the first of those that are level.
    Vote(Vote),
    /// The first rule that holds.
    First(First),
    /// The highest value among the rules that hold, else the lowest of the scale.
    Highest(Highest),
    /// The values of all rules that hold: a list.
    All(Vec<ValueRule>),
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Vote {
    pub options: Vec<VoteOption>,
    /// The value when no option scores above 0.
    pub otherwise: String,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VoteOption {
    pub value: String,
    /// Signal → how much each point of its strength adds.
    #[serde(default)]
    pub weights: BTreeMap<String, f64>,
    /// Points added or taken away where a condition holds.
    #[serde(default)]
    pub also: Vec<Points>,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Points {
    pub when: When,
    pub add: f64,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct First {
    pub rules: Vec<ValueRule>,
    pub otherwise: String,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Highest {
    /// From lowest to highest.
    pub scale: Vec<String>,
    pub rules: Vec<ValueRule>,
}

/// A value and when it holds.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ValueRule {
    #[serde(default)]
    pub when: When,
    pub value: Template,
}

/// A question for missing context.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskRule {
    /// What conditions call it.
    pub id: String,
    #[serde(default)]
    pub when: When,
    pub ask: Template,
    /// What is not known as long as the question is open.
    pub unknown: Template,
    /// Whether work must wait for the answer.
    #[serde(default)]
    pub blocks: bool,
}

/// How sure the agent is, from 0 to 1.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfidenceRule {
    /// Confidence when every margin is 0.
    pub floor: f64,
    /// Confidence when every margin is 1.
    pub ceiling: f64,
    /// `vote` facts whose margins (lead of the winner over the runner-up, 0..1) are averaged; 1 when there is none.
    #[serde(default)]
    pub margins: Vec<String>,
    /// Points added or taken away where a condition holds.
    #[serde(default)]
    pub also: Vec<Points>,
    /// Taken away for each unknown.
    #[serde(default)]
    pub per_unknown: f64,
}

/// A call that prepares something: a draft, a request for approval.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Act {
    /// What templates call its result: `acts.<name>.created` is the id of what was made.
    pub name: String,
    pub tool: String,
    #[serde(default)]
    pub args: Map<String, Value>,
    /// Who is asked, where the call asks for an approval: it is then listed among the approvals as `requested`.
    /// `TBD` where nothing is rendered.
    #[serde(default)]
    pub asks: Option<Template>,
    #[serde(default)]
    pub when: When,
}

/// Where a field of the output comes from.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Draft {
    /// A decided fact, as text.
    Fact(String),
    /// A text; `TBD` where nothing is rendered.
    Text(Template),
    /// A list of texts, without empty or repeated ones.
    List(Vec<Line>),
    /// A list of `{claim, source}`.
    Evidence(Vec<Claim>),
    /// Whether the condition holds.
    Flag(Box<When>),
    /// An object with these fields.
    Object(BTreeMap<String, Draft>),
    /// Always this value.
    Const(Value),
    /// The approvals as `{action, status, approver}`: those on record, then those just asked for. A granted one is
    /// `TBD` unless its scope covers something found and an entry found shows that its approver may approve it.
    Approvals,
    /// How sure the agent is.
    Confidence,
    /// The open questions.
    Questions,
    /// What is not known: of the open questions, and of calls that were not answered.
    Unknowns,
}

/// One line of a list, or one for each thing picked.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// Rendered for each item; the item itself when absent.
    #[serde(default = "Template::item")]
    pub text: Template,
    #[serde(default)]
    pub each: Option<Pick>,
    #[serde(default)]
    pub when: When,
}

/// One piece of evidence, or one for each thing picked.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    pub claim: Template,
    /// Id of an entry, or `TBD`.
    pub source: Template,
    #[serde(default)]
    pub each: Option<Pick>,
    #[serde(default)]
    pub when: When,
}
