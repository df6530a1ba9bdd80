//! Two in-toto statements about one run: the test result, in the predicate that others read too, and the statistics.
//!
//! Subjects are the agent, by the digest of all that makes it, and `verdict.json`, by its bytes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::AttestError;
use crate::domain::Slug;
use crate::event::RunMeta;
use crate::gate::{AreaState, Decision, FindingWeight, Verdict};

const STATEMENT: &str = "https://in-toto.io/Statement/v1";

/// Type of the predicate that says what passed and with what it was tested.
pub const TEST_RESULT: &str = "https://in-toto.io/attestation/test-result/v0.1";

/// Type of the predicate with the numbers behind the verdict.
pub const STATISTICS: &str = "urn:evalgate:attestation:statistics:v0.1";

/// Names of the subjects and of the algorithms that digests are of.
const VERDICT: &str = "verdict.json";
const SHA256: &str = "sha256";
const BLAKE3: &str = "blake3";

/// What is attested.
pub struct Facts<'a> {
    pub meta: &'a RunMeta,
    pub verdict: &'a Verdict,
    /// SHA-256 of `verdict.json`, hex.
    pub verdict_sha256: String,
    /// Of the parts of the run, the accepted behaviour that it was held against (`golden`) among them; blake3, hex.
    pub digests: BTreeMap<String, String>,
    /// Time of the run's last event.
    pub finished_at: String,
}

/// What a file attests, once its signatures were found to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attested {
    pub run: Slug,
    pub target: Slug,
    pub policy: Slug,
    pub verdict_sha256: String,
    /// By part; `target` is the agent.
    pub digests: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Statement {
    #[serde(rename = "_type")]
    kind: String,
    subject: Vec<Resource>,
    predicate_type: String,
    predicate: Value,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Resource {
    name: String,
    digest: BTreeMap<String, String>,
}

/// What of the statistics is read again.
#[derive(Deserialize)]
struct Named {
    run: Slug,
    target: Slug,
    policy: Slug,
}

/// What of the test result is read again.
#[derive(Deserialize)]
struct Configured {
    configuration: Vec<Resource>,
}

fn resource(name: &str, algorithm: &str, digest: &str) -> Resource {
    Resource { name: name.to_owned(), digest: BTreeMap::from([(algorithm.to_owned(), digest.to_owned())]) }
}

/// The statements, as JSON: the test result, then the statistics.
pub fn statements(facts: &Facts) -> Result<[Vec<u8>; 2], serde_json::Error> {
    let agent = facts.digests.get("target").map_or("", String::as_str);
    let subject =
        vec![resource(facts.meta.target.as_str(), BLAKE3, agent), resource(VERDICT, SHA256, &facts.verdict_sha256)];
    let one = |predicate_type: &str, predicate: Value| {
        serde_json::to_vec(&Statement {
            kind: STATEMENT.to_owned(),
            subject: subject.clone(),
            predicate_type: predicate_type.to_owned(),
            predicate,
        })
    };
    Ok([one(TEST_RESULT, test_result(facts))?, one(STATISTICS, statistics(facts))?])
}

/// Tests are areas here: each is one claim, and there are few.
fn test_result(facts: &Facts) -> Value {
    let verdict = facts.verdict;
    let warned = verdict.findings.iter().any(|finding| finding.weight == FindingWeight::Warns);
    let result = match verdict.decision {
        Decision::Pass if warned => "WARNED",
        Decision::Pass => "PASSED",
        Decision::Fail | Decision::Inconclusive | Decision::ReviewPending => "FAILED",
    };
    let areas = |is: fn(AreaState) -> bool| -> Vec<&str> {
        verdict.areas.iter().filter(|area| is(area.state)).map(|area| area.area.name()).collect()
    };
    let parts = facts.digests.iter().filter(|(part, _)| *part != "target");
    let configuration: Vec<Resource> = parts.map(|(part, digest)| resource(part, BLAKE3, digest)).collect();
    json!({
        "result": result,
        "configuration": configuration,
        "passedTests": areas(|state| state == AreaState::Pass),
        "warnedTests": areas(|state| {
            matches!(state, AreaState::Advisory | AreaState::NotScored | AreaState::NotCompared)
        }),
        "failedTests": areas(|state| matches!(state, AreaState::Fail | AreaState::Inconclusive)),
    })
}

fn statistics(facts: &Facts) -> Value {
    let Facts { meta, verdict, .. } = facts;
    let findings: Vec<Value> = verdict
        .findings
        .iter()
        .map(
            |found| json!({"code": found.code, "weight": found.weight, "area": found.area, "cases": found.cases.len()}),
        )
        .collect();
    json!({
        "run": meta.id,
        "evalgate": meta.evalgate,
        "project": meta.project,
        "target": meta.target,
        "policy": meta.policy,
        "startedAt": meta.started_at.to_string(),
        "finishedAt": facts.finished_at,
        "mergedFrom": meta.merged_from,
        "answers": meta.answers,
        "repeats": meta.repeats,
        "selection": meta.selection,
        "decision": verdict.decision,
        "exit": verdict.exit,
        "regime": verdict.regime,
        "policyFrom": verdict.policy_from,
        "heldAgainst": verdict.held_against,
        "counts": verdict.counts,
        "areas": verdict.areas,
        "findings": findings,
        "waivers": verdict.waivers,
    })
}

impl Attested {
    /// From what was signed: both statements, once each and about the same subjects.
    pub fn of(payloads: &[Vec<u8>]) -> Result<Self, AttestError> {
        let no = |why: &str| AttestError::NoStatement(why.to_owned());
        let unreadable = |cause: serde_json::Error| AttestError::NoStatement(cause.to_string());
        let mut by_type: BTreeMap<String, Statement> = BTreeMap::new();
        for payload in payloads {
            let statement: Statement = serde_json::from_slice(payload).map_err(unreadable)?;
            if statement.kind != STATEMENT {
                return Err(no("it is of another type"));
            }
            if by_type.insert(statement.predicate_type.clone(), statement).is_some() {
                return Err(no("there are two of one kind"));
            }
        }
        let mut take = |kind: &str| by_type.remove(kind).ok_or_else(|| no(&format!("there is none of {kind}")));
        let (result, statistics) = (take(TEST_RESULT)?, take(STATISTICS)?);
        if !by_type.is_empty() {
            return Err(no("there is one of an unknown kind"));
        }
        if result.subject != statistics.subject {
            return Err(no("the two are about different subjects"));
        }
        let Configured { configuration } = serde_json::from_value(result.predicate).map_err(unreadable)?;
        let Named { run, target, policy } = serde_json::from_value(statistics.predicate).map_err(unreadable)?;
        let digest = |of: &[Resource], name: &str, algorithm: &str| {
            let found = of.iter().find(|resource| resource.name == name)?.digest.get(algorithm).cloned();
            found.filter(|digest| !digest.is_empty())
        };
        let subject = |name: &str, algorithm: &str| {
            digest(&result.subject, name, algorithm).ok_or_else(|| no(&format!("{name} is not among its subjects")))
        };
        let mut digests = BTreeMap::from([("target".to_owned(), subject(target.as_str(), BLAKE3)?)]);
        for part in &configuration {
            let found = digest(&configuration, &part.name, BLAKE3);
            digests.insert(part.name.clone(), found.ok_or_else(|| no(&format!("{} has no digest", part.name)))?);
        }
        Ok(Self { verdict_sha256: subject(VERDICT, SHA256)?, run, target, policy, digests })
    }

    /// Why it is not about what is here; empty where it is. `here`: digests as they are now.
    pub fn differences(&self, here: &BTreeMap<String, String>) -> Vec<String> {
        let names: std::collections::BTreeSet<&String> = self.digests.keys().chain(here.keys()).collect();
        let short = |digest: Option<&String>| -> String {
            digest.map_or_else(|| "nothing".to_owned(), |digest| digest.chars().take(12).collect())
        };
        let differs = names.into_iter().filter(|name| self.digests.get(*name) != here.get(*name));
        differs
            .map(|name| {
                let what = match name.as_str() {
                    "target" => "the agent",
                    "golden" => "what was accepted (golden)",
                    other => other,
                };
                format!("{what}: {} was attested, {} is here", short(self.digests.get(name)), short(here.get(name)))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn made(verdict: &Verdict) -> [Vec<u8>; 2] {
        let run = sample::run();
        let mut digests = run.meta.digests.clone();
        digests.insert("golden".into(), "60".into());
        let finished_at = run.finished_at.to_string();
        statements(&Facts { meta: &run.meta, verdict, verdict_sha256: "ab".repeat(32), digests, finished_at }).unwrap()
    }

    #[test]
    fn what_is_stated_reads_back() {
        let attested = Attested::of(&made(&sample::run().verdict)).unwrap();
        assert_eq!((attested.run.as_str(), attested.target.as_str()), ("2026-03-02-0930-rules-7f3a", "rules"));
        assert_eq!(attested.verdict_sha256, "ab".repeat(32));
        let parts: Vec<&str> = attested.digests.keys().map(String::as_str).collect();
        assert_eq!(parts, ["golden", "policy", "suites", "target"]);
    }

    #[test]
    fn only_a_pass_without_a_warning_is_stated_as_passed() {
        let result = |verdict: &Verdict| {
            serde_json::from_slice::<Value>(&made(verdict)[0]).unwrap()["predicate"]["result"].clone()
        };
        let mut verdict = sample::passing().verdict;
        assert_eq!(result(&verdict), "PASSED");
        verdict.findings = sample::run().verdict.findings;
        assert_eq!(result(&verdict), "WARNED");
        for decision in [Decision::Fail, Decision::Inconclusive, Decision::ReviewPending] {
            verdict.decision = decision;
            assert_eq!(result(&verdict), "FAILED");
        }
    }

    #[test]
    fn statements_that_do_not_belong_together_are_refused() {
        let [result, statistics] = made(&sample::run().verdict);
        let other = String::from_utf8(statistics.clone()).unwrap().replace(&"ab".repeat(32), &"cd".repeat(32));
        for wrong in [
            vec![result.clone()],
            vec![result.clone(), result.clone()],
            vec![result.clone(), other.into_bytes()],
            vec![result.clone(), statistics.clone(), statistics],
            vec![b"{}".to_vec(), result],
        ] {
            assert!(matches!(Attested::of(&wrong), Err(AttestError::NoStatement(_))), "{}", wrong.len());
        }
    }

    #[test]
    fn every_part_that_differs_is_told() {
        let attested = Attested::of(&made(&sample::run().verdict)).unwrap();
        assert_eq!(attested.differences(&attested.digests), [""; 0]);
        let mut here = attested.digests.clone();
        here.insert("target".into(), "ffffffffffffffff".into());
        here.remove("suites");
        here.insert("worlds".into(), "11".into());
        let told = attested.differences(&here);
        assert_eq!(
            told,
            [
                "suites: 9f2c41d07b was attested, nothing is here",
                "the agent: 51b7f0e3c2 was attested, ffffffffffff is here",
                "worlds: nothing was attested, 11 is here",
            ]
        );
    }
}
