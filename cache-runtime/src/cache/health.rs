//! How the cache is doing.

use super::Cache;
#[cfg(feature = "http")]
use crate::purges::EdgeHealth;
#[cfg(feature = "redis")]
use crate::redis::RedisHealth;
use serde::Serialize;
use std::fmt;
use std::time::Duration;

/// How the cache is doing. Displays as a line; serializes.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Health {
    /// `embedded` or `redis`.
    pub backend: &'static str,
    /// How long ago it was built.
    pub uptime: Duration,
    /// Whether it is switched on.
    pub enabled: bool,
    /// Whether the backend answers. The embedded one always does. Not what a readiness probe should ask: without its
    /// backend a service goes on, only slower.
    pub ready: bool,
    /// Entries held in this process.
    pub entries: u64,
    /// How many it may hold.
    pub max_entries: u64,
    /// Estimated bytes held.
    pub bytes: u64,
    /// How many it may hold.
    pub max_bytes: u64,
    /// Entries given up for want of room.
    pub evictions: u64,
    /// Computations under way.
    pub computing: usize,
    /// Tags, scopes and keys that something in this process depends on, or may have not long ago.
    pub generations: usize,
    /// The shared server, if there is one.
    #[cfg(feature = "redis")]
    pub redis: Option<RedisHealth>,
    /// The CDN that is purged of what ends here, if there is one ([`Purger`](crate::http::Purger)).
    #[cfg(feature = "http")]
    pub edge: Option<EdgeHealth>,
}

impl Cache {
    /// How the cache is doing.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let health = cache_runtime::Cache::in_memory().health().await;
    /// assert!(health.ready && health.enabled);
    /// println!("{health}");
    /// # }
    /// ```
    pub async fn health(&self) -> Health {
        #[cfg(feature = "redis")]
        let redis = match self.redis() {
            Some(redis) => Some(redis.health().await),
            None => None,
        };
        self.health_with(
            #[cfg(feature = "redis")]
            redis,
        )
    }

    /// The same, without what takes a walk over the names on the server.
    #[cfg(any(all(feature = "http", feature = "redis"), feature = "metrics"))]
    pub(crate) async fn vitals(&self) -> Health {
        #[cfg(feature = "redis")]
        let redis = match self.redis() {
            Some(redis) => Some(redis.vitals().await),
            None => None,
        };
        self.health_with(
            #[cfg(feature = "redis")]
            redis,
        )
    }

    fn health_with(&self, #[cfg(feature = "redis")] redis: Option<RedisHealth>) -> Health {
        let capacity = self.local().capacity();
        #[cfg(feature = "redis")]
        let (backend, ready) = match &redis {
            Some(redis) => ("redis", redis.connected && redis.queued_invalidations == 0),
            None => ("embedded", true),
        };
        #[cfg(not(feature = "redis"))]
        let (backend, ready) = ("embedded", true);
        #[cfg(feature = "redis")]
        let generations = match self.redis().and_then(|redis| redis.mirror()) {
            Some(mirror) => mirror.generations(),
            None => self.generations().len(),
        };
        #[cfg(not(feature = "redis"))]
        let generations = self.generations().len();
        Health {
            backend,
            uptime: self.shared.built.elapsed(),
            enabled: self.is_enabled(),
            ready,
            entries: self.local().len(),
            max_entries: capacity.entries,
            bytes: self.local().bytes(),
            max_bytes: capacity.bytes,
            evictions: self.local().evicted(),
            computing: self.flights().len(),
            generations,
            #[cfg(feature = "redis")]
            redis,
            #[cfg(feature = "http")]
            edge: self.purges().health(),
        }
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {}",
            self.backend,
            match (self.enabled, self.ready) {
                (false, _) => "switched off",
                (true, true) => "ready",
                (true, false) => "not ready",
            },
        )?;
        #[cfg(feature = "redis")]
        if let Some(redis) = &self.redis {
            write!(f, ", {} computing\n{redis}", self.computing)?;
            return self.fmt_edge(f);
        }
        write!(
            f,
            ", {}/{} entries, {}/{} bytes, {} evictions, {} computing, {} generations",
            self.entries,
            self.max_entries,
            self.bytes,
            self.max_bytes,
            self.evictions,
            self.computing,
            self.generations
        )?;
        self.fmt_edge(f)
    }
}

impl Health {
    fn fmt_edge(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[cfg(feature = "http")]
        if let Some(edge) = &self.edge {
            let (waiting, purged, failures) = (edge.waiting, edge.purged, edge.failures);
            write!(
                f,
                "\nedge: {waiting} keys to purge, {purged} purged, {failures} failures"
            )?;
            if let Some(oldest) = edge.oldest {
                write!(f, ", the first has waited for {oldest:.1?}")?;
            }
        }
        let _nothing = f;
        Ok(())
    }
}
