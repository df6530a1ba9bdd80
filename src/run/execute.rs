//! A run from its plan to its verdict.

use std::sync::{Arc, Mutex};

use jiff::Timestamp;

use super::clock::{Clock, Phase};
use super::dispatch::{Asked, Dispatcher, Flow};
use super::drawn::Drawn;
use super::guards::guards_past;
use super::in_order::InOrder;
use super::interrupt::Interrupt;
use super::judged_by::JudgedBy;
use super::moved::{Gone, gone};
use super::plan::{HowOften, Walk};
use super::scoring::Scoring;
use super::select::Selected;
use super::waived::waived;
use crate::client::Client;
use crate::domain::{Policy, Slug};
use crate::event::Taken;
use crate::gate::{Baseline, Evidence, Judge, ShadowEvidence, Stages, Verdict};
use crate::judging::Panel;
use crate::load::Checked;
use crate::plan::Catalog;
use crate::progress::{JsonLines, Progress};
use crate::store::{EventWriter, GoldenFolder, RunFolder, StoreError, StoredResults, TrialIndex};
use crate::target::Target;

/// A run about to be executed.
pub struct Running<'a> {
    pub checked: &'a Checked,
    pub catalog: &'a Catalog,
    pub policy: &'a Policy,
    pub judged_by: &'a JudgedBy,
    pub selected: &'a Selected,
    pub how_often: HowOften,
    /// Trials that the plan holds at least, of which some may be of cases that are not there any more.
    pub planned: u64,
    /// Why the trials on record are not all that were planned, where nobody is asked for more.
    pub stopped: Option<String>,
    /// Where the order of asking is drawn from; that of the plan without it, and then no trial is added to it.
    pub seed: Option<u32>,
    /// Whether `how_often` is a first stage only, after which the policy says who is repeated more.
    pub staged: bool,
    pub folder: &'a RunFolder,
    pub golden: &'a GoldenFolder,
    /// What the gate holds the run against where answers vary.
    pub baseline: &'a Baseline,
    /// Whether proposals for snapshots may be written.
    pub propose: bool,
    /// Trials that are on record already.
    pub recorded: TrialIndex,
    /// Answers what criteria ask of judges; `None` where none asks any.
    pub panel: Option<Arc<Panel>>,
    /// Asks for the missing trials and records them; without it nothing is asked.
    pub asking: Option<Asking<'a>>,
    pub now: fn() -> Timestamp,
    pub clock: &'a mut Clock,
    /// The newest shadow comparison of the target.
    pub shadow: Option<ShadowEvidence>,
}

/// How missing trials are asked for.
pub struct Asking<'a> {
    pub name: Slug,
    pub target: Arc<dyn Target>,
    pub client: Arc<Client>,
    pub events: &'a mut EventWriter,
    pub jobs: usize,
    pub interrupt: Interrupt,
    /// Stops the run when its trials have cost more.
    pub budget_usd: Option<f64>,
    /// What the run had taken before it was resumed.
    pub taken: Taken,
}

/// How a run ended.
pub struct Ended {
    pub verdict: Verdict,
    /// All that was scored, for its reports.
    pub results: StoredResults,
    pub interrupted: bool,
    /// Why the plan was not walked to its end.
    pub stopped: Option<String>,
    pub at: Timestamp,
}

/// Why a run could not go on. Everything recorded so far is on disk.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{0}")]
    Changed(String),
}

/// Runs what is missing, records it, scores everything and judges it.
pub async fn execute(running: Running<'_>, progress: &mut dyn Progress) -> Result<Ended, RunError> {
    let Running { judged_by, checked, catalog, policy, selected, baseline, folder, golden, clock, now, .. } = running;
    let listing = golden.list()?;
    let Gone { orphans, moved } = gone(checked, &listing, judged_by.cases_then.as_ref());
    let waivers = waived(checked, &judged_by.waivers, &listing, now());
    let mut how_often = running.how_often;
    let repeated = running.seed.is_some() || how_often.repeats(selected, checked);
    // Repeats that a stage adds may make two of one.
    let at_first = how_often.at_first(selected, checked).max(if repeated { 2 } else { 1 });
    let mut scoring = Scoring {
        catalog,
        accepted: listing.accepted.into_iter().collect(),
        held: Mutex::default(),
        suites: &checked.suites,
        golden,
        project: checked.root.path(),
        pending: listing.pending.into_iter().collect(),
        propose: running.propose,
        repeated,
        proposal: None,
        how_often: HowOften::default(),
        run: folder.id().to_string(),
        results: folder.write_results()?,
        judge: Judge::new(policy, at_first, baseline).settle_by(&judged_by.rulings),
        unreadable: Vec::new(),
        done: 0,
        total: how_often.trials(checked, selected)?.max(running.planned),
    };
    progress.started(scoring.total);
    let mut dispatcher = Dispatcher::new(catalog, policy, running.recorded, running.asking, running.panel, now);
    let mut asked = Asked::default();
    if let Some(seed) = running.seed {
        // Who says how often gets that, and more only of what looks broken.
        let mut as_said = policy.clone();
        (as_said.repeats.stage1, as_said.repeats.stage2) = (how_often.each, how_often.each);
        let stages = Stages::new(if running.staged { policy } else { &as_said }, baseline, &waivers);
        let mut drawn = Drawn::new(checked, selected, &how_often, &scoring, stages, seed)?;
        asked = dispatcher.run(&mut drawn, progress, clock).await?;
        how_often = drawn.how_often(how_often.each);
        scoring.total = drawn.trials().1;
        dispatcher = dispatcher.only_the_record();
    }
    scoring.how_often.clone_from(&how_often);
    let mut in_order = InOrder::new(Walk::new(checked, selected, how_often), &mut scoring);
    let mut silent = JsonLines::new(std::io::sink());
    let shown: &mut dyn Progress = if running.seed.is_some() { &mut silent } else { &mut *progress };
    let walked = dispatcher.run(&mut in_order, shown, clock).await?;
    progress.finished();
    if running.seed.is_none() {
        asked = walked;
    }
    asked.stopped = asked.stopped.or(running.stopped);
    scoring.flush()?;
    let Scoring { results, judge, unreadable, total, .. } = scoring;
    let results = results.finish()?;
    clock.lap(Phase::Record);
    let Asked { stopped, interrupted } = asked;
    let evidence = Evidence {
        planned: total,
        stopped: stopped.clone(),
        orphans,
        moved,
        unreadable,
        of: selected.selection.of,
        guards_left_out: selected.guards_left_out,
        waivers,
        shadow: running.shadow,
        policy_from: judged_by.policy_from.clone(),
        held_against: judged_by.held_against.clone(),
        licences: judged_by.licences.clone(),
        minutes: judged_by.minutes.clone(),
        guards: guards_past(&folder.siblings(), (folder.id(), golden.target()), golden, judge.broken_guards(), policy),
    };
    Ok(Ended { verdict: judge.finish(&evidence), results, interrupted, stopped, at: now() })
}
