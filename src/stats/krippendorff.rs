//! Krippendorff's α: agreement of any number of raters, some of whom said nothing on some items.

use super::Tally;

/// How far apart two scores are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Distance {
    /// Same or not.
    Nominal,
    /// By how many ratings lie between.
    Ordinal,
    /// By the difference of the scores.
    Interval,
}

/// α = 1 − D_observed / D_expected by coincidences (Krippendorff 2011), at most 1. One tally an item, of the ratings it
/// got; who rated does not matter, and an item with fewer than two says nothing. `None` if no item has two, or all
/// ratings are the same, for then nothing was there to disagree about.
pub fn alpha(items: &[Tally], distance: Distance) -> Option<f64> {
    let mut coincidences = [[0.0; 3]; 3];
    for item in items.iter().filter(|item| item.count() >= 2) {
        let counts = [item.minus, item.zero, item.plus].map(f64::from);
        let others = item.count() as f64 - 1.0;
        for (i, j) in cells() {
            coincidences[i][j] += counts[i] * (counts[j] - f64::from(i == j)) / others;
        }
    }
    let totals = coincidences.map(|row| row.iter().sum::<f64>());
    let n: f64 = totals.iter().sum();
    let apart = |i: usize, j: usize| squared(distance, &totals, i.min(j), i.max(j));
    let observed: f64 = cells().map(|(i, j)| coincidences[i][j] * apart(i, j)).sum();
    let expected: f64 = cells().map(|(i, j)| totals[i] * totals[j] * apart(i, j)).sum();
    (expected > 0.0).then(|| 1.0 - (n - 1.0) * observed / expected)
}

/// δ² of two scores, i ≤ j.
fn squared(distance: Distance, totals: &[f64; 3], i: usize, j: usize) -> f64 {
    match distance {
        Distance::Nominal => f64::from(i != j),
        Distance::Ordinal => (totals[i..=j].iter().sum::<f64>() - (totals[i] + totals[j]) / 2.0).powi(2),
        Distance::Interval => ((j - i) as f64).powi(2),
    }
}

fn cells() -> impl Iterator<Item = (usize, usize)> {
    (0..3).flat_map(|i| (0..3).map(move |j| (i, j)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(minus: u32, zero: u32, plus: u32) -> Tally {
        Tally { minus, zero, plus }
    }

    #[test]
    fn items_with_one_rating_or_none_say_nothing() {
        let rated = [item(2, 0, 0), item(0, 1, 1), item(0, 0, 2)];
        let with_more = [item(1, 0, 0), item(2, 0, 0), item(0, 0, 0), item(0, 1, 1), item(0, 0, 2), item(0, 1, 0)];
        assert_eq!(alpha(&rated, Distance::Ordinal), alpha(&with_more, Distance::Ordinal));
        assert_eq!(alpha(&[item(1, 0, 0), item(0, 0, 1)], Distance::Ordinal), None);
        assert_eq!(alpha(&[], Distance::Nominal), None);
    }

    #[test]
    fn ratings_that_are_all_the_same_have_no_alpha() {
        assert_eq!(alpha(&[item(0, 0, 3); 5], Distance::Ordinal), None);
    }

    #[test]
    fn full_agreement_on_different_items_is_one() {
        assert_eq!(alpha(&[item(3, 0, 0), item(0, 3, 0), item(0, 0, 3)], Distance::Ordinal), Some(1.0));
    }
}
