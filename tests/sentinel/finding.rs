//! How the primary is found.

use crate::world::*;
use cache_runtime::{Cache, Delivery};
use test_servers::{RedisServer, free_port};

#[tokio::test]
async fn the_primary_is_the_one_that_sentinels_name() {
    let world = World::start().await;
    let cache = world.cache().await;
    let database = Database::default();
    assert_eq!((database.read(&cache).await, database.runs()), (0, 1));
    assert_eq!((database.read(&cache).await, database.runs()), (0, 1));
    database.write(&cache).await;
    assert_eq!((database.read(&cache).await, database.runs()), (1, 2));
    let health = redis(&cache).await;
    assert!(health.connected, "{health:?}");
    assert!(
        health.server.starts_with("mymaster of 127.0.0.1:"),
        "{}",
        health.server
    );
    // It is there, and not on the replica.
    let there = world.servers[0].command(&["EXISTS", "number"]).await;
    assert_eq!(there.integer(), 1);
}

/// One of them is dead, one knows another primary by this name: most of those who answer are enough.
#[tokio::test]
async fn some_sentinels_may_be_away() {
    let world = World::start().await;
    world.sentinels[0].kill();
    let cache = world.cache().await;
    assert!(redis(&cache).await.connected);
    world.sentinels[1].pause();
    let cache = world.cache().await;
    is_connected(&cache).await;
    world.sentinels[1].resume();
}

#[tokio::test]
async fn without_sentinels_functions_run_and_the_log_says_why() {
    let nobody = format!("redis+sentinel://127.0.0.1:{}/mymaster", free_port());
    let cache = Cache::builder().redis(nobody).build().await.expect("valid");
    let database = Database::default();
    for runs in 1..3 {
        assert_eq!((database.read(&cache).await, database.runs()), (0, runs));
    }
    let done = cache.invalidate("number").await;
    assert_eq!(done.delivery, Delivery::Deferred);
    let reason = redis(&cache).await.reason.expect("it is not connected");
    assert!(
        reason.contains("the sentinel 127.0.0.1:") && reason.contains("refused"),
        "{reason}"
    );
}

#[tokio::test]
async fn a_name_that_they_do_not_know_is_said() {
    let world = World::start().await;
    let url = world.url().replace("mymaster", "another");
    let cache = Cache::builder().redis(url).build().await.expect("valid");
    let reason = redis(&cache).await.reason.expect("it is not connected");
    assert!(reason.contains("knows no primary `another`"), "{reason}");
}

#[tokio::test]
async fn passwords_of_both_are_said_to_each() {
    let primary = RedisServer::builder().password("inner").start().await;
    let sentinel = RedisServer::builder()
        .password("outer")
        .watching(&primary, 1);
    let sentinel = sentinel.start().await;
    let url = format!(
        "redis+sentinel://:inner@127.0.0.1:{}/mymaster",
        sentinel.port()
    );
    let both = format!("{url}?sentinel_password=outer");
    let cache = Cache::builder().redis(both).build().await.expect("valid");
    assert!(redis(&cache).await.connected);
    let cache = Cache::builder().redis(url).build().await.expect("valid");
    let reason = redis(&cache).await.reason.expect("it wants one");
    assert!(reason.contains("password"), "{reason}");
}
