//! Models behind an API: one agent loop over two wire shapes, `chat` and `messages`.
//!
//! A pipeline's prompt is rendered for the request, the world's tools are offered, every call goes through the
//! session, and the last words become the output. What goes over the wire is the client's business.

mod agent;
mod answer;
mod chat;
mod endpoint;
mod judge;
mod messages;
mod misshapen;
mod price;
mod probe;
mod settings;
mod wire;

use std::collections::BTreeMap;

use self::agent::{Agent, TASK};
use self::chat::Chat;
use self::endpoint::Endpoint;
use self::messages::Messages;
use self::price::Meter;
use self::settings::{Dialect, JsonAsk, Settings};
use self::wire::{Asked, Frame, Wire};
use super::prompt::{Prompt, prompts};
use super::tools::{PerTools, listed};
use super::transcript::kept;
use super::{Answer, Answering, Ask, Setup, Target};
use crate::client::Line;
use crate::diagnostic::{Diagnostic, any_error};
use crate::domain::{Outcome, Price, Role, Slug, Usage};
use crate::gateway::Session;
use crate::suite::Parsed;

pub use self::judge::{JudgeModel, JudgeSaid};

const CHAT: Dialect = Dialect {
    route: &["chat", "completions"],
    key: ("authorization", "Bearer "),
    json: &[JsonAsk::Text, JsonAsk::Object, JsonAsk::Schema],
    reserved: chat::RESERVED,
    output_limit: chat::OUTPUT_LIMIT,
    version: None,
};

const MESSAGES: Dialect = Dialect {
    route: &["v1", "messages"],
    key: ("x-api-key", ""),
    json: &[JsonAsk::Text, JsonAsk::Schema],
    reserved: messages::RESERVED,
    output_limit: "max_tokens",
    version: Some(("anthropic-version", messages::VERSION)),
};

/// Most bytes of a prompt in the transcript: a request and the template up to it, seldom all tools and schemas.
const SHOWN: usize = 8 << 10;

/// A model behind an endpoint.
struct Model {
    wire: Box<dyn Wire>,
    endpoint: Endpoint,
    name: String,
    answers_as: Option<String>,
    json: JsonAsk,
    price: Option<Price>,
    desks: BTreeMap<Slug, Desk>,
}

/// What a pipeline asks of a model, made ready.
struct Desk {
    prompt: Prompt,
    /// What is the same in all its requests.
    frame: PerTools<Frame>,
}

/// Builds the kind `chat`.
pub(super) fn build_chat(setup: &Setup) -> Parsed<Box<dyn Target>> {
    build(setup, &CHAT, chat)
}

/// Builds the kind `messages`.
pub(super) fn build_messages(setup: &Setup) -> Parsed<Box<dyn Target>> {
    build(setup, &MESSAGES, messages)
}

/// Builds a judge of the kind `chat`.
pub(super) fn build_chat_judge(setup: &Setup) -> Parsed<JudgeModel> {
    judge::build(setup, &CHAT, chat)
}

/// Builds a judge of the kind `messages`.
pub(super) fn build_messages_judge(setup: &Setup) -> Parsed<JudgeModel> {
    judge::build(setup, &MESSAGES, messages)
}

fn chat(settings: &Settings) -> Box<dyn Wire> {
    let Settings { model, json, max_output_tokens, body, .. } = settings;
    Box::new(Chat { model: model.clone(), json: *json, max_output_tokens: *max_output_tokens, extra: body.clone() })
}

fn messages(settings: &Settings) -> Box<dyn Wire> {
    let Settings { model, json, max_output_tokens, body, .. } = settings;
    let max_output_tokens = max_output_tokens.unwrap_or(messages::MAX_OUTPUT_TOKENS);
    Box::new(Messages { model: model.clone(), json: *json, max_output_tokens, extra: body.clone() })
}

fn build(setup: &Setup, dialect: &Dialect, wire: fn(&Settings) -> Box<dyn Wire>) -> Parsed<Box<dyn Target>> {
    let (read, mut found) = settings::read(setup, dialect);
    let desks = prompts(setup, &mut found).into_iter();
    let desks = desks.map(|(name, prompt)| (name, Desk { prompt, frame: PerTools::default() })).collect();
    let Some((settings, endpoint)) = read.filter(|_| !any_error(&found)) else { return (None, found) };
    let price = setup.prices.get(&settings.model).copied();
    for pipeline in setup.pipelines.iter().filter(|pipeline| price.is_none() && pipeline.limits.usd.is_some()) {
        let message =
            format!("pipeline {} limits dollars, and what {:?} costs is unknown", pipeline.name, settings.model);
        let warning = Diagnostic::warning("no-price", setup.file, format!("{}/model", setup.pointer), message);
        found.push(warning.with_help("give its price in `prices`, or every trial of the pipeline fails"));
    }
    let model = Model {
        wire: wire(&settings),
        endpoint,
        name: settings.model,
        answers_as: settings.answers_as,
        json: settings.json,
        price,
        desks,
    };
    (Some(Box::new(model)), found)
}

impl Model {
    async fn work(&self, ask: &Ask, session: &Session, line: &mut Line) -> Answer {
        let pipeline = &ask.pipeline;
        let failed = |error: String| Answer {
            outcome: Outcome::Failed { error: error.clone() },
            usage: Usage::default(),
            stop: None,
        };
        let Some(desk) = self.desks.get(&pipeline.name) else {
            return failed(format!("the target was built without pipeline {}", pipeline.name));
        };
        let tools = session.tools();
        let system = match desk.prompt.render(ask.request(), ask.approvals(), &tools) {
            Ok(system) => system,
            Err(why) => return failed(why),
        };
        let output = Asked { name: &pipeline.name, schema: &pipeline.output_schema };
        let frame = desk.frame.of(&tools, |tools| self.wire.frame(&listed(tools), output));
        let body = self.wire.open(&frame, &system, TASK);
        session.say(Role::System, kept(system, SHOWN));
        session.say(Role::User, TASK);
        let agent = Agent {
            wire: &*self.wire,
            endpoint: &self.endpoint,
            limits: &pipeline.limits,
            schema: &pipeline.output_schema,
            answers_as: self.answers_as.as_deref(),
        };
        agent.work(body, session, line, Meter::new(self.price)).await
    }
}

impl Target for Model {
    fn answer<'a>(&'a self, ask: &'a Ask, session: &'a Session, line: &'a mut Line) -> Answering<'a> {
        Box::pin(self.work(ask, session, line))
    }

    fn secrets(&self) -> Vec<String> {
        self.endpoint.secrets()
    }

    fn reaches_out(&self) -> bool {
        true
    }

    fn concurrency(&self) -> Option<u32> {
        Some(self.endpoint.lane.concurrency)
    }

    fn speaks_to(&self) -> Option<String> {
        Some(self.endpoint.speaks_to(&self.name))
    }

    fn probe<'a>(&'a self, line: &'a mut Line) -> super::Probing<'a> {
        Box::pin(async move {
            let probing = probe::Probing {
                wire: &*self.wire,
                endpoint: &self.endpoint,
                model: &self.name,
                answers_as: self.answers_as.as_deref(),
                json: self.json,
                price: self.price,
            };
            probing.probe(line).await
        })
    }
}
