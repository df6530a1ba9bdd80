//! What a run writes down as it happens, one JSON line an event, and how to read it back.
//!
//! Owns the event format. Knows nothing of files: `store` appends and reads the lines.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::domain::{Slug, Trial};

/// Version of the event format. A newer one is refused, never guessed at.
pub const EVENT_VERSION: u32 = 1;

/// One line of `events.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// From 0, without gaps.
    pub seq: u64,
    pub at: Timestamp,
    pub kind: EventKind,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    RunStarted(Box<RunMeta>),
    TrialFinished(Box<Trial>),
    /// Scheduling stopped before the plan was done.
    RunStopped {
        reason: String,
        /// Trials that the plan held; absent where older events do not tell.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        planned: Option<u64>,
    },
    /// A later process took the run up again.
    RunResumed {},
    /// Every trial of the plan has finished.
    RunFinished {
        trials: u64,
    },
}

/// What a run is a run of. Everything that could make two runs incomparable is in `digests`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunMeta {
    /// [`EVENT_VERSION`] of the writer.
    pub version: u32,
    /// Version of evalgate.
    pub evalgate: String,
    pub id: Slug,
    pub started_at: Timestamp,
    pub project: Slug,
    pub target: Slug,
    /// Kind of the target, e.g. `rules`.
    pub target_kind: String,
    pub policy: Slug,
    /// Of each case that has no number of its own; of the first stage, where the run is `staged`.
    pub repeats: u32,
    /// Whether more repeats follow where the first ones do not decide.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub staged: bool,
    /// What the order of asking was drawn from; absent where it is that of the plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u32>,
    #[serde(default)]
    pub answers: Answers,
    pub selection: Selection,
    /// Which of its parts, where a run was divided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
    /// The parts it was merged from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub merged_from: Vec<Slug>,
    /// The revision that policy and waivers are from; absent where they are the project's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_from: Option<PolicyBase>,
    /// Where the project lies in its repository, ending in `/`; empty at the top of it, and outside of one. Paths for CI
    /// servers begin there.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub folder: String,
    /// Name of a part (`suites`, `worlds`, `pipelines`, `rubrics`, `policy`, `target`) → blake3 of its text, hex.
    pub digests: BTreeMap<String, String>,
}

/// The revision that the policy and the waivers of a run are from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyBase {
    /// Id of the commit.
    pub commit: String,
    /// blake3 of its waivers, hex.
    pub waivers: String,
}

/// Kinds of target that answer alike every time.
const STEADY: [&str; 3] = ["foil", "noop", "rules"];

impl RunMeta {
    /// Whether the same question gets the same answer, by the kind of the target or because it is replayed.
    pub fn answers_alike(&self) -> bool {
        self.answers == Answers::Replayed || STEADY.contains(&self.target_kind.as_str())
    }
}

/// Where a run's answers come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answers {
    /// From the target itself.
    #[default]
    Live,
    /// From the target itself, and kept.
    Recorded,
    /// From what was kept.
    Replayed,
}

/// Which of the project's cases the run holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    /// The filter expression, where one was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// The run whose failing cases were selected, where asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing_of: Option<Slug>,
    /// Cases selected.
    pub cases: u64,
    /// Cases in the project.
    pub of: u64,
}

/// One of the parts of a run that is divided among machines. Written `2/3`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Shard {
    /// From 1.
    pub index: u32,
    pub of: u32,
}

impl Shard {
    /// Most parts of a run.
    pub const MOST: u32 = 1_000;

    /// Whether the case is of this part: its id alone decides, so that adding a case moves no other.
    pub fn holds(self, case: &Slug) -> bool {
        let [a, b, c, d, e, f, g, h, ..] = *blake3::hash(case.as_str().as_bytes()).as_bytes();
        u64::from_le_bytes([a, b, c, d, e, f, g, h]) % u64::from(self.of.max(1)) + 1 == u64::from(self.index)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/').and_then(|(index, of)| Some((index.parse().ok()?, of.parse().ok()?)));
        match parts {
            Some((index, of)) if (1..=of).contains(&index) && of <= Self::MOST => Ok(Self { index, of }),
            Some(_) => Err(format!("a part is between 1/1 and {0}/{0}, the first number no larger", Self::MOST)),
            None => Err("a part is written like 2/3: the second of three".to_owned()),
        }
    }
}

/// How far a run came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// No end was recorded: it is still running, or it was killed.
    Unfinished,
    Stopped {
        reason: String,
    },
    Finished,
}

impl RunState {
    /// Why there is no verdict on the run, whatever is on record: it was not walked to its end.
    pub fn stopped(&self) -> Option<String> {
        match self {
            Self::Stopped { reason } => Some(reason.clone()),
            Self::Unfinished => Some("it has no end, as it was killed or still runs".to_owned()),
            Self::Finished => None,
        }
    }
}

/// What a run has taken so far, by whatever processes.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Taken {
    /// Of every trial on record with a known cost, in US dollars.
    pub usd: f64,
    /// Whether the cost of a trial that was answered is unknown.
    pub unpriced: bool,
    /// From the start or a resumption to the last event before the next.
    pub time: SignedDuration,
}

/// The state after all events, without the trials themselves: those are streamed.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRecord {
    pub meta: RunMeta,
    pub state: RunState,
    /// Trials that the plan held in the end, where the run came to one.
    pub planned: Option<u64>,
    /// Case and repeat of every finished trial, in the order of finishing.
    pub finished: Vec<(Slug, u32)>,
    pub taken: Taken,
    pub last_seq: u64,
    pub last_at: Timestamp,
}

/// Why a sequence of events is not a run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FoldError {
    #[error("the run has no events")]
    Empty,
    #[error("the first event is not `run_started`")]
    NoStart,
    #[error("event {found} follows event {after}: events are missing")]
    Gap { after: u64, found: u64 },
    #[error("written in event format {0}; this evalgate reads up to {EVENT_VERSION}: use a newer evalgate")]
    Newer(u32),
}

/// Folds events to the state they describe. `on_trial` sees every finished trial once, in order.
pub fn fold(events: impl IntoIterator<Item = Event>, mut on_trial: impl FnMut(Trial)) -> Result<RunRecord, FoldError> {
    let mut events = events.into_iter();
    let first = events.next().ok_or(FoldError::Empty)?;
    let EventKind::RunStarted(meta) = first.kind else { return Err(FoldError::NoStart) };
    if meta.version > EVENT_VERSION {
        return Err(FoldError::Newer(meta.version));
    }
    let mut record = RunRecord {
        meta: *meta,
        state: RunState::Unfinished,
        planned: None,
        finished: Vec::new(),
        taken: Taken::default(),
        last_seq: first.seq,
        last_at: first.at,
    };
    for event in events {
        if event.seq != record.last_seq + 1 {
            return Err(FoldError::Gap { after: record.last_seq, found: event.seq });
        }
        // Between its end and its resumption nobody works on a run.
        if !matches!(event.kind, EventKind::RunResumed {}) {
            record.taken.time += event.at.duration_since(record.last_at).max(SignedDuration::ZERO);
        }
        record.last_seq = event.seq;
        record.last_at = event.at;
        match event.kind {
            EventKind::RunStarted(_) => return Err(FoldError::NoStart),
            EventKind::TrialFinished(trial) => {
                record.finished.push((trial.case.clone(), trial.repeat));
                record.taken.usd += trial.usage.cost_usd.unwrap_or(0.0);
                record.taken.unpriced |= trial.is_unpriced();
                on_trial(*trial);
            }
            EventKind::RunStopped { reason, planned } => {
                (record.state, record.planned) = (RunState::Stopped { reason }, planned);
            }
            EventKind::RunResumed {} => (record.state, record.planned) = (RunState::Unfinished, None),
            EventKind::RunFinished { trials } => (record.state, record.planned) = (RunState::Finished, Some(trials)),
        }
    }
    Ok(record)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_is_of_exactly_one_part_whatever_their_number() {
        for of in [1, 2, 3, 7, 100] {
            let mut sizes = vec![0; of as usize];
            for n in 0..1_000 {
                let case = Slug::new(&format!("case-{n}")).unwrap();
                let parts: Vec<u32> = (1..=of).filter(|&index| Shard { index, of }.holds(&case)).collect();
                assert_eq!(parts.len(), 1, "{case} of {of}");
                sizes[parts[0] as usize - 1] += 1;
            }
            let even = 1_000 / of;
            assert!(sizes.iter().all(|size| *size > 0 && *size < 2 * even.max(10)), "{sizes:?}");
        }
    }

    #[test]
    fn the_part_of_a_case_stays_what_it_was() {
        let parts = ["berth-for-two-nights", "fuel-before-the-weekend", "leak-at-the-fuel-barge"].map(|id| {
            let case = Slug::new(id).unwrap();
            (1..=5).find(|&index| Shard { index, of: 5 }.holds(&case)).unwrap()
        });
        assert_eq!(parts, [3, 1, 2]);
    }

    #[test]
    fn a_part_is_read_as_it_is_written() {
        assert_eq!("2/3".parse(), Ok(Shard { index: 2, of: 3 }));
        assert_eq!("2/3".parse::<Shard>().unwrap().to_string(), "2/3");
        for wrong in ["0/3", "4/3", "1/0", "1/1001", "2", "a/b", "-1/3", ""] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }
}
