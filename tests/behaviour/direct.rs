//! The handle: what the two systems before this one offered, and more.

use cache_runtime::{Cache, Delivery, Route, Ttl, key};
use std::time::Duration;

#[tokio::test]
async fn get_set_delete() {
    let cache = Cache::in_memory();
    assert_eq!(cache.get::<String>("k").await, None);
    assert!(
        cache
            .set("k", "v".to_owned())
            .ttl(Duration::from_secs(300))
            .await
    );
    assert_eq!(cache.get::<String>("k").await.as_deref(), Some("v"));
    assert_eq!(
        cache.get::<u32>("k").await,
        None,
        "a value of another type is none"
    );
    assert!(cache.contains("k").await);
    assert!(cache.delete("k").await);
    assert!(!cache.delete("k").await);
    assert!(!cache.contains("k").await);
}

#[tokio::test]
async fn get_or_set_computes_once() {
    let cache = Cache::in_memory();
    for _ in 0..2 {
        let value = cache
            .get_or_set("k", || async { 1 })
            .ttl(Ttl::secs(3600))
            .await;
        assert_eq!(value, 1);
    }
    assert_eq!(
        cache
            .stats()
            .function("(direct)")
            .map(|f| (f.hits, f.misses, f.loads)),
        Some((1, 1, 1))
    );
    let failed = cache
        .get_or_try_set("e", || async { Err::<u32, _>("no") })
        .await;
    assert_eq!(failed, Err("no"));
    assert_eq!(
        cache
            .get_or_try_set("e", || async { Ok::<_, &str>(2) })
            .await,
        Ok(2)
    );
}

#[tokio::test]
async fn entries_are_found_by_readers_that_know_fewer_tags_and_not_by_others() {
    let cache = Cache::in_memory();
    cache
        .set("user:123:profile", 1)
        .tags(["user:123", "profiles"])
        .await;
    assert_eq!(cache.get::<i32>("user:123:profile").await, Some(1));
    let same = cache
        .get_or_set("user:123:profile", || async { 2 })
        .tag("profiles")
        .await;
    assert_eq!(same, 1);
    let other = cache
        .get_or_set("user:123:profile", || async { 2 })
        .tag("teams")
        .await;
    assert_eq!(
        other, 2,
        "invalidating `teams` would not have reached the entry"
    );
}

#[tokio::test]
async fn invalidation_by_every_route() {
    let cache = Cache::in_memory();
    let fill = || async {
        for key in ["user:1:a", "user:1:b", "user:2:a", "plain"] {
            cache.set(key, 1).tag("all").await;
        }
    };
    fill().await;
    let done = cache.invalidate("user:1:*").await;
    assert_eq!(
        (done.route, done.removed, done.delivery),
        (Route::Scope, None, Delivery::Delivered)
    );
    assert_eq!(
        cache
            .get_many::<i32>(["user:1:a", "user:1:b", "user:2:a"])
            .await,
        [None, None, Some(1)]
    );
    fill().await;
    let done = cache.invalidate("user:?:a").await;
    assert_eq!((done.route, done.removed), (Route::Scan, Some(2)));
    assert_eq!(done.to_string(), "delivered by scan, 2 removed");
    assert!(cache.contains("user:1:b").await);
    let done = cache.invalidate("plain").await;
    assert_eq!((done.route, done.removed), (Route::Key, Some(1)));
    fill().await;
    assert_eq!(cache.invalidate_tag("all").await.route, Route::Tag);
    assert!(!cache.contains("plain").await && !cache.contains("user:1:b").await);
    fill().await;
    cache.clear().await;
    assert!(!cache.contains("plain").await);
    assert_eq!(cache.health().await.entries, 0);
}

#[tokio::test]
async fn several_keys_at_once() {
    let cache = Cache::in_memory();
    let stored = cache
        .set_many((0..10).map(|n| (key!("n:{n}"), n)), Ttl::secs(60))
        .await;
    assert_eq!(stored, 10);
    let found = cache.get_many::<i32>((8..12).map(|n| key!("n:{n}"))).await;
    assert_eq!(found, [Some(8), Some(9), None, None]);
    assert_eq!(cache.delete_many(["n:0", "n:1", "n:99"]).await, 2);
}

#[tokio::test]
async fn a_switched_off_cache_holds_nothing() {
    let cache = Cache::builder()
        .enabled(false)
        .build()
        .await
        .expect("valid");
    assert!(!cache.set("k", 1).await);
    assert_eq!(cache.get::<i32>("k").await, None);
    assert_eq!(cache.get_or_set("k", || async { 1 }).await, 1);
    assert_eq!(cache.set_with("k", || async { 2 }).await, 2);
    assert_eq!(cache.get_or_set("k", || async { 3 }).await, 3);
    assert_eq!(cache.health().await.entries, 0);
}

#[tokio::test]
async fn warming_loads_what_is_missing() {
    let cache = Cache::in_memory();
    cache.set("n:0", 0usize).tag("n").await;
    let load = |key: cache_runtime::Key| async move {
        let number: usize = key.as_str()[2..].parse().expect("a number");
        assert!(number != 3, "on purpose");
        if number == 4 {
            Err("no such row")
        } else {
            Ok(number)
        }
    };
    let keys = (0..6).map(|n| key!("n:{n}"));
    let report = cache
        .warm(keys, load)
        .concurrency(2)
        .ttl(Ttl::secs(60))
        .tags(["n"])
        .await;
    assert_eq!(
        (report.warmed, report.skipped, report.failed),
        (3, 1, 2),
        "{report}"
    );
    assert_eq!(cache.get::<usize>("n:5").await, Some(5));
}

#[tokio::test]
async fn installing_twice_is_an_error() {
    // The only test of this program that touches the installed cache.
    let cache = Cache::in_memory();
    cache.set("installed", true).await;
    cache.install().expect("the first");
    assert_eq!(Cache::global().get::<bool>("installed").await, Some(true));
    let error = Cache::in_memory().install().expect_err("the second");
    assert!(error.to_string().contains("an installed cache already"));
}
