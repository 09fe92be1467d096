//! This cache.

use super::{BODY, keep};
use crate::user::User;
use cache_runtime::{Builder, Cache, Consistency, cached};
use std::sync::Arc;
use std::time::Duration;

/// How old a value may be in the tests of the local tier.
pub(crate) const BOUND: Duration = Duration::from_secs(2);

#[cached(ttl = "1h", cache = cache, key = "user:{id}", skip(cache))]
pub(crate) async fn user(cache: &Cache, id: u64) -> User {
    User::made(id)
}

#[cached(ttl = "1h", cache = cache, key = "tagged:{id}", tags = ["user:{id}", "users"], skip(cache))]
pub(crate) async fn tagged(cache: &Cache, id: u64) -> User {
    User::made(id)
}

#[cached(ttl = "1h", cache = cache, key = "shared:{id}", skip(cache))]
pub(crate) async fn shared(cache: &Cache, id: u64) -> Arc<User> {
    Arc::new(User::made(id))
}

/// Of a server's entries it keeps none here.
#[cached(ttl = "1h", cache = cache, key = "far:{id}", local = off, skip(cache))]
pub(crate) async fn far(cache: &Cache, id: u64) -> User {
    User::made(id)
}

#[cached(ttl = "1h", cache = cache, key = "slow:{id}", skip(cache))]
pub(crate) async fn slow(cache: &Cache, id: u64) -> User {
    tokio::time::sleep(BODY).await;
    User::made(id)
}

pub(crate) fn embedded() -> &'static Cache {
    keep(Cache::in_memory())
}

/// Every hit asks the server.
pub(crate) async fn strict(url: &str) -> &'static Cache {
    built(at(url, "strict", Consistency::Strict)).await
}

/// Hits are answered by this process.
pub(crate) async fn bounded(url: &str) -> &'static Cache {
    built(at(url, "bounded", Consistency::Bounded(BOUND))).await
}

/// As `bounded`, but there is room for one entry, so that every hit is one of the server.
pub(crate) async fn bounded_without_room(url: &str) -> &'static Cache {
    built(at(url, "small", Consistency::Bounded(BOUND)).max_entries(1)).await
}

/// With the times that it comes with. Elsewhere a body would run if a noisy machine stood still for longer than a server
/// in production may, and what is measured would not be a hit.
pub(crate) async fn in_a_hurry(
    url: &str,
    namespace: &str,
    consistency: Consistency,
) -> &'static Cache {
    let builder = Cache::builder().redis(url).namespace(namespace);
    built(builder.consistency(consistency)).await
}

fn at(url: &str, namespace: &str, consistency: Consistency) -> Builder {
    Cache::builder()
        .redis(url)
        .namespace(namespace)
        .consistency(consistency)
        .operation_timeout(Duration::from_secs(5))
}

async fn built(builder: Builder) -> &'static Cache {
    keep(builder.build().await.expect("a server"))
}
