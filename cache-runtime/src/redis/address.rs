//! Where the server is: as a URL or in parts, one server or what sentinels watch.

use super::cluster::Cluster;
use super::sentinel::Sentinels;
use super::tls::Certificates;
use redis::io::tcp::{TcpSettings, socket2::TcpKeepalive};
use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo, RedisConnectionInfo};
use std::fmt;
use std::time::Duration;

/// Parts of an address. What a URL says comes first.
#[derive(Clone, Default)]
pub(crate) struct ServerConfig {
    pub(crate) url: Option<String>,
    pub(crate) host: Option<String>,
    pub(crate) port: Option<u16>,
    pub(crate) username: Option<String>,
    pub(crate) password: Option<String>,
    pub(crate) database: Option<i64>,
    /// Sentinels, with commas between.
    pub(crate) sentinels: Option<String>,
    /// What they call the primary.
    pub(crate) master: Option<String>,
    /// Servers of a cluster, with commas between.
    pub(crate) cluster: Option<String>,
    /// For the sentinels themselves.
    pub(crate) sentinel_username: Option<String>,
    pub(crate) sentinel_password: Option<String>,
    /// For TLS, of every connection.
    pub(crate) certificates: Certificates,
}

/// Whom to connect to.
pub(super) enum Place {
    At(Box<ConnectionInfo>),
    Watched(Box<Sentinels>),
    Cluster(Box<Cluster>),
}

impl Place {
    /// Whether another server may take the place of the one that is there.
    pub(super) fn is_watched(&self) -> bool {
        matches!(self, Place::Watched(_))
    }

    /// Whether there are several servers, each of which has a part.
    pub(super) fn is_cluster(&self) -> bool {
        matches!(self, Place::Cluster(_))
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
        let lists = [&self.sentinels, &self.cluster];
        self.url.is_some() || self.host.is_some() || lists.into_iter().any(Option::is_some)
    }

    /// Whom to connect to.
    pub(super) fn place(&self) -> Result<Place, Unusable> {
        if let Some(cluster) = self.cluster()? {
            return Ok(Place::Cluster(Box::new(cluster)));
        }
        match self.watched()? {
            Some(watched) => Ok(Place::Watched(Box::new(self.sentinels(&watched)?))),
            None => Ok(Place::At(Box::new(self.connection()?))),
        }
    }

    /// How to connect to one server.
    fn connection(&self) -> Result<ConnectionInfo, Unusable> {
        let info = match &self.url {
            Some(url) => self.parsed(url)?,
            None => {
                let host = self.host.clone().unwrap_or_else(|| "127.0.0.1".to_owned());
                if !is_host(&host) {
                    return Err("expected the name or the IP address of a host, and nothing else");
                }
                let port = self.port.unwrap_or(6379);
                if self.certificates.are_given() {
                    self.parsed(&encrypted_url(&host, port))?
                } else {
                    ConnectionAddr::Tcp(host, port)
                        .into_connection_info()
                        .map_err(|_| "expected a host name and a port")?
                }
            }
        };
        if !info.addr().is_supported() {
            return Err("unix sockets are not there on this platform");
        }
        let database = self.database.unwrap_or(info.redis_settings().db());
        let (username, password) = (self.username.as_deref(), self.password.as_deref());
        Ok(prepared(info, database, username, password))
    }

    /// What a URL says, with the certificates.
    fn parsed(&self, url: &str) -> Result<ConnectionInfo, Unusable> {
        self.certificates.on(parsed(url)?)
    }

    /// What sentinels watch, if they do: as a URL or in parts says.
    fn watched(&self) -> Result<Option<Watched<'_>>, Unusable> {
        if let Some(url) = &self.url
            && let Some(watched) = Watched::read(url)?
        {
            return Ok(Some(watched));
        }
        let Some(sentinels) = &self.sentinels else {
            return Ok(None);
        };
        if self.url.is_some() || self.host.is_some() {
            return Err("a server is given besides the sentinels, which say where it is");
        }
        let (is_encrypted, hosts) = self
            .listed(sentinels)
            .ok_or("some sentinels are to be asked over TLS, and some are not")?;
        Ok(Some(Watched {
            is_encrypted,
            login: "",
            hosts,
            master: self.master.as_deref().unwrap_or(DEFAULT_MASTER),
            database: None,
            username: None,
            password: None,
        }))
    }

    /// Hosts with commas between, each perhaps with a scheme, and whether that is of TLS; `None` if they differ in that.
    fn listed<'h>(&self, hosts: &'h str) -> Option<(bool, Vec<&'h str>)> {
        let host = |text: &'h str| match text.strip_prefix("rediss://") {
            Some(host) => (true, host),
            None => match text.strip_prefix("redis://") {
                Some(host) => (false, host),
                None => (self.certificates.are_given(), text),
            },
        };
        let hosts = hosts.split(',').map(str::trim).map(host);
        let (encrypted, hosts): (Vec<bool>, Vec<&str>) = hosts.unzip();
        let is_encrypted = encrypted[0];
        let same = encrypted.iter().all(|&it| it == is_encrypted);
        same.then_some((is_encrypted, hosts))
    }

    /// The servers of a cluster, if they are named: as a URL or in parts.
    fn cluster(&self) -> Result<Option<Cluster>, Unusable> {
        let of_url = self.url.as_deref().and_then(of_cluster);
        let (is_encrypted, login, hosts) = match (of_url, &self.cluster) {
            (Some(all), _) => all?,
            (None, Some(nodes)) => {
                if self.url.is_some() || self.host.is_some() || self.sentinels.is_some() {
                    return Err("a server is given besides the servers of a cluster");
                }
                let (is_encrypted, hosts) = self.listed(nodes).ok_or(
                    "some servers of the cluster are to be asked over TLS, and some are not",
                )?;
                (is_encrypted, "", hosts)
            }
            (None, None) => return Ok(None),
        };
        if self.database.unwrap_or_default() != 0 {
            return Err("a cluster has only one database, 0");
        }
        let scheme = if is_encrypted { "rediss" } else { "redis" };
        let one = |host: &str| {
            if host.is_empty() || host.contains(['/', '@', '?', '#']) {
                return Err(EXPECTED_CLUSTER);
            }
            let info = self.parsed(&format!("{scheme}://{login}{host}"))?;
            let (username, password) = (self.username.as_deref(), self.password.as_deref());
            Ok(prepared(info, 0, username, password))
        };
        let seeds = hosts.into_iter().map(one);
        Ok(Some(Cluster::new(seeds.collect::<Result<Vec<_>, _>>()?)))
    }

    fn sentinels(&self, watched: &Watched<'_>) -> Result<Sentinels, Unusable> {
        let scheme = if watched.is_encrypted {
            "rediss"
        } else {
            "redis"
        };
        // They say where.
        let primary = self.parsed(&format!("{scheme}://{}primary", watched.login))?;
        let database = self.database.or(watched.database).unwrap_or_default();
        let (username, password) = (self.username.as_deref(), self.password.as_deref());
        let primary = prepared(primary, database, username, password);
        let one = |host: &&str| {
            if host.is_empty() || host.contains(['/', '@', '?', '#']) {
                return Err(EXPECTED_SENTINELS);
            }
            let port = if has_port(host) { "" } else { ":26379" };
            let info = parsed(&format!("{scheme}://{host}{port}"));
            let info = self
                .certificates
                .on(info.map_err(|_| EXPECTED_SENTINELS)?)?;
            let username = watched
                .username
                .as_ref()
                .or(self.sentinel_username.as_ref());
            let password = watched
                .password
                .as_ref()
                .or(self.sentinel_password.as_ref());
            let (username, password) = (username.map(|it| &**it), password.map(|it| &**it));
            Ok(prepared(info, 0, username, password))
        };
        let all: Vec<ConnectionInfo> = watched.hosts.iter().map(one).collect::<Result<_, _>>()?;
        Ok(Sentinels::new(watched.master, all, primary))
    }
}

/// What sentinels call a primary if nobody has said otherwise, as their own example does.
const DEFAULT_MASTER: &str = "mymaster";

const EXPECTED_SENTINELS: &str = "expected the sentinels as host[:port],host[:port]…, or as \
                                  redis+sentinel://[user[:password]@]host[:port][,host…]/name[/database]";

/// A primary that sentinels watch, in parts.
struct Watched<'t> {
    is_encrypted: bool,
    /// `user:password@`, or nothing.
    login: &'t str,
    hosts: Vec<&'t str>,
    master: &'t str,
    database: Option<i64>,
    /// For the sentinels themselves.
    username: Option<String>,
    password: Option<String>,
}

impl<'t> Watched<'t> {
    /// Reads a URL of sentinels, if it is one.
    fn read(url: &'t str) -> Result<Option<Self>, Unusable> {
        let Some((scheme, rest)) = url.split_once("://") else {
            return Ok(None);
        };
        let is_encrypted = match scheme {
            "redis+sentinel" => false,
            "rediss+sentinel" => true,
            other if other.ends_with("sentinel") => return Err(EXPECTED_SENTINELS),
            _ => return Ok(None),
        };
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let decoded = redis::parse_redis_url(&format!("redis://h/?{query}"));
        let decoded = decoded.ok_or(EXPECTED_SENTINELS)?;
        let field = |wanted: &str| {
            let mut fields = decoded.query_pairs();
            let found = fields.find(|(name, _)| name == wanted)?;
            Some(found.1.into_owned())
        };
        let hosts_at = authority.rfind('@').map_or(0, |at| at + 1);
        let (master, database) = match path.split_once('/') {
            Some((master, number)) => (master, Some(number)),
            None => (path, None),
        };
        let number = database.map(|number| number.parse::<u32>().map(i64::from));
        Ok(Some(Watched {
            is_encrypted,
            login: &authority[..hosts_at],
            hosts: authority[hosts_at..].split(',').collect(),
            master: if master.is_empty() {
                DEFAULT_MASTER
            } else {
                master
            },
            database: number.transpose().map_err(|_| EXPECTED_SENTINELS)?,
            username: field("sentinel_username"),
            password: field("sentinel_password"),
        }))
    }
}

/// Whether to use TLS, who connects, and the hosts.
type Named<'t> = (bool, &'t str, Vec<&'t str>);

/// Reads a URL of a cluster, if it is one.
fn of_cluster(url: &str) -> Option<Result<Named<'_>, Unusable>> {
    let (scheme, rest) = url.split_once("://")?;
    let is_encrypted = match scheme {
        "redis+cluster" => false,
        "rediss+cluster" => true,
        other if other.ends_with("cluster") => return Some(Err(EXPECTED_CLUSTER)),
        _ => return None,
    };
    let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
    let hosts_at = authority.rfind('@').map_or(0, |at| at + 1);
    let hosts = authority[hosts_at..].split(',').collect();
    Some(match database {
        "" | "0" => Ok((is_encrypted, &authority[..hosts_at], hosts)),
        _ => Err(EXPECTED_CLUSTER),
    })
}

const EXPECTED_CLUSTER: &str = "expected the servers of a cluster as host[:port],host[:port]…, or as \
                                redis+cluster://[user[:password]@]host[:port][,host…]: some of them, without a database";

/// Whether a port follows, also that of an IPv6 address in brackets.
fn has_port(host: &str) -> bool {
    let behind = host.rsplit(']').next().unwrap_or_default();
    behind.contains(':')
}

/// With what every connection has, and who connects; what the address says itself comes first.
fn prepared(
    info: ConnectionInfo,
    database: i64,
    username: Option<&str>,
    password: Option<&str>,
) -> ConnectionInfo {
    let mut login = RedisConnectionInfo::default()
        .set_db(database)
        .set_lib_name("cache-runtime", env!("CARGO_PKG_VERSION"));
    let from_url = info.redis_settings();
    if let Some(username) = from_url.username().or(username) {
        login = login.set_username(username);
    }
    if let Some(password) = from_url.password().or(password) {
        login = login.set_password(password);
    }
    let tcp = TcpSettings::default().set_nodelay(true).set_keepalive(
        TcpKeepalive::new()
            .with_time(Duration::from_secs(10))
            .with_interval(Duration::from_secs(3)),
    );
    info.set_redis_settings(login).set_tcp_settings(tcp)
}

fn parsed(url: &str) -> Result<ConnectionInfo, Unusable> {
    if is_encrypted(url) {
        encrypted(url)
    } else {
        from_url(url)
    }
}

/// Whether it may be a name or an address. A port belongs elsewhere.
fn is_host(host: &str) -> bool {
    host.parse::<std::net::IpAddr>().is_ok()
        || !host.contains([':', '/', '@', '?', '#', '[', ']'])
            && !host.contains(char::is_whitespace)
}

fn encrypted_url(host: &str, port: u16) -> String {
    match host.contains(':') {
        true => format!("rediss://[{host}]:{port}"),
        false => format!("rediss://{host}:{port}"),
    }
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

/// The server has to show a certificate for its name, signed by one of the system's authorities or by those that are given.
#[cfg(feature = "tls")]
fn encrypted(url: &str) -> Result<ConnectionInfo, Unusable> {
    let info = from_url(url)?;
    if let ConnectionAddr::TcpTls { insecure: true, .. } = info.addr() {
        return Err("certificates are always verified: `#insecure` is not for use");
    }
    super::tls::provider();
    Ok(info)
}

fn from_url(url: &str) -> Result<ConnectionInfo, Unusable> {
    const EXPECTED: &str = "expected redis://[user[:password]@]host[:port][/database], rediss://… or \
                            unix:///path/to/socket[?db=0&user=…&pass=…]";
    let authority = url.split("//").nth(1).unwrap_or_default();
    let hosts = authority.split(['/', '?']).next().unwrap_or_default();
    if hosts.rsplit('@').next().unwrap_or_default().contains(',') {
        return Err(
            "expected one host; those of a cluster are given as redis+cluster://host,host…, sentinels as \
             redis+sentinel://host,host…/name",
        );
    }
    redis::parse_redis_url(url)
        .ok_or(EXPECTED)?
        .into_connection_info()
        .map_err(|_| EXPECTED)
}

/// Hosts and ports, without credentials.
impl fmt::Display for ServerConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bare = ServerConfig {
            certificates: Certificates::default(),
            ..self.clone()
        };
        match bare.place() {
            Ok(Place::At(info)) => write!(f, "{}", info.addr()),
            Ok(Place::Watched(sentinels)) => write!(f, "{sentinels}"),
            Ok(Place::Cluster(cluster)) => write!(f, "{cluster}"),
            Err(_) => f.write_str("(unusable)"),
        }
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
        let several = server("redis://ann:x,y@a:1,b:2/0").connection();
        let error = several.expect_err("several hosts");
        assert!(error.contains("redis+cluster"), "{error}");
        assert!(server("redis://ann:x,y@h").connection().is_ok());
    }

    #[test]
    fn clusters_are_read_as_a_url_and_in_parts() {
        let shown = |server: &ServerConfig| server.to_string();
        let url = server("redis+cluster://ann:se@cret@a,b:7,[::1]:8/0");
        assert_eq!(shown(&url), "cluster of a:6379,b:7,::1:8");
        let parts = ServerConfig {
            cluster: Some("a, redis://b:7".to_owned()),
            password: Some("secret".to_owned()),
            ..ServerConfig::default()
        };
        assert!(parts.is_given());
        assert_eq!(shown(&parts), "cluster of a:6379,b:7");
        for wrong in [
            "redis+cluster://",
            "redis+cluster://a,,b",
            "redis+cluster://a/1",
            "redis-cluster://a",
        ] {
            let error = server(wrong).place().err().expect(wrong);
            assert!(error.contains("cluster"), "{wrong}: {error}");
        }
        let numbered = ServerConfig {
            database: Some(1),
            ..parts.clone()
        };
        assert!(numbered.place().is_err());
        let both = ServerConfig {
            host: Some("h".to_owned()),
            ..parts.clone()
        };
        assert!(both.place().is_err());
        let mixed = ServerConfig {
            cluster: Some("a,rediss://b".to_owned()),
            ..parts
        };
        assert!(mixed.place().is_err());
    }

    #[test]
    fn sentinels_are_read_as_a_url_and_in_parts() {
        let shown = |server: &ServerConfig| server.to_string();
        let url = server("redis+sentinel://ann:se@cret@a,b:7,[::1]:8,[::2]/main/3");
        assert_eq!(shown(&url), "main of a:26379,b:7,::1:8,::2:26379");
        let short = server("redis+sentinel://a");
        assert_eq!(shown(&short), "mymaster of a:26379");
        let parts = ServerConfig {
            sentinels: Some("a, b:7".to_owned()),
            master: Some("main".to_owned()),
            password: Some("secret".to_owned()),
            ..ServerConfig::default()
        };
        assert!(parts.is_given());
        assert_eq!(shown(&parts), "main of a:26379,b:7");
        for wrong in [
            "redis+sentinel://",
            "redis+sentinel://a,,b/main",
            "redis+sentinel://a/main/x",
            "redis-sentinel://a#main",
            "sentinel://a",
        ] {
            let error = server(wrong).place().err().expect(wrong);
            assert!(error.contains("sentinel"), "{wrong}: {error}");
        }
        let both = ServerConfig {
            host: Some("h".to_owned()),
            ..parts.clone()
        };
        assert!(both.place().is_err());
        let mixed = ServerConfig {
            sentinels: Some("rediss://a,b".to_owned()),
            ..parts
        };
        assert!(mixed.place().is_err());
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

    #[cfg(feature = "tls")]
    #[test]
    fn parts_with_certificates_are_encrypted_unless_they_say_otherwise() {
        let parts = ServerConfig {
            certificates: Certificates {
                authorities: Some(super::super::tls::Pem::given("a test", "")),
                ..Certificates::default()
            },
            ..ServerConfig::default()
        };
        for host in ["cache.example", "10.0.0.1", "::1"] {
            let host = Some(host.to_owned());
            let one = ServerConfig {
                host: host.clone(),
                ..parts.clone()
            };
            let info = one.connection().expect("parts");
            let ConnectionAddr::TcpTls {
                host: to,
                tls_params,
                ..
            } = info.addr()
            else {
                panic!("{}", info.addr());
            };
            assert_eq!(Some(to), host.as_ref());
            assert!(tls_params.is_some());
        }
        for (sentinels, is_usable) in [("a,b:7", true), ("rediss://a", true), ("redis://a", false)]
        {
            let sentinels = ServerConfig {
                sentinels: Some(sentinels.to_owned()),
                ..parts.clone()
            };
            assert_eq!(sentinels.place().is_ok(), is_usable, "{sentinels}");
        }
    }
}
