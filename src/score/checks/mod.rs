//! The table of checks. A new one is one file here and two lines below: its `mod` and its entry.
//!
//! Help, JSON Schema, did-you-mean and the documentation are made from the entries.

mod approval_valid;
mod budget;
mod cites;
mod contains;
mod correction;
mod equals;
mod escalates;
mod gate_respected;
mod json_schema;
mod judge;
mod no_leak;
mod one_of;
mod ordinal;
mod refusals;
mod regex;
mod set;
mod similarity;
mod snapshot;
mod state;
mod tools;
mod unknowns_marked;

use schemars::Schema;

use super::compile::Setup;
use super::judgement::Check;
use crate::domain::Trit;

/// Every check, sorted by name.
pub static CHECKS: &[CheckEntry] = &[
    approval_valid::ENTRY,
    budget::ENTRY,
    cites::ENTRY,
    contains::ENTRY,
    correction::ENTRY,
    equals::ENTRY,
    escalates::ENTRY,
    gate_respected::ENTRY,
    json_schema::ENTRY,
    judge::ENTRY,
    no_leak::ENTRY,
    one_of::ENTRY,
    ordinal::ENTRY,
    refusals::ENTRY,
    regex::ENTRY,
    set::ENTRY,
    similarity::ENTRY,
    snapshot::ENTRY,
    state::ENTRY,
    tools::ENTRY,
    unknowns_marked::ENTRY,
];

/// What a check is called, what it means, and how it is made.
pub struct CheckEntry {
    /// The key in a criterion's `check`.
    pub name: &'static str,
    /// What it judges, in one sentence.
    pub about: &'static str,
    pub hit: Ending,
    pub partial: Ending,
    pub miss: Ending,
    /// The shape of what it reads from the case's `expect`, where it reads something.
    pub want: Option<&'static str>,
    pub reads: Reads,
    /// Whether the mark depends on the trial and the case alone, so that a snapshot may hold it.
    pub repeatable: bool,
    /// JSON Schema of the parameters.
    pub params: fn() -> Schema,
    pub(super) compile: fn(&mut Setup) -> Option<Box<dyn Check>>,
}

/// One way for a check to end.
pub struct Ending {
    /// The mark it earns unless the criterion says otherwise.
    pub mark: Trit,
    /// When it is reached, in one sentence.
    pub means: &'static str,
}

/// What a check cannot do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reads {
    /// The agent's output: no answer is a miss.
    Output,
    /// What the output claims: no answer claims nothing, which is no merit either.
    Claims,
    /// What a trial shows as a whole, its usage for example: judged with or without an answer.
    Trial,
    /// What the agent did: its calls, its words, the changes. What was done stays done, so that a miss counts even where the
    /// target failed afterwards.
    Deeds,
}

impl Reads {
    /// Whether the output is what is judged.
    pub fn is_of_output(self) -> bool {
        matches!(self, Self::Output | Self::Claims)
    }
}

const fn useful(means: &'static str) -> Ending {
    Ending { mark: Trit::Useful, means }
}

const fn incomplete(means: &'static str) -> Ending {
    Ending { mark: Trit::Incomplete, means }
}

const fn harmful(means: &'static str) -> Ending {
    Ending { mark: Trit::Harmful, means }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_file_of_the_folder_is_in_the_table() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/score/checks");
        let files: BTreeSet<String> = std::fs::read_dir(folder)
            .unwrap()
            .filter_map(|file| file.unwrap().file_name().to_str()?.strip_suffix(".rs").map(str::to_owned))
            .filter(|name| name != "mod" && !name.ends_with("_tests"))
            .collect();
        let table: BTreeSet<String> = CHECKS.iter().map(|entry| entry.name.to_owned()).collect();
        assert_eq!(files, table);
    }

    #[test]
    fn the_table_is_sorted_and_says_everything_in_sentences() {
        assert!(CHECKS.is_sorted_by(|a, b| a.name < b.name));
        for entry in CHECKS {
            for text in [entry.about, entry.hit.means, entry.partial.means, entry.miss.means] {
                assert!(text.ends_with('.') && text.starts_with(char::is_uppercase), "{}: {text}", entry.name);
            }
            assert!(entry.hit.mark >= entry.partial.mark && entry.partial.mark >= entry.miss.mark, "{}", entry.name);
            assert_eq!(entry.hit.mark, Trit::Useful, "{}", entry.name);
        }
    }

    #[test]
    fn every_parameter_is_documented_and_no_other_is_allowed() {
        for entry in CHECKS {
            let schema = (entry.params)();
            assert_eq!(schema.get("additionalProperties"), Some(&false.into()), "{}", entry.name);
            let params = schema.get("properties").and_then(|p| p.as_object());
            for (param, schema) in params.into_iter().flatten() {
                assert!(schema.to_string().contains("description"), "{}.{param} has no description", entry.name);
            }
            assert_eq!(params.is_some_and(|p| p.contains_key("want")), entry.want.is_some(), "{}", entry.name);
        }
    }
}
