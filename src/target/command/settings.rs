//! Settings of a command in `evalgate.yaml`, and everything that can be wrong with them.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::super::Setup;
use super::super::prompt::prompts;
use super::super::settings::{Checking, is_name, typed_settings};
use super::{GATEWAY, Program};
use crate::diagnostic::any_error;
use crate::domain::pointer;
use crate::suite::Parsed;

/// Settings as people write them.
///
/// ```yaml
/// mine:
///   command:
///     argv: [python3, agent.py]
///     folder: agents/mine
///     env: {inherit: [LANG], set: {MODE: evaluation}}
///     secrets: [MODEL_KEY]
///     timeout_s: 45
/// ```
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Program and arguments, an array: there is no shell. A program with a `/` in its name is looked for from `folder`.
    /// A text that is the path of a file of the project, from `folder` or the root, makes that file a part of the target, for
    /// its digest. Files that it starts or loads beyond those are none, nor one named within a line for a shell.
    argv: Value,
    /// Working folder, inside the project; the project's root when absent.
    folder: Option<String>,
    #[serde(default)]
    env: Env,
    /// Environment variables that hold secrets. They are handed on, and found nowhere in what is kept.
    #[serde(default)]
    secrets: Vec<String>,
    /// Seconds; a little less than the trial may take when absent.
    timeout_s: Option<f64>,
}

/// What the environment holds beside `PATH`, `HOME` and secrets.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Env {
    /// Variables that are handed on as they are.
    inherit: Vec<String>,
    /// Variables with their values.
    set: BTreeMap<String, String>,
}

/// Longest timeout, in seconds: a day.
const LONGEST_S: f64 = 86_400.0;

pub(super) fn read(setup: &Setup) -> Parsed<Program> {
    let (settings, found) = typed_settings::<Settings>(setup);
    let Some(settings) = settings else { return (None, found) };
    let mut checking = Checking::new(setup, found);
    let argv = match argv(&settings.argv) {
        Ok(argv) => Some(argv),
        Err((at, why, help)) => {
            checking.error("bad-argv", &at, why).help = help;
            None
        }
    };
    let folder = match folder(setup.root, settings.folder.as_deref()) {
        Ok(folder) => Some(folder),
        Err(why) => {
            checking.error("bad-folder", "/folder", why);
            None
        }
    };
    if let Some(seconds) = settings.timeout_s {
        checking.seconds("/timeout_s", seconds, LONGEST_S);
    }
    let lists = [("/env/inherit", &settings.env.inherit), ("/secrets", &settings.secrets)];
    let listed =
        lists.iter().flat_map(|(at, names)| names.iter().enumerate().map(move |(n, name)| (format!("{at}/{n}"), name)));
    let set = settings.env.set.keys().map(|name| (pointer::below("/env/set", name), name));
    for (at, name) in listed.chain(set) {
        // An environment may hold odder names than any shell takes.
        let odd = name.is_empty() || name.contains(['=', '\0', ' ']);
        if odd || (at.starts_with("/secrets") && !is_name(name)) {
            checking.variable(&at, name);
        } else if name == GATEWAY {
            let message = "evalgate sets it: the gateway of each trial has an address of its own";
            checking.error("bad-variable", &at, message);
        }
    }
    for (name, _) in settings.env.set.iter().filter(|(name, _)| settings.secrets.contains(name)) {
        let message = format!("{name} is a secret, and secrets never stand in a file");
        checking.error("secret-in-project", &pointer::below("/env/set", name), message).help =
            Some("set it in evalgate's own environment".to_owned());
    }
    let mut found = checking.found;
    let prompts = prompts(setup, &mut found);
    let whole = argv.zip(folder).filter(|_| !any_error(&found));
    let program = whole.map(|(argv, folder)| Program {
        argv,
        folder,
        inherits: settings.env.inherit.iter().chain(&settings.secrets).cloned().collect(),
        given: settings.env.set,
        secrets: settings.secrets,
        timeout: settings.timeout_s.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()),
        prompts,
        pipeline: setup.pipelines.first().cloned(),
    });
    (program, found)
}

/// Program and arguments; or where they are wrong, why, and what to write.
fn argv(argv: &Value) -> Result<Vec<String>, (String, String, Option<String>)> {
    let items = match argv {
        Value::Array(items) if !items.is_empty() => items,
        Value::String(line) => {
            let parts: Vec<&str> = line.split_whitespace().collect();
            let message =
                "a command is an array of a program and its arguments: no shell reads it, so nothing in it is \
                           ever split, expanded or run"
                    .to_owned();
            return Err(("/argv".to_owned(), message, Some(format!("write {}", Value::from(parts)))));
        }
        _ => {
            return Err(("/argv".to_owned(), "a command is an array of a program and its arguments".to_owned(), None));
        }
    };
    let text = |(index, item): (usize, &Value)| match item.as_str() {
        Some(text) if !text.contains('\0') && (index > 0 || !text.is_empty()) => Ok(text.to_owned()),
        _ => {
            let message = "a program and its arguments are texts".to_owned();
            Err((format!("/argv/{index}"), message, Some(format!("write {:?}", item.to_string()))))
        }
    };
    items.iter().enumerate().map(text).collect()
}

/// The working folder, which must lie in the project, links resolved.
fn folder(root: &Path, folder: Option<&str>) -> Result<PathBuf, String> {
    let root = root.canonicalize().map_err(|error| format!("the project's folder cannot be read: {error}"))?;
    let Some(folder) = folder else { return Ok(root) };
    let plain = Path::new(folder).components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if !plain || folder.contains('\0') {
        return Err("it lies outside of the project".to_owned());
    }
    let real = root.join(folder).canonicalize().map_err(|_| "there is no such folder in the project".to_owned())?;
    match (real.starts_with(&root), real.is_dir()) {
        (false, _) => Err("it is a link that leads out of the project".to_owned()),
        (_, false) => Err("it is not a folder".to_owned()),
        _ => Ok(real),
    }
}
