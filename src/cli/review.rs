//! `evalgate review`: what waits for a person, and the decisions.

use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;

use super::context::{Context, Project, style};
use super::exit::Exit;
use super::failure::Failure;
use super::output;
use super::run::named;
use crate::diagnostic::{printable, printable_line};
use crate::domain::Slug;
use crate::load::Root;
use crate::plan::Catalog;
use crate::run::orphans;
use crate::store::{self, Choice};

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
    /// Accept everything else that waits; refused where something got worse in a zero-tolerance area
    #[arg(long)]
    accept_all: bool,
    /// Why; required where any mark fell
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Who decides [default: git's user.name, or the login name]
    #[arg(long, value_name = "NAME", env = "EVALGATE_REVIEWER")]
    by: Option<String>,
    /// Whose snapshots [default: the project's default target]
    #[arg(long, value_name = "NAME")]
    target: Option<String>,
}

impl Review {
    pub fn run(self, context: &Context) -> Result<Exit, Failure> {
        let choices = self.choices();
        if context.ci && !choices.is_empty() {
            return Err(Failure::usage("snapshots are not accepted or rejected under CI")
                .with_hint("review on your machine and commit the snapshots; CI only compares"));
        }
        let Project { checked, catalog } = context.project()?;
        let target = match &self.target {
            Some(name) => Slug::new(name).map_err(|error| Failure::usage(format!("target {name:?}: {error}")))?,
            None => catalog.project.default_target.clone(),
        };
        named(&catalog.project.targets, &target, "target")?;
        let folder = context.golden(&checked.root, &target);
        let (pending, unreadable) =
            store::load(&folder, |pipeline| catalog.pipelines.get(pipeline).map(AsRef::as_ref))?;
        for error in &unreadable {
            output::tell(&printable(&format!("cannot be reviewed: {error}\n")));
        }
        if choices.is_empty() {
            let listing = folder.list()?;
            for one in &pending {
                output::say(&match self.list {
                    true => one.show(&folder, style().color, style().width)?,
                    false => format!("{}  {}", one.key, printable_line(&one.title)),
                })?;
            }
            output::print(rest(pending.len(), &orphans(&checked.census, &listing), &listing.strays).as_bytes())?;
            if self.target.is_none() {
                for (other, n) in elsewhere(context, &checked.root, &catalog, &target)? {
                    output::say(&format!("{n} waiting for another target: `evalgate review --target {other}`"))?;
                }
            }
            return Ok(match (pending.is_empty(), unreadable.is_empty()) {
                (true, true) => Exit::Passed,
                (_, false) => Exit::Inconclusive,
                (false, true) => Exit::ReviewPending,
            });
        }
        let plan = store::plan(&pending, &choices, self.reason.as_deref()).map_err(|refusals| {
            let sentences: Vec<String> = refusals.iter().map(ToString::to_string).collect();
            Failure::usage(format!("nothing was decided:\n  {}", sentences.join("\n  ")))
                .with_hint("`evalgate review --list` shows what waits")
        })?;
        let by = self.by.unwrap_or_else(who);
        store::settle(&plan, &folder, &by, Timestamp::now())?;
        for one in &plan.accept {
            output::say(&format!("accepted  {}", one.key))?;
        }
        for one in &plan.reject {
            output::say(&format!("rejected  {}", one.key))?;
        }
        let left = pending.len() - plan.accept.len() - plan.reject.len();
        output::say(&printable_line(&format!("{left} still waiting, decided by {by}")))?;
        Ok(Exit::Passed)
    }

    fn choices(&self) -> Vec<Choice> {
        let accept = self.accept.iter().cloned().map(Choice::Accept);
        let reject = self.reject.iter().cloned().map(Choice::Reject);
        accept.chain(reject).chain(self.accept_all.then_some(Choice::AcceptAll)).collect()
    }
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
    let git = std::process::Command::new("git").args(["config", "user.name"]).output();
    let name = git.ok().filter(|out| out.status.success()).and_then(|out| String::from_utf8(out.stdout).ok());
    let name = name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    name.or_else(|| std::env::var("USER").ok()).unwrap_or_else(|| "unknown".to_owned())
}
