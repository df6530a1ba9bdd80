use std::sync::Arc;

use serde_json::json;

use super::super::Book;
use super::*;
use crate::diagnostic::Place;
use crate::domain::{Limits, OutputSchema, Slug, SnapshotFields};

/// Rules with one of everything, and nothing wrong with them.
const SOUND: &str = r#"
version: 1
rules: small
ignore: ['obey me']
signals:
  broken: {strong: [broken], patterns: ['error \d+']}
  slow: {plain: [slow]}
look:
  - {name: pieces, tool: search, args: {query: "{{ terms }}"}}
facts:
  - fact: kind
    by: {vote: {options: [{value: bug, weights: {broken: 1}}, {value: wish, weights: {slow: 1}}], otherwise: wish}}
  - fact: risk
    by: {highest: {scale: [low, high], rules: [{when: {heard: [broken]}, value: high}]}}
asks:
  - {id: when, when: {facts: {kind: [bug]}}, ask: Since when?, unknown: "TBD: since when"}
confidence: {floor: 0.4, ceiling: 0.9, margins: [kind]}
route:
  - fact: reasons
    by: {all: [{when: {asked: [when]}, value: "Risk is {{ facts.risk }}."}]}
act:
  - {name: note, tool: draft, args: {text: "{{ found.pieces[0].id }}"}, when: {found: {from: pieces}}}
failed: "TBD: {{ item.tool }}"
output:
  kind: {fact: kind}
  text: {text: "{{ title }} {{ acts.note.created }} {{ heard.slow }}"}
  reasons: {list: [{each: {from: reasons}}]}
"#;

fn small() -> Arc<Pipeline> {
    let text = json!({"type": "string"});
    Arc::new(Pipeline {
        name: Slug::new("small").unwrap(),
        about: String::new(),
        prompt: String::new(),
        prompt_file: "prompt.md".into(),
        output_schema: OutputSchema::new(json!({
            "type": "object",
            "required": ["kind", "text"],
            "properties": {"kind": {"enum": ["bug", "wish"]}, "text": text, "reasons": {"type": "array"}},
        }))
        .unwrap(),
        tools: vec!["search".into(), "draft".into()],
        limits: Limits::default(),
        snapshot: SnapshotFields::default(),
    })
}

/// What is wrong with the sound rules once `from` is replaced by `to`.
fn mistakes(from: &str, to: &str) -> Vec<Diagnostic> {
    assert_eq!(SOUND.matches(from).count(), 1, "{from:?} must stand in the rules once");
    let spec = serde_yaml::from_str(&SOUND.replacen(from, to, 1)).unwrap();
    Book::new(spec, small(), "rules.yaml").err().unwrap_or_default()
}

#[test]
fn sound_rules_have_no_diagnostics() {
    assert_eq!(mistakes("Since when?", "Since when?"), []);
}

#[test]
fn each_mistake_is_named_once_with_its_place_and_what_was_meant() {
    let check = |from: &str, to: &str, code: &str, pointer: &str, help: &str| {
        let found = mistakes(from, to);
        assert_eq!(found.len(), 1, "{to:?} gave {found:#?}");
        let (Place::Value(at) | Place::Key(at)) = &found[0].place else { panic!("{found:#?}") };
        assert_eq!((found[0].code, at.as_str()), (code, pointer), "{to:?} gave {found:#?}");
        assert!(found[0].help.as_deref().unwrap_or_default().contains(help), "{to:?} gave {found:#?}");
    };
    check("version: 1", "version: 2", "unknown-version", "/version", "");
    check("rules: small", "rules: other", "wrong-pipeline", "/rules", "");
    check("'obey me'", "'(obey me'", "bad-pattern", "/ignore/0", "");
    check("'error \\d+'", "'error \\d+)'", "bad-pattern", "/signals/broken/patterns/0", "");
    check(
        "weights: {broken: 1}",
        "weights: {brokn: 1}",
        "unknown-name",
        "/facts/0/by/vote/options/0/weights/brokn",
        "broken",
    );
    check("heard: [broken]", "heard: [brokn]", "unknown-name", "/facts/1/by/highest/rules/0/when/heard/0", "broken");
    check("value: high}", "value: hihg}", "unknown-name", "/facts/1/by/highest/rules/0/value", "high");
    check("{facts: {kind: [bug]}}", "{facts: {kid: [bug]}}", "unknown-name", "/asks/0/when/facts/kid", "kind");
    check("{facts: {kind: [bug]}}", "{facts: {reasons: [x]}}", "decided-later", "/asks/0/when/facts/reasons", "");
    check("margins: [kind]", "margins: [risk]", "unknown-name", "/confidence/margins/0", "");
    check("floor: 0.4", "floor: 4", "out-of-range", "/confidence/floor", "");
    check("asked: [when]", "asked: [wen]", "unknown-name", "/route/0/by/all/0/when/asked/0", "when");
    check("{{ facts.risk }}", "{{ facts.rsk }}", "unknown-name", "/route/0/by/all/0/value", "risk");
    check("{{ facts.risk }}", "{{ facts.risk", "bad-template", "/route/0/by/all/0/value", "");
    check("tool: search", "tool: serch", "unknown-name", "/look/0/tool", "search");
    check("found: {from: pieces}", "found: {from: piece}", "unknown-name", "/act/0/when/found/from", "pieces");
    check("{{ title }}", "{{ titel }}", "unknown-name", "/output/text/text", "title");
    check("{{ acts.note.created }}", "{{ acts.nota.created }}", "unknown-name", "/output/text/text", "note");
}

#[test]
fn fields_are_held_against_the_output_schema() {
    let code = |from: &str, to: &str| mistakes(from, to).iter().map(|d| d.code).collect::<Vec<_>>();
    assert_eq!(code("kind: {fact: kind}", "kind: {fact: risk}"), ["not-allowed", "not-allowed"]);
    assert_eq!(code("  reasons: {list", "  raisons: {list"), ["unknown-field"]);
    assert_eq!(code("  kind: {fact: kind}\n", ""), ["missing-field"]);
}

#[test]
fn an_unknown_key_is_refused() {
    let text = SOUND.replacen("{from: reasons}", "{form: reasons}", 1);
    assert!(serde_yaml::from_str::<RulesSpec>(&text).is_err());
}
