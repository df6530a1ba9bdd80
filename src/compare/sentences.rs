//! What people are told: each sentence with its numbers, and none that claims more than these bear.

use super::moved;
use super::pairing::Pairing;
use super::result::{AreaChange, AreaEffect, Chance, JudgeDrift, Marks, Moved, Outcome, Regime, Role, Spend};
use super::side::Side;
use crate::domain::Slug;
use crate::event::RunState;

/// Above this an adjusted p is no evidence.
const ALPHA: f64 = 0.05;
/// Most names in a sentence.
const LISTED: usize = 5;

/// Everything the headline speaks of.
pub struct Told<'a> {
    pub marks: Marks,
    pub pairing: &'a Pairing<'a>,
    pub regime: Regime,
    pub areas: &'a [AreaChange],
    pub moved: &'a [Moved],
    pub obstacles: &'a [String],
}

impl Told<'_> {
    pub fn headline(&self, outcome: Outcome) -> String {
        match outcome {
            Outcome::NothingInCommon => self.nothing(),
            Outcome::Inconclusive => {
                format!("No claim can be made: {}. The numbers are there to look at.", self.obstacles.join("; "))
            }
            Outcome::Compared => {
                let found = match self.regime {
                    Regime::Deterministic => self.differences(),
                    Regime::Stochastic => self.evidence(),
                };
                let parts = moved::confounders(self.moved, self.marks);
                match parts.is_empty() {
                    true => found,
                    false => format!("{found} But {} moved too, and a change may come from there.", parts.join(", ")),
                }
            }
        }
    }

    /// What has to be known with the headline.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if !self.moved.iter().any(|moved| moved.role == Role::UnderTest) {
            notes.push(
                "Nothing under test moved between the runs: what differs comes from the agent's own variation, or from \
                 outside of the project."
                    .to_owned(),
            );
        }
        match self.regime {
            Regime::Deterministic => notes.push(
                "Both targets answer alike every time or were replayed, so each difference is one: no test, no p-value."
                    .to_owned(),
            ),
            Regime::Stochastic => notes.push(
                "Answers vary: single cases that differ are places to look, and only tested changes are claims."
                    .to_owned(),
            ),
        }
        let few = self.areas.iter().filter_map(|area| area.bounds.filter(|bounds| bounds.few_orgs));
        if let Some(orgs) = few.filter_map(|bounds| bounds.orgs).max() {
            notes.push(format!(
                "The cases come from {orgs} orgs. Under 10 such groups a bound by org is a rough one: the wider of \
                 the bounds by org and by case is shown."
            ));
        }
        notes
    }

    fn nothing(&self) -> String {
        match self.pairing.pairs.len() {
            0 => "Nothing was compared: the runs have no case in common that asks the same in both.".to_owned(),
            n => format!("Nothing was compared: no area has a mark in both runs in any of {} in common.", cases(n)),
        }
    }

    /// Of targets that answer alike every time.
    fn differences(&self) -> String {
        let told = |of: fn(&AreaChange) -> usize, verb: &str| {
            let areas = self.areas.iter().filter(|area| of(area) > 0);
            let each: Vec<String> =
                areas.map(|area| format!("{} in {} of {}", area.area, of(area), cases(area.cases as usize))).collect();
            (!each.is_empty()).then(|| format!("{verb}: {}.", each.join(", ")))
        };
        let moves = [told(|area| area.broke.len(), "Fell"), told(|area| area.fixed.len(), "Rose")];
        let moves: Vec<String> = moves.into_iter().flatten().collect();
        match moves.is_empty() {
            true => format!("No mark differs in any of the {} in common.", cases(self.pairing.pairs.len())),
            false => moves.join(" "),
        }
    }

    /// Of targets that vary: what chance does not explain.
    fn evidence(&self) -> String {
        let mut found: Vec<String> = Vec::new();
        for area in self.areas {
            let (Some(chance), Some(change)) = (&area.chance, area.change) else { continue };
            let n = cases(area.cases as usize);
            if chance.p_worse_holm <= ALPHA {
                found.push(format!("{} fell by {:.2} over {n}{}.", area.area, change.abs(), p_of(chance.p_worse_holm)));
            } else if chance.p_better_holm <= ALPHA {
                found.push(format!("{} rose by {change:.2} over {n}{}.", area.area, p_of(chance.p_better_holm)));
            }
            if !area.proven.is_empty() {
                found.push(format!("{} broke in {} beyond chance.", listed(&area.proven), area.area));
            }
        }
        if !found.is_empty() {
            return found.join(" ");
        }
        let n = cases(self.pairing.pairs.len());
        let lowest = self.areas.iter().filter_map(|area| Some((area.area, area.bounds?.lower)));
        match lowest.min_by(|(_, a), (_, b)| a.total_cmp(b)) {
            Some((area, lower)) if lower < 0.0 => format!(
                "Nothing moved beyond chance in {n}. That is not proof that nothing fell: a drop of {:.2} in {area} \
                 cannot be excluded.",
                lower.abs()
            ),
            Some(_) | None => format!("Nothing moved beyond chance in {n}."),
        }
    }
}

/// Why no claim can be made.
pub fn obstacles(then: &Side, now: &Side) -> Vec<String> {
    let mut found = Vec::new();
    for side in [then, now] {
        let run = side.name();
        match &side.state {
            RunState::Finished => {}
            RunState::Unfinished => found.push(format!("{run} has no end: it still runs, or it was killed")),
            RunState::Stopped { reason } => found.push(format!("{run} was stopped ({reason})")),
        }
        if side.models().len() > 1 {
            let each: Vec<String> = side
                .models()
                .iter()
                .map(|(model, &trials)| format!("{model} in {}", counted(trials as usize, "trial", "trials")))
                .collect();
            found.push(format!("answers of {run} came from several models ({})", each.join(", ")));
        }
    }
    found
}

/// Runs whose answers were given in other worlds than they are marked in.
pub fn other_worlds(then: &Side, now: &Side) -> Vec<String> {
    let elsewhere = [then, now].into_iter().filter(|side| side.other_worlds);
    let told = |side: &Side| {
        format!(
            "The worlds were edited since {}: its answers were given in others than those they are marked in.",
            side.name()
        )
    };
    elsewhere.map(told).collect()
}

/// What became of an area.
pub fn area(area: &AreaChange, regime: Regime) -> String {
    let n = cases(area.cases as usize);
    let Some(change) = area.change else {
        return "No case has a mark in both runs.".to_owned();
    };
    let mut sentence = match (regime, &area.chance) {
        (Regime::Deterministic, _) => match (area.broke.len(), area.fixed.len()) {
            (0, 0) => format!("The same in all of {n}"),
            (fell, 0) => format!("Fell in {fell} of {n}"),
            (0, rose) => format!("Rose in {rose} of {n}"),
            (fell, rose) => format!("Fell in {fell} and rose in {rose} of {n}"),
        },
        (Regime::Stochastic, Some(chance)) => stochastic(change, chance, &n),
        (Regime::Stochastic, None) => format!("A change of {change:+.2} over {n}, untested"),
    };
    let one_sided = area.marked_only_then + area.marked_only_now;
    if one_sided > 0 {
        sentence += &format!("; {} marked in one run only", cases(one_sided as usize));
    }
    sentence + "."
}

fn stochastic(change: f64, chance: &Chance, n: &str) -> String {
    let (word, p) = if change < 0.0 { ("fall", chance.p_worse) } else { ("rise", chance.p_better) };
    let at_most = if chance.exact { "" } else { "at most " };
    match change == 0.0 {
        true => format!("No change of the mean over {n}"),
        false => format!(
            "A {word} of {:.2} over {n}; one this large happens in {at_most}{} of relabelings if nothing changed",
            change.abs(),
            percent(p)
        ),
    }
}

/// Cost or latency.
pub fn spend(what: &str, spend: &Spend) -> String {
    let unknown = match spend.unknown {
        0 => String::new(),
        n => format!("; unknown in {}", cases(n as usize)),
    };
    let Some(ratio) = &spend.ratio else {
        return match spend.cases {
            0 => format!("The {what} is not known in both runs for any case."),
            n if spend.then == Some(0.0) && spend.now == Some(0.0) => {
                format!("The {what} is 0 in both runs over {}{unknown}.", cases(n as usize))
            }
            n => format!("The {what} has no ratio: it is 0 in a run in each of {}{unknown}.", cases(n as usize)),
        };
    };
    let bounds = match (ratio.lower, ratio.upper) {
        (Some(lower), Some(upper)) => format!(" (at least {lower:.2}, at most {upper:.2}, each with 95 % confidence)"),
        _ => " (too few cases to bound it)".to_owned(),
    };
    let n = cases(ratio.cases as usize);
    format!("The {what} of a typical case is {:.2} times what it was{bounds}, over {n}{unknown}.", ratio.ratio)
}

/// What marking again did.
pub fn effect(areas: &[AreaEffect]) -> String {
    let moved = areas.iter().filter_map(|effect| {
        let sides = [("the first run", &effect.then), ("the second run", &effect.now)];
        let each = sides.into_iter().filter_map(|(run, side)| {
            let side = side.as_ref().filter(|side| !side.moved.is_empty())?;
            Some(format!("by {:+.2} in {run} ({} of {})", side.change, side.moved.len(), cases(side.cases as usize)))
        });
        let each: Vec<String> = each.collect();
        (!each.is_empty()).then(|| format!("{} {}", effect.area, each.join(" and ")))
    });
    let moved: Vec<String> = moved.collect();
    match moved.is_empty() {
        true => "Today's cases and rubrics give the answers of both runs the marks that were stored.".to_owned(),
        false => format!("Today's cases and rubrics alone moved {}: the answers are the same.", moved.join("; ")),
    }
}

/// What judges did on the same answers, where any of them moved or did not answer; begins with a space.
pub fn drift(judges: &[JudgeDrift]) -> String {
    let moved = judges.iter().filter_map(|drift| {
        let sides = [("the first run", &drift.then), ("the second run", &drift.now)];
        let each = sides.into_iter().filter_map(|(run, side)| {
            let side = side.as_ref().filter(|side| !side.moved.is_empty())?;
            Some(format!("by {:+.2} in {run} ({} of {})", side.change, side.moved.len(), cases(side.cases as usize)))
        });
        let each: Vec<String> = each.collect();
        let JudgeDrift { judge, area, criterion, .. } = drift;
        (!each.is_empty())
            .then(|| format!(" The judge {judge} itself moved {area}/{criterion} {}.", each.join(" and ")))
    });
    let mut told: String = moved.collect();
    let unanswered: u64 = judges.iter().map(|drift| drift.unanswered).sum();
    if unanswered > 0 {
        let questions = counted(unanswered as usize, "question", "questions");
        told += &format!(" Today's judges have not answered {questions}: `--rescore --ask-again` asks them.");
    } else if !judges.is_empty() && told.is_empty() {
        told += " Today's judges give the same answers the same marks.";
    }
    told
}

/// `1 case`, `2 cases`.
pub fn cases(n: usize) -> String {
    counted(n, "case", "cases")
}

pub fn counted(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", verb(n, one, many))
}

/// The form of a word that goes with `n`.
pub fn verb<'w>(n: usize, one: &'w str, many: &'w str) -> &'w str {
    if n == 1 { one } else { many }
}

/// The first few names, and how many more there are.
pub fn listed(names: &[Slug]) -> String {
    let shown: Vec<&str> = names.iter().take(LISTED).map(Slug::as_str).collect();
    match names.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn p_of(p: f64) -> String {
    if p < 0.0001 { " (p below 0.0001)".to_owned() } else { format!(" (p {p:.4})") }
}

fn percent(p: f64) -> String {
    match p * 100.0 {
        percent if percent < 0.01 => "less than 0.01 %".to_owned(),
        percent if percent < 1.0 => format!("{percent:.2} %"),
        percent => format!("{percent:.1} %"),
    }
}
