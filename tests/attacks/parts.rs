//! Parts of a computation that fail, are given up, or are not stored: the whole depends on them, and is still stored.

use crate::batches::{Big, BigCache};
use crate::{ms, patient};
use cache_runtime::{Cache, cached};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;
use test_servers::{Deployment, RedisServer};
use tokio::sync::{Notify, Semaphore};

pub(crate) struct It {
    pub(crate) cache: Cache,
    pub(crate) now: AtomicU32,
    pub(crate) began: Notify,
    pub(crate) gate: Semaphore,
    pub(crate) calls: AtomicU32,
}

pub(crate) fn it(cache: Cache) -> Arc<It> {
    Arc::new(It {
        cache,
        now: AtomicU32::new(0),
        began: Notify::new(),
        gate: Semaphore::new(0),
        calls: AtomicU32::new(0),
    })
}

pub(crate) async fn stored_twice<F: Future<Output = u32>>(it: &It, call: impl Fn() -> F) -> bool {
    call().await;
    call().await;
    call().await;
    let n = it.calls.load(SeqCst);
    n == 1
}

#[tokio::test]
async fn shared_error_without_key_generation() {
    #[cached(cache = it.cache, key = "inner", ttl = "5m", skip(it))]
    async fn inner(it: &It) -> Result<u32, String> {
        let now = it.now.load(SeqCst);
        it.began.notify_one();
        it.gate.acquire().await.expect("open").forget();
        if now == 0 {
            Err("not found".into())
        } else {
            Ok(now)
        }
    }
    #[cached(cache = it.cache, key = "outer", ttl = "5m", skip(it))]
    async fn outer(it: &It) -> u32 {
        inner(it).await.unwrap_or(0)
    }
    for redis in [false, true] {
        let server = Deployment::start().await;
        let it = it(if redis {
            patient(server.url()).await
        } else {
            Cache::in_memory()
        });
        let plain = tokio::spawn({
            let it = it.clone();
            async move { inner(&it).await }
        });
        it.began.notified().await;
        let out = tokio::spawn({
            let it = it.clone();
            async move { outer(&it).await }
        });
        ms(200).await;
        it.gate.add_permits(100);
        let _ = plain.await;
        assert_eq!(out.await.expect("well"), 0);
        println!(
            "redis {redis}: stored {:?}",
            it.cache.get::<u32>("outer").await
        );
        it.now.store(5, SeqCst);
        it.cache.delete("inner").await;
        assert_eq!(outer(&it).await, 5, "redis {redis}");
    }
}

#[tokio::test]
async fn given_up_behind_a_caller_that_is_not_nested() {
    #[cached(cache = it.cache, key = "inner", ttl = "5m", skip(it))]
    async fn inner(it: &It) -> u32 {
        let now = it.now.load(SeqCst);
        it.began.notify_one();
        if now == 0 {
            ms(1500).await;
        }
        now
    }
    #[cached(cache = it.cache, key = "outer", ttl = "5m", skip(it))]
    async fn outer(it: &It) -> u32 {
        tokio::time::timeout(Duration::from_millis(200), inner(it))
            .await
            .unwrap_or(0)
    }
    for redis in [false, true] {
        let server = RedisServer::start().await;
        let it = it(if redis {
            patient(server.url()).await
        } else {
            Cache::in_memory()
        });
        let plain = tokio::spawn({
            let it = it.clone();
            async move { inner(&it).await }
        });
        it.began.notified().await;
        ms(50).await;
        assert_eq!(outer(&it).await, 0);
        println!(
            "redis {redis}: stored {:?}",
            it.cache.get::<u32>("outer").await
        );
        it.now.store(5, SeqCst);
        it.cache.delete("inner").await;
        assert_eq!(outer(&it).await, 5, "redis {redis}");
        let _ = plain.await;
    }
}

#[tokio::test]
async fn given_up_while_another_process_computes() {
    #[cached(cache = it.cache, key = "inner", tags = ["numbers"], ttl = "5m", skip(it))]
    async fn inner(it: &It) -> u32 {
        if it.now.load(SeqCst) == 0 {
            it.began.notify_one();
            ms(3_000).await;
        }
        it.now.load(SeqCst)
    }
    #[cached(cache = it.cache, key = "outer", ttl = "5m", skip(it))]
    async fn outer(it: &It) -> u32 {
        tokio::time::timeout(Duration::from_millis(300), inner(it))
            .await
            .unwrap_or(0)
    }
    let server = Deployment::start().await;
    let far = it(patient(server.url()).await);
    let near = it(patient(server.url()).await);
    let computing = tokio::spawn({
        let far = far.clone();
        async move { inner(&far).await }
    });
    far.began.notified().await;
    assert_eq!(outer(&near).await, 0);
    println!("stored {:?}", near.cache.get::<u32>("outer").await);
    near.now.store(5, SeqCst);
    far.now.store(5, SeqCst);
    near.cache.invalidate_tag("numbers").await;
    near.cache.delete("inner").await;
    assert_eq!(outer(&near).await, 5);
    drop(computing);
}

#[tokio::test]
async fn a_doomed_part_that_fails() {
    #[cached(cache = it.cache, key = "leaf", ttl = "5m", skip(it), when = it.calls.load(SeqCst) == 9, tags_with = |_: &u32| ["leafy".to_owned()])]
    async fn leaf(it: &It) -> u32 {
        it.now.load(SeqCst)
    }
    #[cached(cache = it.cache, key = "mid", ttl = "5m", skip(it))]
    async fn mid(it: &It) -> Result<u32, String> {
        match leaf(it).await {
            0 => Err("no".into()),
            n => Ok(n),
        }
    }
    #[cached(cache = it.cache, key = "outer", ttl = "5m", skip(it))]
    async fn outer(it: &It) -> u32 {
        mid(it).await.unwrap_or(0)
    }
    for redis in [false, true] {
        let server = Deployment::start().await;
        let it = it(if redis {
            patient(server.url()).await
        } else {
            Cache::in_memory()
        });
        assert_eq!(outer(&it).await, 0);
        println!(
            "redis {redis}: stored {:?}",
            it.cache.get::<u32>("outer").await
        );
        it.now.store(5, SeqCst);
        it.cache.invalidate_tag("leafy").await;
        it.cache.delete("leaf").await;
        assert_eq!(outer(&it).await, 5, "redis {redis}");
    }
}

#[tokio::test]
async fn inner_refresh_that_fails() {
    #[cached(cache = it.cache, key = "outer", ttl = "5m", skip(it))]
    async fn outer(it: &It) -> u32 {
        it.calls.fetch_add(1, SeqCst);
        let bigs = BigCache::new(&it.cache);
        bigs.refresh("a", || async { Err::<Option<Big>, _>("no".to_owned()) })
            .await
            .map_or(1, |_| 2)
    }
    let server = Deployment::start().await;
    let it = it(patient(server.url()).await);
    assert!(stored_twice(&it, || outer(&it)).await);
}

#[tokio::test]
async fn join_of_errors_not_clone() {
    #[derive(Debug)]
    struct E;
    #[cached(cache = it.cache, key = "bad", ttl = "5m", skip(it))]
    async fn bad(it: &It) -> Result<u32, E> {
        ms(50).await;
        if it.now.load(SeqCst) == 0 {
            Err(E)
        } else {
            Ok(1)
        }
    }
    #[cached(cache = it.cache, key = "outer", ttl = "5m", skip(it))]
    async fn outer(it: &It) -> u32 {
        it.calls.fetch_add(1, SeqCst);
        let (a, b) = tokio::join!(bad(it), bad(it));
        a.unwrap_or(1) + b.unwrap_or(2)
    }
    let server = Deployment::start().await;
    let it = it(patient(server.url()).await);
    assert!(stored_twice(&it, || outer(&it)).await);
}

#[tokio::test]
async fn many_outers_one_failing_inner() {
    #[derive(Debug)]
    struct E;
    #[cached(cache = it.cache, key = "bad", ttl = "5m", skip(it))]
    async fn bad(it: &It) -> Result<u32, E> {
        ms(30).await;
        if it.now.load(SeqCst) == 0 {
            Err(E)
        } else {
            Ok(1)
        }
    }
    #[cached(cache = it.cache, key = "outer:{n}", ttl = "5m", skip(it))]
    async fn outer(it: &It, n: u32) -> u32 {
        it.calls.fetch_add(1, SeqCst);
        bad(it).await.unwrap_or(n)
    }
    let server = Deployment::start().await;
    let it = it(patient(server.url()).await);
    for _ in 0..5 {
        let tasks: Vec<_> = (0..20)
            .map(|n| {
                let it = it.clone();
                tokio::spawn(async move { outer(&it, n).await })
            })
            .collect();
        for task in tasks {
            task.await.expect("well");
        }
    }
    assert_eq!(it.calls.load(SeqCst), 20);
}

/// Several processes with errors: how long, how many stored.

#[tokio::test]
async fn generations_of_an_inner_value_live_as_long_as_the_outer() {
    #[cached(cache = it.cache, key = "inner", tags = ["numbers"], ttl = "10s", skip(it))]
    async fn inner(it: &It) -> u32 {
        it.now.load(SeqCst)
    }
    #[cached(cache = it.cache, key = "outer", ttl = "1d", skip(it))]
    async fn outer(it: &It) -> u32 {
        inner(it).await
    }
    let server = Deployment::start().await;
    let it = it(patient(server.url()).await);
    outer(&it).await;
    let mut short = Vec::new();
    for name in ["outer", "~key:{inner}", "~tag:numbers", "~scope:"] {
        let left = server.command(&["PTTL", name]).await.integer() / 1000;
        if left < 86_000 {
            short.push(name);
        }
    }
    assert!(short.is_empty(), "{short:?}");
}
