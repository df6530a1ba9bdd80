//! A process group: an agent's process and everything it started and did not put into a group of its own.
//!
//! Whatever way a trial ends, and evalgate with it, the group is gone afterwards. Knows nothing of what is said or read.

use tokio::process::{Child, Command};

/// Lets a process begin a group of its own, so that signals for evalgate's terminal do not reach it.
pub(super) fn begin(command: &mut Command) {
    #[cfg(unix)]
    command.process_group(0);
    command.kill_on_drop(true);
}

/// A group that is killed when this is dropped.
pub(super) struct Group {
    #[cfg(unix)]
    id: Option<libc::pid_t>,
}

#[cfg(unix)]
impl Group {
    /// The group that this process began.
    pub fn of(child: &Child) -> Self {
        let id = child.id().and_then(|id| libc::pid_t::try_from(id).ok());
        if let Some(id) = id {
            living::add(id);
        }
        Self { id }
    }

    /// Asks everyone in it to end.
    pub fn terminate(&self) {
        self.signal(libc::SIGTERM);
    }

    /// Ends everyone in it.
    pub fn kill(&self) {
        self.signal(libc::SIGKILL);
    }

    /// How many of it are running.
    pub fn living(&self) -> u32 {
        match self.id {
            Some(id) if living::signal(id, 0) => members(id),
            _ => 0,
        }
    }

    fn signal(&self, signal: libc::c_int) {
        if let Some(id) = self.id {
            living::signal(id, signal);
        }
    }
}

#[cfg(unix)]
impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
        if let Some(id) = self.id {
            living::remove(id);
        }
    }
}

/// Processes of a group that are more than an entry nobody has collected.
#[cfg(target_os = "linux")]
fn members(group: libc::pid_t) -> u32 {
    let Ok(processes) = std::fs::read_dir("/proc") else { return 1 };
    let is_member = |stat: &str| {
        // The program's name stands in brackets and may hold any character.
        let mut fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace();
        let state = fields.next().unwrap_or("X");
        fields.nth(1).and_then(|id| id.parse().ok()) == Some(group) && !matches!(state, "Z" | "X")
    };
    let stats = processes.flatten().filter(|entry| entry.file_name().as_encoded_bytes()[0].is_ascii_digit());
    let count = stats.filter(|entry| {
        let stat = std::fs::read(entry.path().join("stat")).unwrap_or_default();
        is_member(&String::from_utf8_lossy(&stat))
    });
    count.count() as u32
}

/// At least one; how many, the system does not say.
#[cfg(all(unix, not(target_os = "linux")))]
fn members(_: libc::pid_t) -> u32 {
    1
}

/// The groups that are under way, so that evalgate leaves none behind when it ends without unwinding.
#[cfg(unix)]
mod living {
    use std::collections::BTreeSet;
    use std::sync::{Mutex, MutexGuard, Once, PoisonError};

    struct Living {
        groups: BTreeSet<libc::pid_t>,
        /// evalgate ends: whoever is started now ends too.
        over: bool,
    }

    static LIVING: Mutex<Living> = Mutex::new(Living { groups: BTreeSet::new(), over: false });
    static AT_EXIT: Once = Once::new();

    fn lock() -> MutexGuard<'static, Living> {
        LIVING.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn add(id: libc::pid_t) {
        // SAFETY: the function does not unwind and touches nothing that is gone at exit.
        AT_EXIT.call_once(|| _ = unsafe { libc::atexit(end_all) });
        let mut living = lock();
        living.groups.insert(id);
        if living.over {
            signal(id, libc::SIGKILL);
        }
    }

    pub fn remove(id: libc::pid_t) {
        lock().groups.remove(&id);
    }

    extern "C" fn end_all() {
        let mut living = lock();
        living.over = true;
        for &id in &living.groups {
            signal(id, libc::SIGKILL);
        }
    }

    /// Whether there was somebody to signal.
    pub fn signal(id: libc::pid_t, signal: libc::c_int) -> bool {
        // SAFETY: a call without pointers; `id` is above 1, so it is a group of ours and never everyone.
        id > 1 && unsafe { libc::kill(-id, signal) } == 0
    }
}

/// Where there are no groups only the process itself is ended, by its handle.
#[cfg(not(unix))]
impl Group {
    pub fn of(_: &Child) -> Self {
        Self {}
    }
    pub fn terminate(&self) {}
    pub fn kill(&self) {}
    pub fn living(&self) -> u32 {
        0
    }
}
