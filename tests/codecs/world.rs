//! A server, a cache on it, and values to keep there.

use cache_runtime::{Builder, Cache, Consistency};
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;
use test_servers::{Connection, RedisServer, Reply, is_strict_run, wait_until};

/// Long for what has no reason to wait, short for a test that fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) id: u64,
    pub(crate) title: Option<String>,
    pub(crate) parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Part {
    Text(String),
    Score { of: i32, share: f64 },
}

pub(crate) fn report(id: u64) -> Report {
    Report {
        id,
        title: Some("quarter".to_owned()),
        parts: vec![
            Part::Text("good".to_owned()),
            Part::Score {
                of: -3,
                share: 0.25,
            },
        ],
    }
}

pub(crate) struct World {
    pub(crate) server: RedisServer,
    pub(crate) cache: Cache,
    runs: AtomicUsize,
}

/// A cache on this server, with the consistency of this run.
fn on(url: String) -> Builder {
    let consistency = if is_strict_run() {
        Consistency::Strict
    } else {
        Consistency::default()
    };
    Cache::builder().redis(url).consistency(consistency)
}

impl World {
    pub(crate) async fn start() -> Self {
        World::with(|cache| cache.operation_timeout(PATIENCE)).await
    }

    pub(crate) async fn with(configure: impl FnOnce(Builder) -> Builder) -> Self {
        let server = RedisServer::start().await;
        let cache = configure(on(server.url()));
        World {
            server,
            cache: cache.build().await.expect("a valid configuration"),
            runs: AtomicUsize::new(0),
        }
    }

    /// A body runs.
    pub(crate) fn runs<T>(&self, value: T) -> T {
        self.runs.fetch_add(1, SeqCst);
        value
    }

    /// How many bodies have run since this was asked last.
    pub(crate) fn ran(&self) -> usize {
        self.runs.swap(0, SeqCst)
    }

    /// What the server keeps under a key.
    pub(crate) async fn entry(&self, key: &str) -> Option<Vec<u8>> {
        match self.command(&["GET", key]).await {
            Reply::Bulk(bytes) => Some(bytes),
            Reply::Nil => None,
            other => panic!("the server said {other:?}"),
        }
    }

    /// The number of the codec of an entry; see `docs/entry-format.md`.
    pub(crate) async fn codec_of(&self, key: &str) -> Option<u8> {
        Some(self.entry(key).await?[1] & 0x0f)
    }

    pub(crate) async fn command(&self, command: &[&str]) -> Reply {
        let connection = Connection::open(self.server.port()).await;
        let mut connection = connection.expect("the server is there");
        connection.command(command).await.expect("a reply")
    }

    async fn is_connected(&self) -> bool {
        let redis = self.cache.health().await.redis;
        redis.is_some_and(|redis| redis.connected && redis.queued_invalidations == 0)
    }

    /// Until the server is there, and has been told of all deletions.
    pub(crate) async fn until_connected(&self) {
        wait_until("the server is there", PATIENCE, || self.is_connected()).await;
    }

    pub(crate) async fn until_lost(&self) {
        let lost = || async { !self.is_connected().await };
        wait_until("the server is given up", PATIENCE, lost).await;
    }
}
