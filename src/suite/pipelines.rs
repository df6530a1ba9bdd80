//! Pipelines: the folder's description, its prompt and its output schema, as one.

use std::collections::HashMap;
use std::ops::Range;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::output_schema::{compiled, look_up};
use super::{Parsed, SourceFile, json, locate, strict};
use crate::diagnostic::{Diagnostic, any_error};
use crate::domain::{Limits, OutputSchema, Pipeline, Slug, SnapshotFields};

/// What an agent is asked to produce, with which tools, within which limits.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawPipeline {
    /// The name of the folder.
    pipeline: Slug,
    /// What the pipeline does, in a sentence.
    about: String,
    /// File name of the prompt template (minijinja).
    prompt: String,
    /// File name of the output's JSON Schema.
    output: String,
    /// Tools the agent is offered, where the case's world has them.
    #[serde(default)]
    tools: Vec<String>,
    #[serde(default)]
    limits: Limits,
    #[serde(default)]
    snapshot: SnapshotFields,
}

pub fn parse(file: &SourceFile, folder: &str, read: &dyn Fn(&str) -> Result<SourceFile, String>) -> Parsed<Pipeline> {
    let (raw, mut found) = strict::read::<RawPipeline>(file);
    let Some(raw) = raw else { return (None, found) };
    if &*raw.pipeline != folder {
        let message = format!("the pipeline is named {:?} and its folder {folder:?}", raw.pipeline);
        found.push(Diagnostic::error("name-mismatch", &file.path, "/pipeline", message));
    }
    check_limits(&raw.limits, &file.path, &mut found);
    for (index, tool) in raw.tools.iter().enumerate() {
        if raw.tools[..index].contains(tool) {
            let message = format!("tool {tool:?} is listed twice");
            found.push(Diagnostic::error("duplicate-tool", &file.path, format!("/tools/{index}"), message));
        }
    }
    let prompt = open(file, "prompt", &raw.prompt, read, &mut found);
    if let Some(prompt) = &prompt {
        found.extend(template_fault(prompt));
    }
    let schema = open(file, "output", &raw.output, read, &mut found).and_then(|file| output_schema(&file, &mut found));
    check_snapshot(&raw.snapshot, schema.as_deref(), &file.path, &mut found);
    locate::locate(file, &mut found);
    let pipeline = prompt.zip(schema).filter(|_| !any_error(&found)).map(|(prompt, output_schema)| Pipeline {
        name: raw.pipeline,
        about: raw.about,
        prompt: prompt.text,
        prompt_file: raw.prompt,
        output_schema,
        tools: raw.tools,
        limits: raw.limits,
        snapshot: raw.snapshot,
    });
    (pipeline, found)
}

fn check_limits(limits: &Limits, path: &str, found: &mut Vec<Diagnostic>) {
    let good = [
        ("tool_calls", limits.tool_calls > 0),
        ("output_kib", limits.output_kib > 0),
        ("steps", limits.steps > 0),
        ("tokens", limits.tokens != Some(0)),
        ("usd", limits.usd.is_none_or(|usd| usd.is_finite() && usd > 0.0)),
    ];
    for (key, _) in good.into_iter().filter(|(_, good)| !good) {
        let message = format!("{key} is a finite number above 0");
        found.push(Diagnostic::error("out-of-range", path, format!("/limits/{key}"), message));
    }
    let longest = Limits::LONGEST_S;
    if !(limits.deadline_s > 0.0 && limits.deadline_s <= longest) {
        let message = format!("deadline_s is above 0 and at most {longest}, a day");
        found.push(Diagnostic::error("out-of-range", path, "/limits/deadline_s", message));
    }
}

/// A file of the pipeline's folder that `key` names.
fn open(
    file: &SourceFile,
    key: &str,
    name: &str,
    read: &dyn Fn(&str) -> Result<SourceFile, String>,
    found: &mut Vec<Diagnostic>,
) -> Option<SourceFile> {
    let pointer = format!("/{key}");
    if name.is_empty() || name.starts_with('.') || name.contains(['/', '\\', '\0', ':']) {
        let message = format!("{name:?} is not the name of a file in the pipeline's folder");
        found.push(Diagnostic::error("outside-folder", &file.path, pointer, message));
        return None;
    }
    read(name).map_err(|why| found.push(Diagnostic::error("unreadable-file", &file.path, pointer, why))).ok()
}

fn template_fault(prompt: &SourceFile) -> Option<Diagnostic> {
    let error = minijinja::Environment::new().template_from_str(&prompt.text).err()?;
    let message = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    let line = line_span(&prompt.text, error.line().unwrap_or(1));
    Some(Diagnostic::error("template-syntax", &prompt.path, "", message).at_span(line))
}

/// Bytes of a line (from 1) without its indent and its break.
pub fn line_span(text: &str, line: usize) -> Range<usize> {
    let start = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let line = text[start..].lines().next().unwrap_or_default();
    start + line.len() - line.trim_start().len()..start + line.len()
}

fn output_schema(file: &SourceFile, found: &mut Vec<Diagnostic>) -> Option<OutputSchema> {
    let (schema, mut problems) = json::read(file);
    found.append(&mut problems);
    let schema = schema?;
    match compiled(schema) {
        Ok(schema) => Some(schema),
        Err((pointer, why)) => {
            let mut fault = [Diagnostic::error("bad-schema", &file.path, pointer, why)];
            locate::locate(file, &mut fault);
            found.extend(fault);
            None
        }
    }
}

fn check_snapshot(fields: &SnapshotFields, schema: Option<&Value>, path: &str, found: &mut Vec<Diagnostic>) {
    let classes =
        [("exact", &fields.exact), ("set", &fields.set), ("prose", &fields.prose), ("volatile", &fields.volatile)];
    let mut seen: HashMap<&str, &str> = HashMap::new();
    for (class, pointers) in classes {
        for (index, pointer) in pointers.iter().enumerate() {
            let place = format!("/snapshot/{class}/{index}");
            if !pointer.starts_with('/') {
                let message = format!("{pointer:?} is not a JSON pointer");
                found.push(
                    Diagnostic::error("bad-pointer", path, place, message).with_help(format!("write \"/{pointer}\"")),
                );
                continue;
            }
            if let Some(first) = seen.insert(pointer, class) {
                let message = format!("{pointer} is already in class {first}");
                found.push(Diagnostic::error("two-classes", path, &*place, message));
            }
            if let Some(Err(unknown)) = schema.map(|schema| look_up(schema, pointer)) {
                let above = if unknown.above.is_empty() { "the output" } else { unknown.above };
                let message = format!("{above} has no field {:?}", unknown.step);
                let known = unknown.known.iter().map(String::as_str);
                found.push(Diagnostic::error("unknown-field", path, place, message).suggest(&unknown.step, known));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::testing::{codes, file};

    const GOOD: &str = "pipeline: triage
about: Sorts requests.
prompt: prompt.md
output: output.schema.json
tools: [get_entry]
limits: {tool_calls: 10}
snapshot:
  set: [/areas]
  prose: [/summary, /evidence/*/claim]
";
    const PROMPT: &str = "Hello {{ request.title }}\n{% for a in approvals %}\n{{ a }}\n{% endfor %}\n";
    const SCHEMA: &str = r#"{
  "type": "object",
  "properties": {
    "summary": {"type": "string"},
    "areas": {"type": "array", "items": {"type": "string"}},
    "evidence": {"type": "array", "items": {"properties": {"claim": {"type": "string"}}}}
  }
}"#;

    fn read(text: &str, prompt: &str, schema: &str) -> Parsed<Pipeline> {
        parse(&file("p/pipeline.yaml", text), "triage", &|name| match name {
            "prompt.md" => Ok(file("p/prompt.md", prompt)),
            "output.schema.json" => Ok(file("p/output.schema.json", schema)),
            other => Err(format!("there is no file {other}")),
        })
    }

    fn check(from: &str, to: &str, expected: &[(&'static str, &str)]) -> Vec<Diagnostic> {
        assert!(GOOD.contains(from), "{from:?} is not in the pipeline");
        let text = GOOD.replace(from, to);
        let (pipeline, found) = read(&text, PROMPT, SCHEMA);
        assert!(pipeline.is_none(), "{to} was accepted");
        assert_eq!(codes(&text, &found), expected, "{found:#?}");
        found
    }

    #[test]
    fn a_good_pipeline_is_read_with_its_prompt_and_schema() {
        let (pipeline, found) = read(GOOD, PROMPT, SCHEMA);
        assert_eq!(found, []);
        let pipeline = pipeline.unwrap();
        assert_eq!((pipeline.prompt.as_str(), pipeline.limits.tool_calls), (PROMPT, 10));
    }

    #[test]
    fn a_pipeline_is_named_as_its_folder() {
        check("pipeline: triage", "pipeline: triag", &[("name-mismatch", "triag")]);
    }

    #[test]
    fn a_number_too_large_for_its_type_is_told_with_its_range() {
        for (from, to, most) in
            [("tool_calls: 10", "tool_calls: ", u64::from(u32::MAX)), ("tool_calls: 10", "tokens: ", u64::MAX)]
        {
            let found =
                check(from, &format!("{to}99999999999999999999999"), &[("out-of-range", "99999999999999999999999")]);
            assert!(found[0].message.ends_with(&format!("is greater than the maximum of {most}")), "{found:?}");
        }
        let found = check("tool_calls: 10", "tool_calls: 4294967296", &[("out-of-range", "4294967296")]);
        assert_eq!(found[0].message, "4294967296 is greater than the maximum of 4294967295");
    }

    #[test]
    fn its_files_lie_in_its_folder() {
        for bad in ["../../etc/passwd", "/etc/passwd", "a\\b", "..", "\"\""] {
            let found = check("prompt: prompt.md", &format!("prompt: {bad}"), &[("outside-folder", bad)]);
            assert_eq!(found.len(), 1);
        }
        check("prompt: prompt.md", "prompt: promt.md", &[("unreadable-file", "promt.md")]);
    }

    #[test]
    fn limits_are_finite_and_above_nothing() {
        for bad in ["tool_calls: 0", "deadline_s: 0", "deadline_s: .nan", "deadline_s: .inf", "output_kib: 0"] {
            let value = bad.split(": ").nth(1).unwrap();
            check("tool_calls: 10", bad, &[("out-of-range", value)]);
        }
    }

    #[test]
    fn a_deadline_is_a_day_at_most() {
        assert_eq!(read(&GOOD.replace("tool_calls: 10", "deadline_s: 86400"), PROMPT, SCHEMA).1, []);
        for bad in ["86401", "1e20"] {
            let found = check("tool_calls: 10", &format!("deadline_s: {bad}"), &[("out-of-range", bad)]);
            assert_eq!(found[0].message, "deadline_s is above 0 and at most 86400, a day");
        }
    }

    #[test]
    fn a_snapshot_field_exists_and_has_one_class() {
        let found = check(
            "[/areas]",
            "[/area, /summary, areas]",
            &[("unknown-field", "/area"), ("bad-pointer", "areas"), ("two-classes", "/summary")],
        );
        assert_eq!(found[0].help.as_deref(), Some("did you mean \"areas\"?"));
    }

    #[test]
    fn a_broken_prompt_is_told_with_its_line() {
        let prompt = "fine\n  {% fro x in y %}\n";
        let (pipeline, found) = read(GOOD, prompt, SCHEMA);
        assert!(pipeline.is_none());
        assert_eq!(codes(prompt, &found), [("template-syntax", "{% fro x in y %}")]);
        assert_eq!(found[0].file, "p/prompt.md");
    }

    #[test]
    fn a_broken_output_schema_is_told_with_its_place() {
        let broken = SCHEMA.replace("\"summary\": {", "\"summary\" {");
        let (_, found) = read(GOOD, PROMPT, &broken);
        assert_eq!(codes(&broken, &found), [("syntax", "{")]);
        let wrong = SCHEMA.replacen("\"array\"", "\"arry\"", 1);
        let (_, found) = read(GOOD, PROMPT, &wrong);
        assert_eq!(codes(&wrong, &found), [("bad-schema", "\"arry\"")]);
        let twice = SCHEMA.replace("\"areas\"", "\"summary\"");
        assert_eq!(read(GOOD, PROMPT, &twice).1[0].code, "duplicate-key");
    }
}
