//! Fields of an output, put right one by one; and whether the output still is one.

use serde_json::Value;

use crate::cli::failure::Failure;
use crate::diagnostic::{Diagnostic, printable_line};
use crate::domain::{Pipeline, pointer};

/// The output with `/field=value` set and other fields taken out. A value is JSON where it can be read as such, else text.
pub fn put(pipeline: &Pipeline, output: &Value, set: &[String], unset: &[String]) -> Result<Value, Failure> {
    let mut output = output.clone();
    for one in set {
        let (place, text) = one
            .split_once('=')
            .ok_or_else(|| Failure::usage(format!("--set {one:?} has no value")).with_hint("--set /severity=P1"))?;
        set_field(pipeline, &mut output, place, text).map_err(|why| Failure::usage(format!("--set {place}: {why}")))?;
    }
    for place in unset {
        unset_field(&mut output, place).map_err(|why| Failure::usage(format!("--unset {place}: {why}")))?;
    }
    Ok(output)
}

/// Sets one field. The error is a sentence.
pub fn set_field(pipeline: &Pipeline, output: &mut Value, place: &str, text: &str) -> Result<(), String> {
    let as_text = Value::from(text);
    let value = serde_json::from_str(text).unwrap_or_else(|_| as_text.clone());
    let was_text = value == as_text;
    *at(output, place)? = value;
    // `true` or `10` may be meant as text where nothing else can be there.
    if !was_text && !problems(pipeline, output, "").is_empty() {
        let mut other = output.clone();
        *at(&mut other, place)? = as_text;
        if problems(pipeline, &other, "").is_empty() {
            *output = other;
        }
    }
    Ok(())
}

/// Sets one field to a value. The error is a sentence.
pub fn put_value(output: &mut Value, place: &str, value: Value) -> Result<(), String> {
    *at(output, place)? = value;
    Ok(())
}

/// The field at a place; one that there was not is made, with `null`. `-` stands for the place behind a list's end.
fn at<'v>(output: &'v mut Value, place: &str) -> Result<&'v mut Value, String> {
    let (parent, key) = parent(output, place)?;
    match parent {
        Value::Object(map) => Ok(map.entry(key).or_insert(Value::Null)),
        Value::Array(items) => {
            let index = if key == "-" { items.len() } else { key.parse().unwrap_or(usize::MAX) };
            if index == items.len() {
                items.push(Value::Null);
            }
            let len = items.len();
            items.get_mut(index).ok_or_else(|| format!("the list has {len} items, counted from 0"))
        }
        _ => Err("there is nothing to put a field into".to_owned()),
    }
}

fn unset_field(output: &mut Value, place: &str) -> Result<(), String> {
    let (parent, key) = parent(output, place)?;
    let gone = match parent {
        Value::Object(map) => map.shift_remove(&key),
        Value::Array(items) => key.parse().ok().filter(|at: &usize| *at < items.len()).map(|at| items.remove(at)),
        _ => None,
    };
    gone.map(drop).ok_or_else(|| "there is no such field".to_owned())
}

fn parent<'v>(output: &'v mut Value, place: &str) -> Result<(&'v mut Value, String), String> {
    let Some((above, key)) = place.rsplit_once('/') else {
        return Err(format!("a field is a JSON pointer such as /severity, not {place:?}"));
    };
    let key = pointer::unescaped(key).into_owned();
    if output.is_null() && above.is_empty() {
        *output = Value::Object(serde_json::Map::new());
    }
    let known: Vec<String> = output.as_object().map_or_else(Vec::new, |map| map.keys().cloned().collect());
    let parent = output.pointer_mut(above).ok_or_else(|| {
        let known = known.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        format!("the output has no {above:?}; it has {known}")
    })?;
    Ok((parent, key))
}

/// Everything that keeps a value from being an output of the pipeline: places in `file`, below `/output`.
pub fn problems(pipeline: &Pipeline, output: &Value, file: &str) -> Vec<Diagnostic> {
    let errors = pipeline.output_schema.validator().iter_errors(output);
    errors
        .map(|error| {
            let place = error.instance_path().to_string();
            let message = printable_line(&error.to_string()).into_owned();
            Diagnostic::error("not-an-output", file, format!("/output{place}"), message)
        })
        .collect()
}

/// The same in a line each, for whoever gave fields on the command line.
pub fn told(pipeline: &Pipeline, output: &Value) -> Vec<String> {
    let line = |problem: Diagnostic| match problem.place {
        crate::diagnostic::Place::Value(place) => {
            let place = place.strip_prefix("/output").unwrap_or(&place).to_owned();
            format!("{}: {}", if place.is_empty() { "the output" } else { &place }, problem.message)
        }
        _ => problem.message,
    };
    problems(pipeline, output, "").into_iter().map(line).collect()
}
