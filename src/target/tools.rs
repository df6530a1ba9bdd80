//! Tools as an agent is told of them, and what is made ready of them once for each world.

use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use serde_json::Value;

use crate::domain::{Effect, Tool};

/// A tool as an agent sees it.
#[derive(Serialize)]
pub(super) struct Listed<'a> {
    pub name: &'a str,
    pub about: &'a str,
    pub effect: Effect,
    /// JSON Schema of the arguments.
    pub input: &'a Value,
}

/// What an agent is told of these tools.
pub(super) fn listed(tools: &[Tool]) -> Vec<Listed<'_>> {
    let tools = tools.iter();
    tools.map(|Tool { name, about, effect, input, .. }| Listed { name, about, effect: *effect, input }).collect()
}

/// Something that depends on nothing but the offered tools: made for the first trial of each world, given to all.
pub(super) struct PerTools<T>(Mutex<Vec<(Arc<[Tool]>, T)>>);

impl<T> Default for PerTools<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> PerTools<T> {
    /// What was made of these very tools, as a session offers them.
    pub fn of(&self, tools: &Arc<[Tool]>, make: impl FnOnce(&[Tool]) -> T) -> T {
        let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, known)) = made.iter().find(|(known, _)| Arc::ptr_eq(known, tools)) {
            return known.clone();
        }
        let new = make(tools);
        made.push((Arc::clone(tools), new.clone()));
        new
    }
}
