//! Processes that share a server, each with a tier of its own.

use cache_runtime::{Builder, Cache, Consistency, cached};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;
use test_servers::{RedisServer, wait_until};

/// Long for what has no reason to wait, short for a test that fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// A process, as far as the others can tell.
pub(crate) struct Process {
    pub(crate) cache: Cache,
    pub(crate) database: Arc<AtomicU32>,
}

#[cached(cache = process.cache, key = "row:{row}", tags = ["rows", "row-tag:{row}"], ttl = "1h", skip(process))]
pub(crate) async fn read(process: &Process, row: u32) -> u32 {
    process.database.load(SeqCst)
}

impl Process {
    pub(crate) async fn start(url: String, database: &Arc<AtomicU32>, bound: Duration) -> Self {
        Process::with(url, database, |builder| {
            builder.consistency(Consistency::Bounded(bound))
        })
        .await
    }

    pub(crate) async fn with(
        url: String,
        database: &Arc<AtomicU32>,
        configure: impl FnOnce(Builder) -> Builder,
    ) -> Self {
        let builder = Cache::builder().redis(url).operation_timeout(PATIENCE);
        let cache = configure(builder).build().await;
        let process = Process {
            cache: cache.expect("a valid configuration"),
            database: Arc::clone(database),
        };
        process.until_connected().await;
        process
    }

    /// One whose every hit asks the server.
    pub(crate) async fn strict(
        url: String,
        database: &Arc<AtomicU32>,
        configure: impl FnOnce(Builder) -> Builder,
    ) -> Arc<Self> {
        let configure = |builder: Builder| configure(builder.consistency(Consistency::Strict));
        Arc::new(Process::with(url, database, configure).await)
    }

    pub(crate) async fn until_connected(&self) {
        let connected = || async {
            let redis = self.cache.health().await.redis;
            redis.is_some_and(|redis| redis.connected && redis.queued_invalidations == 0)
        };
        wait_until("the server is there", PATIENCE, connected).await;
    }

    /// Waits until the server is noticed to be gone.
    pub(crate) async fn until_lost(&self) {
        let lost = || async {
            let redis = self.cache.health().await.redis;
            redis.is_some_and(|redis| !redis.connected)
        };
        wait_until("the loss is noticed", PATIENCE, lost).await;
    }

    /// Reads until the server is not asked any more.
    pub(crate) async fn warm(&self, row: u32) -> u32 {
        read(self, row).await;
        read(self, row).await;
        read(self, row).await
    }
}

/// Two processes on one server.
pub(crate) async fn pair(url: String) -> (Process, Process, Arc<AtomicU32>) {
    let database = Arc::new(AtomicU32::new(1));
    let bound = Duration::from_secs(60);
    let one = Process::start(url.clone(), &database, bound).await;
    let other = Process::start(url, &database, bound).await;
    (one, other, database)
}

/// How often these servers were asked for one name, and for several.
pub(crate) async fn reads(servers: &[&RedisServer]) -> (u64, u64) {
    let (mut get, mut mget) = (0, 0);
    for server in servers {
        get += server.calls("get").await;
        mget += server.calls("mget").await;
    }
    (get, mget)
}
