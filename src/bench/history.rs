//! Generates a long history and makes a trend report of it.
//!
//! The runs are made up: as many as two years of CI leave behind, with releases, failures that come and go, and costs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use super::process::{Spent, run};
use super::{BenchError, Doing};
use crate::corrections::{Figures, Material as Corrections};
use crate::domain::{Area, CaseKind, RequestType, Slug, Trit};
use crate::event::{Answers, EVENT_VERSION, RunMeta, RunState, Selection};
use crate::gate::Decision;
use crate::history::{Decided, Decider, ENTRY_VERSION, Ended, Head, MarkEntry, Part, Scope, TrialEntry};
use crate::report::{TREND_FORMATS, TrendReport};
use crate::stats::random::Random;
use crate::store::{Address, History, HistoryError};
use crate::trend::{By, Material, Trend, periods};

/// Runs a week, cases a run.
const RUNS: u32 = 100;
const CASES: u32 = 240;

const PIPELINES: [&str; 3] = ["triage", "work-order", "escalation-packet"];

/// Where the generated history is.
#[derive(Debug)]
pub enum Place<'p> {
    /// A file in this folder.
    Folder(&'p Path),
    /// A database that holds no history yet.
    Shared(&'p Address),
}

/// What it came to.
#[derive(Debug)]
pub struct HistoryFigures {
    pub runs: u64,
    pub marks: u64,
    pub wrote: Duration,
    /// Bytes of the file; absent where it is none.
    pub bytes: Option<u64>,
    /// Each question, its rows, and how long the answer took.
    pub asked: Vec<(&'static str, usize, Duration)>,
    /// A process that does nothing but ask all of them; absent where the place is shared.
    pub process: Option<Spent>,
}

/// Writes `weeks` weeks of history, then asks.
pub fn measure_history(place: &Place, weeks: u32, told: &mut dyn FnMut(&str)) -> Result<HistoryFigures, BenchError> {
    let mut history = place.open()?;
    if !history.list(&Scope::default(), 1)?.is_empty() {
        return Err(BenchError::NotEmpty(history.name()));
    }
    let began = Instant::now();
    let (mut runs, mut marks) = (0, 0);
    for week in 0..weeks {
        if week.is_multiple_of(8) {
            told(&format!("write week {week} of {weeks}"));
        }
        for nth in 0..RUNS {
            let trials = trials(week, nth);
            runs += 1;
            marks += trials.iter().map(|trial| trial.marks.len() as u64).sum::<u64>();
            history.add(&head(week, nth).map_err(BenchError::Name)?, trials)?;
        }
    }
    let wrote = began.elapsed();
    drop(history);
    told("ask");
    let asked = ask(place)?;
    let (bytes, process) = match place {
        Place::Folder(folder) => {
            let bytes = std::fs::metadata(folder.join(FILE)).doing("measure the history")?.len();
            let command = ["bench", "--history", "--ask", &folder.display().to_string()];
            (Some(bytes), Some(run(folder, &command, 0)?))
        }
        Place::Shared(_) => (None, None),
    };
    Ok(HistoryFigures { runs, marks, wrote, bytes, asked, process })
}

const FILE: &str = "history.db";

impl Place<'_> {
    fn open(&self) -> Result<History, HistoryError> {
        match self {
            Place::Folder(folder) => History::in_file(&folder.join(FILE)),
            Place::Shared(address) => History::shared(address, None),
        }
    }
}

/// Makes the trend report of one target, all the weeks that there are, and times its steps.
pub fn ask(place: &Place) -> Result<Vec<(&'static str, usize, Duration)>, BenchError> {
    let mut asked = Vec::new();
    let mut began = Instant::now();
    let mut took = |step, rows| asked.push((step, rows, std::mem::replace(&mut began, Instant::now()).elapsed()));
    let mut history = place.open()?;
    let target = Slug::new("agent").map_err(BenchError::Name)?;
    let scope = Scope { target: Some(target.clone()), ..Scope::default() };
    let runs = history.whole_runs(&scope)?;
    took("whole runs", runs.len());
    let facts = history.case_facts(&scope)?;
    let periods = periods(&runs, By::Week);
    let stands = history.stands(&runs, &periods)?;
    took("weeks, with the marks of a run each", stands.len());
    let zero_tolerance = vec![Area::ToolCorrectness, Area::PermissionAdherence];
    let violated = history.violated(&scope, &zero_tolerance, &Part::default())?;
    took("areas with a violation", violated.len());
    let entries = history.decisions(&scope, Timestamp::MIN, Timestamp::MAX)?;
    took("decisions", entries.len());
    let until = runs.last().map_or(Timestamp::UNIX_EPOCH, |run| run.started_at);
    let counted_since = until - SignedDuration::from_hours(24 * 7 * 12);
    let answered = history.answered(&Scope { since: Some(counted_since), ..scope })?;
    took("trials that answered in 12 weeks", answered.values().map(|trials| *trials as usize).sum());
    let material = Material {
        project: Slug::new("generated").map_err(BenchError::Name)?,
        target,
        by: By::Week,
        until,
        pipeline: None,
        org: None,
        runs,
        periods,
        stands,
        before: None,
        facts,
        zero_tolerance,
        violated,
        newest: Vec::new(),
        verdict: None,
        entries,
        counted_since,
        corrections: Figures::of(&Corrections::default()),
        corrected: Vec::new(),
        reviews: Vec::new(),
        waiting: Vec::new(),
        covered: Vec::new(),
        system_areas: Vec::new(),
    };
    let trend = Trend::of(&material);
    took("series", trend.panels.len());
    let report = TrendReport::of(&material, &trend, &BTreeSet::new())?;
    let mut bytes = 0;
    for format in &TREND_FORMATS {
        bytes += report.render(format)?.len();
    }
    took("bytes in four formats", bytes);
    Ok(asked)
}

/// A release every two weeks, new suites every ten.
fn head(week: u32, nth: u32) -> Result<Head, crate::domain::SlugError> {
    let first = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * (4 + 7 * 2870));
    let started_at = first + SignedDuration::from_mins(i64::from(week * 7 * 1440 + nth * 100));
    let digest = |what: &str, version: u32| blake3::hash(format!("{what} {version}").as_bytes()).to_hex().to_string();
    let digests = BTreeMap::from([
        ("pipelines".to_owned(), digest("pipelines", week / 4)),
        ("policy".to_owned(), digest("policy", week / 30)),
        ("rubrics".to_owned(), digest("rubrics", week / 15)),
        ("suites".to_owned(), digest("suites", week / 10)),
        ("target".to_owned(), digest("target", week / 2)),
        ("worlds".to_owned(), digest("worlds", week / 20)),
    ]);
    let policy = Slug::new("servicing")?;
    let fails = nth.is_multiple_of(9);
    let ended_at = started_at + SignedDuration::from_mins(9);
    Ok(Head {
        version: ENTRY_VERSION,
        meta: RunMeta {
            version: EVENT_VERSION,
            evalgate: env!("CARGO_PKG_VERSION").to_owned(),
            id: Slug::new(&format!("w{week:03}-{nth:03}"))?,
            started_at,
            project: Slug::new("generated")?,
            target: Slug::new("agent")?,
            target_kind: "chat".to_owned(),
            policy: policy.clone(),
            repeats: 1,
            staged: false,
            seed: None,
            answers: Answers::Live,
            selection: Selection { filter: None, failing_of: None, cases: CASES.into(), of: CASES.into() },
            shard: None,
            merged_from: Vec::new(),
            policy_from: None,
            folder: String::new(),
            digests,
        },
        state: RunState::Finished,
        ended_at,
        decisions: vec![Decided {
            at: ended_at,
            by: Decider::Run,
            policy,
            decision: if fails { Decision::Fail } else { Decision::Pass },
            exit: u8::from(fails),
            headline: "Nothing that gates got worse in any of the 240 cases.".to_owned(),
            policy_from: None,
            held_against: None,
        }],
        tags: Vec::new(),
    })
}

fn trials(week: u32, nth: u32) -> Vec<TrialEntry> {
    let mut random = Random::stream(u64::from(week), u64::from(nth));
    let name = |text: String| Slug::new(&text).ok();
    let cause = name("severity".to_owned());
    let trial = |case: u32| {
        // A case is bad in an area for some weeks at a time.
        let spell = Random::stream(u64::from(case), u64::from(week / 3)).below(1000);
        let mut mark = |area: Area| {
            let trit = match (spell / 100 == area.index() as u64 && spell % 100 < 25, random.below(100)) {
                (true, _) | (false, 0) => Trit::Harmful,
                (false, 1..20) => Trit::Incomplete,
                _ => Trit::Useful,
            };
            let cause = cause.clone().filter(|_| trit != Trit::Useful);
            MarkEntry { area, mark: Some(trit), missing: false, cause }
        };
        Some(TrialEntry {
            case: name(format!("case-{case:04}"))?,
            pipeline: name(PIPELINES[case as usize % PIPELINES.len()].to_owned())?,
            suite: name(format!("suite-{}", case % 12))?,
            kind: CaseKind::GoldenRequest,
            request: RequestType::ALL[case as usize % RequestType::ALL.len()],
            org: format!("org-{}", case % 7),
            repeat: 1,
            outcome: Ended::Answered,
            marks: Area::ALL.into_iter().map(&mut mark).collect(),
            guarded: None,
            wall_ms: 800.0 + random.below(9_000) as f64,
            cost_usd: Some(random.below(500) as f64 / 10_000.0),
            input_tokens: Some(4_000 + random.below(9_000)),
            output_tokens: Some(200 + random.below(900)),
            model: Some("model-1".to_owned()),
        })
    };
    (0..CASES).filter_map(trial).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_history_gives_a_trend() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::Folder(folder.path());
        let mut history = place.open().unwrap();
        for week in 0..3 {
            for nth in 0..2 {
                history.add(&head(week, nth).unwrap(), trials(week, nth)).unwrap();
            }
        }
        drop(history);
        let rows: BTreeMap<&str, usize> =
            ask(&place).unwrap().into_iter().map(|(name, rows, _)| (name, rows)).collect();
        assert_eq!((rows["whole runs"], rows["weeks, with the marks of a run each"], rows["decisions"]), (6, 3, 6));
        assert_eq!(rows["series"], (1 + PIPELINES.len()) * Area::COUNT);
        assert_eq!(rows["trials that answered in 12 weeks"], 6 * CASES as usize);
        assert!(rows["bytes in four formats"] > 0);
    }
}
