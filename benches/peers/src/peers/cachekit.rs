//! cachekit-rs: its macro on Redis, with and without its local tier.

use super::{BODY, CAPACITY, keep};
use crate::user::User;
use cachekit::{CacheKit, CachekitError, cachekit};

#[cachekit(client = cache, ttl = 3_600, interop = "user", namespace = "bench")]
pub(crate) async fn user(cache: &CacheKit, id: u64) -> Result<User, CachekitError> {
    Ok(User::made(id))
}

#[cachekit(client = cache, ttl = 3_600, interop = "slow", namespace = "bench")]
pub(crate) async fn slow(cache: &CacheKit, id: u64) -> Result<User, CachekitError> {
    tokio::time::sleep(BODY).await;
    Ok(User::made(id))
}

/// Its preset for production, with room for all keys.
pub(crate) async fn tiered(url: &str) -> &'static CacheKit {
    let builder = CacheKit::production(url).await.expect("a server");
    keep(builder.l1_capacity(CAPACITY).build().expect("a cache"))
}

/// Its fastest preset, without the local tier.
pub(crate) async fn on_redis(url: &str) -> &'static CacheKit {
    let builder = CacheKit::minimal(url).await.expect("a server");
    keep(builder.no_l1().build().expect("a cache"))
}

/// Deletes the entry of `user(id)`.
pub(crate) async fn delete(cache: &CacheKit, id: u64) {
    let key = cachekit::interop::interop_key("bench", "user", &[id.into()]).expect("a key");
    assert!(
        cache.delete(&key).await.expect("a reply"),
        "there was an entry to delete"
    );
}
