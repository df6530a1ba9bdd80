//! Comparisons as a whole.

use super::sample::{Sample, run, slug};
use super::{AreaChange, Compared, Marks, Outcome, Regime, Side, SliceBy, compare, effect};
use crate::domain::{Area, CaseKind, Slug, Suite, Trit};
use crate::event::{Answers, RunState};
use crate::golden::SnapshotInfo;

const ALL: [SliceBy; 4] = [SliceBy::Kind, SliceBy::Tag, SliceBy::Pipeline, SliceBy::Org];

fn of(then: &Sample, now: &Sample) -> Compared {
    compare(&then.side(), &now.side(), &ALL)
}

fn task_success(compared: &Compared) -> &AreaChange {
    &compared.areas[0]
}

fn marks(marks: &[i8]) -> Vec<Option<i8>> {
    marks.iter().copied().map(Some).collect()
}

fn names(slugs: &[Slug]) -> Vec<&str> {
    slugs.iter().map(Slug::as_str).collect()
}

/// Two runs with all that can differ: unequal repeats, unsteady cases, orgs, costs.
fn two() -> (Sample, Sample) {
    let then = run("run-a")
        .case_of("quay", "a", &marks(&[1, 1, 1, 1, 1]))
        .case_of("mole", "b", &marks(&[1, 0]))
        .case_of("quay", "c", &marks(&[0, 0, 0]))
        .case_of("mole", "d", &marks(&[1, 1, 1]))
        .case_of("quay", "e", &[Some(1), None])
        .took(100.0, Some(0.01));
    let now = run("run-b")
        .case_of("quay", "a", &marks(&[-1, -1, -1, -1, -1, -1]))
        .case_of("mole", "b", &marks(&[1, 1, 1]))
        .case_of("quay", "c", &marks(&[1, 1]))
        .case_of("mole", "d", &marks(&[1, 1, -1]))
        .case_of("quay", "e", &[None])
        .took(150.0, Some(0.02));
    (then, now)
}

#[test]
fn swapping_the_runs_turns_every_number_over() {
    let (then, now) = two();
    let (there, back) = (of(&then, &now), of(&now, &then));
    let (a, b) = (task_success(&there), task_success(&back));
    assert_eq!((a.then, a.now), (b.now, b.then));
    assert!((a.change.unwrap() + b.change.unwrap()).abs() < 1e-12);
    let (p, q) = (a.chance.unwrap(), b.chance.unwrap());
    assert!((p.p_worse - q.p_better).abs() < 1e-12 && (p.p_better - q.p_worse).abs() < 1e-12);
    let (x, y) = (a.bounds.unwrap(), b.bounds.unwrap());
    assert!((x.lower + y.upper).abs() < 1e-12 && (x.upper + y.lower).abs() < 1e-12, "{x:?} {y:?}");
    assert_eq!((&a.broke, &a.fixed, &a.unsteady, &a.steadied), (&b.fixed, &b.broke, &b.steadied, &b.unsteady));
    for row in 0..3 {
        for column in 0..3 {
            assert_eq!(a.transitions[row][column], b.transitions[column][row]);
        }
    }
    assert_eq!((a.marked_only_then, a.marked_only_now), (b.marked_only_now, b.marked_only_then));
    let (r, s) = (there.budget.latency.ratio.unwrap(), back.budget.latency.ratio.unwrap());
    assert!((r.ratio * s.ratio - 1.0).abs() < 1e-12);
    for (slice, mirror) in there.slices.iter().zip(&back.slices) {
        assert!((slice.areas[0].change + mirror.areas[0].change).abs() < 1e-12);
    }
}

#[test]
fn a_case_counts_once_however_often_each_run_repeated_it() {
    let then = run("run-a").case("a", &marks(&[1, 1, 1, 1])).case("b", &marks(&[0]));
    let now = run("run-b").case("a", &marks(&[0])).case("b", &marks(&[0, 0, 0, 0, 0]));
    let compared = of(&then, &now);
    let area = task_success(&compared);
    assert_eq!((area.cases, area.then, area.now, area.change), (2, Some(0.5), Some(0.0), Some(-0.5)));
}

#[test]
fn cases_stand_in_the_matrix_by_their_worst_repeat() {
    let (then, now) = two();
    let compared = of(&then, &now);
    let area = task_success(&compared);
    assert_eq!(area.transitions, [[0, 0, 0], [0, 0, 2], [2, 0, 0]]);
    assert_eq!((names(&area.broke), names(&area.fixed)), (vec!["a"], vec!["c"]));
    assert_eq!((names(&area.unsteady), names(&area.steadied)), (vec!["d"], vec!["b"]));
}

#[test]
fn a_mark_that_is_missing_on_a_side_is_counted_and_is_no_zero() {
    let (then, now) = two();
    let compared = of(&then, &now);
    let area = task_success(&compared);
    assert_eq!((area.cases, area.marked_only_then, area.marked_only_now), (4, 1, 0));
    assert!(area.sentence.contains("1 case marked in one run only"), "{}", area.sentence);
}

#[test]
fn runs_without_a_case_in_common_are_not_compared() {
    let compared = of(&run("run-a").case("a", &marks(&[1])), &run("run-b").case("b", &marks(&[1])));
    assert_eq!(compared.outcome, Outcome::NothingInCommon);
    assert_eq!((names(&compared.left_out.only_then), names(&compared.left_out.only_now)), (vec!["a"], vec!["b"]));
    assert!(compared.headline.starts_with("Nothing was compared"), "{}", compared.headline);
    let empty = of(&run("run-a"), &run("run-b"));
    assert_eq!((empty.outcome, empty.cases), (Outcome::NothingInCommon, 0));
}

#[test]
fn a_case_in_common_without_a_mark_in_common_is_nothing_compared() {
    let compared = of(&run("run-a").case("a", &marks(&[1])), &run("run-b").case("a", &[None]));
    assert_eq!((compared.outcome, compared.cases), (Outcome::NothingInCommon, 1));
}

#[test]
fn rules_have_raw_differences_and_never_a_p_value() {
    let then = run("run-a").kind("rules").case("a", &marks(&[1])).case("b", &marks(&[1]));
    let now = run("run-b").kind("rules").case("a", &marks(&[-1])).case("b", &marks(&[1]));
    let compared = of(&then, &now);
    let area = task_success(&compared);
    assert_eq!(compared.regime, Regime::Deterministic);
    assert_eq!((area.chance, area.bounds), (None, None));
    assert_eq!(compared.headline, "Fell: task_success in 1 of 2 cases.");
    assert_eq!(names(&area.broke), ["a"]);
}

#[test]
fn a_replay_is_deterministic_and_rules_whose_repeats_disagree_are_not() {
    let mut then = run("run-a").case("a", &marks(&[1])).case("b", &marks(&[1]));
    let now = run("run-b").kind("noop").case("a", &marks(&[1])).case("b", &marks(&[1]));
    assert_eq!(of(&then, &now).regime, Regime::Stochastic);
    then.meta.answers = Answers::Replayed;
    assert_eq!(of(&then, &now).regime, Regime::Deterministic);
    let unsteady = run("run-b").kind("rules").case("a", &marks(&[1, -1]));
    assert_eq!(of(&then, &unsteady).regime, Regime::Stochastic);
}

#[test]
fn one_answer_of_one_case_says_nothing_about_chance() {
    let compared = of(&run("run-a").case("a", &marks(&[1])), &run("run-b").case("a", &marks(&[-1])));
    let area = task_success(&compared);
    assert_eq!((compared.regime, area.chance), (Regime::Stochastic, None));
    assert!(area.sentence.contains("untested"), "{}", area.sentence);
}

#[test]
fn no_evidence_of_a_fall_is_not_told_as_proof_of_none() {
    let cases = |sample: Sample| ["a", "b", "c"].iter().fold(sample, |sample, id| sample.case(id, &marks(&[1, 1])));
    let compared = of(&cases(run("run-a")), &cases(run("run-b")));
    assert!(compared.headline.contains("not proof that nothing fell"), "{}", compared.headline);
}

#[test]
fn a_fall_that_chance_does_not_explain_is_told_with_its_p() {
    let ids: Vec<String> = (0..12).map(|i| format!("case-{i}")).collect();
    let cases = |sample: Sample, mark: i8| ids.iter().fold(sample, |sample, id| sample.case(id, &marks(&[mark, mark])));
    let compared = of(&cases(run("run-a"), 1), &cases(run("run-b"), 0));
    assert!(compared.headline.starts_with("task_success fell by 1.00 over 12 cases (p "), "{}", compared.headline);
}

#[test]
fn a_dead_case_among_steady_ones_is_proven_with_enough_repeats() {
    let steady = |sample: Sample| ["b", "c"].iter().fold(sample, |sample, id| sample.case(id, &marks(&[1; 6])));
    let then = steady(run("run-a").case("a", &marks(&[1; 6])));
    let now = steady(run("run-b").case("a", &marks(&[-1; 6])));
    let compared = of(&then, &now);
    assert_eq!(names(&task_success(&compared).proven), ["a"]);
    assert!(compared.headline.contains("a broke in task_success beyond chance"), "{}", compared.headline);
}

#[test]
fn few_orgs_are_told() {
    let (then, now) = two();
    let compared = of(&then, &now);
    let bounds = task_success(&compared).bounds.unwrap();
    assert_eq!((bounds.orgs, bounds.few_orgs), (Some(2), true));
    assert!(compared.notes.iter().any(|note| note.contains("2 orgs")), "{:?}", compared.notes);
    let one_org = of(&run("run-a").case("a", &marks(&[1, 1])), &run("run-b").case("a", &marks(&[1, 1])));
    assert_eq!(task_success(&one_org).bounds.unwrap().orgs, None);
}

#[test]
fn two_models_in_a_run_leave_numbers_and_no_claim() {
    let then = run("run-a").case("a", &marks(&[1])).by("m-1").case("b", &marks(&[1])).by("m-2");
    let now = run("run-b").case("a", &marks(&[-1])).by("m-1").case("b", &marks(&[-1])).by("m-1");
    let compared = of(&then, &now);
    let area = task_success(&compared);
    assert_eq!((compared.outcome, area.change), (Outcome::Inconclusive, Some(-2.0)));
    assert_eq!((area.chance, area.bounds), (None, None));
    assert!(compared.headline.contains("several models (m-1 in 1 trial, m-2 in 1 trial)"), "{}", compared.headline);
}

#[test]
fn a_run_that_did_not_end_leaves_no_claim() {
    let mut now = run("run-b").case("a", &marks(&[1]));
    now.state = RunState::Stopped { reason: "the budget is spent".into() };
    let compared = of(&run("run-a").case("a", &marks(&[1])), &now);
    assert_eq!(compared.outcome, Outcome::Inconclusive);
    assert!(compared.headline.contains("run run-b was stopped (the budget is spent)"), "{}", compared.headline);
}

#[test]
fn a_case_that_asks_something_else_is_left_out_and_a_new_title_is_not_that() {
    let then = run("run-a").case("a", &marks(&[1])).case("b", &marks(&[1])).case("c", &marks(&[1]));
    let now = run("run-b")
        .case("a", &marks(&[1]))
        .edit(|case| case.request.intake_payload.body = "other".into())
        .case("b", &marks(&[1]))
        .edit(|case| case.title = "other".into())
        .case("c", &marks(&[1]))
        .edit(|case| drop(case.expect.insert("risk".into(), "low".into())));
    let compared = of(&then, &now);
    assert_eq!((names(&compared.left_out.changed), compared.cases), (vec!["a", "c"], 1));
    let rescored = compare(&then.marked(Marks::Rescored), &now.marked(Marks::Rescored), &[]);
    assert_eq!(names(&rescored.left_out.changed), ["a"], "one yardstick for both: expectations are today's");
}

#[test]
fn a_renamed_case_is_found_from_either_side() {
    let then = run("run-a").case("old", &marks(&[1]));
    let now = run("run-b").case("new", &marks(&[0])).edit(|case| case.moved_from = vec![slug("old")]);
    for compared in [of(&then, &now), of(&now, &then)] {
        assert_eq!((compared.cases, compared.left_out.only_then.len(), compared.left_out.only_now.len()), (1, 0, 0));
    }
}

#[test]
fn what_moved_is_told_with_its_role_and_doubts_are_in_the_headline() {
    let then = run("run-a").kind("rules").case("a", &marks(&[1]));
    let mut now = run("run-b").kind("rules").case("a", &marks(&[0, 0, 0]));
    now.meta.digests.insert("rubrics".into(), "cc".into());
    now.meta.digests.insert("target".into(), "dd".into());
    let compared = of(&then, &now);
    let parts: Vec<&str> = compared.moved.iter().map(|moved| moved.part).collect();
    assert_eq!(parts, ["settings", "rubrics", "repeats"]);
    assert!(compared.headline.contains("But rubrics moved too"), "{}", compared.headline);
    let rescored = compare(&then.marked(Marks::Rescored), &now.marked(Marks::Rescored), &[]);
    assert!(!rescored.headline.contains("But"), "{}", rescored.headline);
}

#[test]
fn repeats_are_those_that_ran() {
    let (then, now) = two();
    let compared = of(&then, &now);
    let repeats = compared.moved.iter().find(|moved| moved.part == "repeats").unwrap();
    assert_eq!((repeats.then.as_str(), repeats.now.as_str()), ("2 to 5", "1 to 6"));
    assert_eq!(
        (compared.then.repeats, compared.then.most_repeats, compared.then.repeats_told()),
        (2, 5, "2 to 5".into())
    );
    let mut planned = run("run-a").case("a", &marks(&[1]));
    planned.meta.repeats = 4;
    assert_eq!(of(&planned, &run("run-b").case("a", &marks(&[1]))).moved, []);
}

#[test]
fn what_was_accepted_has_the_repeats_the_costs_and_the_times_of_its_snapshots() {
    let sample = run("run-a").case("a", &marks(&[1, 1])).took(100.0, Some(0.01));
    let case = sample.results[0].case.clone();
    let accepted = |cost_usd: Vec<f64>| {
        let info = SnapshotInfo { wall_ms: vec![50.0, 150.0, 250.0], cost_usd, ..SnapshotInfo::default() };
        let (pipeline, name) = (slug("triage"), slug("suite"));
        let suite = Suite {
            pipeline,
            name,
            kind: CaseKind::GoldenRequest,
            about: None,
            world: None,
            cases: vec![case.clone()],
        };
        let mut side = Side::of_accepted("golden".into(), sample.meta.clone());
        let marked = std::collections::BTreeMap::from([(Area::TaskSuccess, Trit::Useful)]);
        side.accept((&suite, &case), &[Area::TaskSuccess], &[marked.clone(), marked.clone(), marked], &info);
        compare(&side, &sample.side(), &[])
    };
    let compared = accepted(vec![0.01, 0.02, 0.03]);
    assert_eq!(compared.then.repeats_told(), "3");
    let budget = &compared.budget;
    assert_eq!((budget.latency.then, budget.cost.then, budget.cost.now), (Some(150.0), Some(0.02), Some(0.01)));
    // Where a price was unknown the snapshot holds no costs.
    assert_eq!(accepted(vec![]).budget.cost.unknown, 1);
}

#[test]
fn nothing_under_test_moved_is_told() {
    let same = |id| run(id).case("a", &marks(&[1]));
    let compared = of(&same("run-a"), &same("run-b"));
    assert_eq!(compared.moved, []);
    assert!(compared.notes[0].starts_with("Nothing under test moved"), "{:?}", compared.notes);
}

#[test]
fn an_unknown_cost_stays_unknown_and_latency_has_a_ratio() {
    let ids = ["a", "b", "c", "d", "e"];
    let cases = |sample: Sample| ids.iter().fold(sample, |sample, id| sample.case(id, &marks(&[1])));
    let then = cases(run("run-a")).took(100.0, Some(0.01));
    let compared = of(&then, &cases(run("run-b")).took(200.0, None));
    let cost = &compared.budget.cost;
    assert_eq!((cost.cases, cost.unknown, cost.then, cost.ratio), (0, 5, None, None));
    assert_eq!(cost.sentence, "The cost is not known in both runs for any case.");
    let latency = compared.budget.latency.ratio.unwrap();
    assert!((latency.ratio - 2.0).abs() < 1e-9 && latency.lower.is_some() && latency.upper.is_some());
}

#[test]
fn slices_say_how_few_they_are() {
    let (then, now) = two();
    let compared = of(&then, &now);
    let values: Vec<(&str, u64, bool)> =
        compared.slices.iter().map(|slice| (slice.value.as_str(), slice.cases, slice.areas[0].few)).collect();
    let expected =
        [("golden_request", 5, true), ("plain", 5, true), ("triage", 5, true), ("mole", 2, true), ("quay", 3, true)];
    assert_eq!(values, expected);
    assert_eq!(compared.slices[4].areas[0].cases, 2, "a case without a mark on a side is in no mean");
}

#[test]
fn what_the_rubrics_alone_did_is_told_apart() {
    let (stored, again) = (run("run-a").case("a", &marks(&[1])), run("run-a").case("a", &marks(&[0])));
    let (before, after) = (stored.side(), again.marked(Marks::Rescored));
    let told = effect((&before, &after), (&before, &before));
    assert_eq!(told.areas.len(), 1);
    let (then, now) = (told.areas[0].then.as_ref().unwrap(), told.areas[0].now.as_ref().unwrap());
    assert_eq!((then.change, names(&then.moved), now.change), (-1.0, vec!["a"], 0.0));
    assert!(told.sentence.contains("task_success by -1.00 in the first run (1 of 1 case)"), "{}", told.sentence);
}
