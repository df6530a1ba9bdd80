//! The terminal of a review: keys in, screens out. Knows nothing of what they mean.
//!
//! The terminal is as it was when this is dropped, by a panic too. One that cannot move its cursor (`TERM=dumb`) is
//! asked line by line, and nothing is cleared.

use std::collections::VecDeque;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use console::Term;

use crate::review::{Key, Line, Tone};

/// Clears the screen and goes to its upper left corner.
const CLEAR: &str = "\x1b[H\x1b[2J";

/// A terminal with a person at it.
pub struct Terminal {
    term: Term,
    color: bool,
    /// Whether whole lines are read.
    dumb: bool,
    /// Keys that were read with a line and not asked for yet.
    read: VecDeque<Key>,
    quiet: Option<Quiet>,
}

impl Terminal {
    /// Standard input and output, if both are terminals.
    pub fn open(color: bool) -> Option<Self> {
        use std::io::IsTerminal;
        let dumb = !std::env::var("TERM").is_ok_and(|term| term != "dumb");
        let there = io::stdin().is_terminal() && io::stdout().is_terminal();
        let quiet = || (!dumb).then(Quiet::begin).flatten();
        there.then(|| Self { term: Term::stdout(), color, dumb, read: VecDeque::new(), quiet: quiet() })
    }

    /// Columns and rows.
    pub fn size(&self) -> (usize, usize) {
        let (rows, columns) = self.term.size();
        // The line that is typed on stands below, and one is left between two screens.
        let rows = usize::from(rows) - if self.dumb { 2.min(usize::from(rows)) } else { 0 };
        (usize::from(columns).clamp(40, 160), rows.max(8))
    }

    /// Shows a screen of lines in the place of the one before. The cursor stays behind the last one.
    pub fn show(&self, lines: &[Line]) -> io::Result<()> {
        if !self.read.is_empty() {
            return Ok(());
        }
        let mut text = if self.dumb { "\n".to_owned() } else { CLEAR.to_owned() };
        let mut blank = false;
        for (i, line) in lines.iter().enumerate() {
            // Nothing has to reach the foot of a screen that scrolls.
            if self.dumb && blank && line.text.is_empty() {
                continue;
            }
            blank = line.text.is_empty();
            if i > 0 {
                text.push('\n');
            }
            let style = if self.color { style(line.tone) } else { Style::new() };
            text.push_str(&format!("{style}{}{style:#}", line.text));
        }
        if self.dumb {
            text.push_str("\n> ");
        }
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        out.flush()
    }

    /// Ends the last screen, so that what follows stands below it.
    pub fn leave(&self) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(if self.dumb { b"\n" } else { CLEAR.as_bytes() })?;
        out.flush()
    }

    /// Leaves the terminal to something else, e.g. an editor, for as long as that takes.
    pub fn lend<T>(&mut self, to: impl FnOnce() -> T) -> io::Result<T> {
        self.leave()?;
        let was_quiet = self.quiet.take().is_some();
        let done = to();
        self.quiet = was_quiet.then(Quiet::begin).flatten();
        Ok(done)
    }

    /// The next key. `writing`: whether it belongs to a text, which a line then ends. Errors: nobody is there any more.
    pub fn key(&mut self, writing: bool) -> io::Result<Key> {
        if !self.dumb {
            return self.single();
        }
        if let Some(key) = self.read.pop_front() {
            return Ok(key);
        }
        let mut line = String::new();
        if io::stdin().read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let line = line.trim_end_matches(['\n', '\r']);
        self.read.extend(line.chars().map(|c| if c == '\x1b' { Key::Escape } else { Key::Char(c) }));
        if writing || line.is_empty() {
            self.read.push_back(Key::Enter);
        }
        self.read.pop_front().ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    fn single(&self) -> io::Result<Key> {
        loop {
            return Ok(match self.term.read_key_raw()? {
                console::Key::Char('\x04') => return Err(io::ErrorKind::UnexpectedEof.into()),
                console::Key::Char(c) => Key::Char(c),
                console::Key::Enter => Key::Enter,
                console::Key::Backspace | console::Key::Del => Key::Backspace,
                console::Key::Escape => Key::Escape,
                console::Key::PageDown | console::Key::ArrowDown => Key::PageDown,
                console::Key::PageUp | console::Key::ArrowUp => Key::PageUp,
                console::Key::CtrlC => Key::Interrupt,
                _ => continue,
            });
        }
    }
}

/// A terminal that neither shows what is typed nor waits for the end of a line nor ends the program at Ctrl-C: keys that
/// come while a screen is drawn would be written into it. Dropped, it does so again.
#[cfg(unix)]
struct Quiet(rustix::termios::Termios);

#[cfg(unix)]
impl Quiet {
    fn begin() -> Option<Self> {
        use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
        let before = tcgetattr(io::stdin()).ok()?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
        tcsetattr(io::stdin(), OptionalActions::Drain, &quiet).ok()?;
        Some(Self(before))
    }
}

#[cfg(unix)]
impl Drop for Quiet {
    fn drop(&mut self) {
        // Nobody is left to be told that the terminal has gone away.
        let _ = rustix::termios::tcsetattr(io::stdin(), rustix::termios::OptionalActions::Drain, &self.0);
    }
}

/// Elsewhere the console shows nothing of its own accord while single keys are read.
#[cfg(not(unix))]
struct Quiet;

#[cfg(not(unix))]
impl Quiet {
    fn begin() -> Option<Self> {
        Some(Self)
    }
}

fn style(tone: Tone) -> Style {
    match tone {
        Tone::Plain => Style::new(),
        Tone::Strong => Style::new().bold(),
        Tone::Quiet => Style::new().dimmed(),
        Tone::Old => AnsiColor::Red.on_default(),
        Tone::New => AnsiColor::Green.on_default(),
        Tone::Bad => AnsiColor::Red.on_default().bold(),
    }
}
