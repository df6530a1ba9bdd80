//! A table of short cells under heads that are not known beforehand: what does not fit goes below, never away.

use unicode_width::UnicodeWidthStr;

use super::screen::{Screen, Tone};

/// One row: its head, and a cell for each column.
pub struct Line {
    pub head: String,
    pub cells: Vec<(Tone, String)>,
}

/// Prints the table, indented by two columns, in as many blocks of columns as the screen asks for. Cells stand at the
/// right of their columns.
pub fn matrix(screen: &mut Screen, heads: &[&str], lines: &[Line]) {
    let widths: Vec<usize> = heads
        .iter()
        .enumerate()
        .map(|(i, head)| {
            let cells = lines.iter().map(|line| screen.spell(&line.cells[i].1).width());
            2 + cells.chain([screen.spell(head).width()]).max().unwrap_or(0)
        })
        .collect();
    let first = 2 + lines.iter().map(|line| screen.spell(&line.head).width()).max().unwrap_or(0);
    let mut start = 0;
    while start < heads.len() {
        let mut end = start + 1;
        while end < heads.len() && first + widths[start..=end].iter().sum::<usize>() <= screen.width() {
            end += 1;
        }
        if start > 0 {
            screen.blank();
        }
        let quiet: Vec<(Tone, String)> = heads.iter().map(|head| (Tone::Quiet, (*head).to_owned())).collect();
        row(screen, first, &widths, "", &quiet, start..end);
        for line in lines {
            row(screen, first, &widths, &line.head, &line.cells, start..end);
        }
        start = end;
    }
}

fn row(
    screen: &mut Screen,
    first: usize,
    widths: &[usize],
    head: &str,
    cells: &[(Tone, String)],
    columns: std::ops::Range<usize>,
) {
    let pad = " ".repeat(first.saturating_sub(2 + screen.spell(head).width()));
    let mut pieces = vec![(Tone::Plain, format!("  {head}{pad}"))];
    for i in columns {
        let (tone, text) = &cells[i];
        let pad = " ".repeat(widths[i].saturating_sub(screen.spell(text).width()));
        pieces.push((*tone, format!("{pad}{text}")));
    }
    let pieces: Vec<(Tone, &str)> = pieces.iter().map(|(tone, text)| (*tone, text.as_str())).collect();
    screen.line(&pieces);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::text::Style;

    fn shown(width: usize) -> String {
        let cells = |cells: [&str; 3]| cells.map(|text| (Tone::Plain, text.to_owned())).to_vec();
        let lines = [
            Line { head: "task".into(), cells: cells(["+1.00", "-0.50", "0.00"]) },
            Line { head: "evidence".into(), cells: cells(["1", "2", "3"]) },
        ];
        let mut screen = Screen::new(Style { width, ..Style::PLAIN });
        matrix(&mut screen, &["rules", "a-careless-agent", "timid"], &lines);
        screen.into_text()
    }

    #[test]
    fn columns_that_fit_stand_side_by_side() {
        assert_eq!(
            shown(80),
            "            rules  a-careless-agent  timid\n  task      +1.00             -0.50   0.00\n  evidence      1                 2      3\n"
        );
    }

    #[test]
    fn columns_that_do_not_fit_go_below_under_the_same_heads() {
        let text = shown(40);
        assert!(text.lines().all(|line| line.width() <= 40), "{text}");
        assert_eq!(text.matches("  evidence").count(), 2, "{text}");
        assert!(text.ends_with("            timid\n  task       0.00\n  evidence      3\n"), "{text}");
    }
}
