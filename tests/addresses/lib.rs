//! What every form of address is tried with.

#![forbid(unsafe_code)]

use cache_runtime::Cache;

/// Whether what is stored through this address can be read through it, and the server tells of changes.
///
/// # Panics
///
/// If it is no address.
pub async fn leads_to_a_server(url: &str) -> bool {
    let cache = Cache::builder().redis(url).namespace("app").build().await;
    let cache = cache.expect("an address");
    let stored = cache.set("greeting", "hello".to_owned()).await;
    let read = cache.get::<String>("greeting").await;
    let redis = cache.health().await.redis;
    let is_told =
        redis.is_some_and(|redis| redis.connected && redis.consistency == Some("bounded"));
    stored && read.as_deref() == Some("hello") && is_told
}
