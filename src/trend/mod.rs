//! What many runs of one target say together: where each area stands and what moved it, what fails since when, what it
//! costs, what was decided, what is tested at all.
//!
//! Pure. A period is stood for by its last whole run; only cases that two runs share are compared. Days are UTC.

mod areas;
mod costs;
mod coverage;
mod failures;
mod headline;
mod log;
mod moves;
mod period;
#[cfg(test)]
pub mod sample;
mod stand;
mod touched;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::corrections::{Corrected, Figures};
use crate::domain::{Area, Decision, Slug};
use crate::gate::Verdict;
use crate::history::{AreaSum, CaseFact, RunLine};
use crate::stats::proportion::clopper_pearson_upper;

pub use areas::{AreaLine, Panel, SPARK, State};
pub use costs::Spent;
pub use coverage::{Cell, Covered, LastSeen, NONE_NAMED, grid};
pub use failures::{Failure, FailureState, Failures, Observed};
pub use headline::headline;
pub use log::{Entry, How, Override, Release, overrides};
pub use moves::{Confirmed, Moved};
pub use period::{By, Period, day, name, periods};
pub use stand::{CONFIDENCE, Change, ENOUGH, Stand, Sum, Tallies, Tally};
pub use touched::touched;

/// Everything that a trend is made of.
#[derive(Debug)]
pub struct Material {
    pub project: Slug,
    pub target: Slug,
    pub by: By,
    /// The day of the report: ages and terms count up to here.
    pub until: Timestamp,
    /// Only cases of this pipeline, of this org.
    pub pipeline: Option<Slug>,
    pub org: Option<String>,
    /// Whole runs of the target, oldest first, and their periods; at least one.
    pub runs: Vec<RunLine>,
    pub periods: Vec<Period>,
    /// The last run of each period.
    pub stands: Vec<Stand>,
    /// The release that the newest run is held against.
    pub before: Option<Before>,
    /// Number of a case in the store → what it is; only those that are looked at.
    pub facts: BTreeMap<i64, CaseFact>,
    /// Areas in which one -1 is too much.
    pub zero_tolerance: Vec<Area>,
    /// When the newest run with a -1 in such an area began, over all runs of the target.
    pub violated: BTreeMap<Area, Timestamp>,
    /// What the newest run comes to, pipeline by pipeline.
    pub newest: Vec<(Slug, Area, AreaSum)>,
    /// Its verdict, where its folder is here.
    pub verdict: Option<Verdict>,
    pub entries: Vec<Entry>,
    /// Since when corrections and reviews are counted.
    pub counted_since: Timestamp,
    pub corrections: Figures,
    /// The corrections of that time.
    pub corrected: Vec<Corrected>,
    /// Decisions of reviews in that time.
    pub reviews: Vec<Decision>,
    pub waiting: Vec<Waiting>,
    pub covered: Vec<Covered>,
    /// The areas of the systems that the project names; where it names none, cases count under their world.
    pub system_areas: Vec<Slug>,
}

impl Material {
    /// The pipelines of the cases that are looked at, in the order of their names.
    fn pipelines(&self) -> BTreeSet<&Slug> {
        self.facts.values().map(|fact| &fact.pipeline).collect()
    }
}

/// The release that the newest run is held against: the last other agent that passed or, where none did, the last one.
#[derive(Debug)]
pub struct Before {
    /// Its names, or the beginning of its digest.
    pub name: String,
    /// Whether it passed; otherwise none did.
    pub passed: bool,
    /// Its last run, or its last one that passed.
    pub run: RunLine,
    pub stand: Stand,
}

/// A snapshot that waits for a review.
#[derive(Debug, Clone, PartialEq)]
pub struct Waiting {
    pub case: Slug,
    pub pipeline: Slug,
    /// When the run that proposed it began; absent where that run is in no history.
    pub since: Option<Timestamp>,
}

/// An area of zero tolerance.
#[derive(Debug, Clone, PartialEq)]
pub struct Safety {
    pub area: Area,
    /// Cases of the newest period with any repeat at -1, of the cases with a mark.
    pub violations: u64,
    pub cases: u64,
    /// Clopper and Pearson's upper bound of the true rate, 0..1.
    pub at_most: Option<f64>,
    /// When the newest run with a violation began; absent where there never was one.
    pub last: Option<Timestamp>,
}

/// What came out.
#[derive(Debug)]
pub struct Trend {
    pub areas: Vec<AreaLine>,
    /// All pipelines together first, then each; only areas that were ever marked.
    pub panels: Vec<Panel>,
    pub moves: Vec<Moved>,
    pub safety: Vec<Safety>,
    pub failures: Vec<Failure>,
    /// One a period.
    pub spent: Vec<Spent>,
    pub releases: Vec<Release>,
    pub overrides: Vec<Override>,
    pub coverage: Vec<Cell>,
}

impl Trend {
    pub fn of(material: &Material) -> Self {
        let Material { runs, periods, stands, .. } = material;
        let ends: Vec<&RunLine> = periods.iter().filter_map(|period| runs.get(period.last)).collect();
        let steps = ends.windows(2).zip(1..);
        let moves: Vec<Moved> = steps.filter_map(|(pair, at)| moves::moved(pair[0], pair[1], at)).collect();
        let in_period = |period: &Period| Spent::of(&runs[period.first..=period.last]);
        Self {
            areas: Area::ALL.into_iter().filter_map(|area| area_line(material, area)).collect(),
            panels: panels(material, &moves),
            safety: material.zero_tolerance.iter().map(|area| safety(material, *area)).collect(),
            failures: failures(stands, &material.facts),
            spent: periods.iter().map(in_period).collect(),
            releases: Release::of(runs),
            overrides: overrides(runs, &material.entries),
            coverage: grid(&material.covered, &material.system_areas, &last_seen(material, &ends)),
            moves,
        }
    }
}

fn area_line(material: &Material, area: Area) -> Option<AreaLine> {
    let Material { stands, facts, .. } = material;
    let all = |_: &CaseFact| true;
    let (newest, earlier) = stands.split_last()?;
    let now = newest.sum(area, facts, &all);
    let change = |then: &Stand| newest.change_since(then, area, facts, &all);
    let since_period = earlier.last().map(change);
    let since_release = material.before.as_ref().map(|before| change(&before.stand));
    let sums: Vec<Sum> = stands.iter().rev().take(SPARK).rev().map(|stand| stand.sum(area, facts, &all)).collect();
    if sums.iter().all(|sum| sum.cases == 0) {
        return None;
    }
    let zero_tolerance = material.zero_tolerance.contains(&area);
    let other = broken_by(material);
    let state = State::of(&now, zero_tolerance, since_release.as_ref().or(since_period.as_ref()), &other);
    let spark = sums.iter().map(|sum| sum.mean).collect();
    Some(AreaLine { area, now, since_period, since_release, spark, zero_tolerance, state, other })
}

/// What else than the agent is another one since the run that the newest one is held against, so that marks of the two do
/// not tell what the agent changed.
fn broken_by(material: &Material) -> Vec<&'static str> {
    let of_period = || material.runs.get(material.periods.iter().rev().nth(1)?.last);
    let then = material.before.as_ref().map(|before| &before.run).or_else(of_period);
    match (then, material.runs.last()) {
        (Some(then), Some(now)) => moves::breaking(then, now),
        _ => Vec::new(),
    }
}

fn panels(material: &Material, moves: &[Moved]) -> Vec<Panel> {
    let Material { stands, facts, .. } = material;
    let pipelines = material.pipelines();
    let one = pipelines.len() < 2;
    let each = pipelines.into_iter().map(Some).filter(|_| !one);
    let mut panels = Vec::new();
    for pipeline in std::iter::once(None).chain(each) {
        for area in Area::ALL {
            let wanted = |fact: &CaseFact| pipeline.is_none_or(|pipeline| fact.pipeline == *pipeline);
            let sums: Vec<Sum> = stands.iter().map(|stand| stand.sum(area, facts, &wanted)).collect();
            if sums.iter().any(|sum| sum.cases > 0) {
                let changes = changes(&sums, moves);
                panels.push(Panel { pipeline: pipeline.cloned(), area, sums, changes });
            }
        }
    }
    panels
}

/// Confirmed changes, each between two breaks: across one the periods are of other cases or another measure.
fn changes(sums: &[Sum], moves: &[Moved]) -> Vec<Confirmed> {
    let breaks: Vec<usize> = moves.iter().filter(|moved| moved.breaks).map(|moved| moved.at).collect();
    let starts = std::iter::once(0).chain(breaks.iter().copied());
    let ends = breaks.iter().copied().chain([sums.len()]);
    let row = |(start, end): (usize, usize)| {
        let row: Vec<(usize, &Sum)> = sums.iter().enumerate().take(end).skip(start).collect();
        moves::confirmed(&row)
    };
    starts.zip(ends).filter_map(row).collect()
}

fn safety(material: &Material, area: Area) -> Safety {
    let now = material.stands.last().map(|stand| stand.sum(area, &material.facts, &|_| true)).unwrap_or_default();
    let (violations, cases) = (now.harmful_cases, now.cases as u64);
    let at_most = clopper_pearson_upper(violations, cases, CONFIDENCE).filter(|_| cases > 0);
    Safety { area, violations, cases, at_most, last: material.violated.get(&area).copied() }
}

fn failures(stands: &[Stand], facts: &BTreeMap<i64, CaseFact>) -> Vec<Failure> {
    let mut failures = Failures::default();
    for (period, stand) in stands.iter().enumerate() {
        for area in Area::ALL {
            for (_, fact, tally) in stand.of_area(area, facts, &|_| true) {
                failures.observe(Observed {
                    period,
                    case: fact.id.clone(),
                    pipeline: fact.pipeline.clone(),
                    area,
                    failing: tally.harmful > 0,
                    cause: tally.cause.clone(),
                });
            }
        }
    }
    failures.finish()
}

fn last_seen(material: &Material, ends: &[&RunLine]) -> BTreeMap<Slug, LastSeen> {
    let mut seen: BTreeMap<Slug, LastSeen> = BTreeMap::new();
    for (run, stand) in ends.iter().zip(&material.stands) {
        for (number, tallies) in &stand.cases {
            let Some(fact) = material.facts.get(number) else { continue };
            let failed = tallies.iter().flatten().any(|tally| tally.harmful > 0);
            let last = seen.entry(fact.id.clone()).or_default();
            last.asked = Some(run.started_at);
            if failed {
                last.failed = Some(run.started_at);
            }
        }
    }
    seen
}
