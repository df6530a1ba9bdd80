//! The case-break rule: a mean hides one dead workflow, so every case is also looked at by itself, with all its repeats.

use super::decide::{self, BreakCall};
use super::finding::{Found, cases, listed, verb};
use super::tallies::{CaseTally, Tallies};
use super::verdict::FindingWeight;
use crate::domain::{Area, AreaGate, Policy, Slug, Trit};
use crate::stats::{Pair, Tally};

/// Most cases whose reason is told.
const TOLD: usize = 3;
/// Most characters of one reason.
const REASON: usize = 300;

/// A case that looks broken in an area.
pub struct Suspect<'t> {
    pub area: Area,
    pub id: &'t Slug,
    pub case: &'t CaseTally<'t>,
    pair: Pair,
    pub call: BreakCall,
}

/// All of them, critical cases first in each area, then those that fell most.
pub fn suspects<'t>(tallies: &'t Tallies<'t>, policy: &Policy) -> Vec<Suspect<'t>> {
    // One violation and one broken guard are enough as they are: counting them would only ask for more proof elsewhere.
    let tested = |area: &Area| policy.gate(*area) == AreaGate::NonInferiority;
    let gating = || Area::ALL.into_iter().filter(tested);
    // What chance would have to break: every pair of a case and an area that is looked at.
    let pairs: usize = gating().map(|area| tallies.compared(area).count()).sum();
    let mut found = Vec::new();
    for area in gating() {
        let of_area = tallies.cases.iter().filter_map(|(id, case)| {
            let pair = case.whole(area);
            let call = decide::case_break(&pair, pairs as u64, &policy.case_break)?;
            Some(Suspect { area, id, case, pair, call })
        });
        let mut of_area: Vec<Suspect> = of_area.collect();
        of_area.sort_by(|a, b| {
            let fall = |suspect: &Suspect| suspect.pair.change().unwrap_or_default();
            b.case.critical.cmp(&a.case.critical).then(fall(a).total_cmp(&fall(b))).then_with(|| a.id.cmp(b.id))
        });
        found.extend(of_area);
    }
    found
}

/// `fell`: areas that fell as a whole; which cases did it is told there, and only proof adds to it.
pub fn findings(policy: &Policy, suspects: &[Suspect], fell: &[Area]) -> Vec<Found> {
    let mut found = Vec::new();
    for of_area in suspects.chunk_by(|a, b| a.area == b.area) {
        let of = |is: fn(BreakCall) -> bool| -> Vec<&Suspect> { of_area.iter().filter(|one| is(one.call)).collect() };
        let told = [
            (of(|call| call == BreakCall::Broken), broken as fn(&Policy, &[&Suspect]) -> Found),
            (of(|call| matches!(call, BreakCall::Open { .. })), open),
            (of(|call| call == BreakCall::Weak), weak),
        ];
        let proof = if fell.contains(&of_area[0].area) { 1 } else { told.len() };
        found.extend(told.into_iter().take(proof).filter(|(of, _)| !of.is_empty()).map(|(of, tell)| {
            let names = of.iter().map(|suspect| suspect.id.clone()).collect();
            tell(policy, &of).in_area(of[0].area).about(names)
        }));
    }
    found
}

/// `task_success: CASE-17 always passed (5/5), now fails 14/14: …`.
fn broken(_: &Policy, suspects: &[&Suspect]) -> Found {
    let told: Vec<String> = suspects.iter().take(TOLD).map(|suspect| suspect.told()).collect();
    let more = match suspects.len() - told.len() {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    let (area, first) = (suspects[0].area, &suspects[0]);
    let brief = format!("{area}: {}", first.brief());
    let rest = format!("{}{more}.", told.join("; ").strip_prefix(&first.brief()).unwrap_or_default());
    Found::new("case_break", FindingWeight::Fails, &brief, &rest)
}

fn open(policy: &Policy, suspects: &[&Suspect]) -> Found {
    let needed = suspects.iter().filter_map(|suspect| match suspect.call {
        BreakCall::Open { needed } => Some(needed),
        BreakCall::Broken | BreakCall::Weak => None,
    });
    let needed = needed.max().unwrap_or_default();
    let (area, first) = (suspects[0].area, &suspects[0]);
    let most = u64::from(policy.case_break.max_repeats);
    let too_many = if needed > most { format!(", and the policy allows {most}") } else { String::new() };
    let brief = format!("{area}: {}", first.brief());
    let others = match suspects.len() {
        1 => String::new(),
        n => format!(", and {} likewise", cases(n - 1)),
    };
    let rest = format!("{others}. It takes {needed} repeats to tell that from chance{too_many}.");
    Found::undecided(policy, "case_break", &brief, &rest)
}

fn weak(_: &Policy, suspects: &[&Suspect]) -> Found {
    let names: Vec<Slug> = suspects.iter().map(|suspect| suspect.id.clone()).collect();
    let n = suspects.len();
    let brief = format!(
        "{} {} below everything that was accepted of {}",
        cases(n),
        verb(n, "is", "are"),
        verb(n, "it", "them")
    );
    let rest = format!(
        " in {}, by too few accepted repeats to tell that from chance: {}. Places to look at.",
        suspects[0].area,
        listed(&names)
    );
    Found::new("case_fell", FindingWeight::Warns, &brief, &rest)
}

impl Suspect<'_> {
    /// What was, and what is.
    fn brief(&self) -> String {
        let (was, now) = (self.pair.baseline.count(), self.pair.candidate.count());
        let today = match self.pair.candidate.best() {
            Some(Trit::Harmful) => format!("fails {now}/{now}"),
            _ => format!("passes 0/{now}"),
        };
        format!("{} {} ({was}/{was}), now {today}", self.id, then(&self.pair.baseline))
    }

    fn told(&self) -> String {
        match self.case.fallen(self.area) {
            Some(fallen) => format!("{}: {}", self.brief(), bounded(fallen.why.trim_end_matches('.'))),
            None => self.brief(),
        }
    }
}

fn then(accepted: &Tally) -> &'static str {
    match accepted.worst() {
        Some(Trit::Useful) => "always passed",
        _ => "was never below 0",
    }
}

fn bounded(why: &str) -> String {
    match why.char_indices().nth(REASON) {
        Some((end, _)) => format!("{}…", &why[..end]),
        None => why.to_owned(),
    }
}
