//! The processes, and readers that compare what they read with a database.

use cache_runtime::{Builder, Cache, Consistency, RedisHealth};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};
use test_servers::{RedisServer, is_strict_run, wait_until};

/// Sentinels take their time, more of it on machines that have much to do.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A primary, its replica, and who watches them.
pub(crate) struct World {
    pub(crate) servers: [RedisServer; 2],
    pub(crate) sentinels: Vec<RedisServer>,
}

impl World {
    pub(crate) async fn start() -> Self {
        let servers = [RedisServer::start().await, RedisServer::start().await];
        servers[1].replicate_from(&servers[0]).await;
        let mut sentinels = Vec::new();
        for _ in 0..3 {
            let sentinel = RedisServer::builder().watching(&servers[0], 2);
            sentinels.push(sentinel.start().await);
        }
        let world = World { servers, sentinels };
        wait_until("all know each other and the replica", PATIENCE, || async {
            let mut all = true;
            for sentinel in &world.sentinels {
                let known = info_of_master(sentinel).await;
                let known = |name: &str| known.iter().any(|(it, value)| it == name && value != "0");
                all &= known("num-slaves") && known("num-other-sentinels");
            }
            all
        })
        .await;
        world
    }

    pub(crate) fn url(&self) -> String {
        let hosts: Vec<String> = self
            .sentinels
            .iter()
            .map(|sentinel| format!("127.0.0.1:{}", sentinel.port()))
            .collect();
        format!("redis+sentinel://{}/mymaster", hosts.join(","))
    }

    pub(crate) async fn cache(&self) -> Cache {
        self.cache_with(|cache| cache).await
    }

    pub(crate) async fn cache_with(&self, with: impl FnOnce(Builder) -> Builder) -> Cache {
        let consistency = match is_strict_run() {
            true => Consistency::Strict,
            false => Consistency::default(),
        };
        let cache = Cache::builder().redis(self.url()).consistency(consistency);
        let cache = with(cache.connect_timeout(Duration::from_secs(5)));
        cache.build().await.expect("a valid configuration")
    }

    /// Whom most Sentinels take for the primary.
    pub(crate) async fn appointed(&self) -> Option<u16> {
        let mut ports = Vec::new();
        for sentinel in &self.sentinels {
            if sentinel.pid().is_none() {
                continue;
            }
            let told = info_of_master(sentinel).await;
            let port = told.iter().find(|(name, _)| name == "port");
            ports.extend(port.and_then(|(_, port)| port.parse::<u16>().ok()));
        }
        ports.iter().copied().find(|port| {
            let same = ports.iter().filter(|other| *other == port).count();
            same > self.sentinels.len() / 2
        })
    }

    pub(crate) async fn is_failed_over_to(&self, server: &RedisServer) {
        wait_until("it is failed over", PATIENCE, || async {
            self.appointed().await == Some(server.port())
        })
        .await;
    }
}

/// Names and values.
pub(crate) async fn info_of_master(sentinel: &RedisServer) -> Vec<(String, String)> {
    let limit = Duration::from_secs(2);
    let told = sentinel
        .try_command(&["SENTINEL", "MASTER", "mymaster"], limit)
        .await;
    let told: Vec<String> = told.map(|told| told.texts()).unwrap_or_default();
    let pairs = told.chunks_exact(2);
    pairs
        .map(|pair| (pair[0].clone(), pair[1].clone()))
        .collect()
}

pub(crate) async fn redis(cache: &Cache) -> RedisHealth {
    cache.health().await.redis.expect("there is a server")
}

pub(crate) async fn is_connected(cache: &Cache) {
    wait_until("it is connected", PATIENCE, || async {
        redis(cache).await.connected
    })
    .await;
}

/// A number that many read by a cache, and one changes.
#[derive(Clone, Default)]
pub(crate) struct Database {
    number: Arc<AtomicU64>,
    /// What has been written and told of, with the moment at which that had taken effect.
    told: Arc<std::sync::Mutex<Vec<(u64, Instant)>>>,
    runs: Arc<AtomicU64>,
}

impl Database {
    pub(crate) async fn read(&self, cache: &Cache) -> u64 {
        let load = || async {
            self.runs.fetch_add(1, SeqCst);
            self.number.load(SeqCst)
        };
        cache
            .get_or_set("number", load)
            .ttl(Duration::from_secs(3600))
            .await
    }

    pub(crate) fn number(&self) -> u64 {
        self.number.load(SeqCst)
    }

    pub(crate) fn runs(&self) -> u64 {
        self.runs.load(SeqCst)
    }

    /// Writes, and invalidates until that is known to have taken effect.
    pub(crate) async fn write(&self, cache: &Cache) {
        let number = self.number.fetch_add(1, SeqCst) + 1;
        cache.invalidate("number").await;
        while cache.flush(PATIENCE).await != cache_runtime::Delivery::Delivered {}
        self.told
            .lock()
            .expect("no panic")
            .push((number, Instant::now()));
    }

    /// What a read that begins at this moment may return at least, if all may be as old as `bound`.
    pub(crate) fn least(&self, bound: Duration) -> u64 {
        let told = self.told.lock().expect("no panic");
        let old = told.iter().rev().find(|(_, at)| at.elapsed() >= bound);
        old.map_or(0, |(number, _)| *number)
    }
}
