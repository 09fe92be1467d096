//! Readers, writers and invalidators on shared keys, checked against a versioned database of truth: no read is
//! older than the last invalidation that had returned before it began. Bounded in count; it stops by itself.

use crate::backend::{self, Backend};
use cache_runtime::{Cache, cache_invalidate, cached, key};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

const KEYS: usize = 8;
const TASKS: usize = 16;
/// Of each task; `SOAK_ROUNDS` in the environment makes it longer.
const ROUNDS: usize = 12_000;

struct Truth {
    cache: Cache,
    _backend: Backend,
    /// The version of each row.
    rows: [AtomicU64; KEYS],
    /// The version of each row that a returned invalidation vouches for.
    vouched: [AtomicU64; KEYS],
    /// The same for readers that only a tag reaches.
    vouched_by_tag: [AtomicU64; KEYS],
}

#[cached(cache = truth.cache, key = "row:{row}", tags = ["row-tag:{row}"], skip(truth))]
async fn row(truth: &Truth, row: usize) -> u64 {
    let version = truth.rows[row].load(SeqCst);
    tokio::task::yield_now().await;
    version
}

#[cached(cache = truth.cache, key = "pair:{first}:{second}", skip(truth))]
async fn pair(truth: &Truth, first: usize, second: usize) -> (u64, u64) {
    (row(truth, first).await, row(truth, second).await)
}

/// Its tag is known only when the value is.
#[cached(cache = truth.cache, key = "late:{row}", tags_with = |_| [format!("row-tag:{row}")], skip(truth))]
async fn late(truth: &Truth, row: usize) -> u64 {
    let version = truth.rows[row].load(SeqCst);
    tokio::task::yield_now().await;
    version
}

#[cached(cache = truth.cache, key = "late-pair:{first}:{second}", skip(truth))]
async fn late_pair(truth: &Truth, first: usize, second: usize) -> (u64, u64) {
    (late(truth, first).await, late(truth, second).await)
}

#[cache_invalidate(tags = ["row-tag:{row}"], cache = truth.cache)]
async fn write_by_tag(truth: &Truth, row: usize) -> u64 {
    truth.rows[row].fetch_add(1, SeqCst) + 1
}

#[cache_invalidate("row:{row}", cache = truth.cache)]
async fn write_by_key(truth: &Truth, row: usize) -> u64 {
    truth.rows[row].fetch_add(1, SeqCst) + 1
}

#[cache_invalidate("row:*", cache = truth.cache)]
async fn write_by_scope(truth: &Truth, row: usize) -> u64 {
    truth.rows[row].fetch_add(1, SeqCst) + 1
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_read_is_older_than_the_last_invalidation_that_returned_before_it() {
    // Small, so that eviction is part of it.
    let backend = Backend::with(|cache| cache.max_entries(24)).await;
    let truth = Arc::new(Truth {
        cache: backend.cache(),
        _backend: backend,
        rows: Default::default(),
        vouched: Default::default(),
        vouched_by_tag: Default::default(),
    });
    let rounds = std::env::var("SOAK_ROUNDS")
        .ok()
        .and_then(|rounds| rounds.parse().ok());
    let rounds = rounds.unwrap_or(ROUNDS / backend::SLOWNESS);
    let tasks = (0..TASKS).map(|seed| tokio::spawn(work(Arc::clone(&truth), rounds, seed as u64)));
    for task in tasks.collect::<Vec<_>>() {
        task.await.expect("no stale read");
    }
    let stats = truth.cache.stats();
    assert!(
        stats.hits() > 100,
        "hits have to happen for this to mean something:\n{stats}"
    );
    let fenced = stats.functions.iter().map(|f| f.fenced).sum::<u64>();
    assert!(fenced > 10, "and races:\n{stats}");
}

async fn work(truth: Arc<Truth>, rounds: usize, seed: u64) {
    let mut random = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    for round in 0..rounds {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let (a, b) = (
            (random >> 8) as usize % KEYS,
            (random >> 16) as usize % KEYS,
        );
        match random % 16 {
            0 => {
                let version = write_by_tag(&truth, a).await;
                truth.vouched[a].fetch_max(version, SeqCst);
                truth.vouched_by_tag[a].fetch_max(version, SeqCst);
            }
            1 => {
                let version = write_by_key(&truth, a).await;
                truth.vouched[a].fetch_max(version, SeqCst);
            }
            2 if round % 4 == 0 => {
                let version = write_by_scope(&truth, a).await;
                truth.vouched[a].fetch_max(version, SeqCst);
            }
            3 => {
                let write = || async { Ok::<_, ()>(truth.rows[a].fetch_add(1, SeqCst) + 1) };
                let tag = key!("row-tag:{a}");
                let written = truth
                    .cache
                    .write_through(key!("row:{a}"), write)
                    .tag(tag)
                    .await;
                truth.vouched[a].fetch_max(written.expect("never fails"), SeqCst);
            }
            4 => {
                let least = truth.vouched_by_tag[a].load(SeqCst);
                let read = late(&truth, a).await;
                assert!(read >= least, "late row {a}: read {read}, vouched {least}");
            }
            5 => {
                let vouched = |row: usize| truth.vouched_by_tag[row].load(SeqCst);
                let least = (vouched(a), vouched(b));
                let read = late_pair(&truth, a, b).await;
                assert!(
                    read.0 >= least.0 && read.1 >= least.1,
                    "late read {read:?}, vouched {least:?}"
                );
            }
            6..10 => {
                let least = (truth.vouched[a].load(SeqCst), truth.vouched[b].load(SeqCst));
                let read = pair(&truth, a, b).await;
                assert!(
                    read.0 >= least.0 && read.1 >= least.1,
                    "read {read:?}, vouched {least:?}"
                );
            }
            _ => {
                let least = truth.vouched[a].load(SeqCst);
                let read = row(&truth, a).await;
                assert!(read >= least, "row {a}: read {read}, vouched {least}");
            }
        }
    }
}
