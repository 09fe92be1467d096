//! Batches, of which the last value for a key counts.

use crate::{PATIENCE, either, on, until_connected};
use cache_runtime::DomainCache;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use test_servers::Deployment;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DomainCache)]
#[cache(prefix = "timed", ttl_with = |timed: &Timed| Duration::from_millis(timed.ttl))]
pub(crate) struct Timed {
    #[cache(key)]
    pub(crate) id: String,
    pub(crate) ttl: u64,
}

#[tokio::test]
async fn put_many_last_wins_ttl_zero() {
    for redis in [false, true] {
        let server = Deployment::start().await;
        let cache = either(redis, &server).await;
        let timed = TimedCache::new(&cache);
        let of = |id: &str, ttl| Timed { id: id.into(), ttl };
        timed.put_many(&[of("a", 600_000), of("a", 0)]).await;
        assert_eq!(timed.get("a").await, None, "redis {redis}");
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DomainCache)]
#[cache(prefix = "big", ttl = "5m")]
pub(crate) struct Big {
    #[cache(key)]
    pub(crate) id: String,
    pub(crate) text: String,
}

#[tokio::test]
async fn put_many_last_wins_too_large() {
    let server = Deployment::start().await;
    let cache = on(server.url())
        .operation_timeout(PATIENCE)
        .max_entry_bytes(2000)
        .build()
        .await
        .expect("v");
    until_connected(&cache).await;
    let bigs = BigCache::new(&cache);
    let of = |n: usize| Big {
        id: "a".into(),
        text: "x".repeat(n),
    };
    bigs.put_many(&[of(1), of(100_000)]).await;
    assert_eq!(bigs.get("a").await, None);
}
