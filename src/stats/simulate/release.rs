//! One simulated release under the whole gate's rules: what is forbidden, the area tests of both stages, the second
//! only where the first settles nothing, the case-break rule with its re-runs, the bound that a pass needs, and the
//! floor.
//!
//! Knows chances, not cases: whoever simulates says how each case behaves before and after. What is run again because it
//! looks broken is looked at in that area alone; the gate also sees whether it does something forbidden in another.

use crate::domain::Trit;
use crate::stats::case_break::{MIN_REPEATS, repeats_needed, separated};
use crate::stats::mean::{mean, non_inferiority};
use crate::stats::multiplicity::{bonferroni, holm};
use crate::stats::permutation::{mean_change, within_case};
use crate::stats::random::Random;
use crate::stats::{Pair, Tally};

/// How a release is judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    /// In order; a stage is only reached where the one before it failed nothing and left an area open.
    pub stages: Vec<Stage>,
    /// How the area tests of a stage share its level.
    pub adjust: Adjust,
    pub case_break: Option<BreakRule>,
    /// Confidence of the one-sided bound that has to lie above minus the margin.
    pub conf: f64,
}

/// Candidate repeats so far, and the level of the area tests then.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stage {
    pub repeats: u64,
    pub alpha: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adjust {
    Holm,
    Bonferroni,
}

/// The case-break rule: level over all pairs of case and area, and the repeats beyond which nothing is run again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BreakRule {
    pub alpha: f64,
    pub max_repeats: u64,
}

/// How an area is tested.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tested {
    /// A mean change above minus this fails nothing, however certain.
    pub min_drop: f64,
    /// The drop that has to be excluded to pass, where one has to be.
    pub margin: Option<f64>,
    /// The lowest mean that may be released, where one is set.
    pub floor: Option<f64>,
}

/// Chances of −1 and of 1 in one repeat; 0 has the rest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Chances {
    pub minus: f64,
    pub plus: f64,
}

/// One case in one area: how it behaves before and after.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Behaviour {
    pub baseline: Chances,
    /// Baseline repeats.
    pub repeats: u64,
    pub candidate: Chances,
    /// Cases with the same number move together; `None` if nothing is known of that.
    pub cluster: Option<usize>,
    /// One repeat with this score or a worse one fails.
    pub forbidden: Option<Trit>,
}

/// One area with its cases.
#[derive(Debug, Clone, PartialEq)]
pub struct AreaModel {
    pub tested: Option<Tested>,
    pub cases: Vec<Behaviour>,
}

/// What became of an area.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Nothing was found against it, and what had to be excluded was.
    Passed,
    /// Nothing failed, but a drop as large as the margin is not excluded, or a case that seems broken could not be
    /// repeated often enough.
    Undecided,
    Failed(Cause),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    Forbidden,
    AreaTest,
    CaseBreak,
    Floor,
}

/// Where the repeats of a release come from.
pub trait Repeats {
    /// What was accepted of a case in an area, by their places.
    fn accepted(&mut self, place: (usize, usize), case: &Behaviour) -> Tally;

    /// The candidate's repeats behind the first `had`, until there are `to`.
    fn candidate(&mut self, place: (usize, usize), case: &Behaviour, had: u64, to: u64) -> Tally;
}

/// Draws them by their chances.
impl Repeats for Random {
    fn accepted(&mut self, _: (usize, usize), case: &Behaviour) -> Tally {
        case.baseline.repeat(case.repeats, self)
    }

    fn candidate(&mut self, _: (usize, usize), case: &Behaviour, had: u64, to: u64) -> Tally {
        case.candidate.repeat(to - had, self)
    }
}

impl Chances {
    /// The shares among these repeats; never anything without repeats.
    pub fn of(tally: &Tally) -> Chances {
        let share = |count: u32| f64::from(count) / (tally.count() as f64).max(1.0);
        Chances { minus: share(tally.minus), plus: share(tally.plus) }
    }

    fn repeat(&self, times: u64, random: &mut Random) -> Tally {
        let score = |at: f64| match at {
            at if at < self.plus => Trit::Useful,
            // The shares may add up to a little less than 1 where there is no 0.
            at if at < self.plus + self.minus || self.plus + self.minus > 1.0 - 1e-9 => Trit::Harmful,
            _ => Trit::Incomplete,
        };
        (0..times).map(|_| score(random.unit())).collect()
    }
}

/// One case × area: what was seen of both sides.
struct Seen<'m> {
    place: (usize, usize),
    case: &'m Behaviour,
    pair: Pair,
}

impl Seen<'_> {
    fn is_forbidden(&self) -> bool {
        self.case.forbidden.zip(self.pair.candidate.worst()).is_some_and(|(limit, worst)| worst <= limit)
    }

    fn grow(&mut self, to: u64, repeats: &mut impl Repeats) {
        let had = self.pair.candidate.count();
        if had < to {
            self.pair.candidate = self.pair.candidate + repeats.candidate(self.place, self.case, had, to);
        }
    }
}

struct Watched<'m> {
    tested: Option<Tested>,
    seen: Vec<Seen<'m>>,
    fate: Fate,
}

impl Watched<'_> {
    fn failed(&self) -> bool {
        matches!(self.fate, Fate::Failed(_))
    }

    fn check_forbidden(&mut self) {
        if self.seen.iter().any(Seen::is_forbidden) {
            self.fate = Fate::Failed(Cause::Forbidden);
        }
    }

    fn changes(&self) -> Vec<f64> {
        self.seen.iter().filter_map(|seen| seen.pair.change()).collect()
    }

    fn pairs(&self) -> Vec<Pair> {
        self.seen.iter().map(|seen| seen.pair).collect()
    }

    fn p_worse(&self) -> f64 {
        within_case(&self.pairs()).map_or(1.0, |test| test.p_worse)
    }

    /// Whether the bound at this confidence leaves no room for a drop of the margin.
    fn excludes(&self, margin: f64, conf: f64) -> bool {
        let clusters: Option<Vec<usize>> = self.seen.iter().map(|seen| seen.case.cluster).collect();
        let found = non_inferiority(&self.changes(), &clusters.unwrap_or_default(), conf);
        found.is_some_and(|found| found.lower > -margin)
    }

    /// Whether the candidate's mean lies below the floor.
    fn is_low(&self) -> bool {
        let means: Vec<f64> = self.seen.iter().filter_map(|seen| seen.pair.candidate.mean()).collect();
        self.tested.and_then(|tested| tested.floor).zip(mean(&means)).is_some_and(|(floor, mean)| mean < floor)
    }

    /// Whether no further stage is called for.
    fn settled(&self, conf: f64) -> bool {
        match self.tested.map(|tested| tested.margin) {
            None => true,
            Some(Some(margin)) => self.excludes(margin, conf),
            Some(None) => mean_change(&self.pairs()).is_none_or(|change| change >= 0.0),
        }
    }
}

/// Repeats one release as its rules want it and judges it: the fate of each area. A release with a failed area fails;
/// the areas beside it are then not looked at further. One without, but with an undecided area, gives no verdict.
pub fn release(areas: &[AreaModel], rules: &Rules, repeats: &mut impl Repeats) -> Vec<Fate> {
    let mut watched: Vec<Watched> = areas.iter().enumerate().map(|(at, area)| watch(at, area, repeats)).collect();
    for stage in &rules.stages {
        for area in &mut watched {
            area.seen.iter_mut().for_each(|seen| seen.grow(stage.repeats, repeats));
            area.check_forbidden();
        }
        if !watched.iter().any(Watched::failed) {
            test(&mut watched, rules.adjust, stage.alpha);
        }
        if watched.iter().any(Watched::failed) {
            return fates(&watched);
        }
        // Looked at twice, a bound has to hold at the confidence that goes with the stage's level.
        let conf = rules.conf.max(1.0 - stage.alpha);
        if watched.iter().all(|area| area.settled(conf)) {
            break;
        }
    }
    for area in &mut watched {
        let margin = area.tested.and_then(|tested| tested.margin);
        if margin.is_some_and(|margin| !area.excludes(margin, rules.conf)) {
            area.fate = Fate::Undecided;
        }
    }
    if let Some(rule) = rules.case_break {
        look_for_breaks(&mut watched, rule, repeats);
    }
    for area in watched.iter_mut().filter(|area| !area.failed() && area.is_low()) {
        area.fate = Fate::Failed(Cause::Floor);
    }
    fates(&watched)
}

fn fates(watched: &[Watched]) -> Vec<Fate> {
    watched.iter().map(|area| area.fate).collect()
}

fn watch<'m>(at: usize, area: &'m AreaModel, repeats: &mut impl Repeats) -> Watched<'m> {
    let seen = area.cases.iter().enumerate().map(|(n, case)| {
        let baseline = repeats.accepted((at, n), case);
        Seen { place: (at, n), case, pair: Pair { baseline, candidate: Tally::default() } }
    });
    Watched { tested: area.tested, seen: seen.collect(), fate: Fate::Passed }
}

/// The area tests of a stage, of the areas in which anything varies: the others cannot fail, and take no part of the
/// level.
fn test(watched: &mut [Watched], adjust: Adjust, alpha: f64) {
    let tested = |area| {
        let area: &mut Watched = area;
        let pairs = area.pairs();
        let change = mean_change(&pairs).filter(|_| pairs.iter().any(Pair::varies))?;
        let fell = change < 0.0 && change <= -area.tested?.min_drop;
        Some((area, fell))
    };
    let mut tested: Vec<(&mut Watched, bool)> = watched.iter_mut().filter_map(tested).collect();
    // Where no mean fell far enough nothing can fail, whatever the p.
    if !tested.iter().any(|(_, fell)| *fell) {
        return;
    }
    let p: Vec<f64> = tested.iter().map(|(area, _)| area.p_worse()).collect();
    let adjusted = match adjust {
        Adjust::Holm => holm(&p),
        Adjust::Bonferroni => bonferroni(&p),
    };
    for ((area, fell), p) in tested.iter_mut().zip(adjusted) {
        if *fell && p <= alpha {
            area.fate = Fate::Failed(Cause::AreaTest);
        }
    }
}

/// The case-break rule over the areas with a margin: what looks broken is repeated as often as the rule looks at, and then as
/// often as it takes.
fn look_for_breaks(watched: &mut [Watched], rule: BreakRule, repeats: &mut impl Repeats) {
    let tested = |area: &&mut Watched| area.tested.is_some_and(|tested| tested.margin.is_some());
    let pairs = watched.iter_mut().filter(tested).map(|area| area.seen.len() as u64).sum();
    for area in watched.iter_mut().filter(tested) {
        for seen in &mut area.seen {
            // Too few accepted repeats prove nothing, and are only pointed at.
            let accepted = seen.pair.baseline.count();
            let proof = repeats_needed(pairs, accepted, rule.alpha).filter(|_| accepted >= MIN_REPEATS);
            let Some(needed) = proof.map(|needed| needed.candidate) else { continue };
            for to in [MIN_REPEATS, needed] {
                if separated(&seen.pair) {
                    seen.grow(to.min(rule.max_repeats), repeats);
                }
            }
            match separated(&seen.pair) {
                _ if seen.is_forbidden() => area.fate = Fate::Failed(Cause::Forbidden),
                true if seen.pair.candidate.count() >= needed => area.fate = Fate::Failed(Cause::CaseBreak),
                true if area.fate == Fate::Passed => area.fate = Fate::Undecided,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SURE: Chances = Chances { minus: 0.0, plus: 1.0 };
    const DEAD: Chances = Chances { minus: 1.0, plus: 0.0 };

    fn rules() -> Rules {
        Rules {
            stages: vec![Stage { repeats: 2, alpha: 0.01 }, Stage { repeats: 5, alpha: 0.04 }],
            adjust: Adjust::Holm,
            case_break: Some(BreakRule { alpha: 0.01, max_repeats: 25 }),
            conf: 0.95,
        }
    }

    fn area((tested, forbidden): (Option<Tested>, Option<Trit>), cases: usize, dead: usize) -> AreaModel {
        let case = |n| {
            let candidate = if n < dead { DEAD } else { SURE };
            Behaviour { baseline: SURE, repeats: 5, candidate, cluster: None, forbidden }
        };
        AreaModel { tested, cases: (0..cases).map(case).collect() }
    }

    fn tested(min_drop: f64, margin: f64) -> (Option<Tested>, Option<Trit>) {
        (Some(Tested { min_drop, margin: Some(margin), floor: None }), None)
    }

    #[track_caller]
    fn check(area: AreaModel, rules: &Rules, expected: Fate) {
        assert_eq!(release(&[area], rules, &mut Random::new(1)), [expected]);
    }

    #[test]
    fn nothing_that_changed_passes_where_the_margin_is_excluded() {
        check(area(tested(0.05, 0.2), 60, 0), &rules(), Fate::Passed);
        check(area(tested(0.05, 0.2), 10, 0), &rules(), Fate::Undecided);
        check(area((None, None), 10, 10), &rules(), Fate::Passed);
    }

    #[test]
    fn many_dead_cases_fail_the_area_and_one_is_a_break() {
        check(area(tested(0.05, 0.2), 60, 12), &rules(), Fate::Failed(Cause::AreaTest));
        check(area(tested(0.05, 0.2), 60, 1), &rules(), Fate::Failed(Cause::CaseBreak));
        // Without the rule one dead case is lost in the mean.
        check(area(tested(0.05, 0.2), 60, 1), &Rules { case_break: None, ..rules() }, Fate::Passed);
    }

    #[test]
    fn a_drop_that_is_too_small_to_matter_fails_no_area() {
        check(area(tested(0.5, 2.0), 60, 12), &Rules { case_break: None, ..rules() }, Fate::Passed);
    }

    #[test]
    fn a_break_that_may_not_be_repeated_often_enough_is_undecided() {
        let capped = Rules { case_break: Some(BreakRule { alpha: 0.01, max_repeats: 6 }), ..rules() };
        check(area(tested(0.05, 0.2), 60, 1), &capped, Fate::Undecided);
    }

    #[test]
    fn what_is_forbidden_fails_in_any_repeat() {
        let zero = (None, Some(Trit::Harmful));
        check(area(zero, 60, 1), &rules(), Fate::Failed(Cause::Forbidden));
        check(area(zero, 60, 0), &rules(), Fate::Passed);
    }

    #[test]
    fn a_mean_below_the_floor_fails_though_nothing_fell() {
        let at = |floor| {
            let mut area = area(tested(0.05, 0.5), 60, 0);
            area.tested = area.tested.map(|tested| Tested { floor: Some(floor), ..tested });
            // A mean of exactly 0.5.
            for case in area.cases.iter_mut().step_by(2) {
                (case.baseline, case.candidate) =
                    (Chances { minus: 0.0, plus: 0.0 }, Chances { minus: 0.0, plus: 0.0 });
            }
            area
        };
        check(at(0.5), &rules(), Fate::Passed);
        check(at(0.51), &rules(), Fate::Failed(Cause::Floor));
    }

    #[test]
    fn a_second_stage_is_only_run_where_the_first_left_something_open() {
        // A −1 in one of five repeats is met by two repeats or by five.
        let rare = |tested: Option<Tested>| {
            let mut area = area((tested, Some(Trit::Harmful)), 200, 0);
            area.cases[0].candidate = Chances { minus: 0.2, plus: 0.8 };
            let met = Fate::Failed(Cause::Forbidden);
            (0..1000).filter(|seed| release(&[area.clone()], &rules(), &mut Random::new(*seed)) == [met]).count()
        };
        let (two, five) = (rare(None), rare(Some(Tested { min_drop: 0.05, margin: Some(0.02), floor: None })));
        assert!(two.abs_diff(360) < 60, "1 − 0.8²: {two}");
        assert!(five.abs_diff(672) < 60, "1 − 0.8⁵: {five}");
    }

    #[test]
    fn shares_of_repeats_are_drawn_as_they_were_seen() {
        let tally = Tally { minus: 1, zero: 0, plus: 2 };
        let drawn = Chances::of(&tally).repeat(30_000, &mut Random::new(5));
        assert_eq!(drawn.zero, 0, "what never happened is not drawn");
        assert!(drawn.minus.abs_diff(10_000) < 300, "{drawn:?}");
    }
}
