//! What people ruled on single trials: their word stands where a judge alone may not decide.

use std::collections::BTreeMap;

use super::items::items;
use crate::domain::{Area, Label, Slug, Trial, Trit};

/// Marks of people by trial, area and question.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rulings(BTreeMap<String, Vec<(Area, Option<Slug>, Trit)>>);

impl Rulings {
    pub fn of(labels: &[Label]) -> Self {
        let mut rulings = Self::default();
        for item in items(labels) {
            rulings.0.entry(item.trial).or_default().push((item.area, item.criterion, item.human));
        }
        rulings
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As [`Rulings::on`], of a trial at hand.
    pub fn of_trial(&self, trial: &Trial, area: Area, criterion: &Slug) -> Option<Trit> {
        if self.is_empty() {
            return None;
        }
        self.on(&Label::digest(&Label::kept(trial).ok()?), area, criterion)
    }

    /// What people say of the criterion on this trial, and where they were not asked about it, of its area. `trial`: its
    /// digest.
    pub fn on(&self, trial: &str, area: Area, criterion: &Slug) -> Option<Trit> {
        let of_trial = || self.0.get(trial).into_iter().flatten().filter(move |ruled| ruled.0 == area);
        let asked = of_trial().find(|ruled| ruled.1.as_ref() == Some(criterion));
        asked.or_else(|| of_trial().find(|ruled| ruled.1.is_none())).map(|ruled| ruled.2)
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{label, slug};
    use super::*;
    use Trit::{Harmful, Useful};

    #[test]
    fn a_word_about_the_criterion_goes_before_one_about_its_area() {
        let mut own = label("t", "ada", Useful);
        own.criterion = Some(slug("tone"));
        let rulings = Rulings::of(&[own, label("t", "ada", Harmful)]);
        let on = |trial: &str, criterion: &str| rulings.on(trial, Area::EvidenceQuality, &slug(criterion));
        assert_eq!((on("t", "tone"), on("t", "sourced"), on("u", "tone")), (Some(Useful), Some(Harmful), None));
        assert_eq!(rulings.on("t", Area::TaskSuccess, &slug("tone")), None);
    }
}
