//! The filter expression of `--filter`.
//!
//! `pipeline(triage) and (kind(golden_request) or tag(sales)) and not id(*-refund-*)`. Predicates take a glob;
//! `not` binds tighter than `and`, `and` tighter than `or`.

use std::collections::BTreeSet;

use globset::{Glob, GlobMatcher};

use crate::diagnostic::closest;
use crate::domain::{Case, CaseKind, Slug};

/// Every predicate and what it looks at.
pub static PREDICATES: &[(&str, &str)] = &[
    ("id", "the case's id"),
    ("kind", "golden_request, unsafe_tool_call, metadata_boundary or reviewer_correction"),
    ("org", "the customer org of the request"),
    ("pipeline", "the pipeline's name"),
    ("suite", "the suite's name"),
    ("tag", "any of the case's tags"),
    ("world", "the case's world"),
];

/// A parsed expression.
#[derive(Debug, Clone)]
pub enum Filter {
    All(Vec<Filter>),
    Any(Vec<Filter>),
    Not(Box<Filter>),
    Is(Predicate),
}

/// A part of the case and the glob that it has to match, e.g. `tag(sales)`.
#[derive(Debug, Clone)]
pub struct Predicate {
    /// Of [`PREDICATES`].
    name: &'static str,
    glob: GlobMatcher,
}

/// What an expression is asked about.
pub struct Subject<'a> {
    pub pipeline: &'a Slug,
    pub suite: &'a Slug,
    pub kind: CaseKind,
    pub case: &'a Case,
}

/// Why a text is not an expression, and where: the byte offset.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct FilterError {
    pub at: usize,
    pub message: String,
}

impl Filter {
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let mut parser = Parser { text, at: 0, depth: 0 };
        let filter = parser.any()?;
        parser.skip_blanks();
        match parser.rest() {
            "" => Ok(filter),
            rest => Err(parser.error(format!("expected `and`, `or` or the end, found {}", found(rest)))),
        }
    }

    pub fn matches(&self, subject: &Subject) -> bool {
        match self {
            Filter::All(all) => all.iter().all(|filter| filter.matches(subject)),
            Filter::Any(any) => any.iter().any(|filter| filter.matches(subject)),
            Filter::Not(not) => !not.matches(subject),
            Filter::Is(predicate) => predicate.holds(subject),
        }
    }

    /// Every predicate, in the order of the text.
    pub fn predicates(&self) -> Vec<&Predicate> {
        match self {
            Filter::All(many) | Filter::Any(many) => many.iter().flat_map(Filter::predicates).collect(),
            Filter::Not(not) => not.predicates(),
            Filter::Is(predicate) => vec![predicate],
        }
    }
}

impl Predicate {
    pub fn holds(&self, subject: &Subject) -> bool {
        self.looks_at(subject, &mut |text| self.glob.is_match(text))
    }

    /// Calls `is` for each text that it looks at, until one is.
    fn looks_at(&self, subject: &Subject, is: &mut dyn FnMut(&str) -> bool) -> bool {
        match self.name {
            "id" => is(&subject.case.id),
            "kind" => is(subject.kind.name()),
            "org" => is(&subject.case.request.org_id),
            "pipeline" => is(subject.pipeline),
            "suite" => is(subject.suite),
            "tag" => subject.case.tags.iter().any(|tag| is(tag)),
            "world" => is(&subject.case.world),
            _ => false,
        }
    }
}

/// A predicate that holds of no case, which is most likely a slip of the pen.
pub struct Unmet<'f> {
    predicate: &'f Predicate,
    known: BTreeSet<String>,
}

impl<'f> Unmet<'f> {
    pub fn new(predicate: &'f Predicate) -> Self {
        Self { predicate, known: BTreeSet::new() }
    }

    /// Takes notice of a case that might have been meant.
    pub fn see(&mut self, subject: &Subject) {
        self.predicate.looks_at(subject, &mut |text| {
            if !self.known.contains(text) {
                self.known.insert(text.to_owned());
            }
            false
        });
    }

    /// A sentence, with what may have been meant.
    pub fn told(&self) -> String {
        let known: Vec<&str> = self.known.iter().map(String::as_str).collect();
        let Predicate { name, glob } = self.predicate;
        let glob = glob.glob().glob();
        let hint = match closest(glob, &known) {
            Some(near) => format!(": did you mean {near:?}?"),
            None if known.is_empty() || known.len() > 12 => String::new(),
            None => format!("; known: {}", known.join(", ")),
        };
        format!("{name}({glob}) holds of no case{hint}")
    }
}

/// Deepest nesting of parentheses and `not`.
const DEPTH: usize = 64;

struct Parser<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

impl<'t> Parser<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn skip_blanks(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn error(&self, message: String) -> FilterError {
        FilterError { at: self.at, message }
    }

    fn keyword(&mut self, keyword: &str) -> bool {
        self.skip_blanks();
        let found = word(self.rest()) == keyword;
        if found {
            self.at += keyword.len();
        }
        found
    }

    fn any(&mut self) -> Result<Filter, FilterError> {
        let mut any = vec![self.all()?];
        while self.keyword("or") {
            any.push(self.all()?);
        }
        Ok(single(any, Filter::Any))
    }

    fn all(&mut self) -> Result<Filter, FilterError> {
        let mut all = vec![self.one()?];
        while self.keyword("and") {
            all.push(self.one()?);
        }
        Ok(single(all, Filter::All))
    }

    fn one(&mut self) -> Result<Filter, FilterError> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(self.error(format!("nested deeper than {DEPTH}")));
        }
        let filter = if self.keyword("not") { Filter::Not(Box::new(self.one()?)) } else { self.atom()? };
        self.depth -= 1;
        Ok(filter)
    }

    fn atom(&mut self) -> Result<Filter, FilterError> {
        self.skip_blanks();
        if self.rest().starts_with('(') {
            self.at += 1;
            let inner = self.any()?;
            self.skip_blanks();
            if !self.rest().starts_with(')') {
                return Err(self.error("a `(` is not closed".to_owned()));
            }
            self.at += 1;
            return Ok(inner);
        }
        let name = word(self.rest());
        let names: Vec<&str> = PREDICATES.iter().map(|(name, _)| *name).collect();
        let Some(predicate) = names.iter().position(|known| *known == name) else {
            let hint = match closest(name, &names) {
                Some(near) => format!("did you mean {near:?}?"),
                None => format!("known: {}", names.join(", ")),
            };
            let found = found(self.rest());
            return Err(self.error(format!("expected a predicate such as id(…), found {found}; {hint}")));
        };
        self.at += name.len();
        let inside = self.rest().strip_prefix('(').and_then(|rest| rest.split_once(')'));
        let Some((glob, _)) = inside else {
            return Err(self.error(format!("expected a glob in parentheses: {name}(…)")));
        };
        let start = self.at + 1;
        let trimmed = glob.trim();
        if trimmed.is_empty() {
            return Err(FilterError { at: start, message: format!("{name}() needs a glob; `*` matches everything") });
        }
        let matcher = Glob::new(trimmed)
            .map_err(|error| FilterError { at: start, message: format!("not a glob: {}", error.kind()) })?
            .compile_matcher();
        self.at = start + glob.len() + 1;
        Ok(Filter::Is(Predicate { name: PREDICATES[predicate].0, glob: matcher }))
    }
}

fn single(mut filters: Vec<Filter>, many: fn(Vec<Filter>) -> Filter) -> Filter {
    match filters.pop() {
        Some(only) if filters.is_empty() => only,
        Some(last) => {
            filters.push(last);
            many(filters)
        }
        None => many(filters),
    }
}

/// The letters and underscores a text begins with.
fn word(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
    &text[..end]
}

/// What a text begins with, for people: a word, a sign or nothing.
fn found(text: &str) -> String {
    match (word(text), text.chars().next()) {
        ("", None) => "the end".to_owned(),
        ("", Some(sign)) => format!("`{sign}`"),
        (word, _) => format!("{word:?}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn with_subject<T>(with: impl FnOnce(Subject) -> T) -> T {
        let case: Case = serde_json::from_value(json!({
            "id": "closed-won-flow-loops",
            "title": "t",
            "tags": ["automation", "sales"],
            "world": "northwind",
            "request": {
                "org_id": "northwind", "type": "automation_fix", "title": "t",
                "intake_payload": {"channel": "email", "author": "a@b.example", "body": "b"}
            }
        }))
        .unwrap();
        let (pipeline, suite) = (Slug::new("triage").unwrap(), Slug::new("golden-requests").unwrap());
        with(Subject { pipeline: &pipeline, suite: &suite, kind: CaseKind::GoldenRequest, case: &case })
    }

    fn matches(expression: &str) -> bool {
        let filter = Filter::parse(expression).unwrap();
        with_subject(|subject| filter.matches(&subject))
    }

    #[test]
    fn a_predicate_that_holds_of_nothing_says_what_may_have_been_meant() {
        let filter = Filter::parse("kind(golden_reqest) or not (tag(sails) and id(*-loops)) or org(zzz)").unwrap();
        let told = |predicate: &&Predicate| {
            let mut unmet = Unmet::new(predicate);
            let holds = with_subject(|subject| {
                unmet.see(&subject);
                predicate.holds(&subject)
            });
            (!holds).then(|| unmet.told())
        };
        let told: Vec<String> = filter.predicates().iter().filter_map(told).collect();
        assert_eq!(
            told,
            [
                "kind(golden_reqest) holds of no case: did you mean \"golden_request\"?",
                "tag(sails) holds of no case: did you mean \"sales\"?",
                "org(zzz) holds of no case; known: northwind",
            ]
        );
    }

    #[test]
    fn every_predicate_looks_at_its_own_part_of_the_case() {
        for (yes, no) in [
            ("id(closed-*)", "id(open-*)"),
            ("kind(golden_request)", "kind(unsafe_tool_call)"),
            ("org(northwind)", "org(meridian)"),
            ("pipeline(triage)", "pipeline(work-order)"),
            ("suite(golden-*)", "suite(unsafe-*)"),
            ("tag(sales)", "tag(billing)"),
            ("world(north*)", "world(meridian)"),
        ] {
            assert!(matches(yes), "{yes}");
            assert!(!matches(no), "{no}");
        }
        for (name, _) in PREDICATES {
            assert!(matches(&format!("{name}(*)")), "{name} is listed but never matches");
        }
    }

    #[test]
    fn not_binds_tighter_than_and_and_and_tighter_than_or() {
        assert!(matches("tag(sales) or tag(x) and tag(y)"));
        assert!(!matches("(tag(sales) or tag(x)) and tag(y)"));
        assert!(matches("not tag(x) and tag(sales)"));
        assert!(!matches("not (tag(sales) or tag(x))"));
        assert!(matches("not not tag( sales )"));
    }

    #[test]
    fn what_is_wrong_with_an_expression_is_told_with_its_place() {
        let error = |text| Filter::parse(text).unwrap_err();
        assert_eq!(
            error("tagg(sales)").message,
            "expected a predicate such as id(…), found \"tagg\"; did you mean \"tag\"?"
        );
        assert_eq!((error("tag(a) tag(b)").at, error("tag(a) and").at), (7, 10));
        assert_eq!(error("(tag(a)").message, "a `(` is not closed");
        assert_eq!(error("tag(a))").message, "expected `and`, `or` or the end, found `)`");
        assert_eq!(error("tag(a) tag(b)").message, "expected `and`, `or` or the end, found \"tag\"");
        assert!(error("tag(a) and").message.contains("found the end;"));
        assert!(error("tag(a) and )").message.contains("found `)`;"));
        assert!(error("tag()").message.contains("needs a glob"));
        assert!(error("").message.contains("expected a predicate"));
        assert!(error("id([)").message.contains("not a glob"));
        assert!(error(&"(".repeat(100_000)).message.contains("nested deeper"));
    }
}
