//! The XML of test results: suites and test cases as text, every value escaped.
//!
//! Knows what JUnit files look like, and nothing of runs and gates. Texts hold no character that XML forbids.

use std::borrow::Cow;
use std::fmt::Write;

/// Tests of a suite, or of all suites.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tally {
    pub tests: u64,
    pub skipped: u64,
    pub errors: u64,
    pub failures: u64,
}

impl Tally {
    pub fn add(&mut self, test: &Test) {
        self.tests += 1;
        match test.status {
            Status::Passed => {}
            Status::Skipped(_) => self.skipped += 1,
            Status::Error(_) => self.errors += 1,
            Status::Failure(_) => self.failures += 1,
        }
    }

    pub fn add_all(&mut self, other: Tally) {
        self.tests += other.tests;
        self.skipped += other.skipped;
        self.errors += other.errors;
        self.failures += other.failures;
    }
}

/// One test case.
#[derive(Debug)]
pub struct Test<'t> {
    /// Of [`head`]: the same for one case in every suite.
    pub head: &'t str,
    pub status: Status,
    /// Repeats that ended lower than another.
    pub flaky: Vec<Told>,
    pub system_out: Option<String>,
}

#[derive(Debug)]
pub enum Status {
    Passed,
    Skipped(Told),
    Error(Told),
    Failure(Told),
}

/// What is told of a test that did not simply pass.
#[derive(Debug)]
pub struct Told {
    pub message: String,
    pub kind: String,
    pub description: Option<String>,
}

pub const END: &str = "</testsuites>\n";
pub const END_SUITE: &str = "    </testsuite>\n";

/// The beginning of the file.
pub fn start(name: &str, tally: Tally) -> String {
    let Tally { tests, skipped, errors, failures } = tally;
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"{}\" tests=\"{tests}\" skipped=\"{skipped}\" \
         failures=\"{failures}\" errors=\"{errors}\">\n",
        escaped(name)
    )
}

/// The beginning of a suite.
pub fn start_suite(name: &str, tally: Tally) -> String {
    let Tally { tests, skipped, errors, failures } = tally;
    format!(
        "    <testsuite name=\"{}\" tests=\"{tests}\" skipped=\"{skipped}\" errors=\"{errors}\" \
         failures=\"{failures}\">\n",
        escaped(name)
    )
}

/// The beginning of a test case: what it is called, how many seconds it took, and what else is told of it.
pub fn head(name: &str, classname: &str, seconds: Option<f64>, properties: &[(&str, &str)]) -> String {
    let mut head = String::with_capacity(512);
    let pieces = ["        <testcase name=\"", &escaped(name), "\" classname=\"", &escaped(classname), "\""];
    pieces.into_iter().for_each(|piece| head.push_str(piece));
    if let Some(seconds) = seconds {
        // Writing to a string cannot fail.
        let _ = write!(head, " time=\"{seconds:.3}\"");
    }
    head.push_str(">\n");
    if !properties.is_empty() {
        head.push_str("            <properties>\n");
        for (name, value) in properties {
            let pieces = ["                <property name=\"", name, "\" value=\"", &escaped(value), "\"/>\n"];
            pieces.into_iter().for_each(|piece| head.push_str(piece));
        }
        head.push_str("            </properties>\n");
    }
    head
}

/// Appends a test case to `out`.
pub fn push_test(out: &mut String, test: &Test) {
    out.push_str(test.head);
    match &test.status {
        Status::Passed => {}
        Status::Skipped(told) => push_told(out, "skipped", told),
        Status::Error(told) => push_told(out, "error", told),
        Status::Failure(told) => push_told(out, "failure", told),
    }
    for told in &test.flaky {
        push_start(out, "flakyFailure", told);
        out.push_str(">\n            </flakyFailure>\n");
    }
    if let Some(text) = &test.system_out {
        let pieces = ["            <system-out>", &escaped(text), "</system-out>\n"];
        pieces.into_iter().for_each(|piece| out.push_str(piece));
    }
    out.push_str("        </testcase>\n");
}

fn push_told(out: &mut String, tag: &str, told: &Told) {
    push_start(out, tag, told);
    match &told.description {
        Some(text) => [">", &escaped(text), "</", tag, ">\n"].into_iter().for_each(|piece| out.push_str(piece)),
        None => out.push_str("/>\n"),
    }
}

/// A tag up to its end.
fn push_start(out: &mut String, tag: &str, told: &Told) {
    let pieces =
        ["            <", tag, " message=\"", &escaped(&told.message), "\" type=\"", &escaped(&told.kind), "\""];
    pieces.into_iter().for_each(|piece| out.push_str(piece));
}

fn escaped(text: &str) -> Cow<'_, str> {
    let special = |byte: u8| matches!(byte, b'<' | b'>' | b'&' | b'\'' | b'"');
    if !text.bytes().fold(false, |any, byte| any | special(byte)) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '\'' => safe.push_str("&apos;"),
            '"' => safe.push_str("&quot;"),
            c => safe.push(c),
        }
    }
    Cow::Owned(safe)
}
