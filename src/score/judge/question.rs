//! One question about one trial: all that a judge is told, and the digest that its answers are kept by.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::answers::Answered;
use super::flags::Flag;
use super::inquiry::Inquiry;
use super::menu::Menu;
use super::sight::Sight;
use super::vote::{self, Vote};
use crate::domain::{Area, Mark, Outcome, Slug};
use crate::score::{CompiledRubric, View};

/// A question of a rubric about one trial.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    pub judge: Slug,
    pub area: Area,
    pub criterion: Slug,
    pub text: String,
    pub options: Menu,
    /// How often it is asked.
    pub votes: u32,
    /// What the judge sees, made harmless.
    pub parts: Vec<Part>,
    /// What looks wrong with that.
    pub flags: Vec<Flag>,
}

/// A part of a trial as a judge is shown it: every line behind a bar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    pub name: Sight,
    pub text: String,
}

impl Question {
    /// What answers are kept by, hex: equal for equal questions to the same judge, whatever the trial, the area or the
    /// number of votes. `identity`: that of the judge.
    pub fn digest(&self, identity: &str) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"evalgate question 1\n");
        // Lists and texts can always be written, and a hasher takes everything.
        let _ = serde_json::to_writer(&mut hasher, &(identity, &self.text, &self.options, &self.parts));
        hasher.finalize().to_hex().to_string()
    }

    /// The mark that votes give.
    pub fn mark(&self, votes: &[Vote]) -> Mark {
        vote::mark(&self.judge, &self.options, self.votes, votes, &self.flags)
    }

    /// With the votes that it got.
    pub fn answered(&self, identity: &str, votes: Vec<Vote>) -> Answered {
        Answered { identity: identity.to_owned(), digest: self.digest(identity), votes, flags: self.flags.clone() }
    }
}

/// Every question of the rubric that the trial gives an answer to judge. None of a target that failed, and none where the
/// agent gave no answer: that is marked without asking.
pub fn questions(rubric: &CompiledRubric, view: &View) -> Vec<Question> {
    let Outcome::Answered { output } = &view.trial.outcome else { return Vec::new() };
    let asked = rubric.criteria().iter().filter(|criterion| criterion.applies_to(view.case));
    asked
        .filter_map(|criterion| Some(question(criterion.inquiry()?, criterion.area, &criterion.id, view, output)))
        .collect()
}

/// One criterion's question about the trial of a view.
pub fn question(inquiry: &Inquiry, area: Area, criterion: &Slug, view: &View, output: &Value) -> Question {
    let seen: Vec<(Part, Vec<Flag>)> =
        inquiry.sees.iter().map(|sight| sight.part(view, output, &inquiry.options)).collect();
    let flags = seen.iter().flat_map(|(_, flags)| flags.iter().copied()).collect();
    Question {
        judge: inquiry.judge.clone(),
        area,
        criterion: criterion.clone(),
        text: inquiry.question.clone(),
        options: inquiry.options.clone(),
        votes: inquiry.votes,
        parts: seen.into_iter().map(|(part, _)| part).collect(),
        flags,
    }
}
