//! The judges of a run: who they are, whether one of them is the model under test, and how they are asked.

use std::path::PathBuf;
use std::sync::Arc;

use super::context::{Context, Project};
use super::failure::Failure;
use super::licence;
use super::output;
use super::outside;
use crate::calibration::Licence;
use crate::client::ClientLimits;
use crate::domain::{JudgePolicy, Slug};
use crate::event::Answers;
use crate::gate::LicenceLine;
use crate::judging::{Panel, Seat, Sources};
use crate::load::Checked;
use crate::plan::Catalog;
use crate::score::judge::Licences;
use crate::store::{AnswerStore, RunFolder};

/// The part of a run's digests that says who judged.
pub const DIGEST: &str = "judge";

/// How the judges of a run are asked.
pub struct Asking {
    /// Where answers come from; `None` where only those on record count.
    pub answers: Option<Answers>,
    /// Whether questions are asked anew that have an answer.
    pub again: bool,
    /// Whether the answers on record of the run count, and new ones are added to them.
    pub of_run: bool,
    pub ca_bundle: Option<PathBuf>,
    pub limits: ClientLimits,
}

impl Asking {
    /// Only what is on record, or all of it anew.
    pub fn again(again: bool, limits: ClientLimits) -> Self {
        Self { answers: again.then_some(Answers::Live), again, of_run: true, ca_bundle: None, limits }
    }
}

/// Says which judges may gate which areas by the terms of a policy, for runs of this target. One that is the model under
/// test may gate none, and people are told.
pub fn license(project: &mut Project, target: &Slug, terms: &JudgePolicy) -> Vec<LicenceLine> {
    let mut licences = Licences::default();
    let mut lines = licence::licences(project, terms);
    for line in &lines {
        licences.set(&line.judge, line.area, line.licence.refusal().map_or(Ok(()), |why| Err(why.to_owned())));
    }
    for seat in seats(&project.checked, &project.catalog) {
        licences.identify(&seat.name, seat.identity);
    }
    let under_test = project.checked.targets.get(target).and_then(|target| target.speaks_to());
    for name in project.catalog.judges_in_use() {
        let judge = project.checked.judges.get(name).map(|judge| judge.speaks_to());
        if let Some(model) = under_test.as_ref().filter(|model| judge.as_ref() == Some(*model)) {
            let why = format!("it is the model under test ({model})");
            output::tell(&format!("the judge {name} may gate nothing: {why}; its marks are advisory\n"));
            let of_judge = lines.iter_mut().filter(|line| line.judge == *name);
            of_judge.for_each(|line| line.licence = Licence::Refused(why.clone()));
            licences.bar(name, why);
        }
    }
    project.catalog.license(&licences);
    lines
}

/// blake3, hex, of who judges; `None` where no criterion asks anybody.
pub fn digest(checked: &Checked, catalog: &Catalog) -> Option<String> {
    let mut hasher = blake3::Hasher::new();
    let seats = seats(checked, catalog);
    for seat in &seats {
        hasher.update(format!("{} {}\n", seat.name, seat.identity).as_bytes());
    }
    (!seats.is_empty()).then(|| hasher.finalize().to_hex().to_string())
}

/// The judges that criteria ask.
pub fn seats(checked: &Checked, catalog: &Catalog) -> Vec<Seat> {
    let seats = catalog.judges_in_use().into_iter().filter_map(|name| {
        let (kind, settings) = catalog.project.judges.get(name)?.0.iter().next()?;
        Some(Seat::new(name, kind, settings, &catalog.judge_prompt, Arc::clone(checked.judges.get(name)?)))
    });
    seats.collect()
}

/// The panel of a run; `None` where no criterion asks a judge.
pub fn panel(
    context: &Context,
    (checked, catalog): (&Checked, &Catalog),
    folder: &RunFolder,
    asking: Asking,
) -> Result<Option<Arc<Panel>>, Failure> {
    let mut seats = seats(checked, catalog);
    if seats.is_empty() {
        return Ok(None);
    }
    let client = match asking.answers {
        None => None,
        Some(answers) => {
            let judges = seats.iter().map(|seat| (&seat.name, &*seat.model));
            let root = checked.root.path();
            let (client, troubled) = outside::judges_client(judges, answers, root, asking.ca_bundle, asking.limits)?;
            for seat in &mut seats {
                seat.trouble = troubled.get(&seat.name).cloned();
            }
            Some(client)
        }
    };
    let sources = Sources {
        client,
        log: asking.of_run.then(|| folder.judgements()).transpose()?,
        shared: (asking.answers != Some(Answers::Replayed)).then(|| AnswerStore::open(&context.reports(&checked.root))),
        reuses: asking.answers != Some(Answers::Recorded),
        again: asking.again,
        run: Some(folder.id().clone()),
    };
    Ok(Some(Arc::new(Panel::new(seats, Arc::clone(&catalog.judge_prompt), sources)?)))
}
