//! Recorded requests as cases without expectations, checked against the worlds they are answered in.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Map;

use crate::diagnostic::Diagnostic;
use crate::domain::{Case, Slug, Weight};
use crate::suite::RecordedRequest;
use crate::world::System;

/// Cases in the order of the lines, each with its line. `file` is named in what is wrong: a world or an org that is not
/// there.
pub fn cases(
    requests: Vec<RecordedRequest>,
    systems: &BTreeMap<Slug, Arc<System>>,
    file: &str,
) -> (Vec<(u32, Arc<Case>)>, Vec<Diagnostic>) {
    let (mut cases, mut found) = (Vec::new(), Vec::new());
    for recorded in requests {
        let unknown = |code, message: String| Diagnostic::error(code, file, "", message).at_span(recorded.span.clone());
        let Some(system) = systems.get(&recorded.world) else {
            let known = systems.keys().map(Slug::as_str);
            let problem = unknown("unknown-world", format!("there is no world {:?}", recorded.world));
            found.push(problem.suggest(&recorded.world, known));
            continue;
        };
        let org = &recorded.request.org_id;
        if !system.world.orgs.iter().any(|known| known.id == *org) {
            let known = system.world.orgs.iter().map(|known| known.id.as_str());
            let problem = unknown("unknown-org", format!("the world {} has no org {org:?}", recorded.world));
            found.push(problem.suggest(org, known));
            continue;
        }
        let case = Case {
            repeats: None,
            id: recorded.id,
            title: recorded.request.title.clone(),
            tags: Vec::new(),
            weight: Weight::Normal,
            world: recorded.world,
            request: recorded.request,
            approvals: Vec::new(),
            faults: Vec::new(),
            expect: Map::new(),
            reference: Vec::new(),
            correction: None,
            moved_from: Vec::new(),
            notes: None,
        };
        cases.push((recorded.line, Arc::new(case)));
    }
    (cases, found)
}
