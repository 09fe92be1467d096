//! Configuration, and reading it from the environment.

#[cfg(feature = "redis")]
use crate::codec::Codec;
use crate::local::Capacity;
#[cfg(feature = "redis")]
use crate::redis::{Redis, RedisConfig};
use crate::ttl::Ttl;
use std::collections::HashMap;
use std::time::Duration;

/// How many times as long as others wait for it at most, a computation may keep its lease.
#[cfg(feature = "redis")]
const HOLD_PER_WAIT: u32 = 10;

/// Where nothing else is said.
pub(crate) const DEFAULT_TTL: Duration = Duration::from_secs(300);

#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) enabled: bool,
    pub(crate) namespace: String,
    pub(crate) default_ttl: Ttl,
    pub(crate) capacity: Capacity,
    pub(crate) longest_wait: Duration,
    #[cfg(feature = "redis")]
    pub(crate) redis: RedisConfig,
    #[cfg(feature = "redis")]
    pub(crate) codec: Codec,
    #[cfg(feature = "redis")]
    pub(crate) consistency: Consistency,
    /// By domain, as in the variable: `SESSION`.
    domain_ttls: HashMap<String, Ttl>,
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
            #[cfg(feature = "redis")]
            redis: RedisConfig::default(),
            #[cfg(feature = "redis")]
            codec: Codec::default(),
            #[cfg(feature = "redis")]
            consistency: Consistency::default(),
            domain_ttls: HashMap::new(),
        }
    }
}

/// What a hit promises where the cache is on a shared server: how old a value may be.
///
/// Chosen by [`Builder::consistency`](super::Builder::consistency) or the variable `CACHE_CONSISTENCY` (`strict`, or the
/// bound: `2s`); for one function by `consistency = strict`. An embedded cache is strict.
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
    /// A variable that says something about a server, without one that says where it is.
    #[error(
        "{variable} is set, but neither REDIS_URL nor REDIS_HOST, so there would be no server; set one of them"
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

/// Variables that this build has to refuse, and why.
const REFUSED: &[(&str, &str)] = &[
    #[cfg(not(feature = "redis"))]
    ("REDIS_URL", NO_REDIS),
    #[cfg(not(feature = "redis"))]
    ("REDIS_HOST", NO_REDIS),
    (
        "REDIS_CLUSTER_NODES",
        "this version has no support for Redis Cluster yet",
    ),
    (
        "REDIS_SENTINELS",
        "this version has no support for Redis Sentinel yet",
    ),
];
#[cfg(not(feature = "redis"))]
const NO_REDIS: &str = "this build is without the feature `redis` of cache-runtime";
#[cfg(feature = "redis")]
const CONSISTENCY: &str =
    "expected `strict`, or how old what is kept in a process may be, such as `2s`";
const DURATION: &str = "expected seconds, a duration such as `5m` or `1h 30m`, or `forever`";

impl Config {
    /// Reads those of `variables` that concern the cache. Empty ones count as unset.
    pub(crate) fn read(
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut config = Config::default();
        let mut refused = None;
        for (variable, value) in variables {
            let value = value.trim();
            if value.is_empty() {
                continue;
            }
            match REFUSED.iter().find(|(name, _)| *name == variable) {
                Some((_, reason)) => refused = Some((variable, *reason)),
                None => config.apply(&variable, value)?,
            }
        }
        // Last, so that everything else has been heard of.
        match refused {
            Some((variable, reason)) => Err(ConfigError::NotBuiltIn { variable, reason }),
            None => Ok(config),
        }
    }

    fn apply(&mut self, variable: &str, value: &str) -> Result<(), ConfigError> {
        let unreadable = |expected| ConfigError::Unreadable {
            variable: variable.to_owned(),
            value: value.to_owned(),
            expected,
        };
        match variable {
            "CACHE_ENABLED" => {
                self.enabled =
                    switch(value).ok_or_else(|| unreadable("expected `true` or `false`"))?;
            }
            "CACHE_NAMESPACE" => {
                self.namespace = value.to_owned();
            }
            "CACHE_DEFAULT_TTL" => {
                self.default_ttl = ttl(value).ok_or_else(|| unreadable(DURATION))?;
            }
            #[cfg(feature = "redis")]
            "CACHE_CONSISTENCY" => {
                self.consistency = consistency(value).ok_or_else(|| unreadable(CONSISTENCY))?;
            }
            #[cfg(feature = "redis")]
            _ if variable.starts_with("REDIS_") => self.apply_redis(variable, value)?,
            _ => {
                if let Some(domain) = domain_of(variable) {
                    let ttl = ttl(value).ok_or_else(|| unreadable(DURATION))?;
                    self.domain_ttls.insert(domain.to_owned(), ttl);
                }
            }
        }
        Ok(())
    }

    #[cfg(feature = "redis")]
    fn apply_redis(&mut self, variable: &str, value: &str) -> Result<(), ConfigError> {
        // Neither a password nor a URL, which may hold one, is ever quoted.
        let unreadable = |expected| ConfigError::Unreadable {
            variable: variable.to_owned(),
            value: value.to_owned(),
            expected,
        };
        let server = &mut self.redis.server;
        match variable {
            "REDIS_URL" => server.url = Some(value.to_owned()),
            "REDIS_HOST" => server.host = Some(value.to_owned()),
            "REDIS_USERNAME" => server.username = Some(value.to_owned()),
            "REDIS_PASSWORD" => server.password = Some(value.to_owned()),
            // What Kubernetes sets in every container beside a service that is called `redis`.
            "REDIS_PORT" if value.starts_with("tcp://") => {}
            "REDIS_PORT" => {
                let port = value
                    .parse()
                    .map_err(|_| unreadable("expected a port number"))?;
                server.port = Some(port);
            }
            "REDIS_DB" => {
                let number = value.parse::<u32>();
                let number = number.map_err(|_| unreadable("expected the number of a database"))?;
                server.database = Some(number.into());
            }
            "REDIS_POOL_SIZE" => {
                let size = value.parse().ok().filter(|size| (1..=256).contains(size));
                self.redis.connections =
                    size.ok_or_else(|| unreadable("expected a number of connections, 1 to 256"))?;
            }
            "REDIS_CONNECT_TIMEOUT" => {
                let millis = value.parse::<u64>().ok().filter(|&millis| millis > 0);
                let millis = millis.ok_or_else(|| unreadable("expected milliseconds"))?;
                self.redis.connect_timeout = Duration::from_millis(millis);
            }
            _ => {}
        }
        Ok(())
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
        if self.namespace.contains('~') || self.namespace.contains(['*', '?', '[', ']', '\\']) {
            return Err(ConfigError::Namespace {
                namespace: self.namespace.clone(),
                reason: "it must not contain `~`, which marks keys of this library, nor wildcards",
            });
        }
        let config = RedisConfig {
            longest_hold: self.longest_wait.saturating_mul(HOLD_PER_WAIT),
            staleness: match self.consistency {
                Consistency::Strict => None,
                Consistency::Bounded(bound) => Some(bound),
            },
            ..self.redis.clone()
        };
        let redis = Redis::new(config, &self.namespace);
        redis.map(Some).map_err(|reason| ConfigError::Server {
            from: match self.redis.server.url {
                Some(_) => "REDIS_URL, or `Builder::redis`",
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
}

/// `SESSION` of `CACHE_SESSION_TTL`.
fn domain_of(variable: &str) -> Option<&str> {
    variable.strip_prefix("CACHE_")?.strip_suffix("_TTL")
}

/// `USER_SESSIONS` for the prefix `user-sessions`.
fn variable_form(prefix: &str) -> String {
    let upper = prefix.to_ascii_uppercase();
    upper.replace(|c: char| !c.is_ascii_alphanumeric(), "_")
}

fn switch(value: &str) -> Option<bool> {
    match value.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Some(true),
        "false" | "0" | "no" | "off" => Some(false),
        _ => None,
    }
}

fn ttl(value: &str) -> Option<Ttl> {
    if value.eq_ignore_ascii_case("forever") {
        return Some(Ttl::Forever);
    }
    if let Ok(seconds) = value.parse() {
        return Some(Ttl::secs(seconds));
    }
    humantime::parse_duration(value).ok().map(Ttl::For)
}

#[cfg(feature = "redis")]
fn consistency(value: &str) -> Option<Consistency> {
    if value.eq_ignore_ascii_case("strict") {
        return Some(Consistency::Strict);
    }
    let bound = humantime::parse_duration(value).ok();
    bound
        .filter(|bound| !bound.is_zero())
        .map(Consistency::Bounded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::read(
            variables
                .iter()
                .map(|&(name, value)| (name.to_owned(), value.to_owned())),
        )
    }

    #[test]
    fn the_environment_is_read() {
        let config = read(&[
            ("CACHE_ENABLED", "off"),
            ("CACHE_NAMESPACE", "therapist"),
            ("CACHE_DEFAULT_TTL", "90"),
            ("CACHE_USER_SESSIONS_TTL", "10m"),
            ("PATH", "/bin"),
        ])
        .expect("readable");
        assert!(!config.enabled);
        assert_eq!(config.namespace, "therapist");
        assert_eq!(config.default_ttl, Ttl::secs(90));
        assert_eq!(config.domain_ttl("user-sessions"), Some(Ttl::secs(600)));
        assert_eq!(config.domain_ttl("session"), None);
    }

    #[test]
    fn an_empty_variable_counts_as_unset() {
        assert!(read(&[("CACHE_ENABLED", ""), ("REDIS_URL", " ")]).is_ok());
    }

    #[test]
    fn what_cannot_be_read_is_a_clear_error() {
        let error = read(&[("CACHE_SESSION_TTL", "soon")]).expect_err("unreadable");
        assert_eq!(
            error.to_string(),
            "CACHE_SESSION_TTL=`soon`: expected seconds, a duration such as `5m` or `1h 30m`, or `forever`"
        );
        let both = [("REDIS_SENTINELS", "h"), ("CACHE_ENABLED", "maybe")];
        let error = read(&both).expect_err("unreadable");
        assert!(error.to_string().starts_with("CACHE_ENABLED=`maybe`"));
        let error = read(&[("REDIS_SENTINELS", "secret@host")]).expect_err("not yet");
        assert!(!error.to_string().contains("secret"));
    }

    #[cfg(feature = "redis")]
    #[test]
    fn every_variable_of_a_server_is_read() {
        let config = read(&[
            ("REDIS_HOST", "cache.example"),
            ("REDIS_PORT", "6380"),
            ("REDIS_USERNAME", "ann"),
            ("REDIS_PASSWORD", "secret"),
            ("REDIS_DB", "2"),
            ("REDIS_POOL_SIZE", "4"),
            ("REDIS_CONNECT_TIMEOUT", "1500"),
        ])
        .expect("readable");
        let server = &config.redis.server;
        assert_eq!((server.port, server.database), (Some(6380), Some(2)));
        assert_eq!(
            (server.username.as_deref(), server.password.as_deref()),
            (Some("ann"), Some("secret"))
        );
        assert_eq!(config.redis.connections, 4);
        assert_eq!(config.redis.connect_timeout, Duration::from_millis(1500));
        assert!(!format!("{config:?}").contains("secret"));
        for (name, wrong) in [
            ("REDIS_PORT", "x"),
            ("REDIS_PORT", "65536"),
            ("REDIS_DB", "-1"),
            ("REDIS_POOL_SIZE", "0"),
            ("REDIS_CONNECT_TIMEOUT", "soon"),
        ] {
            let server = ("REDIS_HOST", "cache.example");
            let error = read(&[server, (name, wrong)]);
            let error = error.expect_err("unreadable").to_string();
            assert!(
                error.starts_with(&format!("{name}=`{wrong}`: expected")),
                "{error}"
            );
        }
    }

    #[cfg(feature = "redis")]
    #[test]
    fn consistency_is_strict_or_a_bound() {
        let read = |value| read(&[("CACHE_CONSISTENCY", value)]).map(|config| config.consistency);
        assert_eq!(read("Strict"), Ok(Consistency::Strict));
        let bound = Duration::from_millis(500);
        assert_eq!(read("500ms"), Ok(Consistency::Bounded(bound)));
        for wrong in ["bounded", "2", "0s", "-1s"] {
            let error = read(wrong).expect_err("unreadable").to_string();
            assert!(error.contains("expected `strict`"), "{error}");
        }
    }

    #[cfg(feature = "redis")]
    #[test]
    fn a_port_needs_a_server() {
        let port = ("REDIS_PORT", "6380");
        let error = read(&[port]).expect("a number").redis().map(|_| ());
        let error = error.expect_err("no server").to_string();
        assert!(
            error.starts_with("REDIS_PORT") && error.contains("REDIS_HOST"),
            "{error}"
        );
        let given = read(&[port, ("REDIS_HOST", "h")]).expect("readable");
        assert!(given.redis().is_ok_and(|redis| redis.is_some()));
        // Said of somebody else's server, perhaps.
        let other = read(&[("REDIS_PASSWORD", "x"), ("REDIS_DB", "1")]).expect("readable");
        assert!(other.redis().is_ok_and(|redis| redis.is_none()));
        // As Kubernetes sets it.
        for server in [("REDIS_URL", "redis://h"), ("PATH", "x")] {
            let config = read(&[("REDIS_PORT", "tcp://10.0.0.1:6379"), server]);
            assert!(config.expect("not ours").redis().is_ok());
        }
    }

    #[cfg(feature = "redis")]
    #[test]
    fn an_address_that_is_none_is_a_clear_error_without_secrets() {
        let config = read(&[("REDIS_URL", "redis://:secret@host:port")]).expect("a text");
        let error = config
            .redis()
            .map(|_| ())
            .expect_err("no address")
            .to_string();
        assert!(
            error.contains("REDIS_URL") && error.contains("redis://[user"),
            "{error}"
        );
        assert!(!error.contains("secret"), "{error}");
        for host in ["127.0.0.1:7411", "redis://h", "a b"] {
            let config = read(&[("REDIS_HOST", host)]).expect("a text");
            let error = config.redis().map(|_| ()).expect_err(host);
            assert!(format!("{error:?}").contains("(REDIS_HOST)"), "{error:?}");
        }
        for host in ["localhost", "cache-1.example", "::1", "fe80::1", "10.0.0.1"] {
            let config = read(&[("REDIS_HOST", host)]).expect("a text");
            assert!(config.redis().is_ok(), "{host}");
        }
        let wild = [("REDIS_URL", "redis://h"), ("CACHE_NAMESPACE", "a~b")];
        let error = read(&wild)
            .expect("texts")
            .redis()
            .map(|_| ())
            .expect_err("a namespace");
        assert!(error.to_string().contains("a~b"), "{error}");
    }
}
