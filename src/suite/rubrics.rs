//! Rubrics: what their type cannot say.

use std::collections::HashSet;

use super::{Parsed, SourceFile, read_and_check};
use crate::diagnostic::Diagnostic;
use crate::domain::Rubric;

pub fn parse(file: &SourceFile) -> Parsed<Rubric> {
    read_and_check(file, |rubric| check(rubric, &file.path))
}

fn check(rubric: &Rubric, path: &str) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    if rubric.areas.is_empty() {
        let message = "the rubric has no areas: what is not checked is never a pass";
        found.push(Diagnostic::error("no-criteria", path, "/areas", message));
    }
    for (area, marks) in &rubric.areas {
        if marks.criteria.is_empty() {
            let message = format!("{area} has no criteria: leave the area out, or say what earns its mark");
            found.push(Diagnostic::error("no-criteria", path, format!("/areas/{area}/criteria"), message));
        }
        let mut ids = HashSet::new();
        for (index, criterion) in marks.criteria.iter().enumerate() {
            let pointer = format!("/areas/{area}/criteria/{index}");
            if !ids.insert(&criterion.id) {
                let message = format!("{area} already has a criterion {:?}", criterion.id);
                found.push(Diagnostic::error("duplicate-id", path, format!("{pointer}/id"), message));
            }
            if criterion.check.len() != 1 {
                let message = format!("a check has exactly one key, its name; this one has {}", criterion.check.len());
                found.push(
                    Diagnostic::error("one-key", path, format!("{pointer}/check"), message)
                        .with_help("e.g. `check: {equals: {at: /category, want: expect.category}}`"),
                );
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::testing::{codes, file};

    #[test]
    fn a_good_rubric_is_read() {
        let text = "rubric: triage\nareas:\n  task_success:\n    combine: worst\n    criteria:\n      - {id: category, check: {equals: {at: /category, want: expect.category}}, miss: -1}\n";
        let (rubric, found) = parse(&file("rubrics/triage.yaml", text));
        assert_eq!(found, []);
        assert_eq!(rubric.unwrap().areas.len(), 1);
    }

    #[test]
    fn ids_repeat_only_across_areas_and_checks_have_one_name() {
        let text = "rubric: triage\nareas:\n  task_success:\n    criteria:\n      - {id: a, check: {x: {}}}\n      - {id: a, check: {x: {}, y: {}}}\n  evidence_quality:\n    criteria:\n      - {id: a, check: {x: {}}}\n  reviewer_burden: {criteria: []}\n";
        let (rubric, found) = parse(&file("r.yaml", text));
        assert!(rubric.is_none());
        assert_eq!(codes(text, &found), [("duplicate-id", "a"), ("one-key", "{x: {}, y: {}}"), ("no-criteria", "[]")]);
    }

    #[test]
    fn a_mark_is_a_trit_and_an_area_is_one_of_the_eight() {
        let text = "rubric: triage\nareas:\n  task_sucess:\n    criteria:\n      - {id: a, check: {x: {}}, miss: -2, level: blockin}\n";
        let (_, found) = parse(&file("r.yaml", text));
        assert_eq!(codes(text, &found), [("unknown-key", "task_sucess")]);
        assert_eq!(found[0].help.as_deref(), Some("did you mean \"task_success\"?"));
        let text = text.replace("sucess", "success");
        let (_, found) = parse(&file("r.yaml", &text));
        assert_eq!(codes(&text, &found), [("unknown-value", "-2"), ("unknown-value", "blockin")]);
    }
}
