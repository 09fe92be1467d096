//! A link: connections to one server, verified at one moment, and what was found out about it then.
//!
//! A link is never mended. When its server is lost, answers too late too often, or turns out to be another one or
//! no primary, it is given up, and the supervisor makes a new one.

use super::batch::Batches;
use super::breaker::Breaker;
use super::info::Info;
use super::script::Script;
use super::sentinel::Appointed;
use super::server_time::ServerTime;
use super::tracking::{Deaf, Heard};
use redis::aio::MultiplexedConnection;
use redis::{Cmd, Pipeline, Value};
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::Instant;
use xxhash_rust::xxh3::xxh3_64;

pub(crate) struct Link {
    /// Counts links: two with the same number are the same.
    pub(super) epoch: u64,
    /// Where the server is.
    pub(super) address: Box<str>,
    /// Of the replication id: by this the generations of a server differ from those that it had before a failover or a
    /// restart.
    mark: u64,
    lines: Box<[Line]>,
    next: AtomicUsize,
    pub(super) info: Info,
    pub(super) breaker: Breaker,
    /// How long to wait for a reply.
    pub(super) patience: Duration,
    /// The scripts' names on the server, in the order of [`Script::ALL`].
    pub(super) hashes: Box<[String]>,
    pub(super) time: ServerTime,
    /// Whether the server tells of every change to what was read over it.
    pub(crate) tracks: bool,
    /// Whether that was not tried, since nothing lay there.
    pub(super) is_untried: bool,
    /// If it was asked to and does not: why.
    pub(super) deaf: Option<Deaf>,
    /// Who has said that this is the primary, if somebody had to.
    pub(super) appointed: Option<Appointed>,
    pub(super) made: Instant,
    /// Whether it was given up.
    pub(super) is_lost: AtomicBool,
}

/// A connection, and the reads that are gathered for it.
pub(super) struct Line {
    connection: MultiplexedConnection,
    pub(super) batches: Batches,
    /// Whether a command may be about names of one slot only.
    pub(super) is_of_cluster: bool,
}

/// What is known of a server when a link to it is made.
pub(super) struct Found {
    pub(super) address: Box<str>,
    pub(super) info: Info,
    pub(super) time: ServerTime,
    pub(super) hashes: Box<[String]>,
    /// Whether it tells of changes, if it was asked to.
    pub(super) hears: Option<Result<Heard, Deaf>>,
    /// Who has said that it is the primary, if somebody had to.
    pub(super) appointed: Option<Appointed>,
}

/// Where and when an entry is made.
#[derive(Clone, Copy, Default)]
pub(crate) struct Origin<'l> {
    pub(crate) replication_id: &'l str,
    /// What the server's clock shows at least.
    pub(crate) time: u64,
}

/// Why the server did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// There is no link at present.
    NoLink,
    TimedOut,
    /// The connection broke, or its server is no longer the one to talk to: the link is lost.
    Lost(Box<str>),
    /// The server has forgotten the script.
    NoScript,
    /// The slot lies on another server of the cluster. Nothing was executed.
    Moved,
    /// The slot is on its way to another server, and what was asked for is there, or part of it. Nothing was executed.
    Moving(Option<Box<str>>),
    /// The server refused this command, and may well do the next: out of memory, not permitted, a key of another type.
    Refused(Box<str>),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::NoLink => f.write_str("redis is not connected"),
            Failure::TimedOut => f.write_str("redis did not answer in time"),
            Failure::Lost(why) => write!(f, "the connection to redis was lost: {why}"),
            Failure::NoScript => f.write_str("redis has forgotten a script"),
            Failure::Moved => f.write_str("another server of the cluster has it now"),
            Failure::Moving(_) => f.write_str("it is moving to another server of the cluster"),
            Failure::Refused(why) => write!(f, "redis refused: {why}"),
        }
    }
}

impl Link {
    pub(super) fn new(
        epoch: u64,
        connections: Vec<MultiplexedConnection>,
        patience: Duration,
        found: Found,
    ) -> Self {
        let Found { info, hears, .. } = found;
        let line = |connection| Line {
            connection,
            batches: Batches::default(),
            is_of_cluster: info.is_of_cluster,
        };
        Link {
            epoch,
            address: found.address,
            mark: xxh3_64(info.replication_id.as_bytes()) >> 1,
            breaker: Breaker::default(),
            lines: connections.into_iter().map(line).collect(),
            next: AtomicUsize::new(0),
            info,
            patience,
            hashes: found.hashes,
            time: found.time,
            tracks: matches!(hears, Some(Ok(_))),
            is_untried: matches!(hears, Some(Ok(Heard::NothingThere))),
            deaf: hears.and_then(Result::err),
            appointed: found.appointed,
            made: Instant::now(),
            is_lost: AtomicBool::new(false),
        }
    }

    pub(super) fn is_lost(&self) -> bool {
        self.is_lost.load(Ordering::Acquire)
    }

    /// A number as the server knows it, as the generation that all others know, which a failover changes; or the other way
    /// round.
    pub(super) fn marked(&self, number: u64) -> u64 {
        number ^ self.mark
    }

    pub(crate) fn replication_id(&self) -> &str {
        &self.info.replication_id
    }

    pub(crate) fn origin(&self) -> Origin<'_> {
        Origin {
            replication_id: self.replication_id(),
            time: self.time.at_least(),
        }
    }

    /// What the server's clock shows, at least and at most.
    #[cfg(feature = "http")]
    pub(crate) fn clock(&self) -> (u64, u64) {
        (self.time.at_least(), self.time.at_most())
    }

    /// What the server's clock shows at most.
    pub(crate) fn time_at_most(&self) -> u64 {
        self.time.at_most()
    }

    /// How long it is, at least, until the server's clock shows this.
    pub(crate) fn time_until(&self, moment: u64) -> Duration {
        Duration::from_millis(moment.saturating_sub(self.time_at_most()))
    }

    /// The connection whose turn it is.
    pub(super) fn line(&self) -> &Line {
        &self.lines[self.next_line()]
    }

    /// Its number.
    pub(super) fn next_line(&self) -> usize {
        match self.lines.len() {
            1 => 0,
            several => self.next.fetch_add(1, Ordering::Relaxed) % several,
        }
    }

    pub(super) fn lines(&self) -> &[Line] {
        &self.lines
    }

    pub(super) fn hash(&self, script: Script) -> &str {
        let at = Script::ALL.iter().position(|&other| other == script);
        at.and_then(|at| self.hashes.get(at))
            .map_or("", String::as_str)
    }
}

impl Line {
    /// Sends one command. Never more than once, whatever happens.
    pub(super) async fn send(&self, command: &Cmd) -> Result<Value, Failure> {
        send(&self.connection, command).await
    }

    /// The same for several, with errors among the replies.
    pub(super) async fn send_all_as_it_is(
        &self,
        commands: &Pipeline,
    ) -> Result<Vec<Value>, Failure> {
        let mut connection = self.connection.clone();
        let sending = connection.send_packed_commands(commands, 0, commands.len());
        let replies = Box::pin(sending).await.map_err(|error| failure(&error))?;
        if replies.len() == commands.len() {
            Ok(replies)
        } else {
            Err(unexpected(&replies))
        }
    }

    /// Sends several, which are executed in this order, though others may come between. Each has its own outcome.
    pub(super) async fn send_all(
        &self,
        commands: &Pipeline,
    ) -> Result<Vec<Result<Value, Failure>>, Failure> {
        send_all(&self.connection, commands).await
    }
}

pub(super) async fn send(
    connection: &MultiplexedConnection,
    command: &Cmd,
) -> Result<Value, Failure> {
    let mut connection = connection.clone();
    // In a box: the library's future is large, and would be part of every call of a cached function.
    let reply = Box::pin(connection.send_packed_command(command)).await;
    outcome(reply.map_err(|error| failure(&error))?)
}

pub(super) async fn send_all(
    connection: &MultiplexedConnection,
    commands: &Pipeline,
) -> Result<Vec<Result<Value, Failure>>, Failure> {
    let mut connection = connection.clone();
    let sending = connection.send_packed_commands(commands, 0, commands.len());
    let replies = Box::pin(sending).await.map_err(|error| failure(&error))?;
    if replies.len() == commands.len() {
        Ok(replies.into_iter().map(outcome).collect())
    } else {
        Err(unexpected(&replies))
    }
}

fn outcome(value: Value) -> Result<Value, Failure> {
    match value {
        Value::ServerError(error) => Err(refusal(&error)),
        value => Ok(value),
    }
}

/// A reply that no server of the protocol gives: whoever is at the other end cannot be trusted.
pub(super) fn unexpected(_reply: &impl Sized) -> Failure {
    Failure::Lost("a reply that makes no sense".into())
}

pub(super) fn failure(error: &redis::RedisError) -> Failure {
    match error.code() {
        Some(code) if !error.is_io_error() => by_code(code, error.detail().unwrap_or_default()),
        _ => Failure::Lost(error.to_string().into()),
    }
}

pub(super) fn refusal(error: &redis::ServerError) -> Failure {
    by_code(error.code(), error.details().unwrap_or_default())
}

fn by_code(code: &str, details: &str) -> Failure {
    match code {
        "NOSCRIPT" => Failure::NoScript,
        "MOVED" => Failure::Moved,
        // The slot, and where it is going.
        "ASK" => Failure::Moving(details.split(' ').nth(1).map(Box::from)),
        "TRYAGAIN" => Failure::Moving(None),
        "READONLY" | "LOADING" | "MASTERDOWN" | "CLUSTERDOWN" | "NOAUTH" => {
            Failure::Lost(code.into())
        }
        // A script passes on the error of the command inside it.
        _ if details.contains("READONLY") => Failure::Lost("READONLY".into()),
        _ if details.contains("OOM ") || code == "OOM" => {
            Failure::Refused("OOM: out of memory".into())
        }
        // The details may quote arguments, so they are not shown.
        _ => Failure::Refused(code.into()),
    }
}
