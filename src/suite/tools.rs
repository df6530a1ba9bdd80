//! A world's tools: their arguments are described by a schema, and what they do uses those arguments.

use std::collections::BTreeSet;

use serde_json::Value;

use super::output_schema::{compiled, properties};
use super::worlds::Placed;
use crate::diagnostic::Diagnostic;
use crate::domain::{Operation, Tool};

/// Everything wrong with one tool. Problems are found with pointers.
pub fn check(tool: &Placed<'_, Tool>, collections: &BTreeSet<&str>, found: &mut Vec<Diagnostic>) {
    let name = &tool.value.name;
    if let Err((pointer, why)) = compiled(tool.value.input.clone()) {
        return found.push(tool.error("bad-schema", &format!("/input{pointer}"), why));
    }
    if tool.value.input.get("type").and_then(Value::as_str) != Some("object") {
        let message = format!("the input of tool {name:?} is no mapping of arguments");
        return found.push(tool.error("bad-schema", "/input", message).with_help("start it with `type: object`"));
    }
    let arguments = properties(&tool.value.input);
    let used = arguments_of(&tool.value.does);
    let target = tool.value.target.as_deref().map(|target| ("/target".to_owned(), target));
    for (below, argument) in used.into_iter().chain(target) {
        if !arguments.iter().any(|known| known == argument) {
            let message = format!("tool {name:?} has no argument {argument:?}");
            let problem = tool.error("unknown-argument", &below, message);
            found.push(problem.suggest(argument, arguments.iter().map(String::as_str)));
        }
    }
    let verb = verb(&tool.value.does);
    let many = !matches!(tool.value.does, Operation::Create { .. });
    for (index, collection) in tool.value.does.collections().iter().enumerate() {
        if !collections.contains(collection.as_str()) {
            let below =
                if many { format!("/does/{verb}/collections/{index}") } else { format!("/does/{verb}/collection") };
            let problem = tool.error("unknown-collection", &below, format!("there is no collection {collection:?}"));
            found.push(problem.suggest(collection, collections.iter().copied()));
        }
    }
    if tool.value.breadth.max_results == 0 {
        let message = "a tool that returns nothing is of no use".to_owned();
        found.push(tool.error("out-of-range", "/breadth/max_results", message));
    }
}

/// The arguments an operation uses, with the pointers to where it names them.
fn arguments_of(does: &Operation) -> Vec<(String, &str)> {
    let named: Vec<(String, &String)> = match does {
        Operation::Get { id, .. } | Operation::Delete { id, .. } => vec![("id".to_owned(), id)],
        Operation::Search { query, .. } => vec![("query".to_owned(), query)],
        Operation::List { filters, .. } => {
            filters.iter().enumerate().map(|(index, filter)| (format!("filters/{index}"), filter)).collect()
        }
        Operation::Create { .. } => Vec::new(),
        Operation::Update { id, set, .. } => vec![("id".to_owned(), id), ("set".to_owned(), set)],
    };
    named.into_iter().map(|(key, name)| (format!("/does/{}/{key}", verb(does)), name.as_str())).collect()
}

/// The spelling in YAML.
fn verb(does: &Operation) -> &'static str {
    match does {
        Operation::Get { .. } => "get",
        Operation::Search { .. } => "search",
        Operation::List { .. } => "list",
        Operation::Create { .. } => "create",
        Operation::Update { .. } => "update",
        Operation::Delete { .. } => "delete",
    }
}
