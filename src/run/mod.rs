//! Runs trials: the only concurrency, and the order in which things are written down.
//!
//! A trial is recorded in `events.jsonl` as it finishes, before anybody is told. Scoring follows in plan order from
//! the recorded trials, so a run, a resumed run and a scoring of old trials are the same walk over the plan.

mod baseline;
mod clock;
mod dispatch;
mod drawn;
mod execute;
mod guards;
mod in_order;
mod interrupt;
mod judged_by;
mod merge;
mod moved;
mod plan;
mod scoring;
mod select;
mod shadow;
mod trials;
mod waived;

pub use baseline::accepted_baseline;
pub use clock::{Clock, PHASES, Phase, Timings};
pub use execute::{Asking, Ended, RunError, Running, execute};
pub use guards::guards_past;
pub use interrupt::Interrupt;
pub use judged_by::JudgedBy;
pub use merge::{Part, disagreements, gaps, part_of, record};
pub use moved::{CasesThen, Gone, gone, orphans};
pub use plan::HowOften;
pub use scoring::sentence;
pub use select::{Selected, SelectedSuite, Wanted, cases_of, failing_cases, guards_left_out, select};
pub use shadow::{ShadowSide, Shadowed, Shadowing, shadow};
pub use waived::{kind_of, waived};
