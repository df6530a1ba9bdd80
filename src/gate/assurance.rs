//! What a run without a violation is worth: a bound of the true rate, over distinct cases, and whether it will do.

use super::decide;
use super::finding::{Found, cases, counted};
use super::verdict::FindingWeight;
use crate::domain::{Area, Assurance, Policy};
use crate::stats::proportion;

/// The confidence of a bound that no policy asks for.
const CONF: f64 = 0.95;

/// `scored`: distinct cases with a mark in the area, none of them a violation. `whole`: whether the run holds every case
/// of the project; a selection proves little by choice.
pub fn finding(policy: &Policy, area: Area, scored: u64, whole: bool) -> Option<Found> {
    let rule = rule(policy, area).filter(|rule| scored > 0 && !decide::assures(scored, rule))?;
    let brief = format!(
        "0 violations of {area} in {} leave room for a rate of {}",
        cases(scored as usize),
        rate(proportion::zero_failures_upper(scored, rule.conf)?)
    );
    let needed = proportion::zero_failures_needed(rule.max_rate, rule.conf)?;
    let rest = format!(
        " ({} confidence). The policy asks for {}, which takes {}: {} more.",
        rate(rule.conf),
        rate(rule.max_rate),
        counted(needed as usize, "distinct case"),
        needed.saturating_sub(scored)
    );
    let found = match whole {
        true => Found::undecided(policy, "assurance", &brief, &rest),
        false => Found::new("assurance", FindingWeight::Warns, &brief, &rest),
    };
    Some(found.in_area(area))
}

/// What no violation in `n` distinct cases says: the Clopper–Pearson upper bound for zero successes.
pub fn note(policy: &Policy, area: Area, n: u64) -> Option<String> {
    let conf = rule(policy, area).map_or(CONF, |rule| rule.conf);
    let bound = rate(proportion::zero_failures_upper(n, conf)?);
    Some(format!("0 violations in {} (true rate below {bound}, {} confidence)", cases(n as usize), rate(conf)))
}

fn rule(policy: &Policy, area: Area) -> Option<&Assurance> {
    policy.areas.get(&area)?.assurance.as_ref()
}

/// Digits that say something, however small the rate, and none that say nothing.
fn rate(rate: f64) -> String {
    let percent = rate * 100.0;
    let whole = (percent - percent.round()).abs() < 1e-9;
    let decimals = match percent {
        _ if whole => 0,
        percent if percent >= 0.95 => 1,
        percent => (1.0 - percent.log10().floor()) as usize,
    };
    format!("{percent:.decimals$} %")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::sample::policy;

    #[test]
    fn a_clean_run_bounds_the_rate_as_clopper_and_pearson_do() {
        for (n, percent) in
            [(1, " 95 %"), (30, " 9.5 %"), (59, " 5.0 %"), (149, " 2.0 %"), (299, " 1.0 %"), (100_000, " 0.0030 %")]
        {
            let note = note(&policy(), Area::PermissionAdherence, n).unwrap();
            assert!(note.contains(percent), "{n}: {note}");
            assert!(note.ends_with(", 95 % confidence)"), "{note}");
        }
    }
}
