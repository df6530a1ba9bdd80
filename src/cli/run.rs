//! `evalgate run`: the main job.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use jiff::Timestamp;

use super::context::{Context, Project, show_diagnostics};
use super::exit::Exit;
use super::failure::Failure;
use super::output::{self, Answer};
use super::outside;
use crate::domain::{Policy, Slug};
use crate::event::{Answers, EVENT_VERSION, EventKind, RunMeta};
use crate::load::Checked;
use crate::plan::{Catalog, Filter};
use crate::progress::{JsonLines, Progress, Terminal};
use crate::run::{Asking, Clock, Interrupt, Phase, Running, Selected, Wanted, execute, failing_cases, select};
use crate::score::texts;
use crate::store::{RunFolder, Runs, new_run_id};
use crate::target::Target;

#[derive(Args)]
#[command(after_help = FILTER_HELP)]
pub struct Run {
    /// Which target of evalgate.yaml is under test
    #[arg(long, value_name = "NAME")]
    target: Option<String>,
    /// Which policy of rubrics/policies judges [env: EVALGATE_POLICY; default: the project's]
    #[arg(long, value_name = "NAME")]
    policy: Option<String>,
    /// Only cases that match, e.g. 'pipeline(triage) and not tag(slow)'
    #[arg(long, short, value_name = "EXPRESSION")]
    filter: Option<String>,
    /// Only cases that failed in a run: -1 or below their snapshot in any area, or without an answer
    #[arg(long, value_name = "RUN")]
    failing_of: Option<String>,
    /// Repeats of each case
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    repeat: Option<u32>,
    /// Trials at once [default: the target's `concurrency` if it has one, else one a core]
    #[arg(long, short, value_name = "N", env = "EVALGATE_JOBS", hide_env_values = true, value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: Option<u16>,
    /// Take up a run that did not end: only its missing trials are asked for
    #[arg(long, value_name = "RUN", conflicts_with_all = ["target", "policy", "filter", "failing_of", "repeat", "record", "replay"])]
    resume: Option<String>,
    /// Keep every answer from outside in golden/recordings/, secrets left out
    #[arg(long, conflicts_with = "replay")]
    record: bool,
    /// Answer from golden/recordings/ and never reach the network
    #[arg(long)]
    replay: bool,
    /// Stop when the trials have cost this much
    #[arg(long, value_name = "USD", value_parser = dollars)]
    budget_usd: Option<f64>,
    /// Certificates to trust beside those of the system, PEM
    #[arg(long, value_name = "FILE", env = "EVALGATE_CA_BUNDLE", hide_env_values = true)]
    ca_bundle: Option<PathBuf>,
    /// What is shown on standard error while it runs
    #[arg(long, value_name = "KIND", default_value = "terminal")]
    progress: ProgressKind,
    /// How the verdict is printed
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Answer,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ProgressKind {
    Terminal,
    Jsonl,
    None,
}

/// A sum above 0.
fn dollars(text: &str) -> Result<f64, String> {
    let sum: f64 = text.parse().map_err(|_| "not a number of dollars".to_owned())?;
    if sum.is_finite() && sum > 0.0 { Ok(sum) } else { Err("a budget is a finite number above 0".to_owned()) }
}

const FILTER_HELP: &str = "Filter: id(GLOB) kind(GLOB) org(GLOB) pipeline(GLOB) suite(GLOB) tag(GLOB) world(GLOB),
joined by `and`, `or`, `not` and parentheses.";

/// What a run is asked to be, from the command line or from the run that is resumed.
struct Request {
    target: Slug,
    policy: Slug,
    filter: Option<String>,
    failing_of: Option<RunFolder>,
    repeats: u32,
    answers: Answers,
}

impl Run {
    pub fn run(self, context: &Context) -> Result<Exit, Failure> {
        let mut clock = Clock::start();
        let Project { mut checked, catalog } = context.project()?;
        clock.lap(Phase::Load);
        if !checked.diagnostics.is_empty() {
            show_diagnostics(&checked);
        }
        let runs = context.runs(&checked.root);
        let resumed = self.resume.as_deref().map(|name| runs.resolve(name)).transpose()?;
        let request = match &resumed {
            Some(folder) => Request::of_run(&folder.read(|_| {})?.record.meta, &runs)?,
            None => self.request(&catalog, &runs)?,
        };
        let policy = named(&catalog.policies, &request.policy, "policy")?;
        named(&catalog.project.targets, &request.target, "target")?;
        let target: Arc<dyn Target> = built(&mut checked, &request.target)?.into();
        let client = outside::client(&*target, request.answers, checked.root.path(), self.ca_bundle.clone())?;
        let filter = request.filter.as_deref().map(|text| parse_filter(text).map(|f| (text, f))).transpose()?;
        let failing_of = match &request.failing_of {
            Some(folder) => Some((folder.id().clone(), failing_cases(folder)?)),
            None => None,
        };
        let wanted = Wanted { filter: filter.as_ref().map(|(text, filter)| (*text, filter)), failing_of };
        let selected = select(&checked, &wanted).map_err(|why| Failure::new(Exit::ProjectInvalid, why))?;
        if selected.selection.cases == 0 {
            return Err(nothing_selected(&wanted, &selected));
        }
        let meta = meta(&request, &checked, &catalog, &selected, runs.path());
        let (folder, mut events, recorded, meta) = match resumed {
            Some(folder) => {
                let began = folder.read(|_| {})?.record.meta;
                same_project(&began, &meta)?;
                let mut recorded = HashMap::new();
                let (events, _) = folder.resume(Timestamp::now(), |trial| {
                    recorded.insert((trial.case.clone(), trial.repeat), trial);
                })?;
                (folder, events, recorded, began)
            }
            None => {
                let (folder, mut events) = RunFolder::create(&runs, &meta.id)?;
                events.append(meta.started_at, EventKind::RunStarted(Box::new(meta.clone())))?;
                (folder, events, HashMap::new(), meta)
            }
        };
        let golden = context.golden(&checked.root, &request.target);
        let jobs = self.jobs.or(catalog.project.defaults.jobs).map(usize::from);
        // A recording keeps nobody waiting.
        let waits = request.answers != Answers::Replayed;
        let at_once = target.concurrency().filter(|_| waits).and_then(|trials| usize::try_from(trials).ok());
        let jobs = jobs.or(at_once).unwrap_or_else(cores);
        let mut progress = self.progress();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let ended = runtime.block_on(async {
            let interrupt = Interrupt::default();
            interrupt.listen(|| std::process::exit(i32::from(Exit::Interrupted.code())));
            let running = Running {
                checked: &checked,
                catalog: &catalog,
                policy,
                selected: &selected,
                repeats: request.repeats,
                folder: &folder,
                golden: &golden,
                propose: !context.ci,
                recorded,
                asking: Some(Asking {
                    name: request.target.clone(),
                    target,
                    client,
                    events: &mut events,
                    jobs,
                    interrupt,
                    budget_usd: self.budget_usd,
                }),
                now: Timestamp::now,
                clock: &mut clock,
            };
            execute(running, progress.as_mut()).await
        })?;
        let report = output::write_reports(&folder, meta, &ended)?;
        clock.lap(Phase::Judge);
        folder.write("timings.json", &output::pretty(&clock.timings())?)?;
        output::print_verdict(&report, self.format)?;
        if ended.interrupted {
            output::tell(&format!("interrupted: `evalgate run --resume {}` goes on\n", folder.id()));
            return Ok(Exit::Interrupted);
        }
        Ok(Exit::of_verdict(ended.verdict.exit))
    }

    fn request(&self, catalog: &Catalog, runs: &Runs) -> Result<Request, Failure> {
        let project = &catalog.project;
        let name = |given: &Option<String>, default: &Slug, what: &str| match given {
            Some(text) => Slug::new(text).map_err(|error| Failure::usage(format!("{what} {text:?}: {error}"))),
            None => Ok(default.clone()),
        };
        // Not clap's to read: a variable that is set for every run must not forbid `--resume`.
        let policy = self.policy.clone().or_else(|| std::env::var("EVALGATE_POLICY").ok().filter(|p| !p.is_empty()));
        Ok(Request {
            target: name(&self.target, &project.default_target, "target")?,
            policy: name(&policy, &project.policy, "policy")?,
            filter: self.filter.clone(),
            failing_of: self.failing_of.as_deref().map(|name| runs.resolve(name)).transpose()?,
            repeats: self.repeat.or(project.defaults.repeat).unwrap_or(1),
            answers: match (self.record, self.replay) {
                (true, _) => Answers::Recorded,
                (_, true) => Answers::Replayed,
                _ => Answers::Live,
            },
        })
    }

    fn progress(&self) -> Box<dyn Progress> {
        match self.progress {
            ProgressKind::Terminal => Box::new(Terminal::stderr()),
            ProgressKind::Jsonl => Box::new(JsonLines::new(std::io::stderr())),
            ProgressKind::None => Box::new(JsonLines::silent()),
        }
    }
}

impl Request {
    fn of_run(meta: &RunMeta, runs: &Runs) -> Result<Self, Failure> {
        Ok(Self {
            target: meta.target.clone(),
            policy: meta.policy.clone(),
            filter: meta.selection.filter.clone(),
            failing_of: meta.selection.failing_of.as_ref().map(|run| runs.resolve(run)).transpose()?,
            repeats: meta.repeats,
            answers: meta.answers,
        })
    }
}

/// The policy or target with this name.
pub fn named<'m, T>(map: &'m std::collections::BTreeMap<Slug, T>, name: &Slug, what: &str) -> Result<&'m T, Failure> {
    map.get(name).ok_or_else(|| {
        let known: Vec<&str> = map.keys().map(Slug::as_str).collect();
        Failure::usage(format!("there is no {what} {name:?}")).suggest(name, &known)
    })
}

/// The target of a sound project: it was built when the project was checked.
pub fn built(checked: &mut Checked, name: &Slug) -> Result<Box<dyn Target>, Failure> {
    let target = checked.targets.remove(name);
    target.ok_or_else(|| Failure::new(Exit::ProjectInvalid, format!("target {name} cannot be built")))
}

/// Parses a filter; the error points at the place.
pub fn parse_filter(text: &str) -> Result<Filter, Failure> {
    Filter::parse(text).map_err(|error| {
        let column = text[..error.at.min(text.len())].chars().count();
        Failure::usage(format!("{error}\n  {text}\n  {}^", " ".repeat(column)))
    })
}

fn nothing_selected(wanted: &Wanted, selected: &Selected) -> Failure {
    let of = selected.selection.of;
    let message = match (&wanted.filter, &wanted.failing_of) {
        (Some((text, _)), None) => format!("none of the {of} cases matches {text:?}"),
        (None, Some((run, cases))) if cases.is_empty() => format!("run {run} has no failing cases"),
        (_, Some((run, _))) => format!("none of the {of} cases is a failing case of run {run} and matches"),
        (None, None) => "the project has no cases".to_owned(),
    };
    Failure::new(Exit::NothingSelected, message)
        .with_hint("nothing was checked, which is never a pass; `evalgate list` shows every case")
}

fn meta(
    request: &Request,
    checked: &Checked,
    catalog: &Catalog,
    selected: &Selected,
    runs: &std::path::Path,
) -> RunMeta {
    let now = Timestamp::now();
    let mut digests = checked.digests.clone();
    let policy = catalog.policies.get(&request.policy);
    digests.insert("policy".to_owned(), digest(&policy.map(serialised::<Policy>).unwrap_or_default()));
    digests.insert("target".to_owned(), target_digest(&request.target, checked, catalog));
    let kind = catalog.project.targets.get(&request.target).and_then(|spec| spec.0.keys().next());
    let mut id = new_run_id(now, u64::from(std::process::id()));
    for entropy in 0..u64::from(u16::MAX) {
        if !runs.join(id.as_str()).exists() {
            break;
        }
        id = new_run_id(now, entropy);
    }
    RunMeta {
        version: EVENT_VERSION,
        evalgate: env!("CARGO_PKG_VERSION").to_owned(),
        id,
        started_at: now,
        project: catalog.project.name.clone(),
        target: request.target.clone(),
        target_kind: kind.cloned().unwrap_or_default(),
        policy: request.policy.clone(),
        repeats: request.repeats,
        answers: request.answers,
        selection: selected.selection.clone(),
        digests,
    }
}

fn serialised<T: serde::Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

fn digest(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

/// The target's settings and the project's files that they name: rules, programs, templates.
fn target_digest(name: &Slug, checked: &Checked, catalog: &Catalog) -> String {
    let mut hasher = blake3::Hasher::new();
    let Some(spec) = catalog.project.targets.get(name) else { return String::new() };
    hasher.update(&serialised(spec));
    let mut named = BTreeSet::from(["rules.yaml"]);
    let mut folder = "";
    for settings in spec.0.values() {
        folder = settings.get("folder").and_then(serde_json::Value::as_str).unwrap_or(folder);
        texts(settings, &mut |text| {
            // Any text could be the name of a file, unless it is too long for one.
            if !text.is_empty() && text.len() < 256 {
                named.insert(text);
            }
        });
    }
    let folders = catalog
        .pipelines
        .keys()
        .map(|pipeline| format!("suites/{pipeline}/"))
        .chain([String::new(), format!("{}/", folder.trim_end_matches('/'))]);
    for folder in folders {
        for file in &named {
            if let Ok(file) = checked.root.read(&format!("{folder}{}", file.trim_start_matches("./"))) {
                hasher.update(file.path.as_bytes());
                hasher.update(file.text.as_bytes());
            }
        }
    }
    hasher.finalize().to_hex().to_string()
}

/// A run is resumed only over the project that it began with: evidence is never mixed.
fn same_project(then: &RunMeta, now: &RunMeta) -> Result<(), Failure> {
    let differs = |part: &&str| then.digests.get(*part) != now.digests.get(*part);
    let parts: BTreeSet<&str> = then.digests.keys().chain(now.digests.keys()).map(String::as_str).collect();
    let mut moved: Vec<&str> = parts.into_iter().filter(differs).collect();
    // The cases that failed in another run may be others by now, if it was scored again.
    if then.selection != now.selection {
        moved.push("the selection of cases");
    }
    if moved.is_empty() && then.evalgate == now.evalgate {
        return Ok(());
    }
    let what = if moved.is_empty() { "evalgate itself".to_owned() } else { moved.join(", ") };
    Err(Failure::usage(format!("run {} cannot be resumed: {what} changed since it began", then.id))
        .with_hint("start a new run; a verdict on mixed evidence would be worth nothing"))
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(2, std::num::NonZero::get)
}
