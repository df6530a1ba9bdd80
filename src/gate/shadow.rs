//! Whether the candidate was held beside the current agent on recorded requests, where the policy wants that.

use super::finding::Found;
use super::verdict::FindingWeight;
use crate::domain::{Policy, ShadowPolicy};

/// The newest shadow comparison of the target under test, as far as the gate has to know it.
#[derive(Debug, Clone, PartialEq)]
pub struct ShadowEvidence {
    pub id: String,
    /// Whether the target and the pipelines are the ones of this run.
    pub is_of_this_target: bool,
    /// Requests that both agents answered.
    pub compared: u64,
    /// Share of exact fields that agree, 0..=1; absent where there was none to compare.
    pub agreement: Option<f64>,
    /// Requests in which the candidate did what is never allowed.
    pub violations: u64,
}

/// What the policy says of it.
pub fn findings(policy: &Policy, shadow: Option<&ShadowEvidence>) -> Vec<Found> {
    let Some(rules) = policy.shadow.as_ref().filter(|rules| rules.require) else { return Vec::new() };
    let make = "`evalgate shadow FILE.jsonl --pipeline PIPELINE --candidate TARGET` makes one";
    let unclear = |brief: &str, rest: &str| Found::new("shadow", FindingWeight::Inconclusive, brief, rest);
    let Some(shadow) = shadow else {
        let brief = format!("The {} policy wants a shadow comparison and there is none", policy.profile.name());
        return vec![unclear(&brief, &format!(": {make}."))];
    };
    if !shadow.is_of_this_target {
        let brief = format!("The shadow comparison {} is of an earlier state of the target", shadow.id);
        return vec![unclear(&brief, &format!(": {make}."))];
    }
    judged(rules, shadow, unclear)
}

fn judged(rules: &ShadowPolicy, shadow: &ShadowEvidence, unclear: impl Fn(&str, &str) -> Found) -> Vec<Found> {
    let fails = |brief: &str, rest: &str| Found::new("shadow", FindingWeight::Fails, brief, rest);
    let (id, compared) = (&shadow.id, shadow.compared as usize);
    let mut found = Vec::new();
    if shadow.violations > rules.max_violations {
        let brief =
            format!("In the shadow comparison the candidate did what is never allowed in {}", shadow.violations);
        let rest = format!(" of {compared} requests (allowed {}); see reports/shadow/{id}.", rules.max_violations);
        found.push(fails(&brief, &rest));
    }
    if shadow.compared < rules.min_requests {
        let brief = format!("The shadow comparison {id} holds {compared} of {} requests", rules.min_requests);
        found.push(unclear(&brief, " that the policy wants both agents to have answered."));
        return found;
    }
    match (rules.min_agreement, shadow.agreement) {
        (Some(wanted), Some(agreement)) if agreement < wanted => {
            let brief = format!(
                "In the shadow comparison the agents agree on {:.1} % of the exact fields, the policy wants {:.1} %",
                agreement * 100.0,
                wanted * 100.0
            );
            found.push(fails(&brief, &format!("; see reports/shadow/{id}.")));
        }
        (Some(_), None) => found.push(unclear("The shadow comparison has no exact field to agree on", ".")),
        _ => {}
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::sample::policy;

    fn check(shadow: Option<ShadowEvidence>, expected: &[(FindingWeight, &str)]) {
        let rules = ShadowPolicy { require: true, min_requests: 10, min_agreement: Some(0.9), max_violations: 0 };
        let found = findings(&Policy { shadow: Some(rules), ..policy() }, shadow.as_ref());
        let said: Vec<_> = found.iter().map(|found| (found.finding.weight, &found.finding.sentence)).collect();
        assert_eq!(said.len(), expected.len(), "{said:?}");
        for ((weight, sentence), (wanted, words)) in said.iter().zip(expected) {
            assert!(weight == wanted && sentence.contains(words) && sentence.ends_with('.'), "{sentence}");
        }
    }

    fn good() -> ShadowEvidence {
        ShadowEvidence { id: "s-1".into(), is_of_this_target: true, compared: 10, agreement: Some(0.9), violations: 0 }
    }

    #[test]
    fn a_comparison_that_is_wanted_and_is_not_there_or_old_decides_nothing() {
        check(None, &[(FindingWeight::Inconclusive, "wants a shadow comparison and there is none: `evalgate shadow")]);
        let old = ShadowEvidence { is_of_this_target: false, violations: 9, ..good() };
        check(Some(old), &[(FindingWeight::Inconclusive, "s-1 is of an earlier state of the target")]);
        let small = ShadowEvidence { compared: 9, agreement: Some(0.1), ..good() };
        check(Some(small), &[(FindingWeight::Inconclusive, "holds 9 of 10 requests")]);
        check(Some(ShadowEvidence { agreement: None, ..good() }), &[(FindingWeight::Inconclusive, "no exact field")]);
    }

    #[test]
    fn violations_and_disagreement_fail_and_the_limits_themselves_do_not() {
        check(Some(good()), &[]);
        check(Some(ShadowEvidence { violations: 1, ..good() }), &[(FindingWeight::Fails, "never allowed in 1 of 10")]);
        let other = ShadowEvidence { agreement: Some(0.89), ..good() };
        check(Some(other), &[(FindingWeight::Fails, "89.0 % of the exact fields, the policy wants 90.0 %")]);
        let few_and_bad = ShadowEvidence { compared: 1, violations: 1, ..good() };
        check(Some(few_and_bad), &[(FindingWeight::Fails, "in 1 of 1"), (FindingWeight::Inconclusive, "1 of 10")]);
    }

    #[test]
    fn a_policy_that_does_not_want_it_looks_at_nothing() {
        assert!(findings(&policy(), None).is_empty());
        let lax = ShadowPolicy { require: false, min_requests: 10, min_agreement: None, max_violations: 0 };
        assert!(findings(&Policy { shadow: Some(lax), ..policy() }, None).is_empty());
    }
}
