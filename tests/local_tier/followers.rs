//! Waiting for what another process computes.

use crate::world::{PATIENCE, Process};
use cache_runtime::cached;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::{Duration, Instant};
use test_servers::Deployment;
use tokio::task::JoinSet;

#[cached(cache = process.cache, key = "slow:{row}", ttl = "1h", skip(process))]
async fn slow(process: &Process, row: u32) -> u32 {
    // Each of another length, so that no rhythm of asking fits all.
    tokio::time::sleep(Duration::from_millis(1_000 + 37 * u64::from(row))).await;
    row
}

/// The server says when the computation has ended; nobody has to ask in between.
#[tokio::test]
async fn who_waits_for_another_process_goes_on_as_soon_as_that_is_done() {
    let server = Deployment::start().await;
    let database = Arc::new(AtomicU32::new(1));
    let bound = Duration::from_secs(2);
    let one = Arc::new(Process::start(server.url(), &database, bound).await);
    let other = Arc::new(Process::start(server.url(), &database, bound).await);
    let mut pairs = JoinSet::new();
    for row in 0..9 {
        let (one, other) = (Arc::clone(&one), Arc::clone(&other));
        pairs.spawn(async move {
            let leading = tokio::spawn(async move {
                slow(&one, row).await;
                Instant::now()
            });
            tokio::time::sleep(Duration::from_millis(50)).await;
            assert_eq!(slow(&other, row).await, row);
            let ended = Instant::now();
            ended.saturating_duration_since(leading.await.expect("well"))
        });
    }
    let mut later = pairs.join_all().await;
    later.sort();
    println!("after the one who computes: {later:?}");
    assert!(
        later[later.len() / 2] < Duration::from_millis(20),
        "{later:?}"
    );
    let stats = other.cache.stats();
    assert_eq!(stats.function("slow").expect("called").loads, 0);
    assert!(later[later.len() - 1] < PATIENCE);
}
