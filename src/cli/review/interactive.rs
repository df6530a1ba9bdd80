//! A review at a terminal: joins the session, the terminal and what is stored.

use std::io;

use jiff::Timestamp;

use super::sources::Sources;
use super::terminal::Terminal;
use crate::cli::context::style;
use crate::cli::failure::Failure;
use crate::report::{Style, render_request};
use crate::review::{Line, Pending, Session, Shown, View, Wish, change_page, lines_of, transcript_page};
use crate::store::{DraftFile, Settled, StoreError};

/// How a session ended.
pub enum Ended {
    /// What was decided is written: for each, what was said, and its case.
    Written(Vec<(String, String)>),
    /// Nothing is written; so many decisions are kept for later.
    Left(usize),
    Interrupted(usize),
}

/// Lets a person decide. `by` is who decides. Returns when they leave or have written.
pub fn review(
    sources: &Sources,
    pending: &[Pending],
    drafts: &DraftFile,
    by: &str,
    mut terminal: Terminal,
) -> Result<Ended, Failure> {
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
        // A summary changes with every decision.
        if session.view() == View::Summary {
            shown = None;
        }
        match wish {
            Wish::Nothing | Wish::Merge { .. } => {}
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
            Wish::Write => match write(sources, pending, &session, by) {
                Ok(()) => {
                    drafts.keep(None)?;
                    terminal.leave()?;
                    let told =
                        |(at, decided): (usize, &crate::review::Decided)| (decided.told(), pending[at].key.to_string());
                    return Ok(Ended::Written(session.decisions().map(told).collect()));
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

fn write(sources: &Sources, pending: &[Pending], session: &Session, by: &str) -> Result<(), Failure> {
    let decided = session.decisions().map(|(at, decided)| (&pending[at], decided.clone()));
    let settled =
        decided.map(|(pending, decided)| sources.settled(pending, decided)).collect::<Result<Vec<Settled>, _>>()?;
    Ok(sources.golden.settle(&settled, by, Timestamp::now())?)
}
