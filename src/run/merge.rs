//! Parts of one run, recorded apart: whether they are a whole, and the record that they are together.
//!
//! A part is a shard: trials and no verdict. Together they have to hold every trial of the plan once, all of the same
//! agent, suites and policy. Nothing is merged that does not: there is no verdict on partial or mixed evidence.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;

use super::RunError;
use super::plan::{HowOften, Walk};
use super::select::{Selected, SelectedSuite};
use crate::domain::Slug;
use crate::event::{EventKind, RunMeta, RunState, Shard};
use crate::load::Checked;
use crate::store::{EventWriter, RunFolder, TrialIndex};

/// Most names that one sentence lists.
const LISTED: usize = 5;

/// The cases of a shard alone.
pub fn part_of(selected: Selected, checked: &Checked, shard: Shard) -> Result<Selected, String> {
    let Selected { suites, mut selection, guards_left_out, unmet } = selected;
    let mut kept = Vec::new();
    for SelectedSuite { suite, cases } in suites {
        let loaded = checked.suites[suite].suite(&checked.root)?;
        let cases: Vec<u32> = cases.into_iter().filter(|at| shard.holds(&loaded.0.cases[*at as usize].id)).collect();
        if !cases.is_empty() {
            kept.push(SelectedSuite { suite, cases });
        }
    }
    selection.cases = kept.iter().map(|part| part.cases.len() as u64).sum();
    Ok(Selected { suites: kept, selection, guards_left_out, unmet })
}

/// A shard as it was recorded.
pub struct Part {
    pub meta: RunMeta,
    state: RunState,
    /// Bytes that a crash left at its end.
    torn: u64,
    last_at: Timestamp,
    finished: Vec<(Slug, u32)>,
    index: TrialIndex,
}

impl Part {
    pub fn read(folder: &RunFolder) -> Result<Self, RunError> {
        let (index, replay) = folder.recorded()?;
        let record = replay.record;
        let (meta, state, last_at, finished) = (record.meta, record.state, record.last_at, record.finished);
        Ok(Self { meta, state, torn: replay.torn, last_at, finished, index })
    }

    /// Why it is no part of anything.
    fn broken(&self) -> Option<String> {
        let id = &self.meta.id;
        match (&self.meta.shard, &self.state) {
            (None, _) => Some(format!("run {id} is no shard: it was run without --shard")),
            (Some(shard), RunState::Stopped { reason }) => {
                Some(format!("shard {shard}, run {id}, did not come to its end: {}", reason.trim_end_matches('.')))
            }
            (Some(shard), RunState::Unfinished) => {
                Some(format!("shard {shard}, run {id}, has no end: it still runs, or it was killed"))
            }
            (Some(shard), RunState::Finished) => {
                (self.torn > 0).then(|| format!("the events of shard {shard}, run {id}, are damaged at their end"))
            }
        }
    }
}

/// What a run is a run of, by name, as far as parts of one have to be the same.
fn identity(meta: &RunMeta) -> BTreeMap<String, String> {
    let mut parts: BTreeMap<String, String> = [
        ("evalgate", meta.evalgate.clone()),
        ("project", meta.project.to_string()),
        ("target", meta.target.to_string()),
        ("kind of target", meta.target_kind.clone()),
        ("policy", meta.policy.to_string()),
        ("repeats", meta.repeats.to_string()),
        ("answers", format!("{:?}", meta.answers).to_lowercase()),
        ("filter", meta.selection.filter.clone().unwrap_or_else(|| "none".to_owned())),
        ("cases of the project", meta.selection.of.to_string()),
        (
            "waivers of another revision",
            meta.policy_from.as_ref().map_or("none", |from| short(&from.waivers)).to_owned(),
        ),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    for (part, digest) in &meta.digests {
        parts.insert(format!("digest of {part}"), short(digest).to_owned());
    }
    parts
}

fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}

/// Why these parts are not one run of the project as it stands; empty where they are. `now`: what a run of the whole
/// would be a run of here.
pub fn disagreements(parts: &[Part], now: &RunMeta) -> Vec<String> {
    let mut told: Vec<String> = parts.iter().filter_map(Part::broken).collect();
    let mut seen = BTreeSet::new();
    let twice = parts.iter().filter(|part| !seen.insert(&part.meta.id));
    told.extend(twice.map(|part| format!("run {} is named twice", part.meta.id)));
    let divided: BTreeSet<u32> = parts.iter().filter_map(|part| Some(part.meta.shard?.of)).collect();
    if divided.len() > 1 {
        let into: Vec<String> = divided.iter().map(u32::to_string).collect();
        told.push(format!("they are of runs that were divided differently: into {}", into.join(" and into ")));
    }
    let here = identity(now);
    for part in parts {
        let there = identity(&part.meta);
        let names: BTreeSet<&String> = here.keys().chain(there.keys()).collect();
        let value = |of: &BTreeMap<String, String>, name: &String| of.get(name).cloned().unwrap_or("none".to_owned());
        let differs = names.into_iter().filter(|name| here.get(*name) != there.get(*name));
        told.extend(differs.map(|name| {
            format!("{name}: {} in run {}, {} here", value(&there, name), part.meta.id, value(&here, name))
        }));
    }
    told
}

/// Which trials of the plan the parts do not hold exactly once, as sentences; empty where they hold each once and no
/// other.
pub fn gaps(
    parts: &[Part],
    checked: &Checked,
    selected: &Selected,
    how_often: &HowOften,
) -> Result<Vec<String>, RunError> {
    let mut held: HashMap<(Slug, u32), u32> = HashMap::new();
    for trial in parts.iter().flat_map(|part| &part.finished) {
        *held.entry(trial.clone()).or_default() += 1;
    }
    let (mut planned, mut missing, mut missing_cases) = (0_u64, Vec::new(), BTreeSet::new());
    let mut walk = Walk::new(checked, selected, how_often.clone());
    let mut double = Vec::new();
    while let Some(trial) = walk.next()? {
        planned += 1;
        let key = (trial.case().id.clone(), trial.repeat);
        match held.remove(&key) {
            Some(1) => {}
            Some(_) => double.push(key),
            None => {
                missing_cases.insert(key.0.clone());
                missing.push(key);
            }
        }
    }
    let mut other: Vec<(Slug, u32)> = held.into_keys().collect();
    other.sort();
    let mut told = Vec::new();
    if !missing.is_empty() {
        told.push(format!("{} of {planned} trials are missing: {}", missing.len(), listed(&missing)));
        told.extend(absent(parts, &missing_cases));
    }
    if !double.is_empty() {
        told.push(format!("{} of {planned} trials are there more than once: {}", double.len(), listed(&double)));
    }
    if !other.is_empty() {
        told.push(format!("{} trials are of no case or repeat of the plan: {}", other.len(), listed(&other)));
    }
    Ok(told)
}

/// Shards that are not among the parts and that missing cases are of.
fn absent(parts: &[Part], missing: &BTreeSet<Slug>) -> Option<String> {
    let of = parts.first()?.meta.shard?.of;
    let there: BTreeSet<Shard> = parts.iter().filter_map(|part| part.meta.shard).collect();
    let absent = (1..=of).map(|index| Shard { index, of }).filter(|shard| !there.contains(shard));
    let names: Vec<String> =
        absent.filter(|shard| missing.iter().any(|case| shard.holds(case))).map(|shard| shard.to_string()).collect();
    (!names.is_empty()).then(|| format!("not among them: shard {}", names.join(", ")))
}

fn listed(trials: &[(Slug, u32)]) -> String {
    let names: Vec<String> =
        trials.iter().take(LISTED).map(|(case, repeat)| format!("{case} (repeat {repeat})")).collect();
    match trials.len().saturating_sub(LISTED) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
    }
}

/// Writes every trial of the parts in plan order, between the run's start and its end. Its times are those of the parts.
pub fn record(
    mut parts: Vec<Part>,
    meta: &RunMeta,
    events: &mut EventWriter,
    checked: &Checked,
    selected: &Selected,
    how_often: &HowOften,
) -> Result<(), RunError> {
    let at = parts.iter().map(|part| part.last_at).max().unwrap_or(meta.started_at);
    events.append(meta.started_at, EventKind::RunStarted(Box::new(meta.clone())))?;
    let mut walk = Walk::new(checked, selected, how_often.clone());
    let mut trials = 0;
    while let Some(planned) = walk.next()? {
        for part in &mut parts {
            if let Some(trial) = part.index.trial(&planned.case().id, planned.repeat)? {
                events.append_trial(at, &trial)?;
                trials += 1;
            }
        }
    }
    events.append(at, EventKind::RunFinished { trials })?;
    Ok(events.sync()?)
}
