//! What each criterion of the rubrics did in one or more runs: how often it was asked, which marks it gave, and whether
//! it ever tells one answer from another.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::domain::{Area, Level, Slug, Trit};
use crate::score::TrialResult;

/// The criteria of every pipeline, each in its rubric's order.
#[derive(Debug, Default)]
pub struct CriteriaCounter {
    pipelines: BTreeMap<Slug, Vec<Count>>,
}

#[derive(Debug)]
struct Count {
    area: Area,
    criterion: Slug,
    level: Level,
    repeatable: bool,
    cases: BTreeSet<Slug>,
    /// Trials marked -1, 0 and 1.
    marks: [u64; 3],
}

/// One criterion over all trials that were counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CriterionCount {
    pub pipeline: Slug,
    pub area: Area,
    pub criterion: Slug,
    pub level: Level,
    /// Whether its mark depends on the trial and the case alone; if not, it also depends on what was accepted or on time.
    pub repeatable: bool,
    /// Cases that it gave a mark.
    pub cases: u64,
    /// Trials marked -1, 0 and 1.
    pub harmful: u64,
    pub incomplete: u64,
    pub useful: u64,
    /// Whether it gave more than one mark. One that never does tells no answer from another.
    pub discriminates: bool,
}

/// Why a criterion that never gave two different marks is still of use, or that nothing says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flat {
    /// It is about what was accepted, or about time and money, and everything was well.
    AsAccepted,
    /// It looks for harm that no agent did here.
    NoHarm,
    /// Nothing was there to be marked, or it marks all answers alike.
    TellsNothing,
}

impl CriterionCount {
    /// Why it gave no two different marks; `None` where it did.
    pub fn flat(&self) -> Option<Flat> {
        let well = self.only() == Some(Trit::Useful);
        match self.area {
            _ if self.discriminates => None,
            _ if well && !self.repeatable => Some(Flat::AsAccepted),
            Area::PermissionAdherence | Area::ToolCorrectness if well => Some(Flat::NoHarm),
            _ => Some(Flat::TellsNothing),
        }
    }

    /// The only mark it ever gave.
    pub fn only(&self) -> Option<Trit> {
        match (self.harmful, self.incomplete, self.useful) {
            (1.., 0, 0) => Some(Trit::Harmful),
            (0, 1.., 0) => Some(Trit::Incomplete),
            (0, 0, 1..) => Some(Trit::Useful),
            _ => None,
        }
    }
}

impl CriteriaCounter {
    pub fn add(&mut self, result: &TrialResult) {
        let counts = self.pipelines.entry(result.pipeline.clone()).or_default();
        for marked in &result.scored.criteria {
            let known = counts.iter().position(|one| one.area == marked.area && one.criterion == marked.criterion);
            let at = known.unwrap_or_else(|| {
                counts.push(Count {
                    area: marked.area,
                    criterion: marked.criterion.clone(),
                    level: marked.level,
                    repeatable: marked.repeatable,
                    cases: BTreeSet::new(),
                    marks: [0; 3],
                });
                counts.len() - 1
            });
            if let Some(trit) = marked.mark.trit() {
                counts[at].marks[trit as usize] += 1;
                counts[at].cases.insert(result.case.id.clone());
            }
        }
    }

    /// By pipeline, then in the order of the rubric.
    pub fn finish(self) -> Vec<CriterionCount> {
        let of_pipeline = |(pipeline, counts): (Slug, Vec<Count>)| {
            counts.into_iter().map(move |count| {
                let [harmful, incomplete, useful] = count.marks;
                CriterionCount {
                    pipeline: pipeline.clone(),
                    area: count.area,
                    criterion: count.criterion,
                    level: count.level,
                    repeatable: count.repeatable,
                    cases: count.cases.len() as u64,
                    harmful,
                    incomplete,
                    useful,
                    discriminates: count.marks.iter().filter(|&&n| n > 0).count() > 1,
                }
            })
        };
        self.pipelines.into_iter().flat_map(of_pipeline).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn counted(results: &[TrialResult]) -> Vec<CriterionCount> {
        let mut counter = CriteriaCounter::default();
        results.iter().for_each(|result| counter.add(result));
        counter.finish()
    }

    #[test]
    fn a_case_counts_once_and_its_repeats_each_give_a_mark() {
        let mut results = sample::passing().results;
        assert_eq!(results.len(), 2);
        let criteria = counted(&results);
        let of = |criteria: &[CriterionCount], id: &str| {
            criteria.iter().find(|one| one.criterion.as_str() == id).cloned().unwrap()
        };
        let category = of(&criteria, "category");
        assert_eq!((category.cases, category.harmful, category.incomplete, category.useful), (1, 0, 0, 2));
        assert_eq!((category.discriminates, category.only()), (false, Some(Trit::Useful)));
        let escalates = of(&criteria, "escalates");
        assert_eq!((escalates.cases, escalates.discriminates, escalates.only()), (0, false, None));

        results[1].scored.criteria[0].mark =
            crate::domain::Mark::Marked { trit: Trit::Harmful, why: "category is wrong".into() };
        let category = of(&counted(&results), "category");
        assert_eq!((category.harmful, category.useful, category.discriminates, category.only()), (1, 1, true, None));
    }

    #[test]
    fn a_criterion_that_never_differs_is_kept_for_a_reason_or_named_as_useless() {
        let one = |area, repeatable, [harmful, incomplete, useful]: [u64; 3]| CriterionCount {
            pipeline: Slug::new("triage").unwrap(),
            area,
            criterion: Slug::new("check").unwrap(),
            level: Level::Blocking,
            repeatable,
            cases: 9,
            harmful,
            incomplete,
            useful,
            discriminates: [harmful, incomplete, useful].iter().filter(|n| **n > 0).count() > 1,
        };
        for (area, repeatable, marks, flat) in [
            (Area::PermissionAdherence, true, [1, 0, 8], None),
            (Area::RegressionControl, false, [0, 0, 9], Some(Flat::AsAccepted)),
            (Area::RegressionControl, false, [9, 0, 0], Some(Flat::TellsNothing)),
            (Area::ToolCorrectness, true, [0, 0, 9], Some(Flat::NoHarm)),
            (Area::ToolCorrectness, true, [0, 9, 0], Some(Flat::TellsNothing)),
            (Area::TaskSuccess, true, [0, 0, 9], Some(Flat::TellsNothing)),
            (Area::PermissionAdherence, true, [0, 0, 0], Some(Flat::TellsNothing)),
        ] {
            assert_eq!(one(area, repeatable, marks).flat(), flat, "{area} {marks:?}");
        }
    }

    #[test]
    fn criteria_stand_by_pipeline_in_the_order_of_the_rubric() {
        assert!(counted(&sample::run().results).is_sorted_by_key(|one| one.pipeline.clone()));
        let result = &sample::passing().results[0];
        let asked: Vec<&Slug> = result.scored.criteria.iter().map(|one| &one.criterion).collect();
        let criteria = counted(std::slice::from_ref(result));
        assert!(asked.len() > 3);
        assert_eq!(criteria.iter().map(|one| &one.criterion).collect::<Vec<_>>(), asked);
    }
}
