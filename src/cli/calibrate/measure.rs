//! Holds today's judges and checks against every label of the project.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{Timestamp, tz::TimeZone};

use super::Calibrate;
use super::asking::ask;
use crate::calibration::{Given, Judged, Marker, Measured, Record, Scope, asked, calibrate};
use crate::cli::context::{Context, Project, style};
use crate::cli::exit::Exit;
use crate::cli::failure::{Failure, name_of};
use crate::cli::output::{self, Answer};
use crate::cli::panel;
use crate::cli::run::named;
use crate::domain::{Area, Case, CaseKind, Label, LabelSource, Slug, Trial};
use crate::golden::SnapshotInfo;
use crate::load::{Checked, SuiteFile};
use crate::report;
use crate::score::judge::{Question, questions};
use crate::score::{self, Answers, View};
use crate::store::{Calibrations, Labels, Runs};

/// A trial that people marked, with what it is scored on.
struct Marked {
    digest: String,
    trial: Trial,
    pipeline: Slug,
    kind: CaseKind,
    case: Arc<Case>,
}

impl Calibrate {
    pub(super) fn measure(&self, context: &Context) -> Result<Exit, Failure> {
        let project = context.project()?;
        let catalog = &project.catalog;
        let policy = match &self.policy {
            Some(name) => name_of("policy", name)?,
            None => catalog.project.policy.clone(),
        };
        let policy = named(&catalog.policies, &policy, "policy")?;
        let judges = match &self.judge {
            Some(name) => {
                let name = name_of("judge", name)?;
                named(&catalog.project.judges, &name, "judge")?;
                vec![name]
            }
            None => catalog.judges_in_use().into_iter().cloned().collect(),
        };
        let rubrics = project.checked.root.path().join("rubrics");
        let (labels, calibrations) = (Labels::open(&rubrics), Calibrations::open(&rubrics));
        let Sorted { known, marked, left_out } = sorted(&labels, &project)?;
        if known.is_empty() {
            left_out.iter().for_each(|why| output::tell(&format!("{why}\n")));
            return Err(Failure::new(Exit::NothingSelected, "nobody has marked anything that is still there")
                .with_hint("`evalgate calibrate --sample 40` draws outputs of the latest run to mark"));
        }
        let mut given = checks(&project, &marked);
        let about: Vec<(String, Question)> = marked.iter().flat_map(|one| of(&project, one, &judges)).collect();
        given.extend(ask(self, context, &project, policy, &about)?);
        let scopes = scopes(&project, &judges, &calibrations)?;
        let judged = audited(&context.runs(&project.checked.root), &labels, &known)?;
        let found = calibrate(&Measured {
            labels: &known,
            left_out,
            given: &given,
            scopes,
            judged: &judged,
            terms: &policy.judge,
            today: Timestamp::now().to_zoned(TimeZone::UTC).date(),
        });
        match self.format {
            Answer::Text => output::print(report::render_calibration(&found, style()).as_bytes())?,
            Answer::Json => output::print(&report::render_calibration_json(&found)?)?,
        }
        for row in found.judges.iter().filter(|row| !row.record.areas.is_empty()) {
            let told = match context.ci {
                true => format!("under CI the calibration of {} is not kept\n", row.judge),
                false => {
                    calibrations.write(&row.record)?;
                    format!("commit rubrics/calibration/{}.json: the gate reads the licence from it\n", row.judge)
                }
            };
            output::tell(&told);
        }
        Ok(if found.judges.iter().any(|row| row.lacks_licence()) { Exit::Inconclusive } else { Exit::Passed })
    }
}

/// Labels that can be held against something, what they are about, and why the others cannot.
struct Sorted {
    known: Vec<Label>,
    marked: Vec<Marked>,
    left_out: Vec<String>,
}

fn sorted(labels: &Labels, project: &Project) -> Result<Sorted, Failure> {
    let (mut known, mut marked) = (Vec::new(), BTreeMap::new());
    let mut left_out: BTreeMap<String, u64> = BTreeMap::new();
    let all = labels.all()?;
    let cases = cases_of(&project.checked, all.iter().map(|label| &label.case))?;
    for label in all {
        match about((labels, &cases), project, &label, &marked) {
            Ok(found) => {
                marked.extend(found.map(|found| (label.trial.clone(), found)));
                known.push(label);
            }
            Err(why) => *left_out.entry(why).or_default() += 1,
        }
    }
    let told = |(why, n): (String, u64)| match n {
        1 => format!("1 label is left out: {why}."),
        n => format!("{n} labels are left out: {why}."),
    };
    let left_out = left_out.into_iter().map(told).collect();
    Ok(Sorted { known, marked: marked.into_values().collect(), left_out })
}

/// The cases that are still there. Each suite is read once and given back: a large project's are not kept in memory.
fn cases_of<'l>(
    checked: &Checked,
    wanted: impl Iterator<Item = &'l Slug>,
) -> Result<BTreeMap<Slug, Arc<Case>>, Failure> {
    let wanted: BTreeSet<&Slug> = wanted.collect();
    let mut suites: BTreeMap<&str, &SuiteFile> = BTreeMap::new();
    suites.extend(wanted.iter().filter_map(|case| checked.suite_of(case)).map(|suite| (suite.file.as_str(), suite)));
    let mut cases = BTreeMap::new();
    for file in suites.into_values() {
        let suite = file.suite(&checked.root).map_err(|why| Failure::new(Exit::ProjectInvalid, why))?;
        let found = suite.0.cases.iter().filter(|case| wanted.contains(&case.id));
        cases.extend(found.map(|case| (case.id.clone(), Arc::clone(case))));
    }
    Ok(cases)
}

/// What a label is about, unless that is known already. Errors: why it is about nothing any more.
fn about(
    (labels, cases): (&Labels, &BTreeMap<Slug, Arc<Case>>),
    project: &Project,
    label: &Label,
    marked: &BTreeMap<String, Marked>,
) -> Result<Option<Marked>, String> {
    let Some((file, case)) = project.checked.suite_of(&label.case).zip(cases.get(&label.case)) else {
        return Err(format!("the case {} is gone", label.case));
    };
    let rubric = project.catalog.rubrics.get(&file.pipeline).map(|rubrics| &rubrics.rubric);
    let asked = |criterion: &Slug| {
        let criteria = rubric.iter().flat_map(|rubric| rubric.criteria());
        { criteria }.any(|asked| asked.area == label.area && asked.id == *criterion)
    };
    if let Some(criterion) = label.criterion.as_ref().filter(|criterion| !asked(criterion)) {
        return Err(format!("the rubric {} has no criterion {}/{criterion} any more", file.pipeline, label.area));
    }
    if marked.contains_key(&label.trial) {
        return Ok(None);
    }
    let trial = labels.trial(&label.trial);
    let trial = trial.map_err(|error| format!("the trial of {} that was marked is not there: {error}", label.case))?;
    let (pipeline, kind, case) = (file.pipeline.clone(), file.kind, Arc::clone(case));
    Ok(Some(Marked { digest: label.trial.clone(), trial, pipeline, kind, case }))
}

/// With what it takes to mark the trial.
fn viewed<T>(project: &Project, marked: &Marked, with: impl FnOnce(&View, &score::CompiledRubric) -> T) -> Option<T> {
    let catalog = &project.catalog;
    let view = View {
        case: &marked.case,
        kind: marked.kind,
        pipeline: catalog.pipelines.get(&marked.pipeline)?,
        system: catalog.systems.get(&marked.case.world)?,
        trial: &marked.trial,
        accepted: None,
        answers: &Answers::default(),
    };
    Some(with(&view, &catalog.rubrics.get(&marked.pipeline)?.rubric))
}

/// The marks of all checks that depend on the trial and its case alone.
fn checks(project: &Project, marked: &[Marked]) -> Vec<Given> {
    let mut given = Vec::new();
    for one in marked {
        let scored = viewed(project, one, |view, rubric| {
            let by_check: BTreeSet<(Area, &Slug)> = rubric
                .criteria()
                .iter()
                .filter(|criterion| criterion.inquiry().is_none() && criterion.repeatable())
                .map(|criterion| (criterion.area, &criterion.id))
                .collect();
            // There is no snapshot that could be unreadable.
            let scored = score::score(rubric, view, SnapshotInfo::default()).ok();
            let marks = scored.into_iter().flat_map(|(scored, _)| scored.criteria);
            let marks = marks.filter(|mark| by_check.contains(&(mark.area, &mark.criterion)));
            marks.map(|mark| (mark.area, mark.criterion, mark.mark.trit())).collect::<Vec<_>>()
        });
        given.extend(scored.into_iter().flatten().map(|(area, criterion, mark)| Given {
            by: Marker::Checks,
            trial: one.digest.clone(),
            area,
            criterion,
            mark,
        }));
    }
    given
}

/// What the judges are asked about a trial, with its digest.
fn of(project: &Project, marked: &Marked, judges: &[Slug]) -> Vec<(String, Question)> {
    let asked = viewed(project, marked, |view, rubric| questions(rubric, view)).unwrap_or_default();
    let asked = asked.into_iter().filter(|question| judges.contains(&question.judge));
    asked.map(|question| (marked.digest.clone(), question)).collect()
}

fn scopes(project: &Project, judges: &[Slug], calibrations: &Calibrations) -> Result<Vec<Scope>, Failure> {
    let mut scopes = Vec::new();
    for seat in panel::seats(&project.checked, &project.catalog) {
        if !judges.contains(&seat.name) {
            continue;
        }
        scopes.push(scope(project, &seat.name, seat.identity, read(calibrations, &seat.name)?));
    }
    Ok(scopes)
}

/// A calibration that cannot be trusted is made anew, and people are told.
fn read(calibrations: &Calibrations, judge: &Slug) -> Result<Option<Record>, Failure> {
    Ok(calibrations.read(judge).unwrap_or_else(|error| {
        output::tell(&format!("the last calibration of {judge} is left aside: {error}\n"));
        None
    }))
}

fn scope(project: &Project, judge: &Slug, identity: String, last: Option<Record>) -> Scope {
    let catalog = &project.catalog;
    let settings = catalog.project.judges.get(judge).and_then(|spec| spec.0.values().next());
    let model = settings.and_then(|settings| settings.get("model")?.as_str()).unwrap_or("unknown");
    Scope {
        judge: judge.clone(),
        identity,
        model: model.to_owned(),
        prompt: blake3::hash(catalog.judge_prompt.text().as_bytes()).to_hex().to_string(),
        areas: asked(judge, catalog.rubrics.iter().map(|(pipeline, rubrics)| (pipeline, &rubrics.rubric))),
        last,
    }
}

/// The marks of every run that was audited and is still there, in what was asked of people.
fn audited(runs: &Runs, labels: &Labels, known: &[Label]) -> Result<Vec<Judged>, Failure> {
    let mut wanted: BTreeMap<&Slug, BTreeSet<(Area, Option<&Slug>)>> = BTreeMap::new();
    for label in known.iter().filter(|label| matches!(label.source, LabelSource::Audit(_))) {
        wanted.entry(&label.run).or_default().insert((label.area, label.criterion.as_ref()));
    }
    let mut judged = Vec::new();
    for (run, questions) in wanted {
        let Ok(folder) = runs.resolve(run) else { continue };
        let Ok(results) = folder.results() else { continue };
        let mut seen = BTreeSet::new();
        for result in results {
            let result = result?;
            let digest = labels.digest(&result.trial)?;
            if result.trial.output().is_none() || !seen.insert(digest.clone()) {
                continue;
            }
            for (area, criterion) in &questions {
                let mark = match criterion {
                    None => result.scored.area(*area).and_then(|mark| mark.trit()),
                    Some(criterion) => {
                        let mut marks = result.scored.criteria.iter();
                        let named = marks.find(|mark| mark.area == *area && mark.criterion == **criterion);
                        named.and_then(|mark| mark.mark.trit())
                    }
                };
                judged.extend(mark.map(|mark| {
                    Judged {
                        run: run.clone(),
                        target: known
                            .iter()
                            .find(|label| label.run == *run)
                            .map_or_else(|| run.clone(), |label| label.target.clone()),
                        trial: digest.clone(),
                        area: *area,
                        criterion: criterion.cloned(),
                        mark,
                    }
                }));
            }
        }
    }
    Ok(judged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::{Shape, generate};
    use crate::load::{Root, check};

    #[test]
    fn of_a_project_too_large_to_keep_only_the_cases_that_were_marked_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        generate(folder.path(), 10_001, Shape::JsonLines).unwrap();
        let checked = check(Root::find(folder.path()).unwrap()).unwrap();
        let some: Vec<Slug> = checked.census.cases.keys().take(300).cloned().collect();
        let cases = cases_of(&checked, some.iter().chain([&Slug::new("gone").unwrap()])).unwrap();
        assert!(cases.keys().eq(&some), "{}", cases.len());
        assert!(cases.values().all(|case| Arc::strong_count(case) == 1), "a suite is still held");
    }
}
