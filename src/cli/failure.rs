//! What a command could not do: for people, with its exit code and a way out.

use super::exit::Exit;
use crate::diagnostic::closest;
use crate::domain::Slug;
use crate::load::{LoadError, RevisionError};
use crate::report::RenderError;
use crate::run::RunError;
use crate::store::{RESULTS, StoreError};

/// An error on its way to the terminal.
#[derive(Debug)]
pub struct Failure {
    pub exit: Exit,
    pub error: anyhow::Error,
    pub hint: Option<String>,
}

impl Failure {
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, error: anyhow::anyhow!(message.into()), hint: None }
    }

    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// Hints at the known name that was probably meant, or at all of them.
    pub fn suggest(self, name: &str, known: &[&str]) -> Self {
        match closest(name, known) {
            Some(near) => self.with_hint(format!("did you mean {near:?}?")),
            None => self.with_hint(format!("known: {}", known.join(", "))),
        }
    }

    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// A name that somebody gave, e.g. `target`: the same words wherever it is none.
pub fn name_of(what: &str, text: &str) -> Result<Slug, Failure> {
    Slug::new(text).map_err(|error| Failure::usage(format!("{what} {text:?}: {error}")))
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Self {
        let (exit, hint) = match &error {
            LoadError::NoProject(_) => (Exit::Usage, Some("`evalgate init` starts a project in an empty folder")),
            LoadError::Io { .. } => (Exit::Internal, None),
        };
        Self { exit, error: error.into(), hint: hint.map(str::to_owned) }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let (exit, hint) = match &error {
            StoreError::NoRun { name, .. } if name.starts_with("latest") => {
                (Exit::Usage, Some("`evalgate run` makes one"))
            }
            StoreError::NoRun { .. } | StoreError::ManyRuns { .. } => {
                (Exit::Usage, Some("name a run by its id, the beginning of its id, `latest` or `latest~1`"))
            }
            StoreError::Pruned(_) => (Exit::Usage, Some("`evalgate history show RUN` has what is left of it")),
            StoreError::Line { path, .. } if path.ends_with(RESULTS) => {
                (Exit::Internal, Some("`evalgate score RUN` makes it anew of what the agent answered"))
            }
            StoreError::NoResults(run) => {
                let hint = format!("it did not end: `evalgate run --resume {run}`");
                return Self::new(Exit::Inconclusive, error.to_string()).with_hint(hint);
            }
            _ => (Exit::Internal, None),
        };
        Self { exit, error: error.into(), hint: hint.map(str::to_owned) }
    }
}

impl From<RevisionError> for Failure {
    fn from(error: RevisionError) -> Self {
        let (exit, hint) = match &error {
            RevisionError::Unknown { near: None, .. } => (
                Exit::Usage,
                Some("where only a part of the history is there, as in CI, `git fetch` the revision first"),
            ),
            RevisionError::Unknown { .. } | RevisionError::Absent { .. } | RevisionError::NoRepository { .. } => {
                (Exit::Usage, None)
            }
            RevisionError::NotText { .. } => (Exit::ProjectInvalid, None),
            RevisionError::NoGit(_) => (Exit::Internal, Some("revisions are read by git: install it")),
            RevisionError::Failed { .. } | RevisionError::Copy { .. } => (Exit::Internal, None),
        };
        Self { exit, error: error.into(), hint: hint.map(str::to_owned) }
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Store(error) => error.into(),
            changed @ RunError::Changed(_) => Self {
                exit: Exit::ProjectInvalid,
                error: changed.into(),
                hint: Some("do not edit suites while they run; start again".to_owned()),
            },
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self { exit: Exit::Internal, error: error.into(), hint: None }
    }
}

impl From<RenderError> for Failure {
    fn from(error: RenderError) -> Self {
        match error {
            RenderError::Unread(cause) => match cause.downcast::<StoreError>() {
                Ok(stored) => (*stored).into(),
                Err(cause) => Self { exit: Exit::Internal, error: RenderError::Unread(cause).into(), hint: None },
            },
            error => Self { exit: Exit::Internal, error: error.into(), hint: None },
        }
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self { exit: Exit::Internal, error: error.into(), hint: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_did_not_end_is_told_with_what_ends_it() {
        let failure = Failure::from(StoreError::NoResults("20261121-164857-57fc".into()));
        assert_eq!(failure.exit, Exit::Inconclusive);
        assert_eq!(failure.error.to_string(), "run 20261121-164857-57fc has no results");
        assert_eq!(failure.hint.as_deref(), Some("it did not end: `evalgate run --resume 20261121-164857-57fc`"));
    }
}
