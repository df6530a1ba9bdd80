//! The cases that keep a verdict from being a pass, worst first, each with what was found of it and where it stands.
//!
//! For formats that point at places: annotations, code quality. They agree on what is worst because they read this.

use super::brief::Brief;
use super::cases::{Blame, CaseView};
use super::{RenderError, RunReport, foreign, words};
use crate::domain::{Area, Trit};
use crate::gate::{Finding, FindingWeight};

/// What was found of a case.
#[derive(Debug)]
pub struct Blamed {
    pub case: String,
    /// The suite's file from the top of the repository, and the line of the case.
    pub file: String,
    pub line: u32,
    /// Of the finding.
    pub code: String,
    pub weight: FindingWeight,
    pub area: Option<Area>,
    /// `<area>: <mark> <why>`, or the finding's sentence. On one line and safe to show.
    pub said: String,
}

/// Goes through them until `visit` has had enough, or the 2,000 worst cases have gone by. `most`: bytes of one text.
pub fn each(
    report: &RunReport,
    most: usize,
    visit: &mut dyn FnMut(Blamed) -> Result<bool, RenderError>,
) -> Result<(), RenderError> {
    let blame = Blame::of(&report.verdict);
    for place in &report.overview()?.worst {
        let findings = blame.of_case(place.id.as_str());
        if findings.is_empty() {
            // Those that are blamed come first.
            return Ok(());
        }
        let trials = report.brief(place)?;
        let view = CaseView::of(&trials);
        for finding in findings {
            let blamed = Blamed {
                case: view.id().to_owned(),
                file: format!("{}{}", report.meta.folder, view.first().file),
                line: view.first().line.max(1),
                code: finding.code.clone(),
                weight: finding.weight,
                area: finding.area,
                said: said(finding, &view, most),
            };
            if !visit(blamed)? {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// What a finding says of one of its cases.
fn said(finding: &Finding, view: &CaseView<Brief>, most: usize) -> String {
    let mark = finding.area.and_then(|area| Some((area, view.mark(area)?)));
    match mark.filter(|(_, mark)| mark.trit() < Some(Trit::Useful) && mark.trit().is_some()) {
        Some((area, mark)) => foreign::line(&format!("{area}: {} {}", words::mark(mark.trit()), mark.why()), most),
        None => foreign::line(&finding.sentence, most),
    }
}
