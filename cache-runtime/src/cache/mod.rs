//! The handle: [`Cache`].

mod batch;
mod builder;
mod config;
mod configuration;
mod direct;
mod environment;
mod explain;
mod families;
mod global;
mod health;
mod history;
mod operation;
mod policies;
pub(crate) mod warm;

pub use builder::Builder;
pub use config::ConfigError;
#[cfg(feature = "redis")]
pub use config::Consistency;
pub use configuration::Configuration;
#[cfg(feature = "redis")]
pub use configuration::RedisConfiguration;
pub use explain::{EntryDetails, Explanation, PastInvalidation, StampDetails, State, Tier};
pub use families::{Held, KeyFamilies, KeyFamily};
pub use global::InstallError;
pub(crate) use global::taking_along;
#[cfg(feature = "testing")]
pub(crate) use global::with_installed;
pub use health::Health;
pub use operation::{GetOrSet, GetOrTrySet, Operation, Set, SetWith, TrySet, WriteThrough};
pub use policies::{Apart, Computes, Limited};
pub use warm::{Warm, WarmReport};

use crate::audit::Audit;
use crate::clock::{Clock, Tick};
#[cfg(feature = "redis")]
use crate::codec::Codec;
#[cfg(feature = "encryption")]
use crate::encryption::Encryption;
use crate::entry::Entry;
use crate::flight::Flights;
use crate::flight::is_past;
use crate::generation::Generations;
use crate::key::Key;
use crate::local::Local;
#[cfg(feature = "metrics")]
use crate::metrics::Published;
#[cfg(feature = "http")]
use crate::purges::Purges;
#[cfg(feature = "redis")]
use crate::redis::Redis;
use crate::rests::Rests;
#[cfg(feature = "redis")]
use crate::secrecy::Keys;
use crate::stats::{Families, Stats};
use crate::ttl::Ttl;
use config::Config;
pub(crate) use config::DEFAULT_TTL;
use history::History;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A cache. Cloning it is cheap; clones share everything.
///
/// Annotated functions use the installed one ([`Cache::install`]) unless their `cache = …` option says otherwise.
/// A program that installs none gets one from the environment at the first call.
///
/// ```
/// use cache_runtime::{Cache, Ttl};
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let cache = Cache::in_memory();
///
/// cache.set("user:123:profile", "Ada".to_owned())
///     .ttl(Duration::from_secs(3600))
///     .tags(["user:123", "profiles"])
///     .await;
/// assert_eq!(cache.get::<String>("user:123:profile").await.as_deref(), Some("Ada"));
///
/// cache.invalidate_tag("user:123").await;
/// assert_eq!(cache.get::<String>("user:123:profile").await, None);
///
/// let report = cache.get_or_set("report", || async { 6 * 7 }).ttl(Ttl::secs(60)).await;
/// assert_eq!(report, 42);
/// # }
/// ```
#[derive(Clone)]
pub struct Cache {
    shared: Arc<Shared>,
}

struct Shared {
    #[cfg(feature = "redis")]
    id: u64,
    config: Config,
    clock: Clock,
    #[cfg(feature = "redis")]
    redis: Option<Redis>,
    local: Local,
    generations: Generations,
    flights: Arc<Flights>,
    rests: Rests,
    families: Families,
    invalidations: AtomicU64,
    deferred: AtomicU64,
    history: History,
    built: Instant,
    #[cfg(feature = "http")]
    purges: Purges,
    #[cfg(feature = "metrics")]
    published: Published,
    /// A handle that is never dropped, once it was needed: who asks for the installed cache gets one.
    #[cfg(feature = "testing")]
    for_ever: std::sync::OnceLock<&'static Cache>,
}

impl Cache {
    /// An embedded cache with the defaults of [`Builder`].
    pub fn in_memory() -> Self {
        Builder::new().build_embedded()
    }

    /// A cache that is switched off: every call runs its function, nothing is stored.
    pub fn disabled() -> Self {
        Builder::new().enabled(false).build_embedded()
    }

    /// To choose capacity, times and more.
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// A cache as the environment has it.
    ///
    /// | variable | meaning | default |
    /// |---|---|---|
    /// | `CACHE_ENABLED` | `false`: every call runs its function; invalidations still reach a server | `true` |
    /// | `CACHE_NAMESPACE` | what stands before every key on a shared server | none |
    /// | `CACHE_DEFAULT_TTL` | time to live where none is given: seconds, `5m`, `forever` | `5m` |
    /// | `CACHE_ENCRYPTION_KEYS` | keys that encrypt on the server what is `sensitive` (feature `encryption`): `2026-11:{64 hexadecimal digits}`, several with commas; the first writes | none |
    /// | `CACHE_ENCRYPT_EVERYTHING` | not only what is `sensitive` | `false` |
    /// | `CACHE_AUDIT` | of what the [audit log](Audit) tells: `off`, `sensitive` or `everything` | `off` |
    /// | `CACHE_{DOMAIN}_TTL` | time to live of a domain cache: `CACHE_SESSION_TTL` | its own |
    /// | `CACHE_CONSISTENCY` | with a server: `strict`, or how old what this process keeps may be: `2s` | `2s` |
    /// | `REDIS_URL` | a Redis server: `redis://[user[:password]@]host[:port][/database]`, `unix:///path/to/socket`; `rediss://…` for TLS (feature `tls`) | none: embedded |
    /// | `REDIS_HOST`, `REDIS_PORT`, `REDIS_USERNAME`, `REDIS_PASSWORD`, `REDIS_DB` | the same in parts | |
    /// | `REDIS_SENTINELS`, `REDIS_SENTINEL_MASTER` | Redis Sentinel: `host[:port],host[:port]…`, and what they call the primary; or all of it as `REDIS_URL`: `redis+sentinel://[user[:password]@]host[:port][,host…]/name[/database]` | port 26379, `mymaster` |
    /// | `REDIS_SENTINEL_USERNAME`, `REDIS_SENTINEL_PASSWORD` | for the Sentinels themselves | |
    /// | `REDIS_POOL_SIZE` | connections to keep | `1` |
    /// | `REDIS_CONNECT_TIMEOUT` | in milliseconds | `1000` |
    ///
    /// # Errors
    ///
    /// If a value cannot be read. Also if a variable asks for what this build does not have: better a clear word at
    /// start than a cache that is not shared.
    pub async fn from_env() -> Result<Self, ConfigError> {
        Builder::from_env()?.build().await
    }

    fn with(config: Config, clock: Clock, #[cfg(feature = "redis")] redis: Option<Redis>) -> Self {
        #[cfg(feature = "redis")]
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Cache {
            shared: Arc::new(Shared {
                #[cfg(feature = "redis")]
                id: NEXT.fetch_add(1, Ordering::Relaxed),
                local: Local::new(config.capacity),
                config,
                clock,
                #[cfg(feature = "redis")]
                redis,
                generations: Generations::new(),
                flights: Arc::new(Flights::new()),
                rests: Rests::new(),
                families: Families::default(),
                invalidations: AtomicU64::new(0),
                deferred: AtomicU64::new(0),
                history: History::new(),
                built: Instant::now(),
                #[cfg(feature = "http")]
                purges: Purges::default(),
                #[cfg(feature = "metrics")]
                published: Published::default(),
                #[cfg(feature = "testing")]
                for_ever: std::sync::OnceLock::new(),
            }),
        }
    }

    /// Whether calls are looked up at all.
    pub fn is_enabled(&self) -> bool {
        self.shared.config.enabled
    }

    /// Whether something that is computed here and now would be stored.
    pub(crate) async fn can_store(&self) -> bool {
        #[cfg(feature = "redis")]
        if let Some(redis) = self.redis() {
            return self.is_in_use() && redis.is_reached().await;
        }
        self.is_in_use()
    }

    /// Whether calls do not go past it: it is not switched off, and the running code is not inside of `bypass` or of a
    /// transaction.
    pub(crate) fn is_in_use(&self) -> bool {
        self.is_enabled() && !is_past()
    }

    /// What stands before every key on a shared server.
    pub fn namespace(&self) -> &str {
        &self.shared.config.namespace
    }

    /// What the cache has done so far.
    pub fn stats(&self) -> Stats {
        Stats {
            functions: self.shared.families.snapshot(),
            entries: self.local().len(),
            bytes: self.local().bytes(),
            evictions: self.local().evicted(),
            invalidations: self.shared.invalidations.load(Ordering::Relaxed),
            deferred: self.shared.deferred.load(Ordering::Relaxed),
            #[cfg(feature = "redis")]
            coherence: self.redis().and_then(Redis::coherence),
        }
    }
}

/// What the rooms below need of the handle.
impl Cache {
    /// Whether both are handles of one cache.
    pub(crate) fn is(&self, other: &Cache) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    #[cfg(feature = "redis")]
    pub(crate) fn id(&self) -> u64 {
        self.shared.id
    }

    /// The shared server, if there is one. Then it knows what is stored and what is current, and this process keeps copies
    /// at most.
    #[cfg(feature = "redis")]
    #[inline]
    pub(crate) fn redis(&self) -> Option<&Redis> {
        self.shared.redis.as_ref()
    }

    #[cfg(feature = "testing")]
    pub(crate) fn for_ever(&self) -> &'static Cache {
        let leaked = || &*Box::leak(Box::new(self.clone()));
        self.shared.for_ever.get_or_init(leaked)
    }

    /// What is encrypted on a server, and with what.
    #[cfg(feature = "encryption")]
    pub(crate) fn encryption(&self) -> &Encryption {
        &self.shared.config.encryption
    }

    /// The keys that entries on a server may be encrypted with.
    #[cfg(feature = "redis")]
    pub(crate) fn keys(&self) -> Option<&dyn Keys> {
        #[cfg(feature = "encryption")]
        return self.encryption().keys.as_deref();
        #[cfg(not(feature = "encryption"))]
        None
    }

    /// Of what the audit log tells.
    #[inline]
    pub(crate) fn audit(&self) -> Audit {
        self.shared.config.audit
    }

    /// How values are encoded unless their site says otherwise.
    #[cfg(feature = "redis")]
    pub(crate) fn codec(&self) -> Codec {
        self.shared.config.codec
    }

    #[inline]
    pub(crate) fn now(&self) -> Tick {
        self.shared.clock.now()
    }

    pub(crate) fn local(&self) -> &Local {
        &self.shared.local
    }

    pub(crate) fn generations(&self) -> &Generations {
        &self.shared.generations
    }

    pub(crate) fn flights(&self) -> &Arc<Flights> {
        &self.shared.flights
    }

    pub(crate) fn rests(&self) -> &Rests {
        &self.shared.rests
    }

    pub(crate) fn families(&self) -> &Families {
        &self.shared.families
    }

    pub(crate) fn deferred(&self) -> &AtomicU64 {
        &self.shared.deferred
    }

    pub(crate) fn history(&self) -> &History {
        &self.shared.history
    }

    /// Copies outside of the cache, at a CDN.
    #[cfg(feature = "http")]
    pub(crate) fn purges(&self) -> &Purges {
        &self.shared.purges
    }

    /// What a hit promises.
    #[cfg(all(feature = "http", feature = "redis"))]
    pub(crate) fn consistency(&self) -> Consistency {
        self.shared.config.consistency
    }

    /// Whether the shared server knows of all that has ended here.
    #[cfg(feature = "http")]
    pub(crate) fn is_delivered(&self) -> bool {
        #[cfg(feature = "redis")]
        return self.redis().is_none_or(Redis::is_clear);
        #[cfg(not(feature = "redis"))]
        true
    }

    #[cfg(feature = "metrics")]
    pub(crate) fn published(&self) -> &Published {
        &self.shared.published
    }

    pub(crate) fn invalidations(&self) -> &AtomicU64 {
        &self.shared.invalidations
    }

    pub(crate) fn longest_wait(&self) -> Duration {
        self.shared.config.longest_wait
    }

    /// The time that `ttl` stands for here; `None` for ever.
    pub(crate) fn resolve(&self, ttl: Ttl) -> Option<Duration> {
        ttl.resolve(self.shared.config.default_ttl)
    }

    /// The time to live that the configuration gives a domain.
    pub(crate) fn domain_ttl(&self, domain: &str) -> Option<Ttl> {
        self.shared.config.domain_ttl(domain)
    }

    /// The entry under `key`, if a reader without tags of its own could be given it.
    pub(crate) fn valid_entry(&self, key: &Key) -> Option<Arc<Entry>> {
        let entry = self.local().peek(key.as_str())?;
        let valid = entry.is_fresh(self.now()) && entry.is_current() && !entry.is_hint();
        valid.then_some(entry)
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache")
            .field("enabled", &self.is_enabled())
            .field("entries", &self.local().len())
            .finish_non_exhaustive()
    }
}
