//! `evalgate list`: cases, and what cases are made of.

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::context::{Context, Project};
use super::exit::Exit;
use super::failure::Failure;
use super::output::{self, Answer};
use super::run::parse_filter;
use crate::diagnostic::{printable, printable_line};
use crate::report::spelling;
use crate::run::Wanted;
use crate::score::CHECKS;
use crate::target::KINDS;

#[derive(Args)]
pub struct List {
    /// What to list
    #[arg(value_enum, default_value = "cases")]
    what: What,
    /// Only cases that match; see `evalgate run --help`
    #[arg(long, short, value_name = "EXPRESSION")]
    filter: Option<String>,
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Answer,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    Cases,
    /// Every check, and what hit, partial and miss mean for it
    Checks,
    Targets,
    Policies,
    Worlds,
    /// Runs, newest first
    Runs,
}

/// Rows of cells; the first row is the head.
struct Table {
    head: &'static [&'static str],
    rows: Vec<Vec<String>>,
}

impl List {
    pub fn run(self, context: &Context) -> Result<Exit, Failure> {
        if self.filter.is_some() && self.what != What::Cases {
            return Err(Failure::usage("only cases can be filtered"));
        }
        let table = match self.what {
            What::Cases => self.cases(context)?,
            What::Checks => checks(),
            What::Targets => targets(context)?,
            What::Policies => policies(context)?,
            What::Worlds => worlds(context)?,
            What::Runs => runs(context)?,
        };
        match self.format {
            Answer::Text => output::print(table.text().as_bytes())?,
            Answer::Json => output::print(&output::pretty(&table.json())?)?,
        }
        Ok(if table.rows.is_empty() { Exit::NothingSelected } else { Exit::Passed })
    }

    fn cases(&self, context: &Context) -> Result<Table, Failure> {
        let Project { checked, .. } = context.project()?;
        let filter = self.filter.as_deref().map(|text| parse_filter(text).map(|f| (text, f))).transpose()?;
        let wanted = Wanted { filter: filter.as_ref().map(|(text, f)| (*text, f)), failing_of: None };
        let mut rows = Vec::new();
        for file in &checked.suites {
            let suite = file.suite(&checked.root).map_err(|why| Failure::new(Exit::ProjectInvalid, why))?;
            for (case, line) in suite.0.cases.iter().zip(&suite.1).filter(|(case, _)| wanted.holds(file, case)) {
                rows.push(vec![
                    case.id.to_string(),
                    file.pipeline.to_string(),
                    file.kind.name().to_owned(),
                    case.request.org_id.clone(),
                    case.title.clone(),
                    format!("{}:{line}", file.file),
                ]);
            }
        }
        Ok(Table { head: &["case", "pipeline", "kind", "org", "title", "at"], rows })
    }
}

fn checks() -> Table {
    let rows = CHECKS.iter().map(|check| {
        let ending = |ending: &crate::score::Ending| format!("{}: {}", ending.mark, ending.means);
        vec![
            check.name.to_owned(),
            check.about.to_owned(),
            ending(&check.hit),
            ending(&check.partial),
            ending(&check.miss),
        ]
    });
    Table { head: &["check", "about", "hit", "partial", "miss"], rows: rows.collect() }
}

fn targets(context: &Context) -> Result<Table, Failure> {
    let Project { catalog, .. } = context.catalog()?;
    let rows = catalog.project.targets.iter().map(|(name, spec)| {
        let kind = spec.0.keys().next().cloned().unwrap_or_default();
        let about = KINDS.iter().find(|known| known.name == kind).map_or("", |known| known.about);
        let default = if *name == catalog.project.default_target { "default" } else { "" };
        vec![name.to_string(), kind, default.to_owned(), about.to_owned()]
    });
    Ok(Table { head: &["target", "kind", "", "about"], rows: rows.collect() })
}

fn policies(context: &Context) -> Result<Table, Failure> {
    let Project { catalog, .. } = context.catalog()?;
    let rows = catalog.policies.iter().map(|(name, policy)| {
        let gates = policy.areas.iter().map(|(area, rules)| format!("{area}: {}", spelling(rules.gate)));
        let default = if *name == catalog.project.policy { "default" } else { "" };
        vec![
            name.to_string(),
            policy.profile.name().to_owned(),
            default.to_owned(),
            gates.collect::<Vec<_>>().join(", "),
        ]
    });
    Ok(Table { head: &["policy", "profile", "", "gates"], rows: rows.collect() })
}

fn worlds(context: &Context) -> Result<Table, Failure> {
    let Project { catalog, .. } = context.catalog()?;
    let rows = catalog.systems.values().map(|system| {
        let world = &system.world;
        let orgs: Vec<&str> = world.orgs.iter().map(|org| org.id.as_str()).collect();
        vec![
            world.name.to_string(),
            orgs.join(", "),
            world.entries.len().to_string(),
            world.tools.len().to_string(),
            world.about.clone(),
        ]
    });
    Ok(Table { head: &["world", "orgs", "entries", "tools", "about"], rows: rows.collect() })
}

fn runs(context: &Context) -> Result<Table, Failure> {
    let (entries, skipped) = context.runs(&context.root()?).list()?;
    for one in &skipped {
        output::tell(&printable(&format!("left out {}: {}\n", one.path.display(), one.why)));
    }
    let rows = entries.iter().map(|entry| {
        let headline = output::verdict(&entry.folder).map_or_else(|_| "no verdict".to_owned(), |v| v.headline);
        vec![
            entry.meta.id.to_string(),
            entry.meta.target.to_string(),
            entry.meta.policy.to_string(),
            entry.meta.selection.cases.to_string(),
            headline,
        ]
    });
    Ok(Table { head: &["run", "target", "policy", "cases", "verdict"], rows: rows.collect() })
}

impl Table {
    /// Columns as wide as their longest cell; the last one runs on.
    fn text(&self) -> String {
        let shown: Vec<Vec<String>> =
            self.rows.iter().map(|row| row.iter().map(|cell| printable_line(cell).into_owned()).collect()).collect();
        let width = |i: usize| {
            let cells = shown.iter().map(|row| unicode_width::UnicodeWidthStr::width(row[i].as_str()));
            cells.chain([self.head[i].len()]).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.head.len()).map(width).collect();
        let line = |cells: &[&str]| {
            let mut line = String::new();
            for (cell, width) in cells.iter().zip(&widths) {
                let pad = width.saturating_sub(unicode_width::UnicodeWidthStr::width(*cell));
                line.push_str(cell);
                line.push_str(&" ".repeat(pad + 2));
            }
            line.trim_end().to_owned()
        };
        let rows = shown.iter().map(|row| line(&row.iter().map(String::as_str).collect::<Vec<_>>()));
        [line(self.head)].into_iter().chain(rows).map(|line| line + "\n").collect()
    }

    fn json(&self) -> Value {
        let object = |row: &Vec<String>| -> Value {
            let cells = self.head.iter().zip(row).filter(|(head, _)| !head.is_empty());
            cells.map(|(head, cell)| ((*head).to_owned(), json!(cell))).collect::<serde_json::Map<_, _>>().into()
        };
        self.rows.iter().map(object).collect()
    }
}
