//! evalgate: decides whether an agent may be released.
//!
//! The map, in layer order: a module may use only modules above it.
//!
//! Pure half (no clock, environment, files, network, tokio or printing):
pub mod diagnostic;
pub mod domain;
pub mod event;
pub mod gate;
pub mod gateway;
pub mod golden;
pub mod progress;
pub mod report;
pub mod score;
pub mod store;
pub mod suite;
pub mod target;
pub mod world;
