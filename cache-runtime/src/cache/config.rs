//! Configuration, and reading it from the environment.

use crate::local::Capacity;
use crate::ttl::Ttl;
use std::collections::HashMap;
use std::time::Duration;

/// Where nothing else is said.
pub(crate) const DEFAULT_TTL: Duration = Duration::from_secs(300);

#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) enabled: bool,
    pub(crate) namespace: String,
    pub(crate) default_ttl: Ttl,
    pub(crate) capacity: Capacity,
    pub(crate) longest_wait: Duration,
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
            domain_ttls: HashMap::new(),
        }
    }
}

/// A configuration that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
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
    /// A variable asks for Redis, which this version does not have yet.
    #[error(
        "{variable} is set, but this version has no Redis backend yet; unset it to use the embedded cache"
    )]
    NoRedis {
        /// Its name.
        variable: String,
    },
}

const REDIS: [&str; 4] = [
    "REDIS_URL",
    "REDIS_HOST",
    "REDIS_CLUSTER_NODES",
    "REDIS_SENTINELS",
];
const DURATION: &str = "expected seconds, a duration such as `5m` or `1h 30m`, or `forever`";

impl Config {
    /// Reads those of `variables` that concern the cache. Empty ones count as unset.
    pub(crate) fn read(
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut config = Config::default();
        let mut wants_redis = None;
        for (variable, value) in variables {
            let value = value.trim();
            if value.is_empty() {
                continue;
            }
            if REDIS.contains(&variable.as_str()) {
                wants_redis = Some(variable);
            } else {
                config.apply(&variable, value)?;
            }
        }
        // Last, so that a program which goes on without Redis has heard of everything else.
        match wants_redis {
            Some(variable) => Err(ConfigError::NoRedis { variable }),
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
            _ => {
                if let Some(domain) = domain_of(variable) {
                    let ttl = ttl(value).ok_or_else(|| unreadable(DURATION))?;
                    self.domain_ttls.insert(domain.to_owned(), ttl);
                }
            }
        }
        Ok(())
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
        let both = [("REDIS_URL", "redis://h"), ("CACHE_ENABLED", "maybe")];
        let error = read(&both).expect_err("unreadable");
        assert!(error.to_string().starts_with("CACHE_ENABLED=`maybe`"));
        let error = read(&[("REDIS_URL", "redis://:secret@host")]).expect_err("no Redis yet");
        assert!(!error.to_string().contains("secret"));
    }
}
