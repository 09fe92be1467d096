//! Who was there lately.

use crate::cache::Cache;
use crate::clock::Tick;
use crate::sync::lock;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Keeps who was seen lately: users, whose data a [`Job`](super::Job) keeps warm. In bounded memory; with a Redis server, what all
/// processes have seen.
///
/// ```
/// use cache_runtime::Cache;
/// use cache_runtime::warm::RecentlyActive;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let users = RecentlyActive::new(&Cache::in_memory(), "users");
/// users.seen("ada");
/// users.seen("grace");
/// assert_eq!(users.recent(10).await, ["grace", "ada"]);
/// # }
/// ```
///
/// What a job is to warm for them:
///
/// ```
/// use cache_runtime::Cache;
/// use cache_runtime::warm::{Job, RecentlyActive};
/// use std::time::Duration;
///
/// # #[derive(Clone)] struct Session;
/// async fn session(user: String) -> Result<Session, std::io::Error> {
///     // An annotated function.
///     # let _ = user;
///     Ok(Session)
/// }
///
/// # fn main() {
/// let users = RecentlyActive::new(&Cache::in_memory(), "users");
/// let active = move || {
///     let users = users.clone();
///     async move { users.recent(500).await }
/// };
/// let job = Job::new("sessions", active, session).every(Duration::from_secs(600));
/// # }
/// ```
///
/// On a server they stand in a sorted set by the time they were seen, as they are. `seen` itself asks nobody; the server is told
/// within a second, of all that were seen by then (of those who are seen outside of a Tokio runtime: when the next one is seen
/// inside of one, or somebody asks). What cannot be told is told later. Sets of one name on one server are one set: give them the
/// same bounds in every process.
#[derive(Clone)]
pub struct RecentlyActive(Arc<Active>);

struct Active {
    cache: Cache,
    #[cfg_attr(
        not(feature = "redis"),
        allow(dead_code, reason = "of a set on a server")
    )]
    name: Box<str>,
    window: Duration,
    capacity: usize,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    /// By when they were seen last, and in which order.
    order: BTreeMap<(Tick, u64), Arc<str>>,
    last: HashMap<Arc<str>, (Tick, u64)>,
    number: u64,
    /// What the server was not told yet, if there is one.
    untold: HashMap<Arc<str>, Tick>,
    /// Whether somebody is about to tell.
    #[cfg(feature = "redis")]
    is_being_told: bool,
}

/// The server is told after so long, of all that were seen by then.
#[cfg(feature = "redis")]
const TOLD_AFTER: Duration = Duration::from_secs(1);

impl RecentlyActive {
    /// Of the last 30 minutes, at most 10,000; see [`bounded`](RecentlyActive::bounded). `name` tells sets on a server apart.
    pub fn new(cache: &Cache, name: &str) -> Self {
        Self::bounded(cache, name, Duration::from_secs(30 * 60), 10_000)
    }

    /// Of so long a time, and at most so many, at least one.
    pub fn bounded(cache: &Cache, name: &str, window: Duration, capacity: usize) -> Self {
        RecentlyActive(Arc::new(Active {
            cache: cache.clone(),
            name: name.into(),
            window,
            capacity: capacity.max(1),
            seen: Mutex::default(),
        }))
    }

    /// Somebody is there.
    pub fn seen(&self, id: &str) {
        let now = self.0.cache.now();
        let mut seen = lock(&self.0.seen);
        let id: Arc<str> = id.into();
        #[cfg(feature = "redis")]
        if self.0.cache.redis().is_some() {
            seen.untold.insert(Arc::clone(&id), now);
        }
        seen.note(id, now, self.0.capacity);
        #[cfg(feature = "redis")]
        if !seen.untold.is_empty()
            && !seen.is_being_told
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            seen.is_being_told = true;
            let active = self.clone();
            runtime.spawn(async move {
                tokio::time::sleep(TOLD_AFTER).await;
                let _is_told = active.tell().await;
            });
        }
    }

    /// Who was seen within the window, the last first, at most so many. What a server does not tell is what this process has
    /// seen.
    pub async fn recent(&self, number: usize) -> Vec<String> {
        #[cfg(feature = "redis")]
        if let Some(redis) = self.0.cache.redis() {
            let is_told = self.tell().await;
            let recent = redis.recent(&self.0.name, self.0.window, number).await;
            if let (true, Ok(recent)) = (is_told, recent) {
                return recent;
            }
        }
        let now = self.0.cache.now();
        let seen = lock(&self.0.seen);
        let recent = seen.order.iter().rev();
        recent
            .take_while(|((then, _), _)| now.since(*then) < self.0.window)
            .take(number)
            .map(|(_, id)| id.to_string())
            .collect()
    }

    /// Whether the server knows of all that were seen. What cannot be told is told the next time.
    #[cfg(feature = "redis")]
    async fn tell(&self) -> bool {
        let Active {
            cache,
            name,
            window,
            capacity,
            seen,
        } = &*self.0;
        let Some(redis) = cache.redis() else {
            return false;
        };
        let untold = {
            let mut seen = lock(seen);
            seen.is_being_told = false;
            std::mem::take(&mut seen.untold)
        };
        if untold.is_empty() {
            return true;
        }
        let now = cache.now();
        let ages = untold.iter().map(|(id, then)| (&**id, now.since(*then)));
        let is_told = redis.seen(name, ages, *window, *capacity).await.is_ok();
        if !is_told {
            let mut seen = lock(seen);
            let newer = std::mem::replace(&mut seen.untold, untold);
            seen.untold.extend(newer);
            let Seen { untold, last, .. } = &mut *seen;
            if untold.len() > *capacity {
                // Those who are among the last, and no others.
                untold.retain(|id, _| last.contains_key(id));
            }
        }
        is_told
    }
}

impl Seen {
    fn note(&mut self, id: Arc<str>, now: Tick, capacity: usize) {
        self.number += 1;
        let place = (now, self.number);
        if let Some(before) = self.last.insert(Arc::clone(&id), place) {
            self.order.remove(&before);
        }
        self.order.insert(place, id);
        while self.order.len() > capacity {
            if let Some((_, oldest)) = self.order.pop_first() {
                self.last.remove(&oldest);
                self.untold.remove(&oldest);
            }
        }
    }
}

impl fmt::Debug for RecentlyActive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecentlyActive")
            .field("name", &self.0.name)
            .field("window", &self.0.window)
            .field("capacity", &self.0.capacity)
            .field("here", &lock(&self.0.seen).order.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Clock, ManualClock};

    #[tokio::test]
    async fn they_are_bounded_in_time_and_number_and_the_last_is_first() {
        let hand = ManualClock::new();
        let cache = Cache::builder().clock(Clock::manual(&hand)).build().await;
        let cache = cache.expect("valid");
        let users = RecentlyActive::bounded(&cache, "users", Duration::from_secs(60), 3);
        for id in ["a", "b", "c", "b", "d"] {
            users.seen(id);
        }
        assert_eq!(users.recent(10).await, ["d", "b", "c"]);
        assert_eq!(users.recent(1).await, ["d"]);
        hand.advance(Duration::from_secs(59));
        users.seen("b");
        assert_eq!(users.recent(10).await, ["b", "d", "c"]);
        hand.advance(Duration::from_secs(1));
        assert_eq!(users.recent(10).await, ["b"]);
        assert!(lock(&users.0.seen).untold.len() <= 3);
    }
}
