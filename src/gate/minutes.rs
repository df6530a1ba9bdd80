//! Minutes of review by case, from what people decided: on a run, and on the behaviour that was accepted before it.
//!
//! Nobody's time is guessed: a decision that does not say how long it took makes its case unknown, never 0.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::domain::{Decision, Label, LabelSource, Ruling, Slug};

/// Minutes of review by case, 0 or more. A case is here once somebody decided about it; `None` if any of the decisions
/// does not say how long it took.
pub type ByCase = BTreeMap<Slug, Option<f64>>;

/// What review took, on both sides of the gate.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Minutes {
    /// On the run that is judged.
    pub now: ByCase,
    /// On what it is held against.
    pub was: ByCase,
}

/// What people decided. A correction is one decision, whichever files say what it took.
#[derive(Debug, Clone, Default)]
pub struct Reviews(Vec<Decision>);

impl Reviews {
    /// Of the ledger of decisions and the labels that corrections gave. Labels of audits are left out: that time is spent
    /// on the judges.
    pub fn of(mut decisions: Vec<Decision>, labels: &[Label]) -> Self {
        let timed = labels.iter().filter(|label| label.source == LabelSource::Correction && label.minutes.is_some());
        let mut timed: BTreeMap<&Slug, &Label> = timed.map(|label| (&label.id, label)).collect();
        let mut corrected: BTreeSet<Slug> = BTreeSet::new();
        decisions.retain_mut(|decision| {
            let Ruling::Corrected(id) = &decision.ruling else { return true };
            let label = timed.remove(id);
            decision.minutes = decision.minutes.or(label.and_then(|label| label.minutes));
            corrected.insert(id.clone())
        });
        decisions.extend(timed.into_values().map(decision_of));
        Self(decisions)
    }

    /// On runs, by their ids.
    pub fn on(&self, runs: &[&str]) -> ByCase {
        sum(self.0.iter().filter(|decision| runs.contains(&decision.run.as_str())))
    }

    /// On what stands accepted of a target: of each case, on the run that proposed the behaviour which was accepted last.
    /// `before`: what was decided then or later does not count. `except`: nor does what was decided on these runs.
    pub fn accepted(&self, target: &Slug, before: Option<Timestamp>, except: &[&str]) -> ByCase {
        let counts = |decision: &&Decision| {
            decision.target == *target
                && before.is_none_or(|before| decision.at < before)
                && !except.contains(&decision.run.as_str())
        };
        let mut accepted: BTreeMap<&Slug, &Decision> = BTreeMap::new();
        for decision in self.0.iter().filter(counts) {
            let accepts = matches!(decision.ruling, Ruling::Accepted | Ruling::AcceptedFields(_));
            let is_last = accepted.get(&decision.case).is_none_or(|known| known.at <= decision.at);
            if accepts && is_last {
                accepted.insert(&decision.case, decision);
            }
        }
        let proposed_it = |one: &&Decision| accepted.get(&one.case).is_some_and(|accepted| accepted.run == one.run);
        sum(self.0.iter().filter(counts).filter(proposed_it))
    }
}

fn sum<'d>(decisions: impl Iterator<Item = &'d Decision>) -> ByCase {
    let mut by_case = ByCase::new();
    for decision in decisions {
        let minutes = decision.minutes.filter(|minutes| minutes.is_finite() && *minutes >= 0.0);
        let known = by_case.entry(decision.case.clone()).or_insert(Some(0.0));
        *known = known.zip(minutes).map(|(known, minutes)| known + minutes);
    }
    by_case
}

/// What a label tells of a correction that the ledger does not hold.
fn decision_of(label: &Label) -> Decision {
    Decision {
        at: label.at,
        by: label.reviewer.clone(),
        target: label.target.clone(),
        pipeline: label.pipeline.clone(),
        suite: label.suite.clone(),
        case: label.case.clone(),
        run: label.run.to_string(),
        ruling: Ruling::Corrected(label.id.clone()),
        worse: Vec::new(),
        reason: None,
        minutes: label.minutes,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::gate::sample::slug;

    /// `at`: minutes past noon.
    fn decided(at: u32, run: &str, case: &str, ruling: Ruling, minutes: Option<f64>) -> Decision {
        let at = format!("2026-11-20T12:{at:02}:00Z").parse().unwrap();
        let (by, run, reason) = ("ada".into(), run.into(), None);
        let (target, pipeline, suite, case) = (slug("clerk"), slug("triage"), slug("suite"), slug(case));
        Decision { at, by, target, pipeline, suite, case, run, ruling, worse: Vec::new(), reason, minutes }
    }

    fn label(id: &str, source: LabelSource, run: &str, case: &str, minutes: Option<f64>) -> Label {
        serde_json::from_value(json!({
            "id": id, "source": source, "pipeline": "triage", "suite": "suite", "case": case, "target": "clerk",
            "run": run, "trial": "0", "area": "task_success", "mark": -1, "reviewer": "ada",
            "at": "2026-11-20T12:00:00Z", "minutes": minutes,
        }))
        .unwrap()
    }

    fn by_case(cases: &[(&str, Option<f64>)]) -> ByCase {
        cases.iter().map(|(case, minutes)| (slug(case), *minutes)).collect()
    }

    fn noon(minutes: u32) -> Option<Timestamp> {
        Some(format!("2026-11-20T12:{minutes:02}:00Z").parse().unwrap())
    }

    #[test]
    fn what_was_decided_on_a_run_adds_up_and_one_unknown_time_makes_its_case_unknown() {
        let reviews = Reviews::of(
            vec![
                decided(1, "r1", "a", Ruling::Rejected, Some(2.0)),
                decided(2, "r1", "a", Ruling::Accepted, Some(0.5)),
                decided(3, "r1", "b", Ruling::Accepted, Some(3.0)),
                decided(4, "r1", "b", Ruling::Rejected, None),
                decided(5, "r1", "c", Ruling::Accepted, Some(0.0)),
                decided(6, "r1", "d", Ruling::Accepted, Some(f64::NAN)),
                decided(6, "r1", "e", Ruling::Accepted, Some(-1.0)),
                decided(7, "r2", "a", Ruling::Accepted, Some(9.0)),
            ],
            &[],
        );
        let on_r1 = [("a", Some(2.5)), ("b", None), ("c", Some(0.0)), ("d", None), ("e", None)];
        assert_eq!(reviews.on(&["r1"]), by_case(&on_r1));
        assert_eq!(reviews.on(&["r1", "r2"])[&slug("a")], Some(11.5));
        assert!(reviews.on(&["r3"]).is_empty());
    }

    #[test]
    fn a_correction_and_its_labels_count_once() {
        let corrected = |id: &str| Ruling::Corrected(slug(id));
        let (correction, audit) = (LabelSource::Correction, LabelSource::Audit(slug("first")));
        let reviews = Reviews::of(
            vec![
                decided(1, "r", "both", corrected("both-1"), Some(4.0)),
                decided(1, "r", "twice", corrected("twice-1"), Some(4.0)),
                decided(1, "r", "twice", corrected("twice-1"), Some(4.0)),
                decided(1, "r", "label", corrected("label-1"), None),
                decided(1, "r", "none", corrected("none-1"), None),
            ],
            &[
                label("both-1", correction.clone(), "r", "both", Some(4.0)),
                label("both-1.2", correction.clone(), "r", "both", None),
                label("label-1", correction.clone(), "r", "label", Some(6.0)),
                label("none-1", correction.clone(), "r", "none", None),
                label("alone-1", correction, "r", "alone", Some(7.0)),
                label("audited-1", audit, "r", "audited", Some(8.0)),
            ],
        );
        let expected =
            [("both", Some(4.0)), ("twice", Some(4.0)), ("label", Some(6.0)), ("none", None), ("alone", Some(7.0))];
        assert_eq!(reviews.on(&["r"]), by_case(&expected));
    }

    #[test]
    fn what_was_accepted_took_all_decisions_about_the_run_that_proposed_it() {
        let fields = || Ruling::AcceptedFields(vec!["/topic".into()]);
        let reviews = Reviews::of(
            vec![
                decided(1, "r0", "a", Ruling::Accepted, Some(1.0)),
                decided(4, "r2", "a", fields(), Some(2.0)),
                decided(3, "r1", "a", Ruling::Accepted, Some(100.0)),
                decided(2, "r2", "a", Ruling::Rejected, Some(0.5)),
                decided(5, "r3", "a", Ruling::Rejected, Some(50.0)),
                decided(5, "r3", "never", Ruling::Rejected, Some(50.0)),
                decided(5, "r3", "put-right", Ruling::Corrected(slug("put-right-1")), Some(50.0)),
            ],
            &[],
        );
        let accepted = |before, except: &[&str]| reviews.accepted(&slug("clerk"), before, except);
        assert_eq!(accepted(None, &[]), by_case(&[("a", Some(2.5))]));
        assert_eq!(accepted(None, &["r2"]), by_case(&[("a", Some(100.0))]));
        // What was decided at the moment the run began is not before it.
        assert_eq!(accepted(noon(4), &[]), by_case(&[("a", Some(100.0))]));
        assert_eq!(accepted(noon(3), &[]), by_case(&[("a", Some(1.0))]));
        assert!(reviews.accepted(&slug("parrot"), None, &[]).is_empty());
    }

    #[test]
    fn of_two_acceptances_at_one_time_the_later_line_stands() {
        let lines = [("r1", 1.0), ("r2", 2.0)].map(|(run, took)| decided(1, run, "a", Ruling::Accepted, Some(took)));
        let reviews = Reviews::of(lines.to_vec(), &[]);
        assert_eq!(reviews.accepted(&slug("clerk"), None, &[]), by_case(&[("a", Some(2.0))]));
    }
}
