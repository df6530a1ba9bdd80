//! From the marks of an area's criteria to the mark of the area.

use super::judge::Aside;
use super::result::{CriterionMark, Held};
use super::shown;
use crate::domain::{Area, Combine, Level, Mark, Trit};
use crate::golden::Comparison;

/// The area's mark: its blocking criteria that were scored, combined. The sentence is the deciding criterion's.
pub fn area_mark(area: Area, combine: Combine, criteria: &[CriterionMark]) -> Mark {
    let blocking = criteria.iter().filter(|c| c.area == area && c.level == Level::Blocking);
    let scored = blocking.clone().filter_map(|c| Some((c.mark.trit()?, c)));
    let Some(trit) = combined(combine, scored.clone().map(|(trit, _)| trit)) else {
        return Mark::NotScored { reason: shown::sentence(nothing_scored(&blocking.collect::<Vec<_>>())) };
    };
    Mark::Marked { trit, why: shown::sentence(why(trit, combine, scored)) }
}

/// The area's mark in a trial whose target failed: only one that nothing else could have changed.
pub fn settled_mark(area: Area, combine: Combine, criteria: &[CriterionMark]) -> Mark {
    match area_mark(area, combine, criteria) {
        Mark::Marked { trit, .. } if combine != Combine::Worst || trit > Trit::Harmful => {
            Mark::NotScored { reason: "the target failed".to_owned() }
        }
        mark => mark,
    }
}

/// The area's mark then and now, over the criteria that both the snapshot and the trial hold a mark for.
/// `aside`: criteria whose marks were not compared.
pub fn held(
    area: Area,
    combine: Combine,
    criteria: &[CriterionMark],
    comparison: &Comparison,
    aside: &Aside,
) -> Option<Held> {
    let moved = match comparison {
        Comparison::Same => &[][..],
        Comparison::Changed(difference) => &difference.marks,
        Comparison::New | Comparison::NotCompared => return None,
    };
    let held = criteria.iter().filter(|c| c.area == area && c.is_held());
    let held = held.filter(|c| aside.is_empty() || !aside.contains(&(c.area, c.criterion.clone())));
    let then_and_now = held.filter_map(|criterion| {
        let moved = moved.iter().find(|mark| mark.area == area && mark.criterion == criterion.criterion);
        match moved {
            Some(mark) => mark.old.zip(mark.new),
            None => criterion.mark.trit().map(|trit| (trit, trit)),
        }
    });
    let was = combined(combine, then_and_now.clone().map(|(was, _)| was))?;
    Some(Held { was, now: combined(combine, then_and_now.map(|(_, now)| now))? })
}

/// `None` of no marks; the order of the marks does not matter.
pub fn combined(combine: Combine, marks: impl Iterator<Item = Trit>) -> Option<Trit> {
    let (mut harmful, mut incomplete, mut useful) = (0, 0, 0);
    for trit in marks {
        match trit {
            Trit::Harmful => harmful += 1,
            Trit::Incomplete => incomplete += 1,
            Trit::Useful => useful += 1,
        }
    }
    let all = harmful + incomplete + useful;
    if all == 0 {
        return None;
    }
    Some(match combine {
        Combine::Worst if harmful > 0 => Trit::Harmful,
        Combine::Worst if useful == all => Trit::Useful,
        Combine::Worst => Trit::Incomplete,
        Combine::Majority if useful * 2 > all => Trit::Useful,
        Combine::Majority if harmful > 0 && harmful >= incomplete.max(useful) => Trit::Harmful,
        Combine::Majority => Trit::Incomplete,
    })
}

fn why<'c>(trit: Trit, combine: Combine, scored: impl Iterator<Item = (Trit, &'c CriterionMark)> + Clone) -> String {
    let all = scored.clone().count();
    let mut alike = scored.filter(|(t, _)| *t == trit).map(|(_, criterion)| criterion);
    if trit == Trit::Useful {
        return format!("{} of {all} criteria met", alike.count());
    }
    match (combine, alike.next(), alike.count()) {
        (_, None, _) => format!("no mark has a majority among {all} criteria"),
        (Combine::Worst, Some(only), 0) => format!("{}: {}", only.criterion, only.mark.why()),
        (_, Some(first), more) => {
            let others = match combine {
                Combine::Majority => format!(" ({} of {all} criteria at {trit})", more + 1),
                Combine::Worst => format!(" (and {more} more at {trit})"),
            };
            // The count must survive the bound on the sentence, so the quoted reason gives way.
            format!("{}: {}{others}", first.criterion, shown::cut(first.mark.why(), 200))
        }
    }
}

fn nothing_scored(blocking: &[&CriterionMark]) -> String {
    match blocking {
        [] => "the area has advisory criteria only".to_owned(),
        [only] => only.mark.why().to_owned(),
        [first, ..] => {
            format!("none of {} criteria was scored, e.g. {}: {}", blocking.len(), first.criterion, first.mark.why())
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::Slug;

    fn criterion(n: usize, level: Level, mark: Option<i8>) -> CriterionMark {
        CriterionMark {
            area: Area::TaskSuccess,
            criterion: Slug::new(&format!("c{n}")).unwrap(),
            level,
            repeatable: true,
            mark: match mark {
                Some(value) => Mark::Marked { trit: Trit::try_from(value).unwrap(), why: format!("reason {n}") },
                None => Mark::NotScored { reason: format!("absence {n}") },
            },
            judged: None,
        }
    }

    fn check(combine: Combine, marks: &[Option<i8>], trit: Option<i8>, why: &str) {
        let criteria: Vec<_> = marks.iter().enumerate().map(|(n, &m)| criterion(n, Level::Blocking, m)).collect();
        let mark = area_mark(Area::TaskSuccess, combine, &criteria);
        assert_eq!(mark.trit().map(Trit::value), trit, "{marks:?}");
        assert_eq!(mark.why(), why, "{marks:?}");
    }

    #[test]
    fn the_worst_mark_decides_and_gives_its_reason() {
        check(Combine::Worst, &[Some(1), Some(-1), Some(0)], Some(-1), "c1: reason 1");
        check(Combine::Worst, &[Some(-1), Some(-1)], Some(-1), "c0: reason 0 (and 1 more at -1)");
        check(Combine::Worst, &[Some(1), Some(0)], Some(0), "c1: reason 1");
        check(Combine::Worst, &[Some(1), None, Some(1)], Some(1), "2 of 2 criteria met");
    }

    #[test]
    fn a_majority_needs_more_than_half_and_harm_wins_a_tie() {
        check(Combine::Majority, &[Some(1), Some(1), Some(-1)], Some(1), "2 of 3 criteria met");
        check(Combine::Majority, &[Some(1), Some(-1)], Some(-1), "c1: reason 1 (1 of 2 criteria at -1)");
        check(
            Combine::Majority,
            &[Some(1), Some(1), Some(0), Some(-1)],
            Some(0),
            "c2: reason 2 (1 of 4 criteria at 0)",
        );
        check(
            Combine::Majority,
            &[Some(1), Some(1), Some(-1), Some(-1)],
            Some(-1),
            "c2: reason 2 (2 of 4 criteria at -1)",
        );
    }

    #[test]
    fn criteria_that_were_not_scored_never_become_a_mark() {
        check(Combine::Worst, &[None], None, "absence 0");
        check(Combine::Worst, &[None, None], None, "none of 2 criteria was scored, e.g. c0: absence 0");
        check(Combine::Majority, &[], None, "the area has advisory criteria only");
    }

    #[test]
    fn advisory_criteria_never_enter_the_mark() {
        let criteria = [criterion(0, Level::Advisory, Some(-1)), criterion(1, Level::Blocking, Some(1))];
        assert_eq!(area_mark(Area::TaskSuccess, Combine::Worst, &criteria).trit(), Some(Trit::Useful));
        assert_eq!(area_mark(Area::TaskSuccess, Combine::Worst, &criteria[..1]).trit(), None);
        assert_eq!(area_mark(Area::ReviewerBurden, Combine::Worst, &criteria).trit(), None);
    }

    proptest! {
        #[test]
        fn the_order_of_the_criteria_does_not_change_the_mark(
            marks in prop::collection::vec(prop::option::of(-1i8..=1), 0..9),
            seed in any::<u64>(),
            majority in any::<bool>(),
        ) {
            let combine = if majority { Combine::Majority } else { Combine::Worst };
            let criteria: Vec<_> = marks.iter().enumerate().map(|(n, &m)| criterion(n, Level::Blocking, m)).collect();
            let mut shuffled = criteria.clone();
            shuffled.sort_by_key(|c| blake3::hash(format!("{seed}{}", c.criterion).as_bytes()).to_hex());
            prop_assert_eq!(
                area_mark(Area::TaskSuccess, combine, &criteria).trit(),
                area_mark(Area::TaskSuccess, combine, &shuffled).trit()
            );
        }
    }
}
