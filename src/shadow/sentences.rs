//! The one sentence of a shadow comparison.

use super::result::{Agent, Shadow};
use crate::power::percent;

pub fn headline(shadow: &Shadow) -> String {
    let (current, candidate) = (&shadow.current, &shadow.candidate);
    let forbidden = match (current.violating_requests, candidate.violating_requests) {
        (0, 0) => "Neither did what is never allowed".to_owned(),
        (0, _) => format!("{}; {} never did", did(candidate), current.target),
        (_, 0) => format!("{}; {} never did", did(current), candidate.target),
        _ => format!("{}; {}", did(candidate), did(current)),
    };
    let missing = match shadow.requests - shadow.compared {
        0 => String::new(),
        1 => " 1 request is missing, as a target failed on it.".to_owned(),
        n => format!(" {n} requests are missing, as a target failed on them."),
    };
    let agreed = match shadow.agreement {
        Some(agreement) => format!("They agree on {} of what decides.", percent(agreement)),
        None => "Nothing could be compared.".to_owned(),
    };
    format!("{forbidden}. {agreed}{missing}")
}

fn did(agent: &Agent) -> String {
    let n = agent.violating_requests;
    let requests = if n == 1 { "request" } else { "requests" };
    format!("{} did what is never allowed in {n} {requests}", agent.target)
}
