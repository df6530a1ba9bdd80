//! `evalgate history prune`, `tag`, `import` and `rebuild`.

use std::path::{Path, PathBuf};

use clap::Args;
use jiff::Timestamp;
use serde_json::json;

use super::{folder, index, open, tell};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::{self, Answer};
use crate::diagnostic::printable_line;
use crate::domain::Slug;
use crate::history::{Keep, Tag, shed};
use crate::store::{Came, HistoryError, Incoming, RunFolder, StoreError};

#[derive(Args)]
#[command(
    after_help = "Always kept: runs with a name, runs that a kept run was held against, the newest judged run of each
target, and runs that are being written. What the history needs of a removed run, a few KB, stays in
reports/pruned/, so that trends stay whole; its transcripts are gone."
)]
pub struct Prune {
    /// What to keep: so many runs of each target (`200`), or runs younger than that (`90d`, `12w`). May be repeated: what
    /// any rule keeps stays
    #[arg(long, value_name = "RULE", required = true, value_delimiter = ',')]
    keep: Vec<String>,
    /// Only say what would be removed
    #[arg(long)]
    dry_run: bool,
    /// Leave nothing of the removed runs
    #[arg(long)]
    forget: bool,
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Answer,
}

impl Prune {
    pub fn run(self, context: &Context) -> Result<Exit, Failure> {
        let keep = self.keep.iter().try_fold(Keep::default(), |keep, rule| keep.with(rule));
        let keep = keep.map_err(|error| Failure::usage(format!("--keep: {error}")))?;
        let index = index(context, &context.root()?);
        let mut history = open(&index)?;
        let mut shed = shed(&index.standings()?, keep, Timestamp::now());
        if !self.dry_run {
            let mut in_use = Vec::new();
            for id in &shed.gone {
                match index.prune(&mut history, id, self.forget) {
                    Err(HistoryError::Store(StoreError::InUse(_))) => in_use.push(id.clone()),
                    pruned => pruned?,
                }
            }
            shed.gone.retain(|id| !in_use.contains(id));
            shed.kept += in_use.len();
        }
        match self.format {
            Answer::Json => {
                let answer = json!({"removed": shed.gone, "kept": shed.kept, "dry_run": self.dry_run});
                output::print(&output::pretty(&answer)?)?;
            }
            Answer::Text => {
                let removed = if self.dry_run { "would remove" } else { "removed" };
                for id in &shed.gone {
                    output::say(&format!("{removed}  {id}"))?;
                }
                output::say(&format!("{removed} {} of {} runs", shed.gone.len(), shed.gone.len() + shed.kept))?;
            }
        }
        Ok(Exit::Passed)
    }
}

#[derive(Args)]
pub struct Tagging {
    /// The run: id, beginning of an id, `latest` or `latest~1`
    #[arg(value_name = "RUN")]
    run: String,
    /// The name, e.g. `v2.4`
    #[arg(value_name = "NAME")]
    name: String,
    /// Take the name away from the run
    #[arg(long)]
    remove: bool,
}

impl Tagging {
    pub fn run(self, context: &Context) -> Result<Exit, Failure> {
        let bad = |why: &str| Failure::usage(format!("{:?} cannot name a run: {why}", self.name));
        let name = Slug::new(&self.name).map_err(|error| bad(&error.to_string()))?;
        if name.starts_with("latest") || name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
            return Err(bad("it would be taken for a run's id, or for `latest`"));
        }
        let root = context.root()?;
        let index = index(context, &root);
        let mut history = open(&index)?;
        let folder = folder(context, &root, &mut history, &self.run)?;
        if !self.remove {
            index.tag(&mut history, &folder, Tag { name: name.clone(), at: Timestamp::now() })?;
            output::say(&format!("{} is {name}: no prune removes it", folder.id()))?;
        } else if index.untag(&mut history, &folder, &name)? {
            output::say(&format!("{} is no longer {name}", folder.id()))?;
        } else {
            return Err(Failure::usage(format!("run {} has no name {name:?}", folder.id())));
        }
        Ok(Exit::Passed)
    }
}

#[derive(Args)]
pub struct Import {
    /// A run's folder, or a folder of such folders
    #[arg(value_name = "DIR")]
    from: PathBuf,
}

impl Import {
    pub fn run(self, context: &Context) -> Result<Exit, Failure> {
        if !self.from.is_dir() {
            return Err(Failure::usage(format!("{} is not a folder", self.from.display())));
        }
        let root = context.root()?;
        let project = context.catalog()?.catalog.project.name;
        let runs = context.runs(&root);
        let mut found = folders(&self.from)?;
        found.sort_unstable();
        if found.is_empty() {
            return Err(Failure::new(Exit::NothingSelected, format!("{} holds no run", self.from.display()))
                .with_hint("a run's folder has a file events.jsonl"));
        }
        let mut refused = 0;
        for path in &found {
            match Incoming::copy(&runs, path).and_then(|incoming| incoming.finish(path, &project)) {
                Ok(came) => took_in(&came)?,
                Err(error) => {
                    refused += 1;
                    output::tell(&printable_line(&format!("refused {}: {error}", path.display())));
                    output::tell("\n");
                }
            }
        }
        open(&index(context, &root))?;
        match refused {
            0 => Ok(Exit::Passed),
            _ => Err(Failure::usage(format!("{refused} of {} runs were refused", found.len()))),
        }
    }
}

/// Says what became of a run that came from elsewhere, and makes its pages.
pub fn took_in(came: &Came) -> Result<(), Failure> {
    match came {
        Came::Known(folder) => output::say(&format!("known     {}", folder.id())),
        Came::New(folder) => {
            render(folder)?;
            output::say(&format!("taken in  {}", folder.id()))
        }
    }
}

/// Pages do not travel: they are made of what does.
fn render(folder: &RunFolder) -> Result<(), Failure> {
    match folder.file("verdict.json")?.exists() && folder.file("results.jsonl")?.exists() {
        true => output::write_formats(folder, &output::open(folder)?),
        false => Ok(()),
    }
}

/// The folder itself, or those in it that hold a run.
fn folders(from: &Path) -> Result<Vec<PathBuf>, Failure> {
    let is_run = |path: &Path| path.join("events.jsonl").is_file();
    if is_run(from) {
        return Ok(vec![from.to_owned()]);
    }
    let mut folders = Vec::new();
    for entry in from.read_dir()? {
        let path = entry?.path();
        if is_run(&path) {
            folders.push(path);
        }
    }
    Ok(folders)
}

#[derive(Args)]
pub struct Rebuild {}

impl Rebuild {
    pub fn run(self, context: &Context) -> Result<Exit, Failure> {
        let (_, caught_up) = index(context, &context.root()?).rebuild()?;
        tell(&caught_up);
        output::say(&format!("{} runs are in the index", caught_up.written))?;
        Ok(Exit::Passed)
    }
}
