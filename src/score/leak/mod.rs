//! Leaks: what may not travel, and finding it in text, plain or lightly encoded.
//!
//! Knows nothing of trials: `no_leak` says which texts are searched and what a find means.

mod decode;
mod needles;

pub use decode::decoded;
pub use needles::{Find, Form, Needle, NeedleKind, Needles};
