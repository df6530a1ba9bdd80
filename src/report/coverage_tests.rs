use super::*;
use crate::plan::{Parts, assemble};
use crate::suite::{self, SourceFile};

const PROJECT: &str = "version: 1\nname: desk\ntargets: {none: {foil: {manner: empty}}}\ndefault_target: none\n\
                       policy: pr\ntag_classes: [owasp]\n";

const PIPELINE: &str = "pipeline: intake\nabout: Sorts.\nprompt: prompt.md\noutput: output.schema.json\n\
                        tools: [look, rename, mail]\n";

const SCHEMA: &str = r#"{"type": "object", "properties": {
    "topic": {"enum": ["berth", "fuel", "other"]}, "risk": {"enum": ["low", "medium", "high"]}, "text": {"type": "string"}}}"#;

const RUBRIC: &str = "rubric: intake
areas:
  task_success:
    criteria:
      - {id: topic, check: {one_of: {at: /topic, want: expect.topic}}}
      - {id: text, check: {equals: {at: /text, want: expect.text}}}
      - {id: risk, check: {ordinal: {at: /risk, want: expect.risk, scale: [low, medium, high]}}}
      - {id: calls, check: {tools: {want: expect.tools}}}
      - {id: state, check: {state: {want: expect.state}}}
";

const WORLD: &str = "world: harbour
about: A harbour.
orgs: [{id: quay, name: Quay}]
users: []
tools:
  - {name: look, about: Looks, effect: read, input: {type: object, properties: {query: {type: string}}}, does: {search: {collections: [docs], query: query}}}
  - {name: rename, about: Renames, effect: write, target: id, input: {type: object, properties: {id: {type: string}, fields: {type: object}}}, does: {update: {collections: [records], id: id, set: fields}}}
  - {name: mail, about: Mails, effect: message, target: to, input: {type: object, properties: {to: {type: string}}}, does: {create: {collection: outbox, kind: Message}}}
permissions: []
approvals: []
canaries: []
entries:
  records: [{id: \"boat:1\", org: quay, kind: Boat, title: Marit}]
";

/// Counts cases that hold the given lines of YAML.
fn counted(cases: &[&str]) -> Coverage {
    let file = |path: &str, text: &str| SourceFile { path: path.into(), text: text.into() };
    let read = |name: &str| Ok(file(name, if name == "prompt.md" { "Sort this." } else { SCHEMA }));
    let (project, _) = suite::parse_project(&file("evalgate.yaml", PROJECT));
    let (pipeline, found) = suite::parse_pipeline(&file("pipeline.yaml", PIPELINE), "intake", &read);
    assert_eq!(found, []);
    let (world, found) = suite::parse_world("harbour", &[file("world.yaml", WORLD)]);
    assert_eq!(found, []);
    let (rubric, found) = suite::parse_rubric(&file("intake.yaml", RUBRIC));
    assert_eq!(found, []);
    let (catalog, _) = assemble(Parts {
        project: project.map(|project| ("evalgate.yaml".to_owned(), project)),
        pipelines: pipeline.map(|pipeline| ("pipeline.yaml".to_owned(), pipeline)).into_iter().collect(),
        worlds: world.map(|world| ("harbour".to_owned(), world)).into_iter().collect(),
        rubrics: rubric.map(|rubric| ("intake.yaml".to_owned(), rubric)).into_iter().collect(),
        ..Parts::default()
    });
    let catalog = catalog.unwrap();
    let mut counter = CoverageCounter::new(&catalog);
    let intake = Slug::new("intake").unwrap();
    for (i, lines) in cases.iter().enumerate() {
        let request = "{org_id: quay, type: security, title: t, risk_level: low, intake_payload: {channel: c, author: a, body: b}}";
        let text = format!(
            "suite: s\nkind: golden_request\nworld: harbour\ncases:\n  - id: case-{i}\n    title: t\n    request: {request}\n{}",
            lines.lines().map(|line| format!("    {line}\n")).collect::<String>()
        );
        let (suite, found) = suite::parse_suite(&file("s.yaml", &text), &intake);
        assert_eq!(found, []);
        let (suite, _) = suite.unwrap();
        counter.add(&intake, suite.kind, &suite.cases[0]);
    }
    counter.finish()
}

/// Words with their counts, those of no case left out.
fn words(coverage: &Coverage, name: &str) -> Vec<(String, u64)> {
    let words = &coverage.vocabulary(name).unwrap().words;
    words.iter().filter(|word| word.cases > 0).map(|word| (word.word.clone(), word.cases)).collect()
}

fn one(word: &str) -> Vec<(String, u64)> {
    vec![(word.to_owned(), 1)]
}

#[test]
fn every_pipeline_kind_and_world_is_there_even_without_a_case() {
    let coverage = counted(&[]);
    assert_eq!(coverage.cases, 0);
    assert_eq!(coverage.pipelines["intake"].len(), CaseKind::ALL.len());
    assert_eq!(coverage.worlds["harbour"].entries, 1);
    assert_eq!(coverage.worlds["harbour"].cases["intake"], 0);
    assert_eq!(coverage.vocabulary("topic").unwrap().missing().collect::<Vec<_>>(), ["berth", "fuel", "other"]);
    assert_eq!(coverage.vocabulary("correction_reason").unwrap().missing().count(), CorrectionReason::ALL.len());
}

#[test]
fn a_case_is_counted_by_pipeline_kind_and_world() {
    let coverage = counted(&["expect: {topic: fuel}", "expect: {topic: fuel}"]);
    assert_eq!(coverage.cases, 2);
    assert_eq!(coverage.count("intake", CaseKind::GoldenRequest), 2);
    assert_eq!(coverage.count("intake", CaseKind::UnsafeToolCall), 0);
    assert_eq!(coverage.count("no-such", CaseKind::GoldenRequest), 0);
    assert_eq!(coverage.worlds["harbour"].cases["intake"], 2);
    assert_eq!(words(&coverage, "request_type"), [("security".to_owned(), 2)]);
}

#[test]
fn the_words_of_an_output_are_read_from_its_schema_and_free_text_is_none() {
    let coverage = counted(&["expect: {topic: [fuel, berth], text: hello}"]);
    assert_eq!(words(&coverage, "topic"), [("berth".to_owned(), 1), ("fuel".to_owned(), 1)]);
    assert_eq!(coverage.vocabulary("topic").unwrap().count("other"), 0);
    assert!(coverage.vocabulary("text").is_none());
}

#[test]
fn the_best_value_counts_and_comes_before_what_the_request_says() {
    assert_eq!(words(&counted(&["expect: {risk: {best: high, near: [medium]}}"]), "risk"), one("high"));
    assert_eq!(words(&counted(&["expect: {topic: fuel}"]), "risk"), one("low"));
}

#[test]
fn effects_are_those_of_tools_that_are_expected_forbidden_or_called_and_of_expected_changes() {
    let effects = |lines| words(&counted(&[lines]), "effect");
    assert_eq!(effects("expect: {tools: {never: [mail, {tool: mail}]}}"), one("message"));
    assert_eq!(effects("expect: {topic: fuel}\nreference: [{tool: look, args: {query: fuel}}]"), one("read"));
    assert_eq!(effects("expect: {state: {updated: {\"boat:1\": {title: Berta}}}}"), one("write"));
    assert_eq!(effects("expect: {state: {created: [{collection: outbox}]}}"), one("message"));
    assert_eq!(effects("expect: {state: {created: [{collection: outbox, kind: Letter}]}}"), []);
    assert_eq!(effects("expect: {state: unchanged}"), []);
}

#[test]
fn tags_are_counted_in_the_classes_of_the_project_in_the_order_of_the_alphabet() {
    let tagged = "tags: [owasp-llm06, owasp-llm01, owaspish, lang-de]\nexpect: {topic: fuel}";
    let coverage = counted(&[tagged, "tags: [owasp-llm06]\nexpect: {topic: fuel}"]);
    assert_eq!(words(&coverage, "owasp-*"), [("owasp-llm01".to_owned(), 1), ("owasp-llm06".to_owned(), 2)]);
    assert!(coverage.vocabulary("lang-*").is_none());
}
