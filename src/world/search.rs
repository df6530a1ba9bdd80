//! Ranked retrieval: what one org may see, indexed by the words of its entries.
//!
//! Built once per org from entries as an agent may see them: what is withheld is not in it, and other orgs' texts
//! do not move its scores. The same query always gives the same order: by score to three decimals, then by id.

use bm25::{Embedder, EmbedderBuilder, Embedding, Scorer, TokenEmbedder, Tokenizer};
use serde_json::{Map, Value};

use super::permission::WITHHELD;
use super::snippet;
use super::words::{Words, runs};
use crate::domain::Entry;

/// Words of a query that are looked at; the rest is cut off.
const QUERY_WORDS: usize = 64;

/// A searchable set of entries.
pub(super) struct Index {
    words: Words,
    embedder: Embedder<u64, Spaced>,
    scorer: Scorer<usize, u64>,
    docs: Vec<Doc>,
}

/// What the index keeps of one entry.
pub(super) struct Doc {
    pub id: String,
    /// As an agent may see it.
    pub title: String,
    /// Text and fields for snippets, white space made single.
    body: String,
    /// Byte offset in `body` and term, in order.
    terms: Vec<(usize, u64)>,
}

/// A query ready for ranking.
pub(super) struct Terms(Embedding<u64>);

/// Cuts text whose words were already found at its spaces.
struct Spaced;

impl Tokenizer for Spaced {
    fn tokenize(&self, text: &str) -> Vec<String> {
        text.split(' ').filter(|term| !term.is_empty()).map(str::to_owned).collect()
    }
}

impl Index {
    /// Indexes entries, each with its JSON as an agent may see it: id, kind, title, text, text in fields.
    pub(super) fn new<'e>(entries: impl Iterator<Item = (&'e Entry, Value)>) -> Self {
        let words = Words::default();
        let (docs, texts): (Vec<Doc>, Vec<String>) =
            entries.map(|(entry, shown)| Doc::new(&words, entry, &shown)).unzip();
        let corpus: Vec<&str> = texts.iter().map(String::as_str).collect();
        let embedder = EmbedderBuilder::<u64, _>::with_tokenizer_and_fit_to_corpus(Spaced, &corpus).build();
        let mut scorer = Scorer::new();
        for (at, text) in corpus.iter().enumerate() {
            scorer.upsert(&at, distinct(embedder.embed(text)));
        }
        Self { words, embedder, scorer, docs }
    }

    /// The terms of a search text.
    pub(super) fn terms(&self, query: &str) -> Terms {
        let terms: Vec<String> = runs(query).take(QUERY_WORDS).flat_map(|(_, run)| self.words.of_run(run)).collect();
        Terms(distinct(self.embedder.embed(&terms.join(" "))))
    }

    /// Entries that share a term with the query, best first, with their scores.
    pub(super) fn ranked(&self, terms: &Terms) -> impl Iterator<Item = (&Doc, f64)> {
        let mut found: Vec<(&Doc, f64)> = self
            .scorer
            .matches(&terms.0)
            .into_iter()
            .map(|hit| (&self.docs[hit.id], (f64::from(hit.score) * 1000.0).round() / 1000.0))
            .collect();
        found.sort_unstable_by(|(a, first), (b, second)| second.total_cmp(first).then_with(|| a.id.cmp(&b.id)));
        found.into_iter()
    }
}

impl Doc {
    /// The document and all its terms as one text.
    fn new(words: &Words, entry: &Entry, shown: &Value) -> (Self, String) {
        let part = |name: &str| shown.get(name).and_then(Value::as_str).filter(|text| *text != WITHHELD);
        let title = part("title").unwrap_or(WITHHELD).to_owned();
        let mut body = String::new();
        append(&mut body, part("text").unwrap_or_default());
        if let Some(fields) = shown.get("fields").and_then(Value::as_object) {
            append_fields(&mut body, fields);
        }
        let mut text = words.of(&format!("{} {} {}", entry.id, entry.kind, part("title").unwrap_or_default()));
        let mut terms = Vec::new();
        for (offset, run) in runs(&body) {
            for term in words.of_run(run) {
                terms.push((offset, u64::embed(&term)));
                text.push(term);
            }
        }
        (Self { id: entry.id.clone(), title, body, terms }, text.join(" "))
    }

    /// The part of the entry's text that shows why it was found.
    pub(super) fn snippet(&self, terms: &Terms) -> String {
        let wanted = |term: &u64| terms.0.indices().any(|index| index == term);
        let matches: Vec<(usize, u64)> = self.terms.iter().filter(|(_, term)| wanted(term)).copied().collect();
        snippet::best(&self.body, &matches)
    }
}

/// Adds a text, its white space made single.
fn append(body: &mut String, text: &str) {
    for word in text.split_whitespace() {
        if !body.is_empty() {
            body.push(' ');
        }
        body.push_str(word);
    }
}

/// Adds `name: text` for every text field, at any depth.
fn append_fields(body: &mut String, fields: &Map<String, Value>) {
    for (name, value) in fields {
        append_field(body, name, value);
    }
}

fn append_field(body: &mut String, name: &str, value: &Value) {
    match value {
        Value::String(text) if text != WITHHELD => append(body, &format!("{name}: {text}")),
        Value::Array(items) => items.iter().for_each(|item| append_field(body, name, item)),
        Value::Object(fields) => append_fields(body, fields),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Every term once, in the order of first use: a score is then a sum in a fixed order.
fn distinct(mut embedding: Embedding<u64>) -> Embedding<u64> {
    let mut seen = std::collections::HashSet::new();
    embedding.0.retain(|term| seen.insert(term.index));
    embedding
}

#[cfg(test)]
mod tests {
    use super::super::sample::{FOREIGN, RESTRICTED, state, system};
    use super::*;
    use serde_json::json;

    fn found(query: &str) -> Vec<String> {
        let system = system();
        let index = system.index("acme");
        index.ranked(&index.terms(query)).map(|(doc, _)| doc.id.clone()).collect()
    }

    #[test]
    fn an_identifier_is_found_in_any_spelling_and_in_a_sentence_of_any_language() {
        for query in [
            "Opp_Closed_Won",
            "OppClosedWon",
            "opp closed won",
            "flow:Opp_Closed_Won",
            "Der Flow Opp_Closed_Won läuft in einer Schleife",
            "El flujo Opp_Closed_Won no termina",
            "商談のフローOpp_Closed_Wonが止まらない",
        ] {
            assert_eq!(found(query).first().map(String::as_str), Some("flow:Opp_Closed_Won"), "{query}");
        }
    }

    #[test]
    fn words_are_found_in_other_forms_and_without_accents() {
        assert_eq!(found("routing by regions"), ["flow:Lead_Route"]);
        assert_eq!(found("NOVAK"), ["contact:3"]);
        assert_eq!(found("商談"), ["flow:Opp_Closed_Won"]);
    }

    #[test]
    fn restricted_values_and_other_orgs_are_not_indexed() {
        for query in RESTRICTED {
            assert!(!found(query).iter().any(|id| id.starts_with("vault") || id.starts_with("integration")), "{query}");
        }
        assert!(found(FOREIGN).is_empty());
        assert!(found("passport 771").is_empty());
    }

    #[test]
    fn the_same_query_gives_the_same_order_and_equals_are_ordered_by_id() {
        let all = || super::super::System::new(super::super::sample::world()).unwrap();
        let rank = |system: &super::super::System| -> Vec<(String, f64)> {
            let index = system.index("acme");
            index.ranked(&index.terms("contact flow opportunity deploys")).map(|(d, s)| (d.id.clone(), s)).collect()
        };
        let first = rank(&all());
        assert!(first.len() > 4);
        for _ in 0..20 {
            assert_eq!(rank(&all()), first);
        }
        assert!(first.windows(2).all(|pair| pair[0].1 > pair[1].1 || pair[0].1 == pair[1].1 && pair[0].0 < pair[1].0));
        let equal = super::super::System::new(twins()).unwrap();
        let ids: Vec<String> = rank(&equal).into_iter().map(|(id, _)| id).collect();
        assert_eq!(ids, ["twin:a", "twin:b", "twin:c"]);
    }

    fn twins() -> crate::domain::World {
        let mut world = super::super::sample::world();
        let twin = world.entries.iter().find(|entry| entry.id == "contact:3").unwrap().clone();
        world.entries = ["twin:b", "twin:c", "twin:a"].map(|id| Entry { id: id.into(), ..twin.clone() }).to_vec();
        world
    }

    #[test]
    fn a_hit_says_what_it_is_and_shows_where_it_matched() {
        let call = state().call("search_metadata", json!({"query": "invoice update", "limit": 1}));
        let hit = &call.reply["result"]["hits"][0];
        let names: Vec<&String> = hit.as_object().unwrap().keys().collect();
        assert_eq!(names, ["id", "collection", "kind", "title", "org", "updated", "snippet", "score"]);
        let snippet = hit["snippet"].as_str().unwrap();
        assert!(snippet.contains("the invoice update") && snippet.chars().count() <= 200, "{snippet}");
    }

    #[test]
    fn a_field_is_shown_with_its_name() {
        let call = state().call("search_metadata", json!({"query": "okafor"}));
        let snippet = call.reply["result"]["hits"][0]["snippet"].as_str().unwrap().to_owned();
        assert_eq!(snippet, "Buyer. Status: Open Owner: t.okafor");
    }

    #[test]
    fn strange_queries_find_nothing_and_harm_nothing() {
        for query in [
            "",
            "the of and",
            "\u{202e}\u{0}\u{feff}",
            "🧾🧾🧾",
            "____",
            &"長い".repeat(100_000),
            &"a b ".repeat(50_000),
        ] {
            found(query);
        }
    }
}
