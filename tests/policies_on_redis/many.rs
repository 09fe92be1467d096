//! Thousands of keys at once: nothing is late because of what else its caller does.

use cache_runtime::{Cache, Consistency, Ttl, cached};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use test_servers::RedisServer;

const MANY: u32 = 5_000;

static GIVEN: AtomicUsize = AtomicUsize::new(0);

#[cached(batch(id in ids), ttl = "5m", cache = cache, key = "item:{id}", skip(cache))]
async fn items(cache: &Cache, ids: &[u32]) -> BTreeMap<u32, u32> {
    GIVEN.fetch_add(ids.len(), SeqCst);
    ids.iter().map(|id| (*id, id + 1)).collect()
}

async fn process(server: &RedisServer) -> Cache {
    let cache = Cache::builder()
        .redis(server.url())
        .consistency(Consistency::Strict);
    cache.build().await.expect("a valid configuration")
}

#[tokio::test]
async fn a_batch_of_thousands_is_stored() {
    let server = RedisServer::start().await;
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
}

#[tokio::test]
async fn thousands_are_set_read_and_deleted() {
    let server = RedisServer::start().await;
    let cache = process(&server).await;
    let keys = || (0..4 * MANY).map(|id| format!("number:{id}"));
    let entries = keys().zip(0..4 * MANY);
    assert_eq!(
        cache.set_many(entries, Ttl::mins(5)).await,
        4 * MANY as usize
    );
    let found: Vec<Option<u32>> = cache.get_many(keys()).await;
    assert!(found.into_iter().eq((0..4 * MANY).map(Some)));
    assert_eq!(cache.delete_many(keys()).await, 4 * MANY as usize);
    assert!(!cache.contains("number:7").await);
}
