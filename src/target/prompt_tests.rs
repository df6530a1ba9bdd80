//! What a prompt may say, and what it may not reach.

use super::*;
use crate::domain::{Limits, OutputSchema, Slug, SnapshotFields};

fn pipeline(prompt: &str) -> Pipeline {
    Pipeline {
        name: Slug::new("triage").unwrap(),
        about: "About.".into(),
        prompt: prompt.into(),
        prompt_file: "prompt.md".into(),
        output_schema: OutputSchema::new(json!({"type": "object", "properties": {"b": {}, "a": {}}})).unwrap(),
        tools: vec![],
        limits: Limits::default(),
        snapshot: SnapshotFields::default(),
    }
}

fn request(body: &str) -> Request {
    let request = json!({
        "org_id": "acme", "type": "automation_fix", "title": "A title",
        "intake_payload": {"channel": "email", "author": "ada", "body": body},
    });
    serde_json::from_value(request).unwrap()
}

fn rendered(prompt: &str, body: &str) -> String {
    let prompt = Prompt::new(&pipeline(prompt)).unwrap_or_else(|found| panic!("{found:?}"));
    prompt.render(&request(body), &[], &Arc::from([])).unwrap()
}

/// Code and message of the one thing that is wrong.
#[track_caller]
fn wrong(prompt: &str) -> (&'static str, String) {
    let Err(mut found) = Prompt::new(&pipeline(prompt)) else { panic!("{prompt} was taken") };
    assert_eq!(found.len(), 1, "{found:?}");
    let found = found.remove(0);
    assert_eq!(found.file, "suites/triage/prompt.md");
    (found.code, format!("{} {}", found.message, found.help.unwrap_or_default()))
}

#[test]
fn every_shipped_prompt_is_taken_and_holds_the_request() {
    for prompt in [
        include_str!("../../suites/triage/prompt.md"),
        include_str!("../../suites/work-order/prompt.md"),
        include_str!("../../suites/escalation-packet/prompt.md"),
        include_str!("../cli/init/template/suites/triage/prompt.md"),
    ] {
        let text = rendered(prompt, "The \"flow\" loops.");
        assert!(text.contains(r#""body": "The \"flow\" loops.""#), "{text}");
        assert!(!text.contains("{{") && !text.contains("{%"));
    }
}

#[test]
fn what_a_stranger_wrote_is_text_for_good() {
    let hostile = "{{ tools }} {% for x in range(9) %}{{ x }}{% endfor %} {# hidden #}";
    assert_eq!(rendered("{{ request.intake_payload.body }}", hostile), hostile);
}

#[test]
fn a_template_reaches_nothing_else() {
    assert_eq!(wrong("{{ env.HOME }}").0, "unknown-variable");
    assert_eq!(wrong("{{ debug() }}").0, "unknown-variable");
    assert_eq!(wrong("{% include 'evalgate.yaml' %}").0, "template-fault");
    assert_eq!(wrong("{% extends '/etc/passwd' %}").0, "template-fault");
    assert_eq!(wrong("{% from 'rules.yaml' import x %}{{ x }}").0, "template-fault");
}

#[test]
fn a_mistyped_name_is_told_with_what_was_meant() {
    let (code, told) = wrong("{{ request.tittle }}");
    assert_eq!(code, "unknown-variable");
    assert!(told.contains("did you mean \"request.title\""), "{told}");
    assert!(wrong("{{ reqest.title }}").1.contains("did you mean \"request\""));
    assert!(wrong("{{ request.intake_payload.bdy }}").1.contains("request.intake_payload.body"));
    assert_eq!(wrong("{{ request.title | shout }}").0, "template-fault");
    assert_eq!(wrong("{% if x %}").0, "template-syntax");
}

#[test]
fn what_is_wrong_is_placed_where_the_template_says_it() {
    let placed = |prompt: &str| {
        let Err(found) = Prompt::new(&pipeline(prompt)) else { panic!("{prompt} was taken") };
        let crate::diagnostic::Place::Span(span) = found[0].place.clone() else { panic!("{found:?}") };
        (span.start, prompt[span].to_owned())
    };
    assert_eq!(placed("env of {{ tools }}\n{% if my_env or env.HOME %}{% endif %}").0, 35);
    assert_eq!(placed("env, {{ x.env }} {{ env }}"), (20, "env".to_owned()));
    assert_eq!(placed("env, {{ request.env }} {{ env }}"), (26, "env".to_owned()));
    assert_eq!(placed("request.tittle\n  {{ request.tittle }}"), (20, "request.tittle".to_owned()));
    assert_eq!(placed("a\n  {{ tools | shout }}\nb").1, "{{ tools | shout }}");
}

#[test]
fn what_is_not_known_of_a_request_is_nothing() {
    assert_eq!(rendered("[{{ request.priority }}] {{ request.title }}", ""), "[] A title");
    assert_eq!(rendered("{% if request.priority %}known{% else %}unknown{% endif %}", ""), "unknown");
}

#[test]
fn a_schema_keeps_the_order_it_was_written_in() {
    let text = rendered("{{ output_schema | tojson }}", "");
    assert_eq!(text, r#"{"type": "object", "properties": {"b": {}, "a": {}}}"#);
}

#[test]
fn tools_are_told_by_name_meaning_effect_and_arguments() {
    use crate::domain::{Breadth, Effect, Operation};
    let tool = Tool {
        name: "draft_note".into(),
        about: "A note for the desk.".into(),
        effect: Effect::Draft,
        action: None,
        target: None,
        input: json!({"type": "object", "required": ["body"]}),
        does: Operation::Create { collection: "drafts".into(), kind: "InternalNote".into() },
        breadth: Breadth::default(),
    };
    let tools: Arc<[Tool]> = Arc::from([tool]);
    let template = "{% for t in tools %}{{ t.name }} ({{ t.effect }}): {{ t.about }} {{ t.input | tojson }}{% endfor %} \
                    {{ tools | tojson }}";
    let prompt = Prompt::new(&pipeline(template)).unwrap_or_else(|found| panic!("{found:?}"));
    let expected = r#"draft_note (draft): A note for the desk. {"type": "object", "required": ["body"]} [{"name": "draft_note", "about": "A note for the desk.", "effect": "draft", "input": {"type": "object", "required": ["body"]}}]"#;
    for _ in 0..2 {
        assert_eq!(prompt.render(&request("x"), &[], &tools).unwrap(), expected);
    }
}
