//! The command line: one file a subcommand, exit codes, and the only printing.

mod attest;
mod baseline;
mod bench;
mod calibrate;
mod check;
mod ci;
mod compare;
mod completions;
mod context;
mod correct;
mod days;
mod demo_history;
mod exit;
mod failure;
mod gate;
mod gateway;
mod history;
mod init;
mod judging;
mod licence;
mod list;
mod merge;
mod minutes;
mod output;
mod outside;
mod overview;
mod panel;
mod power;
mod rejudge;
mod report;
mod review;
mod run;
mod schema;
mod score;
mod shadow;
mod show;
mod simulate;
mod target;
mod trend;
mod verify;
mod waive;

use std::ffi::OsString;
use std::panic::UnwindSafe;
use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::diagnostic::printable;

use context::Context;
pub use exit::{EXITS, Exit};
use failure::Failure;

/// Decides whether an agent may be released: runs its cases, marks what it did, holds it against what was accepted,
/// and gates the release.
#[derive(Parser)]
#[command(name = "evalgate", version, after_help = exit::help(), disable_help_subcommand = true)]
#[command(styles = styles())]
struct Arguments {
    /// Folder of the project [default: this folder or the nearest above it with an evalgate.yaml]
    #[arg(short = 'C', long, global = true, value_name = "DIR")]
    project: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Start a small working project in an empty folder
    Init(init::Init),
    /// Run cases, score them, compare with the snapshots and print the verdict
    Run(run::Run),
    /// Show what a run changed, and accept or reject it
    Review(review::Review),
    /// Put an output right: it becomes a case that guards against the same mistake
    Correct(Box<correct::Correct>),
    /// Put the shards of a run together, score and judge them once
    Merge(merge::Merge),
    /// Excuse a case's fall in one area for some days
    Waive(waive::Waive),
    /// Show one case of a run: request, output, diff, every criterion and why, the transcript
    Show(show::Show),
    /// Judge a run again from what is stored, e.g. under another policy
    Gate(gate::Gate),
    /// Put two runs side by side: what moved between them, which areas and cases changed
    Compare(compare::Compare),
    /// Put a candidate beside the current agent on recorded requests, without expectations
    Shadow(shadow::Shadow),
    /// Say which drops this suite can see, which areas cannot gate yet, and what would do
    Power(power::Power),
    /// Simulate the gate: false alarms, and how often it sees what went wrong, by suite size
    Simulate(simulate::Simulate),
    /// Hold judges and checks against people: draw audits, read marks, say who may gate
    Calibrate(calibrate::Calibrate),
    /// Score a run's recorded trials again, with today's cases and rubrics
    Score(score::Score),
    /// Write a run's reports again, or print one
    Report(report::Report),
    /// Sign what a run found, for whoever lets the agent be deployed
    Attest(attest::Attest),
    /// Check an attestation: signature, agent, suites, policy, accepted behaviour, verdict
    Verify(verify::Verify),
    /// Runs that there were: list, show, name, prune, take in
    History(history::HistoryCommand),
    /// What many runs say together: areas, trends, failures, costs, decisions; for managers
    Trend(trend::Trend),
    /// Make a copy of the project with a history to look at: real runs, invented dates
    DemoHistory(demo_history::DemoHistory),
    /// Add runs to the history that several machines share
    Push(history::Push),
    /// Get whole runs from the history that several machines share
    Pull(history::Pull),
    /// Write the history as tables, CSV or Parquet, for DuckDB, Spark or a warehouse
    Export(history::Export),
    /// List cases, what they cover and tell apart, checks, targets, policies, worlds, runs
    List(list::List),
    /// Try what reaches outside of evalgate: models, services, commands
    Target(target::Target),
    /// Find everything that is wrong with the project
    Check(check::Check),
    /// Serve one case's world to an MCP client, to try its tools by hand
    Gateway(gateway::Gateway),
    /// Write JSON Schemas of every format, so that editors complete and check
    Schema(schema::Schema),
    /// Measure evalgate itself on a generated project
    Bench(bench::Bench),
    /// Print a completion script for a shell
    Completions(completions::Completions),
}

/// Runs the program and gives the exit code. A panic, already told on standard error, is an internal error.
pub fn main(arguments: impl IntoIterator<Item = OsString> + UnwindSafe) -> u8 {
    std::panic::catch_unwind(|| dispatch(arguments)).unwrap_or(Exit::Internal.code())
}

fn dispatch(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage.code() } else { Exit::Passed.code() };
        }
    };
    let done = Context::new(arguments.project.as_deref()).and_then(|context| match arguments.command {
        None => overview::overview(&context),
        Some(Command::Init(command)) => command.run(&context),
        Some(Command::Run(command)) => command.run(&context),
        Some(Command::Review(command)) => command.run(&context),
        Some(Command::Correct(command)) => command.run(&context),
        Some(Command::Merge(command)) => command.run(&context),
        Some(Command::Waive(command)) => command.run(&context),
        Some(Command::Show(command)) => command.run(&context),
        Some(Command::Gate(command)) => command.run(&context),
        Some(Command::Compare(command)) => command.run(&context),
        Some(Command::Shadow(command)) => command.run(&context),
        Some(Command::Power(command)) => command.run(&context),
        Some(Command::Simulate(command)) => command.run(&context),
        Some(Command::Calibrate(command)) => command.run(&context),
        Some(Command::Score(command)) => command.run(&context),
        Some(Command::Report(command)) => command.run(&context),
        Some(Command::Attest(command)) => command.run(&context),
        Some(Command::Verify(command)) => command.run(&context),
        Some(Command::History(command)) => command.run(&context),
        Some(Command::Trend(command)) => command.run(&context),
        Some(Command::DemoHistory(command)) => command.run(&context),
        Some(Command::Push(command)) => command.run(&context),
        Some(Command::Pull(command)) => command.run(&context),
        Some(Command::Export(command)) => command.run(&context),
        Some(Command::List(command)) => command.run(&context),
        Some(Command::Target(command)) => command.run(&context),
        Some(Command::Check(command)) => command.run(&context),
        Some(Command::Gateway(command)) => command.run(&context),
        Some(Command::Schema(command)) => command.run(&context),
        Some(Command::Bench(command)) => command.run(),
        Some(Command::Completions(command)) => command.run(),
    });
    match done {
        Ok(exit) => exit.code(),
        Err(failure) => {
            show(&failure);
            failure.exit.code()
        }
    }
}

/// The error, its causes and a way out, on standard error.
fn show(failure: &Failure) {
    let red = anstyle::Style::new().bold().fg_color(Some(anstyle::AnsiColor::Red.into()));
    let mut text = format!("{red}error{red:#}: {}\n", printable(&failure.error.to_string()));
    for cause in failure.error.chain().skip(1) {
        text += &format!("  because: {}\n", printable(&cause.to_string()));
    }
    if let Some(hint) = &failure.hint {
        let blue = anstyle::Style::new().bold().fg_color(Some(anstyle::AnsiColor::Cyan.into()));
        text += &format!("{blue}help{blue:#}: {}\n", printable(hint));
    }
    output::tell(&text);
}

fn styles() -> clap::builder::Styles {
    use anstyle::{AnsiColor, Style};
    let bold = |color: AnsiColor| Style::new().bold().fg_color(Some(color.into()));
    clap::builder::Styles::styled()
        .header(Style::new().bold())
        .usage(Style::new().bold())
        .literal(bold(AnsiColor::Cyan))
        .placeholder(Style::new().fg_color(Some(AnsiColor::Cyan.into())))
}
