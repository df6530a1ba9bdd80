//! A policy as the numbers that a simulated release is judged by.

use crate::domain::{Area, AreaGate, ClusterBy, Margin, Multiplicity, Policy, Trit};
use crate::power::{Facts, Question};
use crate::stats::mean;
use crate::stats::simulate::{Adjust, AreaRule, BreakRule, Rules, Stage, Tested};

/// The rules for a candidate with `repeats` in all.
pub fn of(policy: &Policy, repeats: u32) -> Rules {
    let [first, last] = policy.repeats.alpha;
    let last = Stage { repeats: u64::from(repeats), alpha: last };
    let stages = match policy.repeats.stage1 {
        stage1 if stage1 < repeats => vec![Stage { repeats: u64::from(stage1), alpha: first }, last],
        _ => vec![last],
    };
    Rules {
        stages,
        adjust: match policy.multiplicity.gating {
            Multiplicity::Holm => Adjust::Holm,
            Multiplicity::Bonferroni => Adjust::Bonferroni,
        },
        case_break: policy.case_break.enabled.then(|| BreakRule {
            alpha: policy.case_break.alpha,
            max_repeats: u64::from(policy.case_break.max_repeats),
        }),
        conf: policy.interval.conf,
    }
}

/// What an area of the baseline with so many cases is held to.
pub fn of_baseline(question: &Question, area: Area, cases: usize) -> AreaRule {
    let mut rule = of_area(question.policy, area, cases);
    if let Some(tested) = rule.tested.as_mut().filter(|_| !question.is_whole()) {
        tested.floor = None;
    }
    rule
}

/// What an area with so many cases is held to in a run of the whole project. Areas in which something is forbidden are tested besides: a fall there
/// is one that nobody accepted.
pub fn of_area(policy: &Policy, area: Area, cases: usize) -> AreaRule {
    let listed = policy.areas.get(&area).filter(|rules| rules.gate.holds());
    let tested = listed.map(|rules| {
        let may_not_fall = rules.gate == AreaGate::NonInferiority;
        Tested {
            min_drop: rules.least_drop(),
            margin: may_not_fall.then(|| margin(rules.margin.unwrap_or_default(), cases)),
            floor: rules.floor.filter(|_| may_not_fall),
        }
    });
    let forbidden = match policy.gate(area) {
        _ if policy.forbids_harm(area) => Some(Trit::Harmful),
        AreaGate::Guard => Some(Trit::Incomplete),
        AreaGate::NonInferiority | AreaGate::ZeroTolerance | AreaGate::Budget | AreaGate::Advisory => None,
    };
    AreaRule { tested, forbidden }
}

/// The margin over so many cases.
fn margin(margin: Margin, cases: usize) -> f64 {
    match margin {
        Margin::Auto => mean::auto_margin(cases),
        Margin::Of(margin) => margin,
    }
}

/// From so many cases on, this margin.
fn steps(margin: Margin) -> Vec<(u64, f64)> {
    match margin {
        Margin::Auto => mean::AUTO_MARGINS.iter().map(|(from, margin)| (*from as u64, *margin)).collect(),
        Margin::Of(margin) => vec![(0, margin)],
    }
}

/// The fewest cases that are enough for the margin which holds over as many; `enough` says how many a margin takes.
pub fn cases_for(policy: &Policy, area: Area, enough: impl Fn(f64) -> Option<u64>) -> Option<u64> {
    let steps = steps(policy.areas.get(&area).and_then(|rules| rules.margin).unwrap_or_default());
    let ends = steps.iter().skip(1).map(|(from, _)| *from).chain([u64::MAX]);
    steps.iter().zip(ends).find_map(|((from, margin), end)| {
        let cases = enough(*margin)?.max(*from);
        (cases < end).then_some(cases)
    })
}

/// What a case has in common with others under the policy.
pub fn cluster<'f>(policy: &Policy, facts: &'f Facts) -> Option<&'f str> {
    match policy.interval.cluster_by {
        ClusterBy::Workflow => Some(&facts.workflow),
        ClusterBy::Org => Some(&facts.org),
        ClusterBy::None => None,
    }
}
