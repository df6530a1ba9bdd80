//! Columns that fit: the least important ones are left out where the screen is narrow.

use unicode_width::UnicodeWidthStr;

use super::screen::{Screen, Tone};

/// One column of a table.
pub struct Column {
    pub head: &'static str,
    pub align: Align,
    /// Which column goes first when room is short: the highest; 0 always stays.
    pub drop: u8,
}

/// One row of a table.
pub struct Row {
    /// One a column.
    pub cells: Vec<(Tone, String)>,
    /// What stands below the row on lines of its own.
    pub notes: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    Left,
    Right,
}

/// Prints the table, indented by two columns.
pub fn table(screen: &mut Screen, columns: &[Column], rows: &[Row]) {
    let widths: Vec<usize> = columns
        .iter()
        .enumerate()
        .map(|(i, column)| {
            let cells = rows.iter().map(|row| screen.spell(&row.cells[i].1).width());
            cells.chain([screen.spell(column.head).width()]).max().unwrap_or(0)
        })
        .collect();
    let mut kept: Vec<usize> = (0..columns.len()).collect();
    let needs = |kept: &[usize]| kept.iter().map(|&i| widths[i] + 2).sum::<usize>();
    while needs(&kept) > screen.width() {
        let Some(&least) = kept.iter().filter(|&&i| columns[i].drop > 0).max_by_key(|&&i| columns[i].drop) else {
            break;
        };
        kept.retain(|&i| i != least);
    }
    let head = columns.iter().map(|column| (Tone::Quiet, column.head.to_owned())).collect();
    for row in [&Row { cells: head, notes: Vec::new() }].into_iter().chain(rows) {
        let cells: Vec<(Tone, String)> = kept
            .iter()
            .map(|&i| {
                let (tone, text) = &row.cells[i];
                let pad = " ".repeat(widths[i].saturating_sub(screen.spell(text).width()));
                match columns[i].align {
                    Align::Left if Some(&i) == kept.last() => (*tone, format!("  {text}")),
                    Align::Left => (*tone, format!("  {text}{pad}")),
                    Align::Right => (*tone, format!("  {pad}{text}")),
                }
            })
            .collect();
        let cells: Vec<(Tone, &str)> = cells.iter().map(|(tone, text)| (*tone, text.as_str())).collect();
        screen.line(&cells);
        for note in &row.notes {
            screen.paragraph((Tone::Quiet, "    "), note);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::text::Style;

    #[test]
    fn the_least_important_columns_go_first() {
        let columns = [
            Column { head: "name", align: Align::Left, drop: 0 },
            Column { head: "a detail that is wide enough", align: Align::Right, drop: 2 },
            Column { head: "value", align: Align::Right, drop: 1 },
        ];
        let cells = ["one", "x", "1"].map(|text| (Tone::Plain, text.to_owned())).to_vec();
        let rows = [Row { cells, notes: vec!["a note".to_owned()] }];
        let mut screen = Screen::new(Style { width: 40, ..Style::PLAIN });
        table(&mut screen, &columns, &rows);
        assert_eq!(screen.into_text(), "  name  value\n  one       1\n    a note\n");
    }
}
