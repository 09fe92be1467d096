//! Runtimes that stand still, and servers that are slow to connect to.

use crate::parts::{It, it, stored_twice};
use crate::{PATIENCE, ms, on, patient, until_connected};
use cache_runtime::cached;
use std::sync::atomic::Ordering::SeqCst;
use std::time::{Duration, Instant};
use test_servers::{Proxy, RedisServer};

#[test]
fn a_runtime_that_stands_still_while_it_delivers() {
    let servers = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("well");
    let server = servers.block_on(RedisServer::start());
    let proxy = servers.block_on(Proxy::start(server.port()));
    let still = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("well");
    let cache = still.block_on(async {
        let cache = on(proxy.url())
            .operation_timeout(Duration::from_millis(500))
            .invalidation_timeout(Duration::from_millis(300))
            .build()
            .await
            .expect("v");
        until_connected(&cache).await;
        cache.set("k", 1_u32).await;
        cache
    });
    proxy.drop_replies();
    still.block_on(async {
        cache.invalidate_tag("x").await;
        ms(20).await;
    });
    // `still` stands still from here on, in the middle of a delivery.
    proxy.heal();
    servers.block_on(async {
        let began = Instant::now();
        loop {
            cache.set("k", 2_u32).await;
            if cache.get::<u32>("k").await == Some(2) {
                break;
            }
            if began.elapsed() > Duration::from_secs(20) {
                panic!("no cache for 20 s: {:#?}", cache.health().await.redis);
            }
            ms(100).await;
        }
    });
    drop(still);
}

#[test]
fn an_idle_runtime_of_one_thread() {
    let servers = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("well");
    let server = servers.block_on(RedisServer::start());
    let proxy = servers.block_on(Proxy::start(server.port()));
    let alone = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("well");
    let cache = alone.block_on(patient(proxy.url()));
    alone.block_on(async {
        cache.set("k", 1_u32).await;
    });
    for _ in 0..1 {
        std::thread::sleep(Duration::from_millis(3500));
        alone.block_on(async {
            for _ in 0..20 {
                assert_eq!(cache.get::<u32>("k").await, Some(1));
                ms(10).await;
            }
        });
    }
    assert_eq!(proxy.connections(), 1);
}

#[tokio::test]
async fn which_lengths() {
    #[cached(cache = it.cache, key = "thing", ttl = "5m", skip(it))]
    async fn thing(it: &It) -> u32 {
        it.now.load(SeqCst)
    }
    let server = RedisServer::start().await;
    let mut hang = Vec::new();
    for n in 1..22 {
        let it = it(patient(server.url()).await);
        server.command(&["SET", "thing", &"x".repeat(n)]).await;
        if tokio::time::timeout(Duration::from_millis(300), thing(&it))
            .await
            .is_err()
        {
            hang.push(n);
        }
        server.command(&["DEL", "thing", "~lease:{thing}"]).await;
    }
    assert!(hang.is_empty());
}

#[tokio::test]
async fn longer_than_a_lease_may_be_held() {
    #[cached(cache = it.cache, key = "long", ttl = "5m", skip(it))]
    async fn long(it: &It) -> u32 {
        it.calls.fetch_add(1, SeqCst);
        ms(2500).await;
        it.now.load(SeqCst)
    }
    let server = RedisServer::start().await;
    let cache = on(server.url())
        .operation_timeout(PATIENCE)
        .longest_wait(Duration::from_millis(100))
        .lease(Duration::from_millis(500))
        .build()
        .await
        .expect("v");
    until_connected(&cache).await;
    let it = it(cache);
    assert!(stored_twice(&it, || long(&it)).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn load_under_a_slow_server() {
    #[cached(cache = it.cache, key = "v:{n}", ttl = "5m", skip(it))]
    async fn value(it: &It, n: u32) -> u32 {
        it.calls.fetch_add(1, SeqCst);
        n
    }
    for delay in [20] {
        let server = RedisServer::start().await;
        let proxy = Proxy::start(server.port()).await;
        let cache = on(proxy.url()).build().await.expect("v");
        until_connected(&cache).await;
        let it = it(cache);
        for n in 0..200 {
            value(&it, n).await;
        }
        for n in 0..200 {
            value(&it, n).await;
        }
        it.calls.store(0, SeqCst);
        proxy.delay_replies(Duration::from_millis(delay));
        server.reset_stats().await;
        let mut tasks = Vec::new();
        for n in 0..200 {
            let it = it.clone();
            tasks.push(tokio::spawn(async move {
                for _ in 0..10 {
                    value(&it, n).await;
                }
            }));
        }
        for task in tasks {
            task.await.expect("well");
        }
        // Batches of many readers, although each of them waits for long.
        let reads = server.calls("mget").await;
        assert!(reads < 1_000, "{reads} commands for 2000 hits");
    }
}
