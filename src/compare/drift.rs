//! What judges alone did: their marks on the same answers of the same runs, then and today.

use super::effect::of_pairs;
use super::result::{Effect, JudgeDrift};
use super::side::{JudgedKey, Side};
use crate::stats::Pair;

/// Of two runs, each as stored and as marked again; a line a criterion that a judge marks.
pub fn drift(then: (&Side, &Side), now: (&Side, &Side)) -> Vec<JudgeDrift> {
    let sides = [then.0, then.1, now.0, now.1];
    let mut keys: Vec<&JudgedKey> = sides.iter().flat_map(|side| side.judged.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    let on = |(stored, rescored): (&Side, &Side), key: &JudgedKey| -> Option<Effect> {
        let (stored, rescored) = (stored.judged.get(key)?, rescored.judged.get(key)?);
        let both = rescored
            .marks
            .iter()
            .filter_map(|(case, after)| Some((case, Pair { baseline: *stored.marks.get(case)?, candidate: *after })));
        of_pairs(both.collect())
    };
    let unanswered = |side: &Side, key: &JudgedKey| side.judged.get(key).map_or(0, |judged| judged.unanswered);
    let drift = keys.into_iter().map(|key| JudgeDrift {
        judge: key.judge.clone(),
        area: key.area,
        criterion: key.criterion.clone(),
        then: on(then, key),
        now: on(now, key),
        unanswered: unanswered(then.1, key) + unanswered(now.1, key),
    });
    drift.collect()
}
