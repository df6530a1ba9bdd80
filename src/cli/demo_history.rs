//! `evalgate demo-history`: a copy of the project with half a year of history, to see what the trend report shows.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::context::{Context, Project};
use super::exit::Exit;
use super::failure::{Failure, name_of};
use super::output;
use super::run::{digests_of, meta_of, named, target_digest};
use crate::demo::{self, Agent, Material, NOTE, Past, Planned, RELEASES, Schedule, Stage, WEEKS};
use crate::diagnostic::{cut, printable_line};
use crate::domain::{Decision, Policy, Slug, Standing, Waiver};
use crate::event::RunMeta;
use crate::gate::{Verdict, Waived, over_quarantine};
use crate::plan::WAIVERS;
use crate::run::waived;
use crate::store::{self, Changes, Index, Listing};
use crate::suite::add_waivers;

/// The policies before and after the change, where the project has both.
const POLICIES: [&str; 2] = ["manufacturing", "servicing"];

/// Columns of a line.
const WIDTH: usize = 80;

#[derive(Args)]
#[command(after_help = HELP)]
pub struct DemoHistory {
    /// Where to make it; absent or empty
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Three targets that answer alike every time: one that hardly does anything, a careless one, a careful one
    #[arg(long, value_name = "A,B,C", value_delimiter = ',', default_value = "rules-timid,rules-careless,rules")]
    agents: Vec<String>,
    /// The history ends with the last whole week before the end of this day [default: today]
    #[arg(long, value_name = "DATE")]
    until: Option<Date>,
}

const HELP: &str = "\
Each agent is run once over all cases of the project. Of what it did, a history of 26 weeks is laid out: nightly runs, \
releases, two of them taken and four that the gate or the reviewers held back, suites that grow, a policy that changes. \
Every answer, mark and decision is real; dates, releases and what people decided are invented, and a file in DIR says \
so. This project and its reports are not touched.";

impl DemoHistory {
    pub fn run(self, context: &Context) -> Result<Exit, Failure> {
        let until = self.until.unwrap_or_else(|| Timestamp::now().to_zoned(TimeZone::UTC).date());
        let schedule = Schedule::until(until)
            .filter(|schedule| schedule.first >= Date::constant(1970, 1, 1))
            .ok_or_else(|| Failure::usage(format!("--until {until}: there are no {WEEKS} weeks before it")))?;
        let folder = context.start.join(&self.folder);
        let beside = vacant(&folder)?;
        let agents = self.agents(&context.project()?)?;
        fs::create_dir_all(beside)?;
        // Whole or not at all: it gets its name when it is done.
        let made = tempfile::Builder::new().prefix(".evalgate-demo-").tempdir_in(beside)?;
        demo::copy(context.root()?.path(), made.path())?;
        let there = Context { start: made.path().canonicalize()?, ci: true };
        let project = there.project()?;
        let material = played(&project, &agents)?;
        let [.., target] = &agents;
        let released = Demo::new(&there, &project, &material, &schedule, target)?.lay_out(&there)?;
        let note = demo::note(&project.catalog.project.name, &schedule, &material);
        store::write(&there.start.join(NOTE), note.as_bytes())?;
        if folder.exists() {
            fs::remove_dir(&folder)?;
        }
        fs::rename(made.path(), &folder)?;
        self.tell(&project, &schedule, &material, &released)
    }

    /// The three targets, which are there and answer alike every time.
    fn agents(&self, project: &Project) -> Result<[Slug; 3], Failure> {
        let [timid, careless, careful] = self.agents.as_slice() else {
            let count = self.agents.len();
            return Err(Failure::usage(format!("--agents names three targets, here are {count}"))
                .with_hint("e.g. `--agents rules-timid,rules-careless,rules`"));
        };
        let agent = |name: &String| {
            let agent = name_of("target", name)?;
            named(&project.catalog.project.targets, &agent, "target")?;
            match meta_of(&project.checked, &project.catalog, &agent)?.answers_alike() {
                true => Ok(agent),
                false => {
                    Err(Failure::usage(format!("{agent} may answer otherwise each time, and each agent is run once"))
                        .with_hint("name targets of the kinds rules, foil or noop"))
                }
            }
        };
        Ok([agent(timid)?, agent(careless)?, agent(careful)?])
    }

    fn tell(
        &self,
        project: &Project,
        schedule: &Schedule,
        material: &Material,
        released: &[(Planned, Verdict)],
    ) -> Result<Exit, Failure> {
        let Schedule { first, last, runs } = schedule;
        let name = &project.catalog.project.name;
        output::say(&format!("{name}: {} runs from {first} to {last}", runs.len()))?;
        output::say("Real: answers, marks, decisions. Invented: dates, releases, what people decided.\n")?;
        let line = |line: &str| output::say(&cut(&printable_line(line), WIDTH));
        let pipelines: Vec<&str> = material.parts(0).map(|(pipeline, _)| pipeline.as_str()).collect();
        line(&format!("  run         release           exit  {}", pipelines.join(", ")))?;
        for (planned, verdict) in released {
            let release = &RELEASES[planned.release];
            let day = planned.at.strftime("%Y-%m-%d");
            let taken = if release.accepted { "released" } else { "held back" };
            let parts: Vec<&str> = material.parts(planned.release).map(|(_, agent)| agent.name.as_str()).collect();
            line(&format!("  {day}  {:<6} {taken:<9}  {:>5}  {}", release.tag, verdict.exit, parts.join(", ")))?;
        }
        let shown = self.folder.display();
        let end = format!("\nWhat is what: {shown}/{NOTE}\nLook at it:   evalgate -C {shown} trend\n");
        output::print(end.as_bytes())?;
        Ok(Exit::Passed)
    }
}

/// That a folder is empty or not there. Gives the one that it lies in.
fn vacant(folder: &Path) -> Result<&Path, Failure> {
    let taken = match fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_some(),
        Err(_) => fs::symlink_metadata(folder).is_ok(),
    };
    if taken {
        return Err(Failure::usage(format!("{} is not an empty folder: nothing was done", folder.display()))
            .with_hint("name a folder that is not there yet"));
    }
    Ok(folder.parent().unwrap_or(folder))
}

/// Runs each agent once.
fn played(project: &Project, agents: &[Slug; 3]) -> Result<Material, Failure> {
    let Project { checked, catalog } = project;
    let play = |name: &Slug| -> Result<Agent, Failure> {
        output::tell(&format!("run {name} over {} cases\n", checked.census.cases.len()));
        let results = demo::play(checked.root.path(), name, &catalog.project.policy)?;
        Ok(Agent::new(name.clone(), target_digest(name, checked, catalog)?, results, catalog)?)
    };
    let [timid, careless, careful] = agents;
    Ok(Material::new([play(timid)?, play(careless)?, play(careful)?], catalog)?)
}

/// All that a history is made of.
struct Demo<'a> {
    project: &'a Project,
    material: &'a Material,
    schedule: &'a Schedule,
    /// Whose releases they are.
    target: &'a Slug,
    /// Before and after the change, each with what a run of today under it is a run of.
    policies: [(&'a Policy, RunMeta); 2],
    listing: Listing,
    waiver: Option<Waiver>,
}

impl<'a> Demo<'a> {
    fn new(
        context: &Context,
        project: &'a Project,
        material: &'a Material,
        schedule: &'a Schedule,
        target: &'a Slug,
    ) -> Result<Self, Failure> {
        let Project { checked, catalog } = project;
        let today = meta_of(checked, catalog, target)?;
        let known = POLICIES.iter().all(|name| catalog.policies.contains_key(*name));
        let under = |name: &str| -> Result<(&Policy, RunMeta), Failure> {
            let name =
                if known { Slug::new(name).unwrap_or_else(|_| today.policy.clone()) } else { today.policy.clone() };
            let policy = named(&catalog.policies, &name, "policy")?;
            let digests = digests_of(target, policy, checked, catalog);
            Ok((policy, RunMeta { policy: name, digests, ..today.clone() }))
        };
        let policies = [under(POLICIES[0])?, under(POLICIES[1])?];
        let listing = context.golden(&checked.root, target).list()?;
        let mut demo = Self { project, material, schedule, target, policies, listing, waiver: None };
        demo.waiver = demo.excused()?;
        Ok(demo)
    }

    /// What people excuse since the last release began to be run.
    fn excused(&self) -> Result<Option<Waiver>, Failure> {
        let Project { checked, catalog } = self.project;
        let Some(last) = self.schedule.runs.last() else { return Ok(None) };
        let first = self.schedule.runs.iter().find(|run| run.release == last.release).unwrap_or(last);
        let results = Stage::of(self.material, last, catalog)?.results;
        let own = named(&catalog.policies, &catalog.project.policy, "policy")?;
        let policies = [own, self.policies[1].0];
        let waiver = demo::excuse(&results, first.at, &policies).filter(|waiver| {
            let all: Vec<Waiver> = catalog.waivers.iter().chain([waiver]).cloned().collect();
            let waived = waived(checked, &all, &self.listing, first.at);
            policies.iter().all(|policy| over_quarantine(&waived, policy).is_empty())
        });
        Ok(waiver)
    }

    /// The excuses that held on the day.
    fn waived(&self, at: Timestamp) -> Vec<Waived> {
        let Project { checked, catalog } = self.project;
        let all: Vec<Waiver> = catalog.waivers.iter().chain(&self.waiver).cloned().collect();
        let mut waived = waived(checked, &all, &self.listing, at);
        waived.retain(|one| matches!(one.standing, Standing::Holds { .. }));
        waived
    }

    /// Judges and writes every run, then what people decided. Gives the release runs with their verdicts.
    fn lay_out(&self, context: &Context) -> Result<Vec<(Planned, Verdict)>, Failure> {
        let Project { checked, catalog } = self.project;
        let (runs, index) = (context.runs(&checked.root), Index::new(&context.reports(&checked.root)));
        let kept = self.schedule.kept();
        let (mut past, mut released, mut decisions) = (Past::default(), Vec::new(), Vec::<Decision>::new());
        let mut open: Option<(Planned, Stage)> = None;
        for (at, planned) in self.schedule.runs.iter().enumerate() {
            let stage = match open.take().filter(|(before, _)| before.is_like(planned)) {
                Some((_, stage)) => stage,
                None => Stage::of(self.material, planned, catalog)?,
            };
            let (policy, like) = &self.policies[usize::from(planned.other_policy)];
            let verdict = stage.judged(policy, &past, self.waived(planned.at));
            let meta = demo::meta(planned, like, self.material, stage.results.len() as u64);
            let run = meta.id.clone();
            past.observe(&run, &stage.results, policy);
            if kept.contains(&at) {
                let folder = demo::keep_whole(&runs, meta, planned, &verdict, &stage.results)?;
                output::write_formats(&folder, &output::open(&folder)?)?;
            } else {
                demo::keep_brief(&index, meta, planned, &verdict, &stage.entries)?;
            }
            if planned.reviewed {
                let accepted = |result: &_| self.material.accepted(planned.accepted?, result);
                decisions.extend(demo::reviews(self.target, &run, planned, &stage.results, accepted));
            }
            if planned.names {
                released.push((*planned, verdict));
            }
            open = Some((*planned, stage));
        }
        self.people(context, &decisions)?;
        index.open()?;
        Ok(released)
    }

    /// Writes what people decided.
    fn people(&self, context: &Context, decisions: &[Decision]) -> Result<(), Failure> {
        let root = &self.project.checked.root;
        let mut changes = Changes::of(&context.start);
        decisions.iter().try_for_each(|decision| changes.decide(decision))?;
        changes.commit()?;
        if let Some(waiver) = &self.waiver {
            let text = add_waivers(root.read(WAIVERS).ok().as_ref(), std::slice::from_ref(waiver))
                .map_err(|why| Failure::new(Exit::Internal, why))?;
            store::write(&context.start.join(WAIVERS), text.as_bytes())?;
        }
        Ok(())
    }
}

impl From<demo::DemoError> for Failure {
    fn from(error: demo::DemoError) -> Self {
        match error {
            demo::DemoError::Store(error) => error.into(),
            demo::DemoError::History(error) => error.into(),
            unnamed @ demo::DemoError::NoName => Self { exit: Exit::Usage, error: unnamed.into(), hint: None },
            error => Self { exit: Exit::Internal, error: error.into(), hint: None },
        }
    }
}
