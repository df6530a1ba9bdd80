//! `evalgate verify`: whether an attestation is genuine, and about the agent, suites and verdict that are here.

use std::path::PathBuf;

use clap::Args;

use super::attest::{golden_digest, named, named_baseline, sha256, text_of};
use super::baseline::Held;
use super::context::{Context, Project};
use super::exit::Exit;
use super::failure::Failure;
use super::judging::{Base, judging};
use super::output;
use super::run::digests_of;
use crate::attest::{AttestError, Attested, PublicKey, open_all};
use crate::diagnostic::printable;
use crate::gate::Verdict;

/// Largest file that is read.
const MOST: u64 = 16 << 20;

#[derive(Args)]
pub struct Verify {
    /// The attestation
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The public key that is trusted: ed25519, PEM
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The verdict that is attested [default: verdict.json of the attested run, here]
    #[arg(long, value_name = "FILE")]
    verdict: Option<PathBuf>,
    /// The git revision whose policy judged the run, if one did
    #[arg(long, value_name = "REV")]
    policy_from: Option<String>,
    /// What the run was held against, if not against what is accepted here
    #[arg(long, value_name = "WHAT")]
    baseline: Option<String>,
}

impl Verify {
    pub fn run(self, context: &Context) -> Result<Exit, Failure> {
        let key = PublicKey::from_pem(&text_of(&self.key)?).map_err(|cause| named(&self.key, &cause))?;
        if std::fs::metadata(&self.file).is_ok_and(|metadata| metadata.len() > MOST) {
            return Err(self.refused(&[format!("it is larger than {} MiB", MOST >> 20)]));
        }
        let text = text_of(&self.file)?;
        let refused = |cause: AttestError| self.refused(&[cause.to_string()]);
        let payloads = open_all(&text, &key).map_err(refused)?;
        let attested = Attested::of(&payloads).map_err(refused)?;
        let Project { checked, catalog } = context.project()?;
        let runs = context.runs(&checked.root);
        let mut told = Vec::new();
        if !catalog.project.targets.contains_key(&attested.target) {
            return Err(self.refused(&[format!("this project has no target {}", attested.target)]));
        }
        let base = self.policy_from.as_deref().map(|name| Base::open(&checked.root, name)).transpose()?;
        let judging = judging(&catalog, base.as_ref(), &attested.policy);
        let policy = judging.map_err(|cause| self.refused(&[cause.error.to_string()]))?.policy;
        let held = Held::of(self.baseline.as_deref(), context, &runs, &checked.root, &catalog, &attested.target)?;
        let mut here = digests_of(&attested.target, &policy, &checked, &catalog);
        here.extend(held.source.as_ref().map(|source| named_baseline(source)));
        here.insert("golden".to_owned(), golden_digest(&held.golden)?);
        told.extend(attested.differences(&here));
        let verdict = self.verdict(&attested, &runs, &mut told);
        if !told.is_empty() {
            return Err(self.refused(&told));
        }
        let Some(verdict) = verdict else { return Err(self.refused(&["its verdict cannot be read".to_owned()])) };
        output::say(&format!(
            "GENUINE  run {} of {} under {}: exit {}",
            attested.run, attested.target, attested.policy, verdict.exit
        ))?;
        output::say(&format!("  {}", printable(&verdict.headline)))?;
        output::say(&format!(
            "  signed with key {}\n  and of the agent, suites, policy, accepted behaviour and verdict that are here",
            key.id()
        ))?;
        Ok(Exit::of_verdict(verdict.exit))
    }

    /// The verdict, if it is the attested one; what is wrong is added to `told`.
    fn verdict(&self, attested: &Attested, runs: &crate::store::Runs, told: &mut Vec<String>) -> Option<Verdict> {
        let path = match &self.verdict {
            Some(path) => path.clone(),
            None => runs.path().join(attested.run.as_str()).join("verdict.json"),
        };
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(cause) => {
                told.push(format!(
                    "the verdict of run {} is not here ({cause}): `--verdict FILE` says where it is",
                    attested.run
                ));
                return None;
            }
        };
        if sha256(&bytes) != attested.verdict_sha256 {
            told.push(format!(
                "{} is not the verdict that was attested: it was changed, or is of another run",
                path.display()
            ));
            return None;
        }
        serde_json::from_slice(&bytes).ok()
    }

    fn refused(&self, told: &[String]) -> Failure {
        let text = format!("{} does not hold:\n  {}", self.file.display(), told.join("\n  "));
        Failure::new(Exit::GateFailed, text)
    }
}
