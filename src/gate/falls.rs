//! What is said of areas where answers vary: a fall beyond chance, or a drop that cannot be excluded.

use super::changes::Change;
use super::decide::AreaCall;
use super::finding::{Found, cases, counted, listed};
use super::verdict::FindingWeight;
use crate::domain::{AreaPolicy, Margin, Policy};
use crate::stats::distribution::t_quantile;
use crate::stats::mean;

/// Most worst cases that a sentence names.
const NAMED: usize = 3;
/// Where looking for how many cases would do ends.
const MOST_CASES: usize = 100_000;

pub fn findings(policy: &Policy, changes: &[Change]) -> Vec<Found> {
    let told = changes.iter().filter_map(|change| {
        let found = match change.call {
            AreaCall::Fell => fell(change),
            AreaCall::FellLittle => fell_little(change),
            AreaCall::Open => open(policy, change),
            AreaCall::Held => return None,
        };
        Some(found.in_area(change.area))
    });
    told.collect()
}

fn fell(change: &Change) -> Found {
    let weight = if change.gates() { FindingWeight::Fails } else { FindingWeight::Warns };
    let worst = change.worst();
    let named = &worst[..worst.len().min(NAMED)];
    let rest = format!("{}. Worst: {}.", odds(change), listed(named));
    Found::new("regression", weight, &drop(change), &rest).about(worst)
}

fn fell_little(change: &Change) -> Found {
    let rest = format!("{}, and it is too small to block.", odds(change));
    Found::new("small_drop", FindingWeight::Warns, &drop(change), &rest).about(change.worst())
}

/// `task_success fell 0.14`.
fn drop(change: &Change) -> String {
    format!("{} fell {:.2}", change.area, -change.change)
}

/// ` (41 → 34 of 60 solid passes); a drop this large happens in 0.4 % of relabelings if nothing changed`.
fn odds(change: &Change) -> String {
    let n = change.cases.len();
    let from = match change.solid() {
        Some((was, now)) if was > now => format!("{was} → {now} of {n} solid passes"),
        Some(_) | None => format!("mean {:+.2} → {:+.2} over {}", change.was, change.now, cases(n)),
    };
    let at_most = if change.exact { "" } else { "at most " };
    let share = percent(change.p);
    format!(" ({from}); a drop this large happens in {at_most}{share} of relabelings if nothing changed")
}

/// A share of 1, with the digits that say something.
fn percent(share: f64) -> String {
    match share * 100.0 {
        percent if percent < 0.001 => "less than 0.001 %".to_owned(),
        percent if percent < 0.095 => format!("{percent:.3} %"),
        percent => format!("{percent:.1} %"),
    }
}

fn open(policy: &Policy, change: &Change) -> Found {
    let (n, area) = (change.cases.len(), change.area);
    let lower = change.bound.map_or(-2.0, |bound| bound.lower).max(-2.0);
    let margin = change.margin.unwrap_or_default();
    let held = match (change.change < -0.005, change.adjusted <= change.alpha) {
        (true, true) => format!("A fall of {:.2} in {area} is too small to block, but {}", -change.change, cases(n)),
        (true, false) => format!("A fall of {:.2} in {area} may be chance, and {}", -change.change, cases(n)),
        (false, _) => format!("Nothing broke in {area}, but {}", cases(n)),
    };
    let brief = format!("{held} cannot exclude a drop of up to {:.2} (margin {margin:.2})", -lower);
    let more = match further_cases(policy, change) {
        Some(more) => format!("; about {more} more would"),
        None => "; more cases like these would not".to_owned(),
    };
    Found::undecided(policy, "interval", &brief, &format!("{more}{}.", clusters(change)))
}

/// What there is to say of a bound by few clusters.
fn clusters(change: &Change) -> String {
    match change.few_clusters() {
        true => format!(" ({} only: a rough bound)", counted(change.clusters, change.clustered_by.noun())),
        false => String::new(),
    }
}

/// How many further cases, alike and from as many more clusters, would exclude the margin; rounded up to what a guess
/// is worth. `None` if no number would.
fn further_cases(policy: &Policy, change: &Change) -> Option<usize> {
    let (changes, clusters) = change.by_case();
    let fixed = match policy.areas.get(&change.area).and_then(|rules: &AreaPolicy| rules.margin) {
        Some(Margin::Of(margin)) => Some(margin),
        Some(Margin::Auto) | None => None,
    };
    let n = changes.len();
    let needed = cases_needed(&changes, &clusters, policy.interval.conf, |n| fixed.unwrap_or(mean::auto_margin(n)))?;
    let more = needed - n;
    let step = if more > 100 {
        50
    } else if more > 20 {
        10
    } else {
        5
    };
    Some(more.div_ceil(step) * step)
}

fn cases_needed(changes: &[f64], clusters: &[usize], conf: f64, margin: impl Fn(usize) -> f64) -> Option<usize> {
    let n = changes.len();
    let centre = mean::mean(changes)?;
    let squares = mean::mean(&changes.iter().map(|change| change * change).collect::<Vec<f64>>())?;
    let pairs: Vec<(f64, usize)> = changes.iter().copied().zip(clusters.iter().copied()).collect();
    let clustered = mean::clustered(&pairs);
    let excluded = |cases: usize| {
        // The two pseudo-cases at ±2 add nothing to the sum and 8 to the squares.
        let all = (cases + 2) as f64;
        let mean = cases as f64 * centre / all;
        let variance = (cases as f64 * squares + 8.0 - all * mean * mean) / (all - 1.0);
        let by_case = mean - t_quantile(conf, all - 1.0) * (variance / all).sqrt();
        let by_cluster = clustered.map(|found| {
            let (grown, estimate) = (cases as f64 / n as f64, found.estimate);
            let df = found.clusters as f64 * grown - 1.0;
            centre - t_quantile(conf, df) * estimate.se / grown.sqrt()
        });
        by_cluster.map_or(by_case, |by_cluster| by_cluster.min(by_case)) > -margin(cases)
    };
    let mut cases = n + 1;
    while cases <= MOST_CASES {
        if excluded(cases) {
            return Some(cases);
        }
        cases += (cases / 25).max(1);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_keeps_the_digits_that_say_something() {
        for (share, shown) in [(0.004, "0.4 %"), (0.0004, "0.040 %"), (0.05, "5.0 %"), (1e-9, "less than 0.001 %")] {
            assert_eq!(percent(share), shown);
        }
    }

    #[test]
    fn as_many_cases_as_are_said_to_do_it_do_it() {
        let changes = [-0.4, 0.2, 0.0, 0.0, 0.2, -0.2, 0.0, 0.4, -0.2, 0.0];
        let bound = |changes: &[f64]| mean::non_inferiority(changes, &[], 0.95).unwrap().lower;
        let needed = cases_needed(&changes, &[], 0.95, |_| 0.2).unwrap();
        assert!(bound(&changes) < -0.2);
        let repeated: Vec<f64> = changes.iter().cycle().take(needed.next_multiple_of(10)).copied().collect();
        assert!(bound(&repeated) > -0.2, "{needed}");
        let fewer = (needed / 10 - 1) * 10;
        let repeated: Vec<f64> = changes.iter().cycle().take(fewer).copied().collect();
        assert!(bound(&repeated) < -0.2, "{needed}");
    }

    #[test]
    fn no_number_of_cases_excludes_a_drop_that_is_there() {
        assert_eq!(cases_needed(&[-0.5, -0.5, -0.4], &[], 0.95, |_| 0.2), None);
    }
}
