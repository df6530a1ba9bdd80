//! What every command stands on: the project, the terminal, whether this is CI.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use super::exit::Exit;
use super::failure::Failure;
use super::output;
use crate::diagnostic;
use crate::domain::Slug;
use crate::load::{self, Checked, Root};
use crate::plan::Catalog;
use crate::report::Style;
use crate::store::{GoldenFolder, Runs, finish_changes};

/// Folder for what runs write, in the project.
const REPORTS: &str = "reports";

/// Settings of this process.
pub struct Context {
    pub start: PathBuf,
    /// Set by CI servers: snapshots are neither proposed nor accepted.
    pub ci: bool,
}

impl Context {
    pub fn new(project: Option<&Path>) -> Result<Self, Failure> {
        let start = match project {
            Some(path) if !path.is_dir() => {
                return Err(Failure::usage(format!("{} is not a folder", path.display())));
            }
            Some(path) => path.canonicalize()?,
            None => std::env::current_dir()?,
        };
        let ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false" && value != "0");
        Ok(Self { start, ci })
    }

    /// The folder of the project. Changes of it that were cut off while they were made are finished first.
    pub fn root(&self) -> Result<Root, Failure> {
        let root = Root::find(&self.start)?;
        match finish_changes(root.path())? {
            0 => {}
            1 => output::tell("finished what was cut off while it was written: a file\n"),
            n => output::tell(&format!("finished what was cut off while it was written: {n} files\n")),
        }
        Ok(root)
    }

    pub fn runs(&self, root: &Root) -> Runs {
        Runs::new(root.path().join(REPORTS).join("runs"))
    }

    /// The snapshots of a target.
    pub fn golden(&self, root: &Root, target: &Slug) -> GoldenFolder {
        GoldenFolder::of(root.path(), target)
    }

    pub fn reports(&self, root: &Root) -> PathBuf {
        root.path().join(REPORTS)
    }

    /// The project, checked and without errors; otherwise they are shown and the exit code is 3.
    pub fn project(&self) -> Result<Project, Failure> {
        Self::sound(load::check(self.root()?)?)
    }

    /// The project without its cases.
    pub fn catalog(&self) -> Result<Project, Failure> {
        Self::sound(load::read_catalog(self.root()?)?)
    }

    fn sound(mut checked: Checked) -> Result<Project, Failure> {
        if !checked.is_sound() {
            show_diagnostics(&checked);
            return Err(Failure::new(Exit::ProjectInvalid, "the project has errors: nothing was done"));
        }
        match checked.catalog.take() {
            Some(catalog) => Ok(Project { checked, catalog }),
            None => Err(Failure::new(Exit::ProjectInvalid, "the project cannot be read")),
        }
    }
}

/// A project without errors.
pub struct Project {
    pub checked: Checked,
    pub catalog: Catalog,
}

/// Prints every diagnostic to standard error.
pub fn show_diagnostics(checked: &Checked) {
    let sources = checked.sources();
    let color = colored(&std::io::stderr());
    let text = diagnostic::render(&checked.diagnostics, &|path: &str| sources.get(path).map(String::as_str), color);
    output::tell(&text);
}

/// Whether the stream should be coloured: a terminal, unless `NO_COLOR` or `TERM=dumb` say otherwise.
pub fn colored<S: anstream::stream::RawStream>(stream: &S) -> bool {
    anstream::AutoStream::choice(stream) != anstream::ColorChoice::Never
}

/// How text is laid out on standard output.
pub fn style() -> Style {
    let stdout = std::io::stdout();
    let width = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let width = width.or_else(|| stdout.is_terminal().then(terminal_width).flatten()).unwrap_or(80);
    let utf8 =
        ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()));
    let plain = utf8.is_some_and(|locale| matches!(locale.as_str(), "C" | "POSIX"));
    Style { color: colored(&stdout), width: width.clamp(40, 160), unicode: !plain }
}

fn terminal_width() -> Option<usize> {
    terminal_size::terminal_size().map(|(width, _)| usize::from(width.0))
}
