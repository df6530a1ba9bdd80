//! Two sides of a comparison as one page: no network request, no script, and what moved before what changed.

use serde::Serialize;

use super::page::{minus, shown};
use super::static_page;
use crate::compare::{AreaChange, Compared, Marks, Outcome, Regime, Role, RunSide, Spend};
use crate::domain::{Slug, Trit};
use crate::event::Answers;
use crate::report::{RenderError, words};

/// Most cases that one list names.
const NAMED: usize = 100;

pub fn render(compared: &Compared) -> Result<Vec<u8>, RenderError> {
    static_page(include_str!("compared.html"), "", Page::of(compared))
}

/// Everything on the page. `tone` is a class name: `bad`, `mid`, `good` or `none`.
#[derive(Debug, Serialize)]
struct Page {
    title: String,
    tone: &'static str,
    headline: String,
    sides: Vec<SideLine>,
    notes: Vec<String>,
    left_out: Vec<String>,
    moved: Vec<MovedLine>,
    marked_again: bool,
    tested: bool,
    areas: Vec<AreaLine>,
    budget: Vec<BudgetLine>,
    effect: Option<EffectPart>,
    slices: Vec<SliceLine>,
    regime: &'static str,
}

#[derive(Debug, Serialize)]
struct SideLine {
    label: &'static str,
    name: String,
    about: String,
}

#[derive(Debug, Serialize)]
struct MovedLine {
    part: &'static str,
    role: &'static str,
    tone: &'static str,
    then: String,
    now: String,
    means: String,
}

#[derive(Debug, Serialize)]
struct AreaLine {
    name: &'static str,
    question: &'static str,
    sentence: String,
    cases: u64,
    then: String,
    now: String,
    change: String,
    tone: &'static str,
    bounds: String,
    p: String,
    /// Rows −1, 0, +1 then; columns now.
    matrix: Vec<MatrixRow>,
    lists: Vec<NameList>,
}

#[derive(Debug, Serialize)]
struct MatrixRow {
    mark: String,
    cells: Vec<Cell>,
}

#[derive(Debug, Serialize)]
struct Cell {
    n: u64,
    tone: &'static str,
}

#[derive(Debug, Serialize)]
struct NameList {
    word: &'static str,
    means: &'static str,
    tone: &'static str,
    names: Vec<String>,
    more: usize,
}

#[derive(Debug, Serialize)]
struct BudgetLine {
    what: &'static str,
    then: String,
    now: String,
    sentence: String,
}

#[derive(Debug, Serialize)]
struct EffectPart {
    sentence: String,
    rows: Vec<EffectRow>,
}

#[derive(Debug, Serialize)]
struct EffectRow {
    area: &'static str,
    /// Stored and marked again, of the first side and of the second.
    cells: Vec<String>,
}

#[derive(Debug, Serialize)]
struct SliceLine {
    by: &'static str,
    value: String,
    area: &'static str,
    cases: u64,
    few: bool,
    then: String,
    now: String,
    change: String,
    tone: &'static str,
}

impl Page {
    fn of(compared: &Compared) -> Self {
        let (title, tone) = match compared.outcome {
            Outcome::Compared => ("Compared", "none"),
            Outcome::NothingInCommon => ("Nothing in common", "bad"),
            Outcome::Inconclusive => ("No claim", "mid"),
        };
        let effect = compared.marks_effect.as_ref().map(|effect| EffectPart {
            sentence: shown(&effect.sentence),
            rows: { effect.areas.iter() }
                .map(|area| EffectRow {
                    area: area.area.name(),
                    cells: { [&area.then, &area.now].into_iter() }
                        .flat_map(|side| {
                            let of = |value: Option<f64>| minus(&words::mean(value));
                            [of(side.as_ref().map(|e| e.stored)), of(side.as_ref().map(|e| e.rescored))]
                        })
                        .collect(),
                })
                .collect(),
        });
        let slices = compared.slices.iter().flat_map(|slice| {
            slice.areas.iter().map(|area| SliceLine {
                by: slice.by.name(),
                value: shown(&slice.value),
                area: area.area.name(),
                cases: area.cases,
                few: area.few,
                then: minus(&words::mean(Some(area.then))),
                now: minus(&words::mean(Some(area.now))),
                change: minus(&words::mean(Some(area.change))),
                tone: direction(Some(area.change)),
            })
        });
        Self {
            title: format!("{title}: {} in common", words::count(compared.cases, "case")),
            tone,
            headline: shown(&compared.headline),
            sides: vec![side("Then", &compared.then), side("Now", &compared.now)],
            notes: compared.notes.iter().map(|note| shown(note)).collect(),
            left_out: compared.left_out.sentences.iter().map(|sentence| shown(sentence)).collect(),
            moved: compared
                .moved
                .iter()
                .map(|moved| {
                    let (role, tone) = match moved.role {
                        Role::UnderTest => ("under test", "good"),
                        Role::Yardstick => ("yardstick", "mid"),
                        Role::Circumstance => ("circumstance", "none"),
                    };
                    let (then, now) = (shown(&moved.then), shown(&moved.now));
                    MovedLine { part: moved.part, role, tone, then, now, means: shown(&moved.means) }
                })
                .collect(),
            marked_again: compared.marks == Marks::Rescored,
            tested: compared.areas.iter().any(|area| area.bounds.is_some()),
            areas: compared.areas.iter().map(area_line).collect(),
            budget: vec![
                budget("Cost of a trial", &compared.budget.cost, words::dollars),
                budget("Time of a trial", &compared.budget.latency, |ms| {
                    ms.map_or_else(|| "unknown".to_owned(), words::duration)
                }),
            ],
            effect,
            slices: slices.collect(),
            regime: match compared.regime {
                Regime::Deterministic => "Cases that moved",
                Regime::Stochastic => "Where to look: some of these move by chance",
            },
        }
    }
}

fn side(label: &'static str, side: &RunSide) -> SideLine {
    let mut facts = vec![
        format!("{} ({})", side.target, side.target_kind),
        format!("{} × {}", words::count(side.cases, "case"), side.repeats_told()),
        format!("{:.0}", side.started_at),
    ];
    if side.answers == Answers::Replayed {
        facts.push("replayed".to_owned());
    }
    if side.failed_trials > 0 {
        facts.push(format!("{} failed", words::count(side.failed_trials, "trial")));
    }
    SideLine { label, name: shown(&side.name), about: shown(&facts.join(" · ")) }
}

fn area_line(area: &AreaChange) -> AreaLine {
    let signed = |value: f64| minus(&words::mean(Some(value)));
    let trits = [Trit::Harmful, Trit::Incomplete, Trit::Useful];
    let matrix = trits.iter().zip(&area.transitions).enumerate().map(|(then, (trit, row))| MatrixRow {
        mark: minus(words::mark(Some(*trit))),
        cells: { row.iter().enumerate() }.map(|(now, n)| Cell { n: *n, tone: tone_of_cell(then, now, *n) }).collect(),
    });
    AreaLine {
        name: area.area.name(),
        question: area.area.question(),
        sentence: shown(&area.sentence),
        cases: area.cases,
        then: minus(&words::mean(area.then)),
        now: minus(&words::mean(area.now)),
        change: minus(&words::mean(area.change)),
        tone: direction(area.change),
        bounds: area
            .bounds
            .map_or_else(|| "–".to_owned(), |bounds| format!("{} to {}", signed(bounds.lower), signed(bounds.upper))),
        p: area.chance.map_or_else(|| "–".to_owned(), |chance| p(chance.p_worse_holm)),
        matrix: matrix.collect(),
        lists: [
            ("broke", "every repeat is below every repeat then", "bad", &area.broke),
            ("proven", "of those, chance does not explain it", "bad", &area.proven),
            ("fixed", "every repeat is above every repeat then", "good", &area.fixed),
            ("unsteady", "repeats agreed then and disagree now", "mid", &area.unsteady),
            ("steadied", "repeats disagreed then and agree now", "good", &area.steadied),
        ]
        .into_iter()
        .filter(|(_, _, _, names)| !names.is_empty())
        .map(|(word, means, tone, names)| NameList {
            word,
            means,
            tone,
            names: names.iter().take(NAMED).map(Slug::to_string).collect(),
            more: names.len().saturating_sub(NAMED),
        })
        .collect(),
    }
}

fn tone_of_cell(then: usize, now: usize, n: u64) -> &'static str {
    match now.cmp(&then) {
        _ if n == 0 => "none",
        std::cmp::Ordering::Less => "bad",
        std::cmp::Ordering::Equal => "none",
        std::cmp::Ordering::Greater => "good",
    }
}

fn budget(what: &'static str, spend: &Spend, show: impl Fn(Option<f64>) -> String) -> BudgetLine {
    BudgetLine { what, then: show(spend.then), now: show(spend.now), sentence: shown(&spend.sentence) }
}

fn direction(change: Option<f64>) -> &'static str {
    match change {
        Some(delta) if delta < -0.005 => "bad",
        Some(delta) if delta > 0.005 => "good",
        Some(_) | None => "none",
    }
}

fn p(p: f64) -> String {
    if p < 0.001 { "< 0.001".to_owned() } else { format!("{p:.3}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::{Side, SliceBy, compare, effect};
    use crate::report::html::{STYLE, hash};
    use crate::report::sample;

    fn compared() -> Compared {
        let report = sample::run();
        let side = |marks| {
            let mut side = Side::new(report.meta.clone(), report.state.clone(), marks);
            report.results.iter().for_each(|result| side.observe(result, &result.scored));
            side
        };
        let (then, now) = (side(Marks::Stored), side(Marks::Stored));
        let mut compared = compare(&then, &now, &[SliceBy::Kind, SliceBy::Tag, SliceBy::Pipeline, SliceBy::Org]);
        compared.marks_effect = Some(effect((&then, &now), (&then, &now)));
        compared.headline = sample::HOSTILE.to_owned();
        compared.left_out.sentences.push(sample::HOSTILE.to_owned());
        compared.areas[0].broke = vec![report.results[0].case.id.clone(); NAMED + 5];
        compared
    }

    fn text(compared: &Compared) -> String {
        String::from_utf8(render(compared).unwrap()).unwrap()
    }

    #[test]
    fn the_page_loads_and_runs_nothing_whatever_the_texts_hold() {
        let page = text(&compared());
        let body = page.replace(STYLE, "");
        for tag in body.split('<').skip(1).filter_map(|rest| rest.split_once('>')).map(|(tag, _)| tag) {
            let name = tag.split([' ', '/']).find(|part| !part.is_empty()).unwrap_or_default();
            assert!(!["script", "img", "svg", "iframe", "link", "form"].contains(&name), "<{tag}>");
            for attribute in ["src=", "style=", " on", "href=\"j", "refresh"] {
                assert!(!tag.contains(attribute), "<{tag}>");
            }
        }
        assert!(body.contains("&lt;&#x2f;script&gt;&lt;script&gt;alert(1)"), "{body}");
        assert!(!body.contains('\u{202e}') && !body.contains('\u{1b}'));
        let policy = hash(STYLE).replace('\'', "&#x27;").replace('/', "&#x2f;");
        assert!(
            body.contains(&policy) && body.contains("default-src &#x27;none&#x27;") && !body.contains("script-src")
        );
    }

    #[test]
    fn every_part_of_a_comparison_is_on_the_page() {
        let compared = compared();
        let body = text(&compared);
        for area in &compared.areas {
            assert!(body.contains(&format!("<span class=\"name\">{}</span>", area.area)), "{}", area.area);
        }
        for heading in ["Areas", "Cost and time", "What marking again did by itself", "Parts of the cases"] {
            assert!(body.contains(&format!(">{heading}</h2>")), "{heading}");
        }
        assert!(body.contains("and 5 more"), "long lists are cut");
        assert_eq!(text(&compared), body, "the same bytes");
    }
}
