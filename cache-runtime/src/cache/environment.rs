//! Reading the configuration from the environment.

use super::config::{Config, ConfigError};
#[cfg(feature = "redis")]
use super::config::{Consistency, SHORTEST_BOUND};
use crate::audit::Audit;
#[cfg(feature = "encryption")]
use crate::encryption::KeyRing;
#[cfg(feature = "redis")]
use crate::redis::tls::Pem;
use crate::ttl::Ttl;
use std::time::Duration;

/// Variables that this build has to refuse, and why.
const REFUSED: &[(&str, &str)] = &[
    #[cfg(not(feature = "redis"))]
    ("REDIS_URL", NO_REDIS),
    #[cfg(not(feature = "redis"))]
    ("REDIS_HOST", NO_REDIS),
    #[cfg(not(feature = "redis"))]
    ("REDIS_SENTINELS", NO_REDIS),
    #[cfg(not(feature = "redis"))]
    ("REDIS_CLUSTER_NODES", NO_REDIS),
    #[cfg(not(feature = "tls"))]
    ("REDIS_TLS_CA", NO_TLS),
    #[cfg(not(feature = "tls"))]
    ("REDIS_TLS_CERT", NO_TLS),
    #[cfg(not(feature = "tls"))]
    ("REDIS_TLS_KEY", NO_TLS),
    #[cfg(not(feature = "encryption"))]
    ("CACHE_ENCRYPTION_KEYS", NO_ENCRYPTION),
    #[cfg(not(feature = "encryption"))]
    ("CACHE_ENCRYPT_EVERYTHING", NO_ENCRYPTION),
];
#[cfg(not(feature = "redis"))]
const NO_REDIS: &str = "this build is without the feature `redis` of cache-runtime";
#[cfg(not(feature = "tls"))]
const NO_TLS: &str = "this build is without the feature `tls` of cache-runtime";
#[cfg(not(feature = "encryption"))]
const NO_ENCRYPTION: &str = "this build is without the feature `encryption` of cache-runtime";
#[cfg(feature = "redis")]
const CONSISTENCY: &str = "expected `strict`, or how old what is kept in a process may be: seconds, or a duration such as \
                           `500ms`, not less than 100ms";
const TTL: &str = "expected seconds, a duration such as `5m` or `1h 30m`, or `forever`; not zero";
const NUMBER: &str = "expected a number, and not zero";
const BYTES: &str = "expected bytes, such as `67108864` or `64MiB`, and not zero";
#[cfg(feature = "redis")]
const MILLIS: &str = "expected milliseconds, or a duration such as `2s`; not zero";

const ENCRYPTION_KEYS: &str = "CACHE_ENCRYPTION_KEYS";

/// What is read, besides `CACHE_{DOMAIN}_TTL`.
const KNOWN: &[&str] = &[
    "CACHE_ENABLED",
    "CACHE_AUDIT",
    "CACHE_NAMESPACE",
    "CACHE_DEFAULT_TTL",
    "CACHE_MAX_ENTRIES",
    "CACHE_MAX_BYTES",
    "CACHE_CONSISTENCY",
    ENCRYPTION_KEYS,
    "CACHE_ENCRYPT_EVERYTHING",
    "REDIS_URL",
    "REDIS_HOST",
    "REDIS_PORT",
    "REDIS_USERNAME",
    "REDIS_PASSWORD",
    "REDIS_DB",
    "REDIS_POOL_SIZE",
    "REDIS_CONNECT_TIMEOUT",
    "REDIS_OPERATION_TIMEOUT",
    "REDIS_SENTINELS",
    "REDIS_SENTINEL_MASTER",
    "REDIS_SENTINEL_USERNAME",
    "REDIS_SENTINEL_PASSWORD",
    "REDIS_CLUSTER_NODES",
    "REDIS_TLS_CA",
    "REDIS_TLS_CERT",
    "REDIS_TLS_KEY",
];

impl Config {
    /// Reads those of `variables` that concern the cache. Empty ones count as unset, but for keys.
    pub(crate) fn read(
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut config = Config::default();
        let mut refused = None;
        for (variable, value) in variables {
            let value = value.trim();
            // A secret that has not arrived is not the wish to do without.
            let is_secret = cfg!(feature = "encryption") && variable == ENCRYPTION_KEYS;
            if value.is_empty() && !is_secret {
                continue;
            }
            if let Some(meant) = misspelt(&variable) {
                tracing::warn!(target: "cache_runtime", "{variable} is set, and nothing reads it; did you mean {meant}?");
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
            "CACHE_AUDIT" => {
                self.audit = match value.to_ascii_lowercase().as_str() {
                    "off" => Audit::Off,
                    "sensitive" => Audit::Sensitive,
                    "everything" => Audit::Everything,
                    _ => return Err(unreadable("expected `off`, `sensitive` or `everything`")),
                };
            }
            "CACHE_NAMESPACE" => {
                self.namespace = value.to_owned();
            }
            "CACHE_DEFAULT_TTL" => {
                self.default_ttl = ttl(value).ok_or_else(|| unreadable(TTL))?;
            }
            "CACHE_MAX_ENTRIES" => {
                let entries = value.parse().ok().filter(|&entries| entries > 0);
                self.capacity.entries = entries.ok_or_else(|| unreadable(NUMBER))?;
            }
            "CACHE_MAX_BYTES" => {
                self.capacity.bytes = bytes(value).ok_or_else(|| unreadable(BYTES))?;
            }
            #[cfg(feature = "redis")]
            "CACHE_CONSISTENCY" => {
                self.consistency = consistency(value).ok_or_else(|| unreadable(CONSISTENCY))?;
            }
            #[cfg(feature = "encryption")]
            ENCRYPTION_KEYS => {
                let keys = KeyRing::parse(value).map_err(ConfigError::EncryptionKeys)?;
                self.encryption.keys = Some(std::sync::Arc::new(keys));
            }
            #[cfg(feature = "encryption")]
            "CACHE_ENCRYPT_EVERYTHING" => {
                // It may be the keys, by mistake.
                let unreadable = || ConfigError::Unreadable {
                    variable: variable.to_owned(),
                    value: "…".to_owned(),
                    expected: "expected `true` or `false`",
                };
                self.encryption.everything = switch(value).ok_or_else(unreadable)?;
            }
            #[cfg(feature = "redis")]
            _ if variable.starts_with("REDIS_") => self.apply_redis(variable, value)?,
            _ => {
                if let Some(domain) = domain_of(variable) {
                    let ttl = ttl(value).ok_or_else(|| unreadable(TTL))?;
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
            "REDIS_SENTINELS" => server.sentinels = Some(value.to_owned()),
            "REDIS_SENTINEL_MASTER" => server.master = Some(value.to_owned()),
            "REDIS_SENTINEL_USERNAME" => server.sentinel_username = Some(value.to_owned()),
            "REDIS_SENTINEL_PASSWORD" => server.sentinel_password = Some(value.to_owned()),
            "REDIS_CLUSTER_NODES" => server.cluster = Some(value.to_owned()),
            "REDIS_TLS_CA" => server.certificates.authorities = file("REDIS_TLS_CA", value),
            "REDIS_TLS_CERT" => server.certificates.client = file("REDIS_TLS_CERT", value),
            "REDIS_TLS_KEY" => server.certificates.key = file("REDIS_TLS_KEY", value),
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
                self.redis.connect_timeout = millis(value).ok_or_else(|| unreadable(MILLIS))?;
            }
            "REDIS_OPERATION_TIMEOUT" => {
                self.redis.operation_timeout = millis(value).ok_or_else(|| unreadable(MILLIS))?;
            }
            _ => {}
        }
        Ok(())
    }
}

/// A file that is read when there is a server to use it for.
#[cfg(feature = "redis")]
fn file(variable: &'static str, path: &str) -> Option<Pem> {
    let path = path.into();
    Some(Pem::File { variable, path })
}

/// `SESSION` of `CACHE_SESSION_TTL`.
fn domain_of(variable: &str) -> Option<&str> {
    variable.strip_prefix("CACHE_")?.strip_suffix("_TTL")
}

fn switch(value: &str) -> Option<bool> {
    match value.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Some(true),
        "false" | "0" | "no" | "off" => Some(false),
        _ => None,
    }
}

/// The name that was meant, if this one is none and differs in one place, or is about encryption.
fn misspelt(variable: &str) -> Option<&'static str> {
    if KNOWN.contains(&variable) || domain_of(variable).is_some() {
        return None;
    }
    let mut known = KNOWN.iter().copied();
    // Of encryption too much depends on it.
    let about_keys = || {
        variable
            .starts_with("CACHE_ENCRYPT")
            .then_some(ENCRYPTION_KEYS)
    };
    known
        .find(|known| is_one_edit(variable, known))
        .or_else(about_keys)
}

/// Whether one letter is missing, too many or another one, or two neighbours have changed places.
fn is_one_edit(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let same = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    let (one, other) = (&one[same..], &other[same..]);
    match (one, other) {
        ([], [_]) | ([_], []) => true,
        ([a, b, one @ ..], [c, d, other @ ..]) if a == d && b == c && one == other => true,
        ([_, one_left @ ..], [_, other_left @ ..]) => {
            one_left == other_left || one_left == other || one == other_left
        }
        _ => false,
    }
}

fn ttl(value: &str) -> Option<Ttl> {
    if value.eq_ignore_ascii_case("forever") {
        return Some(Ttl::Forever);
    }
    seconds(value).map(Ttl::For)
}

/// A number of seconds, or what says its unit. Not zero.
fn seconds(value: &str) -> Option<Duration> {
    let time = match value.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => humantime::parse_duration(value).ok()?,
    };
    (!time.is_zero()).then_some(time)
}

/// The same where a number is one of milliseconds.
#[cfg(feature = "redis")]
fn millis(value: &str) -> Option<Duration> {
    match value.parse() {
        Ok(0) => None,
        Ok(millis) => Some(Duration::from_millis(millis)),
        Err(_) => seconds(value),
    }
}

/// A number of bytes, or of KiB, MiB or GiB.
fn bytes(value: &str) -> Option<u64> {
    let digits = value.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit = match value[digits.len()..].trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        _ => return None,
    };
    let number: u64 = digits.parse().ok()?;
    number.checked_mul(unit).filter(|&bytes| bytes > 0)
}

#[cfg(feature = "redis")]
fn consistency(value: &str) -> Option<Consistency> {
    if value.eq_ignore_ascii_case("strict") {
        return Some(Consistency::Strict);
    }
    let bound = seconds(value).filter(|&bound| bound >= SHORTEST_BOUND);
    bound.map(Consistency::Bounded)
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
            ("CACHE_MAX_ENTRIES", "1000"),
            ("CACHE_MAX_BYTES", "64 MiB"),
            ("PATH", "/bin"),
        ])
        .expect("readable");
        assert_eq!(
            (config.capacity.entries, config.capacity.bytes),
            (1000, 64 << 20)
        );
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
    fn a_name_with_one_mistake_is_recognised() {
        for (wrong, right) in [
            ("CACHE_ENABLD", "CACHE_ENABLED"),
            ("CACHE_NAMESPACES", "CACHE_NAMESPACE"),
            ("CACHE_NAEMSPACE", "CACHE_NAMESPACE"),
            ("REDIS_URI", "REDIS_URL"),
            ("REDIS_POOLSIZE", "REDIS_POOL_SIZE"),
            ("CACHE_ENCRYPTION_KEY", "CACHE_ENCRYPTION_KEYS"),
            ("CACHE_ENCRYPT_EVERYTHNG", "CACHE_ENCRYPT_EVERYTHING"),
            ("CACHE_ENCRYPT_WITH", "CACHE_ENCRYPTION_KEYS"),
        ] {
            assert_eq!(misspelt(wrong), Some(right), "{wrong}");
        }
        for other in [
            "CACHE_DIR",
            "CACHE_SESSION_TTL",
            "REDIS_URL",
            "REDIS_TLS",
            "PATH",
            "É",
        ] {
            assert_eq!(misspelt(other), None, "{other}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_a_clear_error() {
        let error = read(&[("CACHE_SESSION_TTL", "soon")]).expect_err("unreadable");
        assert_eq!(
            error.to_string(),
            "CACHE_SESSION_TTL=`soon`: expected seconds, a duration such as `5m` or `1h 30m`, or `forever`; not zero"
        );
        for (name, wrong) in [
            ("CACHE_DEFAULT_TTL", "0"),
            ("CACHE_MAX_ENTRIES", "0"),
            ("CACHE_MAX_BYTES", "0"),
            ("CACHE_MAX_BYTES", "64 MB"),
            ("CACHE_MAX_BYTES", "99999999999 GiB"),
        ] {
            let error = read(&[(name, wrong)]).expect_err(wrong).to_string();
            assert!(
                error.starts_with(&format!("{name}=`{wrong}`: expected")),
                "{error}"
            );
        }
    }

    #[cfg(feature = "redis")]
    #[test]
    fn servers_of_a_cluster_that_are_none_are_a_clear_error_that_shows_no_secret() {
        let config = read(&[("REDIS_CLUSTER_NODES", "secret@host")]).expect("readable");
        let error = config.redis().err().expect("no servers").to_string();
        assert!(
            error.contains("REDIS_CLUSTER_NODES") && !error.contains("secret"),
            "{error}"
        );
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
            ("REDIS_OPERATION_TIMEOUT", "1s"),
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
        assert_eq!(config.redis.operation_timeout, Duration::from_secs(1));
        assert!(!format!("{config:?}").contains("secret"));
        for (name, wrong) in [
            ("REDIS_PORT", "x"),
            ("REDIS_PORT", "65536"),
            ("REDIS_DB", "-1"),
            ("REDIS_POOL_SIZE", "0"),
            ("REDIS_CONNECT_TIMEOUT", "soon"),
            ("REDIS_OPERATION_TIMEOUT", "0"),
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

    #[cfg(all(feature = "redis", not(feature = "tls")))]
    #[test]
    fn certificates_are_refused_by_the_name_of_what_is_missing() {
        for name in ["REDIS_TLS_CA", "REDIS_TLS_CERT", "REDIS_TLS_KEY"] {
            let error = read(&[(name, "/a/file")]).expect_err("no TLS").to_string();
            assert!(error.contains(name) && error.contains("feature `tls`"));
        }
        let builder = super::super::Builder::new().redis("redis://h").tls_ca("x");
        let error = builder.build_now().map(|_| ()).expect_err("no TLS");
        assert!(error.to_string().contains("feature `tls`"), "{error}");
    }

    #[cfg(feature = "redis")]
    #[test]
    fn consistency_is_strict_or_a_bound() {
        let read = |value| read(&[("CACHE_CONSISTENCY", value)]).map(|config| config.consistency);
        assert_eq!(read("Strict"), Ok(Consistency::Strict));
        let bound = Duration::from_millis(500);
        assert_eq!(read("500ms"), Ok(Consistency::Bounded(bound)));
        assert_eq!(read("2"), Ok(Consistency::default()));
        for wrong in ["bounded", "0", "0s", "-1s", "99ms"] {
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
        for namespace in ["a~b", "a*", "shop:", ":shop"] {
            let config = [("REDIS_URL", "redis://h"), ("CACHE_NAMESPACE", namespace)];
            let config = read(&config).expect("texts").redis().map(|_| ());
            let error = config.expect_err("a namespace").to_string();
            assert!(error.contains(namespace), "{error}");
        }
    }
}
