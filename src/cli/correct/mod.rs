//! `evalgate correct`: an output that was not good enough is put right, and becomes a case that guards it.

mod asking;
mod desk;
mod editor;
mod fields;
mod import;
mod sheet;
mod undo;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::context::{Context, Project, style};
use super::exit::Exit;
use super::failure::Failure;
use super::output;
use super::review::who;
use super::run::named;
use crate::corrections::{Said, words};
use crate::diagnostic::{cut, printable_line};
use crate::domain::{CorrectionReason, Pipeline, ReviewVerdict};
use crate::report::render_paragraphs;
use crate::store::Changes;
pub use desk::{Desk, Found, Kept, find};
use editor::Draft;
pub use editor::program;
pub use sheet::Sheet;

#[derive(Args)]
#[command(after_help = HELP)]
pub struct Correct {
    /// The case whose output is put right
    #[arg(value_name = "CASE", required_unless_present_any = ["undo", "from"])]
    case: Option<String>,
    /// The run: id, beginning of an id, `latest` or `latest~1` [default: latest]
    #[arg(long, value_name = "RUN")]
    run: Option<String>,
    /// Which repeat
    #[arg(long, value_name = "N", default_value_t = 1)]
    repeat: u32,
    /// Whose output: the newest run of this target
    #[arg(long, value_name = "NAME")]
    target: Option<String>,
    /// Put a field right: JSON pointer and value, which is JSON or text; may be repeated
    #[arg(long, value_name = "/FIELD=VALUE")]
    set: Vec<String>,
    /// Take a field or an item of a list out; may be repeated
    #[arg(long, value_name = "/FIELD")]
    unset: Vec<String>,
    /// `rejected`: of no use. `corrected`: used after changes
    #[arg(long, value_name = "VERDICT", value_parser = words::verdict)]
    verdict: Option<ReviewVerdict>,
    /// bad_context, missing_tool, stale_sop, weak_prompt, permission_issue, poor_judgment or true_edge_case
    #[arg(long, value_name = "REASON", value_parser = words::reason)]
    reason: Option<CorrectionReason>,
    /// Minutes of review
    #[arg(long, value_name = "N", value_parser = words::minutes)]
    minutes: Option<f64>,
    /// What the case guards against, in one sentence
    #[arg(long, value_name = "TEXT", value_parser = words::sentence)]
    guards: Option<String>,
    /// Who reviewed it [default: git's user.name, or the login name]
    #[arg(long, value_name = "NAME", env = "EVALGATE_REVIEWER", value_parser = words::sentence)]
    by: Option<String>,
    /// The reviewer's role
    #[arg(long, value_name = "TEXT", env = "EVALGATE_ROLE", default_value = "reviewer", value_parser = words::sentence)]
    role: String,
    /// The suite that the case goes into [default: the pipeline's reviewer_corrections.yaml]
    #[arg(long, value_name = "FILE")]
    suite: Option<String>,
    /// Say what would be written, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Take corrections in bulk: a CSV file with a head, or one JSON object a line (*.jsonl)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["case", "set", "unset", "verdict", "reason", "minutes", "guards"])]
    from: Option<PathBuf>,
    /// Leave rows out that something is wrong with, instead of writing none
    #[arg(long, requires = "from")]
    skip_bad: bool,
    /// Take a correction back, by the id of its case, until it is committed; may be repeated
    #[arg(long, value_name = "ID", conflicts_with_all = ["case", "from", "set", "unset", "verdict"])]
    undo: Vec<String>,
}

const HELP: &str = "\
Without --set, --unset and --verdict the output is opened in $VISUAL or $EDITOR. What has to be known \
and was not said is asked for on the terminal. Written are: a case of kind reviewer_correction with \
the same request, which expects what was put right as far as the rubric has a check that reads it; a \
label (-1 rejected, 0 corrected) for the task of an output that was rejected and for each area with a \
criterion that reads a corrected field; a pending snapshot of what was asked for; and a line in \
golden/reviews.jsonl. All go by the id of the case. Texts for people (`prose` in pipeline.yaml) are \
kept in the case and never asked for word by word.

Columns of --from, or keys of a line: case, verdict, reason, guards (needed); run, repeat, minutes, \
reviewer, role, date; set./field (one a field), or `corrected` (JSON: the whole output, or JSON pointers \
with values). Other columns are not read. What is wrong is told row by row, and nothing is written unless \
every row is sound. A row that was taken before is told and not taken again.";

impl Correct {
    pub fn run(self, context: &Context) -> Result<Exit, Failure> {
        if context.ci && !self.dry_run {
            return Err(Failure::usage("nothing is corrected under CI")
                .with_hint("correct on your machine and commit what it writes; CI only checks it"));
        }
        let project = context.project()?;
        if !self.undo.is_empty() {
            return undo::undo(context, &project, &self.undo, self.dry_run);
        }
        if let Some(from) = &self.from {
            return import::import(&self, context, &project, from);
        }
        let case = self.case.as_deref().unwrap_or_default();
        let of = (self.run.as_deref(), self.repeat, self.target.as_deref());
        let found = find(context, &project, case, of)?;
        let pipeline = named(&project.catalog.pipelines, &found.result.pipeline, "pipeline")?;
        let sheet = self.sheet(&found, pipeline)?;
        let Some(asked) = ask(context, &project, &found, sheet, self.editor())? else {
            output::say("given up: nothing was written")?;
            return Ok(Exit::Passed);
        };
        let kept = |failure: Failure| asked.kept(failure);
        let mut desk = Desk::new(&project, self.suite.as_deref());
        desk.correct(&found, &asked.said)
            .map_err(kept)?
            .map_err(|refusal| kept(Failure::usage(format!("nothing was written: {refusal}"))))?;
        let mut changes = Changes::of(project.checked.root.path());
        desk.write_into(&mut changes).map_err(kept)?;
        for decision in desk.decisions() {
            changes.decide(decision)?;
        }
        if !self.dry_run {
            changes.commit().map_err(|error| kept(error.into()))?;
            asked.written()?;
        }
        for one in desk.made() {
            output::print(one.told(&found, self.dry_run).as_bytes())?;
        }
        Ok(Exit::Passed)
    }

    /// What was said on the command line, and the output with the fields that were put right there.
    fn sheet(&self, found: &Found, pipeline: &Pipeline) -> Result<Sheet, Failure> {
        let original = found.result.trial.output().cloned().unwrap_or(Value::Null);
        let output = fields::put(pipeline, &original, &self.set, &self.unset)?;
        let problems = fields::told(pipeline, &output);
        if output != original && !problems.is_empty() {
            return Err(Failure::usage(format!(
                "with these fields it is no output of {}:\n  {}",
                pipeline.name,
                problems.join("\n  ")
            ))
            .with_hint(format!("suites/{}/output.schema.json says what an output is", pipeline.name)));
        }
        Ok(Sheet {
            verdict: self.verdict,
            reason: self.reason,
            minutes: self.minutes,
            guards: self.guards.clone(),
            by: Some(self.by.clone().unwrap_or_else(who)),
            role: Some(self.role.clone()),
            output,
        })
    }

    /// The editor, unless the command line says what there is to say.
    fn editor(&self) -> Option<OsString> {
        let said = !self.set.is_empty() || !self.unset.is_empty() || self.verdict.is_some();
        if said { None } else { program(asking::terminal()) }
    }
}

/// What a reviewer said, and where it was typed.
pub struct Asked {
    pub said: Said,
    draft: Option<Draft>,
}

impl Asked {
    /// To be called once it is written: what was typed is not needed any more.
    pub fn written(&self) -> Result<(), Failure> {
        self.draft.as_ref().map_or(Ok(()), Draft::discard)
    }

    /// A failure to write it, which tells where what was typed is.
    pub fn kept(&self, failure: Failure) -> Failure {
        kept(self.draft.as_ref(), failure)
    }
}

fn kept(draft: Option<&Draft>, failure: Failure) -> Failure {
    match draft {
        Some(draft) => Failure { hint: draft.kept("").hint, ..failure },
        None => failure,
    }
}

/// Opens the output in the editor, where there is one to be opened, and asks on the terminal for what is not said yet.
/// `None`: the reviewer gave up.
pub fn ask(
    context: &Context,
    project: &Project,
    found: &Found,
    mut sheet: Sheet,
    editor: Option<OsString>,
) -> Result<Option<Asked>, Failure> {
    let pipeline = named(&project.catalog.pipelines, &found.result.pipeline, "pipeline")?;
    let mut draft = None;
    if let Some(editor) = editor {
        let name = format!("{}.yaml", found.result.case.id);
        let path = context.reports(&project.checked.root).join("corrections").join(name);
        let (opened, resumed) = Draft::open(path.clone(), &sheet::begin(found, &sheet))?;
        if resumed {
            editor::tell_resumed(&path);
        }
        let Some(edited) = opened.edit(&editor, pipeline)? else { return Ok(None) };
        sheet = edited;
        draft = Some(opened);
    }
    asking::complete(&mut sheet).map_err(|failure| kept(draft.as_ref(), failure))?;
    let said = said(sheet, Timestamp::now()).map_err(|failure| kept(draft.as_ref(), failure))?;
    Ok(Some(Asked { said, draft }))
}

/// A sheet that is filled in, as it is kept.
fn said(sheet: Sheet, at: Timestamp) -> Result<Said, Failure> {
    let Sheet { verdict: Some(verdict), reason: Some(reason), minutes, guards: Some(guards), by, role, output } = sheet
    else {
        return Err(Failure::usage("verdict, reason and what it guards against have to be said"));
    };
    let line = |what: &str, text: Option<String>| {
        words::sentence(text.as_deref().unwrap_or_default()).map_err(|why| Failure::usage(format!("{what}: {why}")))
    };
    let reviewer = match by {
        Some(by) if !by.trim().is_empty() => line("by", Some(by))?,
        _ => who(),
    };
    let role = role.filter(|role| !role.trim().is_empty()).unwrap_or_else(|| "reviewer".to_owned());
    Ok(Said {
        verdict,
        reason,
        minutes,
        guards: line("guards", Some(guards))?,
        reviewer,
        role: line("role", Some(role))?,
        date: at.to_zoned(TimeZone::UTC).date(),
        at,
        output,
    })
}

impl Kept {
    /// What was written, in a few lines for people.
    fn told(&self, found: &Found, dry_run: bool) -> String {
        let made = &self.made;
        let id = &made.case.id;
        let lead = if dry_run { "would be corrected  " } else { "corrected  " };
        let mut told: Vec<(String, String)> = Vec::new();
        let mut say = |lead: &str, text: String| told.push((lead.to_owned(), text));
        say(lead, format!("{} of {}, run {}", found.result.case.id, found.target, found.run));
        if let Some(correction) = &made.case.correction {
            let (verdict, reason) = (correction.verdict.name(), correction.reason.name());
            say("  ", format!("{verdict} for {reason} by {}: {}", correction.reviewer, correction.guards));
            for (place, value) in correction.corrected.iter().chain(&correction.wording) {
                let was = correction.original.pointer(place).unwrap_or(&Value::Null);
                say("  ", format!("{place}: {} → {}", short(was), short(value)));
            }
        }
        say("  case      ", format!("{id}, in {}", self.file));
        let marks: Vec<String> = made.labels.iter().map(|label| format!("{} {}", label.area, label.mark)).collect();
        say("  label     ", marks.join(", "));
        say("  snapshot  ", format!("pending for {}: `evalgate review --list`", made.target));
        made.notes.iter().for_each(|note| say("  note      ", note.clone()));
        if !dry_run {
            say("", format!("until it is committed, this takes it back: evalgate correct --undo {id}"));
        }
        render_paragraphs(told.iter().map(|(lead, text)| (lead.as_str(), text.as_str())), style())
    }
}

fn short(value: &Value) -> String {
    cut(&printable_line(&value.to_string()), 60)
}
