//! What is simulated is what the gate does: both are given the same repeats of the same cases, and have to agree.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::json;

use super::rules;
use crate::domain::{Area, Policy, Trit};
use crate::gate::sample::{Repeated, Sample, baseline, case, evidence, held_against, repeated, slug, varying};
use crate::gate::{Baseline, Next, Stages};
use crate::stats::Tally;
use crate::stats::simulate::{AreaModel, Behaviour, Cause, Chances, Fate, Repeats, release};

/// As many repeats as any case is ever given.
const MOST: usize = 25;

/// A case in an area by all the marks that it would be given, however often it is repeated.
type Script = (Vec<i8>, Vec<i8>);

/// The same cases in every area.
type Suite<'s> = &'s [(Area, Vec<Script>)];

/// Repeats by script, and how many of each case were asked for.
struct Scripted<'s> {
    suite: Suite<'s>,
    asked: Vec<usize>,
}

impl Repeats for Scripted<'_> {
    fn accepted(&mut self, (area, case): (usize, usize), _: &Behaviour) -> Tally {
        tally(&self.suite[area].1[case].0)
    }

    fn candidate(&mut self, (area, case): (usize, usize), _: &Behaviour, had: u64, to: u64) -> Tally {
        self.asked[case] = self.asked[case].max(to as usize);
        tally(&self.suite[area].1[case].1[had as usize..to as usize])
    }
}

fn tally(marks: &[i8]) -> Tally {
    marks.iter().map(|&mark| Trit::try_from(mark).unwrap()).collect()
}

/// What the simulator makes of the scripts, and the repeats of each case that it took.
fn simulated(policy: &Policy, suite: Suite) -> (Vec<Fate>, Vec<usize>) {
    // The chances are never asked: the scripts have the repeats.
    let chances = Chances { minus: 0.0, plus: 0.0 };
    let area = |(area, scripts): &(Area, Vec<Script>)| {
        let rule = rules::of_area(policy, *area, scripts.len());
        let case = |(was, _): &Script| Behaviour {
            baseline: chances,
            repeats: was.len() as u64,
            candidate: chances,
            cluster: None,
            forbidden: rule.forbidden,
        };
        AreaModel { tested: rule.tested, cases: scripts.iter().map(case).collect() }
    };
    let areas: Vec<AreaModel> = suite.iter().map(area).collect();
    let mut scripted = Scripted { suite, asked: vec![0; suite[0].1.len()] };
    let fates = release(&areas, &rules::of(policy, policy.repeats.stage2), &mut scripted);
    (fates, scripted.asked)
}

/// What the gate makes of them: trials are added as its stages ask for them, then judged.
fn gated(policy: &Policy, suite: Suite) -> (u8, Vec<usize>) {
    let ids: Vec<_> = (0..suite[0].1.len()).map(|case| slug(&format!("c-{case:03}"))).collect();
    let mut repeats: BTreeMap<_, usize> = ids.iter().map(|id| (id.clone(), policy.repeats.stage1 as usize)).collect();
    let mut accepted = Baseline::default();
    for (area, scripts) in suite {
        let of_area: Vec<Repeated> =
            ids.iter().zip(scripts).map(|(id, (was, _))| repeated(id, *area, was, &[])).collect();
        for (id, case) in baseline(&of_area).cases {
            accepted.cases.entry(id).or_insert_with(|| case.clone()).areas.extend(case.areas);
        }
    }
    loop {
        let trial = |at: usize, repeat: usize| {
            let marked = suite.iter().map(|(area, scripts)| (*area, scripts[at].1[repeat]));
            marked.fold(case(&ids[at]).repeat(repeat as u32 + 1), |trial, (area, mark)| trial.marked(area, mark))
        };
        let run: Vec<Sample> =
            (0..ids.len()).flat_map(|at| (0..repeats[&ids[at]]).map(move |repeat| trial(at, repeat))).collect();
        let mut stages = Stages::new(policy, &accepted, &[]);
        run.iter().for_each(|trial| stages.observe(&trial.done()));
        match stages.next() {
            Next::Done => {
                let verdict = held_against(&accepted, policy, &run, &evidence(&run));
                return (verdict.exit, repeats.into_values().collect());
            }
            Next::Repeat { to, cases } => repeats.extend(cases.into_iter().map(|case| (case, to as usize))),
            Next::Rerun(cases) => repeats.extend(cases.into_iter().map(|(case, to)| (case, to as usize))),
        }
    }
}

/// A case of a kind: steady, dead now, varying alike before and now, varying and worse now; so many of each.
fn script((varies, dies, worsens): (u32, u32, u32)) -> impl Strategy<Value = Script> {
    let marks = |weights: [u32; 3], n: usize| {
        let mark = prop_oneof![weights[0] => Just(-1i8), weights[1] => Just(0i8), weights[2] => Just(1i8)];
        prop::collection::vec(mark, n)
    };
    prop_oneof![
        40 => (Just(vec![1; 5]), Just(vec![1; MOST])),
        varies => (marks([1, 1, 4], 5), marks([1, 1, 4], MOST)),
        dies => (Just(vec![1; 5]), Just(vec![-1; MOST])),
        worsens => (marks([0, 1, 9], 5), marks([2, 1, 3], MOST)),
    ]
}

fn kinds() -> impl Strategy<Value = (u32, u32, u32)> {
    (1u32..7, 0u32..3, 0u32..6)
}

fn scripts() -> impl Strategy<Value = Vec<Script>> {
    kinds().prop_flat_map(|kinds| prop::collection::vec(script(kinds), 8..120))
}

/// Of cases that are marked in two areas.
fn scripts_of_two() -> impl Strategy<Value = Vec<(Script, Script)>> {
    (kinds(), kinds()).prop_flat_map(|(one, other)| prop::collection::vec((script(one), script(other)), 8..120))
}

fn check(policy: &Policy, suite: Suite) -> Result<(), TestCaseError> {
    let (fates, asked) = simulated(policy, suite);
    let (exit, ran) = gated(policy, suite);
    let any = |is: fn(&Fate) -> bool| fates.iter().any(is);
    let expected = match () {
        () if any(|fate| matches!(fate, Fate::Failed(_))) => 1,
        () if any(|fate| *fate == Fate::Undecided) => 6,
        () => 0,
    };
    prop_assert_eq!(exit, expected, "{:?} after {:?} repeats, and {:?}", fates, asked, ran);
    // What is forbidden may be met while others are still asked.
    if !any(|fate| *fate == Fate::Failed(Cause::Forbidden)) {
        prop_assert_eq!(asked, ran);
    }
    Ok(())
}

fn policy(change: &[(&str, serde_json::Value)]) -> Policy {
    varying(&[&[("/interval", json!({"cluster_by": "none"}))], change].concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_simulator_decides_on_the_same_repeats_as_the_gate_does(scripts in scripts()) {
        check(&policy(&[]), &[(Area::TaskSuccess, scripts)])?;
    }

    #[test]
    fn the_simulator_decides_on_several_areas_as_the_gate_does(cases in scripts_of_two()) {
        let (one, other): (Vec<Script>, Vec<Script>) = cases.into_iter().unzip();
        let non_inferiority = json!({"gate": "non_inferiority"});
        let policy = policy(&[("/areas/evidence_quality", non_inferiority)]);
        check(&policy, &[(Area::TaskSuccess, one), (Area::EvidenceQuality, other)])?;
    }

    #[test]
    fn the_simulator_runs_no_case_again_more_often_than_the_gate_does(scripts in scripts(), most in 5u32..12) {
        check(&policy(&[("/case_break", json!({"max_repeats": most}))]), &[(Area::TaskSuccess, scripts)])?;
    }

    #[test]
    fn the_simulator_knows_the_floor_that_the_gate_knows(scripts in scripts(), floor in 0.6f64..1.0) {
        let area = json!({"gate": "non_inferiority", "floor": floor});
        check(&policy(&[("/areas/task_success", area)]), &[(Area::TaskSuccess, scripts)])?;
    }

    #[test]
    fn the_simulator_forbids_what_the_gate_forbids(scripts in scripts()) {
        let zero = json!({"gate": "zero_tolerance"});
        check(&policy(&[("/areas/escalation_behavior", zero)]), &[(Area::EscalationBehavior, scripts)])?;
    }
}
