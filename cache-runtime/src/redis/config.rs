//! How a server is used, and how long to wait for it.

use super::address::ServerConfig;
use crate::clock::Clock;
use std::fmt;
use std::time::Duration;

/// Everything about a server that has to be known to use it. Its `Debug` form shows no credentials.
#[derive(Clone)]
pub(crate) struct RedisConfig {
    /// The server, as a URL or in parts.
    pub(crate) server: ServerConfig,
    /// How many connections to keep.
    pub(crate) connections: usize,
    pub(crate) connect_timeout: Duration,
    /// For a reply to anything that a call of a function waits for.
    pub(crate) operation_timeout: Duration,
    /// For the reply to an invalidation, until its caller is told that it is deferred.
    pub(crate) delivery_timeout: Duration,
    /// How long a lease stands that nobody renews.
    pub(crate) lease: Duration,
    /// How long a computation that lives may keep it.
    pub(crate) longest_hold: Duration,
    /// How old what this process keeps may be; `None`: it keeps nothing.
    pub(crate) staleness: Option<Duration>,
    /// The largest entry that is written or read, in bytes.
    pub(crate) max_entry: usize,
    /// How to reach the server, if not over a network.
    #[cfg(feature = "testing")]
    pub(crate) dial: Option<std::sync::Arc<dyn super::Dial>>,
}

impl Default for RedisConfig {
    fn default() -> Self {
        RedisConfig {
            server: ServerConfig::default(),
            connections: 1,
            connect_timeout: Duration::from_secs(1),
            operation_timeout: Duration::from_millis(50),
            delivery_timeout: Duration::from_millis(500),
            lease: Duration::from_secs(3),
            longest_hold: Duration::from_secs(100),
            staleness: None,
            max_entry: 64 << 20,
            #[cfg(feature = "testing")]
            dial: None,
        }
    }
}

impl RedisConfig {
    /// What the age of what this process keeps is measured by: the system's clock, whatever entries expire by. Only beside
    /// a server in this process, whose time is Tokio's, it is that.
    pub(super) fn clock(&self) -> Clock {
        #[cfg(feature = "testing")]
        if self.dial.is_some() {
            return Clock::tokio();
        }
        Clock::system()
    }
}

impl fmt::Debug for RedisConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisConfig")
            .field("server", &format_args!("{}", self.server))
            .field("connections", &self.connections)
            .field("operation_timeout", &self.operation_timeout)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_is_shown() {
        let config = RedisConfig {
            server: ServerConfig {
                url: Some("redis://ann:secret@host".to_owned()),
                ..ServerConfig::default()
            },
            ..RedisConfig::default()
        };
        assert!(!format!("{config:?}").contains("secret"));
    }
}
