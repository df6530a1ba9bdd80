//! A trend report at a terminal: the sentence and the areas; the rest is in the files.

use super::document::{Document, Tone};
use crate::report::{Style, render_paragraphs};

pub fn render(document: &Document, style: Style) -> String {
    let mut text = format!("{}\n\n", document.title);
    text += &render_paragraphs([("", document.headline.as_str())], style);
    text.push('\n');
    let name = document.cards.iter().map(|card| card.area.len()).max().unwrap_or(0);
    for card in &document.cards {
        let sign = match card.tone {
            Tone::Bad => "✖",
            Tone::Middle => "?",
            Tone::Good => "✔",
            Tone::None => "·",
        };
        text += &format!("  {sign} {:<name$}  {:>5}  {:<8}  {}\n", card.area, card.number, card.state, card.reason);
    }
    text
}
