//! Floors: the lowest mean mark of an area that may be released, whatever was accepted before.
//!
//! A snapshot only says that an agent is no worse than it was; one that never did the task is no worse either. A floor
//! is set over every case of the project: a part has another share of hard cases, so it is told about and never judged.

use super::blame::{Blame, Move};
use super::finding::{Found, cases};
use super::verdict::{Counts, FindingWeight};
use crate::domain::{Area, AreaGate, Policy};
use crate::score::TrialResult;

/// Where the areas with a floor stand.
#[derive(Default)]
pub struct Floors {
    stand: [Standing; Area::COUNT],
}

/// One area. The case is the unit: its repeats count as their mean, however many there are.
#[derive(Default)]
struct Standing {
    /// Sum of the means, and number, of the cases that have gone by.
    sum: f64,
    cases: usize,
    /// Sum and number of the marks of the case whose trials are going by.
    this_case: (i64, u32),
    /// What pulls the mean below the floor.
    below: Blame,
}

impl Floors {
    /// `first`: the trial is the first of its case.
    pub fn observe(&mut self, result: &TrialResult, policy: &Policy, first: bool) {
        for (area, floor) in floors(policy) {
            let standing = &mut self.stand[area.index()];
            if first {
                standing.settle();
            }
            let Some(mark) = result.scored.areas.iter().find(|one| one.area == area) else { continue };
            let Some(trit) = mark.mark.trit() else { continue };
            standing.this_case.0 += i64::from(trit.value());
            standing.this_case.1 += 1;
            if f64::from(trit.value()) < floor {
                standing.below.add(result, Move { to: Some(trit), ..Move::default() }, || mark.mark.why().to_owned());
            }
        }
    }

    /// The last case has gone by.
    pub fn settle(&mut self) {
        self.stand.iter_mut().for_each(Standing::settle);
    }

    /// `whole`: whether the run holds every case of the project; `of`: how many those are.
    pub fn findings(&self, policy: &Policy, counts: &Counts, whole: bool, of: u64) -> Vec<Found> {
        let judged = floors(policy).filter_map(|(area, floor)| {
            let found = self.stand[area.index()].finding(area, floor, counts, whole, of)?;
            Some(found.in_area(area))
        });
        judged.collect()
    }
}

impl Standing {
    fn settle(&mut self) {
        let (sum, n) = std::mem::take(&mut self.this_case);
        if n > 0 {
            self.sum += sum as f64 / f64::from(n);
            self.cases += 1;
        }
    }

    fn finding(&self, area: Area, floor: f64, counts: &Counts, whole: bool, of: u64) -> Option<Found> {
        if self.cases == 0 {
            let unmarked = whole && counts.trials > counts.failed_trials;
            let brief = format!("The policy asks for at least {floor:+.2} in {area}, and no case is marked in it");
            return unmarked.then(|| Found::new("floor", FindingWeight::Inconclusive, &brief, "."));
        }
        let mean = self.sum / self.cases as f64;
        if mean >= floor {
            return None;
        }
        let decimals = decimals_to_tell(mean, floor);
        let stands = |over: &str| {
            format!(
                "{area} is {mean:+.decimals$} on average over {over}, the policy asks for at least {floor:+.decimals$}"
            )
        };
        let found = if whole {
            let rest = format!(": {}.", self.below.told());
            Found::new("floor", FindingWeight::Fails, &stands(&cases(self.cases)), &rest)
        } else {
            let rest = " over the whole project: a part of it cannot be judged by that.";
            let part = format!("{} of {}", self.cases, cases(of as usize));
            Found::new("floor", FindingWeight::Warns, &stands(&part), rest)
        };
        Some(found.about(self.below.names()))
    }
}

/// The areas with a floor, and the floor of each.
fn floors(policy: &Policy) -> impl Iterator<Item = (Area, f64)> {
    let gating = policy.areas.iter().filter(|(_, rules)| rules.gate == AreaGate::NonInferiority);
    gating.filter_map(|(area, rules)| Some((*area, rules.floor?)))
}

/// At least two, and as many as it takes to tell the mean from the floor.
pub fn decimals_to_tell(mean: f64, floor: f64) -> usize {
    let differ = |decimals: &usize| format!("{mean:.decimals$}") != format!("{floor:.decimals$}");
    (2..9).find(differ).unwrap_or(9)
}

#[cfg(test)]
mod tests {
    use crate::domain::{Area, CoverageScope, Policy};
    use crate::gate::sample::{Sample, case, evidence, judged, policy};
    use crate::gate::{AreaState, Evidence, FindingWeight, Verdict};

    const TASK: Area = Area::TaskSuccess;

    fn with_floor(floor: f64) -> Policy {
        let mut policy = policy();
        policy.coverage.require = CoverageScope::Selected;
        policy.areas.get_mut(&TASK).unwrap().floor = Some(floor);
        policy
    }

    fn verdict(floor: f64, samples: &[Sample], of: u64) -> Verdict {
        judged(&with_floor(floor), samples, &Evidence { of, ..evidence(samples) })
    }

    /// Cases with these marks in `task_success`, all of them accepted before.
    fn marked(marks: &[i8]) -> Vec<Sample> {
        marks.iter().enumerate().map(|(n, mark)| case(&format!("c-{n}")).marked(TASK, *mark)).collect()
    }

    #[test]
    fn what_was_accepted_may_still_be_too_bad_to_release() {
        let verdict = verdict(-0.5, &marked(&[-1, -1, -1, 0]), 4);
        assert_eq!((verdict.exit, verdict.findings.len()), (1, 1));
        assert_eq!(
            verdict.findings[0].sentence,
            "task_success is -0.75 on average over 4 cases, the policy asks for at least -0.50: \
             c-0 (-1: check: the mark is -1); c-1 (-1: check: the mark is -1); c-2 (-1: check: the mark is -1)."
        );
        assert_eq!(verdict.findings[0].cases.len(), 3);
        assert_eq!(
            verdict.headline,
            "Do not release: task_success is -0.75 on average over 4 cases, the policy asks for at least -0.50 \
             (c-0, c-1, c-2)."
        );
        assert_eq!(verdict.areas[0].state, AreaState::Fail);
    }

    #[test]
    fn on_the_floor_is_not_below_it() {
        assert_eq!(verdict(-0.5, &marked(&[-1, -1, 0, 0]), 4).findings, []);
        assert_eq!(verdict(-1.0, &marked(&[-1, -1]), 2).findings, []);
        let close = verdict(0.334, &marked(&[1, 0, 0]), 3);
        assert!(close.findings[0].sentence.starts_with("task_success is +0.333 on average"), "{close:#?}");
    }

    #[test]
    fn a_part_of_the_project_is_told_about_and_not_judged() {
        let part = verdict(0.0, &marked(&[-1, -1]), 3);
        let found = part.findings.iter().find(|finding| finding.code == "floor").unwrap();
        assert_eq!((part.exit, found.weight), (0, FindingWeight::Warns));
        assert_eq!(
            found.sentence,
            "task_success is -1.00 on average over 2 of 3 cases, the policy asks for at least +0.00 over the whole \
             project: a part of it cannot be judged by that."
        );
    }

    #[test]
    fn a_case_that_was_run_more_often_weighs_no_more() {
        let bad = (1..=9).map(|repeat| case("a").marked(TASK, -1).repeat(repeat));
        let samples: Vec<Sample> = bad.chain([case("b").marked(TASK, 1)]).collect();
        assert_eq!(verdict(0.0, &samples, 2).findings, []);
        let sentence = &verdict(0.1, &samples, 2).findings[0].sentence;
        assert!(sentence.starts_with("task_success is +0.00 on average over 2 cases"), "{sentence}");
    }

    #[test]
    fn a_floor_under_nothing_that_was_marked_gives_no_verdict() {
        let samples = [case("a"), case("b")];
        let verdict = verdict(0.0, &samples, 2);
        let codes: Vec<&str> = verdict.findings.iter().map(|finding| finding.code.as_str()).collect();
        assert_eq!((verdict.exit, codes.as_slice()), (6, &["floor"][..]));
    }
}
