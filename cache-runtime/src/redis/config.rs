//! Where the server is, and how long to wait for it.

use crate::clock::Clock;
use redis::io::tcp::{TcpSettings, socket2::TcpKeepalive};
use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo, RedisConnectionInfo};
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

/// Parts of an address. What a URL says comes first.
#[derive(Clone, Default)]
pub(crate) struct ServerConfig {
    pub(crate) url: Option<String>,
    pub(crate) host: Option<String>,
    pub(crate) port: Option<u16>,
    pub(crate) username: Option<String>,
    pub(crate) password: Option<String>,
    pub(crate) database: Option<i64>,
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

/// Why an address is none. Names no credentials.
pub(crate) type Unusable = &'static str;

impl ServerConfig {
    /// One that is reached without an address.
    #[cfg(feature = "testing")]
    pub(crate) fn in_process() -> Self {
        ServerConfig {
            host: Some("in-process".to_owned()),
            ..ServerConfig::default()
        }
    }

    /// Whether a server was named at all.
    pub(crate) fn is_given(&self) -> bool {
        self.url.is_some() || self.host.is_some()
    }

    /// How to connect.
    pub(crate) fn connection(&self) -> Result<ConnectionInfo, Unusable> {
        let info = match &self.url {
            Some(url) if is_encrypted(url) => encrypted(url)?,
            Some(url) => from_url(url)?,
            None => {
                let host = self.host.clone().unwrap_or_else(|| "127.0.0.1".to_owned());
                if !is_host(&host) {
                    return Err("expected the name or the IP address of a host, and nothing else");
                }
                ConnectionAddr::Tcp(host, self.port.unwrap_or(6379))
                    .into_connection_info()
                    .map_err(|_| "expected a host name and a port")?
            }
        };
        if !info.addr().is_supported() {
            return Err("unix sockets are not there on this platform");
        }
        let mut login = RedisConnectionInfo::default()
            .set_db(self.database.unwrap_or(info.redis_settings().db()))
            .set_lib_name("cache-runtime", env!("CARGO_PKG_VERSION"));
        let from_url = info.redis_settings();
        let username = from_url.username().or(self.username.as_deref());
        if let Some(username) = username {
            login = login.set_username(username);
        }
        if let Some(password) = from_url.password().or(self.password.as_deref()) {
            login = login.set_password(password);
        }
        let tcp = TcpSettings::default().set_nodelay(true).set_keepalive(
            TcpKeepalive::new()
                .with_time(Duration::from_secs(10))
                .with_interval(Duration::from_secs(3)),
        );
        Ok(info.set_redis_settings(login).set_tcp_settings(tcp))
    }
}

/// Whether it may be a name or an address. A port belongs elsewhere.
fn is_host(host: &str) -> bool {
    host.parse::<std::net::IpAddr>().is_ok()
        || !host.contains([':', '/', '@', '?', '#', '[', ']'])
            && !host.contains(char::is_whitespace)
}

fn is_encrypted(url: &str) -> bool {
    ["rediss:", "valkeys:"]
        .iter()
        .any(|scheme| url.starts_with(scheme))
}

#[cfg(not(feature = "tls"))]
fn encrypted(_url: &str) -> Result<ConnectionInfo, Unusable> {
    Err("`rediss://` needs the feature `tls` of cache-runtime")
}

/// The server has to show a certificate for its name that one of the system's authorities has signed.
#[cfg(feature = "tls")]
fn encrypted(url: &str) -> Result<ConnectionInfo, Unusable> {
    use rustls::crypto::{CryptoProvider, ring};

    let info = from_url(url)?;
    if let ConnectionAddr::TcpTls { insecure: true, .. } = info.addr() {
        return Err("certificates are always verified: `#insecure` is not for use");
    }
    // The application may have chosen one; without any, the client library panics where two are compiled in.
    if CryptoProvider::get_default().is_none() {
        let _lost_a_race = ring::default_provider().install_default();
    }
    Ok(info)
}

fn from_url(url: &str) -> Result<ConnectionInfo, Unusable> {
    const EXPECTED: &str = "expected redis://[user[:password]@]host[:port][/database], rediss://… or \
                            unix:///path/to/socket[?db=0&user=…&pass=…]";
    let scheme = url.split(':').next().unwrap_or_default();
    if scheme.ends_with("sentinel") {
        return Err("this version has no support for Redis Sentinel yet");
    }
    let authority = url.split("//").nth(1).unwrap_or_default();
    let hosts = authority.split(['/', '?']).next().unwrap_or_default();
    if scheme.ends_with("cluster") || hosts.rsplit('@').next().unwrap_or_default().contains(',') {
        return Err("this version has no support for Redis Cluster yet, and expects one host");
    }
    redis::parse_redis_url(url)
        .ok_or(EXPECTED)?
        .into_connection_info()
        .map_err(|_| EXPECTED)
}

/// Host and port, without credentials.
impl fmt::Display for ServerConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.connection() {
            Ok(info) => write!(f, "{}", info.addr()),
            Err(_) => f.write_str("(unusable)"),
        }
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

    fn server(url: &str) -> ServerConfig {
        ServerConfig {
            url: Some(url.to_owned()),
            ..ServerConfig::default()
        }
    }

    #[test]
    fn every_form_of_url_is_read() {
        let info = server("redis://ann:secret@cache.example:6380/3")
            .connection()
            .expect("a URL");
        assert_eq!(info.addr().to_string(), "cache.example:6380");
        let login = info.redis_settings();
        assert_eq!(
            (login.username(), login.password(), login.db()),
            (Some("ann"), Some("secret"), 3)
        );
        let info = server("redis://:secret@localhost")
            .connection()
            .expect("a URL");
        assert_eq!(info.redis_settings().password(), Some("secret"));
        assert_eq!(info.addr().to_string(), "localhost:6379");
        let info = server("unix:///run/redis.sock?db=2&user=ann&pass=secret")
            .connection()
            .expect("a URL");
        assert_eq!(info.addr().to_string(), "/run/redis.sock");
        assert_eq!(
            (info.redis_settings().username(), info.redis_settings().db()),
            (Some("ann"), 2)
        );
        assert!(info.tcp_settings().nodelay());
    }

    #[test]
    fn parts_do_as_well_and_the_url_comes_first() {
        let parts = ServerConfig {
            host: Some("cache.example".to_owned()),
            port: Some(7000),
            password: Some("secret".to_owned()),
            database: Some(1),
            ..ServerConfig::default()
        };
        let info = parts.connection().expect("parts");
        assert_eq!(info.addr().to_string(), "cache.example:7000");
        assert_eq!(info.redis_settings().password(), Some("secret"));
        let both = ServerConfig {
            url: Some("redis://other:1".to_owned()),
            ..parts
        };
        assert_eq!(
            both.connection().expect("both").addr().to_string(),
            "other:1"
        );
    }

    #[test]
    fn what_is_no_url_says_what_is_and_shows_no_secret() {
        for wrong in [
            "localhost:6379",
            "http://localhost",
            "redis://:secret@host:port",
            "",
        ] {
            let error = server(wrong).connection().expect_err(wrong);
            assert!(error.contains("redis://"), "{error}");
        }
        for (later, word) in [
            ("redis+sentinel://h:26379/main", "Sentinel"),
            ("redis://ann:x,y@a:1,b:2/0", "Cluster"),
            ("redis+cluster://h", "Cluster"),
        ] {
            let error = server(later).connection().expect_err(later);
            assert!(error.contains(word), "{error}");
        }
        assert!(server("redis://ann:x,y@h").connection().is_ok());
        let config = RedisConfig {
            server: server("redis://ann:secret@host"),
            ..RedisConfig::default()
        };
        assert!(!format!("{config:?}").contains("secret"));
    }

    #[cfg(not(feature = "tls"))]
    #[test]
    fn an_encrypted_connection_is_refused_by_the_name_of_what_is_missing() {
        let error = server("rediss://host").connection().expect_err("no TLS");
        assert!(error.contains("feature `tls`"), "{error}");
    }

    #[cfg(feature = "tls")]
    #[test]
    fn an_encrypted_connection_cannot_do_without_verification() {
        let info = server("rediss://ann:secret@host/2").connection();
        let info = info.expect("a URL");
        assert!(matches!(info.addr(), ConnectionAddr::TcpTls { .. }));
        assert_eq!(info.redis_settings().db(), 2);
        let error = server("rediss://host/#insecure").connection();
        let error = error.expect_err("insecure");
        assert!(error.contains("verified"), "{error}");
    }
}
