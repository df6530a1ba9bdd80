//! The dispatcher: owns the events, the order, the limits of the run and its interruption.

use std::collections::{BTreeMap, HashMap};
use std::future::Future as _;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::value::RawValue;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::clock::{Clock, Phase};
use super::interrupt::Interrupt;
use super::scoring::{Recorded, Scoring, sentence};
use super::select::{Selected, orphans};
use super::trials::{Done, Job};
use crate::client::Client;
use crate::domain::{Outcome, Policy, Slug, Suite, Trial, Usage};
use crate::event::EventKind;
use crate::gate::{Evidence, Judge, ShadowEvidence, Verdict};
use crate::load::Checked;
use crate::plan::Catalog;
use crate::progress::Progress;
use crate::store::{EventWriter, GoldenFolder, RecordingKey, RunFolder, StoreError};
use crate::target::{Ask, Target};
use crate::world::Binding;

/// Trials that may run ahead of the oldest unfinished one: what a slow trial can make the process hold in memory.
const WINDOW: usize = 512;

/// Trials that are scored together when they come fast.
const BATCH: usize = 256;

/// How long finished trials may wait for their batch when they come slowly.
const PATIENCE: Duration = Duration::from_millis(50);

/// A run about to be executed.
pub struct Running<'a> {
    pub checked: &'a Checked,
    pub catalog: &'a Catalog,
    pub policy: &'a Policy,
    pub selected: &'a Selected,
    pub repeats: u32,
    pub folder: &'a RunFolder,
    pub golden: &'a GoldenFolder,
    /// Whether proposals for snapshots may be written.
    pub propose: bool,
    /// Trials that are on record already.
    pub recorded: HashMap<(Slug, u32), Trial>,
    /// Asks for the missing trials and records them; without it nothing is asked.
    pub asking: Option<Asking<'a>>,
    pub now: fn() -> Timestamp,
    pub clock: &'a mut Clock,
    /// The newest shadow comparison of the target.
    pub shadow: Option<ShadowEvidence>,
}

/// How missing trials are asked for.
pub struct Asking<'a> {
    pub name: Slug,
    pub target: Arc<dyn Target>,
    pub client: Arc<Client>,
    pub events: &'a mut EventWriter,
    pub jobs: usize,
    pub interrupt: Interrupt,
    /// Stops the run when its trials have cost more.
    pub budget_usd: Option<f64>,
}

/// How a run ended.
pub struct Ended {
    pub verdict: Verdict,
    pub interrupted: bool,
    /// Why the plan was not walked to its end.
    pub stopped: Option<String>,
    pub at: Timestamp,
}

/// Why a run could not go on. Everything recorded so far is on disk.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{0}")]
    Changed(String),
}

/// The next trial of the plan.
struct Planned {
    suite: usize,
    loaded: Arc<(Suite, Vec<u32>)>,
    case: u32,
    repeat: u32,
}

/// The plan as a stream: suites are loaded when their turn comes.
struct Walk<'a> {
    checked: &'a Checked,
    selected: &'a Selected,
    repeats: u32,
    suite: usize,
    case: usize,
    repeat: u32,
    loaded: Option<Arc<(Suite, Vec<u32>)>>,
}

impl Walk<'_> {
    fn next(&mut self) -> Result<Option<Planned>, RunError> {
        loop {
            let Some(part) = self.selected.suites.get(self.suite) else { return Ok(None) };
            let Some(&case) = part.cases.get(self.case) else {
                (self.suite, self.case, self.loaded) = (self.suite + 1, 0, None);
                continue;
            };
            let loaded = match &self.loaded {
                Some(loaded) => Arc::clone(loaded),
                None => {
                    let file = &self.checked.suites[part.suite];
                    let loaded = file.suite(&self.checked.root).map_err(RunError::Changed)?;
                    Arc::clone(self.loaded.insert(loaded))
                }
            };
            self.repeat += 1;
            let planned = Planned { suite: part.suite, loaded, case, repeat: self.repeat };
            if self.repeat == self.repeats {
                (self.case, self.repeat) = (self.case + 1, 0);
            }
            return Ok(Some(planned));
        }
    }
}

/// Runs what is missing, records it, scores everything and judges it.
pub async fn execute(running: Running<'_>, progress: &mut dyn Progress) -> Result<Ended, RunError> {
    let Running {
        checked,
        catalog,
        policy,
        selected,
        repeats,
        folder,
        golden,
        propose,
        recorded,
        asking,
        now,
        clock,
        shadow,
    } = running;
    let planned = selected.selection.cases * u64::from(repeats);
    let listing = golden.list()?;
    let orphans = orphans(&checked.census, &listing);
    let scoring = Scoring {
        catalog,
        accepted: listing.accepted.into_iter().collect(),
        suites: &checked.suites,
        golden,
        project: checked.root.path(),
        pending: listing.pending.into_iter().collect(),
        propose,
        run: folder.id().to_string(),
        results: folder.write_results()?,
        judge: Judge::new(policy, repeats),
        unreadable: Vec::new(),
        done: 0,
        total: planned,
    };
    progress.started(planned);
    let walk = Walk { checked, selected, repeats, suite: 0, case: 0, repeat: 0, loaded: None };
    let mut dispatcher = Dispatcher {
        catalog,
        policy,
        walk,
        recorded,
        running: JoinSet::new(),
        turns: Arc::new(Semaphore::new(asking.as_ref().map_or(0, |asking| asking.jobs))),
        places: HashMap::new(),
        waiting: BTreeMap::new(),
        next: 0,
        emitted: 0,
        scored_at: Instant::now(),
        spent: 0.0,
        unpriced: false,
        scoring,
        now,
        clock,
    };
    let (stopped, interrupted) = dispatcher.run(asking, progress).await?;
    progress.finished();
    let Scoring { results, judge, unreadable, .. } = dispatcher.scoring;
    results.finish()?;
    dispatcher.clock.lap(Phase::Record);
    let evidence = Evidence {
        planned,
        stopped: stopped.clone(),
        orphans,
        unreadable,
        of: selected.selection.of,
        guards_left_out: selected.guards_left_out,
        shadow,
    };
    Ok(Ended { verdict: judge.finish(&evidence), interrupted, stopped, at: now() })
}

struct Dispatcher<'a> {
    catalog: &'a Catalog,
    policy: &'a Policy,
    walk: Walk<'a>,
    recorded: HashMap<(Slug, u32), Trial>,
    running: JoinSet<Option<Done>>,
    /// As many as trials may run at once; closed when no more may begin.
    turns: Arc<Semaphore>,
    /// Which place of the plan a task works on.
    places: HashMap<tokio::task::Id, (usize, Planned)>,
    /// Finished, by place, until everything before them has finished too.
    waiting: BTreeMap<usize, Recorded>,
    next: usize,
    emitted: usize,
    scored_at: Instant,
    spent: f64,
    /// Whether the cost of a trial is unknown.
    unpriced: bool,
    scoring: Scoring<'a>,
    now: fn() -> Timestamp,
    clock: &'a mut Clock,
}

impl Dispatcher<'_> {
    /// Walks the plan to its end, or until something stops it: the reason, and whether a person did.
    async fn run(
        &mut self,
        mut asking: Option<Asking<'_>>,
        progress: &mut dyn Progress,
    ) -> Result<(Option<String>, bool), RunError> {
        let started = Instant::now();
        let mut stopped: Option<String> = None;
        let mut interrupted = false;
        let mut exhausted = false;
        loop {
            while stopped.is_none() && !exhausted && self.next - self.emitted < WINDOW {
                match self.walk.next()? {
                    Some(planned) => self.begin(planned, asking.as_ref()),
                    None => exhausted = true,
                }
            }
            self.emit(false, progress)?;
            if self.running.is_empty() {
                if stopped.is_some() || exhausted {
                    break;
                }
                continue;
            }
            if stopped.is_some() {
                self.turns.close();
            }
            let Some(asking) = asking.as_mut() else { continue };
            let finished = tokio::select! {
                finished = self.running.join_next_with_id() => finished,
                () = asking.interrupt.raised(), if !interrupted => {
                    interrupted = true;
                    stopped = Some("it was interrupted".to_owned());
                    None
                }
            };
            let Some(finished) = finished else { continue };
            let stop = self.finish(finished, asking)?;
            stopped = stopped.or(stop);
            if stopped.is_none() {
                stopped = self.over_limit(started, asking.budget_usd);
            }
        }
        self.emit(true, progress)?;
        // Behind a trial that was never run, others may have finished: they are on record, and a resumed run has them.
        self.waiting.clear();
        if let Some(asking) = asking {
            let kind = match &stopped {
                Some(reason) => EventKind::RunStopped { reason: reason.clone() },
                None => EventKind::RunFinished { trials: self.emitted as u64 },
            };
            asking.events.append((self.now)(), kind)?;
            asking.events.sync()?;
            self.clock.lap(Phase::Record);
        }
        Ok((stopped, interrupted))
    }

    /// Takes a trial from the record, or starts it.
    fn begin(&mut self, planned: Planned, asking: Option<&Asking<'_>>) {
        let place = self.next;
        let case = &planned.loaded.0.cases[planned.case as usize];
        if let Some(trial) = self.recorded.remove(&(case.id.clone(), planned.repeat)) {
            self.next += 1;
            self.wait(place, planned, trial, None);
        } else if let Some(asking) = asking {
            self.next += 1;
            let pipeline = &self.catalog.pipelines[&planned.loaded.0.pipeline];
            let job = Job {
                target: Arc::clone(&asking.target),
                client: Arc::clone(&asking.client),
                pipeline: Arc::clone(pipeline),
                system: Arc::clone(&self.catalog.systems[&case.world]),
                ask: Ask::new(pipeline, case),
                binding: Binding::of(case, pipeline),
                trial: RecordingKey {
                    target: asking.name.clone(),
                    pipeline: pipeline.name.clone(),
                    suite: planned.loaded.0.name.clone(),
                    case: case.id.clone(),
                    repeat: planned.repeat,
                },
            };
            let turns = Arc::clone(&self.turns);
            // Trials queue here rather than with the dispatcher, so that a quick target need not wait for it. Their
            // tasks may wake in any order; asking for the turn now keeps them in that of the plan.
            let mut turn = Box::pin(Arc::clone(&turns).acquire_owned());
            let asked = turn.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            let id = self.running.spawn(async move {
                let turn = match asked {
                    Poll::Ready(turn) => turn,
                    Poll::Pending => turn.await,
                };
                let _turn = turn.ok()?;
                let done = job.run().await;
                if done.stop.is_some() {
                    // Before this turn is given on: no other trial may meet the same end.
                    turns.close();
                }
                Some(done)
            });
            let id = id.id();
            self.places.insert(id, (place, planned));
        }
        // Without a target a missing trial stays missing; the gate sees that fewer were recorded than planned.
    }

    fn finish(
        &mut self,
        finished: Result<(tokio::task::Id, Option<Done>), tokio::task::JoinError>,
        asking: &mut Asking<'_>,
    ) -> Result<Option<String>, RunError> {
        let id = match &finished {
            Ok((id, _)) => *id,
            Err(error) => error.id(),
        };
        let Some((place, planned)) = self.places.remove(&id) else { return Ok(None) };
        let Done { trial, stop } = match finished {
            Ok((_, Some(done))) => done,
            // It was stopped before its turn came: nothing happened.
            Ok((_, None)) => return Ok(None),
            Err(error) => {
                let case = &planned.loaded.0.cases[planned.case as usize].id;
                Done { trial: broken(case, planned.repeat, error), stop: None }
            }
        };
        self.spent += trial.usage.cost_usd.unwrap_or(0.0);
        let asked = !matches!(trial.outcome, Outcome::Failed { .. });
        self.unpriced |= asked && trial.usage.cost_usd.is_none();
        self.clock.lap(Phase::Ask);
        let written = asking.events.append_trial((self.now)(), &trial)?;
        self.clock.lap(Phase::Record);
        self.wait(place, planned, trial, Some(written));
        Ok(stop)
    }

    fn wait(&mut self, place: usize, planned: Planned, trial: Trial, written: Option<Box<RawValue>>) {
        let Planned { suite, loaded, case, .. } = planned;
        self.waiting.insert(place, Recorded { suite, loaded, case, trial, written });
    }

    /// Scores what is next in the plan: in batches, or to the last one.
    fn emit(&mut self, all: bool, progress: &mut dyn Progress) -> Result<(), RunError> {
        loop {
            let ready =
                self.waiting.keys().zip(self.emitted..).take(BATCH).take_while(|(place, at)| *place == at).count();
            let worth_it = ready == BATCH || all || self.running.is_empty() || self.scored_at.elapsed() > PATIENCE;
            if ready == 0 || !worth_it {
                return Ok(());
            }
            let batch: Vec<Recorded> =
                (0..ready).filter_map(|_| self.waiting.pop_first()).map(|(_, recorded)| recorded).collect();
            self.emitted += ready;
            self.scored_at = Instant::now();
            self.clock.lap(Phase::Ask);
            tokio::task::block_in_place(|| self.scoring.take(batch, progress, self.clock))?;
        }
    }

    fn over_limit(&self, started: Instant, budget_usd: Option<f64>) -> Option<String> {
        let limits = &self.policy.limits;
        if let Some(budget) = budget_usd {
            if self.unpriced {
                let why = "the cost of a trial is not known, so the budget cannot be kept: give the model's price in \
                           evalgate.yaml";
                return Some(why.to_owned());
            }
            if self.spent >= budget {
                return Some(format!("its trials cost ${:.2}, the budget is ${budget:.2}", self.spent));
            }
        }
        if let Some(cap) = limits.suite_usd.filter(|cap| self.spent > *cap) {
            return Some(format!("it cost ${:.2}, the policy's limit is ${cap:.2}", self.spent));
        }
        let minutes = started.elapsed().as_secs_f64() / 60.0;
        limits
            .suite_minutes
            .filter(|cap| minutes > *cap)
            .map(|cap| format!("it took longer than the policy's limit of {cap} minutes"))
    }
}

/// The trial of a target that broke.
pub(super) fn broken(case: &Slug, repeat: u32, error: tokio::task::JoinError) -> Trial {
    Trial {
        case: case.clone(),
        repeat,
        outcome: Outcome::Failed { error: format!("the target broke: {}", panic_text(error)) },
        steps: Vec::new(),
        changes: Vec::new(),
        usage: Usage::default(),
    }
}

fn panic_text(error: tokio::task::JoinError) -> String {
    if !error.is_panic() {
        return sentence(&error);
    }
    let payload = error.into_panic();
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without a message".to_owned())
}
