//! What is not said yet: asked for on the terminal, or named all at once where there is none.

use std::io::{BufRead, IsTerminal, Write};

use super::sheet::Sheet;
use crate::cli::failure::Failure;
use crate::corrections::words::{minutes, reason, sentence, verdict};
use crate::domain::CorrectionReason;

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
