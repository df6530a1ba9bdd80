//! evalgate through its binary: one file a subject, on copies of the small projects in `tests/projects`.

mod check;
mod exits;
mod fake_model;
mod help;
mod hostile;
mod insta_review;
mod looking;
mod model;
mod model_probe;
mod project;
mod readme;
mod report;
mod resume;
mod review;
mod run;
mod schema;
mod tidy;
