//! What is not said yet: asked for on the terminal, or named all at once where there is none.

use std::io::{BufRead, IsTerminal, Write};

use super::sheet::Sheet;
use super::{MINUTES, are_minutes};
use crate::cli::failure::Failure;
use crate::diagnostic::closest;
use crate::domain::{CorrectionReason, ReviewVerdict};

/// Whether somebody can be asked.
pub fn terminal() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Fills in what has to be said of every correction.
pub fn complete(sheet: &mut Sheet) -> Result<(), Failure> {
    let missing: Vec<&str> = [
        ("--verdict", sheet.verdict.is_none()),
        ("--reason", sheet.reason.is_none()),
        ("--minutes", sheet.minutes.is_none()),
        ("--guards", sheet.guards.as_ref().is_none_or(|guards| guards.trim().is_empty())),
    ]
    .into_iter()
    .filter_map(|(name, missing)| missing.then_some(name))
    .collect();
    if missing.is_empty() {
        return Ok(());
    }
    if !terminal() {
        let reasons: Vec<&str> = CorrectionReason::ALL.into_iter().map(CorrectionReason::name).collect();
        return Err(Failure::usage(format!("nobody can be asked here, and these are missing: {}", missing.join(", ")))
            .with_hint(format!(
                "--verdict rejected|corrected, --reason {}, --minutes 4, --guards \"one sentence\"",
                reasons.join("|")
            )));
    }
    for name in missing {
        match name {
            "--verdict" => {
                sheet.verdict = Some(ask("Verdict: rejected (of no use) or corrected (used after changes)", verdict)?)
            }
            "--reason" => {
                let names: Vec<&str> = CorrectionReason::ALL.into_iter().map(CorrectionReason::name).collect();
                sheet.reason = Some(ask(&format!("Reason: {}", names.join(", ")), reason)?);
            }
            "--minutes" => sheet.minutes = Some(ask("Minutes of review", minutes)?),
            _ => sheet.guards = Some(ask("What this guards against, in one sentence", sentence)?),
        }
    }
    Ok(())
}

fn ask<T>(question: &str, read: fn(&str) -> Result<T, String>) -> Result<T, Failure> {
    let mut stderr = std::io::stderr();
    loop {
        write!(stderr, "{question}: ")?;
        stderr.flush()?;
        let mut line = String::new();
        if std::io::stdin().lock().read_line(&mut line)? == 0 {
            return Err(Failure::usage("nothing was written: the questions were not answered"));
        }
        match read(line.trim()) {
            Ok(answer) => return Ok(answer),
            Err(why) => writeln!(stderr, "  {why}")?,
        }
    }
}

/// One of the two verdicts, or what was probably meant.
pub fn verdict(text: &str) -> Result<ReviewVerdict, String> {
    chosen(text, ReviewVerdict::ALL.map(|verdict| (verdict.name(), verdict)))
}

/// One of the seven reasons, or what was probably meant.
pub fn reason(text: &str) -> Result<CorrectionReason, String> {
    chosen(text, CorrectionReason::ALL.map(|reason| (reason.name(), reason)))
}

fn chosen<T: Copy, const N: usize>(text: &str, all: [(&'static str, T); N]) -> Result<T, String> {
    let names = all.map(|(name, _)| name);
    let spelled = text.trim().to_ascii_lowercase().replace(['-', ' '], "_");
    let found = all.into_iter().find(|(name, _)| *name == spelled);
    found.map(|(_, value)| value).ok_or_else(|| match closest(&spelled, &names) {
        Some(near) => format!("{text:?} is none of them: did you mean {near:?}?"),
        None => format!("{text:?} is none of {}", names.join(", ")),
    })
}

/// Minutes of review.
pub fn minutes(text: &str) -> Result<f64, String> {
    let minutes = text.trim().parse().ok().filter(|minutes| are_minutes(*minutes));
    minutes.ok_or_else(|| format!("{text:?}: {MINUTES}"))
}

/// One line of text that says something.
pub fn sentence(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("it is empty".to_owned()),
        text if text.chars().any(char::is_control) => Err("it is one line of text".to_owned()),
        text => Ok(text.to_owned()),
    }
}
