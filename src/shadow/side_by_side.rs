//! Watches the trials of both agents go by, request by request, and says what differs.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::fields::{Field, Fields};
use super::forbidden::Forbidden;
use super::result::{
    Agent, Consequence, Disagreement, FieldAgreement, Missing, SHADOW_VERSION, Shadow, ShadowMeta, Spent, Violation,
};
use super::sentences;
use crate::compare::ratio;
use crate::domain::{Case, FieldClass, Outcome, Trial};
use crate::golden::{self, Marks, SnapshotInfo};
use crate::stats::mean::mean;
use crate::world::System;

/// Both agents on the requests so far.
pub struct SideBySide {
    forbidden: Forbidden,
    fields: Fields,
    current: Agent,
    candidate: Agent,
    requests: u64,
    compared: u64,
    missing: Vec<Missing>,
    /// Field → requests that have it, and those that agree.
    agreement: BTreeMap<(usize, String), FieldAgreement>,
    disagreements: Vec<(usize, Disagreement)>,
    /// (candidate, current).
    costs: Vec<(f64, f64)>,
    times: Vec<(f64, f64)>,
}

impl SideBySide {
    /// `current` and `candidate` as yet without violations.
    pub fn new(forbidden: Forbidden, current: Agent, candidate: Agent) -> Self {
        let fields = Fields::of(forbidden.pipeline());
        Self {
            forbidden,
            fields,
            current,
            candidate,
            requests: 0,
            compared: 0,
            missing: Vec::new(),
            agreement: BTreeMap::new(),
            disagreements: Vec::new(),
            costs: Vec::new(),
            times: Vec::new(),
        }
    }

    /// Takes notice of what both did with a request. Where a target failed, the request is missing for both: what the
    /// other one did that is never allowed counts all the same.
    pub fn observe(&mut self, (line, case): (u32, &Case), system: &Arc<System>, current: &Trial, candidate: &Trial) {
        self.requests += 1;
        let by_current = self.forbidden.violations(case, line, system, current);
        let by_candidate = self.forbidden.violations(case, line, system, candidate);
        self.note_violations(&by_current, &by_candidate);
        for (agent, by) in [(&mut self.current, by_current), (&mut self.candidate, by_candidate)] {
            agent.violating_requests += u64::from(!by.is_empty());
            agent.violations.extend(by);
        }
        let failed =
            [(&self.current, current), (&self.candidate, candidate)].into_iter().filter_map(|(agent, trial)| {
                let Outcome::Failed { error } = &trial.outcome else { return None };
                Some(format!("{}: {error}", agent.target))
            });
        let why: Vec<String> = failed.collect();
        if !why.is_empty() {
            self.missing.push(Missing { request: case.id.clone(), line, why });
            return;
        }
        self.compared += 1;
        self.spend(current, candidate);
        self.compare((line, case), current, candidate);
    }

    /// What only one of the two did.
    fn note_violations(&mut self, current: &[Violation], candidate: &[Violation]) {
        let has = |all: &[Violation], one: &Violation| all.iter().any(|other| other.kind == one.kind);
        let only_candidate = candidate.iter().filter(|one| !has(current, one)).map(|one| (one, false));
        let only_current = current.iter().filter(|one| !has(candidate, one)).map(|one| (one, true));
        for (violation, is_current) in only_candidate.chain(only_current) {
            let why = Some(violation.why.clone().into());
            let (current, candidate) = if is_current { (why, None) } else { (None, why) };
            let told = Disagreement {
                consequence: Consequence::Violation,
                request: violation.request.clone(),
                line: violation.line,
                field: violation.kind.name().to_owned(),
                current,
                candidate,
            };
            // What the candidate adds stands before what it leaves.
            self.disagreements.push((usize::from(is_current) * 10 + violation.kind as usize, told));
        }
    }

    fn spend(&mut self, current: &Trial, candidate: &Trial) {
        let known = |amount: Option<f64>| amount.filter(|amount| amount.is_finite());
        let (now, then) = (&candidate.usage, &current.usage);
        self.costs.extend(known(now.cost_usd).zip(known(then.cost_usd)));
        self.times.extend(known(Some(now.wall_ms)).zip(known(Some(then.wall_ms))));
    }

    fn compare(&mut self, (line, case): (u32, &Case), current: &Trial, candidate: &Trial) {
        let normal = |trial: &Trial| {
            let pipeline = self.forbidden.pipeline();
            golden::observe(pipeline, trial, Marks::default(), SnapshotInfo::default())?.snapshot().behaviour.output
        };
        let told = |consequence, field: &str, current, candidate| Disagreement {
            consequence,
            request: case.id.clone(),
            line,
            field: field.to_owned(),
            current,
            candidate,
        };
        let (was, is) = match (normal(current), normal(candidate)) {
            (Some(was), Some(is)) => (was, is),
            (None, None) => return,
            (was, is) => {
                self.disagreements.push((0, told(Consequence::NoAnswer, "", was, is)));
                return;
            }
        };
        for (place, field) in self.fields.among([&was, &is]).into_iter().enumerate() {
            let (was, is) = (self.fields.value(&was, &field), self.fields.value(&is, &field));
            if was.is_none() && is.is_none() {
                continue;
            }
            let agrees = was == is;
            if !agrees {
                self.disagreements.push((place, told(consequence(field.class), &field.pointer, was, is)));
            }
            self.count(place, field, agrees);
        }
    }

    fn count(&mut self, place: usize, field: Field, agrees: bool) {
        let Field { pointer, class } = field;
        let found = self.agreement.entry((place, pointer.clone())).or_insert(FieldAgreement {
            field: pointer,
            class,
            compared: 0,
            agreed: 0,
        });
        found.compared += 1;
        found.agreed += u64::from(agrees);
    }

    pub fn finish(mut self, meta: ShadowMeta) -> Shadow {
        self.disagreements.sort_by(|(a_place, a), (b_place, b)| {
            (a.consequence, a_place, a.line).cmp(&(b.consequence, b_place, b.line))
        });
        let fields: Vec<FieldAgreement> = self.agreement.into_values().collect();
        let exact = || fields.iter().filter(|field| field.class == FieldClass::Exact);
        let compared: u64 = exact().map(|field| field.compared).sum();
        let agreed: u64 = exact().map(|field| field.agreed).sum();
        let mut shadow = Shadow {
            version: SHADOW_VERSION,
            meta,
            headline: String::new(),
            requests: self.requests,
            compared: self.compared,
            missing: self.missing,
            current: self.current,
            candidate: self.candidate,
            agreement: (compared > 0).then(|| agreed as f64 / compared as f64),
            fields,
            disagreements: self.disagreements.into_iter().map(|(_, told)| told).collect(),
            cost: spent(&self.costs),
            latency: spent(&self.times),
        };
        shadow.headline = sentences::headline(&shadow);
        shadow
    }
}

fn consequence(class: FieldClass) -> Consequence {
    match class {
        FieldClass::Exact => Consequence::Exact,
        FieldClass::Set => Consequence::Set,
        FieldClass::Prose | FieldClass::Volatile => Consequence::Prose,
    }
}

fn spent(known: &[(f64, f64)]) -> Spent {
    let of = |side: fn(&(f64, f64)) -> f64| mean(&known.iter().map(side).collect::<Vec<f64>>());
    Spent {
        requests: known.len() as u64,
        current: of(|pair| pair.1),
        candidate: of(|pair| pair.0),
        ratio: ratio(known),
    }
}
