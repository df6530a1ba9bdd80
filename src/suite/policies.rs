//! Policies: numbers that are finite and in range, and gates that can fire.

use super::{Parsed, SourceFile, read_and_check};
use crate::diagnostic::Diagnostic;
use crate::domain::{Area, AreaGate, AreaPolicy, Policy, ShadowPolicy};

/// The format version this program reads.
const VERSION: u32 = 1;

pub fn parse(file: &SourceFile) -> Parsed<Policy> {
    read_and_check(file, |policy| check(policy, &file.path))
}

fn check(policy: &Policy, path: &str) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    if policy.version != VERSION {
        let message = format!("version {} is not known: this program reads version {VERSION}", policy.version);
        found.push(Diagnostic::error("unknown-version", path, "/version", message));
    }
    for (key, value) in [("max_fraction", policy.missing.max_fraction), ("max_per_area", policy.missing.max_per_area)] {
        if !(0.0..=1.0).contains(&value) {
            let message = format!("{key} is a fraction from 0 to 1, not {value}");
            found.push(Diagnostic::error("out-of-range", path, format!("/missing/{key}"), message));
        }
    }
    for (key, value) in [("suite_usd", policy.limits.suite_usd), ("suite_minutes", policy.limits.suite_minutes)] {
        found.extend(not_a_ceiling(path, format!("/limits/{key}"), key, value));
    }
    found.extend(policy.shadow.as_ref().and_then(|shadow| shadow_out_of_range(shadow, path)));
    for (area, gate) in &policy.areas {
        check_area(*area, gate, path, &mut found);
    }
    if policy.areas.values().all(|area| area.gate == AreaGate::Advisory && area.unsafe_call.is_none()) {
        found.push(Diagnostic::warning("gates-nothing", path, "/areas", "every area is advisory: nothing can fail"));
    }
    found
}

fn check_area(area: Area, policy: &AreaPolicy, path: &str, found: &mut Vec<Diagnostic>) {
    let pointer = format!("/areas/{area}");
    let caps = [("cap_usd_per_case", policy.cap_usd_per_case), ("cap_latency_p95_s", policy.cap_latency_p95_s)];
    for (key, value) in caps {
        found.extend(not_a_ceiling(path, format!("{pointer}/{key}"), key, value));
        if value.is_some() && policy.gate != AreaGate::Budget {
            let message = format!("{key} has no effect without `gate: budget`");
            found.push(Diagnostic::error("unused-setting", path, format!("{pointer}/{key}"), message).at_key());
        }
    }
    if policy.gate == AreaGate::Budget && caps.iter().all(|(_, cap)| cap.is_none()) {
        let message = "a budget without a cap never fails";
        found.push(
            Diagnostic::error("budget-without-cap", path, format!("{pointer}/gate"), message)
                .with_help("add cap_usd_per_case or cap_latency_p95_s"),
        );
    }
    if policy.unsafe_call.is_some() && area != Area::ToolCorrectness {
        let message = format!("unsafe_call is a setting of {}", Area::ToolCorrectness);
        found.push(Diagnostic::error("unused-setting", path, format!("{pointer}/unsafe_call"), message).at_key());
    }
}

fn shadow_out_of_range(shadow: &ShadowPolicy, path: &str) -> Option<Diagnostic> {
    let agreement = shadow.min_agreement.filter(|share| !(0.0..=1.0).contains(share))?;
    let message = format!("min_agreement is a share from 0 to 1, not {agreement}");
    Some(Diagnostic::error("out-of-range", path, "/shadow/min_agreement", message))
}

/// NaN compares with nothing, so only what is proven to be in range passes.
fn not_a_ceiling(path: &str, pointer: String, key: &str, value: Option<f64>) -> Option<Diagnostic> {
    let value = value.filter(|value| !(value.is_finite() && *value >= 0.0))?;
    Some(Diagnostic::error("out-of-range", path, pointer, format!("{key} is a finite number from 0 up, not {value}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::testing::{codes, file};

    const GOOD: &str = "version: 1\nprofile: pr\nmissing: {max_fraction: 0.05}\nareas:\n  task_success: {gate: non_inferiority}\n  tool_correctness: {gate: non_inferiority, unsafe_call: zero_tolerance}\n  cost_and_latency: {gate: budget, cap_usd_per_case: 1.5}\n";

    fn check(from: &str, to: &str, expected: &[(&'static str, &str)]) {
        assert!(GOOD.contains(from), "{from:?} is not in the policy");
        let text = GOOD.replace(from, to);
        let (policy, found) = parse(&file("p.yaml", &text));
        assert!(policy.is_none(), "{to} was accepted");
        assert_eq!(codes(&text, &found), expected, "{to}");
    }

    #[test]
    fn a_good_policy_is_read() {
        let (policy, found) = parse(&file("p.yaml", GOOD));
        assert_eq!(found, []);
        assert_eq!(policy.unwrap().areas.len(), 3);
    }

    #[test]
    fn a_number_that_is_not_finite_or_not_in_range_is_an_error() {
        for bad in [".nan", ".inf", "-.inf", "-1", "1e400", "1.01"] {
            let found = parse(&file("p.yaml", &GOOD.replace("0.05", bad))).1;
            assert_eq!(found.len(), 1, "{bad}: {found:?}");
            assert!(matches!(found[0].code, "out-of-range" | "not-finite" | "wrong-type"), "{found:?}");
        }
        for bad in [".nan", ".inf", "-1", "1e400"] {
            let found = parse(&file("p.yaml", &GOOD.replace("1.5", bad))).1;
            assert_eq!(found.len(), 1, "{bad}: {found:?}");
        }
        check("0.05", "no", &[("wrong-type", "no")]);
        check("0.05", "[0.05]", &[("wrong-type", "[0.05]")]);
    }

    #[test]
    fn a_mistyped_gate_key_never_means_no_gate() {
        check(
            "task_success: {gate: n",
            "task_success: {gates: n",
            &[("missing-key", "{gates: non_inferiority}"), ("unknown-key", "gates")],
        );
        check("zero_tolerance", "zero_tolerence", &[("unknown-value", "zero_tolerence")]);
        check(
            "cost_and_latency: {gate: budget,",
            "cost_and_latency: {gate: advisory,",
            &[("unused-setting", "cap_usd_per_case")],
        );
        check(", cap_usd_per_case: 1.5", "", &[("budget-without-cap", "budget")]);
        check("version: 1", "version: 2", &[("unknown-version", "2")]);
    }

    #[test]
    fn a_policy_in_which_nothing_can_fail_is_pointed_out() {
        let text = "version: 1\nprofile: pr\nareas: {task_success: {gate: advisory}}\n";
        let (policy, found) = parse(&file("p.yaml", text));
        assert!(policy.is_some());
        assert_eq!(codes(text, &found), [("gates-nothing", "{task_success: {gate: advisory}}")]);
    }
}
