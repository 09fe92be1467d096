//! How the server is doing.

use super::link::{Failure, Link};
use super::{Redis, State, number, supervisor};
use crate::stats::Bytes;
use crate::sync::all_at_once;
use redis::Cmd;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;
use tokio::time::Instant;

/// Names that are looked at, at most, to tell what the namespace is made of.
const SAMPLE: u64 = 10_000;
/// How long that may take.
const SAMPLING: Duration = Duration::from_millis(200);

/// How the Redis server behind a cache is doing. Displays as a few lines; serializes.
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct RedisHealth {
    /// Host and port, or the path of a socket.
    pub server: String,
    /// Whether there is a connection to a primary that answers in time.
    pub connected: bool,
    /// If not, why.
    pub reason: Option<String>,
    /// The circuit breaker: `closed` while the server is asked, `open` while it is not, and only probed.
    pub breaker: &'static str,
    /// What hits promise at present: `strict`, or `bounded` if this process answers them itself. `None` while there is no
    /// connection.
    pub consistency: Option<&'static str>,
    /// From a question to its answer, just now.
    pub latency: Option<Duration>,
    /// Deletions that wait for the server. While there are any, nothing is read from it.
    pub queued_invalidations: usize,
    /// `redis_version`.
    pub version: String,
    /// `maxmemory-policy`.
    pub policy: String,
    /// Servers that are asked: one, or the primaries of a cluster that can be reached. What follows is the sum of what they say.
    pub servers: u64,
    /// Slots of a cluster, of 16,384, that none of them serves. What lies there is not cached.
    pub unserved_slots: u64,
    /// Bytes in use.
    pub memory: u64,
    /// `maxmemory` in bytes; 0 for no limit.
    pub max_memory: u64,
    /// Keys that the server has evicted since its start.
    pub evictions: u64,
    /// Keys in the database, those of others included; 0 if the user may not ask (`DBSIZE`).
    pub keys: u64,
    /// How many names of keys were looked at for `families`; 0 if the user may not (`SCAN`).
    pub sampled: u64,
    /// Of these, the entries of this namespace, by the first segment of their key.
    pub families: BTreeMap<String, u64>,
}

impl Redis {
    /// Asks the server, also what the namespace is made of.
    pub(crate) async fn health(&self) -> RedisHealth {
        let mut health = self.vitals().await;
        // What the user may not ask stays unknown, and says nothing about the server.
        if health.connected
            && let Err(failure) = self.sample(&mut health).await
            && !matches!(failure, Failure::Refused(_))
        {
            self.does_not_answer(&mut health, &failure);
        }
        health
    }

    /// Asks the server only what it knows by heart: often enough for metrics.
    pub(crate) async fn vitals(&self) -> RedisHealth {
        self.shared.supervise();
        let mut health = RedisHealth {
            server: self.shared.server_name.to_string(),
            connected: true,
            breaker: "closed",
            queued_invalidations: self.shared.pending.len(),
            ..RedisHealth::default()
        };
        if let Err(failure) = self.measure(&mut health).await {
            self.does_not_answer(&mut health, &failure);
        }
        health
    }

    fn does_not_answer(&self, health: &mut RedisHealth, failure: &Failure) {
        let why = match &*self.shared.state.borrow() {
            State::Down(why) => why.to_string(),
            State::Starting | State::Up(_) => failure.to_string(),
        };
        health.connected = false;
        health.breaker = "open";
        health.reason = Some(why);
    }

    async fn measure(&self, health: &mut RedisHealth) -> Result<(), Failure> {
        let topology = self.shared.as_it_is().await?;
        let limit = self.config().delivery_timeout;
        let mut command = Cmd::new();
        command.arg("INFO");
        let asking = topology.links().iter().map(|link| async {
            let began = Instant::now();
            let reply = self.ask(link, &command, limit).await?;
            let info = supervisor::read_info(&reply).unwrap_or_default();
            Ok((info, began.elapsed()))
        });
        let tracks = topology.tracks();
        health.consistency = Some(if tracks { "bounded" } else { "strict" });
        health.unserved_slots = topology.unserved() as u64;
        for asked in all_at_once(asking.collect()).await {
            let (info, latency) = asked?;
            health.latency = health.latency.max(Some(latency));
            health.servers += 1;
            health.version = info.version;
            health.policy = info.policy;
            health.memory += info.memory;
            health.max_memory += info.max_memory;
            health.evictions += info.evictions;
        }
        let sizing = topology.links().iter().map(|link| self.size(link));
        for size in all_at_once(sizing.collect()).await {
            match size {
                Ok(keys) => health.keys += keys,
                Err(Failure::Refused(_)) => {}
                Err(failure) => return Err(failure),
            }
        }
        Ok(())
    }

    /// How many names there are.
    async fn size(&self, link: &Link) -> Result<u64, Failure> {
        let mut command = Cmd::new();
        command.arg("DBSIZE");
        let limit = self.config().delivery_timeout;
        let keys = self.ask(link, &command, limit).await?;
        Ok(number(&keys).unwrap_or_default())
    }

    /// Looks at some names, for a short time.
    async fn sample(&self, health: &mut RedisHealth) -> Result<(), Failure> {
        const STEP: u16 = 1_000;
        let topology = self.topology().await?;
        let began = Instant::now();
        let mut cursors: Vec<Option<String>> = Vec::new();
        cursors.resize(topology.links().len(), Some("0".to_owned()));
        // Of each server as many as of any other.
        while cursors.iter().any(Option::is_some) {
            for (link, cursor) in topology.links().iter().zip(&mut cursors) {
                if health.sampled >= SAMPLE || began.elapsed() >= SAMPLING {
                    return Ok(());
                }
                let Some(at) = cursor.take() else { continue };
                let (next, names) = self.scan(link, &at, "", usize::from(STEP)).await?;
                health.sampled = health.keys.min(health.sampled + u64::from(STEP));
                for name in &names {
                    if let Some(key) = self.shared.names.key_of_entry(name) {
                        let family = key.split(':').next().unwrap_or_default();
                        *health.families.entry(family.to_owned()).or_default() += 1;
                    }
                }
                *cursor = Some(next).filter(|next| next != "0");
            }
        }
        Ok(())
    }
}

impl fmt::Display for RedisHealth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.connected {
            let why = self.reason.as_deref().unwrap_or("not connected");
            write!(f, "{}: {why}; breaker {}", self.server, self.breaker)?;
        } else {
            write!(
                f,
                "{}: redis {}, {:.1?}",
                self.server,
                self.version,
                self.latency.unwrap_or_default()
            )?;
            write!(
                f,
                ", {} of {}",
                Bytes(self.memory),
                match self.max_memory {
                    0 => "no limit".to_owned(),
                    limit => Bytes(limit).to_string(),
                }
            )?;
            write!(
                f,
                " ({}), {} evictions, {} keys; {}",
                self.policy,
                self.evictions,
                self.keys,
                self.consistency.unwrap_or("strict")
            )?;
        }
        if self.servers > 1 || self.unserved_slots > 0 {
            write!(f, "; {} primaries", self.servers)?;
        }
        if self.unserved_slots > 0 {
            write!(f, ", nobody serves {} slots", self.unserved_slots)?;
        }
        if self.queued_invalidations > 0 {
            write!(f, ", {} deletions queued", self.queued_invalidations)?;
        }
        if !self.families.is_empty() {
            write!(f, "\n  of {} keys looked at:", self.sampled)?;
            for (family, number) in &self.families {
                write!(f, " {family} {number}")?;
            }
        }
        Ok(())
    }
}
