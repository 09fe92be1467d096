//! What a second review has broken on Redis, and what it could not break.

#![forbid(unsafe_code)]

mod batches;
mod delivery;
mod nested;
mod odd;
mod parts;
mod records;
mod runtimes;
mod waiting;

use cache_runtime::{Builder, Cache, Consistency, DomainCache};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;
use test_servers::{Deployment, is_strict_run, wait_until};

/// Long for what has no reason to wait, short for a test that fails.
const PATIENCE: Duration = Duration::from_secs(10);

/// A cache on this server, with the consistency of this run.
fn on(url: String) -> Builder {
    let consistency = if is_strict_run() {
        Consistency::Strict
    } else {
        Consistency::default()
    };
    Cache::builder().redis(url).consistency(consistency)
}

async fn patient(url: String) -> Cache {
    let builder = on(url)
        .operation_timeout(PATIENCE)
        .invalidation_timeout(PATIENCE);
    let cache = builder.build().await.expect("a valid configuration");
    until_connected(&cache).await;
    cache
}

/// On the server, or embedded.
async fn either(redis: bool, server: &Deployment) -> Cache {
    if redis {
        patient(server.url()).await
    } else {
        Cache::in_memory()
    }
}

async fn until_connected(cache: &Cache) {
    let connected = || async {
        let redis = cache.health().await.redis;
        redis.is_some_and(|redis| redis.connected && redis.queued_invalidations == 0)
    };
    wait_until("the server is there", PATIENCE, connected).await;
}

async fn ms(time: u64) {
    tokio::time::sleep(Duration::from_millis(time)).await;
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DomainCache)]
#[cache(prefix = "session", ttl = "30m")]
struct Session {
    #[cache(key)]
    id: String,
    #[cache(lookup)]
    email: String,
    version: u32,
}

fn session(id: &str, email: &str, version: u32) -> Session {
    Session {
        id: id.into(),
        email: email.into(),
        version,
    }
}

struct Db {
    cache: Cache,
    now: Arc<AtomicU32>,
}
