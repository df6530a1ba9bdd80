//! Which outputs are audited: a random sample, stratified in proportion, by a seed.
//!
//! Every output is exactly as likely to be drawn as any other, so no figure needs weights: the strata follow each other in
//! a drawn order, each shuffled, and every so-manieth output is taken from a random start (Cochran 1977, ch. 8), which
//! gives each stratum its share to within one. Strata are what is known before anybody marked anything. The mark of a
//! judge or a check is no stratum: drawing more of what it calls harmful would make recall, κ and corrected means figures
//! of our choice, and tell the reviewer something. More marks of -1 come from corrections, or from a larger audit.

use std::collections::BTreeMap;

use crate::stats::random::Random;

/// Places of `n` of the units (all of them if there are fewer), in an order that is drawn too. `strata` names the stratum of
/// each unit.
pub fn draw<K: Ord>(strata: &[K], n: usize, seed: u64) -> Vec<usize> {
    let mut by_stratum: BTreeMap<&K, Vec<usize>> = BTreeMap::new();
    for (at, stratum) in strata.iter().enumerate() {
        by_stratum.entry(stratum).or_default().push(at);
    }
    let mut random = Random::new(seed);
    let mut groups: Vec<Vec<usize>> = by_stratum.into_values().collect();
    groups.iter_mut().for_each(|units| random.shuffle(units));
    random.shuffle(&mut groups);
    let units: Vec<usize> = groups.into_iter().flatten().collect();
    let (of, n) = (units.len(), n.min(units.len()));
    let start = random.below(of as u64) as usize;
    let mut drawn: Vec<usize> = (0..n).map(|step| units[(start + step * of) / n]).collect();
    random.shuffle(&mut drawn);
    drawn
}
