//! Patterns that are no scopes: every name has to be looked at, a few at a time.

use super::link::{self, Failure};
use super::{Any, Redis, Undelivered};
use crate::generation::Guard;
use crate::invalidate::Delivery;
use crate::pattern::{literal_scope, matches};
use redis::{Cmd, Value};
use std::collections::HashSet;
use tokio::time::Instant;

/// Names that the server looks at in one step. Between steps it serves others.
const AT_ONCE: usize = 1_000;

impl Redis {
    /// Deletes every key that matches, and whatever is being computed for it. Tells how many entries there were.
    ///
    /// It goes over all names twice. A computation under way has only a lease; if it stores while the first round is
    /// on its way, that round may find neither the lease nor the entry. The second finds the entry.
    ///
    /// If it cannot be done to the end, everything under the pattern's literal beginning is invalidated as soon as
    /// the server can be reached: more than was asked for, and never less.
    pub(crate) async fn delete_matching(&self, glob: &str) -> (Delivery, Option<u64>) {
        let began = Instant::now();
        let fallback = self.names_ended(Guard::Scope, literal_scope(glob));
        let undelivered = Undelivered::new(&self.shared, fallback);
        // A computation that learns only from its value of a key that matches has nothing yet that could be found.
        let any = vec![self.shared.names.any(Any::Key)];
        if self.delete_names(any).await == Delivery::Deferred {
            return (Delivery::Deferred, None);
        }
        let mut removed = 0;
        for _ in 0..2 {
            match self.delete_once(glob).await {
                Ok(entries) => removed += entries,
                Err(_) => {
                    drop(undelivered);
                    return (self.delivered_soon(began).await, None);
                }
            }
        }
        undelivered.delivered();
        (Delivery::Delivered, Some(removed))
    }

    /// The same for a future that is being dropped: at once, and more than was asked for.
    pub(crate) fn delete_matching_soon(&self, glob: &str) {
        self.end_soon(Guard::Scope, literal_scope(glob));
    }

    async fn delete_once(&self, glob: &str) -> Result<u64, Failure> {
        let mut cursor = "0".to_owned();
        let mut removed = 0;
        loop {
            let (next, names) = self.scan(&cursor, glob, AT_ONCE).await?;
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

    /// One step over the names of the namespace that may have to do with keys of this form.
    pub(super) async fn scan(
        &self,
        cursor: &str,
        glob: &str,
        count: usize,
    ) -> Result<(String, Vec<String>), Failure> {
        let link = self.link().await?;
        let mut command = Cmd::new();
        command
            .arg("SCAN")
            .arg(cursor)
            .arg("MATCH")
            .arg(format!("{}*{glob}*", self.shared.names.prefix()));
        command.arg("COUNT").arg(count);
        let limit = self.config().delivery_timeout;
        let reply = self.ask(&link, &command, limit).await?;
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
