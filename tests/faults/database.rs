//! A database of versions.

use crate::world::PATIENCE;
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};
use test_servers::wait_until;

pub(crate) const ROWS: usize = 64;

tokio::task_local! {
    /// How long the body took that ran inside this call, if one did.
    pub(crate) static BODY: Cell<Option<Duration>>;
}

/// The versions of rows that a read must not fall behind.
pub(crate) struct Vouched {
    pub(crate) by_any: [AtomicU32; ROWS],
    /// By what reaches more than one key. An exact key reaches that key alone.
    pub(crate) by_guard: [AtomicU32; ROWS],
}

impl Default for Vouched {
    fn default() -> Self {
        Vouched {
            by_any: [const { AtomicU32::new(1) }; ROWS],
            by_guard: [const { AtomicU32::new(1) }; ROWS],
        }
    }
}

impl Vouched {
    pub(crate) fn raise(&self, row: usize, version: u32, by_guard: bool) {
        self.by_any[row].fetch_max(version, SeqCst);
        if by_guard {
            self.by_guard[row].fetch_max(version, SeqCst);
        }
    }
}

/// What all processes read and write.
pub(crate) struct Database {
    /// The version of each row.
    rows: [AtomicU32; ROWS],
    /// What invalidations vouch for that were delivered.
    pub(crate) vouched: Vouched,
    /// How long a read takes, in milliseconds.
    takes: AtomicU64,
    runs: AtomicUsize,
}

impl Database {
    /// Every row is at version 1, and a read takes no time.
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Database {
            rows: [const { AtomicU32::new(1) }; ROWS],
            vouched: Vouched::default(),
            takes: AtomicU64::new(0),
            runs: AtomicUsize::new(0),
        })
    }

    /// Reads that begin from here on take so long.
    pub(crate) fn takes(&self, time: Duration) {
        self.takes.store(time.as_millis() as u64, SeqCst);
    }

    /// How many reads have begun.
    pub(crate) fn runs(&self) -> usize {
        self.runs.load(SeqCst)
    }

    pub(crate) async fn until_runs(&self, runs: usize) {
        let running = || async { self.runs() >= runs };
        wait_until("as many bodies run", PATIENCE, running).await;
    }

    /// Looks at the row first, and is slow then.
    pub(crate) async fn read(&self, row: usize) -> u32 {
        let began = Instant::now();
        self.runs.fetch_add(1, SeqCst);
        let version = self.rows[row % ROWS].load(SeqCst);
        let takes = Duration::from_millis(self.takes.load(SeqCst));
        if !takes.is_zero() {
            tokio::time::sleep(takes).await;
        }
        let _ = BODY.try_with(|body| body.set(Some(began.elapsed())));
        version
    }

    pub(crate) fn write(&self, row: usize) -> u32 {
        self.rows[row].fetch_add(1, SeqCst) + 1
    }

    pub(crate) fn version(&self, row: usize) -> u32 {
        self.rows[row].load(SeqCst)
    }
}
