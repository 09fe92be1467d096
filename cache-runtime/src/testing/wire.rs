//! What lies between a node and the server, and can break.

use crate::sync::lock;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout_at};

/// Later than this is never, and does not overflow.
const LONGEST_DELAY: Duration = Duration::from_secs(365 * 24 * 3600);

/// The way from one node to the server and back, for all its connections.
pub(super) struct Wire {
    state: watch::Sender<State>,
    loses_reply: AtomicBool,
    /// What its callers have asked.
    asked: AtomicU64,
    /// The tasks that carry what goes over it.
    carriers: Mutex<Vec<AbortHandle>>,
}

#[derive(Clone, Copy, Default)]
struct State {
    is_cut: bool,
    /// Whether it has broken meanwhile, which nobody could be told.
    is_broken: bool,
    delay: Duration,
}

impl Wire {
    pub(super) fn new() -> Self {
        Wire {
            state: watch::Sender::default(),
            loses_reply: AtomicBool::new(false),
            asked: AtomicU64::new(0),
            carriers: Mutex::default(),
        }
    }

    pub(super) fn cut(&self) {
        self.state.send_modify(|state| state.is_cut = true);
    }

    pub(super) fn heal(&self) {
        if self.state.borrow().is_broken {
            self.end();
        }
        self.state.send_replace(State::default());
    }

    pub(super) fn delay(&self, delay: Duration) {
        let delay = delay.min(LONGEST_DELAY);
        self.state.send_modify(|state| state.delay = delay);
    }

    pub(super) fn lose_next_reply(&self) {
        self.loses_reply.store(true, Ordering::Release);
    }

    /// Ends all connections, as soon as both sides can be told. What was on its way is lost.
    pub(super) fn breaks(&self) {
        if self.state.borrow().is_cut {
            self.state.send_modify(|state| state.is_broken = true);
        } else {
            self.end();
        }
    }

    fn end(&self) {
        lock(&self.carriers).drain(..).for_each(|task| task.abort());
    }

    /// Whether whatever is sent arrives at once.
    pub(super) fn is_in_order(&self) -> bool {
        let State { is_cut, delay, .. } = *self.state.borrow();
        !is_cut && delay.is_zero()
    }

    pub(super) fn asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }

    pub(super) fn is_asked(&self) {
        self.asked.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether the reply to this command is the one to be lost.
    pub(super) fn loses_reply(&self) -> bool {
        self.loses_reply.swap(false, Ordering::AcqRel)
    }

    /// These end when it breaks.
    pub(super) fn carries(&self, tasks: [AbortHandle; 2]) {
        let mut carriers = lock(&self.carriers);
        carriers.retain(|task| !task.is_finished());
        carriers.extend(tasks);
    }

    /// Waits until something passes.
    pub(super) async fn is_whole(&self) {
        let mut state = self.state.subscribe();
        // It fails only with this value.
        let _ = state.wait_for(|state| !state.is_cut).await;
    }

    /// Waits until what was sent at this moment has arrived.
    pub(super) async fn arrives(&self, sent: Instant) {
        let mut state = self.state.subscribe();
        loop {
            let State { is_cut, delay, .. } = *state.borrow_and_update();
            let due = sent + delay;
            if is_cut {
                // It fails only with this value.
                let _ = state.changed().await;
            } else if due <= Instant::now() || timeout_at(due, state.changed()).await.is_err() {
                return;
            }
        }
    }
}
