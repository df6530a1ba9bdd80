//! One child process, watched from outside: how it ended and what it took.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{BenchError, Doing};

/// What a process took.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spent {
    pub wall: Duration,
    /// Absent where the system does not tell.
    pub usage: Option<Usage>,
}

/// What the system booked on a process that has ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Usage {
    /// User and system time, over all cores.
    pub cpu: Duration,
    /// Largest resident memory, in bytes.
    pub peak: u64,
}

/// Runs this program with `arguments` in `folder`, and waits until it ends with `wanted`. What it prints is dropped.
pub fn run(folder: &Path, arguments: &[&str], wanted: i32) -> Result<Spent, BenchError> {
    let program = std::env::current_exe().doing("find the program itself")?;
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    for name in ["CI", "EVALGATE_JOBS", "EVALGATE_POLICY", "EVALGATE_REVIEWER"] {
        command.env_remove(name);
    }
    let began = Instant::now();
    let child = command.spawn().doing("start the program itself")?;
    let (exit, usage) = wait(child).doing("wait for the program itself")?;
    let spent = Spent { wall: began.elapsed(), usage };
    match exit == wanted {
        true => Ok(spent),
        false => Err(BenchError::Ended { command: arguments.join(" "), exit, wanted }),
    }
}

/// Waits for this one child: what children took before it is not in its figures. A signal is a negative exit code.
#[cfg(unix)]
fn wait(child: std::process::Child) -> std::io::Result<(i32, Option<Usage>)> {
    use std::os::unix::process::ExitStatusExt;

    let mut status = 0;
    // SAFETY: all of `rusage` is integers, for which zero is a value.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    let pid = child.id() as libc::pid_t;
    // SAFETY: both pointers are to locals that outlive the call, and nobody else waits for this child.
    while unsafe { libc::wait4(pid, &raw mut status, 0, &raw mut usage) } == -1 {
        let error = std::io::Error::last_os_error();
        if error.kind() != std::io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    let time =
        |time: libc::timeval| Duration::from_secs(time.tv_sec as u64) + Duration::from_micros(time.tv_usec as u64);
    // Kibibytes, but for Apple's systems.
    let unit = if cfg!(target_vendor = "apple") { 1 } else { 1024 };
    let usage = Usage { cpu: time(usage.ru_utime) + time(usage.ru_stime), peak: usage.ru_maxrss as u64 * unit };
    let status = std::process::ExitStatus::from_raw(status);
    Ok((status.code().unwrap_or_else(|| -status.signal().unwrap_or(1)), Some(usage)))
}

#[cfg(not(unix))]
fn wait(mut child: std::process::Child) -> std::io::Result<(i32, Option<Usage>)> {
    Ok((child.wait()?.code().unwrap_or(-1), None))
}
