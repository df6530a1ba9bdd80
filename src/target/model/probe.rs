//! One tiny request to a model: what works and what does not.
//!
//! Offers a tool, asks for a call and for JSON, and reads whatever comes back. Nothing is judged.

use serde_json::{Value, json};

use super::super::Probe;
use super::super::tools::Listed;
use super::endpoint::Endpoint;
use super::misshapen::excerpt;
use super::price::cost;
use super::settings::JsonAsk;
use super::wire::{Asked, Stop, Turn, Wire};
use crate::client::Line;
use crate::domain::{Effect, Price};

/// What is asked, of whom.
pub(super) struct Probing<'a> {
    pub wire: &'a dyn Wire,
    pub endpoint: &'a Endpoint,
    pub model: &'a str,
    pub answers_as: Option<&'a str>,
    pub json: JsonAsk,
    pub price: Option<Price>,
}

const TOOL: &str = "ready";
const PROMPT: &str = "This is a test of a connection. Call the tool `ready` once, with {\"ready\": true}. \
                      If you cannot, answer with the JSON object {\"ready\": true} and nothing else.";
const ASK: &str = "Call the tool, or answer in JSON.";

impl Probing<'_> {
    pub async fn probe(&self, line: &mut Line) -> Vec<Probe> {
        let mut seen = Vec::new();
        let mut tell = |what, result| seen.push(Probe { what, result });
        let answer = match line.send(self.endpoint.request(self.body(), |_| true)).await {
            Ok(answer) => answer,
            Err(fault) => {
                tell("reachable", Err(fault.message));
                return seen;
            }
        };
        let address = self.endpoint.address();
        tell("reachable", Ok(format!("{address} answers {}", answer.status)));
        if let Some(auth) = self.auth(answer.status, &answer.body) {
            let refused = auth.is_err();
            tell("auth", auth);
            if refused {
                return seen;
            }
        }
        if !(200..300).contains(&answer.status) {
            tell("model id", Err(self.rejected(answer.status, &answer.body)));
            return seen;
        }
        let value = serde_json::from_str::<Value>(&answer.body).map_err(|error| error.to_string());
        let turn = match value.and_then(|value| self.wire.read(value).map_err(|wrong| wrong.to_string())) {
            Ok(turn) => turn,
            Err(wrong) => {
                let shown = excerpt(&answer.body);
                let message = format!("the answer is not of this wire shape ({wrong}): {shown}; is `base_url` right?");
                tell("model id", Err(message));
                return seen;
            }
        };
        tell("model id", self.model(turn.model.as_deref()));
        tell("tool calls", called(&turn));
        tell("json", self.json(&turn));
        tell("usage", used(&turn));
        tell("price", self.priced(&turn));
        tell("latency", Ok(format!("{:.0} ms", answer.wall_ms)));
        seen
    }

    fn body(&self) -> Vec<u8> {
        let schema = json!({
            "type": "object", "additionalProperties": false, "required": ["ready"],
            "properties": {"ready": {"type": "boolean"}},
        });
        let tool = Listed { name: TOOL, about: "Says that all is ready.", effect: Effect::Read, input: &schema };
        let frame = self.wire.frame(&[tool], Asked { name: TOOL, schema: &schema });
        self.wire.open(&frame, PROMPT, ASK)
    }

    /// Nothing where the endpoint failed before it said anything of the key.
    fn auth(&self, status: u16, body: &str) -> Option<Result<String, String>> {
        Some(match (status, &self.endpoint.key) {
            (401 | 403, Some(key)) => Err(format!(
                "the endpoint refuses the key in {key} ({status}): {}; is it the key of this endpoint, and may it use {:?}?",
                excerpt(body),
                self.model
            )),
            (401 | 403, None) => Err(format!(
                "the endpoint wants a key ({status}): {}; name the environment variable that holds it in `key_env`",
                excerpt(body)
            )),
            (200..300, Some(key)) => Ok(format!("the key in {key} was taken")),
            (200..300, None) => Ok("no key is set, and none was asked for".to_owned()),
            _ => return None,
        })
    }

    fn rejected(&self, status: u16, body: &str) -> String {
        let shown = excerpt(body);
        let fix = match status {
            404 => format!("is {:?} a model there, and does `base_url` end where the route begins?", self.model),
            400 | 422 => "the endpoint does not take the request: check the key, `model`, `json` and `body`".to_owned(),
            429 => "the endpoint is busy or the quota is spent: lower `concurrency` or set `requests_per_minute`"
                .to_owned(),
            _ => "the endpoint is in trouble: try again later".to_owned(),
        };
        format!("answered {status}: {shown}; {fix}")
    }

    fn model(&self, seen: Option<&str>) -> Result<String, String> {
        match (seen, self.answers_as) {
            (Some(seen), Some(pinned)) if seen == pinned => Ok(format!("{pinned:?} answers, as pinned")),
            (Some(seen), Some(pinned)) => {
                Err(format!("{:?} answers, and {pinned:?} is pinned in `answers_as`", excerpt(seen)))
            }
            (None, Some(pinned)) => Err(format!("the answer names no model, and {pinned:?} is pinned in `answers_as`")),
            (Some(seen), None) => {
                Ok(format!("{:?} answers; `answers_as: {}` would pin it", excerpt(seen), excerpt(seen)))
            }
            (None, None) => Ok("the answer names no model, so a swapped one would not be noticed".to_owned()),
        }
    }

    fn json(&self, turn: &Turn) -> Result<String, String> {
        let asked = match self.json {
            JsonAsk::Text => "asked for in the prompt alone",
            JsonAsk::Object => "asked for with `json: object`",
            JsonAsk::Schema => "asked for with `json: schema`",
        };
        let is_object = |text: &str| serde_json::from_str::<Value>(text).is_ok_and(|value| value.is_object());
        if is_object(turn.text.trim()) {
            return Ok(format!("the answer is a JSON object, {asked}"));
        }
        if turn.calls.iter().any(|call| call.args.is_object()) {
            return Ok(format!("the call's arguments are JSON; JSON is {asked}, and the endpoint took that"));
        }
        let fix = if self.json == JsonAsk::Text { "; `json: schema` may help" } else { "" };
        Err(format!("the answer is not a JSON object, {asked}: {}{fix}", excerpt(&turn.text)))
    }

    fn priced(&self, turn: &Turn) -> Result<String, String> {
        let Some(price) = &self.price else {
            return Err(format!(
                "unknown: set `prices: {{{:?}: {{input: …, output: …}}}}`, in dollars per million tokens",
                self.model
            ));
        };
        match cost(&turn.tokens, price) {
            Some(usd) => Ok(format!("known; this request cost ${usd:.6}")),
            None => Err("known, but the answer does not say how many tokens it took".to_owned()),
        }
    }
}

fn called(turn: &Turn) -> Result<String, String> {
    match turn.calls.iter().find(|call| call.tool == TOOL) {
        Some(call) => Ok(format!("called {TOOL} with {}", excerpt(&call.args.to_string()))),
        None if turn.stop == Stop::Length => Err("the answer was cut off: raise `max_output_tokens`".to_owned()),
        None => Err(format!(
            "a tool was offered and its call asked for, but none came: {}; does the model know tool calls?",
            excerpt(&turn.text)
        )),
    }
}

fn used(turn: &Turn) -> Result<String, String> {
    match turn.tokens.input.zip(turn.tokens.output) {
        Some((input, output)) => Ok(format!("{input} tokens read, {output} written")),
        None => Err("the answer does not say how many tokens it took; limits of tokens cannot be held".to_owned()),
    }
}
