//! evalgate through its binary: one file a subject, on copies of the small projects in `tests/projects`.

mod check;
mod command;
mod compare;
mod corpus;
mod example_service;
mod exits;
mod fake_model;
mod foils;
mod help;
mod history;
mod hostile;
mod insta_review;
mod list;
mod looking;
#[cfg(feature = "mcp")]
mod mcp;
mod model;
mod model_probe;
mod policy_limits;
mod power;
mod project;
mod readme;
mod recordings;
mod report;
mod resume;
mod review;
mod revisions;
mod run;
mod schema;
mod service;
mod shadow;
mod simulate;
mod stochastic;
mod tidy;
mod tls;
mod waive;
