//! The answers that a trial is scored with, and what of them is kept beside the mark.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::flags::Flag;
use super::vote::Vote;
use crate::domain::{Area, Slug};

/// What judges answered about one trial, by criterion.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answers(BTreeMap<(Area, Slug), Answered>);

/// The votes on one question.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    /// Of the judge, as it was when it was asked.
    pub identity: String,
    /// Of the question.
    pub digest: String,
    pub votes: Vec<Vote>,
    pub flags: Vec<Flag>,
}

impl Answers {
    pub fn insert(&mut self, area: Area, criterion: Slug, answered: Answered) {
        self.0.insert((area, criterion), answered);
    }

    pub fn of(&self, area: Area, criterion: &Slug) -> Option<&Answered> {
        self.0.get(&(area, criterion.clone()))
    }
}

/// What stands behind the mark of a judge.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    pub judge: Slug,
    /// Of the judge when it was asked, hex; empty where it was not asked.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub identity: String,
    pub question: String,
    /// Of the question, hex; empty where it was not asked.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub digest: String,
    /// How often it was to be asked.
    pub asked: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub votes: Vec<Vote>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<Flag>,
    /// Why the criterion, blocking in its rubric, is advisory here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub demoted: Option<String>,
    /// Why the judge may gate nothing in this run, whatever its licences.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub barred: Option<String>,
    /// Whether what was accepted is from another judge, or from none, so that the mark was not held against it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub not_compared: bool,
}
