//! Criteria that a model marks: what it is asked, what it may see, and what becomes of its answers.
//!
//! Pure: asks nobody. Whoever scores brings the answers along; without one a criterion is not scored, and never 0.

mod answers;
mod facts;
mod flags;
mod held;
mod identity;
mod inquiry;
mod licences;
mod menu;
mod neutral;
mod patterns;
mod prompt;
mod question;
mod read;
mod sight;
mod vote;

pub use answers::{Answered, Answers, Judged};
pub use flags::{Flag, Suspicion};
pub use held::{Aside, ByJudge, aside, judges_of};
pub use identity::identity;
pub use inquiry::{Inquiry, Judges};
pub use licences::Licences;
pub use menu::Menu;
pub use prompt::{DEFAULT_PROMPT, JudgePrompt, Rendered};
pub use question::{Part, Question, question, questions};
pub use read::read;
pub use sight::Sight;
pub use vote::{Reading, Vote, mark};
