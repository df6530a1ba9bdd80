//! Draws an audit: a form in `rubrics/audits/`, and the trials that it is about beside the labels to come.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::Calibrate;
use crate::calibration::audit::{AUDIT_VERSION, Form, Query, draw, sheet};
use crate::cli::context::{Context, Project};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::{self, Answer};
use crate::domain::{Area, Slug, Trit};
use crate::plan::Catalog;
use crate::score::TrialResult;
use crate::store::{self, Labels};

/// Areas that a person can mark from one output; the others are about what it took, or about what was before.
const SHOWN: &[Area] = &[
    Area::TaskSuccess,
    Area::EvidenceQuality,
    Area::ToolCorrectness,
    Area::PermissionAdherence,
    Area::EscalationBehavior,
];

impl Calibrate {
    pub(super) fn draw(&self, context: &Context, n: u32) -> Result<Exit, Failure> {
        let Project { checked, catalog } = context.project()?;
        let folder = output::resolve(&context.runs(&checked.root), Some(&self.of))?;
        let (run, target) = (folder.id().clone(), folder.meta()?.target);
        if !folder.file("results.jsonl")?.exists() {
            return Err(Failure::new(Exit::NothingSelected, format!("run {run} has no results"))
                .with_hint(format!("it did not end: `evalgate run --resume {run}`")));
        }
        let rubrics = checked.root.path().join("rubrics");
        let labels = Labels::open(&rubrics);
        let queries: BTreeMap<&Slug, Vec<Query>> =
            catalog.pipelines.keys().map(|pipeline| (pipeline, self.queries(&catalog, pipeline))).collect();
        // Distinct outputs of cases that are still there, each with its stratum; none is kept in memory but for its digest.
        let mut units: BTreeMap<String, (Slug, String)> = BTreeMap::new();
        let asks = |result: &TrialResult| {
            result.trial.output().is_some()
                && checked.suite_of(&result.case.id).is_some()
                && queries.get(&result.pipeline).is_some_and(|asked| !asked.is_empty())
        };
        for result in folder.results()? {
            let result = result?;
            if asks(&result) {
                let stratum = (result.pipeline.clone(), result.kind.to_string());
                units.insert(labels.digest(&result.trial)?, stratum);
            }
        }
        if units.is_empty() {
            return Err(Failure::new(Exit::NothingSelected, format!("run {run} has no output that could be marked"))
                .with_hint(
                    "an audit is drawn from answers to cases of this project, in areas that their rubric marks",
                ));
        }
        let audits = rubrics.join("audits");
        let there = checked.root.list("rubrics/audits")?.1.len();
        let seed = self.seed.unwrap_or_else(|| of_run(&run, there));
        let (digests, strata): (Vec<String>, Vec<(Slug, String)>) = units.into_iter().unzip();
        let places: BTreeMap<&str, usize> = draw(&strata, n as usize, u64::from(seed))
            .into_iter()
            .zip(0..)
            .map(|(unit, place)| (digests[unit].as_str(), place))
            .collect();
        let day = Timestamp::now().strftime("%Y%m%d").to_string();
        let audit = Slug::new(&format!("audit-{day}-{seed}")).map_err(|error| Failure::usage(error.to_string()))?;
        let path = audits.join(format!("{audit}.yaml"));
        if path.exists() {
            return Err(Failure::usage(format!("{audit} was drawn already"))
                .with_hint("draw another one with `--seed N`, or mark that one"));
        }
        let mut sheets = BTreeMap::new();
        for result in folder.results()? {
            let result = result?;
            let digest = labels.digest(&result.trial)?;
            let Some(&place) = places.get(digest.as_str()).filter(|place| !sheets.contains_key(*place)) else {
                continue;
            };
            labels.keep(&result.trial)?;
            let of = (&result.pipeline, &result.suite);
            let number = u32::try_from(place + 1).unwrap_or(u32::MAX);
            let queries = &queries[&result.pipeline];
            sheets.insert(place, sheet(&audit, number, of, &result.case, (&digest, &result.trial), queries));
        }
        let form = Form {
            version: AUDIT_VERSION,
            audit: audit.clone(),
            run: run.clone(),
            target,
            seed: u64::from(seed),
            of: digests.len() as u64,
            anchor: self.anchor,
            reviewer: None,
            items: sheets.into_values().collect(),
        };
        store::write_inside(&rubrics, &path, form.text().as_bytes())?;
        self.told(&form)?;
        Ok(Exit::Passed)
    }

    /// What is asked about an output of the pipeline.
    fn queries(&self, catalog: &Catalog, pipeline: &Slug) -> Vec<Query> {
        let Some(rubrics) = catalog.rubrics.get(pipeline) else { return Vec::new() };
        let marked = |area: &Area| rubrics.rubric.areas().iter().any(|(marked, _)| marked == area);
        if !self.area.is_empty() {
            return self.area.iter().filter(|area| marked(area)).map(|area| Query::of_area(*area)).collect();
        }
        let judged = rubrics.rubric.criteria().iter().filter_map(|criterion| {
            let inquiry = criterion.inquiry()?;
            let mut means: Vec<(Trit, String)> =
                inquiry.options.options().map(|(option, mark)| (mark, option.to_owned())).collect();
            means.sort_by_key(|(mark, _)| std::cmp::Reverse(*mark));
            let (area, criterion) = (criterion.area, Some(criterion.id.clone()));
            Some(Query { area, criterion, question: inquiry.question.clone(), means })
        });
        let judged: Vec<Query> = judged.collect();
        match judged.is_empty() {
            true => SHOWN.iter().filter(|area| marked(area)).map(|area| Query::of_area(*area)).collect(),
            false => judged,
        }
    }

    fn told(&self, form: &Form) -> Result<(), Failure> {
        let file = format!("rubrics/audits/{}.yaml", form.audit);
        if self.format == Answer::Json {
            let told = serde_json::json!({
                "audit": form.audit, "file": file, "run": form.run, "seed": form.seed, "items": form.items.len(),
                "of": form.of, "anchor": form.anchor,
            });
            return output::print(&output::pretty(&told)?);
        }
        let questions: usize = form.items.iter().map(|sheet| sheet.questions.len()).sum();
        output::say(&format!(
            "{file}: {} of {} distinct outputs of run {}, seed {}",
            form.items.len(),
            form.of,
            form.run,
            form.seed
        ))?;
        output::say(&format!(
            "{questions} questions. Each reviewer copies the file and fills in the copy; then\n  evalgate calibrate --labels FILE\n\
             commit rubrics/audits and rubrics/labels/trials"
        ))
    }
}

/// A number that the run's id and the number of audits there are decide: short, as it becomes part of names.
fn of_run(run: &Slug, there: usize) -> u32 {
    let [a, b, ..] = *blake3::hash(format!("{run} {there}").as_bytes()).as_bytes();
    u32::from(u16::from_le_bytes([a, b])) % 10_000
}
