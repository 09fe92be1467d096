//! A server that goes away in the middle.

use crate::source::{Source, pass, ttl_is_over};
use cache_runtime::{Cache, Consistency, cached};
use std::collections::HashMap;
use std::time::{Duration, Instant};
use test_servers::RedisServer;

#[cached(batch(id in ids), ttl = "1m", cache = cache, key = "row:{id}", skip(cache, source))]
async fn rows(cache: &Cache, source: &Source, ids: &[u32]) -> HashMap<u32, u32> {
    let value = source.read().await.expect("not broken here");
    ids.iter().map(|id| (*id, id * 10 + value)).collect()
}

#[cached(ttl = "200ms", swr = "1m", cache = cache, key = "number", skip(cache, source))]
async fn number(cache: &Cache, source: &Source) -> u32 {
    source.read().await.expect("not broken here")
}

async fn process(server: &RedisServer) -> Cache {
    let cache = Cache::builder()
        .redis(server.url())
        .consistency(Consistency::Strict)
        .build()
        .await;
    cache.expect("a valid configuration")
}

#[tokio::test]
async fn a_batch_is_answered_when_the_server_dies_or_hangs_under_it() {
    for hangs in [false, true] {
        let server = RedisServer::start().await;
        let cache = process(&server).await;
        let source = Source::behind(&cache);
        source.hold();
        let batch = tokio::spawn({
            let (cache, source) = (cache.clone(), source.clone());
            async move { rows(&cache, &source, &(0..50).collect::<Vec<_>>()).await }
        });
        source.has_read().await;
        if hangs {
            server.pause();
        } else {
            server.kill();
        }
        source.let_go();
        let began = Instant::now();
        let found = batch.await.expect("no panic");
        assert_eq!((found.len(), found[&7]), (50, 71));
        assert!(
            began.elapsed() < Duration::from_secs(2),
            "{:?}",
            began.elapsed()
        );
        if hangs {
            server.resume();
        }
    }
}

#[tokio::test]
async fn a_refresh_is_harmless_when_the_server_dies_under_it() {
    let server = RedisServer::start().await;
    let cache = process(&server).await;
    let source = Source::behind(&cache);
    assert_eq!(number(&cache, &source).await, 1);
    ttl_is_over().await;
    source.hold();
    assert_eq!(number(&cache, &source).await, 1);
    source.has_read().await;
    server.kill();
    source.write(2);
    source.let_go();
    pass(Duration::from_millis(200)).await;
    assert_eq!(number(&cache, &source).await, 2);
}

/// Meanwhile calls of one key share a run: also those of a batch.
#[tokio::test]
async fn batches_share_runs_while_the_server_is_away() {
    let server = RedisServer::start().await;
    let cache = Cache::builder().redis(server.url()).build().await;
    let cache = cache.expect("a valid configuration");
    let source = Source::behind(&cache);
    cache.set("there", 1).await;
    server.kill();
    pass(Duration::from_millis(100)).await;
    source.hold();
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let (cache, source) = (cache.clone(), source.clone());
        callers.spawn(async move { rows(&cache, &source, &[1, 2, 3]).await });
    }
    source.has_read().await;
    pass(Duration::from_millis(200)).await;
    assert_eq!(source.runs(), 1);
    source.let_go();
    for found in callers.join_all().await {
        assert_eq!(found, [(1, 11), (2, 21), (3, 31)].into());
    }
}
