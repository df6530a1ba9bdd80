//! Which cases a run holds.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::domain::{Case, CaseKind, Mark, Outcome, Slug, Trit};
use crate::event::Selection;
use crate::load::{Checked, SuiteFile};
use crate::plan::{Filter, Predicate, Subject, Unmet};
use crate::score::TrialResult;
use crate::store::{RunFolder, StoreError};

/// What was asked for.
#[derive(Default)]
pub struct Wanted<'a> {
    /// The expression and its text.
    pub filter: Option<(&'a str, &'a Filter)>,
    /// A run, and its failing cases.
    pub failing_of: Option<(Slug, BTreeSet<Slug>)>,
}

impl Wanted<'_> {
    /// Whether a case is among what was asked for.
    fn holds(&self, subject: &Subject) -> bool {
        self.filter.is_none_or(|(_, filter)| filter.matches(subject))
            && self.failing_of.as_ref().is_none_or(|(_, cases)| cases.contains(&subject.case.id))
    }
}

fn subject<'c>(suite: &'c SuiteFile, case: &'c Case) -> Subject<'c> {
    Subject { pipeline: &suite.pipeline, suite: &suite.name, kind: suite.kind, case }
}

/// The cases of a run, suite by suite, in the order of their files.
pub struct Selected {
    pub suites: Vec<SelectedSuite>,
    pub selection: Selection,
    /// Golden requests and corrections that are not among them.
    pub guards_left_out: u64,
    /// Sentences about what the filter asks for and no case of the project is.
    pub unmet: Vec<String>,
}

/// Positions of the selected cases of one suite of [`Checked::suites`].
pub struct SelectedSuite {
    pub suite: usize,
    pub cases: Vec<u32>,
}

/// Selects cases. Errors are sentences: a suite changed since it was checked.
pub fn select(checked: &Checked, wanted: &Wanted) -> Result<Selected, String> {
    let mut selected = Selected {
        suites: Vec::new(),
        selection: Selection {
            filter: wanted.filter.map(|(text, _)| text.to_owned()),
            failing_of: wanted.failing_of.as_ref().map(|(run, _)| run.clone()),
            cases: 0,
            of: cases_of(checked),
        },
        guards_left_out: 0,
        unmet: Vec::new(),
    };
    let everything = wanted.filter.is_none() && wanted.failing_of.is_none();
    let mut unmet: Vec<&Predicate> = wanted.filter.map(|(_, filter)| filter.predicates()).unwrap_or_default();
    for (at, suite) in checked.suites.iter().enumerate() {
        let cases: Vec<u32> = if everything {
            (0..suite.cases as u32).collect()
        } else {
            let loaded = suite.suite(&checked.root)?;
            let holds = |(at, case): (usize, &Arc<Case>)| {
                let subject = subject(suite, case);
                unmet.retain(|predicate| !predicate.holds(&subject));
                wanted.holds(&subject).then_some(at as u32)
            };
            loaded.0.cases.iter().enumerate().filter_map(holds).collect()
        };
        if is_guard(suite.kind) {
            selected.guards_left_out += (suite.cases - cases.len()) as u64;
        }
        selected.selection.cases += cases.len() as u64;
        if !cases.is_empty() {
            selected.suites.push(SelectedSuite { suite: at, cases });
        }
    }
    if !unmet.is_empty() {
        let mut unmet: Vec<Unmet> = unmet.into_iter().map(Unmet::new).collect();
        for suite in &checked.suites {
            for case in &suite.suite(&checked.root)?.0.cases {
                unmet.iter_mut().for_each(|unmet| unmet.see(&subject(suite, case)));
            }
        }
        selected.unmet = unmet.iter().map(Unmet::told).collect();
    }
    Ok(selected)
}

/// Cases of the project.
pub fn cases_of(checked: &Checked) -> u64 {
    checked.suites.iter().map(|suite| suite.cases as u64).sum()
}

/// Golden requests and corrections of the project that are not among `ran`.
pub fn guards_left_out(checked: &Checked, ran: &BTreeSet<&Slug>) -> Result<u64, String> {
    let mut left_out = 0;
    for file in checked.suites.iter().filter(|suite| is_guard(suite.kind)) {
        let loaded = file.suite(&checked.root)?;
        left_out += loaded.0.cases.iter().filter(|case| !ran.contains(&case.id)).count() as u64;
    }
    Ok(left_out)
}

fn is_guard(kind: CaseKind) -> bool {
    matches!(kind, CaseKind::GoldenRequest | CaseKind::ReviewerCorrection)
}

/// Cases of a run that are worth another look: any area at -1 or below its snapshot, no answer, or a failed target.
pub fn failing_cases(run: &RunFolder) -> Result<BTreeSet<Slug>, StoreError> {
    let mut failing = BTreeSet::new();
    for result in run.results()? {
        let result = result?;
        if is_failing(&result) {
            failing.insert(result.case.id.clone());
        }
    }
    Ok(failing)
}

fn is_failing(result: &TrialResult) -> bool {
    !matches!(result.trial.outcome, Outcome::Answered { .. })
        || result.scored.areas.iter().any(|area| {
            matches!(area.mark, Mark::Marked { trit: Trit::Harmful, .. })
                || area.held.is_some_and(|held| held.now < held.was)
        })
}
