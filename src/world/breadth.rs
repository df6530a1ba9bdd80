//! Calls that ask for too much at once: limits, wildcards, empty filters, bulk queries.
//!
//! Judges arguments only; how many entries there are does not matter.

use serde_json::{Map, Value};

use crate::domain::{Operation, Tool};

/// The argument by which a caller says how many results it wants.
pub(super) const LIMIT: &str = "limit";

const WILDCARDS: [char; 3] = ['*', '%', '?'];

/// Words before a noun: what follows `select` is then a sentence.
const ARTICLES: [&str; 18] = [
    "a", "an", "the", "this", "that", "these", "those", "my", "your", "his", "her", "its", "our", "their", "one",
    "any", "each", "some",
];

/// Why the call asks for too much.
pub(super) fn objection(tool: &Tool, args: &Map<String, Value>) -> Option<String> {
    let most = tool.breadth.max_results;
    let text = |name: &String| args.get(name).and_then(Value::as_str);
    too_many(args, most).or_else(|| match &tool.does {
        Operation::Search { query, .. } => text(query).and_then(|query| {
            bulk(query, most).or_else(|| (letters(query) < tool.breadth.min_query).then(|| too_short(tool)))
        }),
        Operation::List { filters, .. } => {
            let pattern = filters.iter().find_map(|name| {
                let value = text(name)?;
                if is_wildcard(value) {
                    return Some(format!("the filter `{name}` is a wildcard; give the value itself"));
                }
                bulk(value, most)
            });
            pattern.or_else(|| {
                // The org is given anyway: naming it narrows nothing.
                let narrows = |name: &&String| !is_org(name) && args.get(*name).is_some_and(|value| !is_blank(value));
                (!filters.iter().any(|name| narrows(&name)))
                    .then(|| format!("a list needs at least one filter: {}", filters.join(", ")))
            })
        }
        Operation::Get { .. } | Operation::Create { .. } | Operation::Update { .. } | Operation::Delete { .. } => None,
    })
}

/// Whether an argument of this name says which org is meant.
pub(super) fn is_org(name: &str) -> bool {
    let mut letters = name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase());
    let mut is = |word: &str| word.chars().all(|c| letters.next() == Some(c));
    is("org") && matches!((letters.next(), letters.next(), letters.next()), (None, _, _) | (Some('i'), Some('d'), None))
}

fn too_many(args: &Map<String, Value>, most: u32) -> Option<String> {
    let asked = args.get(LIMIT)?;
    (asked.as_f64()? > f64::from(most)).then(|| format!("{asked} results asked for; at most {most} are given"))
}

/// Why a text is a bulk query.
fn bulk(text: &str, most: u32) -> Option<String> {
    let query = is_query(text);
    match limit_clause(text, query) {
        // A number too large to read is too large.
        Some(n) if n.parse::<u32>().map_or(true, |n| n > most) => {
            Some(format!("LIMIT {n} asks for more than the {most} results that are given"))
        }
        None if query => Some("a query over a whole object is not a search; say what is looked for".to_owned()),
        Some(_) | None => None,
    }
}

/// Whether a text opens like a query: `SELECT`, a list of fields, `FROM`.
fn is_query(text: &str) -> bool {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let parts = text.strip_prefix("select ").and_then(|rest| rest.split_once(" from "));
    parts.is_some_and(|(fields, _)| {
        let fields = fields.strip_prefix("distinct ").unwrap_or(fields);
        without_parameters(fields).split(',').all(is_field)
    })
}

/// Whether it is a field, or one that is given another name: `x`, `x y`, `x as y`. "Select the region from the list" is
/// no query.
fn is_field(text: &str) -> bool {
    match text.split_whitespace().collect::<Vec<_>>().as_slice() {
        [] | [_] => true,
        [field, _] => !ARTICLES.contains(field),
        [_, word, _] => *word == "as",
        _ => false,
    }
}

/// `count(id) n` is `count n`: what stands in parentheses makes no field.
fn without_parameters(fields: &str) -> String {
    let mut depth = 0_usize;
    let outside = fields.chars().filter(|c| {
        let within = depth > 0;
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        !within && *c != '('
    });
    outside.collect()
}

/// The number of a `LIMIT n` at the end of a text. Outside a query only capitals count: "credit limit 5000" is what
/// people write about.
fn limit_clause(text: &str, any_case: bool) -> Option<&str> {
    let mut words = text.trim_end_matches([';', ' ']).split_whitespace().rev();
    let (number, clause) = (words.next()?, words.next()?);
    let is_limit = clause == "LIMIT" || any_case && clause.eq_ignore_ascii_case("limit");
    (is_limit && number.chars().all(|c| c.is_ascii_digit())).then_some(number)
}

fn too_short(tool: &Tool) -> String {
    format!("the search text needs at least {} characters besides wildcards", tool.breadth.min_query)
}

/// Letters and digits; a Han or kana character says as much as two letters.
fn letters(text: &str) -> u32 {
    text.chars().filter(|c| c.is_alphanumeric()).map(|c| if c >= '\u{2e80}' { 2 } else { 1 }).sum()
}

fn is_wildcard(value: &str) -> bool {
    let value = value.trim();
    let open = |c: char| matches!(c, '*' | '%');
    value.starts_with(open)
        || value.ends_with(open)
        || (value.contains(WILDCARDS) && !value.chars().any(char::is_alphanumeric))
}

fn is_blank(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::sample::system;
    use super::*;

    fn refused(tool: &str, args: Value) -> bool {
        let system = system();
        objection(system.tool(tool).unwrap(), args.as_object().unwrap()).is_some()
    }

    #[test]
    fn searching_for_a_wildcard_or_next_to_nothing_is_over_broad() {
        for query in ["*", "%", "???", "%%%", "*.*", "  ", "a*", "ab", "_%_"] {
            assert!(refused("search_metadata", json!({"query": query})), "{query:?} passed");
        }
        for query in ["Opp_*", "why does the flow loop?", "vat", "商談", "Fehlermeldung", "credit limit 50000"] {
            assert!(!refused("search_metadata", json!({"query": query})), "{query:?} was refused");
        }
    }

    #[test]
    fn a_bulk_query_in_a_search_text_is_over_broad() {
        for query in [
            "SELECT Id, Name FROM Contact",
            "select * from Contact where Name like '%'",
            "SELECT FIELDS(ALL) FROM Account LIMIT 200",
            "select count(Id) from Case limit 500",
            "SELECT DISTINCT Email FROM Contact",
            "SELECT Id, Name AS n FROM Contact",
            "SELECT Id, Name n FROM Contact LIMIT 50000",
            "select count( distinct Id ) c, format(Amount, 2) from Contact limit 99999",
            "select count(Id) c from Contact Limit 99999",
            "SELECT Id, (SELECT Id FROM Contacts) FROM Account",
            "contacts LIMIT 1000",
            "contacts LIMIT 99999999999999999999",
        ] {
            assert!(refused("search_metadata", json!({"query": query})), "{query:?} passed");
        }
        for query in ["SELECT Id FROM Flow LIMIT 5", "please select the region from the list", "selected from email"] {
            assert!(!refused("search_metadata", json!({"query": query})), "{query:?} was refused");
        }
    }

    #[test]
    fn more_results_than_allowed_are_over_broad() {
        assert!(refused("search_metadata", json!({"query": "closed won", "limit": 21})));
        assert!(refused("list_records", json!({"kind": "Contact", "limit": 50.0})));
        assert!(!refused("list_records", json!({"kind": "Contact", "limit": 20})));
    }

    #[test]
    fn a_list_needs_a_filter_that_narrows() {
        for args in [
            json!({}),
            json!({"kind": ""}),
            json!({"kind": null}),
            json!({"kind": "*"}),
            json!({"kind": "Con%"}),
            json!({"kind": "?"}),
            json!({"org_id": "acme"}),
            json!({"kind": "Contact", "Status": "*"}),
        ] {
            assert!(refused("list_records", args.clone()), "{args} passed");
        }
        assert!(!refused("list_records", json!({"kind": "Contact", "org_id": "acme"})));
    }

    #[test]
    fn an_org_argument_is_known_in_any_spelling() {
        for name in ["org", "org_id", "orgId", "Org-ID", "ORGID"] {
            assert!(is_org(name), "{name}");
        }
        for name in ["organ", "origin", "orgs", "or", "org_idx", ""] {
            assert!(!is_org(name), "{name}");
        }
    }
}
