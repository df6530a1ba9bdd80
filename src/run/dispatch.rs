//! The dispatcher: owns the events, the limits of the run and its interruption. In which order trials are asked for,
//! and what becomes of them, is a flow's.

use std::collections::HashMap;
use std::future::Future as _;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use jiff::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

use super::RunError;
use super::clock::{Clock, Phase};
use super::execute::Asking;
use super::plan::Planned;
use super::scoring::{Recorded, sentence};
use super::trials::{Done, Job};
use crate::domain::{Outcome, Policy, Slug, Trial, Usage};
use crate::event::{EventKind, Taken};
use crate::judging::{Panel, Spent};
use crate::plan::Catalog;
use crate::progress::Progress;
use crate::score::Answers;
use crate::store::{RecordingKey, TrialIndex, Written};
use crate::target::Ask;
use crate::world::Binding;

/// Which trials are asked for, and what becomes of them.
pub trait Flow {
    /// The next trial to begin; `None` while none may begin.
    fn next(&mut self) -> Result<Option<Planned>, RunError>;
    /// The trial that came last begins, or is on record already: the place by which it comes back.
    fn begun(&mut self) -> usize;
    /// A trial finished and is on record.
    fn finished(&mut self, place: usize, trial: Recorded, progress: &mut dyn Progress) -> Result<(), RunError>;
    /// After every trial. `idle`: none is running, and none began.
    fn settle(&mut self, idle: bool, progress: &mut dyn Progress, clock: &mut Clock) -> Result<(), RunError>;
    /// Whether its trials are read from the record again.
    fn comes_back(&self) -> bool;
    /// Whether no trial will come any more.
    fn is_over(&self) -> bool;
    /// Trials that are done, and those of the plan as far as it is known.
    fn trials(&self) -> (u64, u64);
}

/// How the asking ended.
#[derive(Debug, Default)]
pub struct Asked {
    /// Why the plan was not walked to its end.
    pub stopped: Option<String>,
    /// Whether a person stopped it.
    pub interrupted: bool,
}

/// A limit of money or time that the run is over.
enum Limit {
    /// That of whoever runs it: no further trial is begun.
    Budget(String),
    /// That of the policy, which lets no run count that is over it.
    Ceiling(String),
}

/// What a task came to.
enum Came {
    Trial(Box<Ended>),
    /// A trial on record has the answers that it is scored with.
    Judged(Answers),
}

/// A trial that ended.
struct Ended {
    done: Done,
    /// Held until the trial is on record and counted, where trials run one after the other.
    turn: Option<OwnedSemaphorePermit>,
}

pub struct Dispatcher<'a> {
    catalog: &'a Catalog,
    policy: &'a Policy,
    /// What is on record.
    index: TrialIndex,
    asking: Option<Asking<'a>>,
    /// Answers what criteria ask of judges; without it they stay unasked.
    panel: Option<Arc<Panel>>,
    running: JoinSet<Option<Came>>,
    /// As many as trials may run at once; closed when no more may begin.
    turns: Arc<Semaphore>,
    /// Which place of the plan a task works on.
    places: HashMap<tokio::task::Id, (usize, Planned)>,
    /// Trials on record that wait for their judges.
    judged: HashMap<tokio::task::Id, (usize, Recorded)>,
    taken: Taken,
    /// Whether a trial of the plan was given up.
    given_up: bool,
    now: fn() -> Timestamp,
}

impl<'a> Dispatcher<'a> {
    pub fn new(
        catalog: &'a Catalog,
        policy: &'a Policy,
        index: TrialIndex,
        asking: Option<Asking<'a>>,
        panel: Option<Arc<Panel>>,
        now: fn() -> Timestamp,
    ) -> Self {
        let turns = Arc::new(Semaphore::new(asking.as_ref().map_or(0, |asking| asking.jobs)));
        let taken = asking.as_ref().map_or_else(Taken::default, |asking| asking.taken);
        Self {
            catalog,
            policy,
            index,
            asking,
            panel,
            running: JoinSet::new(),
            turns,
            places: HashMap::new(),
            judged: HashMap::new(),
            taken,
            given_up: false,
            now,
        }
    }

    /// Walks a flow to its end, or until something stops it. The end is an event.
    pub async fn run(
        &mut self,
        flow: &mut dyn Flow,
        progress: &mut dyn Progress,
        clock: &mut Clock,
    ) -> Result<Asked, RunError> {
        let started = Instant::now();
        let mut asked = Asked::default();
        // What was recorded before it is resumed counts, and is scored whatever stops the rest.
        let resumed = self.asking.is_some() && !self.index.is_empty();
        let mut limit = if resumed { self.over_limit(started) } else { None };
        loop {
            let stops = asked.stopped.is_some() || limit.is_some();
            let goes_on = !stops || (resumed && !flow.comes_back());
            while goes_on && let Some(planned) = flow.next()? {
                if stops && !self.index.holds(&planned.case().id, planned.repeat) {
                    self.given_up = true;
                    continue;
                }
                self.begin(planned, flow, progress)?;
            }
            flow.settle(self.running.is_empty(), progress, clock)?;
            if self.running.is_empty() {
                if !goes_on || flow.is_over() {
                    break;
                }
                continue;
            }
            if stops {
                self.turns.close();
                self.panel.iter().for_each(|panel| panel.close());
            }
            let finished = match self.asking.as_mut() {
                None => self.running.join_next_with_id().await,
                Some(asking) => tokio::select! {
                    finished = self.running.join_next_with_id() => finished,
                    () = asking.interrupt.raised(), if !asked.interrupted => {
                        asked = Asked { stopped: Some("it was interrupted".to_owned()), interrupted: true };
                        None
                    }
                },
            };
            let Some(finished) = finished else { continue };
            let (stop, turn) = self.finish(finished, flow, progress, clock)?;
            asked.stopped = asked.stopped.or(stop);
            limit = limit.or_else(|| self.over_limit(started));
            if limit.is_some() || asked.stopped.is_some() {
                self.turns.close();
            }
            drop(turn);
        }
        let (done, planned) = flow.trials();
        asked.stopped = asked.stopped.or(match limit {
            // It held to the last trial.
            Some(Limit::Budget(_)) if !self.given_up && done >= planned => None,
            Some(Limit::Budget(why) | Limit::Ceiling(why)) => Some(why),
            None => None,
        });
        self.end(&asked, flow, clock)?;
        Ok(asked)
    }

    /// What is on record now, and nobody to ask any more.
    pub fn only_the_record(self) -> Self {
        Self { asking: None, taken: Taken::default(), ..self }
    }

    fn end(&mut self, asked: &Asked, flow: &dyn Flow, clock: &mut Clock) -> Result<(), RunError> {
        let Some(asking) = self.asking.as_mut() else { return Ok(()) };
        let (done, planned) = flow.trials();
        let kind = match &asked.stopped {
            Some(reason) => EventKind::RunStopped { reason: reason.clone(), planned: Some(planned) },
            None => EventKind::RunFinished { trials: done },
        };
        asking.events.append((self.now)(), kind)?;
        asking.events.sync()?;
        clock.lap(Phase::Record);
        Ok(())
    }

    /// Takes a trial from the record, or starts it.
    fn begin(&mut self, planned: Planned, flow: &mut dyn Flow, progress: &mut dyn Progress) -> Result<(), RunError> {
        let case = planned.case();
        if let Some(trial) = self.index.trial(&case.id, planned.repeat)? {
            let place = flow.begun();
            return self.judge(place, recorded(planned, trial, None), flow, progress);
        }
        // Without a target a missing trial stays missing; the gate sees that fewer were recorded than planned.
        let Some(asking) = &self.asking else { return Ok(()) };
        let pipeline = &self.catalog.pipelines[&planned.loaded.0.pipeline];
        let mut binding = Binding::of(case, pipeline);
        binding.max_calls = binding.max_calls.min(self.policy.limits.case_tool_calls.unwrap_or(u32::MAX));
        let job = Job {
            target: Arc::clone(&asking.target),
            client: Arc::clone(&asking.client),
            pipeline: Arc::clone(pipeline),
            system: Arc::clone(&self.catalog.systems[&case.world]),
            ask: Ask::new(pipeline, case),
            binding,
            trial: RecordingKey {
                target: asking.name.clone(),
                pipeline: pipeline.name.clone(),
                suite: planned.loaded.0.name.clone(),
                case: case.id.clone(),
                repeat: planned.repeat,
            },
        };
        let one_by_one = asking.jobs == 1;
        let turns = Arc::clone(&self.turns);
        // Trials queue here rather than with the dispatcher, so that a quick target need not wait for it. Their tasks
        // may wake in any order; asking for the turn now keeps them in that of the flow.
        let mut turn = Box::pin(Arc::clone(&turns).acquire_owned());
        let first = turn.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        let task = self.running.spawn(async move {
            let turn = match first {
                Poll::Ready(turn) => turn,
                Poll::Pending => turn.await,
            };
            let turn = turn.ok()?;
            let done = job.run().await;
            if done.stop.is_some() {
                // Before this turn is given on: no other trial may meet the same end.
                turns.close();
            }
            Some(Came::Trial(Box::new(Ended { done, turn: one_by_one.then_some(turn) })))
        });
        self.places.insert(task.id(), (flow.begun(), planned));
        Ok(())
    }

    /// Gives a trial on record to the flow, once its judges have answered.
    fn judge(
        &mut self,
        place: usize,
        mut recorded: Recorded,
        flow: &mut dyn Flow,
        progress: &mut dyn Progress,
    ) -> Result<(), RunError> {
        let questions = self.panel.as_ref().map_or_else(Vec::new, |_| recorded.questions(self.catalog));
        let Some(panel) = self.panel.as_ref().filter(|_| !questions.is_empty()) else {
            return flow.finished(place, recorded, progress);
        };
        if let Some(answers) = panel.on_record(&questions) {
            recorded.answers = answers;
            return flow.finished(place, recorded, progress);
        }
        let panel = Arc::clone(panel);
        let task = self.running.spawn(async move { Some(Came::Judged(panel.answers(&questions).await)) });
        self.judged.insert(task.id(), (place, recorded));
        Ok(())
    }

    /// Records a trial and gives it to the flow. The reason, if every other trial would fail alike; and its turn.
    fn finish(
        &mut self,
        finished: Result<(tokio::task::Id, Option<Came>), tokio::task::JoinError>,
        flow: &mut dyn Flow,
        progress: &mut dyn Progress,
        clock: &mut Clock,
    ) -> Result<(Option<String>, Option<OwnedSemaphorePermit>), RunError> {
        let id = match &finished {
            Ok((id, _)) => *id,
            Err(error) => error.id(),
        };
        if let Some((place, mut recorded)) = self.judged.remove(&id) {
            // A panel that broke leaves its questions unanswered, and says nothing of the trial.
            if let Ok((_, Some(Came::Judged(answers)))) = finished {
                recorded.answers = answers;
            }
            clock.lap(Phase::Ask);
            flow.finished(place, recorded, progress)?;
            return Ok((None, None));
        }
        let Some((place, planned)) = self.places.remove(&id) else { return Ok((None, None)) };
        let ended = match finished {
            Ok((_, Some(Came::Trial(ended)))) => *ended,
            // It was stopped before its turn came: nothing happened.
            Ok((_, None | Some(Came::Judged(_)))) => {
                self.given_up = true;
                return Ok((None, None));
            }
            Err(error) => Ended {
                done: Done { trial: broken(&planned.case().id, planned.repeat, error), stop: None },
                turn: None,
            },
        };
        let Ended { done: Done { trial, stop }, turn } = ended;
        let Some(asking) = self.asking.as_mut() else { return Ok((None, None)) };
        self.taken.usd += trial.usage.cost_usd.unwrap_or(0.0);
        self.taken.unpriced |= trial.is_unpriced();
        clock.lap(Phase::Ask);
        let written = asking.events.append_trial((self.now)(), &trial)?;
        if flow.comes_back() {
            self.index.note(&trial, &written);
        }
        clock.lap(Phase::Record);
        self.judge(place, recorded(planned, trial, Some(written)), flow, progress)?;
        Ok((stop, turn))
    }

    fn over_limit(&self, started: Instant) -> Option<Limit> {
        let limits = &self.policy.limits;
        let judges = self.panel.as_ref().map_or_else(Spent::default, |panel| panel.spent());
        let spent = self.taken.usd + judges.usd;
        if let Some(budget) = self.asking.as_ref().and_then(|asking| asking.budget_usd) {
            if self.taken.unpriced {
                let why = "the cost of a trial is not known, so the budget cannot be kept: give the model's price in \
                           evalgate.yaml";
                return Some(Limit::Ceiling(why.to_owned()));
            }
            if judges.unpriced {
                let why = "the cost of a judge is not known, so the budget cannot be kept: give its model's price in \
                           evalgate.yaml";
                return Some(Limit::Ceiling(why.to_owned()));
            }
            if spent >= budget {
                let what = if judges.usd > 0.0 { "its trials and judges" } else { "its trials" };
                return Some(Limit::Budget(format!("{what} cost {}, the budget is {}", usd(spent), usd(budget))));
            }
        }
        if let Some(cap) = limits.suite_usd.filter(|cap| spent > *cap) {
            return Some(Limit::Ceiling(format!("it cost {}, the policy's limit is {}", usd(spent), usd(cap))));
        }
        let minutes = (self.taken.time.as_secs_f64() + started.elapsed().as_secs_f64()) / 60.0;
        let cap = limits.suite_minutes.filter(|cap| minutes > *cap)?;
        Some(Limit::Ceiling(format!("it took longer than the policy's limit of {cap} minutes")))
    }
}

/// `$0.30`; with as many digits as it takes where cents are too coarse.
fn usd(amount: f64) -> String {
    let fine = format!("{amount:.4}");
    let digits = fine.trim_end_matches('0').split('.').next_back().map_or(0, str::len);
    format!("${amount:.*}", digits.max(2))
}

fn recorded(planned: Planned, trial: Trial, written: Option<Written>) -> Recorded {
    let Planned { suite, loaded, case, .. } = planned;
    let answers = Answers::default();
    Recorded { suite, loaded, case, trial, written: written.map(|written| written.json), answers }
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
