//! evalgate through its binary: one file a subject, on copies of the small projects in `tests/projects`.

mod burden;
mod calibrate;
mod ceilings;
mod attest;
mod browser;
mod check;
mod command;
mod compare;
mod consumers;
mod corpus;
mod correct;
mod example_service;
mod demo_history;
mod exits;
mod export;
mod fake_model;
mod foils;
mod help;
mod history;
mod hostile;
mod insta_review;
mod judge;
mod judge_twins;
mod learning;
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
#[cfg(unix)]
mod review_terminal;
mod revisions;
mod run;
mod schema;
mod service;
mod shadow;
mod shards;
mod shared_history;
mod simulate;
mod stochastic;
mod surfaces;
#[cfg(unix)]
mod terminal;
mod tidy;
mod tls;
mod trend;
mod waive;
