//! Judges whose marks block, held against who may gate on the day of judging: a licence may have ended since the marks
//! were given.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::finding::Found;
use crate::calibration::Licence;
use crate::domain::{Area, Level, Policy, Slug};
use crate::score::TrialResult;

/// What a judge may do in one area, on the day of judging.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LicenceLine {
    pub judge: Slug,
    pub area: Area,
    pub licence: Licence,
}

/// Where judges gave marks that block.
#[derive(Default)]
pub struct Blocking(BTreeSet<(Area, Slug)>);

impl Blocking {
    pub fn observe(&mut self, result: &TrialResult) {
        for criterion in result.scored.criteria.iter().filter(|criterion| criterion.level == Level::Blocking) {
            let Some(judged) = &criterion.judged else { continue };
            // Of a judge that had no licence when it was scored, that is told already.
            if criterion.mark.trit().is_some() && judged.demoted.is_none() && judged.barred.is_none() {
                self.0.insert((criterion.area, judged.judge.clone()));
            }
        }
    }

    /// That marks stand as blocking which may not be today. A pair without a line has no licence.
    pub fn findings(&self, policy: &Policy, licences: &[LicenceLine]) -> Vec<Found> {
        let mut found = Vec::new();
        for (area, judge) in &self.0 {
            let line = licences.iter().find(|line| line.judge == *judge && line.area == *area);
            let why = match line.map(|line| &line.licence) {
                Some(Licence::Licensed(_)) => continue,
                Some(Licence::Refused(why)) => why.clone(),
                None => format!(
                    "its marks have not been held against those of people; `evalgate calibrate {judge}` does it"
                ),
            };
            let brief = format!("{area} was gated by the judge {judge}, which is not licensed for it today");
            let rest = format!(": {why}. `evalgate score` marks the run again, without it.");
            found.push(Found::undecided(policy, "judge_not_licensed", &brief, &rest).in_area(*area));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::sample::{case, policy, slug};
    use crate::gate::verdict::FindingWeight;
    use crate::score::judge::Judged;

    fn judged() -> TrialResult {
        let mut result = case("c").marked(Area::TaskSuccess, 1).done();
        let criterion = result.scored.criteria.iter_mut().find(|mark| mark.area == Area::TaskSuccess).unwrap();
        let careful = serde_json::json!({"judge": "careful", "question": "q", "asked": 1});
        criterion.judged = Some(serde_json::from_value::<Box<Judged>>(careful).unwrap());
        result
    }

    fn line(licence: Licence) -> LicenceLine {
        LicenceLine { judge: slug("careful"), area: Area::TaskSuccess, licence }
    }

    #[test]
    fn marks_that_block_need_a_licence_of_the_day() {
        let mut blocking = Blocking::default();
        blocking.observe(&judged());
        let held = line(Licence::Licensed("well".into()));
        assert!(blocking.findings(&policy(), &[held]).is_empty());
        let void = line(Licence::Refused("it is too old".into()));
        for (lines, why) in [(vec![void], "it is too old"), (Vec::new(), "have not been held against those of people")]
        {
            let found = blocking.findings(&policy(), &lines);
            assert_eq!((found.len(), found[0].finding.weight), (1, FindingWeight::Inconclusive));
            assert!(found[0].finding.sentence.contains(why), "{}", found[0].finding.sentence);
        }
    }

    #[test]
    fn advisory_marks_need_none() {
        let mut advisory = judged();
        advisory.scored.criteria.iter_mut().for_each(|mark| mark.level = Level::Advisory);
        let mut blocking = Blocking::default();
        blocking.observe(&advisory);
        blocking.observe(&case("d").marked(Area::TaskSuccess, 1).done());
        assert!(blocking.findings(&policy(), &[]).is_empty());
    }
}
