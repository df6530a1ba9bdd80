//! Where the captions of vertical lines stand, so that none covers another or is crossed by a line.
//!
//! Captions are written beside their lines, in rows like flags on poles of different heights, as long as that takes few
//! rows; after that they are numbers, and lines too near to each other share one: `3–5`.

use unicode_width::UnicodeWidthStr;

/// Most rows of written captions.
const ROWS: usize = 3;
/// Width of a letter, on the large side as the page chooses the font.
const LETTER: i32 = 12;
/// What stays free between a line and its caption, and behind a caption.
pub const ROOM: i32 = 8;

/// Which side of its line a caption is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Left,
    Right,
    Over,
}

/// A caption in its place.
#[derive(Debug, PartialEq, Eq)]
pub struct Caption {
    /// The line, or the middle of the lines that it is for.
    pub x: i32,
    pub side: Side,
    /// From 0, the row next to the plot.
    pub row: usize,
    pub text: String,
}

/// The captions of all lines.
#[derive(Debug, PartialEq, Eq)]
pub enum Captions {
    /// One per line, in order.
    Written(Vec<Caption>),
    /// One per line or group of lines, all in one row.
    Numbered(Vec<Caption>),
}

impl Captions {
    /// Captions of lines from left to right, given as their places and texts; the picture is `right` wide.
    pub fn place(lines: &[(i32, &str)], right: i32) -> Self {
        written(lines, right).map_or_else(|| Self::Numbered(numbered(lines)), Self::Written)
    }

    pub fn all(&self) -> &[Caption] {
        let (Self::Written(captions) | Self::Numbered(captions)) = self;
        captions
    }

    /// The row that a line reaches up to beside its caption; none if it ends under all of them.
    pub fn reached(&self, line: usize) -> Option<usize> {
        match self {
            Self::Written(captions) => captions.get(line).map(|caption| caption.row),
            Self::Numbered(_) => None,
        }
    }

    /// How many rows they take.
    pub fn rows(&self) -> usize {
        self.all().iter().map(|caption| caption.row + 1).max().unwrap_or(0)
    }
}

/// The width that a text takes at most.
pub fn width(text: &str) -> i32 {
    i32::try_from(text.width()).unwrap_or(i32::MAX).saturating_mul(LETTER)
}

/// None if it takes too many rows.
fn written(lines: &[(i32, &str)], right: i32) -> Option<Vec<Caption>> {
    let mut captions = Vec::new();
    // From where to where each caption reaches, its line included.
    let mut spans = Vec::new();
    for &(x, text) in lines {
        let reach = width(text).saturating_add(2 * ROOM);
        let side = if x.saturating_add(reach) <= right { Side::Right } else { Side::Left };
        let span = if side == Side::Right { (x, x + reach) } else { (x.saturating_sub(reach), x) };
        if span.0 < 0 {
            return None;
        }
        spans.push(span);
        captions.push(Caption { x, side, row: 0, text: text.to_owned() });
    }
    let under = |caption: usize, line: usize| {
        let (from, to): (i32, i32) = spans[caption];
        from <= lines[line].0 && lines[line].0 <= to
    };
    // What must be over what: a caption over that of each line under it, and one of any two that meet.
    let mut orders = Vec::new();
    for one in 0..lines.len() {
        for other in one + 1..lines.len() {
            if spans[one].1 < spans[other].0 || spans[other].1 < spans[one].0 {
                continue;
            }
            if under(other, one) {
                orders.push((other, one));
            }
            if under(one, other) || !under(other, one) {
                orders.push((one, other));
            }
        }
    }
    // Rows only rise, and not beyond the last.
    while let Some(&(upper, lower)) = orders.iter().find(|(upper, lower)| captions[*upper].row <= captions[*lower].row)
    {
        captions[upper].row = captions[lower].row + 1;
        if captions[upper].row == ROWS {
            return None;
        }
    }
    Some(captions)
}

fn numbered(lines: &[(i32, &str)]) -> Vec<Caption> {
    let caption = |&(first, last): &(usize, usize)| {
        let text = if first == last { format!("{}", first + 1) } else { format!("{}–{}", first + 1, last + 1) };
        Caption { x: (lines[first].0 + lines[last].0) / 2, side: Side::Over, row: 0, text }
    };
    let mut groups: Vec<(usize, usize)> = Vec::new();
    for line in 0..lines.len() {
        let mut group = (line, line);
        while let Some(left) = groups.pop() {
            let (one, other) = (caption(&left), caption(&group));
            if other.x - one.x >= (width(&one.text) + width(&other.text)) / 2 + ROOM {
                groups.push(left);
                break;
            }
            group.0 = left.0;
        }
        groups.push(group);
    }
    groups.iter().map(caption).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(lines: &[(i32, &str)]) -> Vec<usize> {
        match Captions::place(lines, 1280) {
            Captions::Written(captions) => captions.iter().map(|caption| caption.row).collect(),
            Captions::Numbered(_) => panic!("numbered"),
        }
    }

    fn numbers(lines: &[(i32, &str)]) -> Vec<String> {
        match Captions::place(lines, 1280) {
            Captions::Written(_) => panic!("written"),
            Captions::Numbered(captions) => captions.into_iter().map(|caption| caption.text).collect(),
        }
    }

    #[test]
    fn a_line_under_a_caption_has_its_own_caption_further_down() {
        assert_eq!(rows(&[(100, "agent"), (400, "suites")]), [0, 0]);
        assert_eq!(rows(&[(100, "agent"), (120, "suites")]), [1, 0]);
        assert_eq!(rows(&[(100, "agent"), (120, "suites"), (140, "model")]), [2, 1, 0]);
    }

    #[test]
    fn a_caption_without_room_on_the_right_stands_on_the_left() {
        let Captions::Written(captions) = Captions::place(&[(1250, "policy + model")], 1280) else {
            panic!("numbered")
        };
        assert_eq!(captions[0].side, Side::Left);
        // Each line stands under the caption of the other: no order of rows helps.
        assert_eq!(numbers(&[(1180, "agent"), (1200, "policy + model")]), ["1", "2"]);
    }

    #[test]
    fn captions_that_take_too_many_rows_are_numbers_and_neighbours_share_one() {
        let crowded: Vec<(i32, &str)> = [100, 130, 140, 150, 400].map(|x| (x, "policy + model")).to_vec();
        assert_eq!(numbers(&crowded), ["1", "2–4", "5"]);
    }

    #[test]
    fn no_two_captions_overlap_however_many_there_are() {
        for count in 1..60 {
            let lines: Vec<(i32, &str)> = (0..count).map(|n| (90 + n * n * 37 % 1100, "agent")).collect();
            let mut lines = lines;
            lines.sort_unstable();
            let captions = Captions::place(&lines, 1280);
            let spans: Vec<(usize, i32, i32)> = captions.all().iter().map(span).collect();
            for (n, one) in spans.iter().enumerate() {
                for other in &spans[n + 1..] {
                    assert!(one.0 != other.0 || one.2 <= other.1 || other.2 <= one.1, "{one:?} {other:?}");
                }
            }
        }
    }

    /// The row of a caption and from where to where its text reaches.
    fn span(caption: &Caption) -> (usize, i32, i32) {
        let wide = width(&caption.text);
        match caption.side {
            Side::Right => (caption.row, caption.x, caption.x + wide),
            Side::Left => (caption.row, caption.x - wide, caption.x),
            Side::Over => (caption.row, caption.x - wide / 2, caption.x + wide / 2),
        }
    }

    #[test]
    fn a_text_of_any_length_is_placed() {
        let long = "w".repeat(100_000);
        assert_eq!(numbers(&[(500, &long)]), ["1"]);
    }
}
