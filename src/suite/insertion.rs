//! Adds cases to a suite's text and takes them out again, all else byte for byte as it was.
//!
//! What comes out is read again and compared: where it does not say exactly what was meant, nothing is given back.

use std::sync::Arc;

use super::spans::Spans;
use super::{SourceFile, jsonl, parse_suite, yaml};
use crate::domain::{Case, Slug, Suite};

/// A case to be added.
pub struct NewCase {
    pub case: Arc<Case>,
    /// The case as a YAML mapping at the left margin, lines ended by `\n`.
    pub lines: String,
}

/// A suite's text without a case.
#[derive(Debug, PartialEq, Eq)]
pub enum Without {
    Text(String),
    /// It was the only case: no suite is left.
    Nothing,
}

/// The world of the suite's cases that name none.
pub fn default_world(file: &SourceFile) -> Option<Slug> {
    let header = match file.path.ends_with(".jsonl") {
        true => serde_json::from_str(jsonl::lines(&file.text).next()?.text).ok()?,
        false => yaml::read_leniently(file).ok()?,
    };
    Slug::new(header.get("world")?.as_str()?).ok()
}

/// The text with these cases behind those it has. The error is a sentence.
pub fn add(file: &SourceFile, pipeline: &Slug, new: &[NewCase]) -> Result<String, String> {
    let before = read(file, pipeline)?;
    let text = inserted(file, before.cases.len(), new);
    let mut wanted = before;
    wanted.cases.extend(new.iter().map(|new| Arc::clone(&new.case)));
    means(file, pipeline, text, &wanted)
}

/// The text of a suite that there was not, with these cases; `head` is all of it up to and with `cases:`.
pub fn create(file: &str, pipeline: &Slug, head: &str, new: &[NewCase]) -> Result<String, String> {
    let items: Vec<String> = new.iter().map(|new| item(&new.lines, "  ", "\n")).collect();
    let text = format!("{head}{}", items.join("\n"));
    let source = SourceFile { path: file.to_owned(), text };
    let read = read(&source, pipeline)?;
    let whole = read.cases.len() == new.len() && read.cases.iter().zip(new).all(|(read, new)| *read == new.case);
    if whole { Ok(source.text) } else { Err(unwritable(file)) }
}

/// The text without a case of it.
pub fn remove(file: &SourceFile, pipeline: &Slug, id: &Slug) -> Result<Without, String> {
    let mut wanted = read(file, pipeline)?;
    let Some(index) = wanted.cases.iter().position(|case| case.id == *id) else {
        return Err(format!("{} has no case {id:?}", file.path));
    };
    wanted.cases.remove(index);
    if wanted.cases.is_empty() {
        return Ok(Without::Nothing);
    }
    means(file, pipeline, removed(file, index), &wanted).map(Without::Text)
}

fn read(file: &SourceFile, pipeline: &Slug) -> Result<Suite, String> {
    let (read, found) = parse_suite(file, pipeline);
    read.map(|(suite, _)| suite).ok_or_else(|| {
        let first = found.first().map_or("it cannot be read", |problem| problem.message.as_str());
        format!("{} has errors: {first}", file.path)
    })
}

/// The text, if it is read as what was wanted.
fn means(file: &SourceFile, pipeline: &Slug, text: String, wanted: &Suite) -> Result<String, String> {
    let source = SourceFile { path: file.path.clone(), text };
    match read(&source, pipeline) {
        Ok(read) if read == *wanted => Ok(source.text),
        Ok(_) | Err(_) => Err(unwritable(&file.path)),
    }
}

fn unwritable(file: &str) -> String {
    format!("{file} is written in a way that no case can be added to or taken from: edit it by hand")
}

fn newline(text: &str) -> &'static str {
    if text.contains("\r\n") { "\r\n" } else { "\n" }
}

fn inserted(file: &SourceFile, count: usize, new: &[NewCase]) -> String {
    let text = &file.text;
    let newline = newline(text);
    if file.path.ends_with(".jsonl") {
        let lines: Vec<String> = new.iter().filter_map(|new| serde_json::to_string(&*new.case).ok()).collect();
        return behind_line(text, text.len(), &lines.join(newline), newline);
    }
    let (spans, _) = Spans::of(text);
    let last = format!("/cases/{}", count.saturating_sub(1));
    let end = spans.last_end(text, &last);
    if text[spans.value("/cases")].starts_with('[') {
        let items: String = new
            .iter()
            .filter_map(|new| serde_json::to_string(&*new.case).ok())
            .map(|json| format!(", {json}"))
            .collect();
        return format!("{}{items}{}", &text[..end], &text[end..]);
    }
    let indent = dash(text, spans.value("/cases/0").start).map_or("  ", |dash| indent_of(text, dash));
    let parted = match count {
        0 | 1 => true,
        _ => dash(text, spans.value(&last).start).is_some_and(|dash| blank_before(text, dash).is_some()),
    };
    let gap = if parted { newline } else { "" };
    let items: String = new.iter().map(|new| format!("{gap}{}", item(&new.lines, indent, newline))).collect();
    behind_line(text, end, items.strip_suffix(newline).unwrap_or(&items), newline)
}

/// `added` in lines of its own behind the line that holds byte `at`. A text that does not end its last line still does not.
fn behind_line(text: &str, at: usize, added: &str, newline: &str) -> String {
    let at = if text[..at].ends_with('\n') { at } else { text[at..].find('\n').map_or(text.len(), |n| at + n + 1) };
    let (before, after) = text.split_at(at);
    match before.ends_with('\n') {
        true => format!("{before}{added}{newline}{after}"),
        false => format!("{before}{newline}{added}"),
    }
}

/// A mapping as an item of a list.
fn item(lines: &str, indent: &str, newline: &str) -> String {
    let mut out = String::with_capacity(lines.len() + lines.len() / 8);
    for (i, line) in lines.lines().enumerate() {
        if !line.is_empty() {
            out.push_str(indent);
            out.push_str(if i == 0 { "- " } else { "  " });
            out.push_str(line);
        }
        out.push_str(newline);
    }
    out
}

fn removed(file: &SourceFile, index: usize) -> String {
    let text = &file.text;
    if file.path.ends_with(".jsonl") {
        // The header is the first line.
        let Some(line) = jsonl::lines(text).nth(index + 1) else { return text.clone() };
        return without_lines(text, line.offset, line.offset + line.text.len());
    }
    let (spans, _) = Spans::of(text);
    let place = format!("/cases/{index}");
    let (start, end) = (spans.value(&place).start, spans.last_end(text, &place));
    if text[spans.value("/cases")].starts_with('[') {
        let (from, to) = match index {
            0 => (start, spans.value("/cases/1").start),
            _ => (spans.last_end(text, &format!("/cases/{}", index - 1)), end),
        };
        return format!("{}{}", &text[..from], &text[to..]);
    }
    let Some(dash) = dash(text, start) else { return text.clone() };
    let from = blank_before(text, dash).unwrap_or_else(|| line_start(text, dash));
    without_lines(text, from, end)
}

/// The text without the lines from byte `from`, where one begins, up to the one that holds the byte before `to`.
fn without_lines(text: &str, from: usize, to: usize) -> String {
    let to = if text[..to].ends_with('\n') { to } else { text[to..].find('\n').map_or(text.len(), |n| to + n + 1) };
    let mut before = &text[..from];
    if to == text.len() && !text.ends_with('\n') {
        before = before.strip_suffix('\n').unwrap_or(before);
        before = before.strip_suffix('\r').unwrap_or(before);
    }
    format!("{before}{}", &text[to..])
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

/// The dash of the list's item whose value begins at byte `start`.
fn dash(text: &str, start: usize) -> Option<usize> {
    let mut end = text[start..].find('\n').map_or(text.len(), |n| start + n);
    loop {
        let begin = line_start(text, end);
        let line = &text[begin..end];
        if line.trim_start().starts_with('-') {
            return Some(begin + line.len() - line.trim_start().len());
        }
        end = begin.checked_sub(1)?;
    }
}

fn indent_of(text: &str, dash: usize) -> &str {
    &text[line_start(text, dash)..dash]
}

/// Where the empty line directly before the line of `at` begins, if there is one.
fn blank_before(text: &str, at: usize) -> Option<usize> {
    let own = line_start(text, at);
    let before = line_start(text, own.checked_sub(1)?);
    text[before..own].trim().is_empty().then_some(before)
}

#[cfg(test)]
#[path = "insertion_tests.rs"]
mod tests;
