//! What people marked, put together: one item a question about a trial, whoever and however many marked it.

use std::collections::BTreeMap;

use crate::domain::{Area, Label, LabelSource, Slug, Trit};

/// Who gave a mark that is no person.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Marker {
    Judge(Slug),
    /// The checks of the rubric.
    Checks,
}

/// A program's mark for one criterion of a trial that people marked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    pub by: Marker,
    /// Digest of the trial.
    pub trial: String,
    pub area: Area,
    pub criterion: Slug,
    /// `None` where it was not scored.
    pub mark: Option<Trit>,
}

/// One question about one trial, as people answered it.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    pub trial: String,
    pub case: Slug,
    pub area: Area,
    /// `None` where the area was marked as a whole.
    pub criterion: Option<Slug>,
    /// The latest mark of each reviewer, by name.
    pub people: BTreeMap<String, Trit>,
    /// The middle one of these; of two, the lower.
    pub human: Trit,
    /// Whether anybody marked it in a random audit.
    pub audit: bool,
    pub anchor: bool,
}

/// All items, by area, trial and criterion.
pub fn items(labels: &[Label]) -> Vec<Item> {
    let mut found: BTreeMap<(Area, &str, Option<&Slug>), Vec<&Label>> = BTreeMap::new();
    for label in labels {
        found.entry((label.area, &label.trial, label.criterion.as_ref())).or_default().push(label);
    }
    let item = |((area, trial, criterion), mut of): ((Area, &str, Option<&Slug>), Vec<&Label>)| {
        of.sort_by_key(|label| label.at);
        let people: BTreeMap<String, Trit> =
            of.iter().map(|label| (label.reviewer.trim().to_owned(), label.mark)).collect();
        let mut marks: Vec<Trit> = people.values().copied().collect();
        marks.sort_unstable();
        Some(Item {
            trial: trial.to_owned(),
            case: of.first()?.case.clone(),
            area,
            criterion: criterion.cloned(),
            human: *marks.get((marks.len().checked_sub(1)?) / 2)?,
            people,
            audit: of.iter().any(|label| matches!(label.source, LabelSource::Audit(_))),
            anchor: of.iter().any(|label| label.anchor),
        })
    };
    found.into_iter().filter_map(item).collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample::label;
    use super::*;
    use Trit::{Harmful, Incomplete, Useful};

    #[test]
    fn the_middle_mark_of_several_reviewers_counts_and_of_two_the_lower() {
        for (marks, human) in [
            (&[Useful][..], Useful),
            (&[Useful, Harmful], Harmful),
            (&[Useful, Harmful, Incomplete], Incomplete),
            (&[Useful, Useful, Harmful], Useful),
        ] {
            let labels: Vec<_> = marks.iter().zip(["a", "b", "c"]).map(|(mark, who)| label("t", who, *mark)).collect();
            let found = items(&labels);
            assert_eq!((found.len(), found[0].human), (1, human), "{marks:?}");
        }
    }

    #[test]
    fn who_marks_again_has_changed_their_mind() {
        let mut again = label("t", "a ", Useful);
        again.at = "2026-06-01T00:00:00Z".parse().unwrap();
        let found = items(&[again, label("t", "a", Harmful)]);
        assert_eq!((found[0].human, found[0].people.len()), (Useful, 1));
    }

    #[test]
    fn an_area_as_a_whole_is_another_question_than_one_of_its_criteria() {
        let mut one = label("t", "a", Useful);
        one.criterion = Some(Slug::new("reads-well").unwrap());
        assert_eq!(items(&[one, label("t", "a", Harmful)]).len(), 2);
    }
}
