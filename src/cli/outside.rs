//! What a target needs from the outside: the client, its secrets from the environment, recordings.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::exit::Exit;
use super::failure::Failure;
use crate::client::{BODY_CAP, Client, ClientLimits, ClientSetup, Mode};
use crate::domain::{Policy, Slug};
use crate::event::Answers;
use crate::store::{GOLDEN, Recordings};
use crate::target::{JudgeModel, Target};

/// The client of a run. Secrets are read here, and only those that the target names; a replay needs none. `judged`: whether
/// judges are asked, who reach out whatever the target does.
pub fn client(
    target: &dyn Target,
    answers: Answers,
    root: &Path,
    ca_bundle: Option<PathBuf>,
    limits: ClientLimits,
    judged: bool,
) -> Result<Arc<Client>, Failure> {
    if answers != Answers::Live && !target.reaches_out() && !judged {
        return Err(Failure::usage("this target reaches nothing outside: there is nothing to record or replay"));
    }
    let golden = || Recordings::open(&root.join(GOLDEN));
    let (mode, secrets) = match answers {
        Answers::Live => (Mode::Live, secrets(target)?),
        Answers::Recorded => (Mode::Record(golden()), secrets(target)?),
        Answers::Replayed => (Mode::Replay(golden()), BTreeMap::new()),
    };
    Client::new(ClientSetup { mode, secrets, ca_bundle, limits })
        .map_err(|error| Failure::new(Exit::Inconclusive, error.0))
}

/// A client for judges, and of each that cannot be asked why: its key is not set. Nothing fails for that: the marks of a
/// judge that is not there are missing, and whoever needs them is told.
pub fn judges_client<'j>(
    judges: impl Iterator<Item = (&'j Slug, &'j JudgeModel)>,
    answers: Answers,
    root: &Path,
    ca_bundle: Option<PathBuf>,
    limits: ClientLimits,
) -> Result<(Arc<Client>, BTreeMap<Slug, String>), Failure> {
    let golden = || Recordings::open(&root.join(GOLDEN));
    let mode = match answers {
        Answers::Live => Mode::Live,
        Answers::Recorded => Mode::Record(golden()),
        Answers::Replayed => Mode::Replay(golden()),
    };
    let (mut secrets, mut troubled) = (BTreeMap::new(), BTreeMap::new());
    for (name, judge) in judges.filter(|_| answers != Answers::Replayed) {
        for variable in judge.secrets() {
            match secret(&variable)? {
                Some(value) => _ = secrets.insert(variable, value),
                None => {
                    let why = format!("it needs the environment variable {variable}, which is not set");
                    troubled.insert(name.clone(), why);
                }
            }
        }
    }
    let client = Client::new(ClientSetup { mode, secrets, ca_bundle, limits });
    Ok((client.map_err(|error| Failure::new(Exit::Inconclusive, error.0))?, troubled))
}

/// What a policy allows the client.
pub fn limits(policy: &Policy) -> ClientLimits {
    let body = policy.limits.body_mib.map_or(BODY_CAP, |mib| (mib as usize) << 20);
    ClientLimits { retries: policy.retries.max, body }
}

/// Every secret of the target, from the variable itself or from the file that `<variable>_FILE` names.
fn secrets(target: &dyn Target) -> Result<BTreeMap<String, String>, Failure> {
    let mut found = BTreeMap::new();
    for variable in target.secrets() {
        let value = secret(&variable)?.ok_or_else(|| {
            Failure::usage(format!("the target needs the environment variable {variable}, which is not set"))
                .with_hint(format!("set it, or let {variable}_FILE name a file that holds it; a replay needs neither"))
        })?;
        found.insert(variable, value);
    }
    Ok(found)
}

fn secret(variable: &str) -> Result<Option<String>, Failure> {
    if let Some(value) = std::env::var(variable).ok().filter(|value| !value.is_empty()) {
        return Ok(Some(value));
    }
    let Some(path) = std::env::var_os(format!("{variable}_FILE")) else { return Ok(None) };
    match std::fs::read_to_string(&path) {
        Ok(text) if !text.trim().is_empty() => Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned())),
        Ok(_) => Err(Failure::usage(format!("the file that {variable}_FILE names is empty"))),
        Err(error) => Err(Failure::usage(format!("the file that {variable}_FILE names cannot be read: {error}"))),
    }
}
