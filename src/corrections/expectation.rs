//! What a case should expect once a field of an output was put right.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::domain::{Case, Pipeline};
use crate::score::{CompiledRubric, Fix};
use crate::world::System;

/// Adds to the case's expectations what the corrected fields say, as far as a check that reads the field can ask for it.
/// Gives the expectations that could not be used, each with the reason.
pub fn amend(
    case: &mut Case,
    original: &Value,
    corrected: &BTreeMap<String, Value>,
    (rubric, pipeline, system): (&CompiledRubric, &Pipeline, &Arc<System>),
) -> Vec<String> {
    let mut unusable = Vec::new();
    for (place, value) in corrected {
        let rejected = original.pointer(place).unwrap_or(&Value::Null);
        for criterion in rubric.criteria() {
            let Some(key) = criterion.want() else { continue };
            let want = case.expect.get(key).cloned();
            let fix = Fix { place, value, rejected, want: want.as_ref() };
            let Some(amended) = criterion.corrected(&fix).filter(|amended| Some(amended) != want.as_ref()) else {
                continue;
            };
            case.expect.insert(key.to_owned(), amended);
            let about = format!("/expect/{key}");
            let problems = rubric.examine(case, pipeline, system);
            if let Some(problem) = problems.iter().find(|problem| problem.pointer.starts_with(&about)) {
                unusable.push(format!("expect.{key} stays as it was: {}", problem.message));
                match want {
                    Some(want) => case.expect.insert(key.to_owned(), want),
                    None => case.expect.shift_remove(key),
                };
            }
        }
    }
    unusable
}
