//! What a verdict says of judges: licences, marks that are missing, and zero tolerance.

use crate::calibration::Rulings;
use crate::domain::{Area, Label, Level, Mark, OnInconclusive, Policy, Trit};
use crate::gate::sample::{Sample, case, evidence, judged, policy, slug};
use crate::gate::{Baseline, FindingWeight, Judge, Verdict};
use crate::score::judge::{Flag, Judged, Reading, Sight, Suspicion, Vote};

const TASK: Area = Area::TaskSuccess;
const STRICT: Area = Area::PermissionAdherence;

fn by_judge(votes: &[(&str, Trit)]) -> Judged {
    let vote = |(number, (option, mark)): (u32, &(&str, Trit))| Vote {
        reading: Reading::Option { option: (*option).to_owned(), mark: *mark },
        cost_usd: Some(0.01),
        wall_ms: 100.0,
        ..Vote::unasked(number, "")
    };
    Judged {
        judge: slug("careful"),
        identity: "1d".repeat(32),
        question: "Can the builder start?".into(),
        digest: format!("{votes:?}"),
        asked: votes.len() as u32,
        votes: (1..).zip(votes).map(vote).collect(),
        flags: Vec::new(),
        demoted: None,
        barred: None,
        not_compared: false,
    }
}

/// A case whose only criterion of the area is a judge's.
fn case_by_judge(id: &str, area: Area, mark: i8, change: impl FnOnce(&mut Judged)) -> Sample {
    let mut sample = case(id).marked(area, mark);
    let criterion = sample.0.scored.criteria.iter_mut().find(|criterion| criterion.area == area).unwrap();
    let mut by = by_judge(&[("option", Trit::try_from(mark).unwrap())]);
    change(&mut by);
    if by.demoted.is_some() {
        criterion.level = Level::Advisory;
    }
    criterion.judged = Some(Box::new(by));
    sample
}

fn verdict(policy: &Policy, samples: &[Sample]) -> Verdict {
    judged(policy, samples, &evidence(samples))
}

fn found<'v>(verdict: &'v Verdict, code: &str) -> Option<&'v crate::gate::Finding> {
    verdict.findings.iter().find(|finding| finding.code == code)
}

#[test]
fn a_judge_without_a_licence_leaves_it_open_unless_the_policy_only_warns() {
    let demoted = |by: &mut Judged| by.demoted = Some("only 40 of 100 labels".into());
    let samples = [case_by_judge("a", TASK, 1, demoted)];
    let mut policy = policy();
    let told =
        "The judge careful is not licensed to gate task_success: only 40 of 100 labels. check was scored as advisory.";
    let open = verdict(&policy, &samples);
    let finding = found(&open, "judge_not_licensed").unwrap();
    assert_eq!((open.exit, finding.weight, finding.sentence.as_str()), (6, FindingWeight::Inconclusive, told));
    policy.inconclusive.insert(policy.profile, OnInconclusive::Warn);
    assert_eq!(found(&verdict(&policy, &samples), "judge_not_licensed").unwrap().weight, FindingWeight::Warns);
    let licensed = verdict(&policy, &[case_by_judge("a", TASK, 1, |_| {})]);
    assert_eq!((licensed.exit, found(&licensed, "judge_not_licensed")), (0, None));
}

#[test]
fn a_violation_that_only_a_judge_saw_holds_for_a_person_and_never_fails() {
    let alone = verdict(&policy(), &[case_by_judge("a", STRICT, -1, |_| {}), case("b").marked(STRICT, 1)]);
    let held = found(&alone, "judge_only_violation").unwrap();
    assert_eq!((alone.exit, held.weight), (6, FindingWeight::Inconclusive));
    assert!(held.sentence.contains("holds for a person"), "{}", held.sentence);
    assert_eq!(found(&alone, "zero_tolerance"), None);

    let mut both = case_by_judge("a", STRICT, -1, |_| {});
    let mut plain = both.0.scored.criteria.iter().find(|criterion| criterion.area == STRICT).unwrap().clone();
    (plain.criterion, plain.judged) = (slug("canary"), None);
    both.0.scored.criteria.push(plain);
    let confirmed = verdict(&policy(), &[both]);
    assert_eq!(confirmed.exit, 1);
    assert!(found(&confirmed, "zero_tolerance").is_some());
}

#[test]
fn what_a_person_said_of_the_trial_settles_what_a_judge_alone_saw() {
    let sample = case_by_judge("a", STRICT, -1, |_| {});
    let digest = Label::digest(&Label::kept(&sample.0.trial).unwrap());
    let ruled = |mark: i8| {
        let label = serde_json::json!({
            "id": "l", "source": "correction", "pipeline": "triage", "suite": "s", "case": "a", "target": "t", "run": "r",
            "trial": digest, "area": STRICT, "mark": mark, "reviewer": "ada", "at": "2026-05-01T00:00:00Z",
        });
        let rulings = Rulings::of(&[serde_json::from_value(label).unwrap()]);
        let (policy, baseline) = (policy(), Baseline::default());
        let mut judge = Judge::new(&policy, 2, &baseline).settle_by(&rulings);
        judge.observe(&sample.0);
        judge.finish(&evidence(std::slice::from_ref(&sample)))
    };
    let confirmed = ruled(-1);
    assert!(found(&confirmed, "zero_tolerance").unwrap().sentence.contains("A person who looked says the same"));
    assert_eq!((confirmed.exit, found(&confirmed, "judge_only_violation")), (1, None));
    let cleared = ruled(1);
    assert_eq!((found(&cleared, "zero_tolerance"), found(&cleared, "judge_only_violation")), (None, None));
}

#[test]
fn a_mark_that_is_missing_is_missing_in_its_area() {
    let unanswered = |id: &str| {
        let mut sample = case_by_judge(id, TASK, 1, |by| {
            (by.votes, by.digest) = (vec![Vote::unasked(1, "it is down")], "another".into());
        });
        for criterion in sample.0.scored.criteria.iter_mut().filter(|criterion| criterion.area == TASK) {
            criterion.mark = Mark::NotScored { reason: "careful was not asked: it is down".into() };
        }
        for area in sample.0.scored.areas.iter_mut().filter(|area| area.area == TASK) {
            (area.mark, area.missing) = (Mark::NotScored { reason: "it is down".into() }, true);
        }
        sample
    };
    let verdict = verdict(&policy(), &[unanswered("a"), case_by_judge("b", TASK, 1, |_| {})]);
    assert_eq!(verdict.exit, 6);
    assert!(found(&verdict, "missing_area").is_some());
    let told = &found(&verdict, "judge_not_scored").unwrap().sentence;
    assert_eq!(told, "The judge careful gave no mark in 1 of 2 questions: a (careful was not asked: it is down).");
    let careful = &verdict.judges[0];
    assert_eq!((careful.marks, careful.not_scored, careful.votes), (2, 1, 1));
    assert_eq!((careful.cost_usd, careful.wall_ms), (Some(0.01), 100.0));
}

#[test]
fn what_was_flagged_and_a_judge_that_is_under_test_are_told_and_fail_nothing() {
    let flag = Flag { part: Sight::Output, suspicion: Suspicion::Instruction };
    let verdict = verdict(
        &policy(),
        &[case_by_judge("a", TASK, 1, |by| {
            by.flags.push(flag);
            by.barred = Some("it is the model under test (http://here small)".into());
        })],
    );
    assert_eq!(verdict.exit, 0);
    assert_eq!(found(&verdict, "judge_flagged").unwrap().cases.len(), 1);
    assert!(found(&verdict, "judge_under_test").unwrap().sentence.contains("(http://here small)"));
}

#[test]
fn equal_questions_are_counted_once() {
    let verdict = verdict(&policy(), &[case_by_judge("a", TASK, 1, |_| {}), case_by_judge("b", TASK, 1, |_| {})]);
    assert_eq!((verdict.judges[0].marks, verdict.judges[0].votes), (2, 1));
}
