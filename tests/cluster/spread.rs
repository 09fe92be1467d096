//! What is spread over several servers is one cache.

use crate::world::*;
use cache_runtime::{Cache, Delivery};
use std::time::Duration;
use test_servers::RedisCluster;

async fn keys(cache: &Cache, keys: &[&str]) -> Vec<Option<String>> {
    let mut found = Vec::new();
    for key in keys {
        found.push(cache.get::<String>(*key).await);
    }
    found
}

#[tokio::test]
async fn keys_tags_scopes_and_globs_end_what_they_name_and_nothing_else() {
    let cluster = RedisCluster::of(3, 0).await;
    let caches = [cache(&cluster).await, cache(&cluster).await];
    let all = ["a:1", "a:2", "b:1", "b:{x}:2", "{x}", "c{y"];
    for key in all {
        let value = format!("value of {key}");
        let stored = caches[0].set(key, value).tags([format!("of {key}")]);
        stored.await;
    }
    for cache in &caches {
        assert!(keys(cache, &all).await.iter().all(Option::is_some));
    }
    for (ends, ended) in [("a:1", "a:1"), ("b:{x}:*", "b:{x}:2"), ("?2", "")] {
        let done = caches[1].invalidate(ends).await;
        assert_eq!(done.delivery, Delivery::Delivered);
        let is_there = caches[0].contains(ended).await;
        assert!(!is_there, "{ends}");
    }
    let done = caches[1].invalidate("*2").await;
    assert_eq!(done.removed, Some(2), "a:2, and what `b:{{x}}:*` has left");
    assert_eq!(keys(&caches[0], &["a:2"]).await, [None]);
    let done = caches[1].invalidate_tag("of b:1").await;
    assert_eq!(done.delivery, Delivery::Delivered);
    let left: Vec<bool> = keys(&caches[0], &all)
        .await
        .iter()
        .map(Option::is_some)
        .collect();
    assert_eq!(left, [false, false, false, false, true, true]);
    assert_eq!(caches[0].delete_many(["{x}", "c{y", "nothing"]).await, 2);
    caches[0].clear().await;
    for key in all {
        let (cache, other) = (&caches[0], &caches[1]);
        cache.set(key, "again".to_owned()).await;
        assert!(other.contains(key).await, "{key}");
    }
    caches[0].clear().await;
    assert!(keys(&caches[1], &all).await.iter().all(Option::is_none));
}

#[tokio::test]
async fn many_are_read_stored_and_deleted_at_once() {
    let cluster = RedisCluster::of(3, 0).await;
    let cache = cache(&cluster).await;
    let keys: Vec<String> = (0..1_000).map(|n| format!("many:{n}")).collect();
    let values = keys.iter().zip(0_u64..).map(|(key, n)| (key.as_str(), n));
    assert_eq!(cache.set_many(values, Duration::from_secs(60)).await, 1_000);
    let found = cache.get_many::<u64>(keys.iter().map(String::as_str)).await;
    assert_eq!(found.iter().flatten().count(), 1_000);
    assert_eq!(
        cache.delete_many(keys.iter().map(String::as_str)).await,
        1_000
    );
    let found = cache.get_many::<u64>(keys.iter().map(String::as_str)).await;
    assert_eq!(found.iter().flatten().count(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_old_is_read_where_nothing_happens() {
    let cluster = RedisCluster::of(3, 0).await;
    under_readers(&cluster, bound(), async |_, _| {
        tokio::time::sleep(Duration::from_secs(2)).await;
    })
    .await;
}

/// What was computed from a value on another server ends with that.
#[tokio::test]
async fn what_is_made_of_others_ends_with_them() {
    let cluster = RedisCluster::of(3, 0).await;
    let cache = cache(&cluster).await;
    let database = Database::new();
    for group in 0..3 {
        assert_eq!(database.sum(&cache, group).await, 0);
    }
    let runs = database.runs();
    for group in 0..3 {
        assert_eq!(database.sum(&cache, group).await, 0);
    }
    assert_eq!(database.runs(), runs, "the sums are stored");
    for turn in 0..20 {
        database.write(&cache, turn).await;
        for group in 0..5 {
            let sum: u64 = (group..ROWS)
                .step_by(5)
                .map(|row| database.number(row))
                .sum();
            if test_servers::is_strict_run() {
                assert_eq!(database.sum(&cache, group).await, sum, "{turn} {group}");
            }
        }
    }
}
