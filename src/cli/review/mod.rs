//! `evalgate review`: what waits for a person, and the decisions: at a terminal, or named by a script.

mod interactive;
mod sources;
mod terminal;

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;

use super::context::{Context, Project, colored, style};
use super::exit::Exit;
use super::failure::{Failure, name_of};
use super::output;
use super::run::named;
use crate::corrections::words;
use crate::diagnostic::{printable, printable_line};
use crate::domain::{Ruling, Slug, Weight};
use crate::load::{Checked, Root};
use crate::plan::Catalog;
use crate::review::{Choice, Decided, Pending, Refusal, decide, resolve, worst_first};
use crate::run::orphans;
use crate::store::{self, Changes, DraftFile, Settled};
use interactive::Ended;
use sources::Sources;
use terminal::Terminal;

#[derive(Args)]
pub struct Review {
    /// Show what waits, worst first
    #[arg(long)]
    list: bool,
    /// Accept the pending behaviour of a case; may be repeated
    #[arg(long, value_name = "CASE")]
    accept: Vec<String>,
    /// Throw the pending behaviour of a case away; may be repeated
    #[arg(long, value_name = "CASE")]
    reject: Vec<String>,
    /// Accept one changed field of a case, by its JSON pointer; the rest stays as accepted. May be repeated
    #[arg(long, value_name = "CASE=/FIELD")]
    accept_field: Vec<String>,
    /// Accept a case and all that changed in exactly the same way; may be repeated
    #[arg(long, value_name = "CASE")]
    accept_same_as: Vec<String>,
    /// Accept everything else that waits; refused where a mark turned to -1, or is worse than accepted or new and -1 in
    /// tool_correctness or permission_adherence
    #[arg(long)]
    accept_all: bool,
    /// Why; required where any mark fell
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Minutes that the review took, in all: each case that is decided gets an equal part
    #[arg(long, value_name = "N", value_parser = words::minutes)]
    minutes: Option<f64>,
    /// Who decides [default: git's user.name, or the login name]
    #[arg(long, value_name = "NAME", env = "EVALGATE_REVIEWER")]
    by: Option<String>,
    /// Whose snapshots [default: the project's default target]
    #[arg(long, value_name = "NAME")]
    target: Option<String>,
}

impl Review {
    pub fn run(self, context: &Context) -> Result<Exit, Failure> {
        let choices = self.choices()?;
        if context.ci && !choices.is_empty() {
            return Err(Failure::usage("snapshots are not accepted or rejected under CI")
                .with_hint("review on your machine and commit the snapshots; CI only compares"));
        }
        if self.minutes.is_some() && choices.is_empty() {
            return Err(Failure::usage("--minutes is for what is decided by name, e.g. with --accept")
                .with_hint("at a terminal `evalgate review` measures them"));
        }
        let project = context.project()?;
        let Project { checked, catalog } = &project;
        let target = match &self.target {
            Some(name) => name_of("target", name)?,
            None => catalog.project.default_target.clone(),
        };
        named(&catalog.project.targets, &target, "target")?;
        let golden = context.golden(&checked.root, &target);
        let (mut pending, unreadable) =
            store::load(&golden, |pipeline| catalog.pipelines.get(pipeline).map(AsRef::as_ref))?;
        let weights = weights(checked, &pending);
        worst_first(&mut pending, |key| weights.get(&key.case).copied().unwrap_or_default());
        for error in &unreadable {
            output::tell(&printable(&format!("cannot be reviewed: {error}\n")));
        }
        let sources = Sources::new(&project, &golden, context.runs(&checked.root), &pending);
        if !choices.is_empty() {
            return self.settle(&choices, &sources, &pending);
        }
        let terminal = Terminal::open(colored(&std::io::stdout()));
        if let Some(terminal) = terminal.filter(|_| !self.list && !context.ci && !pending.is_empty()) {
            let drafts = DraftFile::of(&context.reports(&checked.root), &target);
            let by = self.by.clone().unwrap_or_else(who);
            let review =
                interactive::Review { context, sources: &sources, pending: &pending, drafts: &drafts, by: &by };
            return leave(interactive::review(&review, terminal)?, pending.len(), &by);
        }
        let listing = golden.list()?;
        for one in &pending {
            output::say(&match self.list {
                true => store::show(one, &golden, style().color, style().width)?,
                false => format!("{}  {}", one.key, printable_line(&one.title)),
            })?;
        }
        output::print(rest(pending.len(), &orphans(checked, &listing), &listing.strays).as_bytes())?;
        if self.target.is_none() {
            for (other, n) in elsewhere(context, &checked.root, catalog, &target)? {
                output::say(&format!("{n} waiting for another target: `evalgate review --target {other}`"))?;
            }
        }
        Ok(match (pending.is_empty(), unreadable.is_empty()) {
            (true, true) => Exit::Passed,
            (_, false) => Exit::Inconclusive,
            (false, true) => Exit::ReviewPending,
        })
    }

    /// Decides what was named, all of it or nothing.
    fn settle(&self, choices: &[Choice], sources: &Sources, pending: &[Pending]) -> Result<Exit, Failure> {
        let chosen = resolve(pending, choices).map_err(|refusals| refused(&refusals))?;
        let (mut settled, mut refusals) = (Vec::new(), Vec::new());
        for one in &chosen {
            let pending = &pending[one.at];
            let merged = match &one.ruling {
                Ruling::AcceptedFields(fields) => Some(sources.merge(pending, fields)?),
                _ => None,
            };
            match decide(pending, one, merged.as_ref(), self.reason.as_deref()) {
                Ok(decided) => {
                    let decided = Decided { minutes: self.minutes.map(|all| all / chosen.len() as f64), ..decided };
                    settled.push(Settled { pending, decided, merged: merged.map(|merged| merged.snapshot) });
                }
                Err(refusal) => refusals.push(refusal),
            }
        }
        if !refusals.is_empty() {
            return Err(refused(&refusals));
        }
        let by = self.by.clone().unwrap_or_else(who);
        let along = Changes::of(sources.project.checked.root.path());
        sources.golden.settle(&settled, along, &by, Timestamp::now())?;
        for one in &settled {
            told(&one.decided.told(), &one.pending.key.to_string())?;
        }
        left(pending.len() - settled.len(), &by)?;
        Ok(Exit::Passed)
    }

    fn choices(&self) -> Result<Vec<Choice>, Failure> {
        let fields = self.accept_field.iter().map(|named| match named.split_once('=') {
            Some((case, field)) if field.starts_with('/') => {
                Ok(Choice::AcceptFields(case.to_owned(), vec![field.to_owned()]))
            }
            _ => Err(Failure::usage(format!("--accept-field {named:?} names no field"))
                .with_hint("a case and a JSON pointer, e.g. --accept-field deals-cannot-be-closed=/severity")),
        });
        let mut choices: Vec<Choice> = fields.collect::<Result<_, _>>()?;
        choices.extend(self.accept.iter().cloned().map(Choice::Accept));
        choices.extend(self.reject.iter().cloned().map(Choice::Reject));
        choices.extend(self.accept_same_as.iter().cloned().map(Choice::AcceptSameAs));
        choices.extend(self.accept_all.then_some(Choice::AcceptAll));
        Ok(choices)
    }
}

fn refused(refusals: &[Refusal]) -> Failure {
    let sentences: Vec<String> = refusals.iter().map(ToString::to_string).collect();
    Failure::usage(format!("nothing was decided:\n  {}", sentences.join("\n  ")))
        .with_hint("`evalgate review --list` shows what waits")
}

/// What is told when a session at a terminal has ended.
fn leave(ended: Ended, pending: usize, by: &str) -> Result<Exit, Failure> {
    let kept = |n: usize| match n {
        0 => output::say("nothing was decided"),
        n => output::say(&format!(
            "nothing is written; {n} {} kept: `evalgate review` offers to go on",
            if n == 1 { "decision is" } else { "decisions are" }
        )),
    };
    match ended {
        Ended::Written(decisions) => {
            decisions.iter().try_for_each(|(what, case)| told(what, case))?;
            left(pending - decisions.len(), by)?;
            Ok(if pending == decisions.len() { Exit::Passed } else { Exit::ReviewPending })
        }
        Ended::Left(n) => kept(n).map(|()| Exit::ReviewPending),
        Ended::Interrupted(n) => kept(n).map(|()| Exit::Interrupted),
    }
}

fn told(what: &str, case: &str) -> Result<(), Failure> {
    output::say(&printable_line(&format!("{what}  {case}")))
}

fn left(n: usize, by: &str) -> Result<(), Failure> {
    output::say(&printable_line(&format!("{n} still waiting, decided by {by}")))
}

/// How much the cases weigh that wait, as far as the project still has them.
fn weights(checked: &Checked, pending: &[Pending]) -> HashMap<Slug, Weight> {
    let waits: HashSet<(&Slug, &Slug)> = pending.iter().map(|one| (&one.key.pipeline, &one.key.suite)).collect();
    let mut weights = HashMap::new();
    for file in &checked.suites {
        if waits.contains(&(&file.pipeline, &file.name))
            && let Ok(loaded) = file.suite(&checked.root)
        {
            weights.extend(loaded.0.cases.iter().map(|case| (case.id.clone(), case.weight)));
        }
    }
    weights
}

/// The other targets that something waits for, and how much.
fn elsewhere(context: &Context, root: &Root, catalog: &Catalog, target: &Slug) -> Result<Vec<(Slug, usize)>, Failure> {
    let mut waiting = Vec::new();
    for other in catalog.project.targets.keys().filter(|other| *other != target) {
        let pending = context.golden(root, other).list()?.pending.len();
        if pending > 0 {
            waiting.push((other.clone(), pending));
        }
    }
    Ok(waiting)
}

/// What is told behind the list of what waits.
fn rest(pending: usize, orphans: &[Slug], strays: &[PathBuf]) -> String {
    let mut lines: Vec<String> = Vec::new();
    for orphan in orphans {
        lines.push(format!("orphan: {orphan} has an accepted snapshot but no case"));
    }
    lines.push(match pending {
        0 => "nothing waits for a review".to_owned(),
        n => format!(
            "{n} waiting; `evalgate review --list` shows the changes, `--accept CASE --reason …`, `--reject CASE`, \
             `--accept-all --reason …` decide"
        ),
    });
    for stray in strays {
        lines.push(format!("not a snapshot, never read: {}", printable_line(&stray.display().to_string())));
    }
    lines.into_iter().map(|line| line + "\n").collect()
}

/// The name that git signs commits with, or the login name.
pub fn who() -> String {
    let git = crate::load::git().args(["config", "user.name"]).output();
    let name = git.ok().filter(|out| out.status.success()).and_then(|out| String::from_utf8(out.stdout).ok());
    let name = name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    name.or_else(|| std::env::var("USER").ok()).unwrap_or_else(|| "unknown".to_owned())
}
