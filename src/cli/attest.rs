//! `evalgate attest`: signs what a run found, after making sure that the project is still what was tested.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use ring::rand::{SecureRandom, SystemRandom};
use sha2::{Digest, Sha256};

use super::baseline::Held;
use super::context::{Context, Project};
use super::exit::Exit;
use super::failure::Failure;
use super::judging::{Base, Judging, judging};
use super::output;
use super::rejudge::Judged;
use super::run::digests_of;
use crate::attest::{Envelope, Facts, SigningKey, private_pem, statements};
use crate::event::{RunMeta, RunState};
use crate::run::{Wanted, select};
use crate::store::{GoldenFolder, RunFolder};

/// The attestation beside its run.
const FILE: &str = "attestation.intoto.jsonl";

#[derive(Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["key", "new_key"]))]
pub struct Attest {
    /// The run: id, beginning of an id, `latest` or `latest~1`
    #[arg(value_name = "RUN", conflicts_with = "new_key")]
    run: Option<String>,
    /// The private key that signs: ed25519, PEM
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Make a key instead: FILE is the private one, FILE.pub the public one
    #[arg(long, value_name = "FILE")]
    new_key: Option<PathBuf>,
    /// The git revision whose policy judged the run, if one did
    #[arg(long, value_name = "REV", conflicts_with = "new_key")]
    policy_from: Option<String>,
    /// What the run was held against, if not against what is accepted here
    #[arg(long, value_name = "WHAT", conflicts_with = "new_key")]
    baseline: Option<String>,
    /// Where to write it [default: attestation.intoto.jsonl in the run's folder]
    #[arg(long, value_name = "FILE", conflicts_with = "new_key")]
    out: Option<PathBuf>,
}

impl Attest {
    pub fn run(self, context: &Context) -> Result<Exit, Failure> {
        match (&self.key, &self.new_key) {
            (Some(key), _) => self.attest(context, key),
            (None, Some(file)) => new_key(file),
            (None, None) => Err(Failure::usage("name the key that signs: --key FILE")),
        }
    }

    fn attest(&self, context: &Context, key: &Path) -> Result<Exit, Failure> {
        let key = SigningKey::from_pem(&text_of(key)?).map_err(|cause| named(key, &cause))?;
        let project = context.project()?;
        let Project { checked, catalog } = &project;
        let runs = context.runs(&checked.root);
        let folder = output::resolve(&runs, self.run.as_deref())?;
        let verdict = output::verdict(&folder)?;
        let record = folder.read(|_| {})?.record;
        let meta = &record.meta;
        if record.state != RunState::Finished {
            return Err(Failure::new(Exit::Inconclusive, format!("run {} did not come to its end", meta.id))
                .with_hint(format!("`evalgate run --resume {}`", meta.id)));
        }
        let base = self.policy_from.as_deref().map(|name| Base::open(&checked.root, name)).transpose()?;
        let Judging { policy, .. } = judging(catalog, base.as_ref(), &meta.policy)?;
        let held = Held::of(self.baseline.as_deref(), context, &runs, &checked.root, catalog, &meta.target)?;
        let mut digests = digests_of(&meta.target, &policy, checked, catalog);
        digests.extend(held.source.as_ref().map(|source| named_baseline(source)));
        let moved: Vec<&str> = parts_that_differ(meta, &digests);
        if !moved.is_empty() {
            return Err(Failure::new(
                Exit::Inconclusive,
                format!("run {} is of something else: {} changed since", meta.id, moved.join(", ")),
            )
            .with_hint("run it again; or name what judged it with `--policy-from` and `--baseline`"));
        }
        // Its marks are held against the snapshots once more: nothing else proves that they are the ones it was judged by.
        let cases = folder.recorded()?.0.cases();
        let wanted = Wanted { filter: None, failing_of: Some((meta.id.clone(), cases)) };
        let selected = select(checked, &wanted).map_err(|why| Failure::new(Exit::ProjectInvalid, why))?;
        let repeats = held.baseline((&policy, meta), checked, catalog, &selected)?;
        let baseline = output::baseline(&folder)?;
        let mut others = u64::from(repeats.cases != baseline.cases);
        let mut unreadable = BTreeSet::new();
        for result in folder.results()? {
            let stored = result?;
            let mut again = [stored.clone()];
            unreadable.extend(held.hold(&mut again, catalog)?);
            others += u64::from(again[0].scored.comparison != stored.scored.comparison);
        }
        if others > 0 {
            return Err(Failure::new(
                Exit::Inconclusive,
                format!("run {} was held against other snapshots than there are now", meta.id),
            )
            .with_hint("run it again: what was accepted changed since"));
        }
        let judged = Judged { folder: &folder, record: &record, verdict: &verdict, baseline: &baseline, unreadable };
        let edited = judged.differences(context, &project, base.as_ref(), &held)?;
        if !edited.is_empty() {
            let told =
                format!("the verdict of run {} is not what its results come to:\n  {}", meta.id, edited.join("\n  "));
            return Err(Failure::new(Exit::Inconclusive, told).with_hint(format!(
                "name what judged it with `--policy-from` and `--baseline`; or make it anew: `evalgate score {}`",
                meta.id
            )));
        }
        digests.insert("golden".to_owned(), golden_digest(&held.golden)?);
        let verdict_sha256 = sha256(&std::fs::read(folder.file("verdict.json")?)?);
        let finished_at = record.last_at.to_string();
        let facts = Facts { meta, verdict: &verdict, verdict_sha256, digests, finished_at };
        let mut lines = Vec::new();
        for statement in statements(&facts)? {
            lines.extend(serde_json::to_vec(&Envelope::sign(&statement, &key))?);
            lines.push(b'\n');
        }
        let path = self.write(&folder, &lines)?;
        output::say(&format!(
            "attested  run {} of {} under {}: exit {}",
            meta.id, meta.target, meta.policy, verdict.exit
        ))?;
        output::say(&format!("  {}\n  signed with key {}", path.display(), key.public().id()))?;
        Ok(Exit::Passed)
    }

    fn write(&self, folder: &RunFolder, lines: &[u8]) -> Result<PathBuf, Failure> {
        match &self.out {
            Some(path) => {
                // A bare name has no folder of its own to be safe in.
                crate::store::write(&std::path::absolute(path)?, lines)?;
                Ok(path.clone())
            }
            None => {
                folder.write(FILE, lines)?;
                Ok(folder.file(FILE)?)
            }
        }
    }
}

/// Parts of a run that are not what they were.
fn parts_that_differ<'d>(meta: &'d RunMeta, here: &'d std::collections::BTreeMap<String, String>) -> Vec<&'d str> {
    let names: std::collections::BTreeSet<&String> = meta.digests.keys().chain(here.keys()).collect();
    names.into_iter().filter(|part| meta.digests.get(*part) != here.get(*part)).map(String::as_str).collect()
}

/// The digest by which a run names what it was held against.
pub fn named_baseline(source: &str) -> (String, String) {
    ("baseline".to_owned(), super::run::digest(source.as_bytes()))
}

/// Of every accepted snapshot of a target, by name.
pub fn golden_digest(golden: &GoldenFolder) -> Result<String, Failure> {
    let mut keys = golden.list()?.accepted;
    keys.sort();
    let mut hasher = blake3::Hasher::new();
    for key in keys {
        let text = std::fs::read(golden.accepted_path(&key))?;
        hasher.update(format!("{}/{}/{}\0{}\0", key.pipeline, key.suite, key.case, text.len()).as_bytes());
        hasher.update(&text);
    }
    Ok(hasher.finalize().to_hex().to_string())
}

/// Hex.
pub fn sha256(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(bytes))
}

/// A file that somebody named.
pub fn text_of(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|cause| Failure::usage(format!("{} cannot be read: {cause}", path.display())))
}

/// An error about a key's file.
pub fn named(path: &Path, cause: &dyn std::fmt::Display) -> Failure {
    Failure::usage(format!("{}: {cause}", path.display()))
        .with_hint("`evalgate attest --new-key FILE` makes one; `openssl genpkey -algorithm ed25519` does too")
}

/// Neither file may be there already: a key is never written over.
fn new_key(file: &Path) -> Result<Exit, Failure> {
    let mut random = [0; 32];
    SystemRandom::new()
        .fill(&mut random)
        .map_err(|_| Failure::new(Exit::Internal, "the system gave no random bytes"))?;
    let private = private_pem(&random);
    let public = SigningKey::from_pem(&private).map_err(|cause| named(file, &cause))?.public();
    let mut beside = file.as_os_str().to_owned();
    beside.push(".pub");
    create(file, &private, true)?;
    create(Path::new(&beside), &public.to_pem(), false)?;
    output::say(&format!("key {}\n  private: {}, to be kept secret", public.id(), file.display()))?;
    output::say(&format!("  public:  {}, for whoever verifies", Path::new(&beside).display()))?;
    Ok(Exit::Passed)
}

fn create(path: &Path, text: &str, secret: bool) -> Result<(), Failure> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, if secret { 0o600 } else { 0o644 });
    let written = options.open(path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|cause| Failure::usage(format!("{} cannot be made: {cause}", path.display())))
}
