//! A target that is a service: an ordered list of requests, with what is taken from the answers and asked again until done.
//!
//! What the service is to blame for (its own failure, no end before the deadline, an answer without the output) is no answer;
//! what nobody is (no connection, a wrong key) is a failed trial.

mod drive;
mod script;
mod settings;
mod template;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;

use self::script::Scripts;
use self::settings::Settings;
use self::template::Templates;
use super::settings::{Checking, Headers, typed_settings, variables};
use super::{Answer, Answering, Ask, Probe, Probing, Setup, Target};
use crate::client::{HttpRequest, Lane, Line};
use crate::diagnostic::any_error;
use crate::domain::{Outcome, Usage};
use crate::gateway::Session;
use crate::suite::Parsed;

/// Longest wait for the answer of a probe.
const PROBE: Duration = Duration::from_secs(10);

/// A service under test.
struct Service {
    /// Without a `/` at its end.
    base: String,
    health: Option<String>,
    key: Option<String>,
    headers: Headers,
    redirects: Arc<[String]>,
    lane: Arc<Lane>,
    timeout: Option<Duration>,
    scripts: Scripts,
    templates: Templates,
}

pub(super) fn build(setup: &Setup) -> Parsed<Box<dyn Target>> {
    let (settings, found) = typed_settings::<Settings>(setup);
    let Some(settings) = settings else { return (None, found) };
    let mut checking = Checking::new(setup, found);
    let headers = settings::check(&settings, &mut checking);
    let mut templates = Templates::new();
    let scripts = script::scripts(setup, &settings, &mut templates, &mut checking);
    let found = checking.found;
    let Some(scripts) = scripts.filter(|_| !any_error(&found)) else { return (None, found) };
    let base = settings.base_url.trim_end_matches('/').to_owned();
    let Settings { concurrency, requests_per_minute, .. } = settings;
    let service = Service {
        lane: Arc::new(Lane { name: base.clone(), concurrency, requests_per_minute }),
        base,
        health: settings.health,
        key: settings.key_env,
        headers,
        redirects: settings.redirects.into(),
        timeout: settings.timeout_s.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()),
        scripts,
        templates,
    };
    (Some(Box::new(service)), found)
}

impl Target for Service {
    fn answer<'a>(&'a self, ask: &'a Ask, session: &'a Session, line: &'a mut Line) -> Answering<'a> {
        Box::pin(async move {
            let (outcome, stop) = self.drive(ask, session, line).await;
            // What the service took, it does not say: unknown, not nothing.
            Answer { outcome, usage: Usage::default(), stop }
        })
    }

    fn secrets(&self) -> Vec<String> {
        variables(&self.headers)
    }

    fn reaches_out(&self) -> bool {
        true
    }

    fn concurrency(&self) -> Option<u32> {
        Some(self.lane.concurrency)
    }

    fn probe<'a>(&'a self, line: &'a mut Line) -> Probing<'a> {
        Box::pin(self.try_out(line))
    }
}

impl Service {
    async fn drive(&self, ask: &Ask, session: &Session, line: &mut Line) -> (Outcome, Option<String>) {
        let Some(script) = self.scripts.of(&ask.pipeline.name) else {
            let error = format!("the target has no requests for pipeline {}", ask.pipeline.name);
            return (Outcome::Failed { error }, None);
        };
        match drive::drive(self, script, ask, session, line).await {
            Ok(output) => (Outcome::Answered { output }, None),
            Err(drive::Ended::ByAgent(reason)) => (Outcome::NoAnswer { reason }, None),
            Err(drive::Ended::ByNobody(fault)) => {
                let stop = fault.stops.then(|| fault.message.clone());
                (Outcome::Failed { error: fault.message }, stop)
            }
        }
    }

    /// Asks for `health`, or for the base alone: a GET, which changes nothing.
    async fn try_out(&self, line: &mut Line) -> Vec<Probe> {
        let mut seen = Vec::new();
        let mut tell = |what, result| seen.push(Probe { what, result });
        let address = format!("{}{}", self.base, self.health.as_deref().unwrap_or_default());
        let url = match Url::parse(&address) {
            Ok(url) => url,
            Err(error) => {
                tell("reachable", Err(format!("{address} is no URL: {error}")));
                return seen;
            }
        };
        let request = HttpRequest {
            deadline: PROBE,
            repeatable: true,
            accepts: |status| status < 300 || (400..500).contains(&status),
            ..self.request(reqwest::Method::GET, url, None)
        };
        let answer = match line.send(request).await {
            Ok(answer) => answer,
            Err(fault) => {
                tell("reachable", Err(fault.message));
                return seen;
            }
        };
        tell("reachable", Ok(format!("{address} answered {}", answer.status)));
        let key = match &self.key {
            Some(variable) => format!("the key in {variable}"),
            None => "a request without a key".to_owned(),
        };
        let auth = match answer.status {
            401 | 403 => Err(format!("{key} was refused with {}: set `key_env` and its variable", answer.status)),
            _ => Ok(format!("{key} was not refused")),
        };
        tell("auth", auth);
        if self.health.is_some() {
            tell(
                "health",
                match answer.status {
                    200..=299 => Ok("it says that it is well".to_owned()),
                    status => Err(format!("{address} answered {status}: is `health` right, and the service well?")),
                },
            );
        }
        tell("latency", Ok(format!("{:.0} ms", answer.wall_ms)));
        seen
    }

    fn request(&self, method: reqwest::Method, url: Url, body: Option<&serde_json::Value>) -> HttpRequest {
        HttpRequest {
            lane: Arc::clone(&self.lane),
            method,
            url,
            headers: self.headers.clone(),
            body: body.map(|body| body.to_string().into_bytes()),
            deadline: self.timeout.unwrap_or(PROBE),
            repeatable: false,
            redirects: Arc::clone(&self.redirects),
            accepts: drive::is_answer,
            agent: true,
        }
    }
}
