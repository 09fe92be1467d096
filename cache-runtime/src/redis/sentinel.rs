//! Sentinels: which server is the primary of a name, as those say who watch it.

use super::link::{self, Failure};
use super::number;
use crate::sync::{until_most, within};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Cmd, ConnectionAddr, ConnectionInfo, Value};
use std::fmt;
use std::time::Duration;
use tokio::sync::Mutex;

/// How often they are asked whether it is still the same one, while it answers.
pub(super) const ASKED_EVERY: Duration = Duration::from_secs(1);

pub(super) struct Sentinels {
    /// What they call it.
    master: Box<str>,
    all: Box<[Sentinel]>,
    /// How to connect to the primary, wherever it is.
    primary: ConnectionInfo,
}

struct Sentinel {
    server: ConnectionInfo,
    /// Kept, since they are asked often.
    connection: Mutex<Option<MultiplexedConnection>>,
}

/// A primary, as they name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Appointed {
    host: Box<str>,
    port: u16,
    /// Of two answers the greater is the younger.
    epoch: u64,
}

/// What one of them says of a name.
type Said = Result<Appointed, Box<str>>;

impl Sentinels {
    pub(super) fn new(
        master: &str,
        all: impl IntoIterator<Item = ConnectionInfo>,
        primary: ConnectionInfo,
    ) -> Self {
        let sentinel = |server| Sentinel {
            server,
            connection: Mutex::default(),
        };
        Sentinels {
            master: master.into(),
            all: all.into_iter().map(sentinel).collect(),
            primary,
        }
    }

    /// Asks all of them, until most have answered, and believes the youngest answer: one that was cut off does not know of a
    /// failover. If most are away, what the others say.
    pub(super) async fn ask(&self, limit: Duration) -> Said {
        let asked = self.all.iter();
        let asked = asked.map(|sentinel| sentinel.ask(&self.master, limit));
        let (mut best, mut why): (Option<Appointed>, _) = (None, None);
        for said in until_most(asked.collect(), Result::is_ok).await {
            match said {
                Ok(said) => {
                    if best.as_ref().is_none_or(|best| best.epoch < said.epoch) {
                        best = Some(said);
                    }
                }
                Err(failed) => _ = why.get_or_insert(failed),
            }
        }
        best.ok_or_else(|| why.unwrap_or_else(|| "there are no sentinels".into()))
    }

    /// How to connect to this one.
    pub(super) fn connection(&self, appointed: &Appointed) -> ConnectionInfo {
        let (host, port) = (appointed.host.to_string(), appointed.port);
        let address = match self.primary.addr().clone() {
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
        self.primary.clone().set_addr(address)
    }
}

impl fmt::Display for Sentinels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of ", self.master)?;
        for (at, sentinel) in self.all.iter().enumerate() {
            let comma = if at > 0 { "," } else { "" };
            write!(f, "{comma}{}", sentinel.server.addr())?;
        }
        Ok(())
    }
}

impl Appointed {
    /// Whether they have appointed another one since.
    pub(super) fn is_replaced_by(&self, said: &Appointed) -> bool {
        said.epoch > self.epoch && (&said.host, said.port) != (&self.host, self.port)
    }
}

impl fmt::Display for Appointed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl Sentinel {
    async fn ask(&self, master: &str, limit: Duration) -> Said {
        let asked = within(limit, self.ask_over_what_is_there(master)).await;
        let said = asked.unwrap_or_else(|| Err("it does not answer".into()));
        said.map_err(|why| format!("the sentinel {}: {why}", self.server.addr()).into())
    }

    async fn ask_over_what_is_there(&self, master: &str) -> Said {
        let mut kept = self.connection.lock().await;
        let connection = match kept.take() {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        let mut question = Cmd::new();
        question.arg("SENTINEL").arg("MASTER").arg(master);
        match link::send(&connection, &question).await {
            Ok(answer) => {
                // Only now: one that is given up midway may be out of step.
                *kept = Some(connection);
                appointed(&answer).ok_or_else(|| "its answer cannot be read".into())
            }
            Err(Failure::Refused(code)) => Err(match &*code {
                "ERR" => format!("it knows no primary `{master}`").into(),
                code => format!("it refuses `SENTINEL MASTER` ({code})").into(),
            }),
            Err(failure) => Err(super::supervisor::in_words(&failure, "SENTINEL")),
        }
    }

    async fn connect(&self) -> Result<MultiplexedConnection, Box<str>> {
        let client = Client::open(self.server.clone());
        let client = client.map_err(|error| super::supervisor::in_short(&error))?;
        // The time is limited by whoever asks.
        let settings = AsyncConnectionConfig::new()
            .set_connection_timeout(None)
            .set_response_timeout(None);
        let connecting = client.get_multiplexed_async_connection_with_config(&settings);
        let connected = connecting.await;
        connected.map_err(|error| super::supervisor::in_short(&error))
    }
}

/// What `SENTINEL MASTER` says: names and values, one after the other.
fn appointed(answer: &Value) -> Option<Appointed> {
    let pairs: Vec<(&Value, &Value)> = match answer {
        Value::Array(values) => values
            .chunks_exact(2)
            .map(|pair| (&pair[0], &pair[1]))
            .collect(),
        Value::Map(pairs) => pairs.iter().map(|(name, value)| (name, value)).collect(),
        _ => return None,
    };
    let field = |wanted: &str| {
        let mut found = pairs.iter().filter(|(name, _)| text(name) == Some(wanted));
        found.next().map(|(_, value)| *value)
    };
    let port = number(field("port")?)?;
    Some(Appointed {
        host: text(field("ip")?)?.into(),
        port: u16::try_from(port).ok().filter(|&port| port > 0)?,
        epoch: number(field("config-epoch")?)?,
    })
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::BulkString(bytes) => std::str::from_utf8(bytes).ok(),
        Value::SimpleString(text) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bulk(text: &str) -> Value {
        Value::BulkString(text.into())
    }

    #[test]
    fn their_answers_are_read_in_both_protocols() {
        let pairs = [
            ("name", "main"),
            ("ip", "10.0.0.7"),
            ("port", "6379"),
            ("flags", "master"),
            ("config-epoch", "3"),
        ];
        let flat = pairs
            .iter()
            .flat_map(|(name, value)| [bulk(name), bulk(value)]);
        let map = pairs.iter().map(|(name, value)| (bulk(name), bulk(value)));
        let expected = Appointed {
            host: "10.0.0.7".into(),
            port: 6379,
            epoch: 3,
        };
        for answer in [Value::Array(flat.collect()), Value::Map(map.collect())] {
            assert_eq!(appointed(&answer).as_ref(), Some(&expected));
        }
        for strange in [Value::Nil, Value::Array(vec![bulk("ip")]), bulk("x")] {
            assert_eq!(appointed(&strange), None);
        }
    }

    #[test]
    fn only_a_younger_answer_replaces_one() {
        let one = |host: &str, epoch| Appointed {
            host: host.into(),
            port: 6379,
            epoch,
        };
        assert!(one("a", 3).is_replaced_by(&one("b", 4)));
        for not in [one("a", 4), one("b", 3), one("b", 2)] {
            assert!(!one("a", 3).is_replaced_by(&not), "{not:?}");
        }
    }
}
