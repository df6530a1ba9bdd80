//! A model that is asked one question at a time: no tools, and no conversation. What judges are.

use serde_json::json;

use super::endpoint::Endpoint;
use super::misshapen::excerpt;
use super::price::Meter;
use super::settings::{self, Dialect, Settings};
use super::wire::{Asked, Stop, Wire};
use crate::client::{Fault, Line};
use crate::diagnostic::any_error;
use crate::domain::{Price, Usage};
use crate::suite::Parsed;
use crate::target::Setup;

/// A model of `judges`.
pub struct JudgeModel {
    wire: Box<dyn Wire>,
    endpoint: Endpoint,
    name: String,
    answers_as: Option<String>,
    price: Option<Price>,
}

/// What a judge said.
#[derive(Debug, Clone, PartialEq)]
pub struct JudgeSaid {
    /// Its words, or in words why it said nothing that can be read.
    pub said: Result<String, String>,
    pub usage: Usage,
}

/// Builds a judge from settings that a target of the kind would have.
pub(super) fn build(setup: &Setup, dialect: &Dialect, wire: fn(&Settings) -> Box<dyn Wire>) -> Parsed<JudgeModel> {
    let (read, found) = settings::read(setup, dialect);
    let Some((settings, endpoint)) = read.filter(|_| !any_error(&found)) else { return (None, found) };
    let price = setup.prices.get(&settings.model).copied();
    let model =
        JudgeModel { wire: wire(&settings), endpoint, price, name: settings.model, answers_as: settings.answers_as };
    (Some(model), found)
}

impl JudgeModel {
    /// Asks once. `options`: what the answer is one of, for endpoints that can be held to a schema. A model that is not the
    /// pinned one is a fault: what it said is no vote.
    pub async fn ask(
        &self,
        instructions: &str,
        material: &str,
        options: &[&str],
        line: &mut Line,
    ) -> Result<JudgeSaid, Fault> {
        let schema = json!({
            "type": "object", "additionalProperties": false, "required": ["answer"],
            "properties": {"answer": {"type": "string", "enum": options}},
        });
        let frame = self.wire.frame(&[], Asked { name: "answer", schema: &schema });
        let body = self.wire.open(&frame, instructions, material);
        let answer = line.send(self.endpoint.request(body, |status| (200..300).contains(&status))).await?;
        let unreadable = |why: String| Fault {
            message: format!("the judge's endpoint gave an answer that cannot be read: {why}"),
            stops: false,
        };
        let value = serde_json::from_str(&answer.body).map_err(|error| unreadable(error.to_string()))?;
        let turn = self.wire.read(value).map_err(|wrong| unreadable(wrong.to_string()))?;
        if let Some(pinned) = self.answers_as.as_ref().filter(|pinned| turn.model.as_ref() != Some(pinned)) {
            let seen =
                turn.model.map_or("an answer that names no model".to_owned(), |id| format!("{:?}", excerpt(&id)));
            let message =
                format!("another model answers than the one that is pinned: {pinned:?} is expected, {seen} came");
            return Err(Fault { message, stops: true });
        }
        let mut meter = Meter::new(self.price);
        meter.add(turn.tokens);
        meter.model = turn.model;
        let usage = Usage { wall_ms: answer.wall_ms, ..meter.usage() };
        let said = match turn.stop {
            Stop::Refused(why) => Err(why),
            Stop::Length => Err("its answer was cut off: raise `max_output_tokens`".to_owned()),
            Stop::Done | Stop::Paused if !turn.calls.is_empty() => {
                Err("it called a tool, and none was offered".to_owned())
            }
            Stop::Done | Stop::Paused => Ok(turn.text),
        };
        Ok(JudgeSaid { said, usage })
    }

    /// Names of the environment variables that hold its secrets.
    pub fn secrets(&self) -> Vec<String> {
        self.endpoint.secrets()
    }

    /// Most questions under way at once.
    pub fn concurrency(&self) -> usize {
        self.endpoint.lane.concurrency as usize
    }

    /// Where it is asked, and for which model: what tells it from a model under test.
    pub fn speaks_to(&self) -> String {
        self.endpoint.speaks_to(&self.name)
    }
}
