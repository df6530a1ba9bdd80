//! What looks, in a judged text, as if it were meant for the judge.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::sight::Sight;

/// A part of a trial that looks as if it spoke to the judge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Flag {
    pub part: Sight,
    pub suspicion: Suspicion,
}

/// What was found. The first three were made harmless before anybody was asked; the others are shown as they are, behind
/// the fence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Suspicion {
    HiddenCharacters,
    FenceLookalike,
    FakeVerdict,
    Instruction,
    EncodedInstruction,
}

impl Suspicion {
    /// As a sentence says it.
    pub fn name(self) -> &'static str {
        match self {
            Suspicion::HiddenCharacters => "characters that nobody sees",
            Suspicion::FenceLookalike => "a look-alike of a fence",
            Suspicion::FakeVerdict => "what looks like a verdict",
            Suspicion::Instruction => "words that look like an instruction to the judge",
            Suspicion::EncodedInstruction => "an encoded text that looks like an instruction to the judge",
        }
    }
}

/// `the output holds a look-alike of a fence and what looks like a verdict`; `None` without any.
pub(super) fn sentence(flags: &[Flag]) -> Option<String> {
    let parts: BTreeSet<Sight> = flags.iter().map(|flag| flag.part).collect();
    let told = parts.into_iter().map(|part| {
        let of_part = flags.iter().filter(|flag| flag.part == part);
        let names: Vec<&str> = of_part.map(|flag| flag.suspicion.name()).collect();
        format!("the {} holds {}", part.name(), names.join(" and "))
    });
    let told = told.collect::<Vec<_>>().join("; ");
    (!told.is_empty()).then_some(told)
}
