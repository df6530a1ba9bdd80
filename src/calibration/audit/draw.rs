//! Which outputs are audited: a random sample, stratified in proportion, by a seed.
//!
//! Each stratum gives in proportion to its size (Cochran 1977, §5.5), so every output is as likely to be drawn as any
//! other and no figure needs weights. Strata are what is known before anybody marked anything. The mark of a judge or a
//! check is no stratum: drawing more of what it calls harmful would make recall, κ and corrected means figures of our
//! choice, and tell the reviewer something. More marks of -1 come from corrections, or from a larger audit.

use std::collections::BTreeMap;

use crate::stats::random::Random;

/// Places of `n` of the units (all of them if there are fewer), in an order that is drawn too. `strata` names the stratum of
/// each unit.
pub fn draw<K: Ord>(strata: &[K], n: usize, seed: u64) -> Vec<usize> {
    let mut by_stratum: BTreeMap<&K, Vec<usize>> = BTreeMap::new();
    for (at, stratum) in strata.iter().enumerate() {
        by_stratum.entry(stratum).or_default().push(at);
    }
    let (n, of) = (n.min(strata.len()), strata.len().max(1));
    // Largest remainders: whole shares first, then one more to those whose share was cut most.
    let mut shares: Vec<(usize, usize)> =
        by_stratum.values().map(|units| (units.len() * n / of, units.len() * n % of)).collect();
    let mut order: Vec<usize> = (0..shares.len()).collect();
    // Which of two equal remainders goes first is drawn, not decided by a name.
    Random::stream(seed, 0).shuffle(&mut order);
    order.sort_by_key(|&stratum| std::cmp::Reverse(shares[stratum].1));
    let missing = n - shares.iter().map(|(whole, _)| whole).sum::<usize>();
    order.iter().take(missing).for_each(|&stratum| shares[stratum].0 += 1);
    let mut drawn = Vec::with_capacity(n);
    for (((_, mut units), (share, _)), number) in by_stratum.into_iter().zip(shares).zip(2..) {
        Random::stream(seed, number).shuffle(&mut units);
        drawn.extend(units.into_iter().take(share));
    }
    Random::stream(seed, 1).shuffle(&mut drawn);
    drawn
}
