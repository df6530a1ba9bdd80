//! A pseudo-terminal of 80 columns and 24 rows with the program under test on the other side.
//!
//! Knows nothing of what is shown: it waits for texts, presses keys, and holds every screen to its size.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use unicode_width::UnicodeWidthStr;

const COLUMNS: u16 = 80;
const ROWS: u16 = 24;

/// What a screen begins with.
const CLEAR: &str = "\x1b[H\x1b[2J";

/// Longer than any screen takes, however busy the machine.
const PATIENCE: Duration = Duration::from_secs(30);

pub struct Terminal {
    child: Child,
    master: File,
    said: Vec<u8>,
    /// As it was before the program began.
    settings: libc::termios,
}

impl Terminal {
    /// Runs a command at a terminal of its own.
    pub fn run(mut command: Command) -> Self {
        let (mut master, mut slave) = (0, 0);
        let size = libc::winsize { ws_row: ROWS, ws_col: COLUMNS, ws_xpixel: 0, ws_ypixel: 0 };
        // SAFETY: both numbers are ours to write to, the size outlives the call, and no name or settings are asked for.
        let opened = unsafe { libc::openpty(&mut master, &mut slave, std::ptr::null_mut(), std::ptr::null(), &size) };
        assert_eq!(opened, 0, "no pseudo-terminal");
        // SAFETY: the call gave both to us alone.
        let (master, slave) = unsafe { (File::from_raw_fd(master), OwnedFd::from_raw_fd(slave)) };
        let settings = settings(&master);
        let end = || Stdio::from(slave.try_clone().unwrap());
        command.stdin(end()).stdout(end()).stderr(end());
        // SAFETY: only calls that are allowed between fork and exec.
        unsafe {
            command.pre_exec(|| {
                if libc::setsid() < 0 || libc::ioctl(0, libc::TIOCSCTTY, 0) < 0 {
                    return Err(std::io::Error::last_os_error());
                }
                Ok(())
            });
        }
        let child = command.spawn().unwrap();
        drop(slave);
        Self { child, master, said: Vec::new(), settings }
    }

    /// Presses keys, one after the other.
    pub fn press(&mut self, keys: &str) -> &mut Self {
        self.master.write_all(keys.as_bytes()).unwrap();
        self
    }

    /// Waits until the screen says this, whatever its line breaks.
    #[track_caller]
    pub fn sees(&mut self, text: &str) -> &mut Self {
        let begun = Instant::now();
        while !flat(&self.screen()).contains(&flat(text)) {
            let left = PATIENCE.checked_sub(begun.elapsed());
            let more = left.is_some_and(|left| self.read(left));
            assert!(more || flat(&self.screen()).contains(&flat(text)), "never says {text:?}:\n{}", self.screen());
        }
        self
    }

    /// Waits until a terminal of lines has asked so often, so that nothing is typed ahead into what it still writes.
    #[track_caller]
    pub fn is_asked(&mut self, times: usize) -> &mut Self {
        let begun = Instant::now();
        while self.said().matches("\n> ").count() < times {
            let left = PATIENCE.checked_sub(begun.elapsed());
            assert!(left.is_some_and(|left| self.read(left)), "never asks {times} times:\n{}", self.screen());
        }
        self
    }

    /// What stands on the screen.
    pub fn screen(&self) -> String {
        let said = String::from_utf8_lossy(&self.said);
        said.rsplit(CLEAR).next().unwrap_or_default().replace('\r', "")
    }

    /// Everything that was ever shown.
    pub fn said(&self) -> String {
        String::from_utf8_lossy(&self.said).replace('\r', "")
    }

    /// Waits for the end: the exit code, and the terminal as it was found.
    #[track_caller]
    pub fn exits(&mut self, code: i32) -> &mut Self {
        let begun = Instant::now();
        while PATIENCE.checked_sub(begun.elapsed()).is_some_and(|left| self.read(left)) {}
        let status = self.child.wait().unwrap();
        assert_eq!(status.code(), Some(code), "{}", self.screen());
        let now = settings(&self.master);
        assert_eq!(
            (now.c_lflag, now.c_iflag, now.c_oflag),
            (self.settings.c_lflag, self.settings.c_iflag, self.settings.c_oflag),
            "the terminal is not as it was"
        );
        let said = self.said();
        // What stands before the first screen and after the last is ordinary output.
        let screens: Vec<&str> = said.split(CLEAR).skip(1).collect();
        for screen in screens.iter().take(screens.len().saturating_sub(1)) {
            assert!(screen.lines().count() <= usize::from(ROWS), "higher than the terminal:\n{screen}");
            assert!(screen.lines().all(|line| line.width() <= usize::from(COLUMNS)), "too wide:\n{screen}");
        }
        self
    }

    /// Reads what has come, or waits for it. Whether anything may still come.
    fn read(&mut self, wait: Duration) -> bool {
        let mut ready = libc::pollfd { fd: self.master.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: one entry, ours, for as long as the call takes.
        let n = unsafe { libc::poll(&mut ready, 1, wait.as_millis().try_into().unwrap()) };
        let mut buffer = [0; 4096];
        match if n > 0 { self.master.read(&mut buffer) } else { Ok(0) } {
            // The other side is gone: on Linux that is an error, elsewhere the end.
            Err(_) | Ok(0) => false,
            Ok(n) => {
                self.said.extend_from_slice(&buffer[..n]);
                true
            }
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // A test that failed leaves nobody behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn settings(terminal: &File) -> libc::termios {
    let mut settings = std::mem::MaybeUninit::uninit();
    // SAFETY: the call fills the whole of it, or fails.
    unsafe {
        assert_eq!(libc::tcgetattr(terminal.as_raw_fd(), settings.as_mut_ptr()), 0);
        settings.assume_init()
    }
}

fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
