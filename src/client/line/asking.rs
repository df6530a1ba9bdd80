//! A question over HTTP until it is answered or given up: turns, attempts, waits, and what people are told.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Method, Url};
use tokio::time::Instant;

use super::super::Fault;
use super::super::http::Prepared;
use super::super::limiter::Limiter;
use super::super::request::HttpRequest;
use super::super::retry::{Next, Trouble, next};
use super::{Heard, Line, Waiting};
use crate::diagnostic::excerpt;

/// Longest deadline; longer ones are no limit to anybody.
const LONGEST_DEADLINE: Duration = Duration::from_secs(24 * 3600);

impl Line {
    /// Asks until there is an answer or no hope of one.
    pub(super) async fn send_live(&mut self, to: &str, request: &HttpRequest) -> Result<Heard, Fault> {
        let client = Arc::clone(&self.client);
        let limiter = client.limiter(&request.lane);
        let lane = Arc::clone(&request.lane);
        let (agent, repeatable) = (request.agent, request.repeatable);
        let deadline = request.deadline.min(LONGEST_DEADLINE);
        let mut failing = Failing::of(request);
        let prepared = Prepared::new(request, &client.secrets)
            .map_err(|trouble| self.fault(&failing, &trouble, 1, Next::GiveUp { stops: true }))?;
        failing.variables = prepared.variables();
        let mut until = None;
        let mut attempts = 0;
        let result = loop {
            attempts += 1;
            self.waiting = Waiting::Turn(Arc::clone(&lane));
            let turn = match until {
                None => Some(limiter.turn().await),
                Some(until) => tokio::time::timeout_at(until, limiter.turn()).await.ok(),
            };
            self.waiting = if agent { Waiting::Agent } else { Waiting::Other(Arc::clone(&lane)) };
            let until = *until.get_or_insert_with(|| Instant::now() + deadline);
            let attempt = self.attempt(to, attempts);
            let answered = match turn {
                None => Err(Trouble::Late),
                Some(_) => {
                    let answered = tokio::time::timeout_at(until, client.connections.attempt(&prepared)).await;
                    answered.unwrap_or(Err(Trouble::Late))
                }
            };
            drop(turn);
            let trouble = match answered {
                Ok((status, body)) => {
                    limiter.succeeded();
                    let body = client.secrets.redacted_body(body);
                    let wall_ms = attempt.answered(status.into());
                    break Ok(Heard { status: status.into(), body, log: String::new(), leaked: 0, wall_ms });
                }
                Err(trouble) => trouble,
            };
            attempt.failed(status_of(&trouble), self.describe(&trouble));
            let next = next(&trouble, attempts, repeatable, client.waits, fastrand::f64());
            slow_down(&limiter, &trouble, next);
            match next {
                Next::Again { wait, everyone } if Instant::now() + wait < until => {
                    // Where everybody waits, the limiter lets nobody through before.
                    if !everyone {
                        tokio::time::sleep(wait).await;
                    }
                }
                next => break Err(self.fault(&failing, &trouble, attempts, next)),
            }
        };
        self.waiting = Waiting::Agent;
        result
    }

    /// Trouble in words, without secrets. They are looked for before anything is cut.
    fn describe(&self, trouble: &Trouble) -> String {
        let (why, quote) = match trouble {
            Trouble::Status { status, quote, .. } => (Cow::Owned(format!("status {status}")), quote.as_str()),
            Trouble::Unusable { why, quote } => (self.redact(why), quote.as_str()),
            Trouble::Unreached(why) | Trouble::Broken(why) | Trouble::Forbidden(why) => (self.redact(why), ""),
            Trouble::Late => (Cow::Borrowed("no answer before the deadline"), ""),
        };
        match excerpt(&self.redact(quote)) {
            nothing if nothing.is_empty() => why.into_owned(),
            quote => format!("{why}: {quote}"),
        }
    }

    fn fault(&self, failing: &Failing, trouble: &Trouble, attempts: u32, next: Next) -> Fault {
        let mut message = format!("{}: {}", failing.what(), self.describe(trouble));
        match (attempts, next) {
            (_, Next::Again { wait, .. }) => {
                let seconds = wait.as_secs_f64().ceil();
                message +=
                    &format!("; asking again in {seconds} s would be after the deadline of {} s", failing.deadline_s);
            }
            (1, _) => {}
            (attempts, _) => message += &format!(", {attempts} times"),
        }
        if let Some(advice) = failing.advice(trouble) {
            message += &format!(": {advice}");
        }
        let stops = matches!(next, Next::GiveUp { stops: true });
        Fault { message: self.redact(&message).into_owned(), stops }
    }
}

/// What is lowered or halted by a trouble.
fn slow_down(limiter: &Limiter, trouble: &Trouble, next: Next) {
    if matches!(trouble, Trouble::Status { status: 429, .. }) {
        limiter.too_many();
    }
    if let Next::Again { wait, everyone: true } = next {
        limiter.pause(wait);
    }
}

/// What a fault says about the question.
struct Failing {
    method: Method,
    url: Url,
    deadline_s: f64,
    /// That the keys come from.
    variables: Vec<String>,
}

impl Failing {
    fn of(request: &HttpRequest) -> Self {
        let (method, url, deadline_s) = (request.method.clone(), request.url.clone(), request.deadline.as_secs_f64());
        Self { method, url, deadline_s, variables: Vec::new() }
    }

    /// `POST http://127.0.0.1:9000/v1/messages`: without the query, which may hold anything, and without credentials.
    fn what(&self) -> String {
        let Self { method, url, .. } = self;
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        format!("{method} {}://{}{port}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path())
    }

    fn advice(&self, trouble: &Trouble) -> Option<String> {
        match trouble {
            Trouble::Status { status: 401 | 403, .. } => Some(match self.variables.join(", ") {
                none if none.is_empty() => "it wants a key, and the target names none".to_owned(),
                variables => format!("check the key in {variables}"),
            }),
            Trouble::Status { status: 404, .. } => Some("check the address, and the model if there is one".to_owned()),
            Trouble::Unreached(_) => Some("check the address, and whether the server runs".to_owned()),
            _ => None,
        }
    }
}

fn status_of(trouble: &Trouble) -> Option<i32> {
    match trouble {
        Trouble::Status { status, .. } => Some((*status).into()),
        _ => None,
    }
}
