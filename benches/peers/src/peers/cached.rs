//! `cached`: its macros in memory, on Redis, and with the client's own cache that Redis keeps current (RESP3).

use super::{BODY, TTL};
use crate::user::User;
use cached::macros::{cached, concurrent_cached};
use cached::{AsyncRedisCache, ConcurrentCachedAsync};
use std::sync::{Arc, OnceLock};

pub(crate) type Failure = String;
pub(crate) type Store = AsyncRedisCache<u64, User>;

/// Where the statics that the macros make connect to.
static URL: OnceLock<String> = OnceLock::new();

pub(crate) fn connects_to(url: &str) {
    let known = URL.get_or_init(|| url.to_owned());
    assert_eq!(known, url, "there is one static a function");
}

#[cached(max_size = 100_000, ttl_secs = 3_600)]
pub(crate) async fn one_lock(id: u64) -> User {
    User::made(id)
}

#[cached(max_size = 100_000, ttl_secs = 3_600)]
pub(crate) async fn one_lock_shared(id: u64) -> Arc<User> {
    Arc::new(User::made(id))
}

#[concurrent_cached(max_size = 100_000, ttl_secs = 3_600)]
pub(crate) async fn sharded(id: u64) -> User {
    User::made(id)
}

#[concurrent_cached(max_size = 100_000, ttl_secs = 3_600)]
pub(crate) async fn sharded_shared(id: u64) -> Arc<User> {
    Arc::new(User::made(id))
}

#[concurrent_cached(
    max_size = 100_000,
    ttl_secs = 3_600,
    key = "String",
    convert = r#"{ format!("user:{id}") }"#
)]
pub(crate) async fn sharded_by_text(id: u64) -> User {
    User::made(id)
}

#[concurrent_cached(
    max_size = 100_000,
    ttl_secs = 3_600,
    key = "String",
    convert = r#"{ format!("user:{id}") }"#
)]
pub(crate) async fn sharded_by_text_shared(id: u64) -> Arc<User> {
    Arc::new(User::made(id))
}

#[concurrent_cached(
    map_error = |error| format!("{error:?}"),
    ty = "Store",
    create = { store("cached", false).await }
)]
pub(crate) async fn on_redis(id: u64) -> Result<User, Failure> {
    Ok(User::made(id))
}

#[concurrent_cached(
    map_error = |error| format!("{error:?}"),
    ty = "Store",
    create = { store("cached-local", true).await }
)]
pub(crate) async fn local_on_redis(id: u64) -> Result<User, Failure> {
    Ok(User::made(id))
}

#[concurrent_cached(
    map_error = |error| format!("{error:?}"),
    ty = "Store",
    create = { store("cached-slow", false).await }
)]
pub(crate) async fn slow(id: u64) -> Result<User, Failure> {
    tokio::time::sleep(BODY).await;
    Ok(User::made(id))
}

/// A store beside that of `local_on_redis`, for another process to delete from.
pub(crate) async fn writer() -> Store {
    store("cached-local", false).await
}

pub(crate) async fn delete(store: &Store, id: u64) {
    let existed = store.async_cache_delete(&id).await;
    assert!(existed.expect("a reply"), "there was an entry to delete");
}

async fn store(prefix: &str, client_side: bool) -> Store {
    let url = URL.get().expect("set before the first call");
    AsyncRedisCache::builder(prefix)
        .ttl(TTL)
        .connection_string(url)
        .client_side_caching(client_side)
        .build()
        .await
        .expect("a server")
}
