//! Which judge may gate which area on the day of judging, and why another may not.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Area, Slug};

/// Whether a judge may gate an area.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Licence {
    /// A calibration says that it agrees with people well enough; with the numbers, as a sentence.
    Licensed(String),
    /// Its marks are advisory: a sentence with the numbers and the command that helps.
    Refused(String),
}

/// Every licence of a day, by judge and area. A pair that is not listed has none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Licences(BTreeMap<(Slug, Area), Licence>);

impl Licences {
    pub fn set(&mut self, judge: Slug, area: Area, licence: Licence) {
        self.0.insert((judge, area), licence);
    }

    /// Whether the judge may gate the area. The error is the sentence that says why not.
    pub fn of(&self, judge: &Slug, area: Area) -> Result<(), String> {
        match self.0.get(&(judge.clone(), area)) {
            Some(Licence::Licensed(_)) => Ok(()),
            Some(Licence::Refused(why)) => Err(why.clone()),
            None => Err(format!(
                "{judge} may not gate {area}: it was never calibrated. `evalgate calibrate {judge}` does it."
            )),
        }
    }

    /// All of them, by judge and then in the areas' order.
    pub fn iter(&self) -> impl Iterator<Item = (&Slug, Area, &Licence)> {
        self.0.iter().map(|((judge, area), licence)| (judge, *area, licence))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_judge_that_nobody_calibrated_gates_nothing() {
        let (judge, mut licences) = (Slug::new("careful").unwrap(), Licences::default());
        let area = Area::EvidenceQuality;
        assert!(licences.of(&judge, area).unwrap_err().contains("evalgate calibrate careful"));
        licences.set(judge.clone(), area, Licence::Refused("too few".to_owned()));
        assert_eq!(licences.of(&judge, area), Err("too few".to_owned()));
        licences.set(judge.clone(), area, Licence::Licensed("well".to_owned()));
        assert_eq!(licences.of(&judge, area), Ok(()));
        assert!(licences.of(&judge, Area::TaskSuccess).is_err());
    }
}
