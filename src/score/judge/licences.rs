//! Which judges may gate which areas. Nobody is licensed who is not in here.

use std::collections::BTreeMap;

use crate::domain::{Area, Slug};

/// Why no judge gates anything of its own accord.
const NOT_CALIBRATED: &str = "its marks have not been held against those of people";

/// Judge and area, with what speaks for or against it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Licences {
    by_area: BTreeMap<(Slug, Area), Result<(), String>>,
    /// Judges that may gate nothing, whatever stands above.
    barred: BTreeMap<Slug, String>,
    /// Who each judge is today, hex.
    identities: BTreeMap<Slug, String>,
}

impl Licences {
    /// Notes whether a judge may gate an area; if not, a clause that says why: `only 40 of 100 labels`.
    pub fn set(&mut self, judge: &Slug, area: Area, licensed: Result<(), String>) {
        self.by_area.insert((judge.clone(), area), licensed);
    }

    /// Takes every licence of a judge away, with a clause that says why.
    pub fn bar(&mut self, judge: &Slug, why: impl Into<String>) {
        self.barred.insert(judge.clone(), why.into());
    }

    /// Says who a judge is today: accepted marks of another are not compared.
    pub fn identify(&mut self, judge: &Slug, identity: impl Into<String>) {
        self.identities.insert(judge.clone(), identity.into());
    }

    /// Who a judge is today, as far as anybody said.
    pub fn identity(&self, judge: &Slug) -> Option<&str> {
        self.identities.get(judge).map(String::as_str)
    }

    /// Why the judge may gate nothing.
    pub fn barred(&self, judge: &Slug) -> Option<&str> {
        self.barred.get(judge).map(String::as_str)
    }

    /// Whether the judge may gate the area, or why not.
    pub fn of(&self, judge: &Slug, area: Area) -> Result<(), &str> {
        if let Some(why) = self.barred.get(judge) {
            return Err(why);
        }
        match self.by_area.get(&(judge.clone(), area)) {
            Some(licensed) => licensed.as_ref().copied().map_err(String::as_str),
            None => Err(NOT_CALIBRATED),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_licensed_without_a_word_and_a_bar_goes_before_everything() {
        let (careful, area) = (Slug::new("careful").unwrap(), Area::TaskSuccess);
        let mut licences = Licences::default();
        assert_eq!(licences.of(&careful, area), Err(NOT_CALIBRATED));
        licences.set(&careful, area, Ok(()));
        assert_eq!(licences.of(&careful, area), Ok(()));
        assert_eq!(licences.of(&careful, Area::EvidenceQuality), Err(NOT_CALIBRATED));
        licences.bar(&careful, "it is the model under test");
        assert_eq!(licences.of(&careful, area), Err("it is the model under test"));
    }
}
