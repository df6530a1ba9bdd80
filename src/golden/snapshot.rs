//! The snapshot itself: what it holds, and its text.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::format;
use crate::domain::{Area, Slug, Trit};

/// Marks by area and criterion.
pub type Marks = BTreeMap<Area, BTreeMap<Slug, Trit>>;

/// Accepted behaviour, or a proposal for it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Snapshot {
    pub info: SnapshotInfo,
    /// What the agent did; of several repeats, what most of them did.
    pub behaviour: Behaviour,
    /// The repeats that did it, ascending; empty where the case was run once.
    pub repeats: Vec<u32>,
    /// What other repeats did, most frequent first.
    pub otherwise: Vec<Variant>,
}

/// What an agent did on a case.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Behaviour {
    /// The output without its volatile fields, sets sorted; `None` where the agent gave no answer.
    pub output: Option<Value>,
    /// One line a tool call: the tool and the last stage it reached, e.g. `deploy_metadata stopped approval_required`.
    pub calls: Vec<String>,
    /// Marks of the repeatable criteria.
    pub marks: Marks,
}

/// What some of the repeats did.
#[derive(Debug, Clone, PartialEq)]
pub struct Variant {
    /// Ascending.
    pub repeats: Vec<u32>,
    pub behaviour: Behaviour,
}

/// What goes into the `info` of the file: who accepted it, and what it is a snapshot of.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SnapshotInfo {
    /// blake3 of the case as JSON, hex: tells whether the case itself changed since.
    pub case_digest: String,
    /// Run that produced the behaviour.
    pub run: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The correction that this is what a reviewer asked for, not what an agent did: the id of its case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correction: Option<String>,
    /// Milliseconds that each repeat took; empty where the case was run once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub wall_ms: Vec<f64>,
    /// US dollars that each repeat cost; empty where the case was run once or a price is unknown.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cost_usd: Vec<f64>,
}

/// Why a file is not a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    #[error("the file holds conflict markers of a merge: resolve them, or take one side whole")]
    Conflict,
    #[error("{0}")]
    Malformed(String),
}

impl Snapshot {
    /// Reads insta's file format: `---`, a YAML map, `---`, the body. Line ends may be those of any system.
    pub fn parse(text: &str) -> Result<Self, SnapshotError> {
        let text = format::unix_lines(text);
        let parts = format::split(&text)?;
        let header = parts.header()?;
        parts.snapshot(header.info)
    }

    /// The text of the file; byte-stable for equal snapshots.
    pub fn to_text(&self, title: &str) -> String {
        format::file(title, &self.info, &self.body())
    }

    /// The part of the text that says what happened: equal bodies are equal behaviour.
    pub fn body(&self) -> String {
        format::body(self)
    }

    /// All that was seen, most frequent first; without repeats, the one behaviour with no number.
    pub fn variants(&self) -> impl Iterator<Item = (&[u32], &Behaviour)> {
        let others = self.otherwise.iter().map(|variant| (variant.repeats.as_slice(), &variant.behaviour));
        std::iter::once((self.repeats.as_slice(), &self.behaviour)).chain(others)
    }

    /// What each repeat did, in the order of the repeats. At least one.
    pub fn by_repeat(&self) -> Vec<&Behaviour> {
        let numbered = |(repeats, behaviour)| {
            let repeats: &[u32] = if <[u32]>::is_empty(repeats) { &[1] } else { repeats };
            repeats.iter().map(move |repeat| (*repeat, behaviour))
        };
        let mut all: Vec<(u32, &Behaviour)> = self.variants().flat_map(numbered).collect();
        all.sort_by_key(|(repeat, _)| *repeat);
        all.into_iter().map(|(_, behaviour)| behaviour).collect()
    }

    /// The snapshot of a case's trials: of a single first one as it is, otherwise of its repeats.
    pub fn of_trials(trials: Vec<(u32, Snapshot)>) -> Option<Snapshot> {
        match <[(u32, Snapshot); 1]>::try_from(trials) {
            Ok([(1, mut only)]) => {
                (only.info.wall_ms, only.info.cost_usd) = (Vec::new(), Vec::new());
                Some(only)
            }
            Ok(one) => Self::of_repeats(one),
            Err(trials) => Self::of_repeats(trials),
        }
    }

    /// One snapshot of several repeats, numbered from 1. `None` without any. `info` is the first one's, with the time
    /// and the cost of all.
    pub fn of_repeats(repeats: impl IntoIterator<Item = (u32, Snapshot)>) -> Option<Snapshot> {
        let mut variants: Vec<Variant> = Vec::new();
        let mut info: Option<SnapshotInfo> = None;
        for (repeat, snapshot) in repeats {
            match &mut info {
                None => info = Some(snapshot.info),
                Some(info) => {
                    info.wall_ms.extend(snapshot.info.wall_ms);
                    info.cost_usd.extend(snapshot.info.cost_usd);
                }
            }
            match variants.iter_mut().find(|variant| variant.behaviour == snapshot.behaviour) {
                Some(variant) => variant.repeats.push(repeat),
                None => variants.push(Variant { repeats: vec![repeat], behaviour: snapshot.behaviour }),
            }
        }
        variants.sort_by_key(|variant| (std::cmp::Reverse(variant.repeats.len()), variant.repeats.first().copied()));
        let mut variants = variants.into_iter();
        let Variant { repeats, behaviour } = variants.next()?;
        Some(Snapshot { info: info?, behaviour, repeats, otherwise: variants.collect() })
    }
}
