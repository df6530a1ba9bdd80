//! Several tests at once: adjusted p-values, in the order given. Adjusted p ≤ α means rejected at α.
//!
//! No p gives no adjusted p; one p is its own adjustment. A p that is not a number counts as 1.

/// Holm's step-down adjustment (1979): max over smaller ones of (m − i)·p₍ᵢ₎. Holds the chance of any false alarm.
pub fn holm(p: &[f64]) -> Vec<f64> {
    let m = p.len();
    let mut worst: f64 = 0.0;
    adjusted(
        p,
        ascending(p).into_iter().enumerate().map(|(i, place)| {
            worst = worst.max((m - i) as f64 * at(p, place));
            (place, worst)
        }),
    )
}

/// Bonferroni's adjustment: m·p.
pub fn bonferroni(p: &[f64]) -> Vec<f64> {
    adjusted(p, (0..p.len()).map(|place| (place, p.len() as f64 * at(p, place))))
}

/// Benjamini and Hochberg's adjustment (1995): min over larger ones of m·p₍ᵢ₎ / i. Holds the share of false alarms
/// among alarms, so for lists to look at; it never gates.
pub fn benjamini_hochberg(p: &[f64]) -> Vec<f64> {
    let m = p.len() as f64;
    let mut best: f64 = 1.0;
    adjusted(
        p,
        ascending(p).into_iter().enumerate().rev().map(|(i, place)| {
            best = best.min(m * at(p, place) / (i + 1) as f64);
            (place, best)
        }),
    )
}

fn at(p: &[f64], place: usize) -> f64 {
    if p[place].is_nan() { 1.0 } else { p[place].clamp(0.0, 1.0) }
}

fn ascending(p: &[f64]) -> Vec<usize> {
    let mut places: Vec<usize> = (0..p.len()).collect();
    places.sort_by(|a, b| at(p, *a).total_cmp(&at(p, *b)));
    places
}

fn adjusted(p: &[f64], values: impl Iterator<Item = (usize, f64)>) -> Vec<f64> {
    let mut adjusted = vec![1.0; p.len()];
    values.for_each(|(place, value)| adjusted[place] = value.min(1.0));
    adjusted
}
