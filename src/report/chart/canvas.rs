//! Where `plotters` draws: an SVG whose elements have classes in place of colours, and shapes of one class in one path.
//!
//! One unit is half a pixel of the size that a chart is meant for, so that whole numbers are fine enough.

use std::convert::Infallible;
use std::fmt::Write as _;

use minijinja::HtmlEscape;
use plotters::style::RGBColor;
use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind};

use crate::report::foreign;

/// Size of all letters; the style sheet says the same.
pub const LETTER: i32 = 22;
/// Most bytes of a text for those who cannot see the picture.
const ALTERNATIVE: usize = 4 * 1024;

/// A class of elements, as the colour that `plotters` hands through to the canvas: the place in [`CLASSES`].
pub type Pen = RGBColor;

pub const GRID: Pen = RGBColor(0, 0, 0);
pub const ZERO: Pen = RGBColor(0, 0, 1);
pub const INTERVAL: Pen = RGBColor(0, 0, 2);
pub const DASHED: Pen = RGBColor(0, 0, 3);
pub const DOTTED: Pen = RGBColor(0, 0, 4);
pub const POINTER: Pen = RGBColor(0, 0, 5);
pub const SERIES: Pen = RGBColor(0, 0, 6);
pub const DOT: Pen = RGBColor(0, 0, 7);
pub const TRIANGLE: Pen = RGBColor(0, 0, 8);
pub const TICK: Pen = RGBColor(0, 0, 9);
pub const CAPTION: Pen = RGBColor(0, 0, 10);
pub const STRONG: Pen = RGBColor(0, 0, 11);

/// In the order of the pens.
const CLASSES: [&str; 12] = [
    "grid", "zero", "interval", "dashed", "dotted", "pointer", "series", "dot", "triangle", "tick", "caption", "value",
];

fn class(color: BackendColor) -> &'static str {
    CLASSES[usize::from(color.rgb.2).min(CLASSES.len() - 1)]
}

/// A picture that is being drawn.
#[derive(Debug)]
pub struct Canvas {
    size: (u32, u32),
    shapes: String,
    /// The class of the path that the shapes end in.
    open: Option<&'static str>,
    texts: String,
}

impl Canvas {
    pub fn new(width: u32, height: u32) -> Self {
        Self { size: (width, height), shapes: String::new(), open: None, texts: String::new() }
    }

    /// The picture as an element named `id`, with its text alternatives.
    pub fn finish(mut self, kind: &str, id: &str, title: &str, description: &str) -> String {
        self.close();
        let id: String = id.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        let (title, description) = (foreign::line(title, ALTERNATIVE), foreign::line(description, ALTERNATIVE));
        let (title, description) = (HtmlEscape(&title), HtmlEscape(&description));
        let (width, height) = self.size;
        // What the style sheet says is said once more in the least words, for a picture that was copied out.
        format!(
            "<svg class=\"chart {kind}\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-labelledby=\"{id}-t {id}-d\">\
             <title id=\"{id}-t\">{title}</title><desc id=\"{id}-d\">{description}</desc>\
             <g fill=\"none\" stroke=\"currentColor\">{}</g>{}</svg>",
            self.shapes, self.texts
        )
    }

    fn close(&mut self) {
        if self.open.take().is_some() {
            self.shapes.push_str("\"/>");
        }
    }

    /// Adds a shape that starts at its first point, to the path that is open if it is of the same class.
    fn shape(&mut self, class: &'static str, points: impl IntoIterator<Item = BackendCoord>, end: &str) {
        let mut points = points.into_iter();
        let Some(first) = points.next() else { return };
        if self.open != Some(class) {
            self.close();
            write!(self.shapes, "<path class=\"{class}\" d=\"").ok();
        }
        write!(self.shapes, "M{} {}", first.0, first.1).ok();
        let (mut at, mut steps) = (first, 0);
        for point in points {
            let step = (point.0 - at.0, point.1 - at.1);
            match step {
                (0, 0) => continue,
                (x, 0) => write!(self.shapes, "h{x}").ok(),
                (0, y) => write!(self.shapes, "v{y}").ok(),
                (x, y) if y < 0 => write!(self.shapes, "l{x}{y}").ok(),
                (x, y) => write!(self.shapes, "l{x} {y}").ok(),
            };
            (at, steps) = (point, steps + 1);
        }
        // A path without a step is drawn as the round end of its line.
        self.shapes.push_str(if steps == 0 { "h0" } else { end });
        self.open = Some(class);
    }
}

/// Draws on a canvas that is kept.
pub struct Hand<'c>(pub &'c mut Canvas);

type Done = Result<(), DrawingErrorKind<Infallible>>;

impl DrawingBackend for Hand<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.0.size
    }

    fn ensure_prepared(&mut self) -> Done {
        Ok(())
    }

    fn present(&mut self) -> Done {
        Ok(())
    }

    fn draw_pixel(&mut self, point: BackendCoord, color: BackendColor) -> Done {
        self.0.shape(class(color), [point], "");
        Ok(())
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Done {
        self.draw_path([from, to], style)
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Done {
        if style.color().alpha > 0.0 {
            self.0.shape(class(style.color()), path, "");
        }
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(&mut self, center: BackendCoord, _: u32, style: &S, _: bool) -> Done {
        self.draw_pixel(center, style.color())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Done {
        self.0.shape(class(style.color()), path, "z");
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, (x, y): BackendCoord) -> Done {
        let anchor = match style.anchor().h_pos {
            HPos::Left => "",
            HPos::Center => " text-anchor=\"middle\"",
            HPos::Right => " text-anchor=\"end\"",
        };
        // From the anchor to the line that the letters stand on.
        let y = match style.anchor().v_pos {
            VPos::Top => y + LETTER * 3 / 4,
            VPos::Center => y + LETTER * 3 / 8,
            VPos::Bottom => y - LETTER / 4,
        };
        let (class, text) = (class(style.color()), HtmlEscape(text));
        write!(self.0.texts, "<text class=\"{class}\" x=\"{x}\" y=\"{y}\"{anchor}>{text}</text>").ok();
        Ok(())
    }
}
