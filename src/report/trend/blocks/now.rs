//! Where each area stands now: the cards at the top, and the area table.

use super::{Sources, cases_of};
use crate::report::RenderError;
use crate::report::chart::sparkline;
use crate::report::trend::document::{Block, Card, Cell, Table, Tone, columns};
use crate::report::words;
use crate::trend::{AreaLine, State};

fn tone(state: State) -> Tone {
    match state {
        State::Violated | State::Fell => Tone::Bad,
        State::Unclear => Tone::Middle,
        State::Steady => Tone::None,
        State::Rose | State::Held => Tone::Good,
    }
}

pub fn cards(sources: &Sources) -> Vec<Card> {
    let card = |line: &AreaLine| Card {
        area: line.area.name(),
        state: line.state.word(),
        tone: tone(line.state),
        number: words::mean(line.now.mean),
        reason: line.reason(),
    };
    sources.trend.areas.iter().map(card).collect()
}

pub fn areas(sources: &Sources) -> Result<Block, RenderError> {
    let noun = sources.material.by.noun();
    let row = |line: &AreaLine| {
        let now = &line.now;
        let (fewest, most) = now.k;
        let repeats = if fewest == most { fewest.to_string() } else { format!("{fewest}–{most}") };
        let mean = Cell::mark(now.mean).between(now.interval, |end| words::mean(Some(end)));
        let title = format!("{}: mean mark of the newest periods", line.area);
        let spark = sparkline(&format!("spark-{}", line.area), &title, &line.spark, -1.0, 1.0)?;
        Ok(vec![
            Cell::text(line.area.name()),
            Cell::text(line.state.word()).toned(tone(line.state)),
            Cell::text(line.reason()),
            mean.linked(cases_of(line.area)),
            Cell::share(now.harmful_share()).linked(cases_of(line.area)),
            Cell::change(line.since_period.as_ref()).linked(cases_of(line.area)),
            Cell::change(line.since_release.as_ref()).linked(cases_of(line.area)),
            Cell::share(now.passed).linked(cases_of(line.area)),
            Cell::count(now.cases as u64).linked(cases_of(line.area)),
            Cell::text(repeats),
            Cell::text("").pictured(spark),
        ])
    };
    let table = Table {
        id: "areas",
        caption: format!(
            "The newest {noun}'s last whole run. Means over cases, −1 to +1, with 95 % intervals; changes are of the cases \
             that both runs hold, and hidden where these are fewer than 20. All +1: the chance that each repeat of a case \
             is at +1 (pass^k)."
        ),
        columns: columns([
            ("area", "Area"),
            ("state", "State"),
            ("reason", "Why"),
            ("mean", "Mean"),
            ("harmful", "At −1"),
            ("since_period", since(noun)),
            ("since_release", "Since last release"),
            ("pass_k", "All +1"),
            ("cases", "Cases"),
            ("repeats", "Repeats"),
            ("spark", "Lately"),
        ]),
        rows: sources.trend.areas.iter().map(row).collect::<Result<_, RenderError>>()?,
        folded: false,
    };
    Ok(Block { id: "areas", title: "Areas", lead: Vec::new(), tables: vec![table], charts: Vec::new() })
}

fn since(noun: &str) -> &'static str {
    match noun {
        "week" => "Since last week",
        "day" => "Since the day before",
        _ => "Since the one before",
    }
}
