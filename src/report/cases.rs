//! A run by case: the repeats of one case together, and what they say as a whole.
//!
//! All formats show cases through this view, so that they agree on what is worst and what has changed.

use std::collections::HashMap;

use super::brief::Marked;
use crate::domain::{Area, Mark, Trit, Weight};
use crate::gate::{Finding, FindingWeight, Verdict};
use crate::golden::Difference;
use crate::score::{Held, TrialResult};

/// All repeats of one case, which follow each other in a run.
pub struct CaseView<'a, T = TrialResult> {
    /// In plan order; never empty.
    trials: &'a [T],
}

impl<'a, T> CaseView<'a, T> {
    /// Of the repeats of one case: at least one.
    pub fn of(trials: &'a [T]) -> Self {
        Self { trials }
    }

    /// The first repeat: what is the same for all of them is read from it.
    pub fn first(&self) -> &'a T {
        &self.trials[0]
    }

    pub fn trials(&self) -> &'a [T] {
        self.trials
    }
}

impl<'a, T: Marked> CaseView<'a, T> {
    pub fn id(&self) -> &'a str {
        self.first().case().id.as_str()
    }

    pub fn weight(&self) -> Weight {
        self.first().case().weight
    }

    /// The lowest mark of the area over the repeats; not scored only where no repeat was.
    pub fn mark(&self, area: Area) -> Option<&'a Mark> {
        self.trials.iter().filter_map(|trial| trial.mark(area)).min_by_key(|mark| rank(mark))
    }

    /// Whether all repeats that were scored in the area got the same mark.
    pub fn agrees(&self, area: Area) -> bool {
        let mut trits = self.trials.iter().filter_map(|trial| trial.mark(area)?.trit());
        match trits.next() {
            Some(first) => trits.all(|trit| trit == first),
            None => true,
        }
    }

    /// The area with the lowest mark, the first one where several share it.
    pub fn worst(&self) -> Option<(Area, &'a Mark)> {
        Area::ALL
            .into_iter()
            .filter_map(|area| Some((area, self.mark(area)?)))
            .filter(|(_, mark)| mark.trit().is_some())
            .min_by_key(|(_, mark)| rank(mark))
    }

    /// The error of the first repeat whose target failed.
    pub fn error(&self) -> Option<&'a str> {
        self.trials.iter().find_map(Marked::error)
    }

    pub fn failed(&self) -> bool {
        self.error().is_some()
    }

    /// What the repeats say about the snapshot, in one word: the first that differs, else the first.
    pub fn snapshot(&self) -> &'static str {
        self.trials.iter().find(|trial| trial.needs_review()).unwrap_or(self.first()).snapshot()
    }

    pub fn needs_review(&self) -> bool {
        self.trials.iter().any(Marked::needs_review)
    }

    /// Whether somebody should look: a mark below +1, a difference, or missing data.
    pub fn needs_attention(&self) -> bool {
        let marked_down = |(_, mark): (Area, &Mark)| mark.trit() < Some(Trit::Useful);
        self.failed() || self.needs_review() || self.worst().is_none_or(marked_down)
    }

    /// Where a repeat is below the accepted snapshot in the area: the mark then and now, of the worst repeat.
    pub fn fall(&self, area: Area) -> Option<Held> {
        let marks = self.trials.iter().flat_map(Marked::areas).filter(|mark| mark.area == area);
        marks.filter_map(|mark| mark.held).filter(|held| held.now < held.was).min_by_key(|held| held.now)
    }

    pub fn fell_anywhere(&self) -> bool {
        self.trials.iter().flat_map(Marked::areas).filter_map(|mark| mark.held).any(|held| held.now < held.was)
    }
}

impl<'a> CaseView<'a> {
    /// The difference of the first repeat that has one.
    pub fn difference(&self) -> Option<&'a Difference> {
        self.trials.iter().find_map(|result| result.scored.comparison.difference())
    }
}

/// Order of marks from worst to best, those not scored last.
fn rank(mark: &Mark) -> i8 {
    mark.trit().map_or(2, Trit::value)
}

/// Which cases and areas the gate's findings name, for looking up without walking all findings.
pub struct Blame<'a> {
    by_case: HashMap<&'a str, Vec<&'a Finding>>,
}

impl<'a> Blame<'a> {
    /// Findings that keep the verdict from being a pass.
    pub fn of(verdict: &'a Verdict) -> Self {
        let mut by_case: HashMap<&str, Vec<&Finding>> = HashMap::new();
        for finding in verdict.findings.iter().filter(|finding| finding.weight != FindingWeight::Warns) {
            for case in &finding.cases {
                by_case.entry(case.as_str()).or_default().push(finding);
            }
        }
        Self { by_case }
    }

    /// The weight of the gravest finding about the case; `Warns` where there is none.
    pub fn gravest(&self, case: &str) -> FindingWeight {
        let findings = self.by_case.get(case).into_iter().flatten();
        findings.map(|finding| finding.weight).min().unwrap_or(FindingWeight::Warns)
    }

    /// The findings about the case, gravest first.
    pub fn of_case(&self, case: &str) -> &[&'a Finding] {
        self.by_case.get(case).map_or(&[], Vec::as_slice)
    }

    /// The gravest finding about the case in this very area.
    pub fn in_area(&self, case: &str, area: Area) -> Option<&'a Finding> {
        self.by_case.get(case)?.iter().find(|finding| finding.area == Some(area)).copied()
    }

    /// The gravest finding about the case as a whole.
    pub fn as_a_whole(&self, case: &str) -> Option<&'a Finding> {
        self.by_case.get(case)?.iter().find(|finding| finding.area.is_none()).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn repeats_of_a_case_are_one_view_with_the_worst_mark() {
        let report = sample::run();
        let repeats = sample::repeats(&report.results, sample::FLAKY);
        let flaky = CaseView::of(&repeats);
        assert_eq!(flaky.trials().len(), 2);
        assert_eq!(flaky.mark(Area::EvidenceQuality).and_then(Mark::trit), Some(Trit::Incomplete));
        assert!(!flaky.agrees(Area::EvidenceQuality));
        assert!(flaky.agrees(Area::TaskSuccess));
    }

    #[test]
    fn a_mark_that_equals_its_snapshot_did_not_fall() {
        let report = sample::run();
        let fall = |id| CaseView::of(&sample::repeats(&report.results, id)).fall(Area::TaskSuccess);
        assert_eq!(fall(sample::REGRESSED), Some(Held { was: Trit::Useful, now: Trit::Harmful }));
        assert_eq!(fall(sample::ACCEPTED_ZERO), None);
    }
}
