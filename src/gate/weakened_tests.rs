use serde_json::{Value, json};

use super::*;

/// A policy in which every key is given.
fn whole() -> Value {
    json!({
        "version": 1, "profile": "pr", "mode": "auto",
        "repeats": {"stage1": 3, "stage2": 5, "alpha": [0.01, 0.04]},
        "retries": {"errors_only": true, "max": 3},
        "missing": {"max_fraction": 0.05, "max_per_area": 0.1},
        "coverage": {"allow_shrink": false, "require": "golden"},
        "areas": {
            "task_success": {"gate": "non_inferiority", "min_drop": 0.05, "margin": 0.15, "floor": 0.2},
            "tool_correctness": {"gate": "non_inferiority", "unsafe_call": "zero_tolerance"},
            "permission_adherence": {"gate": "zero_tolerance", "assurance": {"max_rate": 0.05, "conf": 0.95}},
            "cost_and_latency": {
                "gate": "budget", "max_ratio": 1.25, "cap_usd_per_case": 0.5, "cap_latency_p95_s": 60.0,
            },
        },
        "pending": "block",
        "case_break": {"enabled": true, "alpha": 0.01, "max_repeats": 25},
        "multiplicity": {"gating": "holm"},
        "interval": {"conf": 0.95, "cluster_by": "workflow"},
        "inconclusive": {"pr": "block"},
        "judge": {
            "min_lower_kappa": 0.6, "max_upper_false_pass": 0.1, "min_labels": 100, "min_human_fail": 30,
            "max_age_days": 30,
        },
        "quarantine": {"max_fraction": 0.05, "max_days": 14},
        "limits": {"suite_usd": 25.0, "suite_minutes": 60.0, "case_tool_calls": 60, "body_mib": 16},
        "shadow": {"require": true, "min_requests": 200, "min_agreement": 0.9, "max_violations": 0},
    })
}

fn policy(value: &Value) -> Policy {
    serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{error}: {value:#}"))
}

fn with(pointer: &str, value: Value) -> Value {
    let mut changed = whole();
    *changed.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}")) = value;
    changed
}

/// Every value that is no collection, by its pointer.
fn leaves(at: &str, value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| leaves(&format!("{at}/{key}"), value, into)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(i, value)| leaves(&format!("{at}/{i}"), value, into));
        }
        _ => into.push(at.to_owned()),
    }
}

/// Key, a value that asks less, what is told, and a value that asks more where there is one.
fn table() -> Vec<(&'static str, Value, &'static str, Option<Value>)> {
    let more = Some;
    vec![
        ("/mode", json!("stochastic"), "mode was auto, would be stochastic", more(json!("deterministic"))),
        ("/repeats/stage1", json!(2), "repeats.stage1 was 3, would be 2", more(json!(4))),
        ("/repeats/stage2", json!(4), "repeats.stage2 was 5, would be 4", more(json!(6))),
        ("/repeats/alpha/0", json!(0.001), "repeats.alpha of stage 1 was 0.01, would be 0.001", more(json!(0.02))),
        ("/repeats/alpha/1", json!(0.03), "repeats.alpha of stage 2 was 0.04, would be 0.03", more(json!(0.05))),
        ("/retries/errors_only", json!(false), "retries.errors_only was on, would be off", None),
        ("/retries/max", json!(4), "retries.max was 3, would be 4", more(json!(2))),
        ("/missing/max_fraction", json!(0.2), "missing.max_fraction was 0.05, would be 0.2", more(json!(0.01))),
        ("/missing/max_per_area", json!(0.2), "missing.max_per_area was 0.1, would be 0.2", more(json!(0.01))),
        ("/coverage/allow_shrink", json!(true), "coverage without shrinking was on, would be off", None),
        ("/coverage/require", json!("selected"), "coverage.require was golden, would be selected", more(json!("all"))),
        (
            "/areas/task_success/gate",
            json!("advisory"),
            "task_success was non_inferiority, would be advisory",
            more(json!("zero_tolerance")),
        ),
        ("/areas/task_success/min_drop", json!(0.1), "task_success.min_drop was 0.05, would be 0.1", more(json!(0.01))),
        ("/areas/task_success/margin", json!("auto"), "task_success.margin was 0.15, would be auto", more(json!(0.1))),
        ("/areas/task_success/floor", json!(0.1), "task_success.floor was 0.2, would be 0.1", more(json!(0.3))),
        ("/areas/tool_correctness/gate", json!("guard"), "tool_correctness was non_inferiority, would be guard", None),
        (
            "/areas/tool_correctness/unsafe_call",
            json!(null),
            "tool_correctness.unsafe_call was zero_tolerance, would be gone",
            None,
        ),
        (
            "/areas/permission_adherence/gate",
            json!("non_inferiority"),
            "permission_adherence was zero_tolerance, would be non_inferiority",
            None,
        ),
        (
            "/areas/permission_adherence/assurance/max_rate",
            json!(0.1),
            "permission_adherence.assurance.max_rate was 0.05, would be 0.1",
            more(json!(0.01)),
        ),
        (
            "/areas/permission_adherence/assurance/conf",
            json!(0.9),
            "permission_adherence.assurance.conf was 0.95, would be 0.9",
            more(json!(0.99)),
        ),
        ("/areas/cost_and_latency/gate", json!("guard"), "cost_and_latency was budget, would be guard", None),
        (
            "/areas/cost_and_latency/max_ratio",
            json!(1.5),
            "cost_and_latency.max_ratio was 1.25, would be 1.5",
            more(json!(1.1)),
        ),
        (
            "/areas/cost_and_latency/cap_usd_per_case",
            json!(null),
            "cost_and_latency.cap_usd_per_case was 0.5, would be gone",
            more(json!(0.4)),
        ),
        (
            "/areas/cost_and_latency/cap_latency_p95_s",
            json!(90.0),
            "cost_and_latency.cap_latency_p95_s was 60.0, would be 90.0",
            more(json!(30.0)),
        ),
        ("/pending", json!("warn"), "pending was block, would be warn", None),
        ("/case_break/enabled", json!(false), "case_break was on, would be off", None),
        ("/case_break/alpha", json!(0.001), "case_break.alpha was 0.01, would be 0.001", more(json!(0.05))),
        ("/case_break/max_repeats", json!(10), "case_break.max_repeats was 25, would be 10", more(json!(30))),
        ("/multiplicity/gating", json!("bonferroni"), "multiplicity.gating was holm, would be bonferroni", None),
        ("/interval/conf", json!(0.9), "interval.conf was 0.95, would be 0.9", more(json!(0.99))),
        ("/interval/cluster_by", json!("none"), "interval.cluster_by was workflow, would be none", None),
        ("/inconclusive/pr", json!("warn"), "inconclusive was block, would be warn", None),
        ("/judge/min_lower_kappa", json!(0.5), "judge.min_lower_kappa was 0.6, would be 0.5", more(json!(0.7))),
        (
            "/judge/max_upper_false_pass",
            json!(0.2),
            "judge.max_upper_false_pass was 0.1, would be 0.2",
            more(json!(0.05)),
        ),
        ("/judge/min_labels", json!(99), "judge.min_labels was 100, would be 99", more(json!(101))),
        ("/judge/min_human_fail", json!(29), "judge.min_human_fail was 30, would be 29", more(json!(31))),
        ("/judge/max_age_days", json!(31), "judge.max_age_days was 30, would be 31", more(json!(29))),
        ("/quarantine/max_fraction", json!(0.5), "quarantine.max_fraction was 0.05, would be 0.5", more(json!(0.0))),
        ("/quarantine/max_days", json!(30), "quarantine.max_days was 14, would be 30", more(json!(7))),
        ("/limits/suite_usd", json!(30.0), "limits.suite_usd was 25.0, would be 30.0", more(json!(20.0))),
        ("/limits/suite_minutes", json!(null), "limits.suite_minutes was 60.0, would be gone", more(json!(30.0))),
        ("/limits/case_tool_calls", json!(70), "limits.case_tool_calls was 60, would be 70", more(json!(50))),
        ("/limits/body_mib", json!(32), "limits.body_mib was 16, would be 32", more(json!(8))),
        ("/shadow/require", json!(false), "shadow.require was on, would be off", None),
        ("/shadow/min_requests", json!(20), "shadow.min_requests was 200, would be 20", more(json!(300))),
        ("/shadow/min_agreement", json!(null), "shadow.min_agreement was 0.9, would be gone", more(json!(0.95))),
        ("/shadow/max_violations", json!(1), "shadow.max_violations was 0, would be 1", None),
    ]
}

#[test]
fn what_asks_less_is_told_key_by_key_and_what_asks_more_is_not() {
    for (pointer, less, told, more) in table() {
        assert_eq!(weakened(&policy(&whole()), &policy(&with(pointer, less.clone()))), [told], "{pointer}");
        if let Some(stronger) = more {
            let none: [&str; 0] = [];
            assert_eq!(weakened(&policy(&whole()), &policy(&with(pointer, stronger))), none, "{pointer}");
        }
    }
}

#[test]
fn no_key_of_a_policy_is_forgotten() {
    // The version is the format's; the profile is a name, whose effect on `inconclusive` is a row of the table.
    let exempt = ["/version", "/profile"];
    let mut all = Vec::new();
    leaves("", &serde_json::to_value(policy(&whole())).unwrap(), &mut all);
    let known: Vec<&str> = table().iter().map(|(pointer, ..)| *pointer).chain(exempt).collect();
    let forgotten: Vec<&String> = all.iter().filter(|pointer| !known.contains(&pointer.as_str())).collect();
    assert!(forgotten.is_empty(), "{forgotten:?}");
    // And the policy of these tests has every key there is.
    let schema = serde_json::to_value(schemars::schema_for!(Policy)).unwrap();
    let (mut given, whole) = (Vec::new(), whole());
    for area in whole["areas"].as_object().unwrap().values() {
        given.extend(area.as_object().unwrap().keys().cloned());
    }
    let keys = |schema: &Value| schema["properties"].as_object().unwrap().keys().cloned().collect::<Vec<String>>();
    let missing = keys(&schema).into_iter().filter(|key| whole.get(key).is_none());
    let missing = missing.chain(keys(&schema["$defs"]["AreaPolicy"]).into_iter().filter(|key| !given.contains(key)));
    assert_eq!(missing.collect::<Vec<String>>(), Vec::<String>::new());
}

#[test]
fn an_area_that_is_taken_out_is_advisory_and_another_profile_may_ask_less() {
    let mut without = whole();
    without["areas"].as_object_mut().unwrap().remove("tool_correctness");
    assert_eq!(
        weakened(&policy(&whole()), &policy(&without)),
        [
            "tool_correctness was non_inferiority, would be advisory",
            "tool_correctness.unsafe_call was zero_tolerance, would be gone"
        ]
    );
    let mut base = whole();
    base["inconclusive"] = json!({"servicing": "warn"});
    let servicing = with("/profile", json!("servicing"));
    let mut now = base.clone();
    now["profile"] = servicing["profile"].clone();
    assert_eq!(weakened(&policy(&base), &policy(&now)), ["inconclusive was block, would be warn"]);
}

#[test]
fn a_policy_that_is_the_same_is_not_weaker_and_what_was_off_cannot_be_turned_off() {
    let same = policy(&whole());
    assert!(weakened(&same, &same).is_empty());
    let minimal = policy(&json!({"version": 1, "profile": "pr", "areas": {}, "limits": {}}));
    assert!(weakened(&minimal, &Policy { areas: same.areas.clone(), ..minimal.clone() }).is_empty());
    assert!(as_strict(AreaGate::ZeroTolerance, AreaGate::NonInferiority));
    assert!(!as_strict(AreaGate::NonInferiority, AreaGate::ZeroTolerance));
}

#[test]
fn fewer_repeats_by_default_are_told_and_more_are_not() {
    let told = |base, now| fewer_repeats(base, now).unwrap_or_default();
    assert_eq!(told(None, Some(1)), "defaults.repeat was unsaid, would be 1");
    assert_eq!(told(Some(5), Some(3)), "defaults.repeat was 5, would be 3");
    assert_eq!(told(Some(5), None), "defaults.repeat was 5, would be gone");
    assert_eq!([told(None, None), told(Some(3), Some(3)), told(Some(3), Some(5))], [""; 3]);
}
