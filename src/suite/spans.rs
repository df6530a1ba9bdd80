//! Where every key and value of a YAML (or JSON) text stands, and what is odd about its form.
//!
//! Only walked when something is wrong: reading a correct file never comes here. Knows nothing of types.

use std::collections::HashMap;
use std::ops::Range;

use serde_yaml::granit_parser::{self, Event, Parser, ScalarStyle, ScanError, Tag};

use super::yaml::{MAX_DEPTH, broken};
use crate::domain::pointer;

/// The nodes of a document. Aliases lead to what they stand for.
pub struct Spans {
    nodes: Vec<Node>,
}

struct Node {
    span: Range<usize>,
    content: Content,
}

enum Content {
    Scalar,
    List(Vec<usize>),
    Map(Vec<Entry>),
    Alias(usize),
}

struct Entry {
    key: String,
    key_span: Range<usize>,
    node: usize,
}

/// Something wrong with a text whatever it means.
pub struct Oddity {
    pub code: &'static str,
    pub span: Range<usize>,
    pub message: String,
    /// The first of two that may not both be there.
    pub first: Option<Range<usize>>,
}

/// A collection that is still open.
enum Open {
    List(usize),
    Map { node: usize, key: Option<(String, Range<usize>)>, seen: HashMap<String, Range<usize>> },
}

impl Spans {
    /// Walks a text as far as its syntax holds.
    pub fn of(text: &str) -> (Self, Vec<Oddity>) {
        let options = granit_parser::options! { flow_nesting_limit: MAX_DEPTH, block_nesting_limit: MAX_DEPTH };
        let mut walk = Walk { text, nodes: Vec::new(), open: Vec::new(), anchors: HashMap::new(), odd: Vec::new() };
        let mut documents = 0;
        for event in Parser::new_from_str_with_options(text, options) {
            match event {
                Ok((Event::DocumentStart(..), span)) => {
                    documents += 1;
                    if documents == 2 {
                        walk.another_document(bytes(&span));
                    }
                }
                Ok((event, span)) if documents == 1 => walk.take(event, bytes(&span), &span),
                Ok(_) => {}
                Err(error) => {
                    walk.syntax(&error);
                    break;
                }
            }
        }
        (Self { nodes: walk.nodes }, walk.odd)
    }

    /// Bytes of the value at a JSON pointer, or of the nearest place above it that exists.
    pub fn value(&self, pointer: &str) -> Range<usize> {
        self.find(pointer).0
    }

    /// Bytes of the key at a JSON pointer; those of the value where it has no key.
    pub fn key(&self, pointer: &str) -> Range<usize> {
        let (value, key) = self.find(pointer);
        key.unwrap_or(value)
    }

    /// Where the last thing within the value at a JSON pointer ends. A block collection ends there; its bytes may go on
    /// through comments.
    pub fn last_end(&self, text: &str, pointer: &str) -> usize {
        let Some(mut at) = self.at(pointer) else { return text.len() };
        loop {
            let Node { span, content } = &self.nodes[at];
            let in_brackets = text[span.clone()].starts_with(['[', '{']);
            let last = match content {
                Content::List(items) => items.last().copied(),
                Content::Map(entries) => entries.last().map(|entry| entry.node),
                Content::Scalar | Content::Alias(_) => None,
            };
            match last.filter(|_| !in_brackets) {
                Some(last) => at = last,
                None => return span.end,
            }
        }
    }

    fn at(&self, pointer: &str) -> Option<usize> {
        self.nodes.first()?;
        pointer::keys(pointer).try_fold(0, |at, step| Some(self.child(at, &step)?.0))
    }

    fn find(&self, pointer: &str) -> (Range<usize>, Option<Range<usize>>) {
        let Some(root) = self.nodes.first() else { return (0..0, None) };
        let (mut span, mut key) = (root.span.clone(), None);
        let mut at = 0;
        for step in pointer::keys(pointer) {
            let Some((node, key_span)) = self.child(at, &step) else {
                return (span, None);
            };
            at = node;
            span = self.nodes[at].span.clone();
            key = key_span;
        }
        (span, key)
    }

    /// A child by its own key, else by one that was merged into the mapping.
    fn child(&self, at: usize, step: &str) -> Option<(usize, Option<Range<usize>>)> {
        self.own_child(at, step).or_else(|| {
            // One level only: merges of merges can multiply beyond all bounds.
            let (merged, _) = self.own_child(at, "<<")?;
            match &self.nodes[self.target(merged)].content {
                Content::List(maps) => maps.iter().find_map(|&map| self.own_child(map, step)),
                _ => self.own_child(merged, step),
            }
        })
    }

    fn own_child(&self, at: usize, step: &str) -> Option<(usize, Option<Range<usize>>)> {
        match &self.nodes[self.target(at)].content {
            Content::Scalar | Content::Alias(_) => None,
            Content::List(items) => Some((*items.get(step.parse::<usize>().ok()?)?, None)),
            Content::Map(entries) => {
                let entry = entries.iter().find(|entry| entry.key == step)?;
                Some((entry.node, Some(entry.key_span.clone())))
            }
        }
    }

    /// The node itself, or the one that an alias stands for.
    fn target(&self, at: usize) -> usize {
        match self.nodes[at].content {
            Content::Alias(target) => target,
            _ => at,
        }
    }
}

struct Walk<'t> {
    text: &'t str,
    nodes: Vec<Node>,
    open: Vec<Open>,
    anchors: HashMap<usize, usize>,
    odd: Vec<Oddity>,
}

impl Walk<'_> {
    fn take(&mut self, event: Event<'_>, span: Range<usize>, whole: &granit_parser::Span) {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.tag(tag.as_deref(), whole);
                let span =
                    if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) { self.trimmed(span) } else { span };
                if self.wants_key() {
                    self.key(text.into_owned(), span);
                } else {
                    self.add(Content::Scalar, span, anchor);
                }
            }
            Event::Alias(anchor) => {
                let content = self.anchors.get(&anchor).map_or(Content::Scalar, |&target| Content::Alias(target));
                if self.wants_key() {
                    self.key(String::new(), span);
                } else {
                    self.add(content, span, 0);
                }
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.tag(tag.as_deref(), whole);
                let node = self.add(Content::List(Vec::new()), span, anchor);
                self.open.push(Open::List(node));
            }
            Event::MappingStart(_, anchor, tag) => {
                self.tag(tag.as_deref(), whole);
                let node = self.add(Content::Map(Vec::new()), span, anchor);
                self.open.push(Open::Map { node, key: None, seen: HashMap::new() });
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(Open::List(node) | Open::Map { node, .. }) = self.open.pop() {
                    let whole = self.nodes[node].span.start..span.end;
                    self.nodes[node].span = self.trimmed(whole);
                }
            }
            _ => {}
        }
    }

    fn wants_key(&self) -> bool {
        matches!(self.open.last(), Some(Open::Map { key: None, .. }))
    }

    fn key(&mut self, text: String, span: Range<usize>) {
        let Some(Open::Map { key, seen, .. }) = self.open.last_mut() else { return };
        match seen.get(&text) {
            Some(first) if text != "<<" => self.odd.push(Oddity {
                code: "duplicate-key",
                span: span.clone(),
                message: format!("key {text:?} is given twice"),
                first: Some(first.clone()),
            }),
            _ => {
                seen.insert(text.clone(), span.clone());
            }
        }
        *key = Some((text, span));
    }

    /// Adds a node to the collection that is open; a node in the place of a key becomes a nameless key.
    fn add(&mut self, content: Content, span: Range<usize>, anchor: usize) -> usize {
        let node = self.nodes.len();
        if anchor != 0 {
            self.anchors.insert(anchor, node);
        }
        match self.open.last_mut() {
            Some(Open::List(list)) => {
                let list = *list;
                if let Content::List(items) = &mut self.nodes[list].content {
                    items.push(node);
                }
            }
            Some(Open::Map { node: map, key, .. }) => match key.take() {
                Some((name, key_span)) => {
                    let map = *map;
                    if let Content::Map(entries) = &mut self.nodes[map].content {
                        entries.push(Entry { key: name, key_span, node });
                    }
                }
                None => *key = Some((String::new(), span.clone())),
            },
            None => {}
        }
        self.nodes.push(Node { span, content });
        node
    }

    fn tag(&mut self, tag: Option<&Tag>, span: &granit_parser::Span) {
        let Some(tag) = tag.filter(|tag| !tag.is_yaml_core_schema()) else { return };
        let place = span.tag_span().as_ref().map_or_else(|| bytes(span), bytes);
        self.odd.push(Oddity {
            code: "custom-tag",
            span: place,
            message: format!("tag {:?} means nothing here", tag.original()),
            first: None,
        });
    }

    fn another_document(&mut self, span: Range<usize>) {
        self.odd.push(Oddity {
            code: "several-documents",
            span,
            message: "the file holds more than one document".to_owned(),
            first: None,
        });
    }

    fn syntax(&mut self, error: &ScanError) {
        let (code, message) = broken(error);
        let start = error.marker().byte_offset().unwrap_or(0).min(self.text.len());
        let len = self.text[start..].chars().next().map_or(0, char::len_utf8);
        self.odd.push(Oddity { code, span: start..start + len, message, first: None });
    }

    /// Without the white space at its end, which block collections and block texts take with them.
    fn trimmed(&self, span: Range<usize>) -> Range<usize> {
        let text = self.text.get(span.clone()).unwrap_or_default();
        span.start..span.start + text.trim_end().len()
    }
}

fn bytes(span: &granit_parser::Span) -> Range<usize> {
    span.byte_range().unwrap_or(0..0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, pointer: &str, key: &str, value: &str) {
        let (spans, _) = Spans::of(text);
        assert_eq!((&text[spans.key(pointer)], &text[spans.value(pointer)]), (key, value), "{pointer} in {text}");
    }

    #[test]
    fn a_pointer_finds_its_key_and_its_value() {
        let text = "a: 1\nb:\n  - {c: 'x y', d/e: ~}\n  - |\n    block\n    text\n\nf: [1, 2]\n";
        check(text, "/a", "a", "1");
        check(text, "/b/0/c", "c", "'x y'");
        check(text, "/b/0/d~1e", "d/e", "~");
        check(text, "/f/1", "2", "2");
        check(text, "/f", "f", "[1, 2]");
    }

    #[test]
    fn what_does_not_exist_is_looked_for_above() {
        check("a: {b: 1}\n", "/a/nothing/here", "{b: 1}", "{b: 1}");
        assert_eq!(Spans::of("").0.value("/a"), 0..0);
    }

    #[test]
    fn aliases_and_merge_keys_lead_to_where_the_value_is_written() {
        let text = "base: &b {x: 1}\nother: *b\nmerged:\n  <<: *b\n  y: 2\nmany: {<<: [*b]}\n";
        check(text, "/other", "other", "*b");
        check(text, "/other/x", "x", "1");
        check(text, "/merged/x", "x", "1");
        check(text, "/merged/y", "y", "2");
        check(text, "/many/x", "x", "1");
    }

    #[test]
    fn an_alias_to_what_it_stands_in_ends() {
        let (spans, _) = Spans::of("a: &a\n  b: *a\n");
        spans.value("/a/b/b/b/b/b");
        let (spans, _) = Spans::of("a: &a\n  <<: *a\n");
        spans.value("/a/nothing");
    }

    #[test]
    fn oddities_of_form_are_all_found() {
        let text = "a: 1\na: 2\nb: !include x.yaml\nc: {d: 1, d: 2}\n---\nz: 1\n";
        let odd: Vec<_> = Spans::of(text).1.into_iter().map(|o| (o.code, text[o.span].to_owned())).collect();
        let expected =
            [("duplicate-key", "a"), ("custom-tag", "!include"), ("duplicate-key", "d"), ("several-documents", "---")];
        assert_eq!(odd, expected.map(|(code, span)| (code, span.to_owned())));
    }

    #[test]
    fn json_is_walked_like_yaml() {
        check(r#"{"a": {"b": [1, {"c": "d"}]}}"#, "/a/b/1/c", r#""c""#, r#""d""#);
    }
}
