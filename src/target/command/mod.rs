//! A target that is a program of the project: the request on standard input, the output on standard output.
//!
//! The program gets one JSON document, as [`document`] has it, and `EVALGATE_MCP_URL`, where the trial's gateway speaks MCP.
//! What it writes on standard error is kept with the transcript. Its environment holds `PATH`, `HOME` and what the settings
//! allow, nothing else.

mod document;
mod settings;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use self::document::{Said, input, read};
use super::prompt::Prompt;
use super::transcript::{UNUSED, kept};
use super::{Answer, Answering, Ask, Probe, Probing, Setup, Target, example};
use crate::client::{CommandAnswer, CommandRequest, ENDED, Fault, Line};
use crate::diagnostic::{QUOTED, excerpt, printable_line};
use crate::domain::{Limits, Outcome, Pipeline, Role, Slug, Tool, Usage};
use crate::gateway::Session;
use crate::suite::Parsed;

/// The variable that holds the address of the trial's gateway.
const GATEWAY: &str = "EVALGATE_MCP_URL";

/// A program under test.
struct Program {
    argv: Vec<String>,
    /// Absolute.
    folder: PathBuf,
    /// Names of variables, secrets among them.
    inherits: Vec<String>,
    given: BTreeMap<String, String>,
    secrets: Vec<String>,
    timeout: Option<Duration>,
    prompts: BTreeMap<Slug, Prompt>,
    /// For probes.
    pipeline: Option<Arc<Pipeline>>,
}

pub(super) fn build(setup: &Setup) -> Parsed<Box<dyn Target>> {
    let (program, found) = settings::read(setup);
    (program.map(|program| Box::new(program) as Box<dyn Target>), found)
}

impl Target for Program {
    fn answer<'a>(&'a self, ask: &'a Ask, session: &'a Session, line: &'a mut Line) -> Answering<'a> {
        Box::pin(async move {
            let (outcome, usage, stop) = match self.ask(ask, session, line).await {
                Ok(Ok(said)) => said,
                Ok(Err(reason)) => (Outcome::NoAnswer { reason }, Usage::default(), None),
                Err(fault) => {
                    let stop = fault.stops.then(|| fault.message.clone());
                    (Outcome::Failed { error: fault.message }, Usage::default(), stop)
                }
            };
            Answer { outcome, usage, stop }
        })
    }

    fn secrets(&self) -> Vec<String> {
        self.secrets.clone()
    }

    fn reaches_out(&self) -> bool {
        true
    }

    fn probe<'a>(&'a self, line: &'a mut Line) -> Probing<'a> {
        Box::pin(self.try_out(line))
    }
}

impl Program {
    async fn ask(&self, ask: &Ask, session: &Session, line: &mut Line) -> Result<Result<Came, String>, Fault> {
        let limits = &ask.pipeline.limits;
        let answer = self.start(ask, &session.tools(), line).await?;
        let CommandAnswer { status, stdout, stderr, leaked } = answer;
        if !stderr.is_empty() {
            session.say(Role::Log, stderr.as_str());
        }
        if leaked > 0 {
            session.say(Role::Log, left_behind(leaked));
        }
        Ok(match status {
            0 => match read(&stdout) {
                Ok(said) => Ok(weigh(said, limits, session)),
                Err(why) => {
                    unused(&stdout, session);
                    Err(why)
                }
            },
            ENDED => {
                let (why, said) = ended(&stdout);
                unused(said, session);
                Err(why.to_owned())
            }
            status => {
                unused(&stdout, session);
                Err(format!("{}{}", exit(status), quoted(&stderr, &stdout)))
            }
        })
    }

    /// Runs the program once.
    async fn start(&self, ask: &Ask, tools: &Arc<[Tool]>, line: &mut Line) -> Result<CommandAnswer, Fault> {
        let name = &ask.pipeline.name;
        let prompt = self.prompts.get(name).ok_or_else(|| format!("the target was built without pipeline {name}"));
        let prompt = prompt.and_then(|prompt| prompt.render(ask.request(), ask.approvals(), tools));
        let prompt = prompt.map_err(|message| Fault { message, stops: false })?;
        #[cfg_attr(not(feature = "mcp"), expect(unused_mut, reason = "only the gateway adds to it"))]
        let mut given = self.given.clone();
        #[cfg(feature = "mcp")]
        given.insert(GATEWAY.to_owned(), line.gateway_url().await?);
        let trial = Duration::try_from_secs_f64(ask.pipeline.limits.deadline_s).unwrap_or(Duration::MAX);
        let request = CommandRequest {
            argv: self.argv.clone(),
            folder: self.folder.clone(),
            inherits: self.inherits.clone(),
            given,
            stdin: input(ask, tools, &prompt),
            deadline: before(trial).min(self.timeout.unwrap_or(Duration::MAX)),
        };
        line.run(request).await
    }

    /// Runs the program on a made-up request.
    async fn try_out(&self, line: &mut Line) -> Vec<Probe> {
        let mut seen = Vec::new();
        let mut tell = |what, result| seen.push(Probe { what, result });
        let Some(pipeline) = &self.pipeline else {
            tell("starts", Err("the project has no pipeline to ask it for".to_owned()));
            return seen;
        };
        let ask = Ask::alone(pipeline, example::request());
        let began = tokio::time::Instant::now();
        let answer = match self.start(&ask, &Arc::from([]), line).await {
            Ok(answer) => answer,
            Err(fault) => {
                tell("starts", Err(fault.message));
                return seen;
            }
        };
        let wall_ms = began.elapsed().as_secs_f64() * 1000.0;
        let CommandAnswer { status, stdout, stderr, leaked } = answer;
        tell("starts", Ok(format!("{} was started", self.argv.join(" "))));
        match status {
            0 => tell("ends", Ok("exit code 0".to_owned())),
            ENDED => tell("ends", Err(ended(&stdout).0.to_owned())),
            status => tell("ends", Err(format!("{}{}", exit(status), quoted(&stderr, &stdout)))),
        }
        if status == 0 {
            match read(&stdout) {
                Ok(Said { usage, .. }) => {
                    tell("json", Ok("standard output is JSON".to_owned()));
                    tell("usage", told(usage));
                }
                Err(why) => tell("json", Err(why)),
            }
        }
        if leaked > 0 {
            tell("leaves nothing behind", Err(left_behind(leaked)));
        }
        tell("latency", Ok(format!("{wall_ms:.0} ms")));
        seen
    }
}

/// What came of a trial: the outcome, what it took, why the run should stop.
type Came = (Outcome, Usage, Option<String>);

/// Keeps what was said and came to no output.
fn unused(said: &str, session: &Session) {
    if !said.trim().is_empty() {
        session.say(Role::Agent, kept(said.to_owned(), UNUSED));
    }
}

/// Why a command was ended, and what it had said until then.
fn ended(stdout: &str) -> (&str, &str) {
    stdout.split_once('\n').unwrap_or((stdout, ""))
}

/// An output is one within the limits of what it may take. What makes no sense is not known: a command that could make its
/// trial fail by it would choose which trials count.
fn weigh(said: Said, limits: &Limits, session: &Session) -> Came {
    let Said { output, usage } = said;
    let usage = usage.unwrap_or_else(|why| {
        session.say(
            Role::Log,
            format!("[evalgate] what the command says it took makes no sense, so it is unknown: {why}"),
        );
        Usage::default()
    });
    let outcome = match over(&usage, limits) {
        Some(reason) => {
            unused(&output.to_string(), session);
            Outcome::NoAnswer { reason }
        }
        None => Outcome::Answered { output },
    };
    (outcome, usage, None)
}

/// Which limit it took more than.
fn over(usage: &Usage, limits: &Limits) -> Option<String> {
    let tokens = usage.input_tokens.zip(usage.output_tokens).map(|(input, output)| input + output);
    match (tokens.zip(limits.tokens), usage.cost_usd.zip(limits.usd)) {
        (Some((took, limit)), _) if took > limit => Some(format!("it took {took} tokens, the limit is {limit}")),
        (_, Some((cost, limit))) if cost > limit => Some(format!("it cost ${cost}, the limit is ${limit}")),
        _ => None,
    }
}

/// Whether it says what it took, for people.
fn told(usage: Result<Usage, String>) -> Result<String, String> {
    let usage = usage.map_err(|why| format!("what it says it took makes no sense: {why}"))?;
    let by = usage.model.as_ref().map_or_else(String::new, |model| format!(", by {}", excerpt(model)));
    match (usage.input_tokens.zip(usage.output_tokens), usage.cost_usd) {
        (None, None) => {
            Err("it does not say what it took, so costs are unknown and limits of tokens and dollars cannot \
                             be held: answer {\"output\": …, \"usage\": {\"input_tokens\": …, \"output_tokens\": …, \
                             \"cost_usd\": …}}"
                .to_owned())
        }
        _ => Ok(format!("it says what it took{by}")),
    }
}

/// A little before the trial's deadline: what was logged until then is kept.
fn before(trial: Duration) -> Duration {
    trial.saturating_sub((trial / 10).min(Duration::from_millis(1500)))
}

fn exit(status: i32) -> String {
    match status {
        129..=192 => format!("it was ended by signal {}", status - 128),
        status => format!("exit code {status}"),
    }
}

fn left_behind(processes: u32) -> String {
    let (were, them) = if processes == 1 { ("process was", "it") } else { ("processes were", "them") };
    format!("[evalgate] {processes} {were} still running when the command had ended; evalgate ended {them}")
}

/// The end of what was logged, else of what was answered.
fn quoted(stderr: &str, stdout: &str) -> String {
    let said = if stderr.trim().is_empty() { stdout.trim() } else { stderr.trim() };
    if said.is_empty() {
        return ", and it said nothing".to_owned();
    }
    let start = said.char_indices().rev().nth(QUOTED - 1).map_or(0, |(start, _)| start);
    let before = if start > 0 { "…" } else { "" };
    format!(": {before}{}", printable_line(&said[start..]))
}
