//! A finding in the making: its sentence, and the part of it that the headline repeats.

use super::decide;
use super::verdict::{Finding, FindingWeight};
use crate::domain::{Area, Policy, Slug};

/// Most cases a list names.
const LISTED: usize = 5;

/// A finding, and how the headline says it.
pub struct Found {
    pub finding: Finding,
    /// Where the sentence's first part ends, in bytes: what was found, without the reasons.
    brief: usize,
    /// Whether it says that the evidence decides nothing, whatever that weighs.
    pub open: bool,
    /// Whether each of its cases would be enough for it, and all are named.
    case_by_case: bool,
}

impl Found {
    /// `brief` and `rest` together are the sentence.
    pub fn new(code: &str, weight: FindingWeight, brief: &str, rest: &str) -> Self {
        let sentence = format!("{brief}{rest}");
        let finding = Finding { code: code.to_owned(), weight, area: None, cases: Vec::new(), sentence };
        Self { finding, brief: brief.len(), open: false, case_by_case: false }
    }

    /// That the evidence decides nothing, which weighs what the policy says.
    pub fn undecided(policy: &Policy, code: &str, brief: &str, rest: &str) -> Self {
        Self::new(code, decide::undecided(policy.on_inconclusive()), brief, rest).left_open()
    }

    /// The same, where it decides nothing.
    pub fn left_open(mut self) -> Self {
        self.open = true;
        self
    }

    pub fn in_area(mut self, area: Area) -> Self {
        self.finding.area = Some(area);
        self
    }

    /// The cases it is about, worst first.
    pub fn about(mut self, cases: Vec<Slug>) -> Self {
        self.finding.cases = cases;
        self
    }

    /// The same, where each of its cases would be enough for it and all are named: then each can be waived by itself. Not
    /// for a finding about an area as a whole, whose cases are examples.
    pub fn case_by_case(mut self) -> Self {
        self.case_by_case = true;
        self
    }

    pub fn is_case_by_case(&self) -> bool {
        self.case_by_case
    }

    /// Says more: `brief` behind its first part, `rest` at its end.
    pub fn add(&mut self, brief: &str, rest: &str) {
        self.finding.sentence.insert_str(self.brief, brief);
        self.finding.sentence.push_str(rest);
        self.brief += brief.len();
    }

    /// What was found, without a full stop at the end.
    pub fn brief(&self) -> &str {
        &self.finding.sentence[..self.brief]
    }
}

/// `1 case`, `2 cases`.
pub fn cases(n: usize) -> String {
    counted(n, "case")
}

/// `1 trial`, `2 trials`.
pub fn counted(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

/// The form of a verb that goes with `n`.
pub fn verb<'a>(n: usize, one: &'a str, many: &'a str) -> &'a str {
    if n == 1 { one } else { many }
}

/// The first few names, and how many more there are.
pub fn listed<N: ToString>(names: &[N]) -> String {
    let shown: Vec<String> = names.iter().take(LISTED).map(N::to_string).collect();
    match names.len().saturating_sub(shown.len()) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
