//! Small runs, cases and marks for tests.

use std::collections::BTreeMap;

use super::stand::Stand;
use crate::domain::{Area, CaseKind, RequestType, Slug, Trit};
use crate::history::{CaseFact, MarkFact, RunLine};

pub fn slug(name: &str) -> Slug {
    Slug::new(name).unwrap()
}

/// A run of an agent, which is told by its digest.
pub fn run(id: &str, at: &str, agent: &str) -> RunLine {
    RunLine {
        number: 0,
        id: slug(id),
        project: slug("project"),
        target: slug("t"),
        policy: slug("p"),
        agent: agent.to_owned(),
        model: None,
        evalgate: "0".to_owned(),
        started_at: at.parse().unwrap(),
        ended_at: at.parse().unwrap(),
        state: "finished".to_owned(),
        digests: BTreeMap::from([("target".to_owned(), agent.to_owned())]).into(),
        cases: 5,
        of: 5,
        trials: 10,
        failed: 0,
        solved: 5,
        cost_usd: Some(1.0),
        wall_ms_p50: Some(100.0),
        wall_ms_p95: Some(200.0),
        decision: None,
        exit: None,
        headline: None,
        tags: Vec::new(),
        pruned: false,
    }
}

/// Cases 1 to `n`, which are called `c1` …
pub fn facts(n: i64) -> BTreeMap<i64, CaseFact> {
    let fact = |number: i64| CaseFact {
        id: slug(&format!("c{number}")),
        pipeline: slug("triage"),
        kind: CaseKind::GoldenRequest,
        request: RequestType::Security,
        org: "o".to_owned(),
    };
    (1..=n).map(|number| (number, fact(number))).collect()
}

/// Marks of `task_success`: case and mark, one a repeat.
pub fn stand(marks: &[(i64, i8)]) -> Stand {
    let mut stand = Stand::default();
    for (case, mark) in marks {
        let mark = Trit::try_from(*mark).unwrap();
        let cause = (mark != Trit::Useful).then(|| "why".to_owned());
        stand.observe(MarkFact { case: *case, area: Area::TaskSuccess, mark, cause });
    }
    stand
}
