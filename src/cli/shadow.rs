//! `evalgate shadow`: a candidate beside the current agent on recorded requests.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use serde_json::json;

use super::context::{Context, Project, colored, style};
use super::exit::Exit;
use super::failure::{Failure, name_of};
use super::output;
use super::outside;
use super::run::{built, cores, named, target_digest};
use crate::client::ClientLimits;
use crate::diagnostic::{self, Diagnostic, any_error};
use crate::domain::{Case, Defaults, Slug, Trial};
use crate::event::Answers;
use crate::gate::ShadowEvidence;
use crate::report;
use crate::run::{Interrupt, ShadowSide, Shadowed, Shadowing, shadow};
use crate::shadow::{Agent, Forbidden, Shadow as Compared, ShadowMeta, SideBySide, cases};
use crate::store::{Shadows, new_run_id};
use crate::suite::{SourceFile, parse_requests};

#[derive(Args)]
#[command(
    after_help = "A line of the file is a request as JSON (`org_id`, `type`, `title`, `intake_payload` …), with an optional `id` and
`world`. Nothing is expected of an answer. What was found is kept in reports/shadow/, where a policy can ask for it.
Exit codes: 0 compared, whatever was found; 3 lines that cannot be read; 4 no requests; 6 nothing could be compared."
)]
pub struct Shadow {
    /// The recorded requests, one a line (JSON lines)
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Which pipeline answers them
    #[arg(long, value_name = "NAME")]
    pipeline: String,
    /// The world of requests that name none
    #[arg(long, value_name = "NAME")]
    world: Option<String>,
    /// The agent that works today [default: the project's target]
    #[arg(long, value_name = "TARGET")]
    current: Option<String>,
    /// The agent that may take its place
    #[arg(long, value_name = "TARGET")]
    candidate: String,
    /// Trials at once of each agent [default: the target's `concurrency` if it has one, else one a core]
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=i64::from(Defaults::MOST_JOBS)))]
    jobs: Option<u16>,
    /// Certificates to trust beside those of the system, PEM
    #[arg(long, value_name = "FILE", env = "EVALGATE_CA_BUNDLE", hide_env_values = true)]
    ca_bundle: Option<PathBuf>,
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs
    Json,
    /// For pull requests and chat
    Markdown,
}

impl Shadow {
    pub fn run(self, context: &Context) -> Result<Exit, Failure> {
        let mut project = context.project()?;
        let pipeline = name_of("pipeline", &self.pipeline)?;
        let world = self.world.as_deref().map(|world| name_of("world", world)).transpose()?;
        let candidate = name_of("target", &self.candidate)?;
        let current = match &self.current {
            Some(name) => name_of("target", name)?,
            None => project.catalog.project.default_target.clone(),
        };
        if current == candidate {
            let failure = Failure::usage(format!("both are {current}: held against itself an agent shows nothing"));
            return Err(failure.with_hint("name two targets with `--current` and `--candidate`"));
        }
        for name in [&current, &candidate] {
            named(&project.catalog.project.targets, name, "target")?;
        }
        if let Some(world) = &world {
            named(&project.catalog.systems, world, "world")?;
        }
        let pipeline = Arc::clone(named(&project.catalog.pipelines, &pipeline, "pipeline")?);
        let requests = self.requests(&project, world.as_ref())?;
        let sides = [self.side(&mut project, &current)?, self.side(&mut project, &candidate)?];
        let (current, candidate) = (agent(&project, current)?, agent(&project, candidate)?);
        let asked = self.ask(&project, &pipeline, &requests.cases, sides)?;
        if let Some(reason) = &asked.stopped {
            let exit = if asked.interrupted { Exit::Interrupted } else { Exit::Inconclusive };
            return Err(Failure::new(exit, format!("not every request was asked: {reason}"))
                .with_hint("nothing was kept: half a comparison says nothing"));
        }
        let now = Timestamp::now();
        let shadows = Shadows::new(context.reports(&project.checked.root).join("shadow"));
        let meta = ShadowMeta {
            id: new_run_id(now),
            at: now,
            evalgate: env!("CARGO_PKG_VERSION").to_owned(),
            pipeline: pipeline.name.clone(),
            requests_digest: requests.digest,
        };
        let forbidden =
            Forbidden::of(&pipeline).map_err(|error| Failure::new(Exit::ProjectInvalid, error.to_string()))?;
        let mut both = SideBySide::new(forbidden, current, candidate);
        for ((line, case), trials) in requests.cases.iter().zip(&asked.trials) {
            if let [Some(current), Some(candidate)] = trials {
                both.observe((*line, case), &project.catalog.systems[&case.world], current, candidate);
            }
        }
        let compared = both.finish(meta);
        shadows.keep(&compared.meta.id, &outcomes(&requests.cases, &asked.trials)?, &output::pretty(&compared)?)?;
        print(&compared, self.format)?;
        Ok(if compared.compared == 0 { Exit::Inconclusive } else { Exit::Passed })
    }

    /// The file's requests as cases; everything that is wrong with it is shown at once.
    fn requests(&self, project: &Project, world: Option<&Slug>) -> Result<Requests, Failure> {
        let path = self.file.display().to_string();
        let text = std::fs::read_to_string(&self.file)
            .map_err(|cause| Failure::usage(format!("{path} cannot be read: {cause}")))?;
        let digest = blake3::hash(text.as_bytes()).to_hex().to_string();
        let file = SourceFile { path, text };
        let (read, mut found) = parse_requests(&file, world);
        let (cases, mut unknown) = cases(read.unwrap_or_default(), &project.catalog.systems, &file.path);
        found.append(&mut unknown);
        if !found.is_empty() {
            let source = |path: &str| (path == file.path).then_some(file.text.as_str());
            output::tell(&diagnostic::render(&found, &source, colored(&std::io::stderr())));
        }
        if any_error(&found) {
            return Err(unreadable(&found));
        }
        if cases.is_empty() {
            return Err(Failure::new(Exit::NothingSelected, format!("{} holds no requests", file.path)));
        }
        Ok(Requests { cases, digest })
    }

    fn side(&self, project: &mut Project, name: &Slug) -> Result<ShadowSide, Failure> {
        let target: Arc<dyn crate::target::Target> = built(&mut project.checked, name)?.into();
        let client = outside::client(
            &*target,
            Answers::Live,
            project.checked.root.path(),
            self.ca_bundle.clone(),
            ClientLimits::default(),
            false,
        )?;
        let at_once = target.concurrency().and_then(|trials| usize::try_from(trials).ok());
        let jobs = self.jobs.map(usize::from).or(at_once).unwrap_or_else(cores);
        Ok(ShadowSide { name: name.clone(), target, client, jobs })
    }

    fn ask(
        &self,
        project: &Project,
        pipeline: &Arc<crate::domain::Pipeline>,
        cases: &[(u32, Arc<Case>)],
        sides: [ShadowSide; 2],
    ) -> Result<Shadowed, Failure> {
        let suite = Slug::new("shadow").map_err(|error| Failure::usage(error.to_string()))?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        Ok(runtime.block_on(async {
            let interrupt = Interrupt::default();
            interrupt.listen(|| std::process::exit(i32::from(Exit::Interrupted.code())));
            let systems = &project.catalog.systems;
            shadow(Shadowing { pipeline, systems, cases, suite, sides, interrupt }).await
        }))
    }
}

struct Requests {
    /// Each with its line.
    cases: Vec<(u32, Arc<Case>)>,
    digest: String,
}

fn unreadable(found: &[Diagnostic]) -> Failure {
    let errors = found.len();
    let lines = if errors == 1 { "1 problem".to_owned() } else { format!("{errors} problems") };
    Failure::new(Exit::ProjectInvalid, format!("the requests have {lines}: nothing was asked"))
}

fn agent(project: &Project, target: Slug) -> Result<Agent, Failure> {
    let digests = digests(project, &target)?;
    Ok(Agent { target, digests, violating_requests: 0, violations: Vec::new() })
}

/// What makes the target what it is, and the worlds it was asked in.
fn digests(project: &Project, target: &Slug) -> Result<BTreeMap<String, String>, Failure> {
    let of = |part: &&str| Some((part.to_string(), project.checked.digests.get(*part)?.clone()));
    let mut digests: BTreeMap<String, String> = ["pipelines", "worlds"].iter().filter_map(of).collect();
    digests.insert("target".to_owned(), target_digest(target, &project.checked, &project.catalog)?);
    Ok(digests)
}

/// The newest comparison of a target, held against what a run of it is made of.
pub fn evidence(
    reports: PathBuf,
    target: &Slug,
    run: &BTreeMap<String, String>,
) -> Result<Option<ShadowEvidence>, Failure> {
    let stored = Shadows::new(reports.join("shadow")).newest_of(target)?;
    Ok(stored.map(|stored| {
        let same = |part: &str| stored.candidate.digests.get(part) == run.get(part);
        ShadowEvidence {
            id: stored.meta.id.to_string(),
            is_of_this_target: same("target") && same("pipelines"),
            compared: stored.compared,
            agreement: stored.agreement,
            violations: stored.candidate.violating_requests,
        }
    }))
}

/// What both did, a line a request.
fn outcomes(cases: &[(u32, Arc<Case>)], trials: &[[Option<Trial>; 2]]) -> Result<Vec<u8>, Failure> {
    let mut text = Vec::new();
    for ((line, case), [current, candidate]) in cases.iter().zip(trials) {
        let told = json!({"line": line, "case": case, "current": current, "candidate": candidate});
        serde_json::to_writer(&mut text, &told)?;
        text.push(b'\n');
    }
    Ok(text)
}

fn print(compared: &Compared, format: Format) -> Result<(), Failure> {
    match format {
        Format::Text => output::print(report::render_shadow(compared, style()).as_bytes()),
        Format::Json => output::print(&report::render_shadow_json(compared)?),
        Format::Markdown => output::print(report::render_shadow_markdown(compared).as_bytes()),
    }
}
