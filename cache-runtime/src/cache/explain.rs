//! Why a key is answered as it is.

use super::Cache;
use crate::entry::Entry;
#[cfg(feature = "redis")]
use crate::generation::Named;
use crate::generation::{Generation, Guard};
use crate::key::Key;
#[cfg(feature = "redis")]
use crate::read_through::remote;
use crate::stats::Bytes;
use crate::ttl::Ttl;
use serde::Serialize;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// What the cache knows about one key. Displays as a few lines; serializes.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Explanation {
    /// The key.
    pub key: String,
    /// Whether it would be a hit.
    pub state: State,
    /// Whether a computation for it is under way.
    pub computing: bool,
    /// The details of the entry, if there is one.
    pub entry: Option<EntryDetails>,
}

/// What the cache knows about an entry.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct EntryDetails {
    /// Since it was stored.
    pub age: Duration,
    /// How long it stays fresh; `None` for ever.
    pub time_left: Option<Duration>,
    /// Its estimated size in memory; on a server, the size of its bytes.
    pub bytes: u64,
    /// How long its computation took, where that is kept with it: on a server.
    pub computed_in: Option<Duration>,
    /// What would invalidate it: `key …`, `scope …`, `tag …`.
    pub guards: Vec<String>,
    /// Of these, what has invalidated it.
    pub invalidated_by: Vec<String>,
}

/// Whether a key would be a hit, and if not, why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum State {
    /// A hit.
    Fresh,
    /// A hit that says there is nothing.
    Negative,
    /// Stored, and past its time to live.
    Expired,
    /// Stored, and invalidated since.
    Invalidated,
    /// Not stored.
    Absent,
    /// The shared server did not answer.
    Unknown,
}

impl Cache {
    /// Tells what is known about a key: whether it would be a hit, how old it is, what would invalidate it, what
    /// has. Changes nothing and counts nothing.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// use cache_runtime::{Cache, State};
    /// let cache = Cache::in_memory();
    /// cache.set("user:1", "Ada".to_owned()).tag("people").await;
    /// cache.invalidate_tag("people").await;
    /// let why = cache.explain("user:1").await;
    /// assert_eq!(why.state, State::Invalidated);
    /// assert_eq!(why.entry.unwrap().invalidated_by, ["tag people"]);
    /// # }
    /// ```
    pub async fn explain(&self, key: impl Into<Key>) -> Explanation {
        let key = key.into();
        #[cfg(feature = "redis")]
        if let Some(redis) = self.redis() {
            return match remote::inspect(self, redis, key.as_str()).await {
                Ok((entry, computing)) => Explanation {
                    key: key.as_str().to_owned(),
                    state: entry.as_ref().map_or(State::Absent, |entry| entry.state),
                    computing,
                    entry: entry.map(|entry| on_server(key.as_str(), entry)),
                },
                Err(_) => Explanation {
                    key: key.as_str().to_owned(),
                    state: State::Unknown,
                    computing: self.flights().contains(key.as_str()),
                    entry: None,
                },
            };
        }
        let found = self
            .local()
            .peek(key.as_str())
            .filter(|entry| !entry.is_hint());
        Explanation {
            computing: self.flights().contains(key.as_str()),
            state: found
                .as_ref()
                .map_or(State::Absent, |entry| self.state(entry)),
            entry: found.map(|entry| self.details(&entry)),
            key: key.as_str().to_owned(),
        }
    }

    fn state(&self, entry: &Entry) -> State {
        if !entry.is_current() {
            State::Invalidated
        } else if !entry.is_fresh(self.now()) {
            State::Expired
        } else if entry.is_absent() {
            State::Negative
        } else {
            State::Fresh
        }
    }

    fn details(&self, entry: &Entry) -> EntryDetails {
        let now = self.now();
        let ended = entry.stamps().iter().filter(|stamp| !stamp.is_current());
        EntryDetails {
            age: now.since(entry.created),
            time_left: match entry.time_left(now) {
                Ttl::For(left) => Some(left),
                Ttl::Forever | Ttl::CacheDefault => None,
            },
            bytes: entry.weight,
            computed_in: None,
            guards: entry.stamps().iter().map(name).collect(),
            invalidated_by: ended.map(name).collect(),
        }
    }
}

fn name(stamp: &Arc<Generation>) -> String {
    in_full(stamp.guard(), stamp.name())
}

fn in_full(guard: Guard, name: &str) -> String {
    match guard {
        Guard::Key => format!("key {name}"),
        Guard::Scope => format!("scope {name}*"),
        Guard::Tag => format!("tag {name}"),
    }
}

#[cfg(feature = "redis")]
fn on_server(key: &str, entry: remote::Inspected) -> EntryDetails {
    let names = |guards: Vec<Named>| {
        guards
            .iter()
            .map(|(guard, name)| in_full(*guard, name))
            .collect::<Vec<_>>()
    };
    // It ends together with its entry, so the entry need not list it.
    let own = in_full(Guard::Key, key);
    EntryDetails {
        age: entry.age,
        time_left: entry.time_left,
        bytes: entry.bytes,
        computed_in: Some(entry.cost),
        guards: [vec![own], names(entry.guards)].concat(),
        invalidated_by: names(entry.ended),
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            State::Fresh => "fresh",
            State::Negative => "fresh, and says there is nothing",
            State::Expired => "expired",
            State::Invalidated => "invalidated",
            State::Absent => "not stored",
            State::Unknown => "not known: the server did not answer",
        })
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is {}", self.key, self.state)?;
        if self.computing {
            f.write_str("; a computation is under way")?;
        }
        let Some(entry) = &self.entry else {
            return Ok(());
        };
        let left = match entry.time_left {
            Some(left) => format!("{} left", in_words(left)),
            None => "for ever".to_owned(),
        };
        let (age, bytes) = (in_words(entry.age), Bytes(entry.bytes));
        write!(f, "\n  stored {age} ago, {left}, about {bytes}")?;
        if let Some(cost) = entry.computed_in {
            write!(f, ", computed in {cost:.1?}")?;
        }
        write!(f, "\n  invalidated by any of: {}", entry.guards.join(", "))?;
        if !entry.invalidated_by.is_empty() {
            write!(
                f,
                "\n  was invalidated by: {}",
                entry.invalidated_by.join(", ")
            )?;
        }
        Ok(())
    }
}

/// A time for people: whole seconds, from ten seconds on.
fn in_words(time: Duration) -> String {
    let rounded = match time.as_secs() {
        10.. => Duration::from_secs(time.as_secs()),
        _ => Duration::from_millis(u64::try_from(time.as_millis()).unwrap_or(u64::MAX)),
    };
    humantime::format_duration(rounded).to_string()
}
