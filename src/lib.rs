//! evalgate: decides whether an agent may be released.
//!
//! The map, in layer order: a module may use only modules above it. The pure half has no clock, environment,
//! files, network, tokio or printing; a test holds both rules.
//!
//! # Pure
//! - [`domain`]: the words: case, request, trial, mark, policy
//! - [`diagnostic`]: what is wrong with something people wrote, where, and what to do
//! - [`event`]: what a run writes down as it happens, and how it is read back
//! - [`suite`]: text to typed suites, pipelines, worlds, rubrics, policies
//! - [`world`]: the simulated system of record: tools, permissions, the approval gate, faults
//! - [`golden`]: snapshots of accepted behaviour, and how a trial differs from them
//! - [`score`]: checks: case, trial and snapshot to marks
//! - [`stats`]: permutation test, intervals, agreement: numbers in, numbers out
//! - [`calibration`]: marks of judges and checks against those of people, and who may gate what
//! - [`corrections`]: what a person put right, as a case, a label and a snapshot; and what all of it adds up to
//! - [`gate`]: results and a policy to a verdict
//! - [`compare`]: two runs side by side: what moved, what both hold, how its marks changed
//! - [`power`]: what a suite can see under a policy, and how the gate does on simulated ones
//! - [`shadow`]: a candidate beside the current agent on recorded requests
//! - [`history`]: what is kept of every run, and what can be asked of many
//! - [`trend`]: what many runs of one target say together, for whoever decides
//! - [`plan`]: a loaded project to what can be run; every project error ends here
//! - [`report`]: a stored run to text, JSON, JUnit, CSV, Markdown and HTML
//! - [`review`]: what a person decides about changed behaviour: rules, merges, the session at a terminal
//! - [`attest`]: a run's verdict as signed statements
//!
//! # Shell
//! - [`store`]: run folders, the golden folder and the history
//! - [`gateway`]: the only way from agent to world; keeps the transcript
//! - [`client`]: the one way from targets to the outside: retries, limits, recordings, secrets
//! - [`target`]: what produces an output: the embedded agent, models, services, commands
//! - [`judging`]: asks judges, and keeps what they answer
//! - [`load`]: finds and reads a project
//! - [`progress`]: what is shown while a run goes on
//! - [`run`]: runs trials, writes events, scores; the only concurrency
//! - [`bench`](mod@bench): generates a large project and measures evalgate on it
//! - [`demo`]: lays out runs of the project's agents as a history over invented dates
//! - [`cli`]: one file a subcommand, exit codes, the only printing

pub mod domain;
pub mod diagnostic;
pub mod event;
pub mod suite;
pub mod world;
pub mod golden;
pub mod score;
pub mod stats;
pub mod calibration;
pub mod corrections;
pub mod gate;
pub mod compare;
pub mod power;
pub mod shadow;
pub mod history;
pub mod trend;
pub mod plan;
pub mod report;
pub mod review;
pub mod attest;
pub mod store;
pub mod gateway;
pub mod client;
pub mod target;
pub mod judging;
pub mod load;
pub mod progress;
pub mod run;
pub mod bench;
pub mod demo;
pub mod cli;
