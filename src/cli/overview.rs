//! `evalgate` alone: what this project is and what to do next.

use super::context::{Context, show_diagnostics};
use super::exit::Exit;
use super::failure::Failure;
use super::output;
use crate::diagnostic::printable_line;
use crate::event::RunState;
use crate::load;

pub fn overview(context: &Context) -> Result<Exit, Failure> {
    let Ok(root) = context.root() else {
        output::say("There is no evalgate project here or above.\n")?;
        next(&[("evalgate init", "start a small working project in an empty folder"), HELP])?;
        return Ok(Exit::Passed);
    };
    let checked = load::check(root)?;
    let Some(catalog) = checked.catalog.as_ref().filter(|_| checked.is_sound()) else {
        show_diagnostics(&checked);
        next(&[("evalgate check", "see the problems again once you have changed something"), HELP])?;
        return Ok(Exit::ProjectInvalid);
    };
    let project = &catalog.project;
    output::say(&format!(
        "{}: {} cases in {} suites, target {}, policy {}",
        project.name,
        checked.census.cases.len(),
        checked.suites.len(),
        project.default_target,
        project.policy
    ))?;
    let golden = context.golden(&checked.root, &project.default_target);
    let pending = golden.list()?.pending.len();
    let latest = context.runs(&checked.root).resolve("latest").ok();
    let ended = latest.as_ref().is_some_and(|folder| {
        folder.read(|_| {}).is_ok_and(|replay| matches!(replay.record.state, RunState::Finished))
    });
    match &latest {
        Some(folder) => match output::verdict(folder) {
            Ok(verdict) => output::say(&printable_line(&format!("last run {}: {}", folder.id(), verdict.headline)))?,
            Err(_) if ended => output::say(&format!("last run {}: recorded, and not judged", folder.id()))?,
            Err(_) => output::say(&format!("last run {} did not end", folder.id()))?,
        },
        None => output::say("no run yet")?,
    }
    output::say("")?;
    let review = format!("see the {pending} that wait, and decide");
    let resume = latest.as_ref().map(|folder| format!("evalgate run --resume {}", folder.id()));
    let mut steps: Vec<(&str, &str)> = Vec::new();
    match &resume {
        Some(resume) if !ended => steps.push((resume, "go on where it stopped")),
        _ => steps.push(("evalgate run", "run every case and print the verdict")),
    }
    if pending > 0 {
        steps.push(("evalgate review --list", &review));
    }
    if latest.is_some() {
        steps.push(("evalgate show CASE", "why a case was marked as it was"));
    }
    steps.extend([("evalgate list", "every case, and where it stands"), HELP]);
    next(&steps)?;
    Ok(Exit::Passed)
}

const HELP: (&str, &str) = ("evalgate --help", "everything else");

fn next(steps: &[(&str, &str)]) -> Result<(), Failure> {
    let width = steps.iter().map(|(command, _)| command.len()).max().unwrap_or(0);
    for (command, about) in steps {
        output::say(&format!("  {command:<width$}  {about}"))?;
    }
    Ok(())
}
