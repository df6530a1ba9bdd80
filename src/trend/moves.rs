//! What else changed from one period to the next, and where a series itself did.

use crate::history::RunLine;
use crate::stats::chart::{cusum, p_chart, pettitt};

use super::stand::Sum;

/// A part of a run that may be another one, by the name of its digest.
struct Part {
    digest: &'static str,
    name: &'static str,
    /// Whether marks before and after are not of the same cases, or not by the same measure.
    breaks: bool,
}

const PARTS: [Part; 7] = [
    Part { digest: "target", name: "agent", breaks: false },
    Part { digest: "pipelines", name: "prompts", breaks: false },
    Part { digest: "policy", name: "policy", breaks: false },
    Part { digest: "suites", name: "suites", breaks: true },
    Part { digest: "worlds", name: "worlds", breaks: true },
    Part { digest: "rubrics", name: "rubrics", breaks: true },
    Part { digest: "judge", name: "judge", breaks: true },
];

/// From a period on something else was tested, or by something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// Place of the period.
    pub at: usize,
    pub parts: Vec<&'static str>,
    /// Whether only common cases can be compared across it.
    pub breaks: bool,
}

/// What differs between two runs.
pub fn moved(then: &RunLine, now: &RunLine, at: usize) -> Option<Moved> {
    let differs = |part: &&Part| then.digests.get(part.digest) != now.digests.get(part.digest);
    let found: Vec<&Part> = PARTS.iter().filter(differs).collect();
    let model = then.model.is_some() && now.model.is_some() && then.model != now.model;
    let mut parts: Vec<&str> = found.iter().map(|part| part.name).collect();
    parts.extend(model.then_some("model"));
    let breaks = found.iter().any(|part| part.breaks);
    (!parts.is_empty()).then_some(Moved { at, parts, breaks })
}

/// What differs between two runs so that their marks are not by the same measure. Suites grow: the cases that both have
/// are compared all the same.
pub fn breaking(then: &RunLine, now: &RunLine) -> Vec<&'static str> {
    let measures = |part: &&Part| part.breaks && part.digest != "suites";
    let differs = |part: &&Part| measures(part) && then.digests.get(part.digest) != now.digests.get(part.digest);
    PARTS.iter().filter(differs).map(|part| part.name).collect()
}

/// A change of level that several methods agree on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Confirmed {
    /// Place of the first period after it.
    pub at: usize,
    /// Means of the periods before and after.
    pub from: f64,
    pub to: f64,
    /// Of Pettitt's test.
    pub p: f64,
}

/// Of Pettitt's test.
const ALPHA: f64 = 0.05;
/// Limits of the p-chart in standard deviations; allowance and limit of the CUSUM.
const SIGMA: f64 = 3.0;
const ALLOWANCE: f64 = 0.5;
const LIMIT: f64 = 5.0;

/// The change in a row of comparable periods, if Pettitt's test finds one and a control chart, whose reference is what was
/// before, alarms after it: the p-chart of cases at -1, or the CUSUM of means, of which a reference that never varied
/// alarms at any other value. `row` holds places of periods and their sums.
pub fn confirmed(row: &[(usize, &Sum)]) -> Option<Confirmed> {
    let row: Vec<(usize, f64, (u64, u64))> =
        row.iter().filter_map(|(at, sum)| Some((*at, sum.mean?, (sum.harmful_cases, sum.cases as u64)))).collect();
    let values: Vec<f64> = row.iter().map(|(_, mean, _)| *mean).collect();
    let found = pettitt(&values).filter(|found| found.p < ALPHA)?;
    let after = found.last_before + 1;
    let (before, later) = (values.get(..after)?, values.get(after..)?);
    let rates: Vec<(u64, u64)> = row.iter().map(|(_, _, rate)| *rate).collect();
    let charted = p_chart(&rates, after, SIGMA).is_some_and(|chart| chart.out.iter().skip(after).any(|out| *out));
    let summed = match cusum(&values, after, ALLOWANCE, LIMIT) {
        Some(found) => found.first_alarm.is_some_and(|first| first >= after),
        None => before.iter().all(|value| Some(value) == before.first()),
    };
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let at = row.get(after)?.0;
    (charted || summed).then(|| Confirmed { at, from: mean(before), to: mean(later), p: found.p })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trend::sample::run;

    fn sums(means: &[f64]) -> Vec<Sum> {
        means.iter().map(|mean| Sum { cases: 50, mean: Some(*mean), ..Sum::default() }).collect()
    }

    fn found(means: &[f64]) -> Option<(usize, f64)> {
        let sums = sums(means);
        let row: Vec<(usize, &Sum)> = sums.iter().enumerate().collect();
        confirmed(&row).map(|found| (found.at, found.to))
    }

    #[test]
    fn a_lasting_step_is_confirmed_and_one_bad_period_is_not() {
        let noise = [0.5, 0.52, 0.48, 0.51, 0.49, 0.5, 0.52, 0.48];
        let step: Vec<f64> = noise.iter().chain(&noise.map(|value| value - 0.3)).copied().collect();
        assert_eq!(found(&step).map(|(at, _)| at), Some(8));
        let mut dip = [noise, noise].concat();
        dip[9] = 0.0;
        assert_eq!(found(&dip), None);
        assert_eq!(found(&[noise, noise].concat()), None);
    }

    #[test]
    fn after_a_level_that_never_varied_any_other_is_a_change_but_not_from_few_periods() {
        let step = [[0.5; 8], [0.4; 8]].concat();
        let (at, to) = found(&step).unwrap();
        assert_eq!((at, (to * 100.0).round()), (8, 40.0));
        assert_eq!(found(&[0.5, 0.5, 0.4, 0.4]), None);
        assert_eq!(found(&[]), None);
    }

    #[test]
    fn what_moved_is_named_and_an_unknown_model_is_no_other_one() {
        let a = run("a", "2026-11-01T00:00:00Z", "1");
        let mut b = run("b", "2026-11-02T00:00:00Z", "2");
        assert_eq!(moved(&a, &b, 1), Some(Moved { at: 1, parts: vec!["agent"], breaks: false }));
        b.digests = [("suites".to_owned(), "other".to_owned())]
            .into_iter()
            .collect::<std::collections::BTreeMap<_, _>>()
            .into();
        b.model = Some("m".to_owned());
        assert_eq!(moved(&a, &b, 1).map(|moved| (moved.parts, moved.breaks)), Some((vec!["agent", "suites"], true)));
        assert_eq!(breaking(&a, &b), Vec::<&str>::new(), "cases that both have are compared");
        b.digests = [("rubrics".to_owned(), "other".to_owned())]
            .into_iter()
            .collect::<std::collections::BTreeMap<_, _>>()
            .into();
        assert_eq!(breaking(&a, &b), ["rubrics"]);
        assert_eq!((moved(&a, &a, 1), breaking(&a, &a)), (None, vec![]));
    }
}
