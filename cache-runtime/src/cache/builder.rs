//! Building a cache.

use super::Cache;
use super::config::{Config, ConfigError};
use crate::clock::Clock;
use crate::ttl::IntoTtl;
use std::time::Duration;

/// Builds a [`Cache`].
///
/// ```
/// use cache_runtime::{Cache, Ttl};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let cache = Cache::builder()
///     .max_entries(10_000)
///     .max_bytes(64 << 20)
///     .default_ttl(Ttl::secs(60))
///     .build()
///     .await?;
/// assert!(cache.is_enabled());
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Builder {
    config: Config,
    clock: Clock,
}

impl Builder {
    pub(super) fn new() -> Self {
        Builder {
            config: Config::default(),
            clock: Clock::system(),
        }
    }

    /// Starts from the environment; see [`Cache::from_env`].
    ///
    /// # Errors
    ///
    /// If a variable has a value that cannot be read, or asks for what this version does not have.
    pub fn from_env() -> Result<Self, ConfigError> {
        let readable = std::env::vars_os().filter_map(|(name, value)| {
            // A value that is not text is one that cannot be read.
            Some((
                name.into_string().ok()?,
                value.to_string_lossy().into_owned(),
            ))
        });
        Ok(Builder {
            config: Config::read(readable)?,
            clock: Clock::system(),
        })
    }

    /// Switches the cache on or off. Off, every call runs its function. Default: on.
    pub fn enabled(mut self, enabled: bool) -> Self {
        self.config.enabled = enabled;
        self
    }

    /// What stands before every key on a shared server. Default: nothing.
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.config.namespace = namespace.into();
        self
    }

    /// The time to live where none is given. Default: 5 minutes.
    pub fn default_ttl(mut self, ttl: impl IntoTtl) -> Self {
        self.config.default_ttl = ttl.into_ttl();
        self
    }

    /// The time to live of the domain cache with this prefix, in place of its own; as `CACHE_{DOMAIN}_TTL` does.
    pub fn domain_ttl(mut self, prefix: &str, ttl: impl IntoTtl) -> Self {
        self.config.set_domain_ttl(prefix, ttl.into_ttl());
        self
    }

    /// How many entries this process holds at most. Default: 100 000.
    pub fn max_entries(mut self, entries: u64) -> Self {
        self.config.capacity.entries = entries;
        self
    }

    /// How many bytes the entries may take, by estimate. Default: 256 MiB.
    ///
    /// Room is divided among shards, and a value that is larger than a shard's room is not kept.
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.config.capacity.bytes = bytes;
        self
    }

    /// How long a caller waits for another caller's computation before it computes on its own. Default: 10 s.
    pub fn longest_wait(mut self, wait: Duration) -> Self {
        self.config.longest_wait = wait;
        self
    }

    /// The clock that expiry goes by. Default: [`Clock::system`].
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// The cache.
    ///
    /// # Errors
    ///
    /// If the configuration contradicts itself. A server that cannot be reached is not an error.
    pub async fn build(self) -> Result<Cache, ConfigError> {
        Ok(self.build_embedded())
    }

    pub(super) fn build_embedded(self) -> Cache {
        Cache::with(self.config, self.clock)
    }
}
