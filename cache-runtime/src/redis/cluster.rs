//! A cluster: which of its servers has which slots, as those say themselves.

use super::link::{self, Failure, Link};
use super::number;
use super::slot::SLOTS;
use super::supervisor::HEARTBEAT;
use crate::sync::{until_most, within};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, Pipeline, Value};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// How often it is asked who has what, though nothing has changed as far as anybody knows.
pub(super) const ASKED_EVERY: Duration = Duration::from_secs(10);
/// After something has changed, for so long: some may know of it later than others.
pub(super) const SETTLES: Duration = Duration::from_secs(3);
/// So many are asked at once.
const ASKED: usize = 5;

pub(super) struct Cluster {
    /// Some of its servers, to begin with.
    seeds: Box<[ConnectionInfo]>,
}

/// Who has which slots, as a server knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Map {
    /// Of two the greater is the younger.
    pub(super) epoch: u64,
    pub(super) shards: Vec<Shard>,
}

/// A primary, and what it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shard {
    pub(super) host: Box<str>,
    pub(super) port: u16,
    /// The first and the last of each range.
    pub(super) slots: Vec<(u16, u16)>,
}

impl Shard {
    pub(super) fn address(&self) -> Box<str> {
        format!("{}:{}", self.host, self.port).into()
    }
}

impl Cluster {
    pub(super) fn new(seeds: impl IntoIterator<Item = ConnectionInfo>) -> Self {
        Cluster {
            seeds: seeds.into_iter().collect(),
        }
    }

    /// How to connect to one of its servers.
    pub(super) fn connection(&self, shard: &Shard) -> ConnectionInfo {
        // They differ by their addresses only.
        let one = self.seeds[0].clone();
        let (host, port) = (shard.host.to_string(), shard.port);
        let address = match one.addr().clone() {
            ConnectionAddr::TcpTls {
                insecure,
                tls_params,
                ..
            } => ConnectionAddr::TcpTls {
                host,
                port,
                insecure,
                tls_params,
            },
            ConnectionAddr::Tcp(..) | ConnectionAddr::Unix(_) | _ => {
                ConnectionAddr::Tcp(host, port)
            }
        };
        one.set_addr(address)
    }

    /// Asks some of those that there are links to; if there are none, or none of them answers, the servers that were named at
    /// first. Believes the youngest map.
    pub(super) async fn ask(&self, links: &[Arc<Link>], limit: Duration) -> Result<Map, Box<str>> {
        let first = links.iter().take(ASKED).map(|link| async move {
            let questions = questions();
            let asked = within(HEARTBEAT, link.lines()[0].send_all(&questions));
            read(&link.address, asked.await)
        });
        if let Ok(map) = youngest(until_most(first.collect(), Result::is_ok).await) {
            return Ok(map);
        }
        let first = self.seeds.iter().map(|seed| async move {
            let asked = within(limit, async {
                let connection = connect(seed).await?;
                Ok::<_, Box<str>>(link::send_all(&connection, &questions()).await)
            });
            match asked.await {
                Some(Err(why)) => Err(format!("{}: {why}", seed.addr()).into()),
                Some(Ok(asked)) => read(&seed.addr().to_string(), Some(asked)),
                None => read(&seed.addr().to_string(), None),
            }
        });
        youngest(until_most(first.collect(), Result::is_ok).await)
    }
}

fn questions() -> Pipeline {
    let mut questions = Pipeline::new();
    questions.cmd("CLUSTER").arg("INFO");
    questions.cmd("CLUSTER").arg("SLOTS");
    questions
}

async fn connect(server: &ConnectionInfo) -> Result<MultiplexedConnection, Box<str>> {
    let client = Client::open(server.clone());
    let client = client.map_err(|error| super::supervisor::in_short(&error))?;
    // The time is limited by whoever asks.
    let settings = AsyncConnectionConfig::new()
        .set_connection_timeout(None)
        .set_response_timeout(None);
    let connecting = client.get_multiplexed_async_connection_with_config(&settings);
    let connected = connecting.await;
    connected.map_err(|error| super::supervisor::in_short(&error))
}

fn youngest(maps: Vec<Result<Map, Box<str>>>) -> Result<Map, Box<str>> {
    let (mut best, mut why): (Option<Map>, Option<Box<str>>) = (None, None);
    for map in maps {
        match map {
            Ok(map) => {
                if best.as_ref().is_none_or(|best| best.epoch < map.epoch) {
                    best = Some(map);
                }
            }
            Err(failed) => _ = why.get_or_insert(failed),
        }
    }
    best.ok_or_else(|| why.unwrap_or_else(|| "nobody can be asked".into()))
}

/// What a server has said.
fn read(
    address: &str,
    said: Option<Result<Vec<Result<Value, Failure>>, Failure>>,
) -> Result<Map, Box<str>> {
    let read = || -> Result<Map, Box<str>> {
        let replies = said.ok_or("it does not answer")?;
        let replies =
            replies.map_err(|failure| super::supervisor::in_words(&failure, "CLUSTER"))?;
        let mut replies = replies.into_iter();
        let mut next = || match replies.next() {
            Some(Ok(reply)) => Ok(reply),
            Some(Err(Failure::Refused(why))) if *why == *"ERR" => {
                Err("it is not one of a cluster (`CLUSTER INFO` is refused)".into())
            }
            Some(Err(failure)) => Err(super::supervisor::in_words(&failure, "CLUSTER")),
            None => Err("it does not answer".into()),
        };
        let (info, slots) = (next()?, next()?);
        let state = ClusterState::read(&info).ok_or("its `CLUSTER INFO` cannot be read")?;
        let asked = address.rsplit_once(':').map_or(address, |(host, _)| host);
        Ok(Map {
            epoch: state.epoch,
            shards: shards(&slots, asked).ok_or("its `CLUSTER SLOTS` cannot be read")?,
        })
    };
    read().map_err(|why| format!("{address}: {why}").into())
}

/// What `CLUSTER INFO` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ClusterState {
    pub(super) is_ok: bool,
    /// Becomes greater with every failover and every slot that moves.
    pub(super) epoch: u64,
}

impl ClusterState {
    pub(super) fn read(reply: &Value) -> Option<Self> {
        let (mut is_ok, mut epoch) = (None, None);
        let lines = text(reply)?.lines();
        for (name, value) in lines.filter_map(|line| line.trim().split_once(':')) {
            match name {
                "cluster_state" => is_ok = Some(value == "ok"),
                "cluster_current_epoch" => epoch = value.parse().ok(),
                _ => {}
            }
        }
        Some(ClusterState {
            is_ok: is_ok?,
            epoch: epoch?,
        })
    }
}

/// What `CLUSTER SLOTS` says. Who has been `asked` may leave out its own name.
fn shards(reply: &Value, asked: &str) -> Option<Vec<Shard>> {
    let mut shards: Vec<Shard> = Vec::new();
    for range in array(reply)? {
        let [first, last, primary, ..] = array(range)? else {
            return None;
        };
        let [endpoint, port, more @ ..] = array(primary)? else {
            return None;
        };
        let host = match text(endpoint) {
            None | Some("") => asked,
            // By its name, which nobody has told it; the address is said besides.
            Some("?") => more.get(1).and_then(ip).unwrap_or(asked),
            Some(host) => host,
        };
        let slot = |value| u16::try_from(number(value)?).ok();
        let slots = (slot(first)?, slot(last)?);
        if usize::from(slots.1) >= SLOTS || slots.0 > slots.1 {
            return None;
        }
        let port = u16::try_from(number(port)?).ok()?;
        let same = |shard: &&mut Shard| *shard.host == *host && shard.port == port;
        match shards.iter_mut().find(same) {
            Some(shard) => shard.slots.push(slots),
            None => shards.push(Shard {
                host: host.into(),
                port,
                slots: vec![slots],
            }),
        }
    }
    Some(shards)
}

fn ip(metadata: &Value) -> Option<&str> {
    match metadata {
        Value::Array(values) => {
            let mut pairs = values.chunks_exact(2);
            let found = pairs.find(|pair| text(&pair[0]) == Some("ip"))?;
            text(&found[1])
        }
        Value::Map(pairs) => {
            let found = pairs.iter().find(|(name, _)| text(name) == Some("ip"))?;
            text(&found.1)
        }
        _ => None,
    }
}

/// What `CLUSTER NODES` says of changes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct View {
    /// Becomes greater when a slot has moved.
    pub(super) epoch: u64,
    /// Whether slots of this server are on their way, from it or to it.
    pub(super) is_changing: bool,
}

impl View {
    pub(super) fn read(reply: &Value) -> Option<Self> {
        let mut view = View {
            epoch: 0,
            is_changing: false,
        };
        for line in text(reply)?.lines() {
            let mut fields = line.split(' ');
            let epoch: u64 = fields.nth(6)?.parse().ok()?;
            view.epoch = view.epoch.max(epoch);
            // Behind the state of the connection, the slots.
            view.is_changing |= fields.skip(1).any(|slots| slots.starts_with('['));
        }
        Some(view)
    }
}

fn array(value: &Value) -> Option<&[Value]> {
    match value {
        Value::Array(values) => Some(values),
        _ => None,
    }
}

pub(super) fn text(value: &Value) -> Option<&str> {
    match value {
        Value::BulkString(bytes) => std::str::from_utf8(bytes).ok(),
        Value::SimpleString(text) | Value::VerbatimString { text, .. } => Some(text),
        _ => None,
    }
}

impl fmt::Display for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cluster of ")?;
        for (at, seed) in self.seeds.iter().enumerate() {
            let comma = if at > 0 { "," } else { "" };
            write!(f, "{comma}{}", seed.addr())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bulk(text: &str) -> Value {
        Value::BulkString(text.into())
    }

    fn range(first: i64, last: i64, primary: Vec<Value>) -> Value {
        Value::Array(vec![
            Value::Int(first),
            Value::Int(last),
            Value::Array(primary),
        ])
    }

    #[test]
    fn slots_are_read_by_primary_whatever_they_are_called() {
        let node = |endpoint: Value, port: i64| vec![endpoint, Value::Int(port), bulk("id")];
        let ip = Value::Array(vec![bulk("ip"), bulk("10.0.0.9")]);
        let unknown = vec![bulk("?"), Value::Int(7), bulk("id"), ip];
        let reply = Value::Array(vec![
            range(0, 99, node(bulk("a"), 1)),
            range(100, 200, node(Value::Nil, 2)),
            range(201, 300, node(bulk("a"), 1)),
            range(301, 16_383, unknown),
        ]);
        let shard = |host: &str, port, slots: &[(u16, u16)]| Shard {
            host: host.into(),
            port,
            slots: slots.to_vec(),
        };
        assert_eq!(
            shards(&reply, "h"),
            Some(vec![
                shard("a", 1, &[(0, 99), (201, 300)]),
                shard("h", 2, &[(100, 200)]),
                shard("10.0.0.9", 7, &[(301, 16_383)]),
            ])
        );
        for strange in [
            Value::Nil,
            Value::Array(vec![Value::Nil]),
            Value::Array(vec![range(5, 4, node(bulk("a"), 1))]),
            Value::Array(vec![range(0, 16_384, node(bulk("a"), 1))]),
            Value::Array(vec![range(0, 1, node(bulk("a"), 70_000))]),
        ] {
            assert_eq!(shards(&strange, "h"), None, "{strange:?}");
        }
    }

    #[test]
    fn states_and_views_are_read() {
        let info = "cluster_enabled:1\r\ncluster_state:fail\r\ncluster_current_epoch:12\r\n";
        let state = ClusterState::read(&bulk(info));
        assert_eq!(
            state,
            Some(ClusterState {
                is_ok: false,
                epoch: 12
            })
        );
        let nodes = "07c37df 127.0.0.1:30004@31004,h slave e7d1 0 1426238317239 4 connected\n\
            67ed2db 127.0.0.1:30002@31002 master - 0 1426238316232 2 connected 5461-10922\n\
            e7d1eec 127.0.0.1:30001@31001 myself,master - 0 0 7 connected 0-5460";
        let still = View::read(&bulk(nodes));
        assert_eq!(
            still,
            Some(View {
                epoch: 7,
                is_changing: false
            })
        );
        let moving = View::read(&bulk(&format!("{nodes} [93-<-67ed2db]\n")));
        assert!(moving.is_some_and(|view| view.is_changing));
        assert_eq!(View::read(&bulk("nonsense")), None);
    }
}
