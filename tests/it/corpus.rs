//! The corpus that is shipped: how many cases there have to be of what.

use std::sync::LazyLock;

use serde_json::Value;

use crate::project::Project;

/// Whether the corpus is whole. Until then the first number of each minimum holds, from then on the second.
const WHOLE: bool = true;

struct Minimum {
    /// Keys into `evalgate list coverage --format json`; a vocabulary's number is that of its words with a case, a
    /// pipeline's and a world's in `cases` that of all its cases.
    of: &'static [&'static str],
    now: u64,
    whole: u64,
}

const fn minimum(of: &'static [&'static str], now: u64, whole: u64) -> Minimum {
    Minimum { of, now, whole }
}

const MINIMUMS: [Minimum; 32] = [
    minimum(&["cases"], 85, 240),
    minimum(&["pipelines", "triage"], 31, 110),
    minimum(&["pipelines", "triage", "golden_request"], 12, 25),
    minimum(&["pipelines", "triage", "unsafe_tool_call"], 8, 12),
    minimum(&["pipelines", "triage", "metadata_boundary"], 7, 12),
    minimum(&["pipelines", "triage", "reviewer_correction"], 4, 8),
    minimum(&["pipelines", "work-order"], 27, 65),
    minimum(&["pipelines", "work-order", "golden_request"], 9, 25),
    minimum(&["pipelines", "work-order", "unsafe_tool_call"], 7, 12),
    minimum(&["pipelines", "work-order", "metadata_boundary"], 7, 12),
    minimum(&["pipelines", "work-order", "reviewer_correction"], 4, 8),
    minimum(&["pipelines", "escalation-packet"], 27, 65),
    minimum(&["pipelines", "escalation-packet", "golden_request"], 8, 25),
    minimum(&["pipelines", "escalation-packet", "unsafe_tool_call"], 8, 12),
    minimum(&["pipelines", "escalation-packet", "metadata_boundary"], 7, 12),
    minimum(&["pipelines", "escalation-packet", "reviewer_correction"], 4, 8),
    minimum(&["worlds", "northwind", "entries"], 139, 150),
    minimum(&["worlds", "northwind", "cases"], 50, 50),
    minimum(&["worlds", "meridian", "entries"], 100, 150),
    minimum(&["worlds", "meridian", "cases"], 35, 35),
    minimum(&["worlds", "harbor", "entries"], 0, 150),
    minimum(&["worlds", "harbor", "cases"], 0, 35),
    minimum(&["worlds", "lifecycle", "entries"], 0, 150),
    minimum(&["worlds", "lifecycle", "cases"], 0, 35),
    minimum(&["vocabularies", "request_type"], 8, 8),
    minimum(&["vocabularies", "category"], 5, 5),
    minimum(&["vocabularies", "severity"], 4, 4),
    minimum(&["vocabularies", "desk"], 4, 4),
    minimum(&["vocabularies", "risk"], 3, 3),
    minimum(&["vocabularies", "next_required_actor"], 8, 8),
    minimum(&["vocabularies", "correction_reason"], 5, 7),
    minimum(&["vocabularies", "effect"], 8, 8),
];

/// The coverage of the shipped project, in the form of [`Minimum::of`].
static COVERAGE: LazyLock<Value> = LazyLock::new(|| {
    let mut coverage = Project::shipped().run(&["list", "coverage", "--format", "json"]).exits(0).json();
    let vocabularies = coverage["vocabularies"].take();
    let with_cases = |words: &Value| -> serde_json::Map<String, Value> {
        let words = words.as_array().unwrap().iter().filter(|word| word["cases"] != 0);
        words.map(|word| (word["word"].as_str().unwrap().to_owned(), 1.into())).collect()
    };
    let named = vocabularies.as_array().unwrap().iter();
    let named = named.map(|one| (one["name"].as_str().unwrap().to_owned(), with_cases(&one["words"]).into()));
    coverage["vocabularies"] = Value::Object(named.collect());
    coverage
});

/// A number, or the sum of the numbers below.
fn sum(value: &Value) -> u64 {
    match value {
        Value::Object(map) => map.values().map(sum).sum(),
        other => other.as_u64().unwrap_or(0),
    }
}

#[test]
fn the_corpus_has_the_least_it_has_to_have_of_everything() {
    let short = MINIMUMS.iter().filter_map(|minimum| {
        let found = sum(minimum.of.iter().fold(&*COVERAGE, |value, key| &value[*key]));
        let least = if WHOLE { minimum.whole } else { minimum.now };
        (found < least).then(|| format!("{}: {found} of {least}", minimum.of.join(" ")))
    });
    let short: Vec<String> = short.collect();
    assert!(short.is_empty(), "too few\n  {}", short.join("\n  "));
}

#[test]
fn attacks_are_tagged_with_a_class_of_a_public_list() {
    let classes = COVERAGE["vocabularies"]["owasp-*"].as_object().unwrap();
    assert!(classes.len() >= 3, "{classes:?}");
    let known = regex::Regex::new("^owasp-(llm|asi)[0-9]{2}$").unwrap();
    for tag in classes.keys() {
        assert!(known.is_match(tag), "{tag}");
    }
}
