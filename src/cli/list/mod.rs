//! `evalgate list`: cases, what they are made of, and what they are good for.

mod corrections;
mod coverage;
mod criteria;
mod discrimination;
mod table;
mod waivers;

use clap::{Args, ValueEnum};
use serde_json::Value;

use super::context::{Context, Project};
use super::exit::Exit;
use super::failure::Failure;
use super::output::{self, Answer};
use super::run::{parse_filter, tell_unmet};
use crate::diagnostic::printable;
use crate::domain::Case;
use crate::load::{Checked, SuiteFile};
use crate::report::spelling;
use crate::run::{SelectedSuite, Wanted, select};
use crate::score::CHECKS;
use crate::target::KINDS;
pub use corrections::corrections as corrections_of;
use table::Table;
pub use waivers::waivers;

#[derive(Args)]
pub struct List {
    /// What to list
    #[arg(value_enum, default_value = "cases")]
    what: What,
    /// The same as `list coverage`
    #[arg(long, hide = true, conflicts_with = "what", group = "view")]
    coverage: bool,
    /// The same as `list criteria`
    #[arg(long, hide = true, conflicts_with = "what", group = "view")]
    criteria: bool,
    /// The same as `list discrimination`
    #[arg(long, hide = true, conflicts_with = "what", group = "view")]
    discrimination: bool,
    /// Only cases that match; see `evalgate run --help`
    #[arg(long, short, value_name = "EXPRESSION")]
    filter: Option<String>,
    /// The run whose marks are counted; several are counted together [default: latest]
    #[arg(long, value_name = "RUN")]
    run: Vec<String>,
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Answer,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    Cases,
    /// How many cases each pipeline, kind, world and word of a vocabulary has, and what has none
    Coverage,
    /// Which marks each criterion gave in a run, and whether it ever tells one answer from another
    Criteria,
    /// The default target beside those that must not pass, and every case that such a one can do
    Discrimination,
    /// How often people correct, why, how long that takes, and whether it stays corrected
    Corrections,
    /// Every check, and what hit, partial and miss mean for it
    Checks,
    Targets,
    Policies,
    /// What is excused for some days, by whom, why, and for how long still
    Waivers,
    Worlds,
    /// Runs, newest first
    Runs,
}

/// A list, for people and for programs.
pub struct Listing {
    text: String,
    json: Value,
    exit: Exit,
}

impl Listing {
    pub fn print(self, format: Answer) -> Result<Exit, Failure> {
        match format {
            Answer::Text => output::print(self.text.as_bytes())?,
            Answer::Json => output::print(&output::pretty(&self.json)?)?,
        }
        Ok(self.exit)
    }
}

impl List {
    pub fn run(self, context: &Context) -> Result<Exit, Failure> {
        let what = self.what();
        if self.filter.is_some() && !matches!(what, What::Cases | What::Coverage) {
            return Err(Failure::usage("only cases can be filtered"));
        }
        if !self.run.is_empty() && what != What::Criteria {
            return Err(Failure::usage("only criteria are counted in a run").with_hint("`evalgate list criteria`"));
        }
        let listing = match what {
            What::Cases => self.cases(context)?.listing(),
            What::Coverage => coverage::list(context, self.filter.as_deref())?,
            What::Criteria => criteria::list(context, &self.run)?,
            What::Discrimination => discrimination::list(context)?,
            What::Corrections => corrections::list(context)?,
            What::Checks => checks().listing(),
            What::Targets => targets(context)?.listing(),
            What::Waivers => waivers(context)?,
            What::Policies => policies(context)?.listing(),
            What::Worlds => worlds(context)?.listing(),
            What::Runs => runs(context)?.listing(),
        };
        listing.print(self.format)
    }

    fn what(&self) -> What {
        match (self.coverage, self.criteria, self.discrimination) {
            (true, _, _) => What::Coverage,
            (_, true, _) => What::Criteria,
            (_, _, true) => What::Discrimination,
            (false, false, false) => self.what,
        }
    }

    fn cases(&self, context: &Context) -> Result<Table, Failure> {
        let Project { checked, .. } = context.project()?;
        let mut rows = Vec::new();
        each_selected(&checked, self.filter.as_deref(), &mut |file, case, line| {
            rows.push(vec![
                case.id.to_string(),
                file.pipeline.to_string(),
                file.kind.name().to_owned(),
                case.request.org_id.clone(),
                case.title.clone(),
                format!("{}:{line}", file.file),
            ]);
        })?;
        Ok(Table { head: &["case", "pipeline", "kind", "org", "title", "at"], rows })
    }
}

/// Calls `with` for every case that the filter chooses, with the line that it begins at.
fn each_selected(
    checked: &Checked,
    filter: Option<&str>,
    with: &mut dyn FnMut(&SuiteFile, &Case, u32),
) -> Result<(), Failure> {
    let invalid = |why: String| Failure::new(Exit::ProjectInvalid, why);
    let filter = filter.map(|text| parse_filter(text).map(|filter| (text, filter))).transpose()?;
    let wanted = Wanted { filter: filter.as_ref().map(|(text, filter)| (*text, filter)), failing_of: None };
    let selected = select(checked, &wanted).map_err(invalid)?;
    tell_unmet(&selected);
    for SelectedSuite { suite, cases } in &selected.suites {
        let file = &checked.suites[*suite];
        let loaded = file.suite(&checked.root).map_err(invalid)?;
        cases.iter().map(|at| *at as usize).for_each(|at| with(file, &loaded.0.cases[at], loaded.1[at]));
    }
    Ok(())
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
