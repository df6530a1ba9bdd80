//! `evalgate list discrimination`: whether the suites tell the default target from those that must not pass.

use serde_json::json;

use super::Listing;
use crate::cli::context::{Context, Project, style};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::domain::{Project as ProjectFile, Slug};
use crate::event::RunMeta;
use crate::report::{Discrimination, Role, Standing, StandingCounter, render_discrimination};
use crate::store::RunEntry;
use crate::target::is_foil;

pub fn list(context: &Context) -> Result<Listing, Failure> {
    let Project { checked, catalog } = context.catalog()?;
    let agents = agents(&catalog.project);
    if agents.len() == 1 {
        return Err(Failure::new(Exit::NothingSelected, "the project has no target that must not pass")
            .with_hint("add one of kind `foil`, or list one under `must_not_pass` in evalgate.yaml"));
    }
    let (runs, _) = context.runs(&checked.root).list()?;
    let (mut stand, mut missing) = (Vec::new(), Vec::new());
    for (target, role) in agents {
        match latest(&runs, target, role)? {
            Some(found) => stand.push(found),
            None => missing.push(target.clone()),
        }
    }
    let found = Discrimination::new(stand, missing);
    let exit = if found.wanting.is_empty() { Exit::Passed } else { Exit::Inconclusive };
    Ok(Listing { text: render_discrimination(&found, style()), json: json!(found), exit })
}

/// The default target, then those the project lists, then what else is a foil.
fn agents(project: &ProjectFile) -> Vec<(&Slug, Role)> {
    let foil = |name: &Slug| project.targets.get(name).is_some_and(is_foil);
    let role = |name| if foil(name) { Role::Foil } else { Role::MustNotPass };
    let unlisted =
        |name: &&Slug| foil(name) && !project.must_not_pass.contains(name) && **name != project.default_target;
    let others = project.must_not_pass.iter().chain(project.targets.keys().filter(unlisted));
    [(&project.default_target, Role::Default)].into_iter().chain(others.map(|name| (name, role(name)))).collect()
}

/// How the target stands in its newest run that came to results. `runs` are newest first.
fn latest(runs: &[RunEntry], target: &Slug, role: Role) -> Result<Option<(Standing, RunMeta)>, Failure> {
    for run in runs.iter().filter(|run| run.meta.target == *target) {
        if !run.folder.file("results.jsonl")?.exists() {
            continue;
        }
        let mut counter = StandingCounter::default();
        for result in run.folder.results()? {
            counter.add(&result?);
        }
        return Ok(Some((counter.finish(role, &run.meta), run.meta.clone())));
    }
    Ok(None)
}
