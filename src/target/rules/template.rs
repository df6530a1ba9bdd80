//! Rendering: what a rule's template sees and how it becomes text.
//!
//! A template sees only what is known. What it renders is text for good: braces in a ticket stay braces.

use std::collections::BTreeMap;

use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, Value as Seen, context};

use super::known::{Known, Picked};
use super::spec::Template;

/// Variables a template may name.
pub(super) const VARIABLES: &[&str] = &[
    "acts",
    "approvals",
    "confidence",
    "facts",
    "found",
    "heard",
    "item",
    "planted",
    "questions",
    "request",
    "terms",
    "title",
    "unknowns",
];

/// What an agent writes for what it does not know.
pub(super) const TBD: &str = "TBD";

/// A rule whose template cannot be carried out on this request.
#[derive(Debug, thiserror::Error)]
#[error("a rule cannot be carried out: {0:#} (in {1:?})")]
pub(super) struct RenderError(minijinja::Error, String);

/// Templates with the filters rules may use.
pub(super) fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Chainable);
    environment.add_filter("short", short);
    environment.add_filter("words", words);
    environment
}

/// `{{ text | short(80) }}`: at most so many characters, cut between words.
fn short(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let cut: String = text.chars().take(most.saturating_sub(1)).collect();
    let end = cut.rfind(' ').filter(|&end| end > cut.len() / 2).unwrap_or(cut.len());
    format!("{}…", cut[..end].trim_end())
}

/// `{{ name | words }}`: `data_issue` as people write it, `data issue`.
fn words(text: &str) -> String {
    text.replace('_', " ")
}

/// What is known at one moment, as templates see it. Cheap to give to many templates.
pub(super) struct Scope<'e> {
    environment: &'e Environment<'static>,
    seen: Seen,
}

impl<'e> Scope<'e> {
    pub fn of(known: &Known, environment: &'e Environment<'static>) -> Self {
        let heard: BTreeMap<&str, f64> = known.heard.iter().map(|(name, signal)| (name, signal.strength)).collect();
        let questions: Vec<&str> = known.asked.iter().map(|open| open.ask.as_str()).collect();
        let seen = context! {
            request => Serde(known.request),
            title => known.reading.title.as_str(),
            terms => known.terms.join(" "),
            heard => Serde(&heard),
            planted => known.planted,
            found => Serde(&known.found),
            facts => Serde(&known.facts),
            approvals => Serde(known.approvals),
            questions => Serde(&questions),
            unknowns => Serde(&known.unknowns),
            confidence => known.confidence,
            acts => Serde(&known.acts),
        };
        Self { environment, seen }
    }

    /// Renders without an item.
    pub fn text(&self, template: &Template) -> Result<String, RenderError> {
        self.render(&template.0, self.seen.clone())
    }

    /// Renders for one picked item.
    pub fn text_for(&self, template: &Template, item: Picked) -> Result<String, RenderError> {
        let item = match item {
            Picked::Entry(found) => Seen::from(Serde(found)),
            Picked::Text(text) => Seen::from(text),
        };
        self.text_with(template, item)
    }

    /// Renders with anything as `item`.
    pub fn text_with(&self, template: &Template, item: Seen) -> Result<String, RenderError> {
        self.render(&template.0, context! { item => item, ..self.seen.clone() })
    }

    fn render(&self, source: &str, seen: Seen) -> Result<String, RenderError> {
        if !source.contains('{') {
            return Ok(source.trim().to_owned());
        }
        let rendered = self.environment.render_str(source, seen).map_err(|e| RenderError(e, source.to_owned()))?;
        Ok(rendered.trim().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variables_are_sorted() {
        assert!(VARIABLES.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn a_text_is_cut_between_words() {
        assert_eq!(short("one two three", 9), "one two…");
        assert_eq!(short("one", 9), "one");
        assert_eq!(short("請求処理が停止しています", 5), "請求処理…");
    }
}
