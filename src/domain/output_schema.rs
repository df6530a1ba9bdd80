//! The schema of a pipeline's output, with its validator: compiled once, when the pipeline is read.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use jsonschema::{ValidationError, Validator};
use serde_json::Value;

/// A JSON Schema that outputs are held against. It reads as the JSON that it was written as.
#[derive(Clone)]
pub struct OutputSchema(Arc<Compiled>);

struct Compiled {
    json: Value,
    validator: Validator,
}

impl OutputSchema {
    /// Compiles it. `Err`: this is no JSON Schema, or it refers to what stands outside of it.
    pub fn new(json: Value) -> Result<Self, ValidationError<'static>> {
        let validator = jsonschema::options().offline().build(&json)?;
        Ok(Self(Arc::new(Compiled { json, validator })))
    }

    pub fn validator(&self) -> &Validator {
        &self.0.validator
    }
}

impl Deref for OutputSchema {
    type Target = Value;

    fn deref(&self) -> &Value {
        &self.0.json
    }
}

impl fmt::Debug for OutputSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0.json, f)
    }
}

impl PartialEq for OutputSchema {
    fn eq(&self, other: &Self) -> bool {
        self.0.json == other.0.json
    }
}
