//! Which trials a run holds, and in which order they are walked.

use std::collections::HashMap;
use std::sync::Arc;

use super::RunError;
use super::select::Selected;
use crate::domain::{Case, Slug, Suite};
use crate::load::{Checked, SuiteFile};

/// A trial of the plan.
#[derive(Clone)]
pub struct Planned {
    /// Place of the suite in [`Checked::suites`].
    pub suite: usize,
    pub loaded: Arc<(Suite, Vec<u32>)>,
    /// Place of the case in its suite.
    pub case: u32,
    pub repeat: u32,
}

impl Planned {
    pub fn case(&self) -> &Arc<Case> {
        &self.loaded.0.cases[self.case as usize]
    }
}

/// How often each case is run: its own number wins, then what a stage added, then the run's.
#[derive(Debug, Clone, Default)]
pub struct HowOften {
    /// Of every case that nothing else is said of.
    pub each: u32,
    /// Of cases that needed more.
    pub more: HashMap<Slug, u32>,
}

impl HowOften {
    /// The number of repeats of the case at this place of its suite.
    pub fn of(&self, file: &SuiteFile, at: u32, case: &Slug) -> u32 {
        let more = self.more.get(case).copied().unwrap_or(0);
        more.max(file.own_repeats(at).unwrap_or(self.each))
    }

    /// The most that any case was planned with at first.
    pub fn at_first(&self, selected: &Selected, checked: &Checked) -> u32 {
        let own = selected
            .suites
            .iter()
            .flat_map(|part| part.cases.iter().filter_map(|at| checked.suites[part.suite].own_repeats(*at)));
        own.fold(self.each, u32::max)
    }

    /// Whether any case is run more than once.
    pub fn repeats(&self, selected: &Selected, checked: &Checked) -> bool {
        self.at_first(selected, checked) > 1 || self.more.values().any(|repeats| *repeats > 1)
    }

    /// Trials in all. No suite is loaded unless a stage added repeats.
    pub fn trials(&self, checked: &Checked, selected: &Selected) -> Result<u64, RunError> {
        let mut trials = 0;
        for part in &selected.suites {
            let file = &checked.suites[part.suite];
            if self.more.is_empty() {
                let count = |at: &u32| u64::from(file.own_repeats(*at).unwrap_or(self.each));
                trials += part.cases.iter().map(count).sum::<u64>();
            } else {
                let loaded = file.suite(&checked.root).map_err(RunError::Changed)?;
                let count = |at: &u32| u64::from(self.of(file, *at, &loaded.0.cases[*at as usize].id));
                trials += part.cases.iter().map(count).sum::<u64>();
            }
        }
        Ok(trials)
    }
}

/// The plan in its order, as a stream: suites are loaded when their turn comes.
pub struct Walk<'a> {
    checked: &'a Checked,
    selected: &'a Selected,
    how_often: HowOften,
    suite: usize,
    case: usize,
    repeat: u32,
    loaded: Option<Arc<(Suite, Vec<u32>)>>,
}

impl<'a> Walk<'a> {
    pub fn new(checked: &'a Checked, selected: &'a Selected, how_often: HowOften) -> Self {
        Self { checked, selected, how_often, suite: 0, case: 0, repeat: 0, loaded: None }
    }

    /// The next trial; repeats of a case follow each other.
    pub fn next(&mut self) -> Result<Option<Planned>, RunError> {
        loop {
            let Some(part) = self.selected.suites.get(self.suite) else { return Ok(None) };
            let Some(&case) = part.cases.get(self.case) else {
                (self.suite, self.case, self.loaded) = (self.suite + 1, 0, None);
                continue;
            };
            let file = &self.checked.suites[part.suite];
            let loaded = match &self.loaded {
                Some(loaded) => Arc::clone(loaded),
                None => {
                    let loaded = file.suite(&self.checked.root).map_err(RunError::Changed)?;
                    Arc::clone(self.loaded.insert(loaded))
                }
            };
            self.repeat += 1;
            let planned = Planned { suite: part.suite, loaded, case, repeat: self.repeat };
            if self.repeat >= self.how_often.of(file, case, &planned.case().id) {
                (self.case, self.repeat) = (self.case + 1, 0);
            }
            return Ok(Some(planned));
        }
    }
}
