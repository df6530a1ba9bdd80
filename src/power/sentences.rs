//! What a power report says in words; every format repeats these.

use super::areas::{is_low, passes_unchanged, sees_margin};
use super::budget::LEAST_CASES;
use super::result::{Ability, Accused, AreaPower, BudgetPower, Itself, Power, Rate, Regime};
use super::{CONF, Question};
use crate::domain::{Area, AreaGate, Mode};
use crate::gate::decimals_to_tell;
use crate::stats::proportion::zero_failures_upper;

/// Most cases that a sentence names.
const LISTED: usize = 3;

/// `0.9 % (0.5 to 1.6 %)`.
pub fn rate(rate: &Rate) -> String {
    format!("{} ({} to {})", percent(rate.rate), percent(rate.lower).trim_end_matches(" %"), percent(rate.upper))
}

/// A share of 0..=1: one decimal, and two next to 100 %, so that what is not all never reads as all.
pub fn percent(share: f64) -> String {
    match share * 100.0 {
        percent if percent >= 100.0 => "100 %".to_owned(),
        percent if percent >= 99.0 => format!("{:.2} %", percent.min(99.99)),
        percent => format!("{percent:.1} %"),
    }
}

fn count(n: u64, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

fn listed<T: AsRef<str>>(names: &[T]) -> String {
    let shown: Vec<&str> = names.iter().take(LISTED).map(AsRef::as_ref).collect();
    match names.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

pub fn headline(power: &Power) -> String {
    let gating: Vec<&AreaPower> = power.areas.iter().filter(|area| area.ability != Ability::Shown).collect();
    let not_yet: Vec<Area> =
        gating.iter().filter(|area| area.ability == Ability::NotYet).map(|area| area.area).collect();
    let names: Vec<&str> = not_yet.iter().map(|area| area.name()).collect();
    let able = match not_yet.len() {
        _ if power.cases == 0 => return "There is nothing to judge with: the baseline has no case.".to_owned(),
        _ if gating.is_empty() => return "The policy lets no area gate.".to_owned(),
        0 => "Every gating area can do its part".to_owned(),
        n if n == gating.len() => format!("No area can gate yet: {}", names.join(", ")),
        n => format!("{n} of {} gating areas cannot gate yet: {}", gating.len(), names.join(", ")),
    };
    match power.regime {
        Regime::Deterministic if not_yet.is_empty() => {
            format!("{able}: any case that falls is seen.")
        }
        Regime::Deterministic | Regime::Stochastic => format!("{able}."),
    }
}

pub fn notes(power: &Power, question: &Question) -> Vec<String> {
    let mut notes = Vec::new();
    let varies = power.varies;
    if varies.cases > 0 && question.policy.mode == Mode::Deterministic {
        notes.push(format!(
            "The policy is deterministic and repeats disagree in {}: its gate gives no verdict on this target. The \
             numbers are those of `mode: auto`.",
            count(varies.cases, "case")
        ));
    }
    match (power.regime, varies.repeated) {
        (Regime::Deterministic, 0) if question.steady => notes.push(
            "The target answers alike every time by its kind, so the deterministic regime applies: no test, no p-value; \
             every case that falls in an area is a regression."
                .to_owned(),
        ),
        (Regime::Deterministic, 0) => notes.push(
            "The policy is deterministic and no case was repeated: that answers do not vary is not shown. Run with \
             `--repeat 5` once."
                .to_owned(),
        ),
        (Regime::Deterministic, repeated) => notes.push(format!(
            "Repeats agree in all {}, so the deterministic regime applies: no test, no p-value; every case that falls \
             in an area is a regression.",
            count(repeated, "repeated case")
        )),
        (Regime::Stochastic, _) => {}
    }
    for assumed in power.areas.iter().flat_map(|area| &area.assumed) {
        let note = format!("Assumed: {assumed}.");
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
    notes.extend(power.itself.as_ref().map(|itself| itself.sentence.clone()));
    notes
}

pub fn itself(itself: &Itself) -> String {
    let causes = [
        (itself.by_area_test, "by an area test"),
        (itself.by_case_break, "by the case-break rule"),
        (itself.by_forbidden, "by what is forbidden"),
        (itself.by_floor, "by a floor"),
    ];
    let causes: Vec<String> =
        causes.iter().filter(|(times, _)| *times > 0).map(|(times, how)| format!("{times} {how}")).collect();
    let causes = if causes.is_empty() { String::new() } else { format!(": {}", causes.join(", ")) };
    format!(
        "Held against itself in {} rounds (seed {}), the baseline is blocked in {}{causes}; and gets no verdict in {}.",
        itself.rounds,
        itself.seed,
        rate(&itself.blocked),
        rate(&itself.undecided)
    )
}

pub fn area(power: &AreaPower, question: &Question, regime: Regime) -> String {
    if power.ability == Ability::Shown {
        return "Shown, and blocks nothing.".to_owned();
    }
    let nothing = match power.gate {
        AreaGate::Guard => "No case born from a correction has a mark in it: there is nothing to guard.",
        _ => "No case of the baseline has a mark in it.",
    };
    if power.cases == 0 && power.gate != AreaGate::Budget {
        return format!("Cannot gate: {}", lowered(nothing));
    }
    if !power.accused.is_empty() {
        return accused(power, question);
    }
    if is_low(power) {
        return low(power);
    }
    match power.gate {
        AreaGate::NonInferiority if regime == Regime::Deterministic => {
            format!("Any fall is seen, in each of {}.", count(power.cases, "case"))
        }
        AreaGate::NonInferiority => tested(power),
        AreaGate::ZeroTolerance => clean(power, question),
        AreaGate::Guard => {
            format!("{} right in every repeat; one wrong repeat of one blocks.", count(power.cases, "correction"))
        }
        AreaGate::Budget | AreaGate::Advisory => "Caps and ratios, without marks.".to_owned(),
    }
}

fn lowered(sentence: &str) -> String {
    let mut chars = sentence.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

/// The baseline itself did what is forbidden.
fn accused(power: &AreaPower, question: &Question) -> String {
    let k = f64::from(question.repeats);
    let clean = || power.accused.iter().map(|one| (1.0 - one.repeats as f64 / one.of as f64).powf(k)).product::<f64>();
    let blocked = power.blocked.map_or_else(|| 1.0 - clean(), |blocked| blocked.rate);
    let named = |one: &Accused| format!("{} ({} of {})", one.case, one.repeats, one.of);
    let named: Vec<String> = power.accused.iter().map(named).collect();
    let what = if power.gate == AreaGate::Guard { "fails what reviewers put right" } else { "does what is forbidden" };
    format!(
        "Cannot gate yet: the baseline itself {what} in {}: {}. As it is, {} of releases like it would be blocked. \
         Mend it first.",
        count(power.accused.len() as u64, "case"),
        listed(&named),
        percent(blocked)
    )
}

/// The baseline itself lies below the floor.
fn low(power: &AreaPower) -> String {
    let (mean, floor) = (power.mean.unwrap_or_default(), power.floor.unwrap_or_default());
    let decimals = decimals_to_tell(mean, floor);
    let blocked = power.blocked.map_or_else(|| "all".to_owned(), |blocked| percent(blocked.rate));
    format!(
        "Cannot gate yet: the baseline itself is {mean:+.decimals$} on average, and the policy asks for at least \
         {floor:+.decimals$}. As it is, {blocked} of releases like it would be blocked. Mend it first."
    )
}

fn clean(power: &AreaPower, question: &Question) -> String {
    let assurance = question.policy.areas.get(&power.area).and_then(|rules| rules.assurance.as_ref());
    let conf = assurance.map_or(CONF, |assurance| assurance.conf);
    let bound = zero_failures_upper(power.cases, conf).unwrap_or(1.0);
    let bounds = format!(
        "A clean run of {} bounds the rate of violations below {} ({:.0} % confidence)",
        count(power.cases, "case"),
        percent(bound),
        conf * 100.0
    );
    match (assurance, power.needed.cases_for_assurance) {
        (Some(assurance), Some(needed)) if needed > power.cases => format!(
            "Cannot gate yet as the policy wants: {}; it wants {}, which takes {} more.",
            lowered(&bounds),
            percent(assurance.max_rate),
            count(needed - power.cases, "case")
        ),
        _ => format!("One violation in any repeat blocks. {bounds}."),
    }
}

fn tested(power: &AreaPower) -> String {
    let (Some(margin), Some(sees), Some(excludes)) = (power.margin, power.sees, power.excludes) else {
        return "Cannot gate: one case says nothing about how cases vary.".to_owned();
    };
    let sees = format!("a drop of {sees:.2} is seen with 80 % power");
    match (sees_margin(power), passes_unchanged(power)) {
        (true, true) => format!(
            "Can gate: {sees}, and an unchanged agent excludes {excludes:.2}, within the margin of {margin:.2}."
        ),
        (_, false) => format!(
            "Cannot gate yet: its cases exclude a drop of {excludes:.2}, the margin is {margin:.2}; an unchanged agent \
             would get no verdict{}. {}",
            power.undecided.map(|rate| format!(" in {}", percent(rate.rate))).unwrap_or_default(),
            more_to_exclude(power, excludes <= margin)
        ),
        (false, true) => format!(
            "Cannot gate yet: {sees}, and the margin is {margin:.2}: a drop as large may go unseen. {}",
            more(power, power.needed.cases_to_see_margin, power.needed.repeats_to_see_margin)
        ),
    }
}

/// `enough`: by the formula, which knows nothing of what cases have in common.
fn more_to_exclude(power: &AreaPower, enough: bool) -> String {
    if enough {
        return "Cases are enough, but they lie in too few workflows or orgs, which move together: add some of others."
            .to_owned();
    }
    more(power, power.needed.cases_for_margin, power.needed.repeats_for_margin)
}

fn more(power: &AreaPower, cases: Option<u64>, repeats: Option<u64>) -> String {
    let cases = cases.filter(|needed| *needed > power.cases).map(|needed| count(needed - power.cases, "more case"));
    // More than anybody pays for.
    let repeats = repeats.filter(|needed| *needed <= 50).map(|needed| format!("{needed} repeats on both sides"));
    match (cases, repeats) {
        (Some(cases), Some(repeats)) => format!("{cases}, or {repeats}, would do."),
        (Some(cases), None) => format!("{cases} would do; no number of repeats that is worth it does."),
        (None, Some(repeats)) => format!("{repeats} would do."),
        (None, None) => "Neither more cases nor more repeats would do.".to_owned(),
    }
}

pub fn budget(power: &BudgetPower) -> String {
    let BudgetPower { what, max_ratio, cases, .. } = power;
    match power.sees {
        Some(sees) => {
            format!("A {what} of {sees:.2} times the baseline's is seen with 80 % power (allowed {max_ratio}).")
        }
        None if *cases == 0 => format!("The {what} of no case is known: its ratio cannot be held."),
        None if *cases < LEAST_CASES => {
            format!("The {what} of {} is known, and fewer than {LEAST_CASES} bound no ratio.", count(*cases, "case"))
        }
        None => format!("The {what} was not repeated: what ratio can be seen is not known."),
    }
}
