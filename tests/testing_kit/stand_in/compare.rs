//! Telling both servers the same.

use super::client::{Client, Heard, Value, parts};
use super::steps::{CLIENTS, NAMES, Step, What};
use cache_runtime::testing::{__server, Network};
use std::time::Duration;
use test_servers::RedisServer;
use tokio::net::TcpStream;

/// In which whatever has little time ends.
const A_WHILE: Duration = Duration::from_millis(8);

/// Both servers, each with the same clients.
pub(crate) struct Pair {
    network: Network,
    real: Side,
    stand_in: Side,
}

struct Side {
    clients: Vec<Client>,
    /// Reads everything, and is told of nothing.
    control: Client,
    /// What its server calls the scripts.
    scripts: Vec<Vec<u8>>,
}

impl Pair {
    pub(crate) async fn new(server: &RedisServer) -> Self {
        let network = Network::new();
        let info = server.info("server").await;
        let mut release = info["redis_version"]
            .split('.')
            .map(|part| part.parse().expect("a number"));
        let release = (
            release.next().expect("major"),
            release.next().expect("minor"),
        );
        __server::answers_as(&network, release);
        let mut real = Vec::new();
        let mut stand_in = Vec::new();
        for _ in 0..=CLIENTS {
            let address = ("127.0.0.1", server.port());
            let stream = TcpStream::connect(address).await.expect("it listens");
            stream.set_nodelay(true).expect("a socket");
            real.push(Client::new(stream).await);
            stand_in.push(Client::new(network.connection()).await);
        }
        // Before anybody is told of it.
        real[0].command(&parts("FLUSHALL")).await;
        Pair {
            network,
            real: Side::new(real).await,
            stand_in: Side::new(stand_in).await,
        }
    }

    /// Tells both, and compares what they say.
    pub(crate) async fn take(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Command {
                client,
                what,
                short,
            } => {
                self.tell(*client, |side| side.command(what)).await?;
                if *short {
                    std::thread::sleep(A_WHILE);
                    self.network.advance(A_WHILE).await;
                }
            }
            Step::Transaction { client, all } => {
                self.tell(*client, |_| parts("MULTI")).await?;
                for what in all {
                    self.tell(*client, |side| side.command(what)).await?;
                }
                self.tell(*client, |_| parts("EXEC")).await?;
            }
            Step::Track { client, on } => {
                let switch = if *on { "ON" } else { "OFF" };
                self.tell(*client, |_| parts(&format!("CLIENT TRACKING {switch}")))
                    .await?;
            }
            Step::Scan { pattern } => {
                let (real, stand_in) = (
                    self.real.scan(pattern).await,
                    self.stand_in.scan(pattern).await,
                );
                same(&format!("SCAN {pattern}"), &real, &stand_in)?;
            }
        }
        let (real, stand_in) = (self.real.state().await, self.stand_in.state().await);
        same("what they hold", &real, &stand_in)?;
        for client in 0..CLIENTS {
            let (real, stand_in) = (
                self.real.news(client).await,
                self.stand_in.news(client).await,
            );
            same(&format!("the news of client {client}"), &real, &stand_in)?;
        }
        Ok(())
    }

    async fn tell(
        &mut self,
        client: usize,
        command: impl Fn(&Side) -> Vec<Vec<u8>>,
    ) -> Result<(), String> {
        let (of_real, of_stand_in) = (command(&self.real), command(&self.stand_in));
        let real = self.real.clients[client].command(&of_real).await;
        let stand_in = self.stand_in.clients[client].command(&of_stand_in).await;
        same("the reply", &rounded(real), &rounded(stand_in))
    }
}

impl Side {
    async fn new(mut clients: Vec<Client>) -> Self {
        let mut control = clients.pop().expect("one more");
        let mut scripts = Vec::new();
        for text in __server::scripts() {
            let load = ["SCRIPT", "LOAD", text].map(|part| part.as_bytes().to_vec());
            match control.command(&load).await.reply {
                Value::Bulk(digest) => scripts.push(digest.into_bytes()),
                other => panic!("{other:?}"),
            }
        }
        // The last one is told of nothing, unless a step says so.
        for client in &mut clients[..CLIENTS - 1] {
            client.command(&parts("CLIENT TRACKING ON")).await;
        }
        Side {
            clients,
            control,
            scripts,
        }
    }

    fn command(&self, what: &What) -> Vec<Vec<u8>> {
        match what {
            What::Words(words) => bytes(words),
            What::Script(script, names, rest) => {
                let mut command = parts("EVALSHA");
                command.push(self.scripts[*script].clone());
                command.push(names.len().to_string().into_bytes());
                command.extend(bytes(names));
                command.extend(bytes(rest));
                command
            }
        }
    }

    /// Every name with what it holds, and for how long. Makes the server notice what has ended.
    async fn state(&mut self) -> Vec<Value> {
        let mut state = Vec::new();
        for name in NAMES {
            for command in ["GET", "PTTL"] {
                let heard = self
                    .control
                    .command(&parts(&format!("{command} {name}")))
                    .await;
                state.push(rounded(heard).reply);
            }
        }
        state.push(self.control.command(&parts("DBSIZE")).await.reply);
        state
    }

    /// What a client was told, in any order: several names may end at one moment.
    async fn news(&mut self, client: usize) -> Vec<Value> {
        let mut news = self.clients[client].news().await;
        news.sort();
        news
    }

    async fn scan(&mut self, pattern: &str) -> Vec<Value> {
        let mut cursor = "0".to_owned();
        let mut found = Vec::new();
        loop {
            let command = parts(&format!("SCAN {cursor} MATCH {pattern} COUNT 2"));
            let Value::Array(parts) = self.control.command(&command).await.reply else {
                panic!("SCAN answers with two parts");
            };
            let [Value::Bulk(next), Value::Array(names)] = parts.as_slice() else {
                panic!("SCAN answers with two parts");
            };
            found.extend(names.iter().cloned());
            cursor.clone_from(next);
            if cursor == "0" {
                found.sort();
                found.dedup();
                return found;
            }
        }
    }
}

fn bytes(words: &[String]) -> Vec<Vec<u8>> {
    words.iter().map(|word| word.as_bytes().to_vec()).collect()
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, real: &T, stand_in: &T) -> Result<(), String> {
    if real == stand_in {
        return Ok(());
    }
    Err(format!(
        "{what}: a real server says {real:?}, the stand-in {stand_in:?}"
    ))
}

/// Times that are left to the nearest ten seconds: a real server goes by a real clock.
fn rounded(heard: Heard) -> Heard {
    fn round(value: Value) -> Value {
        match value {
            Value::Int(left @ 1_000..) => Value::Int((left + 5_000) / 10_000 * 10_000),
            Value::Array(values) => Value::Array(values.into_iter().map(round).collect()),
            other => other,
        }
    }
    Heard {
        reply: round(heard.reply),
        ..heard
    }
}
