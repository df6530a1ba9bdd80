//! What people filled in, read back: every mistake with its place, and labels where there is none.

use std::collections::HashMap;

use jiff::Timestamp;

use super::form::{AUDIT_VERSION, Form};
use crate::diagnostic::{Diagnostic, any_error};
use crate::domain::{Label, LabelSource, Slug};
use crate::suite::{self, SourceFile};

/// A form without mistakes.
#[derive(Debug, Clone, PartialEq)]
pub struct Filled {
    /// Where its labels belong: `rubrics/labels/<name>.jsonl`.
    pub name: Slug,
    pub audit: Slug,
    pub reviewer: String,
    /// In the form's order.
    pub labels: Vec<Label>,
    /// Questions that are not answered yet.
    pub open: u64,
}

/// Reads a form. `knows` says whether a trial is kept. `None` only with at least one error; all are located.
pub fn read(file: &SourceFile, knows: &dyn Fn(&str) -> bool, at: Timestamp) -> (Option<Filled>, Vec<Diagnostic>) {
    let (form, mut found) = suite::parse::<Form>(file);
    let Some(form) = form else { return (None, found) };
    let reviewer = form.reviewer.as_deref().unwrap_or_default().trim().to_owned();
    let name = name(&form.audit, &reviewer);
    found.extend(problems(&form, &reviewer, &file.path, knows));
    suite::locate(file, &mut found);
    match name {
        Some(name) if !any_error(&found) => {
            let open = form.items.iter().flat_map(|sheet| &sheet.questions).filter(|asked| asked.mark.is_none());
            let open = open.count() as u64;
            (
                Some(Filled { name, audit: form.audit.clone(), labels: labels(&form, &reviewer, at), reviewer, open }),
                found,
            )
        }
        _ => (None, found),
    }
}

fn problems(form: &Form, reviewer: &str, path: &str, knows: &dyn Fn(&str) -> bool) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut error = |code, at: String, message: String, help: &str| {
        let diagnostic = Diagnostic::error(code, path, at, message);
        found.push(if help.is_empty() { diagnostic } else { diagnostic.with_help(help) });
    };
    if form.version != AUDIT_VERSION {
        let message = format!("version {} is not known: this program reads version {AUDIT_VERSION}", form.version);
        error("unknown-version", "/version".to_owned(), message, "");
    }
    if reviewer.is_empty() {
        let message = "nobody says who marked".to_owned();
        error("no-reviewer", "/reviewer".to_owned(), message, "write your name behind `reviewer:`");
    } else if name(&form.audit, reviewer).is_none() {
        let message = "a file is named after the reviewer, and nothing of this name can be in one".to_owned();
        error("no-reviewer", "/reviewer".to_owned(), message, "use letters a-z or digits, and fewer of them");
    }
    let mut seen: HashMap<u32, usize> = HashMap::new();
    for (i, sheet) in form.items.iter().enumerate() {
        let at = |key: &str| format!("/items/{i}/{key}");
        if let Some(first) = seen.insert(sheet.item, i) {
            let message = format!("item {} stands here twice, first in place {}", sheet.item, first + 1);
            error("duplicate-item", at("item"), message, "keep the one that is filled in");
        } else if sheet.seal != sheet.sealed(&form.audit) {
            let message =
                format!("item {} is not what was drawn: something beside marks, notes and minutes changed", sheet.item);
            error("changed-text", at("seal"), message, "take the item from the empty form again, and mark it there");
        } else if !knows(&sheet.trial) {
            let message = format!("item {} is about a trial that this project does not hold", sheet.item);
            let help = "commit rubrics/labels/trials/ where the audit was drawn, and take it over";
            error("unknown-item", at("trial"), message, help);
        }
        if sheet.minutes.is_some_and(|minutes| !(minutes.is_finite() && minutes >= 0.0)) {
            error("out-of-range", at("minutes"), "minutes are a finite number from 0 up".to_owned(), "");
        }
    }
    found
}

fn labels(form: &Form, reviewer: &str, at: Timestamp) -> Vec<Label> {
    let mut labels = Vec::new();
    for sheet in &form.items {
        let marked = sheet.questions.iter().filter(|asked| asked.mark.is_some()).count();
        for (asked, number) in sheet.questions.iter().zip(1..) {
            let (Some(mark), Ok(id)) = (asked.mark, Slug::new(&format!("item-{}-{number}", sheet.item))) else {
                continue;
            };
            let note = asked.note.as_deref().map(str::trim).filter(|note| !note.is_empty());
            labels.push(Label {
                id,
                source: LabelSource::Audit(form.audit.clone()),
                pipeline: sheet.pipeline.clone(),
                suite: sheet.suite.clone(),
                case: sheet.case.clone(),
                target: form.target.clone(),
                run: form.run.clone(),
                trial: sheet.trial.clone(),
                area: asked.area,
                criterion: asked.criterion.clone(),
                mark,
                reviewer: reviewer.to_owned(),
                at,
                // Each question has its share, so that sums are those that the reviewer wrote.
                minutes: sheet.minutes.map(|minutes| minutes / marked as f64),
                note: note.map(str::to_owned),
                anchor: form.anchor,
            });
        }
    }
    labels
}

/// `<audit>-<reviewer>` as a name; `None` where nothing of the reviewer can be in a name.
fn name(audit: &Slug, reviewer: &str) -> Option<Slug> {
    let mut own = String::new();
    for c in reviewer.chars() {
        match c.to_ascii_lowercase() {
            c if c.is_ascii_lowercase() || c.is_ascii_digit() => own.push(c),
            _ if own.ends_with('-') || own.is_empty() => {}
            _ => own.push('-'),
        }
    }
    let own = own.trim_end_matches('-');
    if own.is_empty() { None } else { Slug::new(&format!("{audit}-{own}")).ok() }
}

/// What becomes of the labels of a file when a form is read (again).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Kept {
    /// To be added; those of changed marks among them.
    pub add: Vec<Label>,
    /// Ids of labels that make way for changed ones.
    pub replace: Vec<Slug>,
    /// Labels that are there already.
    pub same: u64,
}

/// Holds the labels of a form against those of its file: what is there already is left alone, when it was read first
/// included.
pub fn reconcile(there: &[Label], filled: &[Label]) -> Kept {
    let mut kept = Kept::default();
    for label in filled {
        match there.iter().find(|old| old.id == label.id) {
            Some(old) if (Label { at: old.at, ..label.clone() }) == *old => kept.same += 1,
            Some(_) => {
                kept.replace.push(label.id.clone());
                kept.add.push(label.clone());
            }
            None => kept.add.push(label.clone()),
        }
    }
    kept
}
