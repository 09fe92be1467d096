//! Many callers at once, who read and write the same rows until they are told to stop.

use crate::world::{By, PATIENCE, Process, row, timed};
use cache_runtime::{Delivery, cached, key};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::time::Duration;
use test_servers::wait_until;
use tokio::task::JoinHandle;

/// Readers for each writer.
const READERS: usize = 12;
/// Few, so that callers meet.
const ROWS_OF_LOAD: usize = 8;
/// What a caller does between two calls.
const THINKING: Duration = Duration::from_millis(1);

/// Callers at work. A call that fails, hangs or returns an old value panics.
pub(crate) struct Load {
    shared: Arc<Shared>,
    callers: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    stops: AtomicBool,
    tally: Tally,
}

/// What has happened so far.
#[derive(Default)]
struct Tally {
    hits: AtomicU64,
    runs: AtomicU64,
    delivered: AtomicU64,
    deferred: AtomicU64,
}

impl Load {
    /// Readers and writers in each process.
    pub(crate) fn on(processes: &[&Arc<Process>]) -> Self {
        let shared = Arc::new(Shared::default());
        let mut callers = Vec::new();
        for process in processes {
            for number in 0..READERS {
                let (process, shared) = (Arc::clone(process), Arc::clone(&shared));
                callers.push(tokio::spawn(read(process, shared, number)));
            }
            let (process, shared) = (Arc::clone(process), Arc::clone(&shared));
            callers.push(tokio::spawn(give_up(
                Arc::clone(&process),
                Arc::clone(&shared),
            )));
            callers.push(tokio::spawn(write(process, shared)));
        }
        Load { shared, callers }
    }

    /// Waits for so many more hits.
    pub(crate) async fn until_hits(&self, hits: u64) {
        let count = &self.shared.tally.hits;
        self.until_more("there are more hits", count, hits).await;
    }

    /// Waits until so many more bodies have run.
    pub(crate) async fn until_runs(&self, runs: u64) {
        let count = &self.shared.tally.runs;
        self.until_more("more bodies have run", count, runs).await;
    }

    /// Waits for more invalidations that were deferred.
    pub(crate) async fn until_deferred(&self, times: u64) {
        let count = &self.shared.tally.deferred;
        self.until_more("more invalidations are deferred", count, times)
            .await;
    }

    /// Waits for more invalidations that were delivered.
    pub(crate) async fn until_delivered(&self, times: u64) {
        let count = &self.shared.tally.delivered;
        self.until_more("more invalidations are delivered", count, times)
            .await;
    }

    async fn until_more(&self, what: &str, count: &AtomicU64, more: u64) {
        let enough = count.load(SeqCst) + more;
        wait_until(what, PATIENCE, || async {
            assert!(
                !self.callers.iter().any(JoinHandle::is_finished),
                "a caller has panicked"
            );
            count.load(SeqCst) >= enough
        })
        .await;
    }

    /// Lets every caller finish its last call.
    pub(crate) async fn stop(self) {
        self.shared.stops.store(true, SeqCst);
        for caller in self.callers {
            caller
                .await
                .expect("no call fails, hangs or returns an old value");
        }
    }
}

/// What depends on two entries.
#[cached(ttl = "1h", cache = process.cache, key = "pair:{one}:{other}", skip(process))]
async fn pair(process: &Process, one: usize, other: usize) -> (u32, u32) {
    (row(process, one).await, row(process, other).await)
}

/// What has a tag that only its value tells.
#[cached(ttl = "1h", cache = process.cache, key = "row:{row}:late", tags_with = |_| [key!("row-tag:{row}")], skip(process))]
async fn late(process: &Process, row: usize) -> u32 {
    process.database.read(row).await
}

async fn read(process: Arc<Process>, shared: Arc<Shared>, number: usize) {
    let mut random = number as u64 * 2 + 1;
    while !shared.stops.load(SeqCst) {
        random = random.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29);
        let (one, other) = (
            random as usize % ROWS_OF_LOAD,
            (random >> 8) as usize % ROWS_OF_LOAD,
        );
        let ran = match random >> 60 {
            0 => {
                let least = (process.least(one), process.least(other));
                let call = timed(pair(&process, one, other)).await;
                let value = call.value;
                assert!(
                    value.0 >= least.0 && value.1 >= least.1,
                    "a pair: {value:?} < {least:?}"
                );
                call.ran
            }
            1 => {
                let least = process.least_elsewhere(one);
                let call = timed(late(&process, one)).await;
                assert!(call.value >= least, "a late tag: {} < {least}", call.value);
                call.ran
            }
            _ => process.read(one).await.ran,
        };
        let count = if ran {
            &shared.tally.runs
        } else {
            &shared.tally.hits
        };
        count.fetch_add(1, SeqCst);
        tokio::time::sleep(THINKING).await;
    }
}

/// Gives up soon, wherever its call is then.
async fn give_up(process: Arc<Process>, shared: Arc<Shared>) {
    for n in (0..ROWS_OF_LOAD).cycle() {
        if shared.stops.load(SeqCst) {
            return;
        }
        let patience = Duration::from_micros(400 * n as u64);
        let _ = tokio::time::timeout(patience, process.read(n)).await;
        tokio::time::sleep(THINKING).await;
    }
}

async fn write(process: Arc<Process>, shared: Arc<Shared>) {
    for n in 0.. {
        if shared.stops.load(SeqCst) {
            return;
        }
        // Every way meets every row.
        let (row, way) = (n % ROWS_OF_LOAD, n % (ROWS_OF_LOAD + 1) % 5);
        let by = match way {
            0 => By::Tag,
            1 => By::Key,
            2 => By::Scope,
            3 => {
                process.rewrite(row).await;
                continue;
            }
            _ => {
                process.put(row).await;
                continue;
            }
        };
        let count = match process.write(row, by).await {
            Delivery::Delivered => &shared.tally.delivered,
            _ => &shared.tally.deferred,
        };
        count.fetch_add(1, SeqCst);
        tokio::time::sleep(10 * THINKING).await;
    }
}
