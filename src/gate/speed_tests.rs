//! How long a verdict takes. Not part of the other tests: `cargo test --release --lib gate::speed -- --ignored --nocapture`.

use std::time::{Duration, Instant};

use super::sample::{case, evidence, slug, varying};
use super::{Baseline, CaseBaseline, Judge};
use crate::domain::{Area, Trit};

/// A mark that depends on nothing but its place: a fifth of the cases are unsteady, and some of these fell.
fn mark(case: usize, area: Area, repeat: u32, now: bool) -> Trit {
    let drawn = blake3::hash(format!("{case} {area} {repeat} {now}").as_bytes()).as_bytes()[0];
    let steady = case % 5 != area.index() % 5;
    let bad = if now { 100 } else { 80 };
    if steady || drawn > bad { Trit::Useful } else { Trit::Incomplete }
}

/// The time of everything but making up the trials.
fn judged(cases: usize, repeats: u32) -> Duration {
    let accepted = |n: usize| CaseBaseline {
        repeats: 5,
        behaviours: 2,
        areas: Area::ALL.map(|area| (area, (1..=5).map(|repeat| mark(n, area, repeat, false)).collect())).into(),
        ..CaseBaseline::default()
    };
    let baseline = Baseline {
        source: "golden".into(),
        cases: (0..cases).map(|n| (slug(&format!("c-{n:05}")), accepted(n))).collect(),
    };
    let policy = varying(&[]);
    let mut judge = Judge::new(&policy, repeats, &baseline);
    let mut spent = Duration::ZERO;
    for n in 0..cases {
        for repeat in 1..=repeats {
            let marked = Area::ALL.into_iter().fold(case(&format!("c-{n:05}")), |sample, area| {
                sample.marked(area, mark(n, area, repeat, true).value())
            });
            let trial = marked.repeat(repeat).done();
            let started = Instant::now();
            judge.observe(&trial);
            spent += started.elapsed();
        }
    }
    let started = Instant::now();
    let evidence = super::Evidence { of: cases as u64, planned: cases as u64 * u64::from(repeats), ..evidence(&[]) };
    let verdict = judge.finish(&evidence);
    assert!(verdict.areas.iter().all(|area| area.test.is_some()));
    spent + started.elapsed()
}

#[test]
#[ignore = "measures; the figures are for people"]
fn a_verdict_on_500_cases_takes_under_a_second_and_on_10_000_under_twenty() {
    for (cases, repeats, most) in [(500, 5, 1.0), (500, 7, 1.0), (10_000, 5, 20.0)] {
        let took = judged(cases, repeats).as_secs_f64();
        println!("{cases} cases × 8 areas × {repeats} repeats: {took:.3} s");
        assert!(took < most, "{took} s");
    }
}
