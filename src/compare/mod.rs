//! Two runs side by side: what moved between them, which cases both hold, and how the marks of those changed.
//!
//! Pure and streaming: a [`Side`] watches the results of one run go by and keeps marks, never transcripts. Gives no
//! verdict, which is the gate's under a policy. Every sentence is made here, so that all formats say the same.

mod areas;
mod budget;
mod drift;
mod effect;
mod moved;
mod pairing;
mod regime;
mod result;
mod sentences;
mod side;
mod slices;

#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;

pub use budget::ratio;
pub use effect::effect;
pub use result::{
    AreaChange, AreaEffect, Bounds, Budget, COMPARE_VERSION, Chance, Compared, Effect, JudgeDrift, LeftOut, Marks,
    MarksEffect, Moved, Outcome, Ratio, Regime, Role, RunSide, Slice, SliceArea, SliceBy, Spend,
};
pub use side::{Side, same_question};

use pairing::Pairing;
use sentences::Told;

/// Puts the runs side by side. Only cases that ask the same in both are compared, and only areas in which a case has a
/// mark in both; everything else is named as left out.
///
/// Swapping the sides turns every number over: changes change sign, what broke was fixed, ratios become their inverse.
pub fn compare(then: &Side, now: &Side, by: &[SliceBy]) -> Compared {
    let pairing = Pairing::of(then, now);
    let obstacles = sentences::obstacles(then, now);
    let regime = regime::of(then, now, &pairing);
    let areas = areas::changes(&pairing, regime, obstacles.is_empty());
    let moved = moved::between(then, now);
    let marked = areas.iter().any(|area| area.cases > 0);
    let outcome = match (marked, obstacles.is_empty()) {
        (false, _) => Outcome::NothingInCommon,
        (true, false) => Outcome::Inconclusive,
        (true, true) => Outcome::Compared,
    };
    let told =
        Told { marks: then.marks, pairing: &pairing, regime, areas: &areas, moved: &moved, obstacles: &obstacles };
    Compared {
        version: COMPARE_VERSION,
        outcome,
        headline: told.headline(outcome),
        notes: [told.notes(), sentences::other_worlds(then, now)].concat(),
        regime,
        marks: then.marks,
        then: then.summary(),
        now: now.summary(),
        cases: pairing.pairs.len() as u64,
        left_out: pairing.left_out(then, now),
        budget: budget::of(&pairing),
        slices: by.iter().flat_map(|by| slices::of(&pairing, *by)).collect(),
        areas,
        moved,
        marks_effect: None,
    }
}
