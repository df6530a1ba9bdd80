//! Runs trials: the only concurrency, and the order in which things are written down.
//!
//! A trial is recorded in `events.jsonl` as it finishes, before anybody is told. Scoring follows in plan order from
//! the recorded trials, so a run, a resumed run and a scoring of old trials are the same walk over the plan.

mod clock;
mod execute;
mod interrupt;
mod scoring;
mod select;
mod shadow;
mod trials;

pub use clock::{Clock, PHASES, Phase, Timings};
pub use execute::{Asking, Ended, RunError, Running, execute};
pub use interrupt::Interrupt;
pub use scoring::sentence;
pub use select::{Selected, SelectedSuite, Wanted, failing_cases, guards_left_out, orphans, select};
pub use shadow::{ShadowSide, Shadowed, Shadowing, shadow};
