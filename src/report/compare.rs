//! Two runs side by side in Markdown, for pull requests and chat, and as JSON.

use super::markdown::{code, prose};
use super::{RenderError, json, words};
use crate::compare::{AreaChange, Compared, Marks, Outcome, RunSide};
use crate::domain::Slug;

/// Most cases named in a cell.
const NAMES: usize = 5;

/// The comparison as JSON; its shape is [`Compared`].
pub fn render_json(compared: &Compared) -> Result<Vec<u8>, RenderError> {
    json::pretty(compared).map_err(RenderError::of("json"))
}

/// One page. Foreign text stands in code spans or is escaped.
pub fn render_markdown(compared: &Compared) -> String {
    let title = match compared.outcome {
        Outcome::Compared => "Compared",
        Outcome::NothingInCommon => "✖ Nothing in common",
        Outcome::Inconclusive => "? No claim",
    };
    let cases = words::count(compared.cases, "case");
    let mut page = format!("## {title}: {} in common\n\n{}\n\n", cases, prose(&compared.headline));
    page.push_str(&format!("- then: {}\n- now: {}\n", about(&compared.then), about(&compared.now)));
    for sentence in compared.notes.iter().chain(&compared.left_out.sentences) {
        page.push_str(&format!("- {}\n", prose(sentence)));
    }
    if !compared.moved.is_empty() {
        page.push_str("\n| moved | then | now | what it means |\n|:--|:--|:--|:--|\n");
    }
    for moved in &compared.moved {
        let (then, now) = (code(&moved.then), code(&moved.now));
        page.push_str(&format!("| {} | {then} | {now} | {} |\n", moved.part, prose(&moved.means)));
    }
    if !compared.areas.is_empty() {
        let whose = if compared.marks == Marks::Rescored { " (marked again)" } else { "" };
        page.push_str(&format!(
            "\n| area{whose} | n | then | now | Δ | 95 % bounds | p worse | broke | fixed | unsteady |\n"
        ));
        page.push_str("|:--|--:|--:|--:|--:|:--|--:|:--|:--|:--|\n");
    }
    compared.areas.iter().for_each(|area| page.push_str(&row(area)));
    page.push_str(&format!(
        "\n- {}\n- {}\n",
        prose(&compared.budget.cost.sentence),
        prose(&compared.budget.latency.sentence)
    ));
    if let Some(effect) = &compared.marks_effect {
        page.push_str(&format!("- {}\n", prose(&effect.sentence)));
    }
    if !compared.slices.is_empty() {
        page.push_str("\n| by | slice | area | n | then | now | Δ |\n|:--|:--|:--|--:|--:|--:|--:|\n");
    }
    for slice in &compared.slices {
        for area in &slice.areas {
            let few = if area.few { " (few)" } else { "" };
            page.push_str(&format!(
                "| {} | {} | {} | {}{few} | {} | {} | {} |\n",
                slice.by.name(),
                code(&slice.value),
                area.area,
                area.cases,
                words::mean(Some(area.then)),
                words::mean(Some(area.now)),
                words::mean(Some(area.change))
            ));
        }
    }
    page
}

fn about(side: &RunSide) -> String {
    let cases = words::count(side.cases, "case");
    format!("{} · {cases} × {} · {}", code(&side.target), side.repeats_told(), code(&side.name))
}

fn row(area: &AreaChange) -> String {
    let bounds = area.bounds.map_or_else(
        || "–".to_owned(),
        |bounds| format!("{} to {}", words::mean(Some(bounds.lower)), words::mean(Some(bounds.upper))),
    );
    let p = area.chance.map_or_else(|| "–".to_owned(), |chance| format!("{:.4}", chance.p_worse_holm));
    format!(
        "| {} | {} | {} | {} | {} | {bounds} | {p} | {} | {} | {} |\n",
        area.area,
        area.cases,
        words::mean(area.then),
        words::mean(area.now),
        words::mean(area.change),
        named(&area.broke),
        named(&area.fixed),
        named(&area.unsteady)
    )
}

fn named(cases: &[Slug]) -> String {
    let shown: Vec<String> = cases.iter().take(NAMES).map(|case| code(case)).collect();
    match cases.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
