//! Work that takes every command which a server is ever sent.

use cache_runtime::warm::{Job, RecentlyActive, Warmer};
use cache_runtime::{Cache, Consistency, Delivery, DomainCache, cache_put, cached};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;
use test_servers::{RedisServer, wait_until};

pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
pub(crate) const NAMESPACE: &str = "shop";

/// Makes the user of these rights, and none else.
pub(crate) async fn user(server: &RedisServer, rights: &[String]) {
    let mut user = vec!["ACL", "SETUSER", "shop"];
    user.extend(rights.iter().map(String::as_str));
    user.push(">word");
    let made = server.command(&user).await;
    assert!(made.is_ok(), "{made:?}");
}

/// A cache of that user, in database 3.
pub(crate) async fn cache(server: &RedisServer, consistency: Consistency) -> Cache {
    cache_in(server, consistency, 3).await
}

pub(crate) async fn cache_in(
    server: &RedisServer,
    consistency: Consistency,
    database: u32,
) -> Cache {
    let cache = Cache::builder()
        .redis(format!(
            "redis://shop:word@127.0.0.1:{}/{database}",
            server.port()
        ))
        .namespace(NAMESPACE)
        .consistency(consistency)
        .operation_timeout(PATIENCE)
        .build();
    cache.await.expect("a valid configuration")
}

#[cached(ttl = "1m", cache = cache, key = "user:{id}:profile", tags = ["people"], skip(cache))]
pub(crate) async fn profile(cache: &Cache, id: u32) -> u32 {
    id
}

/// Its generation is that of `profile`, and has to live longer.
#[cached(ttl = forever, cache = cache, key = "all", tags = ["people"], skip(cache))]
async fn everybody(cache: &Cache) -> u32 {
    profile(cache, 1).await + profile(cache, 2).await
}

#[cached(ttl = "1h", idle = "100ms", cache = cache, key = "idle", tags = ["brief"], skip(cache))]
async fn idle(cache: &Cache) -> u32 {
    7
}

#[cached(ttl = "20ms", stale_if_error = "1m", throttle = "50ms", cache = cache, key = "fails", skip(cache, fails))]
async fn fails(cache: &Cache, fails: bool) -> Result<u32, String> {
    if fails {
        Err("it does".to_owned())
    } else {
        Ok(7)
    }
}

#[cached(ttl = "1h", cache = cache, key = "of:{id}", batch(id in ids), skip(cache))]
async fn several(cache: &Cache, ids: &[u32]) -> std::collections::HashMap<u32, u32> {
    ids.iter().map(|&id| (id, id)).collect()
}

#[cache_put(ttl = "1h", cache = cache, key = "put")]
async fn put(cache: &Cache) -> Result<u32, String> {
    Ok(7)
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DomainCache)]
#[cache(prefix = "session", ttl = "30m")]
pub(crate) struct Session {
    #[cache(key)]
    id: u32,
    #[cache(tag)]
    user: u32,
    #[cache(lookup)]
    email: String,
}

/// Everything but what needs rights that are not needed for everything.
pub(crate) async fn at_all(cache: &Cache) {
    for _ in 0..3 {
        for id in 0..3 {
            assert_eq!(profile(cache, id).await, id);
        }
        assert_eq!(everybody(cache).await, 3);
        assert_eq!(several(cache, &[1, 2]).await.len(), 2);
    }
    assert_eq!(idle(cache).await, 7);
    tokio::time::sleep(Duration::from_millis(60)).await;
    assert_eq!(idle(cache).await, 7);
    assert_eq!(fails(cache, false).await, Ok(7));
    tokio::time::sleep(Duration::from_millis(30)).await;
    assert_eq!(fails(cache, true).await, Ok(7));
    assert_eq!(put(cache).await, Ok(7));
    let written = || async { Ok::<_, String>(8) };
    assert_eq!(cache.write_through("put", written).await, Ok(8));
    assert!(cache.set("by-hand", 1).tag("people").await);
    assert_eq!(cache.get("by-hand").await, Some(1));
    assert!(cache.ttl("by-hand").await.is_some());
    assert!(cache.delete("by-hand").await);
    let session = Session {
        id: 1,
        user: 7,
        email: "ada@example.org".to_owned(),
    };
    let sessions = SessionCache::new(cache);
    assert!(sessions.put(&session).await);
    assert_eq!(sessions.get(&1).await, Some(session.clone()));
    let found = sessions.by_email(&session.email).await;
    assert_eq!(found, Some(session));
    sessions.invalidate_by_user(&7).await;
    assert_eq!(sessions.get(&1).await, None);
    assert!(
        cache
            .explain("user:1:profile")
            .await
            .to_string()
            .contains("people")
    );
    cache.invalidate_tag("people").await;
    cache.invalidate("user:2:*").await;
    cache.invalidate("user:1:profile").await;
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let list = move || {
        counted.fetch_add(1, SeqCst);
        std::future::ready(vec![5])
    };
    let warmed = cache.clone();
    let job = Job::new("profiles", list, move |id| {
        let cache = warmed.clone();
        async move { _ = profile(&cache, id).await }
    });
    let warming = Warmer::new(cache)
        .job(job.every(Duration::from_secs(1)).at_start())
        .start();
    let has_run = || async { runs.load(SeqCst) > 0 };
    wait_until("the job has run", PATIENCE, has_run).await;
    warming.stop().await;
    assert_eq!(cache.flush(PATIENCE).await, Delivery::Delivered);
}

/// The rest of it.
pub(crate) async fn besides(cache: &Cache) {
    for id in 0..3 {
        profile(cache, id).await;
    }
    let patterns = cache.invalidate("user:*:profile").await;
    assert!(patterns.removed >= Some(3), "{patterns:?}");
    let users = RecentlyActive::new(cache, "users");
    users.seen("ada");
    assert_eq!(users.recent(10).await, ["ada"]);
    profile(cache, 1).await;
    let redis = cache.health().await.redis.expect("there is one");
    assert!(redis.keys > 0 && !redis.families.is_empty(), "{redis}");
}
