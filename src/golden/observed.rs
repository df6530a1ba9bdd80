//! What a trial did, as a snapshot would hold it, but borrowed from the trial: most trials do what was accepted, equal
//! text settles that, and then nothing of it is kept.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::Value;

use super::emit::{Look, Tree};
use super::snapshot::{Behaviour, Marks, Snapshot, SnapshotError, SnapshotInfo};
use super::{Comparison, Stored, compare, format};
use crate::domain::{Area, Pipeline, Slug};

/// What a trial did, normalised.
#[derive(Debug)]
pub struct Observed<'t> {
    pub info: SnapshotInfo,
    pub(super) output: Option<Kept<'t>>,
    pub(super) calls: Vec<String>,
    pub(super) marks: Marks,
}

impl Observed<'_> {
    /// As [`Snapshot::body`] of its snapshot.
    pub fn body(&self) -> String {
        format::body_of_one(self.output.as_ref(), &self.calls, &self.marks)
    }

    /// The same, on its own.
    pub fn snapshot(&self) -> Snapshot {
        let behaviour = Behaviour {
            output: self.output.as_ref().map(Kept::value),
            calls: self.calls.clone(),
            marks: self.marks.clone(),
        };
        Snapshot { info: self.info.clone(), behaviour, ..Snapshot::default() }
    }

    /// Holds it against what was accepted: by text first, by meaning where the text differs. The marks of the criteria
    /// in `aside` say nothing of a difference. Errors: the accepted snapshot cannot be read.
    pub fn compare(
        &self,
        pipeline: &Pipeline,
        accepted: Option<&Stored>,
        aside: &BTreeSet<(Area, Slug)>,
    ) -> Result<Comparison, SnapshotError> {
        let Some(accepted) = accepted else { return Ok(Comparison::New) };
        if self.body() == accepted.body() {
            return Ok(Comparison::Same);
        }
        let (accepted, observed) = (accepted.snapshot()?, self.snapshot());
        Ok(match aside.is_empty() {
            true => compare(pipeline, accepted, &observed),
            false => compare(pipeline, &accepted.without(aside), &observed.without(aside)),
        })
    }
}

/// A value as it is kept: its texts are those of the trial unless something was taken out of them.
#[derive(Debug)]
pub(super) enum Kept<'t> {
    /// `null`, a boolean or a number.
    Plain(&'t Value),
    Text(Cow<'t, str>),
    List(Vec<Kept<'t>>),
    /// Keys are distinct.
    Map(Vec<(Cow<'t, str>, Kept<'t>)>),
}

impl Kept<'_> {
    /// The same, on its own.
    pub fn value(&self) -> Value {
        match self {
            Kept::Plain(value) => (*value).clone(),
            Kept::Text(text) => Value::String(text.to_string()),
            Kept::List(items) => Value::Array(items.iter().map(Kept::value).collect()),
            Kept::Map(map) => Value::Object(map.iter().map(|(key, kept)| (key.to_string(), kept.value())).collect()),
        }
    }
}

impl Tree for Kept<'_> {
    fn look(&self) -> Look<'_, Self> {
        match self {
            Kept::Plain(value) => Look::Plain(value),
            Kept::Text(text) => Look::Text(text),
            Kept::List(items) => Look::List(items),
            Kept::Map(map) => Look::Map { is_empty: map.is_empty() },
        }
    }

    fn each_entry(&self, mut with: impl FnMut(&str, &Self)) {
        if let Kept::Map(map) = self {
            map.iter().for_each(|(key, kept)| with(key, kept));
        }
    }
}
