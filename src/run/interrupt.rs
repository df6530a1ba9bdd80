//! Ctrl-C, or a server that cancels its job: once, scheduling stops and what runs is finished; twice, everything ends at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// Tells the dispatcher that somebody wants the run to stop.
#[derive(Clone, Default)]
pub struct Interrupt {
    raised: Arc<AtomicBool>,
    wake: Arc<Notify>,
}

impl Interrupt {
    /// Listens for SIGINT and SIGTERM in the background of the current runtime. `last` is called at the second one.
    pub fn listen(&self, last: impl Fn() + Send + 'static) {
        let interrupt = self.clone();
        tokio::spawn(async move {
            let mut signals = Signals::new();
            while signals.next().await.is_ok() {
                if interrupt.is_raised() {
                    last();
                }
                interrupt.raise();
            }
        });
    }

    pub fn raise(&self) {
        self.raised.store(true, Ordering::SeqCst);
        self.wake.notify_one();
    }

    pub fn is_raised(&self) -> bool {
        self.raised.load(Ordering::SeqCst)
    }

    /// Ends when somebody raises it.
    pub(super) async fn raised(&self) {
        while !self.is_raised() {
            self.wake.notified().await;
        }
    }
}

/// The signals that ask a process to end.
struct Signals {
    #[cfg(unix)]
    terminate: Option<tokio::signal::unix::Signal>,
}

impl Signals {
    fn new() -> Self {
        Self {
            #[cfg(unix)]
            terminate: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).ok(),
        }
    }

    /// Ends with the next one; an error where none can be waited for.
    #[cfg(unix)]
    async fn next(&mut self) -> std::io::Result<()> {
        let Some(terminate) = &mut self.terminate else { return tokio::signal::ctrl_c().await };
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => interrupted,
            Some(()) = terminate.recv() => Ok(()),
        }
    }

    #[cfg(not(unix))]
    async fn next(&mut self) -> std::io::Result<()> {
        tokio::signal::ctrl_c().await
    }
}
