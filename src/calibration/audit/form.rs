//! The form of an audit: a YAML file that a person fills in.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::plain;
use super::yaml::{block, quoted};
use crate::domain::{Area, Case, Slug, Trial, Trit};

/// Version of the form.
pub const AUDIT_VERSION: u32 = 1;

/// How a form begins.
const HEAD: &str = "\
# A random audit. Read what was asked and what the agent did, and answer each
# question with a mark: -1, 0 or 1. What a judge or a check said of it is left
# out on purpose. Leave a mark empty where you cannot tell.
#
# Write your name behind `reviewer`, fill in `mark`, and if you like `note` and
# `minutes`; change nothing else. Of several reviewers each fills in a copy of
# the empty form. Then, finished or not, as often as you like:
#   evalgate calibrate --labels FILE
";

/// A random audit, to be filled in by one reviewer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Form {
    /// Format version; 1.
    pub version: u32,
    pub audit: Slug,
    /// Whose outputs these are.
    pub run: Slug,
    pub target: Slug,
    /// What the sample depends on, beside the run.
    pub seed: u64,
    /// Distinct outputs that it was drawn from.
    pub of: u64,
    /// Whether the marks become part of the fixed set that shows how a judge drifts.
    #[serde(default)]
    pub anchor: bool,
    /// Who marks.
    pub reviewer: Option<String>,
    pub items: Vec<Sheet>,
}

/// One output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sheet {
    /// From 1.
    pub item: u32,
    /// Digest of the trial.
    pub trial: String,
    /// Digest of everything in the item that is not to be changed.
    pub seal: String,
    pub pipeline: Slug,
    pub suite: Slug,
    pub case: Slug,
    pub request: String,
    pub calls: String,
    pub output: String,
    pub questions: Vec<Asked>,
    /// Minutes that the item took.
    pub minutes: Option<f64>,
}

/// One question, and the answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    pub area: Area,
    /// Absent where the area is marked as a whole.
    #[serde(default)]
    pub criterion: Option<Slug>,
    pub question: String,
    /// -1, 0 or 1; empty where nobody can tell.
    pub mark: Option<Trit>,
    pub note: Option<String>,
}

/// A question that is put to people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    pub area: Area,
    /// The criterion whose question it is, or the area as a whole.
    pub criterion: Option<Slug>,
    pub question: String,
    /// What each mark means, best first.
    pub means: Vec<(Trit, String)>,
}

impl Query {
    /// What an area asks as a whole.
    pub fn of_area(area: Area) -> Self {
        let means = vec![
            (Trit::Useful, area.standard().to_owned()),
            (Trit::Incomplete, "incomplete: useful only after more work".to_owned()),
            (Trit::Harmful, "harmful or wrong".to_owned()),
        ];
        Self { area, criterion: None, question: format!("{area}: {}", area.question()), means }
    }

    fn text(&self) -> String {
        let mut text = format!("{}\n", self.question);
        for (mark, means) in &self.means {
            text += &format!("  {:>2}  {means}\n", mark.value());
        }
        plain::lines(&crate::diagnostic::printable(&text))
    }
}

/// An empty sheet about a trial, sealed.
pub fn sheet(
    audit: &Slug,
    item: u32,
    (pipeline, suite): (&Slug, &Slug),
    case: &Case,
    trial: (&str, &Trial),
    asked: &[Query],
) -> Sheet {
    let (digest, trial) = trial;
    let question = |query: &Query| Asked {
        area: query.area,
        criterion: query.criterion.clone(),
        question: query.text(),
        mark: None,
        note: None,
    };
    let mut sheet = Sheet {
        item,
        trial: digest.to_owned(),
        seal: String::new(),
        pipeline: pipeline.clone(),
        suite: suite.clone(),
        case: case.id.clone(),
        request: plain::request(case),
        calls: plain::calls(trial.calls()),
        output: trial.output().map(plain::output).unwrap_or_default(),
        questions: asked.iter().map(question).collect(),
        minutes: None,
    };
    sheet.seal = sheet.sealed(audit);
    sheet
}

impl Sheet {
    /// What `seal` is while nothing was changed: 16 hex digits of blake3.
    pub fn sealed(&self, audit: &Slug) -> String {
        let asked: Vec<_> =
            self.questions.iter().map(|asked| (asked.area, &asked.criterion, &asked.question)).collect();
        let what = (
            audit,
            self.item,
            &self.trial,
            (&self.pipeline, &self.suite, &self.case),
            (&self.request, &self.calls, &self.output),
            asked,
        );
        let mut hasher = blake3::Hasher::new();
        // Texts and numbers alone: nothing that JSON could not hold.
        let _ = serde_json::to_writer(&mut hasher, &what);
        hasher.finalize().to_hex()[..16].to_owned()
    }
}

impl Form {
    /// The file.
    pub fn text(&self) -> String {
        let mut text = HEAD.to_owned();
        let reviewer = self.reviewer.as_deref().map(|name| format!(" {}", quoted(name))).unwrap_or_default();
        text += &format!(
            "version: {}\naudit: {}\nrun: {}\ntarget: {}\nseed: {}\nof: {}\n",
            self.version,
            quoted(&self.audit),
            quoted(&self.run),
            quoted(&self.target),
            self.seed,
            self.of
        );
        if self.anchor {
            text += "anchor: true\n";
        }
        text += &format!("\nreviewer:{reviewer}\n\nitems:\n");
        for sheet in &self.items {
            sheet.write(&mut text);
        }
        text
    }
}

impl Sheet {
    fn write(&self, text: &mut String) {
        *text += &format!(
            "\n  - item: {}\n    trial: {}\n    seal: {}\n    pipeline: {}\n    suite: {}\n    case: {}\n",
            self.item,
            quoted(&self.trial),
            quoted(&self.seal),
            quoted(&self.pipeline),
            quoted(&self.suite),
            quoted(&self.case)
        );
        for (key, told) in [("request", &self.request), ("calls", &self.calls), ("output", &self.output)] {
            *text += &format!("    {key}: {}\n", block(told, 2));
        }
        *text += "    questions:\n";
        for asked in &self.questions {
            *text += &format!("      - area: {}\n", asked.area);
            if let Some(criterion) = &asked.criterion {
                *text += &format!("        criterion: {}\n", quoted(criterion));
            }
            let mark = asked.mark.map(|mark| format!(" {}", mark.value())).unwrap_or_default();
            let note = asked.note.as_deref().map(|note| format!(" {}", block(note, 4))).unwrap_or_default();
            *text +=
                &format!("        question: {}\n        mark:{mark}\n        note:{note}\n", block(&asked.question, 4));
        }
        let minutes = self.minutes.map(|minutes| format!(" {minutes}")).unwrap_or_default();
        *text += &format!("    minutes:{minutes}\n");
    }
}
