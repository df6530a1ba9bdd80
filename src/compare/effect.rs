//! What today's rubrics alone did: the same answers of the same runs, marked then and marked again.

use super::drift::drift;
use super::result::{AreaEffect, Effect, MarksEffect};
use super::sentences;
use super::side::Side;
use crate::domain::{Area, Slug};
use crate::stats::{Pair, mean};

/// Of two runs, each as stored and as marked again.
pub fn effect(then: (&Side, &Side), now: (&Side, &Side)) -> MarksEffect {
    let on = |(stored, rescored): (&Side, &Side), area| on_area(stored, rescored, area);
    let areas = Area::ALL.into_iter().map(|area| AreaEffect { area, then: on(then, area), now: on(now, area) });
    let areas: Vec<AreaEffect> = areas.filter(|effect| effect.then.is_some() || effect.now.is_some()).collect();
    let judges = drift(then, now);
    let sentence = [sentences::effect(&areas), sentences::drift(&judges)].concat();
    MarksEffect { areas, judges, sentence }
}

/// Cases are those of one run: nothing has to be paired but their ids.
fn on_area(stored: &Side, rescored: &Side, area: Area) -> Option<Effect> {
    let both = rescored.cases.values().filter_map(|after| {
        let before = stored.cases.get(&after.id)?;
        Some((&after.id, Pair { baseline: before.tally(area), candidate: after.tally(area) }))
    });
    of_pairs(both.collect())
}

/// The same cases, each with its marks before and after.
pub(super) fn of_pairs(both: Vec<(&Slug, Pair)>) -> Option<Effect> {
    let moved = both.iter().filter(|(_, pair)| pair.baseline != pair.candidate);
    let moved = moved.map(|(id, _)| (*id).clone()).collect();
    let means = both.iter().filter_map(|(_, pair)| Some((pair.baseline.mean()?, pair.candidate.mean()?)));
    let means: Vec<(f64, f64)> = means.collect();
    let mean_of = |of: fn(&(f64, f64)) -> f64| mean::mean(&means.iter().map(of).collect::<Vec<f64>>());
    Some(Effect {
        cases: means.len() as u64,
        stored: mean_of(|pair| pair.0)?,
        rescored: mean_of(|pair| pair.1)?,
        change: mean_of(|pair| pair.1 - pair.0)?,
        moved,
    })
}
