//! Asks two targets the same recorded requests, each through the gateway as in a run. Judges nothing and writes nothing.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::{Id, JoinSet};

use super::dispatch::broken;
use super::interrupt::Interrupt;
use super::trials::{Done, Job};
use crate::client::Client;
use crate::domain::{Case, Pipeline, Slug, Trial};
use crate::store::RecordingKey;
use crate::target::{Ask, Target};
use crate::world::{Binding, System};

/// One of the two.
pub struct ShadowSide {
    pub name: Slug,
    pub target: Arc<dyn Target>,
    pub client: Arc<Client>,
    /// Trials at once.
    pub jobs: usize,
}

/// What both are asked.
pub struct Shadowing<'a> {
    pub pipeline: &'a Arc<Pipeline>,
    pub systems: &'a BTreeMap<Slug, Arc<System>>,
    /// Each with its line. The worlds exist.
    pub cases: &'a [(u32, Arc<Case>)],
    /// A name that stands for the file of requests where recordings are looked for.
    pub suite: Slug,
    /// The current agent and the candidate.
    pub sides: [ShadowSide; 2],
    pub interrupt: Interrupt,
}

/// What came of it.
pub struct Shadowed {
    /// In the order of the cases, current and candidate; `None` where it was not asked any more.
    pub trials: Vec<[Option<Trial>; 2]>,
    /// Why it did not come to its end.
    pub stopped: Option<String>,
    pub interrupted: bool,
}

/// Asks both everything; which of them is asked first takes turns.
pub async fn shadow(shadowing: Shadowing<'_>) -> Shadowed {
    let turns = shadowing.sides.each_ref().map(|side| Arc::new(Semaphore::new(side.jobs.max(1))));
    let mut running = JoinSet::new();
    let mut places: HashMap<Id, (usize, usize)> = HashMap::new();
    for (at, (_, case)) in shadowing.cases.iter().enumerate() {
        for which in [at % 2, 1 - at % 2] {
            let job = shadowing.job(which, case);
            let turn = Arc::clone(&turns[which]);
            let task = running.spawn(async move {
                let _turn = turn.acquire().await.ok()?;
                Some(job.run().await)
            });
            places.insert(task.id(), (at, which));
        }
    }
    let mut shadowed =
        Shadowed { trials: shadowing.cases.iter().map(|_| [None, None]).collect(), stopped: None, interrupted: false };
    loop {
        let ended = tokio::select! {
            ended = running.join_next_with_id() => ended,
            () = shadowing.interrupt.raised(), if !shadowed.interrupted => {
                shadowed.interrupted = true;
                shadowed.stopped = Some("it was interrupted".to_owned());
                turns.iter().for_each(|turn| turn.close());
                continue;
            }
        };
        let (id, done) = match ended {
            None => return shadowed,
            Some(Ok((id, done))) => (id, Ok(done)),
            Some(Err(error)) => (error.id(), Err(error)),
        };
        let Some((at, which)) = places.remove(&id) else { continue };
        let done = match done {
            Ok(None) => continue,
            Ok(Some(done)) => done,
            Err(error) => Done { trial: broken(&shadowing.cases[at].1.id, 1, error), stop: None },
        };
        if let Some(reason) = done.stop.filter(|_| shadowed.stopped.is_none()) {
            shadowed.stopped = Some(format!("{}: {reason}", shadowing.sides[which].name));
            turns.iter().for_each(|turn| turn.close());
        }
        shadowed.trials[at][which] = Some(done.trial);
    }
}

impl Shadowing<'_> {
    fn job(&self, which: usize, case: &Arc<Case>) -> Job {
        let side = &self.sides[which];
        Job {
            target: Arc::clone(&side.target),
            client: Arc::clone(&side.client),
            pipeline: Arc::clone(self.pipeline),
            system: Arc::clone(&self.systems[&case.world]),
            ask: Ask::new(self.pipeline, case),
            binding: Binding::of(case, self.pipeline),
            trial: RecordingKey {
                target: side.name.clone(),
                pipeline: self.pipeline.name.clone(),
                suite: self.suite.clone(),
                case: case.id.clone(),
                repeat: 1,
            },
        }
    }
}
