//! A few functions, and caches that are told of.

use crate::exposition::{Exposition, parse};
use cache_runtime::{Cache, cached, metrics};
use std::time::Duration;
use test_servers::RedisServer;

#[cached(ttl = "1h", cache = cache, key = "user:{id}:name", tags = ["user:{id}"], skip(cache))]
pub(crate) async fn user_name(cache: &Cache, id: &str) -> Result<String, String> {
    match id {
        "nobody" => Err("secret error".to_owned()),
        id => Ok(format!("secret name of {id}")),
    }
}

#[cached(ttl = "1h", cache = cache, key = "report:{year}", skip(cache, time))]
pub(crate) async fn report(cache: &Cache, year: u32, time: Duration) -> u32 {
    tokio::time::sleep(time).await;
    year
}

/// Looks up, fails, computes twice at once, invalidates: so that there is something to tell.
pub(crate) async fn live(cache: &Cache) {
    for id in ["patient", "patient", "patient", "doctor", "nobody"] {
        let _ = user_name(cache, id).await;
    }
    let time = Duration::from_millis(20);
    tokio::join!(report(cache, 2026, time), report(cache, 2026, time));
    cache.invalidate_tag("user:patient").await;
}

/// One that has a limit, and room for everything here.
pub(crate) async fn server() -> RedisServer {
    let server = RedisServer::builder().arg("--maxmemory", "100mb");
    server.start().await
}

pub(crate) async fn on(server: &RedisServer) -> Cache {
    let cache = Cache::builder()
        .redis(server.url())
        .operation_timeout(Duration::from_secs(5));
    cache.build().await.expect("a valid configuration")
}

/// What Prometheus reads of it.
pub(crate) async fn scraped(cache: &Cache) -> Exposition {
    parse(&metrics::prometheus(cache).await)
}
