//! The table of areas: how many trials are marked how, and how that compares with what was accepted.

use super::changes::Change;
use super::decide::{self, StateFacts};
use super::finding::Found;
use super::tallies::Tallies;
use super::verdict::{AreaSummary, AreaTest, PassHat};
use crate::domain::{Area, AreaGate, Policy, Trit};
use crate::score::AreaMark;
use crate::stats::{Tally, mean, pass};

/// Of one area; trials, where nothing else is said.
#[derive(Default, Clone, Copy)]
struct Counted {
    seen: bool,
    harmful: u64,
    incomplete: u64,
    useful: u64,
    not_scored: u64,
    /// Trials held against a snapshot, and the sums of their marks then and now.
    held: u64,
    was: i64,
    now: i64,
    cases_fell: u64,
    cases_rose: u64,
    /// Of the case whose trials are going by.
    this_case: ThisCase,
}

/// What a case has been counted for already.
#[derive(Default, Clone, Copy)]
struct ThisCase {
    fell: bool,
    rose: bool,
}

/// What every area looks like so far.
#[derive(Default)]
pub struct Areas {
    counted: [Counted; Area::COUNT],
}

/// What else is known of the areas when all trials are in.
pub struct Known<'k> {
    pub policy: &'k Policy,
    pub findings: &'k [Found],
    /// Where answers vary: the repeats, and what the tests made of them.
    pub varying: Option<(&'k Tallies<'k>, &'k [Change<'k>])>,
    /// Whether any trial was answered, so that what it took is known.
    pub answered: bool,
    /// What a clean result in an area is worth.
    pub notes: &'k dyn Fn(Area) -> Option<String>,
}

impl Areas {
    /// `first`: the trial is the first of its case.
    pub fn observe(&mut self, areas: &[AreaMark], first: bool) {
        if first {
            self.counted.iter_mut().for_each(|counted| counted.this_case = ThisCase::default());
        }
        areas.iter().for_each(|area| self.counted[area.area.index()].observe(area));
    }

    /// One line an area that any trial was asked about.
    pub fn summaries(&self, known: &Known) -> Vec<AreaSummary> {
        let seen = Area::ALL.into_iter().filter(|area| self.counted[area.index()].seen);
        seen.map(|area| self.counted[area.index()].summary(area, known)).collect()
    }
}

impl Counted {
    fn observe(&mut self, area: &AreaMark) {
        self.seen = true;
        match area.mark.trit() {
            Some(Trit::Harmful) => self.harmful += 1,
            Some(Trit::Incomplete) => self.incomplete += 1,
            Some(Trit::Useful) => self.useful += 1,
            None => self.not_scored += 1,
        }
        if let Some(held) = area.held {
            let case = &mut self.this_case;
            self.held += 1;
            self.was += i64::from(held.was.value());
            self.now += i64::from(held.now.value());
            self.cases_fell += once(&mut case.fell, held.now < held.was);
            self.cases_rose += once(&mut case.rose, held.now > held.was);
        }
    }

    fn summary(&self, area: Area, known: &Known) -> AreaSummary {
        let scored = self.harmful + self.incomplete + self.useful;
        let mean = |sum: i64, n: u64| (n > 0).then(|| sum as f64 / n as f64);
        let mut summary = AreaSummary {
            area,
            gate: known.policy.gate(area),
            harmful: self.harmful,
            incomplete: self.incomplete,
            useful: self.useful,
            not_scored: self.not_scored,
            marked: scored,
            compared: self.held,
            mean: mean(self.useful as i64 - self.harmful as i64, scored),
            was: mean(self.was, self.held),
            change: mean(self.now - self.was, self.held),
            fell: self.cases_fell,
            rose: self.cases_rose,
            pass_hat: None,
            test: None,
            state: state(area, known, scored > 0, self.held > 0),
            note: (known.notes)(area),
        };
        if let Some((tallies, changes)) = known.varying {
            let change = changes.iter().find(|change| change.area == area);
            summary.state = state(area, known, scored > 0, change.is_some());
            by_case(&mut summary, tallies, change, known.policy);
        }
        summary
    }
}

fn state(area: Area, known: &Known, scored: bool, compared: bool) -> super::AreaState {
    let about = || known.findings.iter().filter(|found| found.finding.area == Some(area));
    let gate = known.policy.gate(area);
    decide::state(StateFacts {
        gate,
        gravest: about().map(|found| found.finding.weight).min(),
        open: about().any(|found| found.open),
        // What trials took is checked; marks are not needed.
        scored: if gate == AreaGate::Budget { known.answered } else { scored },
        compared,
    })
}

/// Where answers vary, a case counts once, with the mean of its repeats.
fn by_case(summary: &mut AreaSummary, tallies: &Tallies, change: Option<&Change>, policy: &Policy) {
    let stage = tallies.stage(summary.area);
    let marked = tallies.cases.values().map(|case| case.marks(summary.area, stage));
    let marked = marked.filter(|tally| tally.count() > 0);
    let marked: Vec<Tally> = marked.collect();
    summary.marked = marked.len() as u64;
    summary.compared = change.map_or(0, |change| change.cases.len() as u64);
    summary.mean = mean::mean(&marked.iter().filter_map(Tally::mean).collect::<Vec<f64>>());
    summary.was = change.map(|change| change.was);
    summary.change = change.map(|change| change.change);
    let moved = |is: fn(f64) -> bool| {
        let changes = change.into_iter().flat_map(|change| &change.cases).filter_map(|(_, _, pair)| pair.change());
        changes.filter(|change| is(*change)).count() as u64
    };
    summary.fell = moved(|change| change < 0.0);
    summary.rose = moved(|change| change > 0.0);
    summary.pass_hat = pass_hat(&marked, change);
    summary.test = change.map(|change| AreaTest {
        cases: change.cases.len() as u64,
        lower: change.bound.map(|bound| bound.lower.max(-2.0)),
        conf: policy.interval.conf,
        margin: change.margin,
        clusters: change.clusters as u64,
        clustered_by: change.clustered_by,
        few_clusters: change.few_clusters(),
        p_worse: change.p,
        p_adjusted: change.gates().then_some(change.adjusted),
        adjusted_by: policy.multiplicity.gating,
        alpha: change.alpha,
    });
}

/// For as many repeats as every case has.
fn pass_hat(marked: &[Tally], change: Option<&Change>) -> Option<PassHat> {
    let passed = |tallies: Vec<Tally>, k: u64| {
        pass::pass_hat(&tallies.iter().map(|tally| (u64::from(tally.plus), tally.count())).collect::<Vec<_>>(), k)
    };
    let fewest = |tallies: &[Tally]| tallies.iter().map(Tally::count).min();
    let k = fewest(marked)?;
    let then: Vec<Tally> =
        change.into_iter().flat_map(|change| &change.cases).map(|(_, _, pair)| pair.baseline).collect();
    let comparable = fewest(&then).is_some_and(|fewest| fewest >= k);
    Some(PassHat { k, now: passed(marked.to_vec(), k)?, was: if comparable { passed(then, k) } else { None } })
}

/// 1 the first time `happened` is true.
fn once(counted: &mut bool, happened: bool) -> u64 {
    u64::from(happened && !std::mem::replace(counted, *counted || happened))
}
