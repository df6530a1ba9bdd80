//! A review at a terminal: joins the session, the terminal and what is stored.

use std::collections::BTreeMap;
use std::io;

use jiff::Timestamp;

use super::sources::Sources;
use super::terminal::Terminal;
use crate::cli::context::{Context, style};
use crate::cli::correct::{Asked, Desk, Found, Sheet, ask, program};
use crate::cli::failure::Failure;
use crate::domain::{Ruling, Slug};
use crate::report::{Style, render_request};
use crate::review::{Line, Pending, Session, Shown, View, Wish, change_page, lines_of, transcript_page};
use crate::store::{Changes, DraftFile, Settled, StoreError};

/// How a session ended.
pub enum Ended {
    /// What was decided is written: for each, what was said, and its case.
    Written(Vec<(String, String)>),
    /// Nothing is written; so many decisions are kept for later.
    Left(usize),
    Interrupted(usize),
}

/// Who decides what, and where that is kept until it is written.
pub struct Review<'r> {
    pub context: &'r Context,
    pub sources: &'r Sources<'r>,
    pub pending: &'r [Pending],
    pub drafts: &'r DraftFile,
    pub by: &'r str,
}

/// What a person said of an output, to be written with everything else.
struct Correction {
    found: Found,
    asked: Asked,
}

/// Lets a person decide. Returns when they leave or have written.
pub fn review(review: &Review, mut terminal: Terminal) -> Result<Ended, Failure> {
    let &Review { sources, pending, drafts, .. } = review;
    let mut corrections: BTreeMap<usize, Correction> = BTreeMap::new();
    let mut session = Session::new(pending, sources.golden.target().as_str(), drafts.read());
    let mut shown = None;
    let mut lines: Vec<Line> = Vec::new();
    loop {
        let (columns, rows) = terminal.size();
        let now_shown = (session.view(), session.at(), columns);
        if shown != Some(now_shown) {
            lines = session.lines(columns).unwrap_or_else(|| of_case(sources, &pending[session.at()], now_shown));
            shown = Some(now_shown);
        }
        terminal.show(&session.frame(&lines, columns, rows))?;
        let key = match terminal.key(session.is_writing()) {
            Ok(key) => key,
            // Nobody is there any more: what was decided is kept already.
            Err(gone) if gone.kind() == io::ErrorKind::UnexpectedEof => return left(&session, &terminal),
            Err(failed) => return Err(failed.into()),
        };
        let mut wish = session.press(key, Timestamp::now());
        if let Wish::Merge { places, fields } = &wish {
            let merged = places.iter().map(|at| sources.merge(&pending[*at], fields)).collect::<Result<_, _>>();
            wish = session.merged(merged.map_err(|failure| failure.error.to_string()));
        }
        if wish == Wish::Correct {
            let at = session.at();
            let correction = terminal.lend(|| review.correct(&pending[at]))?;
            wish = session.corrected(match correction {
                Ok(Some((id, said))) => {
                    corrections.insert(at, said);
                    Ok(Some(id))
                }
                Ok(None) => Ok(None),
                Err(failure) => Err(sentence(&failure)),
            });
        }
        // A summary changes with every decision.
        if session.view() == View::Summary {
            shown = None;
        }
        match wish {
            Wish::Nothing | Wish::Merge { .. } | Wish::Correct => {}
            Wish::Keep => {
                if let Err(failed) = drafts.keep(session.draft(Timestamp::now()).as_ref()) {
                    session.tell(format!("decided, but not kept for later: {failed}"));
                }
            }
            Wish::Leave => return left(&session, &terminal),
            Wish::Interrupt => {
                terminal.leave()?;
                return Ok(Ended::Interrupted(session.decisions().count()));
            }
            Wish::Write => match review.write(&session, &corrections) {
                Ok(()) => {
                    drafts.keep(None)?;
                    terminal.leave()?;
                    let told =
                        |(at, decided): (usize, &crate::review::Decided)| (decided.told(), pending[at].key.to_string());
                    return Ok(Ended::Written(session.decisions().map(told).collect()));
                }
                Err(failure) if is_decided(&failure) => {
                    drafts.keep(None)?;
                    terminal.leave()?;
                    return Err(failure);
                }
                Err(failure) => session.tell(format!("nothing was written: {}", failure.error)),
            },
        }
    }
}

fn left(session: &Session, terminal: &Terminal) -> Result<Ended, Failure> {
    terminal.leave()?;
    Ok(Ended::Left(session.decisions().count()))
}

/// The lines of a case's own view. What cannot be read is told in its place.
fn of_case(sources: &Sources, pending: &Pending, (view, _, width): (View, usize, usize)) -> Vec<Line> {
    let style = Style { color: false, width, ..style() };
    let told = match view {
        View::Transcript => Ok(transcript_page(&sources.trials(pending), &pending.run, style)),
        View::Request => {
            let case = sources.case(&pending.key).map(|(_, case)| case);
            let case = case.or_else(|| sources.trials(pending).pop().map(|result| result.case));
            let text = case.map_or_else(|| "the case is gone".to_owned(), |case| render_request(&case, style));
            Ok(lines_of(&text, width))
        }
        View::Change | View::Summary | View::Help => change(sources, pending, width),
    };
    told.unwrap_or_else(|error| lines_of(&format!("cannot be shown: {error}"), width))
}

fn change(sources: &Sources, pending: &Pending, width: usize) -> Result<Vec<Line>, StoreError> {
    let (accepted, proposed) = sources.snapshots(pending)?;
    let trials = sources.trials(pending);
    let target = sources.golden.target().as_str();
    let shown = Shown { pending, target, accepted: accepted.as_ref(), proposed: &proposed, trials: &trials };
    Ok(change_page(&shown, width))
}

impl Review<'_> {
    /// Asks for a correction of the first trial of a change. `None`: the person gave up.
    fn correct(&self, pending: &Pending) -> Result<Option<(Slug, Correction)>, Failure> {
        let project = self.sources.project;
        let gone =
            || Failure::usage(format!("run {} is not here any more, so there is nothing to correct", pending.run));
        let result = self.sources.trials(pending).into_iter().next().ok_or_else(gone)?;
        let run = Slug::new(&pending.run).map_err(|_| gone())?;
        let found = Found { result, run, target: self.sources.golden.target().clone() };
        let output = found.result.trial.output().cloned().unwrap_or_default();
        let sheet = Sheet { by: Some(self.by.to_owned()), output, ..Sheet::default() };
        let Some(asked) = ask(self.context, project, &found, sheet, program(true))? else { return Ok(None) };
        // Whether it can be made is found out now, while the person is at it.
        let id = match Desk::new(project, None).correct(&found, &asked.said)? {
            Ok(kept) => kept.made.case.id.clone(),
            Err(refusal) => return Err(asked.kept(Failure::usage(refusal.to_string()))),
        };
        Ok(Some((id, Correction { found, asked })))
    }

    /// Writes all decisions, and the corrections among them.
    fn write(&self, session: &Session, corrections: &BTreeMap<usize, Correction>) -> Result<(), Failure> {
        let Self { sources, pending, .. } = *self;
        let mut desk = Desk::new(sources.project, None);
        let mut settled: Vec<Settled> = Vec::new();
        let mut written: Vec<&Correction> = Vec::new();
        for (at, decided) in session.decisions() {
            let mut decided = decided.clone();
            if let Ruling::Corrected(_) = decided.ruling {
                let said =
                    corrections.get(&at).ok_or_else(|| Failure::usage("what was corrected is not known any more"))?;
                match desk.correct(&said.found, &said.asked.said)? {
                    Ok(kept) => {
                        let made = &kept.made.decision;
                        decided.ruling = made.ruling.clone();
                        (decided.reason, decided.minutes) = (made.reason.clone(), made.minutes.or(decided.minutes));
                    }
                    Err(refusal) => return Err(Failure::usage(refusal.to_string())),
                }
                written.push(said);
            }
            settled.push(sources.settled(&pending[at], decided)?);
        }
        let mut changes = Changes::of(sources.project.checked.root.path());
        desk.write_into(&mut changes)?;
        sources.golden.settle(&settled, changes, self.by, Timestamp::now())?;
        written.into_iter().try_for_each(|correction| correction.asked.written())
    }
}

/// Whether the decisions stand all the same: they are written as soon as it can be done.
fn is_decided(failure: &Failure) -> bool {
    matches!(failure.error.downcast_ref(), Some(StoreError::Unfinished { .. }))
}

/// A failure as one sentence, with its way out.
fn sentence(failure: &Failure) -> String {
    let hint = failure.hint.as_ref().map_or_else(String::new, |hint| format!(" ({hint})"));
    format!("{}{hint}", failure.error)
}
