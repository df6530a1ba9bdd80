//! Reads filled-in forms: all of them are right, or nothing of any is kept.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;

use super::Calibrate;
use crate::calibration::audit::{Filled, Kept, read, reconcile};
use crate::cli::context::{Context, colored};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::{self, Answer};
use crate::diagnostic::{self, any_error, printable_line};
use crate::store::Labels;
use crate::suite::SourceFile;

/// Largest form that is read, in bytes.
const LARGEST: u64 = 64 << 20;

impl Calibrate {
    pub(super) fn fill(&self, context: &Context) -> Result<Exit, Failure> {
        let root = context.root()?;
        let labels = Labels::open(&root.path().join("rubrics"));
        let (mut forms, mut found, mut sources) = (Vec::new(), Vec::new(), BTreeMap::new());
        for path in &self.labels {
            let file = source(path)?;
            let knows = |trial: &str| labels.trial(trial).is_ok();
            let (filled, mut problems) = read(&file, &knows, Timestamp::now());
            forms.extend(filled);
            found.append(&mut problems);
            sources.insert(file.path.clone(), file.text);
        }
        if !found.is_empty() {
            let sources = |path: &str| sources.get(path).map(String::as_str);
            output::tell(&diagnostic::render(&found, &sources, colored(&std::io::stderr())));
        }
        if any_error(&found) {
            let what = if self.labels.len() == 1 { "the form has errors" } else { "some of the forms have errors" };
            return Err(Failure::new(Exit::ProjectInvalid, format!("{what}: nothing was kept")));
        }
        let mut told = Vec::new();
        for form in &forms {
            let ledger = labels.file(&form.name);
            let kept = reconcile(&ledger.read()?, &form.labels);
            if !kept.replace.is_empty() {
                ledger.retain(|label| !kept.replace.contains(&label.id))?;
            }
            ledger.append(&kept.add)?;
            told.push((form, kept));
        }
        match self.format {
            Answer::Text => told.iter().try_for_each(|(form, kept)| tell(form, kept))?,
            Answer::Json => {
                let line = |(form, kept): &(&Filled, Kept)| {
                    serde_json::json!({
                        "audit": form.audit, "reviewer": form.reviewer, "file": file(form),
                        "added": kept.add.len() - kept.replace.len(), "changed": kept.replace.len(),
                        "there": kept.same, "open": form.open,
                    })
                };
                output::print(&output::pretty(&told.iter().map(line).collect::<Vec<_>>())?)?;
            }
        }
        Ok(Exit::Passed)
    }
}

fn file(form: &Filled) -> String {
    format!("rubrics/labels/{}.jsonl", form.name)
}

fn tell(form: &Filled, kept: &Kept) -> Result<(), Failure> {
    let part = |n: usize, what: &str| if n > 0 { format!(", {n} {what}") } else { String::new() };
    let added = kept.add.len() - kept.replace.len();
    output::say(&format!(
        "{} by {}: {added} marks added{}{}{}",
        form.audit,
        printable_line(&form.reviewer),
        part(kept.replace.len(), "changed"),
        part(kept.same as usize, "there already"),
        part(form.open as usize, "still open"),
    ))?;
    if kept.add.is_empty() { Ok(()) } else { output::say(&format!("  commit {}", file(form))) }
}

/// A form wherever it is: who fills one in may keep it outside of the project.
fn source(path: &Path) -> Result<SourceFile, Failure> {
    let name = path.display().to_string();
    let cannot = |why: String| Failure::usage(format!("{name} cannot be read: {why}"));
    let size = std::fs::metadata(path).map_err(|error| cannot(error.to_string()))?.len();
    if size > LARGEST {
        return Err(cannot(format!("it is larger than {} MiB", LARGEST >> 20)));
    }
    let bytes = std::fs::read(path).map_err(|error| cannot(error.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|_| cannot("it is not UTF-8 text".to_owned()))?;
    Ok(SourceFile { path: name.replace('\\', "/"), text: text.trim_start_matches('\u{feff}').to_owned() })
}
