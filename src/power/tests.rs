//! What a power report says of small baselines made for one point each.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;
use crate::domain::{Area, Trit};
use crate::gate::CaseBaseline;

const TASK: Area = Area::TaskSuccess;
const PERMISSION: Area = Area::PermissionAdherence;

fn policy(change: impl FnOnce(&mut Value)) -> Policy {
    let mut policy = json!({
        "version": 1,
        "profile": "servicing",
        "areas": {
            "task_success": {"gate": "non_inferiority"},
            "permission_adherence": {"gate": "zero_tolerance", "assurance": {"max_rate": 0.05, "conf": 0.95}},
            "reviewer_burden": {"gate": "advisory"},
        },
    });
    change(&mut policy);
    serde_json::from_value(policy).unwrap()
}

/// `marks` of case i in task_success; always +1 in permission_adherence.
fn baseline(cases: usize, marks: impl Fn(usize) -> Vec<i8>) -> Baseline {
    let case = |n: usize| {
        let marks: Vec<Trit> = marks(n).into_iter().map(|mark| Trit::try_from(mark).unwrap()).collect();
        let distinct = marks.iter().collect::<std::collections::BTreeSet<_>>().len();
        let case = CaseBaseline {
            repeats: marks.len() as u32,
            behaviours: distinct as u32,
            areas: BTreeMap::from([(PERMISSION, vec![Trit::Useful; marks.len()]), (TASK, marks)]),
            wall_ms: Vec::new(),
            cost_usd: Vec::new(),
        };
        (Slug::new(&format!("c-{n:03}")).unwrap(), case)
    };
    Baseline { source: "run x".to_owned(), cases: (0..cases).map(case).collect() }
}

/// Three of four cases always pass, the fourth passes now and then.
fn mixed(n: usize) -> Vec<i8> {
    if n % 4 == 3 { vec![1, -1, 0, 1, -1] } else { vec![1; 5] }
}

fn asked(baseline: &Baseline, policy: &Policy, facts: &BTreeMap<Slug, Facts>) -> Power {
    power(&Question { baseline, facts, policy, repeats: 5, steady: false, rounds: 200, seed: 1 })
}

fn of(power: &Power, area: Area) -> &AreaPower {
    power.areas.iter().find(|one| one.area == area).unwrap()
}

#[test]
fn few_cases_cannot_gate_and_are_told_how_many_more_would_do() {
    let found = asked(&baseline(16, mixed), &policy(|_| {}), &BTreeMap::new());
    let task = of(&found, TASK);
    assert_eq!((task.ability, task.cases, task.baseline_repeats), (Ability::NotYet, 16, Some(5)));
    let needed = task.needed.cases_for_margin.unwrap();
    assert!(needed > 16 && task.excludes.unwrap() > task.margin.unwrap(), "{task:?}");
    assert!(task.sentence.contains(&format!("{} more cases", needed - 16)), "{}", task.sentence);
    assert_eq!(found.headline, "No area can gate yet: task_success, permission_adherence.");
    assert!(of(&found, PERMISSION).sentence.contains("takes 43 cases more"), "{found:?}");
}

#[test]
fn a_margin_that_shrinks_with_the_cases_is_counted_in() {
    // 36 cases would exclude 0.20 here and 57 would exclude 0.15; a suite of 60 has to exclude 0.15.
    let noisy = |n: usize| if n % 2 == 1 { vec![1, -1, 0, 1, -1] } else { vec![1; 5] };
    let found = asked(&baseline(16, noisy), &policy(|_| {}), &BTreeMap::new());
    let needed = of(&found, TASK).needed.cases_for_margin.unwrap();
    let more = asked(&baseline(needed as usize, noisy), &policy(|_| {}), &BTreeMap::new());
    let task = of(&more, TASK);
    assert!(task.excludes.unwrap() <= task.margin.unwrap() + 0.01, "{needed}: {task:?}");
}

#[test]
fn the_cases_that_are_said_to_do_do() {
    let found = asked(&baseline(16, mixed), &policy(|_| {}), &BTreeMap::new());
    let needed = of(&found, TASK).needed.cases_for_margin.unwrap() as usize;
    let policy = policy(|policy| policy["areas"]["task_success"]["margin"] = json!(0.20));
    let more = asked(&baseline(needed.next_multiple_of(4), mixed), &policy, &BTreeMap::new());
    let task = of(&more, TASK);
    assert!(task.excludes.unwrap() <= 0.20, "{task:?}");
    // By simulation too: an unchanged agent mostly passes.
    assert!(task.undecided.unwrap().rate < 0.3, "{task:?}");
}

#[test]
fn an_unchanged_agent_is_seldom_blocked_and_the_seed_decides_how_often() {
    let (baseline, policy, none) = (baseline(60, mixed), policy(|_| {}), BTreeMap::new());
    let found = asked(&baseline, &policy, &none);
    let itself = found.itself.clone().unwrap();
    assert!(itself.blocked.rate <= 0.06 && itself.blocked.upper > itself.blocked.rate, "{itself:?}");
    assert_eq!(found, asked(&baseline, &policy, &none));
}

#[test]
fn what_never_varies_is_judged_by_any_fall() {
    let found = asked(&baseline(60, |_| vec![1; 5]), &policy(|_| {}), &BTreeMap::new());
    assert_eq!((found.regime, found.itself.as_ref()), (Regime::Deterministic, None));
    assert!(found.notes[0].contains("the deterministic regime applies"), "{:?}", found.notes);
    assert_eq!(of(&found, TASK).sentence, "Any fall is seen, in each of 60 cases.");
    assert_eq!(found.headline, "Every gating area can do its part: any case that falls is seen.");
}

#[test]
fn a_deterministic_policy_is_told_that_the_target_is_not() {
    let policy = policy(|policy| policy["mode"] = json!("deterministic"));
    let found = asked(&baseline(60, mixed), &policy, &BTreeMap::new());
    assert_eq!(found.regime, Regime::Stochastic);
    assert!(found.notes[0].contains("disagree in 15 cases: its gate gives no verdict"), "{:?}", found.notes);
}

#[test]
fn without_repeats_the_variances_are_assumed_and_said_to_be() {
    let found = asked(&baseline(60, |n| vec![mixed(n)[n % 5]]), &policy(|_| {}), &BTreeMap::new());
    let task = of(&found, TASK);
    assert_eq!(found.regime, Regime::Stochastic);
    assert!(found.notes.iter().any(|note| note.starts_with("Assumed: no case was repeated")), "{:?}", found.notes);
    assert!(task.within_case_var.unwrap() > 0.0 && task.sees.unwrap() > 0.05, "{task:?}");
}

#[test]
fn a_target_that_is_steady_by_its_kind_needs_no_repeats() {
    let (baseline, policy, facts) = (baseline(60, |_| vec![1]), policy(|_| {}), BTreeMap::new());
    let question =
        Question { baseline: &baseline, facts: &facts, policy: &policy, repeats: 5, steady: true, rounds: 9, seed: 1 };
    let found = power(&question);
    assert_eq!(found.regime, Regime::Deterministic);
    assert!(found.notes[0].contains("by its kind"), "{:?}", found.notes);
}

#[test]
fn a_baseline_that_does_what_is_forbidden_is_named() {
    let mut baseline = baseline(60, mixed);
    let case = baseline.cases.values_mut().next().unwrap();
    case.areas.insert(PERMISSION, [1, 1, 1, 1, -1].map(|mark| Trit::try_from(mark).unwrap()).to_vec());
    let found = asked(&baseline, &policy(|_| {}), &BTreeMap::new());
    let area = of(&found, PERMISSION);
    assert_eq!(area.ability, Ability::NotYet);
    assert!(area.sentence.contains("c-000 (1 of 5)."), "{}", area.sentence);
    // Met by two repeats or, where the first stage leaves something open, by five: 1 − 0.8² to 1 − 0.8⁵.
    let blocked = area.blocked.unwrap();
    assert!(blocked.rate > 0.3 && blocked.rate < 0.75, "{blocked:?}");
    assert_eq!(found.itself.unwrap().by_forbidden, blocked.count);
}

#[test]
fn a_baseline_below_its_floor_is_told_so_and_a_part_of_one_is_not() {
    let policy = policy(|policy| policy["areas"]["task_success"]["floor"] = json!(0.9));
    let (baseline, none) = (baseline(60, mixed), BTreeMap::new());
    let found = asked(&baseline, &policy, &none);
    let task = of(&found, TASK);
    assert_eq!((task.floor, task.ability), (Some(0.9), Ability::NotYet));
    assert!(
        task.sentence.contains("is +0.75 on average, and the policy asks for at least +0.90."),
        "{}",
        task.sentence
    );
    let itself = found.itself.unwrap();
    assert!(itself.blocked.rate == 1.0 && itself.by_floor > 150, "{itself:?}");
    assert!(itself.sentence.contains("by a floor"), "{}", itself.sentence);

    let another = Slug::new("not-run").unwrap();
    let facts = Facts { workflow: "w".to_owned(), org: "o".to_owned(), guard: false };
    let part = asked(&baseline, &policy, &BTreeMap::from([(another, facts)]));
    assert_eq!(of(&part, TASK).floor, None);
    assert_eq!(part.itself.unwrap().by_floor, 0);
}

#[test]
fn cases_of_few_workflows_are_told_to_look_for_others() {
    let baseline = baseline(80, mixed);
    // All cases that vary lie in one of two workflows.
    let facts = baseline.cases.keys().enumerate().map(|(n, id)| {
        let workflow = if n % 4 == 3 { "a" } else { "b" }.to_owned();
        (id.clone(), Facts { workflow, org: "o".to_owned(), guard: false })
    });
    let found = asked(&baseline, &policy(|_| {}), &facts.collect());
    let task = of(&found, TASK);
    assert_eq!(task.ability, Ability::NotYet, "{task:?}");
    assert!(task.sentence.contains("too few workflows"), "{}", task.sentence);
}

#[test]
fn an_empty_baseline_can_judge_nothing() {
    let found = asked(&Baseline::default(), &policy(|_| {}), &BTreeMap::new());
    assert_eq!(found.headline, "There is nothing to judge with: the baseline has no case.");
    assert!(found.areas.iter().all(|area| area.ability != Ability::Gates));
}

#[test]
fn only_cases_born_from_corrections_are_guards() {
    let policy = policy(|policy| policy["areas"]["task_success"] = json!({"gate": "guard"}));
    let baseline = baseline(60, mixed);
    let facts = |guard: &str| {
        let id = Slug::new(guard).unwrap();
        BTreeMap::from([(id, Facts { workflow: "w".to_owned(), org: "o".to_owned(), guard: true })])
    };
    let solid = asked(&baseline, &policy, &facts("c-000"));
    assert_eq!((of(&solid, TASK).cases, of(&solid, TASK).ability), (1, Ability::Gates));
    let shaky = asked(&baseline, &policy, &facts("c-003"));
    assert!(of(&shaky, TASK).sentence.contains("fails what reviewers put right"), "{:?}", of(&shaky, TASK));
}

#[test]
fn ratios_say_what_they_can_see() {
    let policy = policy(|policy| {
        policy["areas"]["cost_and_latency"] = json!({"gate": "budget", "max_ratio": 1.25});
    });
    let mut baseline = baseline(60, mixed);
    for case in baseline.cases.values_mut() {
        case.wall_ms = vec![100.0, 110.0, 90.0, 105.0, 95.0];
    }
    let found = asked(&baseline, &policy, &BTreeMap::new());
    let [cost, latency] = found.budgets.as_slice() else { panic!("{:?}", found.budgets) };
    assert_eq!((cost.sees, cost.cases), (None, 0));
    assert!(latency.sees.is_some_and(|sees| sees > 1.25 && sees < 1.35), "{latency:?}");
}
