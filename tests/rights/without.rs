//! What is lost without a right that is not needed for everything, as the table of the guide says.

use crate::work::*;
use cache_runtime::warm::RecentlyActive;
use cache_runtime::{Cache, Consistency, Delivery};
use test_servers::{RedisServer, least_rights};

async fn without(rights: &[&str]) -> (RedisServer, Cache) {
    without_in(rights, 3).await
}

async fn without_in(rights: &[&str], database: u32) -> (RedisServer, Cache) {
    let server = RedisServer::start().await;
    let left = least_rights(NAMESPACE).into_iter();
    let left: Vec<String> = left.filter(|it| !rights.contains(&it.as_str())).collect();
    user(&server, &left).await;
    let cache = cache_in(&server, Consistency::default(), database).await;
    (server, cache)
}

async fn consistency(cache: &Cache) -> &'static str {
    let redis = cache.health().await.redis.expect("there is one");
    assert!(redis.connected, "{redis}");
    redis.consistency.expect("it is connected")
}

#[tokio::test]
async fn of_tracking_every_hit_asks_the_server() {
    let (_server, cache) = without(&["+client|tracking", "+touch"]).await;
    assert_eq!(consistency(&cache).await, "strict");
    at_all(&cache).await;
    let (_server, cache) = without(&["+touch"]).await;
    assert_eq!(consistency(&cache).await, "bounded");
    at_all(&cache).await;
}

#[tokio::test]
async fn of_scan_a_pattern_invalidates_all_that_begins_like_it() {
    let (_server, cache) = without(&["+scan"]).await;
    at_all(&cache).await;
    profile(&cache, 1).await;
    for key in ["user:1:name", "other:1"] {
        assert!(cache.set(key, 1_u32).await);
        assert_eq!(cache.get::<u32>(key).await, Some(1));
    }
    let done = cache.invalidate("user:*:profile").await;
    assert_eq!((done.delivery, done.removed), (Delivery::Delivered, None));
    assert_eq!(cache.get::<u32>("user:1:profile").await, None);
    assert_eq!(cache.get::<u32>("user:1:name").await, None, "and more");
    assert_eq!(cache.get::<u32>("other:1").await, Some(1));
    let redis = cache.health().await.redis.expect("there is one");
    assert!(redis.connected && redis.families.is_empty(), "{redis}");
}

#[tokio::test]
async fn of_dbsize_nobody_counts_keys() {
    let (_server, cache) = without(&["+dbsize"]).await;
    at_all(&cache).await;
    let redis = cache.health().await.redis.expect("there is one");
    assert!(redis.connected && redis.keys == 0, "{redis}");
}

#[tokio::test]
async fn of_select_there_is_one_database() {
    let (_server, cache) = without_in(&["+select"], 0).await;
    at_all(&cache).await;
    besides(&cache).await;
    let (_server, cache) = without(&["+select"]).await;
    let redis = cache.health().await.redis.expect("there is one");
    let reason = redis.reason.unwrap_or_default();
    assert!(reason.contains("select"), "{reason}");
}

#[tokio::test]
async fn of_sorted_sets_each_process_knows_who_was_with_itself() {
    let sets = [
        "+zadd",
        "+zremrangebyscore",
        "+zremrangebyrank",
        "+zrevrangebyscore",
    ];
    let (_server, cache) = without(&sets).await;
    at_all(&cache).await;
    let users = RecentlyActive::new(&cache, "users");
    users.seen("ada");
    assert_eq!(users.recent(10).await, ["ada"]);
}
