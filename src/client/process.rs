//! Runs a process to its end: in a group of its own, in a small environment, within a deadline and within memory.
//!
//! Whatever the process does (reads nothing, writes without an end, never ends, leaves others behind), this ends and
//! nobody of its group stays. Whoever left the group, e.g. by a session of its own, is not found again and goes on.
//! Knows nothing of recordings, transcripts or what the output means.

mod group;
mod pipes;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::FusedFuture;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use self::group::Group;
use self::pipes::{Flooded, Tail};
use super::Fault;
use super::request::{CommandAnswer, CommandRequest, ENDED};
use super::secret::Secrets;
use crate::diagnostic::{char_start, excerpt};

/// Variables that every process inherits.
const ALWAYS: [&str; 2] = ["HOME", "PATH"];

/// Longest deadline; longer ones are no limit to anybody.
const LONGEST_DEADLINE: Duration = Duration::from_secs(24 * 3600);

/// Most bytes that are kept of what a process wrote on standard output until it was ended.
const SAID: usize = 256 << 10;

/// How long a process has to end by itself when it is asked to.
const TERM_GRACE: Duration = Duration::from_secs(1);

/// How long those it started have to end, and to write what they still write, when it has ended.
const LEFT_GRACE: Duration = Duration::from_millis(250);

/// Runs a command. A variable that it inherits has the value of the secret of that name, if there is one. Standard
/// output may hold secrets.
pub(super) async fn run(request: CommandRequest, secrets: &Secrets, most: usize) -> Result<CommandAnswer, Fault> {
    let inherited = ALWAYS.into_iter().chain(request.inherits.iter().map(String::as_str));
    let value = |name: &str| secrets.value(name).map(OsString::from).or_else(|| std::env::var_os(name));
    let mut environment: BTreeMap<OsString, OsString> =
        inherited.filter_map(|name| Some((name.into(), value(name)?))).collect();
    environment.extend(request.given.iter().map(|(name, value)| (name.into(), value.into())));
    let mut stdin = request.stdin.to_string().into_bytes();
    stdin.push(b'\n');
    let mut log = Tail::default();
    let process = Process {
        argv: &request.argv,
        folder: &request.folder,
        environment,
        stdin: &stdin,
        deadline: request.deadline,
        most,
    };
    let Ended { status, stdout, cut, leaked } = process.run(&mut log).await?;
    let stderr = log.take(|text| secrets.redact(text).into_owned());
    let (stdout, is_text) = match String::from_utf8(stdout) {
        Ok(text) => (text, true),
        Err(error) => (String::from_utf8_lossy(error.as_bytes()).into_owned(), false),
    };
    let unusable = |why: String| {
        // Redacted before it is cut: the cut could go through a secret.
        let said = secrets.redact(&stdout);
        let line = if said.trim().is_empty() { "" } else { "\n" };
        (ENDED, format!("{why}{line}{}", said[..char_start(&said, SAID)].trim_end()))
    };
    let (status, stdout) = match cut {
        Some(Cut::Deadline) => unusable(format!("it did not end within {} s", request.deadline.as_secs_f64())),
        Some(Cut::Flood) => unusable(format!("it wrote more than {} MiB on standard output", most >> 20)),
        None if status == 0 && !is_text => {
            unusable(format!("standard output is not UTF-8: {}", excerpt(&secrets.redact(&stdout))))
        }
        None => (status, stdout),
    };
    Ok(CommandAnswer { status, stdout, stderr, leaked })
}

/// What to run.
struct Process<'a> {
    argv: &'a [String],
    /// Working folder, absolute. A program with a `/` in its name is looked for from here.
    folder: &'a Path,
    /// All of its environment.
    environment: BTreeMap<OsString, OsString>,
    stdin: &'a [u8],
    deadline: Duration,
    /// Most bytes on standard output.
    most: usize,
}

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
struct Ended {
    /// Exit code; 128 + n for signal n.
    status: i32,
    stdout: Vec<u8>,
    /// Why it was ended before its end.
    cut: Option<Cut>,
    /// Processes of its group that were running when it had ended by itself; they were killed.
    leaked: u32,
}

/// What made us end a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    Deadline,
    /// It wrote more than it may on standard output.
    Flood,
}

impl Process<'_> {
    /// Runs it. The end of standard error is in `log` as far as it was written, also when this is dropped half-way, which
    /// kills the group.
    async fn run(self, log: &mut Tail) -> Result<Ended, Fault> {
        let mut child = self.spawn()?;
        let group = Group::of(&child);
        let deadline = Instant::now() + self.deadline.min(LONGEST_DEADLINE);
        let mut stdout = Vec::with_capacity(8 << 10);
        let (to, from, errors) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let talk = async {
            let (Some(to), Some(from), Some(errors)) = (to, from, errors) else { return Ok(()) };
            let feed = pipes::feed(to, self.stdin).map(Ok);
            let follow = pipes::follow(errors, log).map(Ok);
            tokio::try_join!(feed, pipes::read(from, self.most, &mut stdout), follow).map(drop)
        };
        let (status, cut, leaked) = {
            let mut talk = pin!(talk.fuse());
            let (status, cut, leaked) = match wait(&mut child, &mut talk, deadline).await {
                Ok(status) => (status, None, left(&group, &mut talk).await),
                Err(cut) => {
                    group.terminate();
                    let status = match wait(&mut child, &mut talk, Instant::now() + TERM_GRACE).await {
                        Ok(status) => status,
                        Err(_) => {
                            group.kill();
                            // Where there are no groups.
                            drop(child.start_kill());
                            child.wait().await
                        }
                    };
                    (status, Some(cut), 0)
                }
            };
            group.kill();
            if !talk.is_terminated() {
                // What stands in the pipes. Whoever went into another group may hold them open for ever.
                drop(timeout(LEFT_GRACE, talk).await);
            }
            (status, cut, leaked)
        };
        let status = status.map_err(|error| Fault { message: format!("a process was lost: {error}"), stops: false })?;
        let cut = if stdout.len() > self.most { Some(Cut::Flood) } else { cut };
        Ok(Ended { status: code(status), stdout, cut, leaked })
    }

    fn spawn(&self) -> Result<Child, Fault> {
        let stop = |message: String| Fault { message, stops: true };
        let Some((name, arguments)) = self.argv.split_first() else {
            return Err(stop("there is no program to run: argv is empty".to_owned()));
        };
        if !self.folder.is_dir() {
            return Err(stop(format!("the folder of the command, {}, is not there", self.folder.display())));
        }
        // Left to the system, it is not said from where a relative path counts.
        let program = if name.contains('/') { self.folder.join(name) } else { PathBuf::from(name) };
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.folder).env_clear().envs(&self.environment);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        group::begin(&mut command);
        command.spawn().map_err(|error| {
            let why = match error.kind() {
                std::io::ErrorKind::NotFound if name.contains('/') => {
                    "there is no such file, or what its #! line names is not there".to_owned()
                }
                std::io::ErrorKind::NotFound => "it is not in any folder of PATH".to_owned(),
                std::io::ErrorKind::PermissionDenied => "it is not executable (chmod +x)".to_owned(),
                std::io::ErrorKind::ArgumentListTooLong => "its arguments are too long".to_owned(),
                _ if is_no_program(&error) => "it is not a program: a script needs a #! line".to_owned(),
                // The machine's state, not the command's: no handles, no memory.
                _ => return Fault { message: format!("{name} could not be started: {error}"), stops: false },
            };
            stop(format!("{name} could not be started: {why}"))
        })
    }
}

/// Waits for the process to end while it is talked with, and says why it is not waited for any longer.
async fn wait(
    child: &mut Child,
    talk: &mut (impl FusedFuture<Output = Result<(), Flooded>> + Unpin),
    until: Instant,
) -> Result<std::io::Result<ExitStatus>, Cut> {
    loop {
        tokio::select! {
            status = child.wait() => return Ok(status),
            talked = &mut *talk, if !talk.is_terminated() => talked.map_err(|Flooded| Cut::Flood)?,
            () = sleep_until(until) => return Err(Cut::Deadline),
        }
    }
}

/// How many of the group are still there. Some end a moment after the first of them, or when what they write is read:
/// they are not left behind.
async fn left(group: &Group, talk: &mut (impl FusedFuture<Output = Result<(), Flooded>> + Unpin)) -> u32 {
    let until = Instant::now() + LEFT_GRACE;
    loop {
        let living = group.living();
        if living == 0 || Instant::now() > until {
            return living;
        }
        tokio::select! {
            _ = &mut *talk, if !talk.is_terminated() => {}
            () = sleep(Duration::from_millis(10)) => {}
        }
    }
}

#[cfg(unix)]
fn is_no_program(error: &std::io::Error) -> bool {
    error.raw_os_error() == Some(libc::ENOEXEC)
}

#[cfg(not(unix))]
fn is_no_program(_: &std::io::Error) -> bool {
    false
}

#[cfg(unix)]
fn code(status: ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt;
    status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(-1)
}

#[cfg(not(unix))]
fn code(status: ExitStatus) -> i32 {
    status.code().unwrap_or(-1)
}

#[cfg(test)]
#[path = "process/tests.rs"]
mod tests;
