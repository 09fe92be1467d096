//! What the cache is configured with, for people who ask.

use super::Cache;
use crate::audit::Audit;
use crate::ttl::Ttl;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// What a cache is configured with, never secrets: no password, no key, no address with either in it. Serializes.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Configuration {
    /// Whether it is switched on.
    pub enabled: bool,
    /// What stands before every key on a shared server.
    pub namespace: String,
    /// The time to live where none is given; `None` for ever.
    pub default_ttl: Option<Duration>,
    /// Those of domain caches, by their name in the configuration; `None` for ever.
    pub domain_ttls: BTreeMap<String, Option<Duration>>,
    /// How many entries this process may hold.
    pub max_entries: u64,
    /// How many bytes.
    pub max_bytes: u64,
    /// How long a caller waits for another one's computation.
    pub longest_wait: Duration,
    /// Of what the audit log tells: `off`, `sensitive` or `everything`.
    pub audit: &'static str,
    /// What there is to say about a shared server, if there is one.
    #[cfg(feature = "redis")]
    pub redis: Option<RedisConfiguration>,
}

/// What a cache is configured with about a shared server.
#[cfg(feature = "redis")]
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct RedisConfiguration {
    /// `strict` or `bounded`.
    pub consistency: &'static str,
    /// If bounded, how old a hit may be.
    pub bound: Option<Duration>,
    /// How values are encoded where nothing else is said.
    pub codec: crate::codec::Codec,
    /// What is encrypted: `nothing`, `sensitive` or `everything`.
    pub encrypted: &'static str,
    /// Connections that are kept.
    pub connections: usize,
    /// For how long it tries to connect.
    pub connect_timeout: Duration,
    /// For how long a call waits for the server.
    pub operation_timeout: Duration,
    /// For how long an invalidation waits for it.
    pub invalidation_timeout: Duration,
    /// How long a lease stands that nobody renews.
    pub lease: Duration,
    /// The largest entry, in bytes.
    pub max_entry_bytes: usize,
}

impl Cache {
    /// What it is configured with, never secrets.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), cache_runtime::ConfigError> {
    /// let cache = cache_runtime::Cache::builder().max_entries(1_000).build().await?;
    /// assert_eq!(cache.configuration().max_entries, 1_000);
    /// # Ok(()) }
    /// ```
    pub fn configuration(&self) -> Configuration {
        let config = &self.shared.config;
        let domains = config.domain_ttls.iter();
        Configuration {
            enabled: config.enabled,
            namespace: config.namespace.clone(),
            default_ttl: self.resolve(Ttl::CacheDefault),
            domain_ttls: domains
                .map(|(domain, ttl)| (domain.clone(), self.resolve(*ttl)))
                .collect(),
            max_entries: config.capacity.entries,
            max_bytes: config.capacity.bytes,
            longest_wait: config.longest_wait,
            audit: match config.audit {
                Audit::Off => "off",
                Audit::Sensitive => "sensitive",
                Audit::Everything => "everything",
            },
            #[cfg(feature = "redis")]
            redis: self.redis().map(|_| self.redis_configuration()),
        }
    }

    #[cfg(feature = "redis")]
    fn redis_configuration(&self) -> RedisConfiguration {
        use super::Consistency;

        let config = &self.shared.config;
        let redis = &config.redis;
        let (consistency, bound) = match config.consistency {
            Consistency::Strict => ("strict", None),
            Consistency::Bounded(bound) => ("bounded", Some(bound)),
        };
        RedisConfiguration {
            consistency,
            bound,
            codec: config.codec,
            encrypted: self.encrypted(),
            connections: redis.connections,
            connect_timeout: redis.connect_timeout,
            operation_timeout: redis.operation_timeout,
            invalidation_timeout: redis.delivery_timeout,
            lease: redis.lease,
            max_entry_bytes: redis.max_entry,
        }
    }

    #[cfg(feature = "redis")]
    fn encrypted(&self) -> &'static str {
        #[cfg(feature = "encryption")]
        return match (
            self.encryption().is_for(false),
            self.encryption().is_for(true),
        ) {
            (true, _) => "everything",
            (false, true) => "sensitive",
            (false, false) => "nothing",
        };
        #[cfg(not(feature = "encryption"))]
        "nothing"
    }
}
