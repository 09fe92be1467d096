//! Configuration.

use crate::audit::Audit;
#[cfg(feature = "redis")]
use crate::codec::Codec;
#[cfg(feature = "encryption")]
use crate::encryption::{Encryption, KeyRingError};
use crate::local::Capacity;
#[cfg(feature = "redis")]
use crate::redis::{Redis, RedisConfig};
use crate::site::domains;
use crate::ttl::Ttl;
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

/// How many times as long as others wait for it at most, a computation may keep its lease.
#[cfg(feature = "redis")]
const HOLD_PER_WAIT: u32 = 10;

/// A server that has to be asked more often whether it is there has little else to do.
#[cfg(feature = "redis")]
pub(crate) const SHORTEST_BOUND: Duration = Duration::from_millis(100);

/// Where nothing else is said.
pub(crate) const DEFAULT_TTL: Duration = Duration::from_secs(300);

#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) enabled: bool,
    pub(crate) namespace: String,
    pub(crate) default_ttl: Ttl,
    pub(crate) capacity: Capacity,
    pub(crate) longest_wait: Duration,
    pub(crate) audit: Audit,
    #[cfg(feature = "redis")]
    pub(crate) redis: RedisConfig,
    #[cfg(feature = "redis")]
    pub(crate) codec: Codec,
    #[cfg(feature = "redis")]
    pub(crate) consistency: Consistency,
    #[cfg(feature = "encryption")]
    pub(crate) encryption: Encryption,
    /// By domain, as in the variable: `SESSION`.
    pub(super) domain_ttls: HashMap<String, Ttl>,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            enabled: true,
            namespace: String::new(),
            default_ttl: DEFAULT_TTL.into(),
            capacity: Capacity {
                entries: 100_000,
                bytes: 256 << 20,
            },
            longest_wait: Duration::from_secs(10),
            audit: Audit::Off,
            #[cfg(feature = "redis")]
            redis: RedisConfig::default(),
            #[cfg(feature = "redis")]
            codec: Codec::default(),
            #[cfg(feature = "redis")]
            consistency: Consistency::default(),
            #[cfg(feature = "encryption")]
            encryption: Encryption::default(),
            domain_ttls: HashMap::new(),
        }
    }
}

/// What a hit promises where the cache is on a shared server: how old a value may be.
///
/// Chosen by [`Builder::consistency`](super::Builder::consistency) or the variable `CACHE_CONSISTENCY` (`strict`, or the
/// bound: `2s`, 100 ms at least); for one function by `consistency = strict`. An embedded cache is strict.
///
/// ```
/// use cache_runtime::Consistency;
/// use std::time::Duration;
///
/// assert_eq!(Consistency::default(), Consistency::Bounded(Duration::from_secs(2)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg(feature = "redis")]
pub enum Consistency {
    /// Every hit asks the server: what was invalidated anywhere is not served once that has returned.
    Strict,
    /// Hits are answered from this process for as long as the server has not told of a change. It tells within a
    /// millisecond or so; if the network is cut, what is served was valid at most this long ago. What this process has
    /// invalidated itself, it does not serve once that has returned.
    ///
    /// A server that tells nothing (before Redis 6, or behind a proxy that hides it) makes the cache strict; it says so in
    /// the log and in [`Cache::health`](super::Cache::health).
    Bounded(Duration),
}

#[cfg(feature = "redis")]
impl Default for Consistency {
    fn default() -> Self {
        Consistency::Bounded(Duration::from_secs(2))
    }
}

/// A configuration that cannot be used. Its `Debug` form is its message, so that a `main` which returns it prints that.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A variable of the environment whose value cannot be read.
    #[error("{variable}=`{value}`: {expected}")]
    Unreadable {
        /// Its name.
        variable: String,
        /// Its value.
        value: String,
        /// What it should be.
        expected: &'static str,
    },
    /// A server that cannot exist, or cannot be used by this build.
    #[error("the address of the redis server ({from}) cannot be used: {reason}")]
    Server {
        /// Where it comes from: a variable, or the builder.
        from: &'static str,
        /// What it should be, or what is missing.
        reason: &'static str,
    },
    /// A certificate or a key for TLS that cannot be used. Nothing of it is quoted.
    #[error("{given} cannot be used: {reason}")]
    Certificate {
        /// Where it comes from: a variable and the file that it names, or a method of the builder.
        given: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A variable that says something about a server, without one that says where it is.
    #[error(
        "{variable} is set, but neither REDIS_URL nor REDIS_HOST, REDIS_SENTINELS or REDIS_CLUSTER_NODES, so there would be no server; set one of them"
    )]
    NoServer {
        /// Its name.
        variable: &'static str,
    },
    /// A variable asks for what this build does not have.
    #[error("{variable} is set, but {reason}")]
    NotBuiltIn {
        /// Its name.
        variable: String,
        /// What is missing.
        reason: &'static str,
    },
    /// A capacity of nothing.
    #[error(
        "`{what}` is 0, so nothing could be kept; to switch the cache off, use `Builder::enabled(false)` or CACHE_ENABLED=false"
    )]
    Capacity {
        /// The method of the builder.
        what: &'static str,
    },
    /// A [`Consistency::Bounded`] that no heartbeat could keep.
    #[cfg(feature = "redis")]
    #[error(
        "the bound {bound:?} of `Consistency::Bounded` is shorter than {SHORTEST_BOUND:?}; use a longer one, or `Consistency::Strict`"
    )]
    Bound {
        /// The bound.
        bound: Duration,
    },
    /// Keys for encryption that cannot be used. They are not quoted.
    #[cfg(feature = "encryption")]
    #[error("CACHE_ENCRYPTION_KEYS cannot be used: {0}")]
    EncryptionKeys(KeyRingError),
    /// Everything is to be encrypted, and there is nothing to do that with.
    #[cfg(feature = "encryption")]
    #[error(
        "everything is to be encrypted (CACHE_ENCRYPT_EVERYTHING or `Builder::encrypt_everything`), but there are no keys; set CACHE_ENCRYPTION_KEYS or use `Builder::encryption`"
    )]
    NoEncryptionKeys,
    /// A namespace that would collide with the names this library gives its own keys.
    #[error("the namespace `{namespace}` cannot be used: {reason}")]
    Namespace {
        /// The namespace.
        namespace: String,
        /// What is wrong with it.
        reason: &'static str,
    },
}

impl std::fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl Config {
    /// Whether it can be used at all.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        #[cfg(feature = "encryption")]
        if self.encryption.everything && self.encryption.keys.is_none() {
            return Err(ConfigError::NoEncryptionKeys);
        }
        let Capacity { entries, bytes } = self.capacity;
        match (entries, bytes) {
            (0, _) => Err(ConfigError::Capacity {
                what: "max_entries",
            }),
            (_, 0) => Err(ConfigError::Capacity { what: "max_bytes" }),
            _ => Ok(()),
        }
    }

    /// The server, if one is configured.
    #[cfg(feature = "redis")]
    pub(crate) fn redis(&self) -> Result<Option<Redis>, ConfigError> {
        let server = &self.redis.server;
        if !server.is_given() {
            // Others may need a password; who names a port wants a server.
            return match server.port {
                Some(_) => Err(ConfigError::NoServer {
                    variable: "REDIS_PORT",
                }),
                None => Ok(None),
            };
        }
        if self.namespace.starts_with(':') || self.namespace.ends_with(':') {
            return Err(ConfigError::Namespace {
                namespace: self.namespace.clone(),
                reason: "it must neither begin nor end with `:`, which is put between it and the keys",
            });
        }
        if self.namespace.contains('~') || self.namespace.contains(['*', '?', '[', ']', '\\']) {
            return Err(ConfigError::Namespace {
                namespace: self.namespace.clone(),
                reason: "it must not contain `~`, which marks keys of this library, nor wildcards",
            });
        }
        if let Consistency::Bounded(bound) = self.consistency
            && bound < SHORTEST_BOUND
        {
            return Err(ConfigError::Bound { bound });
        }
        let mut config = RedisConfig {
            longest_hold: self.longest_wait.saturating_mul(HOLD_PER_WAIT),
            staleness: match self.consistency {
                Consistency::Strict => None,
                Consistency::Bounded(bound) => Some(bound),
            },
            ..self.redis.clone()
        };
        let certificates = config.server.certificates.read();
        config.server.certificates = certificates.map_err(|bad| ConfigError::Certificate {
            given: bad.given,
            reason: bad.reason,
        })?;
        let redis = Redis::new(config, &self.namespace);
        redis.map(Some).map_err(|reason| ConfigError::Server {
            from: match self.redis.server.url {
                Some(_) => "REDIS_URL, or `Builder::redis`",
                None if self.redis.server.cluster.is_some() => "REDIS_CLUSTER_NODES",
                None if self.redis.server.sentinels.is_some() => "REDIS_SENTINELS",
                None => "REDIS_HOST",
            },
            reason,
        })
    }

    pub(crate) fn set_domain_ttl(&mut self, domain: &str, ttl: Ttl) {
        self.domain_ttls.insert(variable_form(domain), ttl);
    }

    pub(crate) fn domain_ttl(&self, domain: &str) -> Option<Ttl> {
        if self.domain_ttls.is_empty() {
            return None;
        }
        self.domain_ttls.get(&variable_form(domain)).copied()
    }

    /// Tells of times to live that no domain cache of this program will use.
    pub(super) fn tell_of_unknown_domains(&self) {
        let known: BTreeSet<String> = domains().map(variable_form).collect();
        for unknown in self.domain_ttls.keys().filter(|set| !known.contains(*set)) {
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            tracing::warn!(target: "cache_runtime",
                "CACHE_{unknown}_TTL is set, and no domain cache of this program reads it; they are called {}",
                known.join(", "));
        }
    }
}

/// `USER_SESSIONS` for the prefix `user-sessions`.
fn variable_form(prefix: &str) -> String {
    let upper = prefix.to_ascii_uppercase();
    upper.replace(|c: char| !c.is_ascii_alphanumeric(), "_")
}
