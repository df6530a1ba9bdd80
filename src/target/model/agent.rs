//! The agent loop: asks a model, makes its calls, tells it the replies, until it gives an output or a limit is reached.
//!
//! Knows no wire shape. Says who is to blame where there is no output: the agent, or whoever should have answered.

use serde_json::Value;

use super::super::Answer;
use super::answer::{Output, read, repair};
use super::endpoint::Endpoint;
use super::misshapen::{Misshapen, excerpt};
use super::price::Meter;
use super::wire::{Called, Stop, Tokens, Told, Turn, Wire};
use crate::client::{Fault, HttpRequest, Line};
use crate::domain::{Limits, Outcome, OutputSchema, Role};
use crate::gateway::Session;

/// What the user says to every model: all there is to the task stands in the prompt.
pub(super) const TASK: &str = "Do the task.";

/// A model at work on one request.
pub(super) struct Agent<'a> {
    pub wire: &'a dyn Wire,
    pub endpoint: &'a Endpoint,
    pub limits: &'a Limits,
    pub schema: &'a OutputSchema,
    /// The model id that answers must bear.
    pub answers_as: Option<&'a str>,
}

/// Why there is no output.
enum End {
    /// The agent's doing.
    NoAnswer(String),
    /// Somebody else's. `stops`: every other trial would end alike.
    Failed { error: String, stops: bool },
}

impl From<Fault> for End {
    fn from(fault: Fault) -> Self {
        End::Failed { error: fault.message, stops: fault.stops }
    }
}

impl From<Misshapen> for End {
    fn from(wrong: Misshapen) -> Self {
        End::Failed { error: format!("the model's endpoint gave an answer that cannot be read: {wrong}"), stops: false }
    }
}

impl Agent<'_> {
    /// Works from the first request's body to an output.
    pub async fn work(&self, body: Vec<u8>, session: &Session, line: &mut Line, mut meter: Meter) -> Answer {
        let (outcome, stop) = match self.converse(body, session, line, &mut meter).await {
            Ok(output) => (Outcome::Answered { output }, None),
            Err(End::NoAnswer(reason)) => (Outcome::NoAnswer { reason }, None),
            Err(End::Failed { error, stops }) => (Outcome::Failed { error: error.clone() }, stops.then_some(error)),
        };
        Answer { outcome, usage: meter.usage(), stop }
    }

    async fn converse(
        &self,
        body: Vec<u8>,
        session: &Session,
        line: &mut Line,
        meter: &mut Meter,
    ) -> Result<Value, End> {
        let mut repaired = false;
        let mut request = self.endpoint.request(body, is_told);
        for step in 1..=self.limits.steps {
            let Turn { said, text, calls, stop, tokens, model } = self.ask(&request, step, line).await?;
            if !text.is_empty() {
                session.say(Role::Agent, text.as_str());
            }
            let taken = self.take(&stop, model, tokens, session, meter);
            if taken.is_err() || stop == Stop::Paused {
                note(&calls, &stop, session);
            }
            taken?;
            let told = match stop {
                Stop::Refused(_) | Stop::Length | Stop::Paused => Told::Nothing,
                Stop::Done if !calls.is_empty() => Told::Replies(self.call(calls, session)?),
                Stop::Done => match read(&text, self.schema) {
                    Output::Fits(output) => return Ok(output),
                    // Whether a misfit is worth anything is for the checks to say.
                    Output::Misfit(output, _) if repaired => return Ok(output),
                    Output::None(why) if repaired => return Err(End::NoAnswer(format!("{why}, asked twice"))),
                    Output::Misfit(_, what) => Told::Text(repair(&format!("It does not satisfy the schema:\n{what}"))),
                    Output::None(what) => Told::Text(repair(&format!("What is wrong: {what}."))),
                },
            };
            if let Told::Text(text) = &told {
                repaired = true;
                session.say(Role::User, text.as_str());
            }
            if let Some(body) = &mut request.body {
                self.wire.extend(body, said, told);
            }
        }
        let steps = self.limits.steps;
        Err(End::NoAnswer(format!("the limit of {steps} steps was reached: the model was asked {steps} times")))
    }

    /// Whether the loop goes on with an answer: it is the right model's, within the limits, and whole.
    fn take(
        &self,
        stop: &Stop,
        model: Option<String>,
        tokens: Tokens,
        session: &Session,
        meter: &mut Meter,
    ) -> Result<(), End> {
        self.same_model(model, meter)?;
        meter.add(tokens);
        session.used(meter.usage());
        self.within(meter)?;
        match stop {
            Stop::Refused(why) => Err(End::NoAnswer(why.clone())),
            Stop::Length => Err(End::NoAnswer("the answer was cut off at the limit of its length".to_owned())),
            Stop::Done | Stop::Paused => Ok(()),
        }
    }

    /// One question and its answer.
    async fn ask(&self, request: &HttpRequest, step: u32, line: &mut Line) -> Result<Turn, End> {
        let answer = line.send(request).await?;
        if !(200..300).contains(&answer.status) {
            return Err(self.rejected(answer.status, &answer.body, step));
        }
        let value = serde_json::from_str(&answer.body)
            .map_err(|error| Misshapen::quoting(&format!("it is not JSON ({error})"), &answer.body))?;
        Ok(self.wire.read(value)?)
    }

    /// A request that the endpoint would not take.
    fn rejected(&self, status: u16, body: &str, step: u32) -> End {
        if let Some(reason) = blames_the_agent(body) {
            return End::NoAnswer(format!("{reason}: {}", excerpt(body)));
        }
        let to = self.endpoint.address();
        let error = format!("POST {to} answered {status}: {}", excerpt(body));
        // What was taken once is not wrong for every trial.
        if step > 1 {
            return End::Failed { error, stops: false };
        }
        let advice = "the endpoint does not take the request: check the key, `model`, `json` and `body`";
        End::Failed { error: format!("{error}: {advice}"), stops: true }
    }

    /// Makes the calls of one answer in their order.
    fn call(&self, calls: Vec<Called>, session: &Session) -> Result<Vec<(String, Value)>, End> {
        let mut replies = Vec::with_capacity(calls.len());
        for Called { id, tool, args } in calls {
            replies.push((id, session.call(&tool, args)));
            if session.exhausted() {
                let limit = self.limits.tool_calls;
                return Err(End::NoAnswer(format!("the limit of {limit} tool calls was reached")));
            }
        }
        Ok(replies)
    }

    /// The one model that was asked for answers, and the same in all steps.
    fn same_model(&self, model: Option<String>, meter: &mut Meter) -> Result<(), End> {
        if let Some(pinned) = self.answers_as.filter(|pinned| model.as_deref() != Some(*pinned)) {
            let seen = model.map_or("an answer that names no model".to_owned(), |id| format!("{:?}", excerpt(&id)));
            let error =
                format!("another model answers than the one that is pinned: {pinned:?} is expected, {seen} came");
            return Err(End::Failed { error, stops: true });
        }
        if let (Some(before), Some(now)) = (&meter.model, &model)
            && before != now
        {
            let error = format!("the model changed within the trial, from {:?} to {:?}", excerpt(before), excerpt(now));
            return Err(End::Failed { error, stops: false });
        }
        meter.model = model.or(meter.model.take());
        Ok(())
    }

    /// Tokens and dollars are within their limits. A limit that cannot be held is not passed over in silence.
    fn within(&self, meter: &Meter) -> Result<(), End> {
        let unknown =
            |limit: &str| End::Failed { error: format!("the pipeline limits {limit} is not known"), stops: true };
        if let Some(limit) = self.limits.tokens {
            let taken = meter.tokens().ok_or_else(|| unknown("tokens, and how many the trial took"))?;
            if taken > limit {
                return Err(End::NoAnswer(format!("the limit of {limit} tokens was reached: {taken} were taken")));
            }
        }
        if let Some(limit) = self.limits.usd {
            let spent = meter.usd().ok_or_else(|| unknown("dollars, and what the trial cost"))?;
            if spent > limit {
                return Err(End::NoAnswer(format!("the limit of ${limit} was reached: ${spent:.4} were spent")));
            }
        }
        Ok(())
    }
}

/// Keeps the calls of an answer that is not gone on with. Of one that was cut off, the whole ones.
fn note(calls: &[Called], stop: &Stop, session: &Session) {
    for Called { tool, args, .. } in calls.iter().filter(|call| *stop != Stop::Length || call.args.is_object()) {
        session.propose(tool, args.clone());
    }
}

/// Statuses whose body tells something: an answer, or why the request was not taken.
fn is_told(status: u16) -> bool {
    (200..300).contains(&status) || matches!(status, 400 | 413 | 422)
}

/// What the body of a rejected request says where the conversation is to blame, and what that means.
const BLAMES: &[(&str, &str)] = &[
    ("content_filter", "a content filter rejected the request"),
    ("content_policy_violation", "a content filter rejected the request"),
    ("context length", TOO_LONG),
    ("context size", TOO_LONG),
    ("context window", TOO_LONG),
    ("context_length", TOO_LONG),
    ("context_size", TOO_LONG),
    ("input is too long", TOO_LONG),
    ("prompt is too long", TOO_LONG),
    ("reduce the length", TOO_LONG),
    ("request_too_large", TOO_LONG),
    ("too many input tokens", TOO_LONG),
];
const TOO_LONG: &str = "the conversation became too long for the model";

fn blames_the_agent(body: &str) -> Option<&'static str> {
    let lower = body.to_ascii_lowercase();
    BLAMES.iter().find(|(words, _)| lower.contains(words)).map(|(_, reason)| *reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conversation_that_is_too_long_is_the_agents_doing_whoever_says_it() {
        for body in [
            r#"{"error": {"code": "context_length_exceeded", "message": "…"}}"#,
            "This model's maximum context length is 2048 tokens. However, you requested 6751 tokens",
            "You passed 1015 input tokens. However, the model's context length is only 1024 tokens",
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 210000 tokens"}}"#,
            r#"{"error":{"type":"exceed_context_size_error","message":"the request exceeds the available context size"}}"#,
        ] {
            assert_eq!(blames_the_agent(body), Some(TOO_LONG), "{body}");
        }
    }

    #[test]
    fn other_rejections_are_not() {
        for body in ["", "unknown field: foo", r#"{"error": {"code": "model_not_found"}}"#] {
            assert_eq!(blames_the_agent(body), None, "{body}");
        }
    }
}
