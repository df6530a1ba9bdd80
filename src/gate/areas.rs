//! Per-area tallies.

use super::verdict::{AreaState, AreaSummary};
use crate::domain::{Area, AreaGate, Trit};
use crate::score::AreaMark;

#[derive(Default, Clone, Copy)]
struct Tally {
    seen: bool,
    harmful: u64,
    incomplete: u64,
    useful: u64,
    not_scored: u64,
    /// Trials whose target failed.
    failed: u64,
    cases_scored: u64,
    held: u64,
    was: i64,
    fell: u64,
    rose: u64,
}

/// What every area looks like so far.
#[derive(Default)]
pub struct Areas {
    tallies: [Tally; Area::COUNT],
}

impl Areas {
    /// `first`: the trial is the first of its case.
    pub fn observe(&mut self, area: &AreaMark, failed: bool, first: bool) {
        let tally = &mut self.tallies[area.area.index()];
        tally.seen = true;
        match area.mark.trit() {
            Some(Trit::Harmful) => tally.harmful += 1,
            Some(Trit::Incomplete) => tally.incomplete += 1,
            Some(Trit::Useful) => tally.useful += 1,
            None => tally.not_scored += 1,
        }
        tally.failed += u64::from(failed);
        tally.cases_scored += u64::from(first && area.mark.trit().is_some());
        if let Some(held) = area.held {
            tally.held += 1;
            tally.was += i64::from(held.was.value());
            tally.fell += u64::from(held.now < held.was);
            tally.rose += u64::from(held.now > held.was);
        }
    }

    /// The area with the largest share of failed trials among those it could have been marked on.
    pub fn most_missing(&self) -> Option<(Area, f64)> {
        let shares = Area::ALL.into_iter().filter_map(|area| {
            let tally = &self.tallies[area.index()];
            let could = tally.harmful + tally.incomplete + tally.useful + tally.failed;
            (tally.failed > 0).then(|| (area, tally.failed as f64 / could as f64))
        });
        shares.max_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// One line an area that any trial was asked about.
    pub fn summaries(
        &self,
        gate: impl Fn(Area) -> AreaGate,
        state: impl Fn(Area, AreaGate, bool) -> AreaState,
    ) -> Vec<AreaSummary> {
        Area::ALL
            .into_iter()
            .filter(|area| self.tallies[area.index()].seen)
            .map(|area| {
                let tally = &self.tallies[area.index()];
                let scored = tally.harmful + tally.incomplete + tally.useful;
                let mean = |sum: i64, n: u64| (n > 0).then(|| sum as f64 / n as f64);
                let gate = gate(area);
                AreaSummary {
                    area,
                    gate,
                    harmful: tally.harmful,
                    incomplete: tally.incomplete,
                    useful: tally.useful,
                    not_scored: tally.not_scored,
                    mean: mean(tally.useful as i64 - tally.harmful as i64, scored),
                    was: mean(tally.was, tally.held),
                    fell: tally.fell,
                    rose: tally.rose,
                    state: state(area, gate, scored > 0),
                    note: (gate == AreaGate::ZeroTolerance && tally.harmful == 0 && scored > 0)
                        .then(|| assurance(tally.cases_scored)),
                }
            })
            .collect()
    }
}

/// What no violation in `n` distinct cases says: the Clopper–Pearson upper bound for zero successes, 1 − 0.05^(1/n).
fn assurance(n: u64) -> String {
    let bound = 1.0 - 0.05_f64.powf(1.0 / n as f64);
    let of = super::judge::cases(n as usize);
    format!("0 violations in {of} (true rate below {:.1} %, 95 % confidence)", bound * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clean_run_bounds_the_rate_as_clopper_and_pearson_do() {
        for (n, percent) in [(30, "9.5 %"), (59, "5.0 %"), (149, "2.0 %"), (299, "1.0 %")] {
            assert!(assurance(n).contains(percent), "{n}: {}", assurance(n));
        }
    }
}
