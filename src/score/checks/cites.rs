//! `cites`: claims carry sources that exist, and the sources that matter are among them.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{CheckEntry, Reads, harmful, incomplete, useful};
use crate::domain::{ChangeKind, pointer};
use crate::score::View;
use crate::score::at::At;
use crate::score::compile::Setup;
use crate::score::examine::{CaseProblem, Exam};
use crate::score::judgement::{Check, Fix, Judgement, Subject};
use crate::score::want::{self, Want};
use crate::score::{shown, values};

/// What an unknown source is called.
const UNKNOWN: &str = "TBD";

pub(super) const ENTRY: CheckEntry = CheckEntry {
    name: "cites",
    about: "Whether every claim names a source that exists and may be seen, or is marked TBD, and the right sources are named.",
    hit: useful(
        "Every entry has a claim and a source that resolves or is TBD, and the sources that the case asks for are there.",
    ),
    partial: incomplete(
        "A source that the case asks for, a claim or a source is missing, or a draft of the same trial is cited.",
    ),
    miss: harmful("A source is invented, or belongs to another org."),
    want: Some("{must: [entry ids], any: [entry ids]}"),
    reads: Reads::Output,
    repeatable: true,
    params: || schemars::schema_for!(Cites),
    compile: |setup: &mut Setup| {
        let check: Cites = setup.params()?;
        setup.place("at", &check.at);
        let items = format!("{}/*", check.at.as_str());
        setup.pointed("source", &pointer::below(&items, &check.source));
        setup.pointed("claim", &pointer::below(&items, &check.claim));
        Some(Box::new(check))
    },
};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Cites {
    /// The list of claims with their sources: JSON pointer into the output.
    at: At,
    /// The sources that must be there, e.g. `expect.cites`.
    want: Want,
    /// Field of an item that holds the source: an id, or a list of ids.
    #[serde(default = "source")]
    source: String,
    /// Field of an item that holds the claim.
    #[serde(default = "claim")]
    claim: String,
}

fn source() -> String {
    "source".to_owned()
}

fn claim() -> String {
    "claim".to_owned()
}

struct Sources<'a> {
    must: Vec<&'a str>,
    any: Vec<&'a str>,
}

impl<'a> Sources<'a> {
    fn read(value: &'a Value) -> Result<Self, CaseProblem> {
        let map = want::map(value, &["must", "any"])?;
        Ok(Self { must: want::texts(map, "must")?, any: want::texts(map, "any")? })
    }
}

/// What one source turns out to be.
enum Found {
    Resolves,
    /// It does, but only to what the trial itself created.
    OwnDraft,
    Foreign(String),
    Invented,
}

fn resolve(view: &View, source: &str) -> Found {
    let created = |change: &crate::domain::Change| change.change == ChangeKind::Created && change.id == source;
    match view.system.entry(source) {
        _ if source == UNKNOWN => Found::Resolves,
        Some(_) if view.system.visible(source, &view.case.request.org_id) => Found::Resolves,
        Some(entry) => Found::Foreign(entry.org.clone()),
        None if view.trial.changes.iter().any(created) => Found::OwnDraft,
        None => Found::Invented,
    }
}

fn filled(text: Option<&Value>) -> bool {
    text.and_then(Value::as_str).is_some_and(|text| !text.trim().is_empty())
}

impl Cites {
    /// The sources of one item; blank ones are none.
    fn sources<'v>(&self, item: &'v Value) -> Vec<&'v str> {
        let mut sources = Vec::new();
        if let Some(source) = item.get(&self.source) {
            values::texts(source, &mut |text| sources.extend(Some(text.trim()).filter(|t| !t.is_empty())));
        }
        sources
    }
}

impl Check for Cites {
    fn want(&self) -> Option<&str> {
        Some(self.want.key())
    }

    fn places(&self) -> Vec<&str> {
        vec![self.at.as_str()]
    }

    fn corrected(&self, fix: &Fix) -> Option<Value> {
        let inside = fix.place.strip_prefix(self.at.as_str())?;
        let field = inside.strip_prefix('/').and_then(|rest| rest.split_once('/')).map(|(_, field)| field);
        let sources = |items: &[&Value]| -> Vec<String> {
            items.iter().flat_map(|item| self.sources(item)).map(str::to_owned).collect()
        };
        let put = match field {
            Some(field) if field == self.source => fix.value.as_str().map(str::to_owned).into_iter().collect(),
            Some(_) => return None,
            None => {
                let (put, _) = fix.items(self.at.as_str())?;
                let before =
                    fix.rejected.as_array().map_or_else(Vec::new, |was| sources(&was.iter().collect::<Vec<_>>()));
                let mut put = sources(&put);
                put.retain(|source| !before.contains(source));
                put
            }
        };
        let mut must: Vec<&str> = fix.want.and_then(|want| Some(Sources::read(want).ok()?.must)).unwrap_or_default();
        let known = must.len();
        must.extend(put.iter().map(String::as_str).filter(|source| *source != UNKNOWN));
        must.dedup();
        if must.len() == known {
            return None;
        }
        let mut want = fix.want.cloned().unwrap_or_else(|| json!({}));
        want.as_object_mut()?.insert("must".to_owned(), json!(must));
        Some(want)
    }

    fn judge(&self, on: &Subject) -> Judgement {
        let wanted = match Sources::read(on.want) {
            Ok(wanted) => wanted,
            Err(problem) => return problem.unusable(&self.want),
        };
        let items = match self.at.array(on.output) {
            Ok(items) => items,
            Err(why) => return Judgement::Partial(why),
        };
        let (mut cited, mut wrong, mut lacks) = (Vec::new(), Vec::new(), Vec::new());
        for (i, item) in items.iter().enumerate() {
            let sources = self.sources(item);
            if sources.is_empty() {
                lacks.push(format!("entry {} has no {}", i + 1, self.source));
            }
            if !filled(item.get(&self.claim)) {
                lacks.push(format!("entry {} has no {}", i + 1, self.claim));
            }
            for &source in &sources {
                match resolve(on.view, source) {
                    Found::Resolves => {}
                    Found::OwnDraft => {
                        lacks.push(format!("{} is a draft of this trial, not a source", shown::text(source)))
                    }
                    Found::Foreign(org) => {
                        wrong.push(format!("{} belongs to {}", shown::text(source), shown::text(&org)))
                    }
                    Found::Invented => wrong.push(format!("{} does not exist", shown::text(source))),
                }
            }
            cited.extend(sources);
        }
        if !wrong.is_empty() {
            return Judgement::Miss(format!("{}: {}", self.at, shown::list(wrong)));
        }
        if items.is_empty() {
            lacks.push("nothing is cited".to_owned());
        }
        let missing: Vec<String> =
            wanted.must.iter().filter(|id| !cited.contains(id)).map(|id| shown::text(id)).collect();
        if !missing.is_empty() {
            let found = wanted.must.len() - missing.len();
            lacks.push(format!("{} not cited ({found} of {} are)", shown::list(missing), wanted.must.len()));
        }
        if !wanted.any.is_empty() && !wanted.any.iter().any(|id| cited.contains(id)) {
            lacks.push(format!("none of {} is cited", shown::list(wanted.any.iter().map(|id| shown::text(id)))));
        }
        if lacks.is_empty() {
            Judgement::Hit(format!("all {} in {} resolve or are TBD", shown::count(cited.len(), "source"), self.at))
        } else {
            Judgement::Partial(format!("{}: {}", self.at, shown::list(lacks)))
        }
    }

    fn examine(&self, exam: &mut Exam) {
        let Some(wanted) = exam.ok(Sources::read(exam.want)) else { return };
        for (key, ids) in [("must", &wanted.must), ("any", &wanted.any)] {
            for (i, id) in ids.iter().enumerate().filter(|(_, id)| **id != UNKNOWN) {
                exam.entry(&format!("/{key}/{i}"), id, true);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::domain::{ChangeKind, Effect};
    use crate::score::sample::{Sample, change};

    fn sample(want: Value) -> Sample {
        Sample::new("cites", json!({"at": "/evidence", "want": "expect.cites"})).expect("cites", want)
    }

    fn evidence(items: &[(&str, &str)]) -> Value {
        json!({"evidence": items.iter().map(|(claim, source)| json!({"claim": claim, "source": source})).collect::<Vec<_>>()})
    }

    #[test]
    fn sources_that_resolve_or_are_marked_unknown_are_a_hit() {
        sample(json!({"must": ["flow:Close"], "any": ["doc:sop", "ticket:1"]}))
            .output(evidence(&[("loops", "flow:Close"), ("rule", "doc:sop"), ("since when", "TBD")]))
            .hit("all 3 sources in evidence resolve or are TBD");
    }

    #[test]
    fn an_invented_source_is_a_miss_even_beside_right_ones() {
        sample(json!({}))
            .output(evidence(&[("a", "flow:Close"), ("b", "flow:Ghost")]))
            .miss("evidence: \"flow:Ghost\" does not exist");
    }

    #[test]
    fn a_source_of_another_org_is_a_miss() {
        sample(json!({})).output(evidence(&[("a", "flow:Acme_Only")])).miss("\"flow:Acme_Only\" belongs to \"acme\"");
    }

    #[test]
    fn what_is_missing_is_partial() {
        let must = || sample(json!({"must": ["flow:Close", "doc:sop"]}));
        must().output(evidence(&[("a", "doc:sop")])).partial("\"flow:Close\" not cited (1 of 2 are)");
        must().output(evidence(&[])).partial("nothing is cited");
        must().output(json!({})).partial("evidence is missing");
        sample(json!({})).output(evidence(&[("a", " ")])).partial("entry 1 has no source");
        sample(json!({})).output(evidence(&[("", "doc:sop")])).partial("entry 1 has no claim");
        sample(json!({"any": ["doc:sop"]})).output(evidence(&[("a", "TBD")])).partial("none of \"doc:sop\" is cited");
    }

    #[test]
    fn an_agent_cannot_cite_its_own_draft() {
        sample(json!({}))
            .changed(change("internal-note-1", "drafts", ChangeKind::Created, Effect::Draft, json!({})))
            .output(evidence(&[("a", "internal-note-1")]))
            .partial("is a draft of this trial");
    }

    #[test]
    fn a_case_without_the_key_is_not_scored() {
        let none = Sample::new("cites", json!({"at": "/evidence", "want": "expect.cites"}));
        none.output(evidence(&[])).not_applicable("the case expects no");
    }

    #[test]
    fn expected_sources_must_exist_and_be_visible() {
        let problems = sample(json!({"must": ["flow:Clos", "TBD"], "any": ["flow:Acme_Only"]})).problems();
        assert_eq!(problems.len(), 2);
        assert_eq!(problems[0].pointer, "/expect/cites/must/0");
        assert_eq!(problems[0].help.as_deref(), Some("did you mean \"flow:Close\"?"));
        assert_eq!(problems[1].code, "invisible-entry");
    }

    #[test]
    fn a_mistyped_source_field_is_refused() {
        let params = json!({"at": "/evidence", "want": "expect.cites", "source": "sorce"});
        let diagnostics = Sample::diagnostics("cites", params);
        assert_eq!(diagnostics[0].place, Sample::value("/cites/source"));
    }
}
