//! Building a cache.

use super::Cache;
#[cfg(feature = "redis")]
use super::config::Consistency;
use super::config::{Config, ConfigError};
use crate::audit::Audit;
use crate::clock::Clock;
#[cfg(feature = "redis")]
use crate::codec::Codec;
#[cfg(feature = "encryption")]
use crate::encryption::EncryptionKeys;
#[cfg(feature = "redis")]
use crate::redis::tls::Pem;
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
    ///
    /// Caches of one namespace share entries; two applications on one server need two.
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.config.namespace = namespace.into();
        self
    }

    /// The time to live where none is given. Default: 5 minutes.
    pub fn default_ttl(mut self, ttl: impl IntoTtl) -> Self {
        self.config.default_ttl = ttl.into_ttl();
        self
    }

    /// The time to live of the domain cache with this name, in place of its own; as `CACHE_{DOMAIN}_TTL` does. The name is the text
    /// of its keys, unless its derive says otherwise: `session`, `user-profile`.
    pub fn domain_ttl(mut self, domain: &str, ttl: impl IntoTtl) -> Self {
        self.config.set_domain_ttl(domain, ttl.into_ttl());
        self
    }

    /// Of what the audit log tells. Default: nothing.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), cache_runtime::ConfigError> {
    /// use cache_runtime::{Audit, Cache};
    ///
    /// let cache = Cache::builder().audit(Audit::Sensitive).build().await?;
    /// # Ok(()) }
    /// ```
    pub fn audit(mut self, audit: Audit) -> Self {
        self.config.audit = audit;
        self
    }

    /// How many entries this process holds at most. Not zero. Default: 100 000.
    pub fn max_entries(mut self, entries: u64) -> Self {
        self.config.capacity.entries = entries;
        self
    }

    /// How many bytes the entries may take, by estimate: of what values serialize, numbers at their full size. Not zero.
    /// Default: 256 MiB.
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

    /// The clock that expiry goes by in this process. Default: [`Clock::system`].
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// The cache.
    ///
    /// With a shared server this waits until the first attempt to connect has succeeded or failed. A server that
    /// cannot be reached is not an error: functions run without the cache until it can.
    ///
    /// # Errors
    ///
    /// If the configuration contradicts itself or names no server that could exist.
    pub async fn build(self) -> Result<Cache, ConfigError> {
        let cache = self.build_now()?;
        #[cfg(feature = "redis")]
        if let Some(redis) = cache.redis() {
            redis.started().await;
        }
        Ok(cache)
    }

    /// On a server in this process, and by Tokio's clock, whatever was said before.
    #[cfg(all(feature = "testing", feature = "redis"))]
    pub(crate) fn wired(mut self, dial: std::sync::Arc<dyn crate::redis::Dial>) -> Self {
        self.config.redis.server = crate::redis::ServerConfig::in_process();
        self.config.redis.dial = Some(dial);
        self.clock(Clock::tokio())
    }

    /// The cache, which has not tried to connect yet.
    pub(super) fn build_now(self) -> Result<Cache, ConfigError> {
        self.config.check()?;
        self.config.tell_of_unknown_domains();
        #[cfg(feature = "redis")]
        {
            let redis = self.config.redis()?;
            Ok(Cache::with(self.config, self.clock, redis))
        }
        #[cfg(not(feature = "redis"))]
        Ok(Cache::with(self.config, self.clock))
    }

    /// The cache without a server, whatever the configuration says.
    pub(crate) fn build_embedded(self) -> Cache {
        Cache::with(
            self.config,
            self.clock,
            #[cfg(feature = "redis")]
            None,
        )
    }
}

/// A shared server (feature `redis`).
#[cfg(feature = "redis")]
impl Builder {
    /// Keeps entries on a Redis server: `redis://[user[:password]@]host[:port][/database]` or
    /// `unix:///path/to/socket`. Version 6.0 or newer, a primary.
    ///
    /// `redis+sentinel://[user[:password]@]host[:port][,host…]/name[/database]` is the primary that Redis Sentinel calls by this name,
    /// wherever that is at the time; `?sentinel_password=…` (and `sentinel_username`) is for the Sentinels themselves. It is looked for anew when it is lost, and when most Sentinels have appointed another one.
    ///
    /// `rediss://…` (feature `tls`) is the same encrypted with TLS, `rediss+sentinel://…` for Sentinels and servers. The server's certificate has to be for its name, and
    /// signed by one of the system's authorities, or by [one of your own](Self::tls_ca).
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), cache_runtime::ConfigError> {
    /// let cache = cache_runtime::Cache::builder()
    ///     .redis("redis://localhost")
    ///     .namespace("shop")
    ///     .build()
    ///     .await?;
    /// # Ok(()) }
    /// ```
    pub fn redis(mut self, url: impl Into<String>) -> Self {
        self.config.redis.server.url = Some(url.into());
        self
    }

    /// Whom to trust as an authority that signs servers' certificates: one or more, as PEM (feature `tls`). They take the
    /// place of the system's, which are trusted no more. Default: the file that `REDIS_TLS_CA` names with
    /// [`Cache::from_env`], otherwise the system's.
    ///
    /// That certificates are valid, and for the name of the server, is always verified.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let cache = cache_runtime::Cache::builder()
    ///     .redis("rediss://cache.internal")
    ///     .tls_ca(std::fs::read("/etc/cache/ca.pem")?)
    ///     .tls_client_certificate(
    ///         std::fs::read("/etc/cache/client.pem")?,
    ///         std::fs::read("/etc/cache/client.key")?,
    ///     )
    ///     .build()
    ///     .await?;
    /// # Ok(()) }
    /// ```
    pub fn tls_ca(mut self, pem: impl Into<Vec<u8>>) -> Self {
        let authorities = Pem::given("`Builder::tls_ca`", pem);
        self.config.redis.server.certificates.authorities = Some(authorities);
        self
    }

    /// What a server is shown that wants to know who comes (mutual TLS): a certificate, with those in between if there are
    /// any, and its private key, as PEM (feature `tls`). The key is PKCS#8, PKCS#1 or SEC1, of RSA, ECDSA or Ed25519, and has no
    /// passphrase. Default: the files that `REDIS_TLS_CERT` and `REDIS_TLS_KEY` name with [`Cache::from_env`], otherwise nothing.
    ///
    /// Sentinels are shown the same.
    pub fn tls_client_certificate(
        mut self,
        certificate: impl Into<Vec<u8>>,
        key: impl Into<Vec<u8>>,
    ) -> Self {
        let certificates = &mut self.config.redis.server.certificates;
        certificates.client = Some(Pem::given(
            "the certificate of `Builder::tls_client_certificate`",
            certificate,
        ));
        certificates.key = Some(Pem::given(
            "the key of `Builder::tls_client_certificate`",
            key,
        ));
        self
    }

    /// How many connections to keep; commands of all tasks are multiplexed over them. Default: 1, which is the
    /// fastest up to many thousand reads a second.
    pub fn connections(mut self, connections: usize) -> Self {
        self.config.redis.connections = connections.max(1);
        self
    }

    /// How long to wait for a connection. Default: 1 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.config.redis.connect_timeout = timeout;
        self
    }

    /// How long a call waits for a reply; then its function runs without the cache. Default: 50 ms.
    pub fn operation_timeout(mut self, timeout: Duration) -> Self {
        self.config.redis.operation_timeout = timeout;
        self
    }

    /// How long an invalidation waits for its acknowledgement before it says that it is
    /// [deferred](crate::Delivery::Deferred). Default: 500 ms.
    pub fn invalidation_timeout(mut self, timeout: Duration) -> Self {
        self.config.redis.delivery_timeout = timeout;
        self
    }

    /// How long other processes wait for one that died while it computed. One that lives renews its lease. After ten
    /// times [`longest_wait`](Self::longest_wait) others may compute beside it; what it finds is then stored only if none
    /// of them has begun. Default: 3 s.
    pub fn lease(mut self, lease: Duration) -> Self {
        self.config.redis.lease = lease.max(Duration::from_millis(10));
        self
    }

    /// How old a value may be that this process serves without asking the server: 100 ms at least, or not at all. Default:
    /// two seconds.
    pub fn consistency(mut self, consistency: Consistency) -> Self {
        self.config.consistency = consistency;
        self
    }

    /// How values are encoded, where a function does not say otherwise. Default: bincode.
    pub fn codec(mut self, codec: Codec) -> Self {
        self.config.codec = codec;
        self
    }

    /// Encrypts on the server what is `sensitive`: entries of functions and records that are marked so, and of functions that
    /// have called such a one. What was
    /// written there in the clear, or with a key that is not among these, counts as none. Default:
    /// `CACHE_ENCRYPTION_KEYS` with [`Cache::from_env`], otherwise nothing is encrypted.
    ///
    /// In this process values are as they are, and so are keys and tags on the server.
    ///
    /// ```
    /// use cache_runtime::Cache;
    /// use cache_runtime::encryption::{EncryptionKey, KeyRing};
    ///
    /// # fn from_a_vault() -> [u8; 32] { [7; 32] }
    /// # fn main() -> Result<(), cache_runtime::encryption::KeyRingError> {
    /// let builder = Cache::builder()
    ///     .redis("redis://localhost")
    ///     .encryption(KeyRing::new(EncryptionKey::new("2026-11", from_a_vault())?));
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "encryption")]
    pub fn encryption(mut self, keys: impl EncryptionKeys) -> Self {
        self.config.encryption.keys = Some(std::sync::Arc::new(keys));
        self
    }

    /// Whether everything is encrypted, if there are keys ([`encryption`](Builder::encryption)), and not only what is `sensitive`.
    /// Default: `CACHE_ENCRYPT_EVERYTHING` with [`Cache::from_env`], otherwise `false`.
    ///
    /// ```
    /// use cache_runtime::Cache;
    /// use cache_runtime::encryption::{EncryptionKey, KeyRing};
    ///
    /// # fn main() -> Result<(), cache_runtime::encryption::KeyRingError> {
    /// let keys = KeyRing::new(EncryptionKey::new("2026-11", [7; 32])?);
    /// let builder = Cache::builder().encryption(keys).encrypt_everything(true);
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "encryption")]
    pub fn encrypt_everything(mut self, everything: bool) -> Self {
        self.config.encryption.everything = everything;
        self
    }

    /// The largest entry that is written or read, in bytes. Default: 64 MiB.
    pub fn max_entry_bytes(mut self, bytes: usize) -> Self {
        self.config.redis.max_entry = bytes;
        self
    }
}
