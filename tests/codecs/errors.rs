//! The twins that tell errors of the cache, and what they tell.

use crate::world::World;
use cache_runtime::{Cache, CacheError, CacheErrorKind, Ttl};
use serde_json::json;
use std::time::Duration;

/// What went wrong; held against what an error must not say.
#[track_caller]
fn kind_of<T: std::fmt::Debug>(outcome: Result<T, CacheError>) -> CacheErrorKind {
    let error = outcome.expect_err("the server is not there");
    let said = format!("{error} {error:?}");
    for secret in ["patient:7", "Ada", "127.0.0.1"] {
        assert!(!said.contains(secret), "{said}");
    }
    assert!(error.to_string().contains("; "), "cause and remedy: {said}");
    error.kind()
}

async fn set(cache: &Cache) -> Result<(), CacheError> {
    cache
        .try_set("patient:7", "Ada".to_owned())
        .ttl(Ttl::secs(60))
        .tag("patients")
        .await
}

async fn get(cache: &Cache) -> Result<Option<String>, CacheError> {
    cache.try_get("patient:7").await
}

#[tokio::test]
async fn they_do_what_the_others_do() {
    let world = World::start().await;
    for cache in [Cache::in_memory(), world.cache.clone()] {
        assert_eq!(get(&cache).await.expect("no error"), None);
        set(&cache).await.expect("no error");
        assert_eq!(get(&cache).await.expect("no error").as_deref(), Some("Ada"));
        let other = cache.try_get::<u32>("patient:7").await;
        assert_eq!(other.expect("another type is no error"), None);
        cache.invalidate_tag("patients").await;
        assert_eq!(get(&cache).await.expect("no error"), None);
        set(&cache).await.expect("no error");
        assert!(cache.try_delete("patient:7").await.expect("no error"));
        assert!(!cache.try_delete("patient:7").await.expect("no error"));
    }
}

#[tokio::test]
async fn where_nothing_is_to_be_stored_that_is_no_error() {
    let world = World::with(|cache| cache.enabled(false)).await;
    set(&world.cache).await.expect("it is switched off");
    assert_eq!(get(&world.cache).await.expect("it is switched off"), None);
    let world = World::start().await;
    let set = world.cache.try_set("patient:7", 1u32).ttl(Duration::ZERO);
    set.await.expect("it is over at once");
    assert_eq!(world.entry("patient:7").await, None);
}

#[tokio::test]
async fn a_server_that_is_gone_is_unavailable_and_hears_of_deletions_later() {
    let world = World::start().await;
    world.until_connected().await;
    set(&world.cache).await.expect("a server");
    world.server.save().await;
    world.server.kill();
    world.until_lost().await;
    assert_eq!(
        kind_of(get(&world.cache).await),
        CacheErrorKind::Unavailable
    );
    assert_eq!(
        kind_of(set(&world.cache).await),
        CacheErrorKind::Unavailable
    );
    assert_eq!(
        world.cache.get::<String>("patient:7").await,
        None,
        "the others go on without"
    );
    let error = world
        .cache
        .try_delete("patient:7")
        .await
        .expect_err("nobody to tell");
    assert_eq!(error.kind(), CacheErrorKind::Unavailable);
    assert!(error.to_string().contains("deferred"), "{error}");
    assert!(error.to_string().contains("will be delivered"), "{error}");
    world.server.restart().await;
    world.until_connected().await;
    assert_eq!(world.entry("patient:7").await, None, "it was delivered");
    set(&world.cache).await.expect("a server");
    assert!(world.cache.try_delete("patient:7").await.expect("a server"));
}

#[tokio::test]
async fn a_server_that_does_not_answer_makes_time_run_out() {
    let world = World::with(|cache| cache.operation_timeout(Duration::from_millis(200))).await;
    world.until_connected().await;
    world.server.pause();
    let got = get(&world.cache).await;
    world.server.resume();
    assert_eq!(kind_of(got), CacheErrorKind::TimedOut);
}

#[tokio::test]
async fn a_server_without_memory_refuses() {
    let world = World::start().await;
    world.until_connected().await;
    world.command(&["CONFIG", "SET", "maxmemory", "1"]).await;
    assert_eq!(kind_of(set(&world.cache).await), CacheErrorKind::Refused);
    assert_eq!(get(&world.cache).await.expect("it answers"), None);
    assert!(
        !world
            .cache
            .try_delete("patient:7")
            .await
            .expect("it deletes")
    );
}

#[tokio::test]
async fn a_value_that_the_codec_cannot_hold_is_not_encoded() {
    let world = World::start().await;
    let error = world
        .cache
        .try_set("patient:7", json!({ "name": "Ada" }))
        .await;
    let error = error.expect_err("bincode cannot");
    assert_eq!(error.kind(), CacheErrorKind::NotEncoded);
    assert!(error.to_string().contains("codec = json"), "{error}");
    assert!(!error.to_string().contains("Ada"), "{error}");
    Cache::in_memory()
        .try_set("any", json!(1))
        .await
        .expect("an embedded cache keeps anything");
}

#[tokio::test]
async fn a_value_that_is_not_stored_leaves_nothing_old() {
    let world = World::start().await;
    for round in 0..2 {
        set(&world.cache).await.expect("a server");
        let value = json!({ "name": "Grace" });
        match round {
            0 => assert!(!world.cache.set("patient:7", value).await),
            _ => assert!(world.cache.try_set("patient:7", value).await.is_err()),
        }
        assert_eq!(get(&world.cache).await.expect("a server"), None);
    }
}
