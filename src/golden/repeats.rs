//! Snapshots of several repeats: how often each criterion got which mark, and how that moved.

use std::collections::BTreeMap;

use super::snapshot::Snapshot;
use crate::domain::{Area, Slug, Trit};

/// The marks of one criterion over the repeats, in their order; repeats in which it was not scored are left out.
pub type RepeatMarks<'s> = BTreeMap<(Area, &'s Slug), Vec<Trit>>;

/// Every criterion that was scored in any repeat.
pub fn marks(snapshot: &Snapshot) -> RepeatMarks<'_> {
    let mut marks = RepeatMarks::new();
    for behaviour in snapshot.by_repeat() {
        for (area, of_area) in &behaviour.marks {
            for (criterion, trit) in of_area {
                marks.entry((*area, criterion)).or_default().push(*trit);
            }
        }
    }
    marks
}

/// A criterion whose marks are others than before.
#[derive(Debug, Clone, PartialEq)]
pub struct Moved<'s> {
    pub area: Area,
    pub criterion: &'s Slug,
    /// Empty where the criterion was not scored.
    pub old: Vec<Trit>,
    pub new: Vec<Trit>,
}

impl Moved<'_> {
    /// Whether both sides were scored and the new mean is lower.
    pub fn fell(&self) -> bool {
        // Means of different counts, compared without a division.
        let sum = |marks: &[Trit]| marks.iter().map(|trit| i64::from(trit.value())).sum::<i64>();
        let times = |marks: &[Trit]| i64::try_from(marks.len()).unwrap_or(i64::MAX);
        let both = !self.old.is_empty() && !self.new.is_empty();
        both && sum(&self.new) * times(&self.old) < sum(&self.old) * times(&self.new)
    }

    /// Whether a repeat is at -1 now and none was.
    pub fn turned_harmful(&self) -> bool {
        self.new.contains(&Trit::Harmful) && !self.old.contains(&Trit::Harmful)
    }

    /// `area/criterion: +1 +1 +1 -> +1 0 -1`
    pub fn told(&self) -> String {
        let side = |marks: &[Trit]| match marks {
            [] => "not scored".to_owned(),
            marks => marks.iter().map(Trit::to_string).collect::<Vec<_>>().join(" "),
        };
        format!("{}/{}: {} -> {}", self.area, self.criterion, side(&self.old), side(&self.new))
    }
}

/// Criteria whose marks differ between two snapshots, whatever the order of the repeats; in the order of areas and
/// names. Without anything accepted, every criterion with a -1.
pub fn moved<'s>(accepted: Option<&'s Snapshot>, proposed: &'s Snapshot) -> Vec<Moved<'s>> {
    let mut old = accepted.map(marks).unwrap_or_default();
    let new = marks(proposed);
    let mut all: Vec<Moved> = new
        .into_iter()
        .map(|((area, criterion), new)| {
            let old = old.remove(&(area, criterion)).unwrap_or_default();
            Moved { area, criterion, old, new }
        })
        .collect();
    all.extend(old.into_iter().map(|((area, criterion), old)| Moved { area, criterion, old, new: Vec::new() }));
    all.retain(|moved| match accepted {
        Some(_) => sorted(&moved.old) != sorted(&moved.new),
        None => moved.turned_harmful(),
    });
    all.sort_by(|a, b| (a.area, a.criterion).cmp(&(b.area, b.criterion)));
    all
}

fn sorted(marks: &[Trit]) -> Vec<Trit> {
    let mut marks = marks.to_vec();
    marks.sort_unstable();
    marks
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::golden::Behaviour;

    fn one(output: &str, trit: Trit) -> Snapshot {
        let marks = [(Slug::new("category").unwrap(), trit)].into();
        let marks = [(Area::TaskSuccess, marks)].into();
        let behaviour = Behaviour { output: Some(json!(output)), calls: Vec::new(), marks };
        Snapshot { behaviour, ..Snapshot::default() }
    }

    fn of(repeats: &[(&str, Trit)]) -> Snapshot {
        let numbered = (1..).zip(repeats.iter().map(|(output, trit)| one(output, *trit)));
        Snapshot::of_repeats(numbered).unwrap()
    }

    #[test]
    fn what_most_repeats_did_comes_first_and_every_repeat_is_kept() {
        let snapshot =
            of(&[("a", Trit::Useful), ("b", Trit::Incomplete), ("b", Trit::Incomplete), ("a", Trit::Harmful)]);
        assert_eq!(snapshot.repeats, [2, 3]);
        let others: Vec<&[u32]> = snapshot.otherwise.iter().map(|variant| variant.repeats.as_slice()).collect();
        assert_eq!(others, [[1], [4]]);
        let outputs = snapshot.by_repeat().into_iter().map(|behaviour| behaviour.output.clone().unwrap());
        assert_eq!(outputs.collect::<Vec<_>>(), ["a", "b", "b", "a"]);
        assert_eq!(Snapshot::of_repeats([]), None);
    }

    #[test]
    fn a_snapshot_of_repeats_survives_its_file() {
        let mut snapshot = of(&[("a\n\nb\n", Trit::Useful), ("no", Trit::Incomplete), ("", Trit::Harmful)]);
        snapshot.otherwise[0].behaviour.output = None;
        snapshot.info.wall_ms = vec![12.5, 3.0, 1000.0];
        snapshot.info.cost_usd = vec![0.000_01, 0.0, 2.0];
        let text = snapshot.to_text("A title");
        assert_eq!(Snapshot::parse(&text).as_ref(), Ok(&snapshot), "{text}");
        assert_eq!(Snapshot::parse(&text).unwrap().to_text("A title"), text);
    }

    #[test]
    fn a_repeat_that_is_told_twice_is_an_error() {
        let text = of(&[("a", Trit::Useful), ("b", Trit::Useful)]).to_text("A title");
        for (from, to) in [("repeats: [2]", "repeats: [1]"), ("repeats: [2]", "repeats: []"), ("[1]", "[0]")] {
            let error = Snapshot::parse(&text.replace(from, to)).unwrap_err();
            assert!(error.to_string().contains("every repeat has a number"), "{error}");
        }
    }

    #[test]
    fn marks_are_compared_over_all_repeats_whatever_their_order() {
        let was = of(&[("a", Trit::Useful), ("b", Trit::Incomplete)]);
        let same = of(&[("b", Trit::Incomplete), ("a", Trit::Useful)]);
        assert_eq!(moved(Some(&was), &same), []);
        let worse = of(&[("a", Trit::Useful), ("a", Trit::Useful), ("c", Trit::Harmful)]);
        let found = moved(Some(&was), &worse);
        assert!(found[0].fell() && found[0].turned_harmful());
        assert_eq!(found[0].told(), "task_success/category: +1 0 -> +1 +1 -1");
        // Two of three are worth more than one of two.
        let better = of(&[("a", Trit::Useful), ("a", Trit::Useful), ("c", Trit::Incomplete)]);
        assert!(!moved(Some(&was), &better)[0].fell());
    }

    #[test]
    fn without_anything_accepted_only_harm_is_told() {
        assert_eq!(moved(None, &of(&[("a", Trit::Useful), ("b", Trit::Incomplete)])), []);
        assert!(moved(None, &of(&[("a", Trit::Useful), ("b", Trit::Harmful)]))[0].turned_harmful());
    }
}
