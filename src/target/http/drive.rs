//! Drives a service through a script: fills requests in, reads the answers, asks again until done.

use std::time::Duration;

use minijinja::Value as Seen;
use minijinja::value::Serde;
use reqwest::Url;
use serde_json::Value;

use super::super::Ask;
use super::super::transcript::kept;
use super::Service;
use super::script::{Script, Step};
use super::settings::Sign;
use super::template::Scope;
use crate::client::{Fault, HttpAnswer, HttpRequest, Line};
use crate::diagnostic::excerpt;
use crate::domain::Role;
use crate::gateway::Session;

/// Most bytes of a request or an answer in the transcript.
const SHOWN: usize = 4 << 10;

/// Of a deadline that is no limit to anybody.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// Why there is no output.
pub(super) enum Ended {
    ByAgent(String),
    ByNobody(Fault),
}

impl From<Fault> for Ended {
    fn from(fault: Fault) -> Self {
        Ended::ByNobody(fault)
    }
}

/// Statuses that say something about this one request. The others are about every request (a wrong key, a wrong address) or
/// about none (no time now), unless a request expects them.
pub(super) fn is_answer(status: u16) -> bool {
    matches!(status, 200..=299 | 402 | 405..=407 | 409..=424 | 426..=428 | 430..=499)
}

/// Every status that a request may expect.
fn may_be_expected(status: u16) -> bool {
    matches!(status, 200..=299 | 400..=428 | 430..=499)
}

/// Asks everything in order and takes the output from the answers.
pub(super) async fn drive(
    service: &Service,
    script: &Script,
    ask: &Ask,
    session: &Session,
    line: &mut Line,
) -> Result<Value, Ended> {
    let mut scope = Scope::new();
    let named = |name: &str| script.named.contains(name);
    if named("approvals") {
        scope.insert("approvals".to_owned(), Seen::from(Serde(&ask.approvals())));
    }
    if named("output_schema") {
        scope.insert("output_schema".to_owned(), Seen::from(Serde(&*ask.pipeline.output_schema)));
    }
    if named("pipeline") {
        scope.insert("pipeline".to_owned(), Seen::from(ask.pipeline.name.as_str()));
    }
    if named("request") {
        scope.insert("request".to_owned(), Seen::from(Serde(&ask.request())));
    }
    let mut gateway = None;
    if named("mcp_url") {
        let url = line.gateway_url().await?;
        scope.insert("mcp_url".to_owned(), Seen::from(url.as_str()));
        gateway = Some(url);
    }
    let trial = Duration::try_from_secs_f64(ask.pipeline.limits.deadline_s).unwrap_or(LONGEST);
    let mut output = None;
    for (index, step) in script.steps.iter().enumerate() {
        let (request, body) = fill(service, step, &scope, trial)?;
        session.say(Role::User, shown(&request, body.as_ref(), gateway.as_deref()));
        let is_output = script.output.0 == index;
        let reads = is_output || !step.capture.is_empty() || step.until.is_some() || step.failed.is_some();
        // A little less than the trial may take, so that it is known what was waited for.
        let deadline = step.deadline.unwrap_or(trial.mul_f64(0.9));
        let mut asking = Asking { step, session, line, deadline, reads, said: String::new() };
        let body = asking.answer(request).await?;
        for (name, pointer) in &step.capture {
            let value = body.at(pointer).ok_or_else(|| {
                Ended::ByAgent(format!(
                    "{}: the answer has nothing at {pointer} for {name}: {}",
                    step.name,
                    body.quote()
                ))
            })?;
            scope.insert(name.clone(), Seen::from(Serde(value)));
        }
        if is_output {
            let pointer = &script.output.1;
            output = Some(body.at(pointer).cloned().ok_or_else(|| {
                Ended::ByAgent(format!("{}: the answer has no output at {pointer:?}: {}", step.name, body.quote()))
            })?);
        }
    }
    output.ok_or_else(|| Ended::ByAgent("no answer held the output".to_owned()))
}

/// The request of a step with everything in its place, and its body.
fn fill(service: &Service, step: &Step, scope: &Scope, trial: Duration) -> Result<(HttpRequest, Option<Value>), Ended> {
    let unfilled = |why: String| {
        Ended::ByNobody(Fault { message: format!("request {:?} cannot be filled in: {why}", step.name), stops: false })
    };
    // What cannot be in a path came from the service: all else was checked.
    let path = service.templates.text(&step.path, scope).map_err(|why| {
        Ended::ByAgent(format!("{}: its path cannot be filled in with what was captured: {why}", step.name))
    })?;
    let mut url = Url::parse(&format!("{}{path}", service.base)).map_err(|error| unfilled(error.to_string()))?;
    for (name, template) in &step.query {
        let value = service.templates.text(template, scope).map_err(unfilled)?;
        url.query_pairs_mut().append_pair(name, &value);
    }
    let body = step.body.as_ref().map(|body| service.templates.body(body, scope)).transpose().map_err(unfilled)?;
    let request = HttpRequest {
        deadline: service.timeout.unwrap_or(trial),
        repeatable: step.repeatable,
        accepts: if step.expect.iter().all(|&status| is_answer(status)) { is_answer } else { may_be_expected },
        ..service.request(step.method.clone(), url, body.as_ref())
    };
    Ok((request, body))
}

/// A step under way. Whatever it comes to, the last answer is in the transcript.
struct Asking<'a> {
    step: &'a Step,
    session: &'a Session,
    line: &'a mut Line,
    deadline: Duration,
    /// Whether anything is taken from the answer; otherwise it need not be JSON.
    reads: bool,
    said: String,
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        if !self.said.is_empty() {
            self.session.say(Role::Log, kept(std::mem::take(&mut self.said), SHOWN));
        }
    }
}

impl Asking<'_> {
    /// The answer; with `until`, the first of which that holds.
    async fn answer(&mut self, request: HttpRequest) -> Result<Body, Ended> {
        let step = self.step;
        // Not by the clock: a replay, which waits for nothing, comes to the same end.
        let mut took = Duration::ZERO;
        loop {
            let HttpAnswer { status, body, wall_ms } = self.line.send(&request).await?;
            // In the tenths that recordings keep.
            took += Duration::from_micros((wall_ms * 10.0).round() as u64 * 100);
            self.said = body;
            self.check(status, &request)?;
            if !self.reads {
                return Ok(Body(Value::Null));
            }
            let body = Body::read(step, &self.said)?;
            if let Some(sign) = step.failed.as_ref().filter(|sign| body.says(sign)) {
                return Err(Ended::ByAgent(format!(
                    "{}: the service says that it failed: {}",
                    step.name,
                    body.tell(sign)
                )));
            }
            let Some(sign) = &step.until else { return Ok(body) };
            if body.says(sign) {
                return Ok(body);
            }
            took += step.every;
            if took > self.deadline {
                let seconds = self.deadline.as_secs_f64();
                let told = body.tell(sign);
                return Err(Ended::ByAgent(format!("{}: not done within {seconds} s: {told}", step.name)));
            }
            if !self.line.replays() {
                tokio::time::sleep(step.every).await;
            }
        }
    }

    /// Whether the status is one that is right.
    fn check(&self, status: u16, request: &HttpRequest) -> Result<(), Ended> {
        let Step { name, expect, .. } = self.step;
        let right = if expect.is_empty() { (200..300).contains(&status) } else { expect.contains(&status) };
        if right {
            return Ok(());
        }
        let wanted = match expect.as_slice() {
            [] => "2xx".to_owned(),
            statuses => statuses.iter().map(u16::to_string).collect::<Vec<_>>().join(" or "),
        };
        let message = format!("{name}: the service answered {status}, expected {wanted}: {}", excerpt(&self.said));
        if is_answer(status) {
            return Err(Ended::ByAgent(message));
        }
        let message = format!("{} {}: {message}", request.method, request.url.path());
        Err(Ended::ByNobody(Fault { message, stops: matches!(status, 400 | 401 | 403 | 404) }))
    }
}

/// What a service answered.
struct Body(Value);

impl Body {
    fn read(step: &Step, text: &str) -> Result<Self, Ended> {
        match serde_json::from_str(text) {
            Ok(value) => Ok(Self(value)),
            Err(error) => {
                Err(Ended::ByAgent(format!("{}: the answer is not JSON ({error}): {}", step.name, excerpt(text))))
            }
        }
    }

    fn at(&self, pointer: &str) -> Option<&Value> {
        self.0.pointer(pointer)
    }

    fn says(&self, sign: &Sign) -> bool {
        self.at(&sign.at).is_some_and(|value| match &sign.is {
            Value::Array(any) => any.contains(value),
            one => one == value,
        })
    }

    fn tell(&self, sign: &Sign) -> String {
        match self.at(&sign.at) {
            Some(value) => format!("{} is {}", sign.at, excerpt(&value.to_string())),
            None => format!("there is no {}", sign.at),
        }
    }

    fn quote(&self) -> String {
        excerpt(&self.0.to_string())
    }
}

/// What is sent, for the transcript: the same in every run, so without hosts and the gateway's address.
fn shown(request: &HttpRequest, body: Option<&Value>, gateway: Option<&str>) -> String {
    let query = request.url.query().map(|query| format!("?{query}")).unwrap_or_default();
    let mut text = format!("{} {}{query}", request.method, request.url.path());
    if let Some(body) = body {
        text += &format!("\n{body:#}");
    }
    match gateway {
        Some(url) => kept(text.replace(url, "[gateway]"), SHOWN),
        None => kept(text, SHOWN),
    }
}
