//! What a trend is made of: the history, the project's cases, what people decided, and what waits for them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::Question;
use crate::cli::context::{Context, Project};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::history::Asked;
use crate::cli::list::corrections_of;
use crate::cli::output::{self, verdict};
use crate::corrections::{Figures, Guarded, Material as Corrections};
use crate::domain::{Area, Case, CaseKind, Decision, Policy, Slug, Trit};
use crate::gate::guards;
use crate::history::{CaseFact, RunLine, Scope};
use crate::plan::Catalog;
use crate::report::spelling;
use crate::store::{GoldenFolder, History, Labels, Ledger, REVIEWS};
use crate::trend::{Before, Covered, Material, NONE_NAMED, Period, Stand, Tallies, Waiting, name, periods, touched};

/// Weeks over which corrections, reviews and gates are counted.
const COUNTED: i64 = 12;

/// Everything; nothing where there is no whole run.
pub fn material(
    context: &Context,
    project: &Project,
    asked: &mut Asked,
    question: Question,
) -> Result<Option<Material>, Failure> {
    let Question { target, policy, since, until, by, pipeline, org } = question;
    let history = &mut asked.history;
    let scope = Scope {
        project: asked.project.clone(),
        target: Some(target.clone()),
        policy: policy.clone(),
        since: None,
        until: Some(until),
    };
    let all = history.whole_runs(&scope)?;
    let first = all.partition_point(|run| run.started_at < since);
    let (earlier, runs) = all.split_at(first);
    let Some(newest) = runs.last() else {
        tell_why(history, &scope, earlier)?;
        return Ok(None);
    };
    let policy = judging(project, newest, policy.as_ref());
    let wanted = |fact: &CaseFact| {
        pipeline.as_ref().is_none_or(|name| fact.pipeline == *name) && org.as_ref().is_none_or(|name| fact.org == *name)
    };
    let mut facts = history.case_facts(&scope)?;
    facts.retain(|_, fact| wanted(fact));
    if facts.is_empty() {
        return Err(Failure::new(Exit::NothingSelected, "no case of the history is of that pipeline and org"));
    }
    let periods = periods(runs, by);
    let stands = history.stands(runs, &periods)?;
    let zero_tolerance: Vec<Area> =
        Area::ALL.into_iter().filter(|area| policy.is_some_and(|policy| policy.forbids_harm(*area))).collect();
    let violated = history.violated(&scope, &zero_tolerance)?;
    let entries = history.decisions(&Scope { since: Some(since), ..scope.clone() })?;
    let counted_since = since.max(until - SignedDuration::from_hours(24 * 7 * COUNTED));
    let reviews = reviews(project, &target, counted_since, until)?;
    let counted = Scope { since: Some(counted_since), ..scope };
    let corrections = Corrections {
        decisions: reviews.clone(),
        guards: held(runs, &periods, &stands, &facts, policy),
        ..corrections(project, history, &counted, (runs, &facts))?
    };
    Ok(Some(Material {
        project: project.catalog.project.name.clone(),
        before: before(history, &all)?,
        newest: history
            .areas(newest)?
            .into_iter()
            .filter(|(of, _, _)| pipeline.as_ref().is_none_or(|p| p == of))
            .collect(),
        verdict: stored_verdict(context, project, newest)?,
        entries,
        corrections: Figures::of(&corrections),
        corrected: corrections.corrections,
        waiting: waiting(&context.golden(&project.checked.root, &target), &all)?,
        covered: covered(project, pipeline.as_ref(), org.as_deref())?,
        system_areas: project.catalog.project.system_areas.keys().cloned().collect(),
        runs: runs.to_vec(),
        target,
        by,
        until,
        pipeline,
        org,
        periods,
        stands,
        facts,
        zero_tolerance,
        violated,
        counted_since,
        reviews,
    }))
}

/// No whole run: what there is instead.
fn tell_why(history: &mut History, scope: &Scope, earlier: &[RunLine]) -> Result<(), Failure> {
    let target = scope.target.as_ref().map(Slug::as_str).unwrap_or_default();
    let mut text = format!("no whole run of {target} in that time\n");
    if let Some(last) = earlier.last() {
        text += &format!("its last one is of {}: --since takes an earlier day\n", crate::trend::day(last.started_at));
    } else {
        let any = Scope { project: scope.project.clone(), ..Scope::default() };
        let others: BTreeSet<String> = history.whole_runs(&any)?.iter().map(|run| run.target.to_string()).collect();
        let others: Vec<String> = others.into_iter().filter(|name| name != target).collect();
        text += &match others.is_empty() {
            true => "`evalgate run` makes one: over all cases, to its end\n".to_owned(),
            false => format!("there are runs of {}: --target takes one\n", others.join(", ")),
        };
    }
    output::tell(&text);
    Ok(())
}

/// The policy that was asked for, or that judged the newest run, or the project's.
fn judging<'p>(project: &'p Project, newest: &RunLine, asked: Option<&Slug>) -> Option<&'p Policy> {
    let policies = &project.catalog.policies;
    asked
        .and_then(|name| policies.get(name))
        .or_else(|| policies.get(&newest.policy))
        .or_else(|| policies.get(&project.catalog.project.policy))
}

/// The agent before that of the newest run, and how its last run stands.
fn before(history: &mut History, all: &[RunLine]) -> Result<Option<Before>, Failure> {
    let Some(newest) = all.last() else { return Ok(None) };
    let Some(last) = all.iter().rposition(|run| run.agent != newest.agent) else { return Ok(None) };
    let agent = &all[last].agent;
    let first = all[..=last].iter().rposition(|run| run.agent != *agent).map_or(0, |other| other + 1);
    let stand = history.stand(&all[last])?;
    Ok(Some(Before { name: name(all, &all[first..=last]), replaced_at: all[last + 1].started_at, stand }))
}

fn reviews(project: &Project, target: &Slug, since: Timestamp, until: Timestamp) -> Result<Vec<Decision>, Failure> {
    let mut decisions: Vec<Decision> = Ledger::open(project.checked.root.path(), REVIEWS).read()?;
    decisions.retain(|decision| decision.target == *target && decision.at >= since && decision.at <= until);
    Ok(decisions)
}

/// Corrections that were made in the time of a scope, and the trials that answered in it.
fn corrections(
    project: &Project,
    history: &mut History,
    scope: &Scope,
    (runs, facts): (&[RunLine], &BTreeMap<i64, CaseFact>),
) -> Result<Corrections, Failure> {
    let labels = Labels::open(&project.checked.root.path().join("rubrics")).all()?;
    let in_time =
        |at: Timestamp| scope.since.is_none_or(|since| at >= since) && scope.until.is_none_or(|until| at <= until);
    let mut corrections = corrections_of(project, &labels)?;
    corrections.retain(|one| in_time(one.at));
    let mut trials = BTreeMap::new();
    for (case, answered) in history.answered(scope)? {
        if let (Some(fact), Some(target)) = (facts.get(&case), &scope.target) {
            *trials.entry((target.clone(), fact.pipeline.clone(), spelling(fact.request))).or_default() += answered;
        }
    }
    let runs = runs.iter().filter(|run| in_time(run.started_at)).map(|run| run.id.clone()).collect();
    Ok(Corrections { runs, trials, corrections, ..Corrections::default() })
}

/// Which corrections held in the runs that stand for periods: all at +1 in the areas that guard them.
fn held(
    runs: &[RunLine],
    periods: &[Period],
    stands: &[Stand],
    facts: &BTreeMap<i64, CaseFact>,
    policy: Option<&Policy>,
) -> Vec<Guarded> {
    let Some(policy) = policy else { return Vec::new() };
    let guarding: Vec<Area> = Area::ALL.into_iter().filter(|area| guards(policy, *area)).collect();
    let holds = |tallies: &Tallies| {
        let mut marks = guarding.iter().filter_map(|area| tallies[area.index()].as_deref()).peekable();
        marks.peek().is_some().then(|| marks.all(|tally| tally.lowest() == Some(Trit::Useful)))
    };
    let mut found = Vec::new();
    for (period, stand) in periods.iter().zip(stands) {
        let Some(run) = runs.get(period.last) else { continue };
        for (number, tallies) in &stand.cases {
            let fact = facts.get(number).filter(|fact| fact.kind == CaseKind::ReviewerCorrection);
            if let (Some(fact), Some(held)) = (fact, holds(tallies)) {
                let (case, target) = (fact.id.clone(), run.target.clone());
                found.push(Guarded { case, target, at: run.started_at, held });
            }
        }
    }
    found
}

/// The pending snapshots, each with when its run began, where that is known.
fn waiting(golden: &GoldenFolder, runs: &[RunLine]) -> Result<Vec<Waiting>, Failure> {
    let began: BTreeMap<&str, Timestamp> = runs.iter().map(|run| (run.id.as_str(), run.started_at)).collect();
    let mut waiting = Vec::new();
    for key in golden.list()?.pending {
        let Some(stored) = golden.pending(&key)? else { continue };
        let since = stored.snapshot().ok().and_then(|snapshot| began.get(snapshot.info.run.as_str()).copied());
        waiting.push(Waiting { case: key.case, pipeline: key.pipeline, since });
    }
    Ok(waiting)
}

fn covered(project: &Project, pipeline: Option<&Slug>, org: Option<&str>) -> Result<Vec<Covered>, Failure> {
    let mut covered = Vec::new();
    for file in project.checked.suites.iter().filter(|file| pipeline.is_none_or(|name| file.pipeline == *name)) {
        let suite = file.suite(&project.checked.root).map_err(|why| Failure::new(Exit::ProjectInvalid, why))?;
        for case in suite.0.cases.iter().filter(|case| org.is_none_or(|org| case.request.org_id == org)) {
            for system in systems(&project.catalog, case) {
                covered.push(Covered {
                    case: case.id.clone(),
                    pipeline: file.pipeline.clone(),
                    request: case.request.kind,
                    system,
                });
            }
        }
    }
    Ok(covered)
}

/// What a case counts under: the areas of the systems that it touches; its world where the project names no areas.
fn systems(catalog: &Catalog, case: &Case) -> Vec<String> {
    let areas = &catalog.project.system_areas;
    if areas.is_empty() {
        return vec![case.world.to_string()];
    }
    let touched = catalog.systems.get(&case.world).map(|system| touched(areas, system, case)).unwrap_or_default();
    match touched.is_empty() {
        true => vec![NONE_NAMED.to_owned()],
        false => touched.into_iter().map(Slug::to_string).collect(),
    }
}

/// The verdict of a run whose folder is here.
fn stored_verdict(
    context: &Context,
    project: &Project,
    run: &RunLine,
) -> Result<Option<crate::gate::Verdict>, Failure> {
    let runs = context.runs(&project.checked.root);
    if !runs.has(&run.id) {
        return Ok(None);
    }
    verdict(&runs.resolve(run.id.as_str())?).map(Some)
}
