//! Progress for people, on stderr: a live bar on a terminal, a plain line now and then everywhere else.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Progress;
use super::pace::Pace;
use super::tally::Tally;
use crate::score::TrialResult;

/// Time between two plain lines.
const INTERVAL: Duration = Duration::from_secs(10);

pub struct Terminal {
    tally: Tally,
    shown: Shown,
}

enum Shown {
    Bar(ProgressBar),
    Lines { out: Box<dyn Write + Send>, pace: Pace },
}

impl Terminal {
    /// A bar where stderr is a terminal and neither `NO_COLOR` nor `CI` is set; else plain lines.
    pub fn stderr() -> Self {
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        if std::io::stderr().is_terminal() && !set("NO_COLOR") && !set("CI") {
            Self::bar(ProgressDrawTarget::stderr())
        } else {
            Self::lines(Box::new(std::io::stderr()), INTERVAL)
        }
    }

    fn bar(target: ProgressDrawTarget) -> Self {
        let style = ProgressStyle::with_template("  {bar:24} {pos}/{len}  {msg}  {eta} left");
        let bar = ProgressBar::with_draw_target(None, target)
            .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { tally: Tally::default(), shown: Shown::Bar(bar) }
    }

    fn lines(out: Box<dyn Write + Send>, interval: Duration) -> Self {
        Self { tally: Tally::default(), shown: Shown::Lines { out, pace: Pace::new(interval, Instant::now()) } }
    }
}

impl Progress for Terminal {
    fn started(&mut self, total: u64) {
        match &mut self.shown {
            Shown::Bar(bar) => {
                bar.set_length(total);
                bar.reset();
            }
            Shown::Lines { pace, .. } => *pace = pace.restarted(Instant::now()),
        }
    }

    fn trial(&mut self, result: &TrialResult, done: u64, total: u64) {
        self.tally.add(result);
        match &mut self.shown {
            Shown::Bar(bar) => {
                bar.set_position(done);
                bar.set_message(format!("cases: {}  {}", self.tally.cases(), self.tally.line()));
            }
            Shown::Lines { out, pace } => {
                if done < total && pace.due(Instant::now()) {
                    // Nobody may be listening any more; the run goes on all the same.
                    let _ = writeln!(out, "  {done}/{total} trials  {}", self.tally.line());
                }
            }
        }
    }

    fn finished(&mut self) {
        if let Shown::Bar(bar) = &self.shown {
            bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::report::sample;

    /// Sends what is written to it.
    struct Sent(mpsc::Sender<String>);

    impl Write for Sent {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let sent = self.0.send(String::from_utf8_lossy(bytes).into_owned());
            sent.map(|()| bytes.len()).map_err(std::io::Error::other)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn watch(interval: Duration) -> String {
        let (sender, receiver) = mpsc::channel();
        let mut terminal = Terminal::lines(Box::new(Sent(sender)), interval);
        let run = sample::run();
        let total = run.results.len() as u64;
        terminal.started(total);
        for (done, result) in (1..).zip(&run.results) {
            terminal.trial(result, done, total);
        }
        terminal.finished();
        drop(terminal);
        receiver.iter().collect()
    }

    #[test]
    fn without_a_terminal_plain_lines_say_how_far_it_is() {
        let lines = watch(Duration::ZERO);
        assert_eq!(lines.lines().count(), 15, "the last trial is the verdict's to report");
        assert_eq!(lines.lines().last(), Some("  15/16 trials  -1: 2  0: 6  +1: 5  failed: 2"));
        assert!(!lines.contains('\u{1b}'));
    }

    #[test]
    fn a_short_run_prints_nothing() {
        assert_eq!(watch(INTERVAL), "");
    }

    #[test]
    fn a_closed_pipe_does_not_stop_the_run() {
        let (sender, receiver) = mpsc::channel();
        drop(receiver);
        let mut terminal = Terminal::lines(Box::new(Sent(sender)), Duration::ZERO);
        terminal.trial(&sample::run().results[0], 1, 2);
    }

    #[test]
    fn the_bar_counts_trials() {
        let mut terminal = Terminal::bar(ProgressDrawTarget::hidden());
        let run = sample::run();
        terminal.started(16);
        terminal.trial(&run.results[0], 1, 16);
        let Shown::Bar(bar) = &terminal.shown else { panic!("no bar") };
        assert_eq!(
            (bar.position(), bar.length(), bar.message().as_str()),
            (1, Some(16), "cases: 1  -1: 1  0: 0  +1: 0")
        );
    }
}
