//! What has to come before something else comes first, though servers know nothing of each other's order.

use crate::world::*;
use cache_runtime::{Cache, Delivery, cached};
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;
use test_servers::{RedisCluster, RedisServer, wait_until};

const ANY: [&str; 2] = ["~any:tag:{~scope:}", "~any:key:{~scope:}"];

/// A name of something that another server has than `server`.
async fn elsewhere(cluster: &RedisCluster, server: &RedisServer, of: fn(u32) -> String) -> u32 {
    for n in 0..64 {
        if cluster.primary_of(&of(n)).await.port() != server.port() {
            return n;
        }
    }
    panic!("three servers share the slots");
}

async fn is_there(cluster: &RedisCluster, name: &str) -> bool {
    cluster.command(&["EXISTS", name]).await.integer() == 1
}

#[tokio::test]
async fn what_stands_for_all_lies_with_the_root() {
    let cluster = RedisCluster::of(3, 0).await;
    let root = cluster.slot_of("~scope:").await;
    for any in ANY {
        assert_eq!(cluster.slot_of(any).await, root);
    }
}

/// A value whose tags only the value tells is stored when it is computed for the first time, as on one server.
#[tokio::test]
async fn tags_and_keys_that_only_the_value_tells_cost_no_second_computation() {
    #[cached(cache = cache, key = "late:{n}", ttl = "5m", skip(cache, runs), tags_with = |_| [format!("late {n}")])]
    async fn late(cache: &Cache, runs: &AtomicU64, n: u64) -> u64 {
        runs.fetch_add(1, SeqCst) + 1
    }
    let cluster = RedisCluster::of(3, 0).await;
    let cache = cache(&cluster).await;
    let runs = AtomicU64::new(0);
    for n in 0..20 {
        assert_eq!(late(&cache, &runs, n).await, n + 1);
        assert_eq!(late(&cache, &runs, n).await, n + 1);
    }
    for n in 0..20 {
        cache.invalidate_tag(format!("late {n}")).await;
        assert_eq!(late(&cache, &runs, n).await, n + 21);
    }
}

/// While the server that has `any` does not answer, nothing is deleted on the others, however long that takes.
#[tokio::test]
async fn nothing_ends_before_what_stands_for_all() {
    let cluster = RedisCluster::of(3, 0).await;
    let patient = |cache: cache_runtime::Builder| {
        cache
            .operation_timeout(Duration::from_secs(20))
            .invalidation_timeout(Duration::from_secs(20))
    };
    let cache = cache_with(&cluster, patient).await;
    let root = cluster.primary_of("~scope:").await;
    let tag = elsewhere(&cluster, root, |n| format!("~tag:t{n}")).await;
    let key = elsewhere(&cluster, root, |n| format!("key:{n}")).await;
    let (tag, key) = (format!("t{tag}"), format!("key:{key}"));
    let names = [format!("~tag:{tag}"), key.clone()];
    for (what, name) in names.iter().enumerate() {
        for is_lost in [false, true] {
            cache.set(&*key, 1_u64).tags([tag.clone()]).await;
            assert_eq!(cache.get::<u64>(&*key).await, Some(1));
            // It does not execute what would change something.
            root.command(&["CLIENT", "PAUSE", "60000", "WRITE"]).await;
            let ending = tokio::spawn({
                let (cache, tag, key) = (cache.clone(), tag.clone(), key.clone());
                async move {
                    match what {
                        0 => cache.invalidate_tag(tag).await.delivery,
                        _ => cache.invalidate(&*key).await.delivery,
                    }
                }
            });
            tokio::time::sleep(Duration::from_millis(300)).await;
            assert!(!ending.is_finished());
            if is_lost {
                // Nobody waits for it any more; it becomes pending, and is delivered by others.
                ending.abort();
                tokio::time::sleep(Duration::from_millis(300)).await;
            }
            assert!(is_there(&cluster, name).await, "{name} ended first");
            root.command(&["CLIENT", "UNPAUSE"]).await;
            if !is_lost {
                let delivery = ending.await.expect("no panic");
                assert_eq!(delivery, Delivery::Delivered);
            }
            wait_until("it is delivered", PATIENCE, || async {
                cache.flush(PATIENCE).await == Delivery::Delivered
            })
            .await;
            assert!(!is_there(&cluster, name).await);
            assert_eq!(cache.get::<u64>(&*key).await, None);
        }
    }
}
