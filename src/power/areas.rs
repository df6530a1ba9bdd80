//! What each area can see: variance from the baseline's repeats, the drop that shows in it, and what is needed for more.

use super::itself::{AgainstItself, counted};
use super::result::{Ability, Accused, AreaPower, Needed, Regime};
use super::{POWER, Question, rules, sentences};
use crate::domain::{Area, AreaGate, Slug, Trit};
use crate::stats::Tally;
use crate::stats::mean::{mean, student};
use crate::stats::power::{Components, Design, components};
use crate::stats::proportion::zero_failures_needed;

/// How alike two versions of an agent are assumed to be in which cases they do well: the correlation of their case
/// means. A baseline alone cannot tell.
const ALIKE: f64 = 0.75;

/// An area that leaves more unchanged releases than this without a verdict cannot gate.
const UNDECIDED: f64 = 1.0 - POWER;

pub fn all(question: &Question, regime: Regime, itself: Option<&AgainstItself>) -> Vec<AreaPower> {
    let marked = |area: Area| question.baseline.cases.values().any(|case| case.areas.contains_key(&area));
    let asked = |area: &Area| question.policy.areas.contains_key(area) || marked(*area);
    let tests = question.policy.areas.values().filter(|rules| rules.gate.holds()).count();
    let of = |area| one(question, area, regime, tests as f64, itself);
    Area::ALL.into_iter().filter(asked).map(of).collect()
}

fn one(question: &Question, area: Area, regime: Regime, tests: f64, itself: Option<&AgainstItself>) -> AreaPower {
    let cases: Vec<(&Slug, Tally)> = counted(question, area).collect();
    let tallies: Vec<Tally> = cases.iter().map(|(_, tally)| *tally).collect();
    let means: Vec<f64> = tallies.iter().filter_map(Tally::mean).collect();
    let rule = rules::of_baseline(question, area, cases.len());
    let rates = itself.and_then(|itself| itself.areas.get(&area)).copied().unwrap_or_default();
    let mut power = AreaPower {
        area,
        gate: question.policy.gate(area),
        ability: Ability::Shown,
        cases: cases.len() as u64,
        mean: mean(&means),
        floor: rule.tested.and_then(|tested| tested.floor),
        baseline_repeats: harmonic(&tallies),
        within_case_var: None,
        change_var: None,
        assumed: Vec::new(),
        min_drop: None,
        margin: None,
        sees: None,
        excludes: None,
        blocked: rates.0,
        undecided: rates.1,
        needed: Needed::default(),
        accused: rule.forbidden.map(|limit| accused(&cases, limit)).unwrap_or_default(),
        sentence: String::new(),
    };
    let margin = rule.tested.and_then(|tested| Some((tested.min_drop, tested.margin?)));
    if let Some((min_drop, margin)) = margin.filter(|_| regime == Regime::Stochastic) {
        (power.min_drop, power.margin) = (Some(min_drop), Some(margin));
        test(question, &tallies, (min_drop, margin), tests, &mut power);
    }
    let assurance = question.policy.areas.get(&area).and_then(|rules| rules.assurance.as_ref());
    power.needed.cases_for_assurance =
        assurance.and_then(|assurance| zero_failures_needed(assurance.max_rate, assurance.conf));
    power.ability = ability(&power, regime);
    power.sentence = sentences::area(&power, question, regime);
    power
}

/// Fills in what the area test and the bound can do.
fn test(question: &Question, tallies: &[Tally], (min_drop, margin): (f64, f64), tests: f64, power: &mut AreaPower) {
    let (found, assumed) = variances(tallies);
    power.assumed = assumed;
    let (Some(found), Some(baseline_repeats)) = (found, power.baseline_repeats) else { return };
    let change_var = 2.0 * (1.0 - ALIKE) * found.between_case_var;
    (power.within_case_var, power.change_var) = (Some(found.within_case_var), Some(change_var));
    let last_alpha = question.policy.repeats.alpha[1];
    // Holm's first step: the hardest level that the area may have to reach.
    let seeing = Design {
        cases: power.cases,
        baseline_repeats,
        candidate_repeats: u64::from(question.repeats),
        within_case_var: found.within_case_var,
        between_case_var: change_var,
        alpha: last_alpha / tests.max(1.0),
    };
    let excluding = Design { alpha: 1.0 - question.policy.interval.conf, ..seeing };
    power.sees = seeing.minimum_detectable_drop(POWER).map(|drop| drop.max(min_drop));
    power.excludes = excluding.excludable_drop(POWER);
    power.needed = Needed {
        cases_for_margin: rules::cases_for(question.policy, power.area, |drop| excluding.cases_to_exclude(drop, POWER)),
        repeats_for_margin: excluding.repeats_to_exclude(margin, POWER),
        cases_to_see_margin: rules::cases_for(question.policy, power.area, |drop| seeing.cases_needed(drop, POWER)),
        repeats_to_see_margin: seeing.repeats_needed(margin, POWER),
        cases_to_see_min_drop: seeing.cases_needed(min_drop, POWER),
        cases_for_assurance: None,
    };
}

/// Variance within and between cases; where no case was repeated, halves of what there is, and the sentence that says so.
fn variances(tallies: &[Tally]) -> (Option<Components>, Vec<String>) {
    let mut assumed = vec![format!(
        "how much two versions differ from case to case is not measured: they are taken to be alike in {} of 4 parts of \
         what makes the cases differ",
        (ALIKE * 4.0) as u32
    )];
    if let Some(found) = components(tallies) {
        return (Some(found), assumed);
    }
    let means: Vec<f64> = tallies.iter().filter_map(Tally::mean).collect();
    let Some(all) = student(&means) else { return (None, Vec::new()) };
    let total = all.se * all.se * all.n as f64;
    assumed.insert(
        0,
        "no case was repeated, which cannot tell noise from cases: half of the variance of the marks over the cases is \
         taken for each"
            .to_owned(),
    );
    let halves = Components {
        grand_mean: all.mean,
        within_case_var: total / 2.0,
        var_of_case_means: total,
        between_case_var: total / 2.0,
    };
    (Some(halves), assumed)
}

/// The number of repeats that is as good as these numbers of repeats: n / Σ 1/k, rounded down, at least 1.
fn harmonic(tallies: &[Tally]) -> Option<u64> {
    let inverse: Vec<f64> = tallies.iter().map(|tally| 1.0 / tally.count() as f64).collect();
    // Whole numbers come out a little below themselves.
    mean(&inverse).map(|mean| ((1.0 / mean + 1e-9).floor() as u64).max(1))
}

/// Cases that did what is forbidden, most often first.
fn accused(cases: &[(&Slug, Tally)], limit: Trit) -> Vec<Accused> {
    let times = |tally: &Tally| match limit {
        Trit::Harmful => u64::from(tally.minus),
        Trit::Incomplete | Trit::Useful => tally.count() - u64::from(tally.plus),
    };
    let accused = cases.iter().filter(|(_, tally)| times(tally) > 0);
    let mut accused: Vec<Accused> =
        accused.map(|(id, tally)| Accused { case: (*id).clone(), repeats: times(tally), of: tally.count() }).collect();
    accused.sort_by(|a, b| (b.repeats * a.of).cmp(&(a.repeats * b.of)).then_with(|| a.case.cmp(&b.case)));
    accused
}

fn ability(power: &AreaPower, regime: Regime) -> Ability {
    let able = |able| if able { Ability::Gates } else { Ability::NotYet };
    match power.gate {
        AreaGate::Advisory => Ability::Shown,
        AreaGate::Budget => Ability::Gates,
        AreaGate::ZeroTolerance | AreaGate::Guard => {
            able(power.cases > 0 && power.accused.is_empty() && assured(power))
        }
        AreaGate::NonInferiority if power.cases == 0 || !power.accused.is_empty() || is_low(power) => Ability::NotYet,
        AreaGate::NonInferiority if regime == Regime::Deterministic => Ability::Gates,
        AreaGate::NonInferiority => able(sees_margin(power) && passes_unchanged(power)),
    }
}

/// Whether the baseline itself lies below the floor.
pub fn is_low(power: &AreaPower) -> bool {
    power.mean.zip(power.floor).is_some_and(|(mean, floor)| mean < floor)
}

fn assured(power: &AreaPower) -> bool {
    power.needed.cases_for_assurance.is_none_or(|needed| power.cases >= needed)
}

/// Whether a drop as large as the margin would be seen.
pub fn sees_margin(power: &AreaPower) -> bool {
    power.sees.zip(power.margin).is_some_and(|(sees, margin)| sees <= margin)
}

/// Whether an agent that did not change would mostly pass: as simulated, with what cases have in common; by the formula
/// where nothing was simulated.
pub fn passes_unchanged(power: &AreaPower) -> bool {
    match (power.undecided, power.excludes, power.margin) {
        (Some(undecided), ..) => undecided.rate <= UNDECIDED,
        (None, Some(excludes), Some(margin)) => excludes <= margin,
        (None, ..) => false,
    }
}
