//! Ctrl-C: once, scheduling stops and what runs is finished; twice, everything ends at once.

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
    /// Listens for Ctrl-C in the background of the current runtime. `last` is called at the second one.
    pub fn listen(&self, last: impl Fn() + Send + 'static) {
        let interrupt = self.clone();
        tokio::spawn(async move {
            while tokio::signal::ctrl_c().await.is_ok() {
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
