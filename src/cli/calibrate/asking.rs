//! Puts to judges what people have marked.

use std::sync::Arc;

use super::Calibrate;
use crate::calibration::{Given, Marker};
use crate::cli::context::{Context, Project};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::{outside, panel};
use crate::domain::Policy;
use crate::event::Answers;
use crate::judging::{Panel, Sources};
use crate::score::judge::{Answered, Question, Reading};
use crate::store::AnswerStore;

/// Questions that are under way at once; each judge has a limit of its own below that.
const AT_ONCE: usize = 64;

/// The marks of the judges, each with the digest of its trial. An error where anything could not be asked: figures over
/// the rest would be about other outputs than those that people marked.
pub fn ask(
    command: &Calibrate,
    context: &Context,
    project: &Project,
    policy: &Policy,
    about: &[(String, Question)],
) -> Result<Vec<Given>, Failure> {
    if about.is_empty() {
        return Ok(Vec::new());
    }
    let answers = match (command.record, command.replay) {
        (true, _) => Answers::Recorded,
        (_, true) => Answers::Replayed,
        _ => Answers::Live,
    };
    let panel = seated(command, context, project, policy, answers)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let mut given = Vec::new();
    let (mut silent, mut why) = (0u64, None);
    for some in about.chunks(AT_ONCE) {
        let questions: Vec<Question> = some.iter().map(|(_, question)| question.clone()).collect();
        let answered: Vec<Answered> = runtime.block_on(panel.ask(&questions));
        for ((trial, question), answered) in some.iter().zip(answered) {
            let mark = question.mark(&answered.votes);
            let unasked = answered.votes.iter().find_map(|vote| match &vote.reading {
                Reading::Unasked(why) => Some(why),
                Reading::Option { .. } | Reading::Unclear(_) => None,
            });
            if let Some(first) = unasked {
                silent += 1;
                why.get_or_insert_with(|| format!("{}: {first}", question.judge));
            }
            given.push(Given {
                by: Marker::Judge(question.judge.clone()),
                trial: trial.clone(),
                area: question.area,
                criterion: question.criterion.clone(),
                mark: mark.trit(),
            });
        }
    }
    if let Some(why) = why {
        let message = format!("{silent} of {} questions could not be put to their judge. {why}", about.len());
        return Err(Failure::new(Exit::Inconclusive, message)
            .with_hint("what was answered is kept: the same command goes on from there"));
    }
    Ok(given)
}

fn seated(
    command: &Calibrate,
    context: &Context,
    project: &Project,
    policy: &Policy,
    answers: Answers,
) -> Result<Panel, Failure> {
    let (checked, catalog) = (&project.checked, &project.catalog);
    let mut seats = panel::seats(checked, catalog);
    let judges = seats.iter().map(|seat| (&seat.name, &*seat.model));
    let (client, troubled) = outside::judges_client(
        judges,
        answers,
        checked.root.path(),
        command.ca_bundle.clone(),
        outside::limits(policy),
    )?;
    for seat in &mut seats {
        seat.trouble = troubled.get(&seat.name).cloned();
    }
    let sources = Sources {
        client: Some(client),
        log: None,
        shared: (answers != Answers::Replayed).then(|| AnswerStore::open(&context.reports(&checked.root))),
        reuses: answers == Answers::Live,
        again: command.ask_again,
        run: None,
    };
    Ok(Panel::new(seats, Arc::clone(&catalog.judge_prompt), sources)?)
}
