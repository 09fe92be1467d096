//! Single flight, of a cache on a Redis server: the same as of the embedded one, and under a crowd.

#[path = "../races_on_redis/backend.rs"]
#[allow(dead_code, reason = "shared with the races")]
mod backend;
#[path = "../flights/callers.rs"]
mod callers;

use backend::Backend;
use cache_runtime::{Cache, cached};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;
use tokio::task::JoinSet;

struct Source {
    cache: Cache,
    runs: AtomicUsize,
}

#[cached(cache = source.cache, key = "value:{id}", tags = ["values"], skip(source))]
async fn value(source: &Source, id: u64) -> usize {
    let run = source.runs.fetch_add(1, SeqCst) + 1;
    tokio::time::sleep(Duration::from_millis(100)).await;
    run
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_callers_of_a_cold_key_run_the_body_once() {
    let backend = Backend::with(|c| c.operation_timeout(Duration::from_millis(150))).await;
    let source = Arc::new(Source {
        cache: backend.cache(),
        runs: AtomicUsize::new(0),
    });
    for round in 1..=20 {
        source.cache.invalidate_tag("values").await;
        let mut callers = JoinSet::new();
        for _ in 0..1_000 {
            let source = Arc::clone(&source);
            callers.spawn(async move { value(&source, 7).await });
        }
        let all = tokio::time::timeout(Duration::from_secs(10), callers.join_all()).await;
        let stats = source.cache.stats();
        let all = all.unwrap_or_else(|_| panic!("round {round} hangs: {stats:?}"));
        assert!(
            all.iter().all(|&run| run == round),
            "round {round}: {:?} {stats:?}",
            source.runs
        );
    }
}
