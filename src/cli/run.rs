//! `evalgate run`: the main job.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use jiff::{SignedDuration, Timestamp};

use super::baseline::Held;
use super::ci::GitHub;
use super::context::{Context, Project, show_diagnostics};
use super::exit::Exit;
use super::failure::{Failure, name_of};
use super::history::remember;
use super::judging::{Base, Judging, judging_today};
use super::minutes::minutes;
use super::output::{self, Answer};
use super::outside;
use super::panel::{self, panel};
use super::shadow::evidence;
use crate::diagnostic::printable_line;
use crate::domain::{Case, Defaults, Policy, Slug};
use crate::event::{Answers, EVENT_VERSION, EventKind, RunMeta, Shard, Taken};
use crate::gate::{self, Baseline, Regime};
use crate::history::Decider;
use crate::load::Checked;
use crate::plan::{Catalog, Filter};
use crate::progress::{JsonLines, Progress, Terminal};
use crate::run::{
    Asking, Clock, Ended, HowOften, Interrupt, Phase, Running, Selected, Wanted, execute, failing_cases, part_of,
    select,
};
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
    /// Judge by the policy and the waivers of this git revision, so that a change cannot weaken its judge
    #[arg(long, value_name = "REV")]
    policy_from: Option<String>,
    /// What to hold the run against: a run or a git revision [default: golden, what is accepted here]
    #[arg(long, value_name = "WHAT")]
    baseline: Option<String>,
    /// Only cases that match, e.g. 'pipeline(triage) and not tag(slow)'
    #[arg(long, short, value_name = "EXPRESSION")]
    filter: Option<String>,
    /// Only cases that failed in a run: -1 or below their snapshot in any area, or without an answer
    #[arg(long, value_name = "RUN")]
    failing_of: Option<String>,
    /// Repeats of each case
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(Case::MOST_REPEATS)))]
    repeat: Option<u32>,
    /// What the order of asking is drawn from, where a target that varies is repeated [default: the run's id]
    #[arg(long, value_name = "N")]
    seed: Option<u32>,
    /// Only one part of the cases, e.g. 2/3: nothing is judged until `merge` has all parts
    #[arg(long, value_name = "I/N", conflicts_with_all = ["failing_of", "baseline", "github", "resume"])]
    shard: Option<Shard>,
    /// Trials at once [default: the target's `concurrency` if it has one, else one a core]
    #[arg(long, short, value_name = "N", env = "EVALGATE_JOBS", hide_env_values = true, value_parser = clap::value_parser!(u16).range(1..=i64::from(Defaults::MOST_JOBS)))]
    jobs: Option<u16>,
    /// Take up a run that did not end: only its missing trials are asked for
    #[arg(long, value_name = "RUN", conflicts_with_all = ["target", "policy", "filter", "failing_of", "repeat", "seed", "record", "replay"])]
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
    /// Under GitHub Actions: add the page to the step's summary, and annotate the worst cases in the change
    #[arg(long)]
    github: bool,
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
pub struct Request {
    pub target: Slug,
    pub policy: Slug,
    pub filter: Option<String>,
    failing_of: Option<RunFolder>,
    repeats: u32,
    answers: Answers,
}

impl Run {
    pub fn run(self, context: &Context) -> Result<Exit, Failure> {
        let mut clock = Clock::start();
        let github = GitHub::wanted(self.github)?;
        let mut project = context.project()?;
        clock.lap(Phase::Load);
        if !project.checked.diagnostics.is_empty() {
            show_diagnostics(&project.checked);
        }
        let root = &project.checked.root;
        let runs = context.runs(root);
        let resumed = self.resume.as_deref().map(|name| runs.resolve(name)).transpose()?;
        let began = resumed.as_ref().map(RunFolder::meta).transpose()?;
        let base = Base::of(root, self.policy_from.as_deref(), began.as_ref())?;
        let request = match &began {
            Some(began) => Request::of_run(began, &runs)?,
            None => self.request(&project.catalog, &runs, base.as_ref())?,
        };
        let Judging { policy, by: mut judged_by } =
            judging_today(&mut project, base.as_ref(), &request.policy, &request.target)?;
        let policy = &policy;
        let Project { mut checked, catalog } = project;
        named(&catalog.project.targets, &request.target, "target")?;
        let target: Arc<dyn Target> = built(&mut checked, &request.target)?.into();
        let client = outside::client(
            &*target,
            request.answers,
            checked.root.path(),
            self.ca_bundle.clone(),
            outside::limits(policy),
            !catalog.judges_in_use().is_empty(),
        )?;
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
        tell_unmet(&selected);
        let held = Held::of(self.baseline.as_deref(), context, &runs, &checked.root, &catalog, &request.target)?;
        judged_by.held_against.clone_from(&held.source);
        judged_by.cases_then = held.cases_then(&checked, base.as_ref().map(Base::revision))?;
        let mut meta = meta(&request, &checked, &catalog, policy, &selected, runs.path())?;
        meta.policy_from = base.as_ref().map(Base::pinned);
        meta.digests.extend(held.source.as_ref().map(|source| ("baseline".to_owned(), digest(source.as_bytes()))));
        let baseline = held.baseline((policy, &meta), &checked, &catalog, &selected)?;
        meta.shard = began.as_ref().map_or(self.shard, |began| began.shard);
        if let Some(shard) = meta.shard {
            // Machines that begin at the same time must not give two parts one name.
            let id = Slug::new(&format!("{}-{}", meta.id, shard.index)).unwrap_or_else(|_| meta.id.clone());
            meta.id = id;
        }
        if began.is_none() {
            let defaults = base.as_ref().map_or(&catalog.project.defaults, Base::defaults);
            self.repeat_in_stages(&mut meta, policy, defaults, &baseline);
        }
        let (selected, baseline) = match meta.shard {
            Some(_) if meta.staged => return Err(no_stages(policy)),
            // As often as was said and no more: what is accepted could only call for further repeats.
            Some(shard) => {
                let part = part_of(selected, &checked, shard);
                (part.map_err(|why| Failure::new(Exit::ProjectInvalid, why))?, Baseline::default())
            }
            None => (selected, baseline),
        };
        meta.selection = selected.selection.clone();
        if let Some(began) = &began {
            same_project(began, &meta)?;
        }
        judged_by.minutes = minutes(policy, began.as_ref().unwrap_or(&meta), &checked.root, &held.against)?;
        let (folder, mut events, recorded, taken, meta) = match resumed {
            Some(folder) => {
                let (events, recorded, replay) = folder.resume(Timestamp::now())?;
                (folder, events, recorded, replay.record.taken, replay.record.meta)
            }
            None => {
                let (folder, mut events) = RunFolder::create(&runs, &meta.id)?;
                events.append(meta.started_at, EventKind::RunStarted(Box::new(meta.clone())))?;
                let recorded = folder.nothing_recorded();
                (folder, events, recorded, Taken::default(), meta)
            }
        };
        output::write_baseline(&folder, &baseline)?;
        let shadow = evidence(context.reports(&checked.root), &request.target, &meta.digests)?;
        let judges = panel::Asking {
            answers: Some(request.answers),
            again: false,
            of_run: true,
            ca_bundle: self.ca_bundle.clone(),
            limits: outside::limits(policy),
        };
        let panel = panel(context, (&checked, &catalog), &folder, judges)?;
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
                judged_by: &judged_by,
                selected: &selected,
                planned: 0,
                stopped: None,
                how_often: HowOften { each: meta.repeats, ..HowOften::default() },
                seed: meta.seed,
                staged: meta.staged,
                folder: &folder,
                golden: &held.golden,
                baseline: &baseline,
                propose: !context.ci && held.is_own() && meta.shard.is_none(),
                recorded,
                panel,
                asking: Some(Asking {
                    name: request.target.clone(),
                    target,
                    client,
                    events: &mut events,
                    jobs,
                    interrupt,
                    budget_usd: self.budget_usd,
                    taken,
                }),
                now: Timestamp::now,
                clock: &mut clock,
                shadow,
            };
            execute(running, progress.as_mut()).await
        })?;
        if let Some(shard) = meta.shard {
            return told_of_shard(&folder, shard, &meta, &ended, self.format);
        }
        let interrupted = ended.interrupted;
        let report = output::write_reports(&folder, meta, ended)?;
        clock.lap(Phase::Judge);
        output::write_timings(&folder, &clock.timings())?;
        remember(context, &checked.root, &folder, Decider::Run, &report, Some(&report.results));
        output::print_verdict(&report, self.format)?;
        github.map_or(Ok(()), |github| github.tell(&folder, &report))?;
        if interrupted {
            output::tell(&format!("interrupted: `evalgate run --resume {}` goes on\n", folder.id()));
            return Ok(Exit::Interrupted);
        }
        // The process ends with this run: to take its cases apart one by one would serve nobody.
        std::mem::forget(checked);
        Ok(Exit::of_verdict(report.verdict.exit))
    }

    /// `base`: whose policy judges, where the project's own does not.
    fn request(&self, catalog: &Catalog, runs: &Runs, base: Option<&Base>) -> Result<Request, Failure> {
        let project = &catalog.project;
        let name = |given: &Option<String>, default: &Slug, what: &str| match given {
            Some(text) => name_of(what, text),
            None => Ok(default.clone()),
        };
        // Not clap's to read: a variable that is set for every run must not forbid `--resume`.
        let policy = self.policy.clone().or_else(|| std::env::var("EVALGATE_POLICY").ok().filter(|p| !p.is_empty()));
        Ok(Request {
            target: name(&self.target, &project.default_target, "target")?,
            policy: name(&policy, base.map_or(&project.policy, Base::default_policy), "policy")?,
            filter: self.filter.clone(),
            failing_of: self.failing_of.as_deref().map(|name| runs.resolve(name)).transpose()?,
            repeats: self.repeat.or(base.map_or(&project.defaults, Base::defaults).repeat).unwrap_or(1),
            answers: match (self.record, self.replay) {
                (true, _) => Answers::Recorded,
                (_, true) => Answers::Replayed,
                _ => Answers::Live,
            },
        })
    }

    /// Where answers vary, each case is repeated as the policy says unless somebody said how often, and asked for in
    /// an order that is drawn.
    fn repeat_in_stages(&self, meta: &mut RunMeta, policy: &Policy, defaults: &Defaults, baseline: &Baseline) {
        let said = self.repeat.or(defaults.repeat).is_some();
        let varies = gate::regime(policy.mode, baseline, false) == Regime::Stochastic;
        if varies && !said && self.failing_of.is_none() {
            (meta.staged, meta.repeats) = (true, policy.repeats.stage1);
        }
        if !meta.answers_alike() && (meta.staged || meta.repeats > 1) {
            meta.seed = Some(self.seed.unwrap_or_else(|| drawn_from(&meta.id)));
        }
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
    pub fn of_run(meta: &RunMeta, runs: &Runs) -> Result<Self, Failure> {
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

/// That a shard of a run in stages cannot be run.
fn no_stages(policy: &Policy) -> Failure {
    let more = policy.repeats.stage2;
    Failure::usage("a shard alone cannot tell which cases need more repeats: that takes the trials of all shards")
        .with_hint(format!("say how often each case is run, e.g. `--repeat {more}`"))
}

/// How a shard ended: recorded, and not judged.
fn told_of_shard(
    folder: &RunFolder,
    shard: Shard,
    meta: &RunMeta,
    ended: &Ended,
    format: Answer,
) -> Result<Exit, Failure> {
    let exit = match (ended.interrupted, &ended.stopped) {
        (true, _) => Exit::Interrupted,
        (false, Some(_)) => Exit::Inconclusive,
        (false, None) => Exit::Passed,
    };
    let (id, cases, trials) = (folder.id(), meta.selection.cases, ended.verdict.counts.trials);
    let stopped = ended.stopped.as_deref().map(|why| printable_line(why.trim_end_matches('.')).into_owned());
    match format {
        Answer::Json => output::print(&output::pretty(&serde_json::json!({
            "shard": shard, "run": id, "cases": cases, "trials": trials, "stopped": stopped, "exit": exit.code(),
        }))?)?,
        Answer::Text => {
            let word = if stopped.is_some() { "NOT RECORDED" } else { "RECORDED" };
            let head = format!("{word}  shard {shard} · {} · {cases} of {} cases", meta.target, meta.selection.of);
            let end = format!("exit {}", exit.code());
            output::say(&format!("{head:<width$}{end}", width = 79 - end.len()))?;
            if let Some(why) = stopped {
                output::say(&format!("  It did not come to its end: {why}.\n  `evalgate run --resume {id}` goes on."))?;
            }
            output::say(&format!("  Nothing is decided: `evalgate merge` takes all {} shards.\n", shard.of))?;
            output::say(&format!("  {trials} trials · run {id}"))?;
        }
    }
    Ok(exit)
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
    let hint = match selected.unmet.as_slice() {
        [] => "`evalgate list` shows every case".to_owned(),
        unmet => unmet.join("; "),
    };
    Failure::new(Exit::NothingSelected, format!("{message}: nothing was checked, which is never a pass"))
        .with_hint(hint)
}

/// Warns of what a filter asks for in vain: what was meant is missing without a trace otherwise.
pub fn tell_unmet(selected: &Selected) {
    for unmet in &selected.unmet {
        output::tell(&format!("warning: {}\n", printable_line(unmet)));
    }
}

/// The target among the digests of a run.
const TARGET: &str = "target";

/// Of everything that a run of a target under a policy is made of. A target with a file that cannot be read has none, and
/// is the target of no run.
pub fn digests_of(target: &Slug, policy: &Policy, checked: &Checked, catalog: &Catalog) -> BTreeMap<String, String> {
    let mut digests = checked.digests.clone();
    digests.insert("policy".to_owned(), digest(&serialised(policy)));
    digests.extend(target_digest(target, checked, catalog).ok().map(|digest| (TARGET.to_owned(), digest)));
    digests.extend(panel::digest(checked, catalog).map(|digest| (panel::DIGEST.to_owned(), digest)));
    digests
}

/// What a run would be a run of.
pub fn meta(
    request: &Request,
    checked: &Checked,
    catalog: &Catalog,
    policy: &Policy,
    selected: &Selected,
    runs: &std::path::Path,
) -> Result<RunMeta, Failure> {
    let now = Timestamp::now();
    let digests = digests_of(&request.target, policy, checked, catalog);
    if !digests.contains_key(TARGET) {
        target_digest(&request.target, checked, catalog)?;
    }
    let kind = catalog.project.targets.get(&request.target).and_then(|spec| spec.0.keys().next());
    let mut id = new_run_id(now);
    for later in 1..1_000 {
        if !runs.join(id.as_str()).exists() {
            break;
        }
        id = new_run_id(now + SignedDuration::from_micros(16 * later));
    }
    Ok(RunMeta {
        version: EVENT_VERSION,
        evalgate: env!("CARGO_PKG_VERSION").to_owned(),
        id,
        started_at: now,
        project: catalog.project.name.clone(),
        target: request.target.clone(),
        target_kind: kind.cloned().unwrap_or_default(),
        policy: request.policy.clone(),
        repeats: request.repeats,
        staged: false,
        seed: None,
        answers: request.answers,
        selection: selected.selection.clone(),
        shard: None,
        merged_from: Vec::new(),
        policy_from: None,
        folder: super::ci::folder_in_repository(checked.root.path()),
        digests,
    })
}

/// What a run of the whole project under its own policy would be made of, for what is compared with runs.
pub fn meta_of(checked: &Checked, catalog: &Catalog, target: &Slug) -> Result<RunMeta, Failure> {
    let name = &catalog.project.policy;
    let policy = named(&catalog.policies, name, "policy")?;
    let selected = select(checked, &Wanted::default()).map_err(|why| Failure::new(Exit::ProjectInvalid, why))?;
    let request = Request {
        target: target.clone(),
        policy: name.clone(),
        filter: None,
        failing_of: None,
        repeats: 1,
        answers: Answers::Live,
    };
    meta(&request, checked, catalog, policy, &selected, checked.root.path())
}

/// A number that the run's id decides.
fn drawn_from(id: &Slug) -> u32 {
    let [a, b, c, d, ..] = *blake3::hash(id.as_str().as_bytes()).as_bytes();
    u32::from_le_bytes([a, b, c, d])
}

pub fn serialised<T: serde::Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

pub fn digest(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

/// The target's settings and the project's files that they name, byte by byte: rules, programs, templates. A file is named
/// by a text that is its whole path, from the target's folder or the root; not by one that only holds it, as a line for a
/// shell does, and not by a folder.
pub fn target_digest(name: &Slug, checked: &Checked, catalog: &Catalog) -> Result<String, Failure> {
    let mut hasher = blake3::Hasher::new();
    let Some(spec) = catalog.project.targets.get(name) else { return Ok(String::new()) };
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
            let path = format!("{folder}{}", file.trim_start_matches("./"));
            checked.root.hash(&path, &mut hasher).map_err(|why| unread(name, &path, &why))?;
        }
    }
    Ok(hasher.finalize().to_hex().to_string())
}

/// Nobody could tell later which agent it was.
fn unread(target: &Slug, path: &str, why: &str) -> Failure {
    Failure::new(
        Exit::ProjectInvalid,
        format!("{path}, which the target {target} names, counts as a part of it: {why}"),
    )
    .with_hint("make it readable: what a run was of is told by every file that the target names")
}

/// A run is resumed only over the project that it began with: evidence is never mixed.
fn same_project(then: &RunMeta, now: &RunMeta) -> Result<(), Failure> {
    let differs = |part: &&str| then.digests.get(*part) != now.digests.get(*part);
    let parts: BTreeSet<&str> = then.digests.keys().chain(now.digests.keys()).map(String::as_str).collect();
    let mut moved: Vec<&str> = parts.into_iter().filter(differs).collect();
    // Before revisions were kept, nobody could tell.
    if let (Some(then), Some(now)) = (&then.policy_from, &now.policy_from)
        && then.waivers != now.waivers
    {
        moved.push("the waivers that count");
    }
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

/// Trials at once where a target says nothing of that.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(2, std::num::NonZero::get)
}
