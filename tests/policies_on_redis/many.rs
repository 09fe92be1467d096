//! Thousands of keys at once: nothing is late because of what else its caller does.

use cache_runtime::{Cache, Consistency, Ttl, cached};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;
use test_servers::Deployment;

const MANY: u32 = 5_000;

/// The most keys that one command, or one batch of them, may be about.
const AT_A_TIME: u32 = 256;

/// What the server has been asked in these commands, which has to be in parts.
async fn assert_in_parts(server: &Deployment, commands: &[&str], keys: u32) {
    let mut calls = 0;
    for command in commands {
        calls += server.calls(command).await;
    }
    let parts = u64::from(keys / AT_A_TIME);
    assert!(calls >= parts, "{calls} {commands:?} for {keys} keys");
}

/// A cluster is asked for those of one slot in one command, and that is mostly one.
const READS: &[&str] = &["mget", "get"];

static GIVEN: AtomicUsize = AtomicUsize::new(0);

#[cached(batch(id in ids), ttl = "5m", cache = cache, key = "item:{id}", skip(cache))]
async fn items(cache: &Cache, ids: &[u32]) -> BTreeMap<u32, u32> {
    GIVEN.fetch_add(ids.len(), SeqCst);
    ids.iter().map(|id| (*id, id + 1)).collect()
}

async fn process(server: &Deployment) -> Cache {
    let cache = Cache::builder()
        .redis(server.url())
        // What is asked at once is counted here, and not how long that takes on a machine that has other work.
        .operation_timeout(Duration::from_secs(10))
        .consistency(Consistency::Strict);
    cache.build().await.expect("a valid configuration")
}

#[tokio::test]
async fn a_batch_of_thousands_is_stored() {
    let server = Deployment::start().await;
    let cache = process(&server).await;
    let ids: Vec<u32> = (0..MANY).collect();
    for _ in 0..3 {
        assert_eq!(items(&cache, &ids).await.len(), ids.len());
    }
    assert_eq!(GIVEN.load(SeqCst), ids.len());
    let stats = cache.stats();
    let items = stats.function("items").expect("called");
    let (stores, unavailable) = (items.stores, items.unavailable);
    assert_eq!((stores, unavailable), (u64::from(MANY), 0));
    assert_in_parts(&server, READS, 3 * MANY).await;
}

#[tokio::test]
async fn thousands_are_set_read_and_deleted() {
    let server = Deployment::start().await;
    let cache = process(&server).await;
    let keys = || (0..4 * MANY).map(|id| format!("number:{id}"));
    let entries = keys().zip(0..4 * MANY);
    assert_eq!(
        cache.set_many(entries, Ttl::mins(5)).await,
        4 * MANY as usize
    );
    assert_in_parts(&server, &["evalsha"], 4 * MANY).await;
    server.reset_stats().await;
    let found: Vec<Option<u32>> = cache.get_many(keys()).await;
    assert_in_parts(&server, READS, 4 * MANY).await;
    assert!(found.into_iter().eq((0..4 * MANY).map(Some)));
    assert_eq!(cache.delete_many(keys()).await, 4 * MANY as usize);
    assert!(!cache.contains("number:7").await);
}
