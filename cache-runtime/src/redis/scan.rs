//! Patterns that are no scopes: every name has to be looked at, a few at a time.

use super::delivery::Undelivered;
use super::link::{self, Failure, Link};
use super::topology::Topology;
use super::{Redis, cluster};
use crate::generation::Guard;
use crate::invalidate::Delivery;
use crate::pattern::{literal_scope, matches};
use crate::sync::all_at_once;
use redis::{Cmd, Value};
use std::collections::HashSet;
use tokio::time::Instant;

/// Names that a server looks at in one step. Between steps it serves others.
const AT_ONCE: usize = 1_000;

impl Redis {
    /// Deletes every key that matches, and whatever is being computed for it. Tells how many entries there were.
    ///
    /// It goes over all names twice. A computation under way has only a lease; if it stores while the first round is
    /// on its way, that round may find neither the lease nor the entry. The second finds the entry.
    ///
    /// If it cannot be done to the end, everything under the pattern's literal beginning is invalidated as soon as
    /// the server can be reached: more than was asked for, and never less. So it is where names are on their way from one
    /// server of a cluster to another, and could be missed on both.
    pub(crate) async fn delete_matching(&self, glob: &str) -> (Delivery, Option<u64>) {
        let began = Instant::now();
        let fallback = (Guard::Scope, literal_scope(glob).into());
        let undelivered = Undelivered::new(&self.shared, vec![fallback]);
        let removed = self.delete_all_matching(glob).await;
        if let Ok(removed) = removed {
            undelivered.delivered();
            return (Delivery::Delivered, Some(removed));
        }
        drop(undelivered);
        (self.delivered_soon(began).await, None)
    }

    async fn delete_all_matching(&self, glob: &str) -> Result<u64, Failure> {
        let topology = self.topology().await?;
        // A computation that learns only from its value of a key that matches has nothing yet that could be found.
        let limit = self.config().delivery_timeout;
        let ending = self.evaluate_within(limit, &topology, |commands| {
            self.ending_all_keys(commands);
        });
        ending
            .await?
            .into_iter()
            .try_for_each(|reply| reply.map(|_| ()))?;
        let before = self.shape(&topology).await?;
        let mut removed = 0;
        for _ in 0..2 {
            let links = topology.links().iter();
            let rounds = links.map(|link| self.delete_on(link, glob));
            for round in all_at_once(rounds.collect()).await {
                removed += round?;
            }
        }
        if before == self.shape(&topology).await? {
            Ok(removed)
        } else {
            Err(Failure::Moved)
        }
    }

    /// The same for a future that is being dropped: at once, and more than was asked for.
    pub(crate) fn delete_matching_soon(&self, glob: &str) {
        self.end_soon(Guard::Scope, literal_scope(glob));
    }

    async fn delete_on(&self, link: &Link, glob: &str) -> Result<u64, Failure> {
        let mut cursor = "0".to_owned();
        let mut removed = 0;
        loop {
            let (next, names) = self.scan(link, &cursor, glob, AT_ONCE).await?;
            let keys: HashSet<&str> = names.iter().filter_map(|name| self.key_of(name)).collect();
            let keys: Vec<&str> = keys.into_iter().filter(|key| matches(glob, key)).collect();
            if !keys.is_empty() {
                let (delivery, entries) = self.delete(&keys).await;
                if delivery == Delivery::Deferred {
                    return Err(Failure::NoLink);
                }
                removed += entries.unwrap_or(0);
            }
            if next == "0" {
                return Ok(removed);
            }
            cursor = next;
        }
    }

    /// What a cluster looks like that is not being changed: who has which slots. While some are on their way there is no answer.
    async fn shape(&self, topology: &Topology) -> Result<u64, Failure> {
        if !topology.is_cluster() {
            return Ok(0);
        }
        if !topology.is_whole() {
            return Err(Failure::NoLink);
        }
        let limit = self.config().delivery_timeout;
        let mut command = Cmd::new();
        command.arg("CLUSTER").arg("NODES");
        let asking = topology
            .links()
            .iter()
            .map(|link| self.ask(link, &command, limit));
        let mut epoch = 0;
        for reply in all_at_once(asking.collect()).await {
            let view = cluster::View::read(&reply?).ok_or(Failure::Moved)?;
            if view.is_changing {
                return Err(Failure::Moving(None));
            }
            epoch = epoch.max(view.epoch);
        }
        Ok(epoch)
    }

    /// One step over a server's names of the namespace that may have to do with keys of this form.
    pub(super) async fn scan(
        &self,
        link: &Link,
        cursor: &str,
        glob: &str,
        count: usize,
    ) -> Result<(String, Vec<String>), Failure> {
        let mut command = Cmd::new();
        command
            .arg("SCAN")
            .arg(cursor)
            .arg("MATCH")
            .arg(format!("{}*{glob}*", self.shared.names.prefix()));
        command.arg("COUNT").arg(count);
        let limit = self.config().delivery_timeout;
        let reply = self.ask(link, &command, limit).await?;
        read_step(reply).ok_or_else(|| link::unexpected(&link))
    }

    /// The key that a name belongs to, be it an entry's, a lease's or a key generation's.
    pub(super) fn key_of<'n>(&self, name: &'n str) -> Option<&'n str> {
        let names = &self.shared.names;
        names
            .key_of_entry(name)
            .or_else(|| names.key_of_companion(name))
    }
}

fn read_step(reply: Value) -> Option<(String, Vec<String>)> {
    let Value::Array(parts) = reply else {
        return None;
    };
    let [Value::BulkString(cursor), Value::Array(names)] = <[Value; 2]>::try_from(parts).ok()?
    else {
        return None;
    };
    // A name that is no text is not one of ours.
    let text = |name| match name {
        Value::BulkString(bytes) => String::from_utf8(bytes).ok(),
        _ => None,
    };
    let names = names.into_iter().filter_map(text).collect();
    Some((String::from_utf8(cursor).ok()?, names))
}
