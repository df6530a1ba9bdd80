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
use crate::domain::{Area, Case, Decision, Policy, Slug};
use crate::gate::{Decision as Verdict, guards};
use crate::history::{CaseFact, Part, RunLine, Scope};
use crate::plan::Catalog;
use crate::report::spelling;
use crate::store::{GoldenFolder, History, Labels, Ledger, REVIEWS};
use crate::trend::{Before, Covered, Material, NONE_NAMED, Period, Stand, Waiting, name, periods, touched};

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
    let runs = &all[first..];
    let Some(newest) = runs.last() else {
        tell_why(project, history, &scope)?;
        return Ok(None);
    };
    let policy = judging(project, newest, policy.as_ref());
    let part = Part { pipeline, org };
    let mut facts = history.case_facts(&scope)?;
    facts.retain(|_, fact| part.holds(&fact.pipeline, &fact.org));
    if facts.is_empty() {
        return Err(Failure::new(Exit::NothingSelected, "no case of the history is of that pipeline and org"));
    }
    let periods = periods(runs, by);
    let stands = history.stands(runs, &periods)?;
    let zero_tolerance: Vec<Area> =
        Area::ALL.into_iter().filter(|area| policy.is_some_and(|policy| policy.forbids_harm(*area))).collect();
    let violated = history.violated(&scope, &zero_tolerance, &part)?;
    let entries = history.decisions(&scope, since, until)?;
    let counted_since = since.max(first_counted(until));
    let cases = covered(project, &part)?;
    let known: BTreeSet<&Slug> =
        facts.values().map(|fact| &fact.id).chain(cases.iter().map(|covered| &covered.case)).collect();
    let asked_about = |case: &Slug| part.is_all() || known.contains(case);
    let mut reviews = reviews(project, &target, counted_since, until)?;
    reviews.retain(|decision| asked_about(&decision.case));
    let counted = Scope { since: Some(counted_since), ..scope };
    let mut corrections = Corrections {
        decisions: reviews.clone(),
        guards: held(runs, &periods, &stands, &facts, policy),
        ..corrections(project, history, &counted, (runs, &facts))?
    };
    corrections.corrections.retain(|one| asked_about(&one.id));
    let mut waiting = waiting(&context.golden(&project.checked.root, &target), &all)?;
    waiting.retain(|one| asked_about(&one.case));
    let mut verdict = stored_verdict(context, project, newest)?;
    if let Some(verdict) = &mut verdict {
        verdict.waivers.retain(|line| asked_about(&line.waiver.case));
    }
    let Part { pipeline, org } = part;
    Ok(Some(Material {
        project: project.catalog.project.name.clone(),
        before: before(history, &all)?,
        newest: history
            .areas(newest)?
            .into_iter()
            .filter(|(of, _, _)| pipeline.as_ref().is_none_or(|p| p == of))
            .collect(),
        verdict,
        entries,
        corrections: Figures::of(&corrections),
        corrected: corrections.corrections,
        waiting,
        covered: cases,
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

/// The first time of the weeks that are counted, which end with `until`, the last millisecond of a day.
fn first_counted(until: Timestamp) -> Timestamp {
    until - SignedDuration::from_hours(24 * 7 * COUNTED) + SignedDuration::from_millis(1)
}

/// No whole run: what there is instead.
fn tell_why(project: &Project, history: &mut History, scope: &Scope) -> Result<(), Failure> {
    let target = scope.target.as_ref().map(Slug::as_str).unwrap_or_default();
    let any = Scope { project: scope.project.clone(), ..Scope::default() };
    let all = history.whole_runs(&any)?;
    let (own, others): (Vec<&RunLine>, Vec<&RunLine>) = all.iter().partition(|run| run.target.as_str() == target);
    let judged = |run: &&&RunLine| scope.policy.as_ref().is_none_or(|policy| run.policy == *policy);
    let mut text = format!("no whole run of {target} in that time\n");
    if let Some(policy) = scope.policy.as_ref().filter(|_| own.iter().find(judged).is_none()) {
        let known: BTreeSet<&str> =
            project.catalog.policies.keys().chain(all.iter().map(|run| &run.policy)).map(Slug::as_str).collect();
        if !known.contains(policy.as_str()) {
            let known: Vec<&str> = known.into_iter().collect();
            return Err(Failure::usage(format!("there is no policy {policy}")).suggest(policy.as_str(), &known));
        }
        text = format!("no whole run of {target} was judged by policy {policy}\n");
        let by: BTreeSet<&str> = own.iter().map(|run| run.policy.as_str()).collect();
        if !by.is_empty() {
            let by: Vec<&str> = by.into_iter().collect();
            text += &format!("its runs were judged by {}\n", by.join(", "));
        }
    } else if let (Some(first), Some(last)) = (own.iter().find(judged), own.iter().rfind(judged)) {
        let (first, last) = (crate::trend::day(first.started_at), crate::trend::day(last.started_at));
        text += &match first == last {
            true => format!("its runs are of {first}: --since and --until take other days\n"),
            false => format!("its runs are of {first} to {last}: --since and --until take other days\n"),
        };
    } else {
        let others: BTreeSet<&str> = others.iter().map(|run| run.target.as_str()).collect();
        let others: Vec<&str> = others.into_iter().collect();
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

/// The agent before that of the newest run: the last one that passed or, where none did, the last one.
fn before(history: &mut History, all: &[RunLine]) -> Result<Option<Before>, Failure> {
    let Some((last, passed)) = released(all) else { return Ok(None) };
    let (run, agent) = (all[last].clone(), &all[last].agent);
    let first = all[..=last].iter().rposition(|run| run.agent != *agent).map_or(0, |other| other + 1);
    let end = all[last..].iter().position(|run| run.agent != *agent).map_or(all.len(), |other| last + other);
    Ok(Some(Before { name: name(all, &all[first..end]), passed, stand: history.stand(&run)?, run }))
}

/// The place of the last run of another agent than the newest one's that passed, or just the last one of another; and
/// whether it passed.
fn released(all: &[RunLine]) -> Option<(usize, bool)> {
    let newest = all.last()?;
    let other = |run: &RunLine| run.agent != newest.agent;
    let passed = all.iter().rposition(|run| other(run) && run.decision == Some(Verdict::Pass));
    passed.map(|place| (place, true)).or_else(|| Some((all.iter().rposition(other)?, false)))
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

/// Which corrections held in the runs that stand for periods, by the rule of the gate.
fn held(
    runs: &[RunLine],
    periods: &[Period],
    stands: &[Stand],
    facts: &BTreeMap<i64, CaseFact>,
    policy: Option<&Policy>,
) -> Vec<Guarded> {
    let Some(policy) = policy else { return Vec::new() };
    let guarding: Vec<Area> = Area::ALL.into_iter().filter(|area| guards(policy, *area)).collect();
    let mut found = Vec::new();
    for (period, stand) in periods.iter().zip(stands) {
        let Some(run) = runs.get(period.last) else { continue };
        for (number, held) in stand.held(&guarding) {
            if let Some(fact) = facts.get(&number) {
                found.push(Guarded { case: fact.id.clone(), target: run.target.clone(), at: run.started_at, held });
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

fn covered(project: &Project, part: &Part) -> Result<Vec<Covered>, Failure> {
    let mut covered = Vec::new();
    for file in &project.checked.suites {
        let suite = file.suite(&project.checked.root).map_err(|why| Failure::new(Exit::ProjectInvalid, why))?;
        for case in suite.0.cases.iter().filter(|case| part.holds(&file.pipeline, &case.request.org_id)) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trend::sample::run;

    #[test]
    fn the_release_before_is_the_last_other_agent_that_passed() {
        let decided = [("a", "1", Some(Verdict::Pass)), ("b", "2", Some(Verdict::Fail)), ("c", "3", None)];
        let mut runs: Vec<RunLine> =
            decided.map(|(id, agent, decision)| RunLine { decision, ..run(id, "2026-11-01T00:00:00Z", agent) }).into();
        assert_eq!(released(&runs), Some((0, true)), "nobody took the second one");
        runs[0].decision = Some(Verdict::ReviewPending);
        assert_eq!(released(&runs), Some((1, false)));
        assert_eq!(released(&runs[..1]), None);
    }

    #[test]
    fn twelve_weeks_are_counted_from_the_beginning_of_a_day() {
        let until: Timestamp = "2026-08-28T23:59:59.999Z".parse().unwrap();
        assert_eq!(first_counted(until).to_string(), "2026-06-06T00:00:00Z");
    }
}
