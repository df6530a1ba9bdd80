//! Calibration: the marks of judges and of checks held against those of people, and what follows from it.
//!
//! Pure: labels and marks in, figures, sentences and licences out. A judge gates an area only while a committed
//! calibration shows that it agrees with people there. Corrections are no random sample, so every figure says what it is
//! made of, and means are corrected by random audits alone. Knows no model: whoever asked brings the marks.

mod asked;
pub mod audit;
mod corrected;
mod drift;
mod figures;
mod file;
mod items;
mod licence;
mod pairing;
mod people;
mod result;
mod rulings;
mod sentences;

#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;

pub use asked::asked;
pub use corrected::{Corrected, Judged, corrected};
pub use drift::Drift;
pub use figures::{Bounded, Caught, Figures, Passed, Samples};
pub use file::{AreaRecord, CALIBRATION_VERSION, FileError, MarkRecord, Record};
pub use items::{Given, Item, Marker, items};
pub use licence::{Licence, Today, licence};
pub use people::{Couple, People};
pub use result::{Calibration, CheckRow, JudgeArea, JudgeRow, LabelCounts, Measured, Said, Scope, calibrate};
pub use rulings::Rulings;

/// Of every interval and bound.
pub const CONF: f64 = 0.95;
