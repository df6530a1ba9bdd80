//! Trials in an order that was drawn, and more of them where the first did not decide.
//!
//! What changes while a run goes on (a busy hour, a model that is swapped) then falls on all cases alike. Each trial is
//! scored only to see what the gate asks for next, and forgotten: the run is scored in plan order when all are on record.

use std::collections::HashMap;
use std::sync::Arc;

use super::RunError;
use super::clock::{Clock, Phase};
use super::dispatch::Flow;
use super::in_order::WINDOW;
use super::plan::{HowOften, Planned};
use super::scoring::{Recorded, Scoring};
use super::select::Selected;
use crate::domain::Slug;
use crate::gate::{Next, Stages};
use crate::load::Checked;
use crate::progress::Progress;
use crate::stats::random::Random;

/// Asks in stages.
pub struct Drawn<'s, 'a> {
    scoring: &'s Scoring<'a>,
    stages: Stages<'s>,
    seed: u32,
    stage: u64,
    /// The first repeat of every case of the plan.
    cases: Vec<Planned>,
    /// Place in `cases`.
    by_id: HashMap<Slug, usize>,
    /// Repeats so far, by place in `cases`.
    repeats: Vec<u32>,
    /// Still to be asked in this stage, the next one last.
    queue: Vec<Planned>,
    over: bool,
    begun: u64,
    done: u64,
    total: u64,
}

impl<'s, 'a> Drawn<'s, 'a> {
    /// The first stage holds every case as often as `how_often` says.
    pub fn new(
        checked: &Checked,
        selected: &Selected,
        how_often: &HowOften,
        scoring: &'s Scoring<'a>,
        stages: Stages<'s>,
        seed: u32,
    ) -> Result<Self, RunError> {
        let (mut cases, mut first) = (Vec::new(), Vec::new());
        for part in &selected.suites {
            let file = &checked.suites[part.suite];
            let loaded = file.suite(&checked.root).map_err(RunError::Changed)?;
            for &case in &part.cases {
                let planned = Planned { suite: part.suite, loaded: Arc::clone(&loaded), case, repeat: 1 };
                first.push(how_often.of(file, case, &planned.case().id));
                cases.push(planned);
            }
        }
        let by_id = cases.iter().enumerate().map(|(at, planned)| (planned.case().id.clone(), at)).collect();
        let repeats = vec![0; cases.len()];
        let mut drawn = Self {
            scoring,
            stages,
            seed,
            stage: 0,
            cases,
            by_id,
            repeats,
            queue: Vec::new(),
            over: false,
            begun: 0,
            done: 0,
            total: 0,
        };
        drawn.plan(first.into_iter().enumerate());
        Ok(drawn)
    }

    /// How often each case was planned in the end.
    pub fn how_often(&self, each: u32) -> HowOften {
        let more = self.cases.iter().zip(&self.repeats).map(|(planned, repeats)| (planned.case().id.clone(), *repeats));
        HowOften { each, more: more.collect() }
    }

    /// Adds a stage: these cases, by place, until each has so many repeats.
    fn plan(&mut self, wanted: impl Iterator<Item = (usize, u32)>) {
        for (at, to) in wanted {
            let from = self.repeats[at] + 1;
            self.queue.extend((from..=to).map(|repeat| Planned { repeat, ..self.cases[at].clone() }));
            self.repeats[at] = self.repeats[at].max(to);
        }
        Random::stream(u64::from(self.seed), self.stage).shuffle(&mut self.queue);
        self.stage += 1;
        self.total += self.queue.len() as u64;
    }
}

impl Flow for Drawn<'_, '_> {
    fn next(&mut self) -> Result<Option<Planned>, RunError> {
        // A trial that waits for its turn takes a hundred times what its place in the queue does.
        let may_begin = self.begun - self.done < WINDOW as u64;
        Ok(if may_begin { self.queue.pop() } else { None })
    }

    fn begun(&mut self) -> usize {
        self.begun += 1;
        0
    }

    fn finished(&mut self, _: usize, trial: Recorded, progress: &mut dyn Progress) -> Result<(), RunError> {
        let result = tokio::task::block_in_place(|| self.scoring.look(trial))?;
        self.stages.observe(&result);
        self.done += 1;
        progress.trial(&result, self.done, self.total);
        Ok(())
    }

    fn settle(&mut self, idle: bool, _: &mut dyn Progress, clock: &mut Clock) -> Result<(), RunError> {
        if !idle || !self.queue.is_empty() || self.over {
            return Ok(());
        }
        clock.lap(Phase::Ask);
        let wanted: Vec<(usize, u32)> = match self.stages.next() {
            Next::Done => Vec::new(),
            Next::Repeat { to, cases } => cases.iter().filter_map(|case| Some((*self.by_id.get(case)?, to))).collect(),
            Next::Rerun(cases) => cases.iter().filter_map(|(case, to)| Some((*self.by_id.get(case)?, *to))).collect(),
        };
        // What asks for nothing new would go on for ever.
        let more: Vec<(usize, u32)> = wanted.into_iter().filter(|(at, to)| *to > self.repeats[*at]).collect();
        self.over = more.is_empty();
        self.plan(more.into_iter());
        clock.lap(Phase::Judge);
        Ok(())
    }

    fn comes_back(&self) -> bool {
        true
    }

    fn is_over(&self) -> bool {
        self.over && self.queue.is_empty()
    }

    fn trials(&self) -> (u64, u64) {
        (self.done, self.total)
    }
}
