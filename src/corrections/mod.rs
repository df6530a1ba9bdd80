//! Corrections: what a person put right becomes a case that guards it, labels, and a snapshot of what was asked for.
//!
//! Pure: who said what about which trial comes in, what is to be written goes out. Where it is written, and that it is
//! written whole, is for others.

mod changed;
mod expectation;
mod figures;
mod make;
mod rows;
pub mod words;

pub use changed::changed;
pub use figures::{Corrected, FIGURES_VERSION, Figures, GuardCounts, Guarded, Material, Rate, Spread};
pub use make::{Known, Made, Of, Refusal, Said, make, same_correction};
pub use rows::{COLUMNS, Row, RowProblem, Rows, SET, rows};
