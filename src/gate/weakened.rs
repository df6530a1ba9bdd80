//! Whether one policy asks less than another, key by key: a change may not weaken its own judge unseen.

use serde::Serialize;

use super::finding::{Found, verb};
use super::verdict::FindingWeight;
use crate::domain::{
    Area, AreaGate, AreaPolicy, ClusterBy, CoverageScope, Margin, Mode, Multiplicity, OnInconclusive, OnPending,
    Policy, ShadowPolicy,
};

/// Where the policy that judges is from, if not from the project as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyFrom {
    /// As told to people, e.g. `main (1f0c2d3e4a)`.
    pub revision: String,
    /// What the project as it stands would ask less, in sentences without an end; see [`weakened`].
    pub weakened: Vec<String>,
}

impl PolicyFrom {
    pub fn finding(&self) -> Option<Found> {
        let n = self.weakened.len();
        if n == 0 {
            return None;
        }
        let brief = format!("The change weakens the policy in {n} {}", verb(n, "place", "places"));
        let rest = format!(": {}. It was judged by that of {}.", self.weakened.join("; "), self.revision);
        Some(Found::new("policy_weakened", FindingWeight::Warns, &brief, &rest))
    }
}

/// Every key in which `now` asks less than `base`: `task_success was non_inferiority, would be advisory`. Where nobody can
/// tell which of two values asks less, another value is told too.
pub fn weakened(base: &Policy, now: &Policy) -> Vec<String> {
    let mut told = Told(Vec::new());
    told.rule("mode", base.mode, now.mode, strictness_of_mode(now.mode) < strictness_of_mode(base.mode));
    told.fewer("repeats.stage1", base.repeats.stage1, now.repeats.stage1);
    told.fewer("repeats.stage2", base.repeats.stage2, now.repeats.stage2);
    for (stage, (was, is)) in base.repeats.alpha.iter().zip(now.repeats.alpha).enumerate() {
        // The level of a test that has to be significant to fail.
        told.fewer(&format!("repeats.alpha of stage {}", stage + 1), *was, is);
    }
    told.off("retries.errors_only", base.retries.errors_only, now.retries.errors_only);
    told.more("retries.max", base.retries.max, now.retries.max);
    told.more("missing.max_fraction", base.missing.max_fraction, now.missing.max_fraction);
    told.more("missing.max_per_area", base.missing.max_per_area, now.missing.max_per_area);
    told.off("coverage without shrinking", !base.coverage.allow_shrink, !now.coverage.allow_shrink);
    let scope = |scope| match scope {
        CoverageScope::Selected => 0,
        CoverageScope::Golden => 1,
        CoverageScope::All => 2,
    };
    let (was, is) = (base.coverage.require, now.coverage.require);
    told.rule("coverage.require", was, is, scope(is) < scope(was));
    Area::ALL.into_iter().for_each(|area| told.area(area, base, now));
    told.rule("pending", base.pending, now.pending, (base.pending, now.pending) == (OnPending::Block, OnPending::Warn));
    told.off("case_break", base.case_break.enabled, now.case_break.enabled);
    told.fewer("case_break.alpha", base.case_break.alpha, now.case_break.alpha);
    told.fewer("case_break.max_repeats", base.case_break.max_repeats, now.case_break.max_repeats);
    let (was, is) = (base.multiplicity.gating, now.multiplicity.gating);
    told.rule("multiplicity.gating", was, is, (was, is) == (Multiplicity::Holm, Multiplicity::Bonferroni));
    told.fewer("interval.conf", base.interval.conf, now.interval.conf);
    let (was, is) = (base.interval.cluster_by, now.interval.cluster_by);
    told.rule("interval.cluster_by", was, is, was != is && was != ClusterBy::None);
    let inconclusive = |policy: &Policy| policy.inconclusive.get(&policy.profile).copied().unwrap_or_default();
    let (was, is) = (inconclusive(base), inconclusive(now));
    told.rule("inconclusive", was, is, (was, is) == (OnInconclusive::Block, OnInconclusive::Warn));
    let (was, is) = (&base.judge, &now.judge);
    told.fewer("judge.min_lower_kappa", was.min_lower_kappa, is.min_lower_kappa);
    told.more("judge.max_upper_false_pass", was.max_upper_false_pass, is.max_upper_false_pass);
    told.fewer("judge.min_labels", was.min_labels, is.min_labels);
    told.fewer("judge.min_human_fail", was.min_human_fail, is.min_human_fail);
    told.more("judge.max_age_days", was.max_age_days, is.max_age_days);
    told.more("quarantine.max_fraction", base.quarantine.max_fraction, now.quarantine.max_fraction);
    told.more("quarantine.max_days", base.quarantine.max_days, now.quarantine.max_days);
    told.cap("limits.suite_usd", base.limits.suite_usd, now.limits.suite_usd);
    told.cap("limits.suite_minutes", base.limits.suite_minutes, now.limits.suite_minutes);
    told.cap("limits.case_tool_calls", base.limits.case_tool_calls, now.limits.case_tool_calls);
    told.cap("limits.body_mib", base.limits.body_mib, now.limits.body_mib);
    if let Some(was) = base.shadow.as_ref().filter(|shadow| shadow.require) {
        told.shadow(was, now.shadow.as_ref().filter(|shadow| shadow.require));
    }
    told.0
}

/// The same of how often a project says that each case is run. Where it does not say, the policy repeats what varies, and
/// nobody can tell which of the two asks less.
pub fn fewer_repeats(base: Option<u32>, now: Option<u32>) -> Option<String> {
    let mut told = Told(Vec::new());
    match (base, now) {
        (Some(was), Some(is)) => told.fewer("defaults.repeat", was, is),
        (Some(was), None) => told.gone("defaults.repeat", was),
        (None, Some(is)) => told.rule("defaults.repeat", "unsaid", is, true),
        (None, None) => {}
    }
    told.0.pop()
}

fn strictness_of_mode(mode: Mode) -> u8 {
    match mode {
        Mode::Stochastic => 0,
        Mode::Auto => 1,
        Mode::Deterministic => 2,
    }
}

/// Whether a gate fails whatever the other one would have failed.
fn as_strict(now: AreaGate, base: AreaGate) -> bool {
    now == base || base == AreaGate::Advisory || (base, now) == (AreaGate::NonInferiority, AreaGate::ZeroTolerance)
}

/// What was found so far.
struct Told(Vec<String>);

impl Told {
    /// `weaker` says whether `is` asks less than `was`.
    fn rule(&mut self, key: &str, was: impl Serialize, is: impl Serialize, weaker: bool) {
        if weaker {
            self.0.push(format!("{key} was {}, would be {}", spelled(was), spelled(is)));
        }
    }

    /// More of it asks less. A number that is none compares with nothing, and is told.
    fn more<T: Serialize + PartialOrd>(&mut self, key: &str, was: T, is: T) {
        let weaker = !matches!(is.partial_cmp(&was), Some(order) if order.is_le());
        self.rule(key, was, is, weaker);
    }

    /// Less of it asks less.
    fn fewer<T: Serialize + PartialOrd>(&mut self, key: &str, was: T, is: T) {
        let weaker = !matches!(is.partial_cmp(&was), Some(order) if order.is_ge());
        self.rule(key, was, is, weaker);
    }

    /// A ceiling, which asks nothing where there is none.
    fn cap<T: Serialize + PartialOrd>(&mut self, key: &str, was: Option<T>, is: Option<T>) {
        match (was, is) {
            (Some(was), Some(is)) => self.more(key, was, is),
            (Some(was), None) => self.gone(key, was),
            (None, _) => {}
        }
    }

    /// A floor, likewise.
    fn floor(&mut self, key: &str, was: Option<f64>, is: Option<f64>) {
        match (was, is) {
            (Some(was), Some(is)) => self.fewer(key, was, is),
            (Some(was), None) => self.gone(key, was),
            (None, _) => {}
        }
    }

    fn gone(&mut self, key: &str, was: impl Serialize) {
        self.0.push(format!("{key} was {}, would be gone", spelled(was)));
    }

    fn off(&mut self, key: &str, was: bool, is: bool) {
        if was && !is {
            self.0.push(format!("{key} was on, would be off"));
        }
    }

    fn shadow(&mut self, was: &ShadowPolicy, is: Option<&ShadowPolicy>) {
        let Some(is) = is else { return self.off("shadow.require", true, false) };
        self.fewer("shadow.min_requests", was.min_requests, is.min_requests);
        self.floor("shadow.min_agreement", was.min_agreement, is.min_agreement);
        self.more("shadow.max_violations", was.max_violations, is.max_violations);
    }

    fn area(&mut self, area: Area, base: &Policy, now: &Policy) {
        let Some(was) = base.areas.get(&area) else { return };
        let none = AreaPolicy {
            gate: AreaGate::Advisory,
            unsafe_call: None,
            min_drop: None,
            margin: None,
            floor: None,
            assurance: None,
            max_ratio: None,
            cap_usd_per_case: None,
            cap_latency_p95_s: None,
        };
        let is = now.areas.get(&area).unwrap_or(&none);
        if !as_strict(is.gate, was.gate) {
            // What the area's other keys say has gone with its gate.
            self.rule(area.name(), was.gate, is.gate, true);
        }
        if base.forbids_harm(area) && !now.forbids_harm(area) && was.gate != AreaGate::ZeroTolerance {
            self.gone(&format!("{area}.unsafe_call"), was.unsafe_call);
        }
        if is.gate != was.gate {
            return;
        }
        let key = |key: &str| format!("{area}.{key}");
        if was.gate == AreaGate::NonInferiority {
            self.more(&key("min_drop"), was.least_drop(), is.least_drop());
            self.margin(&key("margin"), was.margin.unwrap_or_default(), is.margin.unwrap_or_default());
        }
        self.floor(&key("floor"), was.floor, is.floor);
        match (&was.assurance, &is.assurance) {
            (Some(was), Some(is)) => {
                self.more(&key("assurance.max_rate"), was.max_rate, is.max_rate);
                self.fewer(&key("assurance.conf"), was.conf, is.conf);
            }
            (Some(was), None) => self.gone(&key("assurance.max_rate"), was.max_rate),
            (None, _) => {}
        }
        self.cap(&key("max_ratio"), was.max_ratio, is.max_ratio);
        self.cap(&key("cap_usd_per_case"), was.cap_usd_per_case, is.cap_usd_per_case);
        self.cap(&key("cap_latency_p95_s"), was.cap_latency_p95_s, is.cap_latency_p95_s);
    }

    /// `auto` lies between 0.10 and 0.20, by the number of cases.
    fn margin(&mut self, key: &str, was: Margin, is: Margin) {
        let weaker = match (was, is) {
            (Margin::Auto, Margin::Auto) => false,
            (Margin::Auto, Margin::Of(is)) => is > 0.10,
            (Margin::Of(was), Margin::Auto) => was < 0.20,
            (Margin::Of(was), Margin::Of(is)) => is > was,
        };
        self.rule(key, was, is, weaker);
    }
}

/// As it is spelled in the policy.
fn spelled(value: impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}

#[cfg(test)]
#[path = "weakened_tests.rs"]
mod tests;
