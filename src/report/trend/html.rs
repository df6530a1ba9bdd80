//! A trend report as one page: no script, nothing loaded, each number beside what a program would read.

use serde::Serialize;

use super::document::{Block, Card, Cell, Chart, ChartGroup, Column, Document, Part, Table, Tone};
use crate::report::html::static_page;
use crate::report::{RenderError, chart};

pub fn render(document: &Document) -> Result<Vec<u8>, RenderError> {
    let style = format!("{}{}", include_str!("../html/trend.css"), chart::STYLE);
    static_page(include_str!("../html/trend.html"), &style, Page::of(document))
}

/// Everything on the page.
#[derive(Debug, Serialize)]
struct Page<'d> {
    title: &'d str,
    headline: &'d str,
    until: &'d str,
    tone: &'static str,
    facts: Vec<Fact<'d>>,
    cards: Vec<CardPart<'d>>,
    blocks: Vec<BlockPart<'d>>,
}

#[derive(Debug, Serialize)]
struct Fact<'d> {
    label: &'d str,
    value: &'d str,
}

#[derive(Debug, Serialize)]
struct CardPart<'d> {
    area: &'d str,
    state: &'d str,
    tone: &'static str,
    number: &'d str,
    reason: &'d str,
}

#[derive(Debug, Serialize)]
struct BlockPart<'d> {
    id: &'d str,
    title: &'d str,
    lead: &'d [String],
    charts: Vec<GroupPart<'d>>,
    tables: Vec<TablePart<'d>>,
}

#[derive(Debug, Serialize)]
struct GroupPart<'d> {
    name: &'d str,
    charts: Vec<Picture<'d>>,
}

#[derive(Debug, Serialize)]
struct Picture<'d> {
    title: &'d str,
    svg: &'d str,
    legend: &'d [String],
}

#[derive(Debug, Serialize)]
struct TablePart<'d> {
    id: &'d str,
    /// Its id in words.
    name: String,
    caption: &'d str,
    columns: Vec<ColumnPart<'d>>,
    rows: Vec<Vec<CellPart<'d>>>,
    folded: bool,
}

#[derive(Debug, Serialize)]
struct ColumnPart<'d> {
    title: &'d str,
    /// Whether any of its cells holds a number.
    numbers: bool,
}

#[derive(Debug, Serialize)]
struct CellPart<'d> {
    parts: Vec<PartOf<'d>>,
    tone: &'static str,
    link: Option<&'d str>,
    picture: Option<&'d str>,
    numbers: bool,
}

#[derive(Debug, Serialize)]
struct PartOf<'d> {
    text: &'d str,
    value: Option<String>,
}

impl<'d> Page<'d> {
    fn of(document: &'d Document) -> Self {
        let worst = [Tone::Bad, Tone::Middle, Tone::Good];
        let has = |tone: &Tone| document.cards.iter().any(|card| card.tone == *tone);
        let card = |card: &'d Card| CardPart {
            area: card.area,
            state: card.state,
            tone: card.tone.name(),
            number: &card.number,
            reason: &card.reason,
        };
        Self {
            title: &document.title,
            headline: &document.headline,
            until: &document.until,
            tone: worst.into_iter().find(has).unwrap_or_default().name(),
            facts: document.facts.iter().map(|(label, value)| Fact { label, value }).collect(),
            cards: document.cards.iter().map(card).collect(),
            blocks: document.blocks.iter().map(block).collect(),
        }
    }
}

fn block(block: &Block) -> BlockPart<'_> {
    BlockPart {
        id: block.id,
        title: block.title,
        lead: &block.lead,
        charts: block.charts.iter().map(group).collect(),
        tables: block.tables.iter().map(table).collect(),
    }
}

fn group(group: &ChartGroup) -> GroupPart<'_> {
    let mut charts = Vec::new();
    for Chart { title, svg, legend } in &group.charts {
        charts.push(Picture { title, svg, legend });
    }
    GroupPart { name: &group.name, charts }
}

fn table(table: &Table) -> TablePart<'_> {
    let numbers = |place: usize| table.rows.iter().any(|row| row.get(place).is_some_and(|cell| !cell.is_text()));
    let column =
        |(place, column): (usize, &Column)| ColumnPart { title: column.title, numbers: place > 0 && numbers(place) };
    TablePart {
        id: table.id,
        name: table.id.replace('_', " "),
        caption: &table.caption,
        columns: table.columns.iter().enumerate().map(column).collect(),
        rows: table.rows.iter().map(|row| row.iter().map(cell).collect()).collect(),
        folded: table.folded,
    }
}

fn cell(cell: &Cell) -> CellPart<'_> {
    let value = |part: &Part| match part {
        Part::Text(_) => None,
        Part::Number { value, .. } => Some(value.to_string()),
    };
    CellPart {
        parts: cell.parts.iter().map(|one| PartOf { text: one.shown(), value: value(one) }).collect(),
        tone: cell.tone.name(),
        link: cell.link.as_deref(),
        picture: cell.picture.as_deref(),
        numbers: !cell.is_text(),
    }
}
