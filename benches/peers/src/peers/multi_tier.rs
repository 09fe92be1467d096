//! multi-tier-cache: moka in front of Redis, with its messages between processes.

use super::{BODY, TTL, keep};
use crate::user::User;
use multi_tier_cache::{
    CacheManager, CacheStrategy, InvalidationConfig, L1Cache, L2Cache, MokaCacheConfig,
};
use std::sync::Arc;

pub(crate) async fn tiered(url: &str) -> &'static CacheManager {
    let local = L1Cache::new(MokaCacheConfig::default()).expect("a cache");
    let redis = L2Cache::with_url(url).await.expect("a server");
    let messages = InvalidationConfig::default();
    let manager =
        CacheManager::new_with_invalidation(Arc::new(local), Arc::new(redis), url, messages);
    keep(manager.await.expect("a server"))
}

pub(crate) async fn user(cache: &CacheManager, id: u64) -> User {
    let (key, strategy) = (key(id), CacheStrategy::Custom(TTL));
    let user = cache.get_or_compute_typed(&key, strategy, || async move { Ok(User::made(id)) });
    user.await.expect("a user")
}

pub(crate) async fn slow(cache: &CacheManager, id: u64) -> User {
    let (key, strategy) = (format!("slow:{id}"), CacheStrategy::Custom(TTL));
    let made = || async move {
        tokio::time::sleep(BODY).await;
        Ok(User::made(id))
    };
    let user = cache.get_or_compute_typed(&key, strategy, made);
    user.await.expect("a user")
}

pub(crate) async fn delete(cache: &CacheManager, id: u64) {
    cache.invalidate(&key(id)).await.expect("a reply");
}

fn key(id: u64) -> String {
    format!("tiers:{id}")
}
