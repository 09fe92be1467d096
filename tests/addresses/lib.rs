//! What every form of address is tried with.

#![forbid(unsafe_code)]

use cache_runtime::{Builder, Cache};
use std::time::Duration;

/// What a busy machine keeps, too.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whether what is stored through this address can be read through it, and the server tells of changes.
///
/// # Panics
///
/// If it is no address.
pub async fn leads_to_a_server(url: &str) -> bool {
    let cache = Cache::builder().redis(url).namespace("app").build().await;
    works(&cache.expect("an address")).await
}

/// Whether what is stored can be read, and the server tells of changes.
pub async fn works(cache: &Cache) -> bool {
    let stored = cache.set("greeting", "hello".to_owned()).await;
    let read = cache.get::<String>("greeting").await;
    let redis = cache.health().await.redis;
    let is_told =
        redis.is_some_and(|redis| redis.connected && redis.consistency == Some("bounded"));
    stored && read.as_deref() == Some("hello") && is_told
}

/// The cache that is built so, if it works.
///
/// # Errors
///
/// Why it cannot be built, or does not reach its server.
pub async fn reached(builder: Builder) -> Result<Cache, String> {
    let builder = builder.operation_timeout(PATIENCE);
    let built = builder.connect_timeout(PATIENCE).build().await;
    let cache = built.map_err(|error| error.to_string())?;
    if works(&cache).await {
        return Ok(cache);
    }
    let redis = cache.health().await.redis.ok_or("there is no server")?;
    Err(redis.reason.unwrap_or_else(|| "nobody says why".to_owned()))
}
