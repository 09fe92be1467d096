//! Invalidation: ending generations, and freeing the room of what became invalid.
//!
//! Every entrance looks first whether the task is inside a transaction's scope; there it is noted for later.

mod ending;
mod target;
mod together;

pub(crate) use ending::Ending;
pub(crate) use target::By;
pub use target::Target;
pub(crate) use together::{invalidate_all_soon, invalidate_together};

use crate::audit;
use crate::cache::Cache;
use crate::collecting;
use crate::error::CacheError;
use crate::generation::Guard;
use crate::key::Key;
use crate::pattern::{Pattern, Route, matches};
#[cfg(feature = "redis")]
use crate::redis::Redis;
use crate::stats::count;
use crate::trace;
use serde::Serialize;
use std::fmt;

/// What an invalidation did, and what its caller can rely on.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use cache_runtime::{Cache, Delivery, Route};
///
/// let cache = Cache::in_memory();
/// cache.set("user:1:name", "Ada".to_owned()).await;
/// let done = cache.invalidate("user:1:*").await;
/// assert_eq!((done.route, done.delivery), (Route::Scope, Delivery::Delivered));
/// assert_eq!(cache.get::<String>("user:1:name").await, None);
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Invalidated {
    /// Which way it went.
    pub route: Route,
    /// How many stored entries it removed, where that is known: a scope or a tag is invalidated without
    /// counting what lies under it.
    pub removed: Option<u64>,
    /// Whether it has taken effect.
    pub delivery: Delivery,
}

/// Whether an invalidation has taken effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Delivery {
    /// Every reader that starts from here on sees the effect.
    Delivered,
    /// The shared server could not be reached, or did not answer in time. This process reads nothing from it until the
    /// invalidation is delivered, which it keeps trying. Until then other processes may still read what was there; and
    /// if this process ends before, the invalidation is lost.
    Deferred,
    /// It has not begun: this was called inside [`Invalidations::collect`](crate::Invalidations::collect), and happens
    /// after the commit, or not at all if there is none.
    Collected,
}

impl Delivery {
    /// The weaker of two promises.
    pub(crate) fn and(self, other: Delivery) -> Delivery {
        match (self, other) {
            (Delivery::Delivered, Delivery::Delivered) => Delivery::Delivered,
            (Delivery::Collected, _) | (_, Delivery::Collected) => Delivery::Collected,
            _ => Delivery::Deferred,
        }
    }
}

impl Invalidated {
    pub(crate) fn delivered(route: Route, removed: Option<u64>) -> Self {
        Invalidated {
            route,
            removed,
            delivery: Delivery::Delivered,
        }
    }

    fn collected(route: Route) -> Self {
        Invalidated {
            route,
            removed: None,
            delivery: Delivery::Collected,
        }
    }

    /// Both as one: an invalidation of several things.
    pub(crate) fn and(self, other: Invalidated) -> Self {
        Invalidated {
            route: other.route,
            removed: other.removed,
            delivery: self.delivery.and(other.delivery),
        }
    }
}

impl fmt::Display for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Delivery::Delivered => f.write_str("delivered"),
            Delivery::Deferred => f.write_str("deferred"),
            Delivery::Collected => f.write_str("collected"),
        }
    }
}

impl fmt::Display for Invalidated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} by {}", self.delivery, self.route)?;
        match self.removed {
            Some(removed) => write!(f, ", {removed} removed"),
            None => Ok(()),
        }
    }
}

/// Invalidates, and waits until it has taken effect everywhere, or for as long as one may wait.
pub(crate) async fn invalidate(cache: &Cache, target: &Target, by: By) -> Invalidated {
    if collecting::takes(cache, target, by) {
        return Invalidated::collected(target.route());
    }
    let ending = Ending::of(cache, [target.ends()]);
    #[cfg(feature = "redis")]
    let done = match cache.redis() {
        Some(redis) => Box::pin(on_server(redis, target)).await,
        None => here(cache, target),
    };
    #[cfg(not(feature = "redis"))]
    let done = here(cache, target);
    ending.has(done.delivery);
    note(cache, target, &done, by);
    done
}

/// To be called with what has been told to [`Ending`] already.
fn note(cache: &Cache, target: &Target, done: &Invalidated, by: By) {
    if let Some(key) = target.key() {
        cache.rests().end(key);
    }
    cache.history().note(target, by);
    audit::invalidated(cache, target, done, by);
    #[cfg(feature = "testing")]
    crate::witness::ended(target);
    note_all(cache, 1, done, by);
}

fn note_all(cache: &Cache, number: usize, done: &Invalidated, by: By) {
    for _ in 0..number {
        count(cache.invalidations());
        if done.delivery == Delivery::Deferred {
            count(cache.deferred());
        }
    }
    trace::invalidated(done, by);
}

/// Invalidates without waiting, for a future that is being dropped. In this process it has taken effect on return.
pub(crate) fn invalidate_soon(cache: &Cache, target: &Target, by: By) {
    if collecting::takes(cache, target, by) {
        return;
    }
    let ending = Ending::of(cache, [target.ends()]);
    #[cfg(feature = "redis")]
    let done = match cache.redis() {
        Some(redis) => soon_on_server(redis, target),
        None => here(cache, target),
    };
    #[cfg(not(feature = "redis"))]
    let done = here(cache, target);
    ending.has(done.delivery);
    note(cache, target, &done, by);
}

#[cfg(feature = "redis")]
async fn on_server(redis: &Redis, target: &Target) -> Invalidated {
    let (route, removed, delivery) = match target {
        Target::Key(key) => {
            let (delivery, removed) = redis.delete(&[key.as_str()]).await;
            (Route::Key, removed, delivery)
        }
        Target::Tag(tag) => (
            Route::Tag,
            None,
            redis.invalidate(Guard::Tag, tag.as_str()).await,
        ),
        Target::Pattern(pattern) => {
            let (removed, delivery) = match pattern.route() {
                Route::Key => {
                    let key = Key::from(pattern.as_str());
                    let (delivery, removed) = redis.delete(&[key.as_str()]).await;
                    (removed, delivery)
                }
                Route::Scope => (None, redis.invalidate(Guard::Scope, pattern.scope()).await),
                Route::Scan | Route::Tag => {
                    let (delivery, removed) = redis.delete_matching(pattern.as_str()).await;
                    (removed, delivery)
                }
            };
            (pattern.route(), removed, delivery)
        }
    };
    Invalidated {
        route,
        removed,
        delivery,
    }
}

#[cfg(feature = "redis")]
fn soon_on_server(redis: &Redis, target: &Target) -> Invalidated {
    let route = match target {
        Target::Key(key) => {
            redis.end_soon(Guard::Key, key.as_str());
            Route::Key
        }
        Target::Tag(tag) => {
            redis.end_soon(Guard::Tag, tag.as_str());
            Route::Tag
        }
        Target::Pattern(pattern) => {
            match pattern.route() {
                Route::Key => {
                    redis.end_soon(Guard::Key, Key::from(pattern.as_str()).as_str());
                }
                Route::Scope => redis.end_soon(Guard::Scope, pattern.scope()),
                Route::Scan | Route::Tag => redis.delete_matching_soon(pattern.as_str()),
            }
            pattern.route()
        }
    };
    Invalidated {
        route,
        removed: None,
        delivery: Delivery::Deferred,
    }
}

/// Invalidates in this process.
fn here(cache: &Cache, target: &Target) -> Invalidated {
    let (route, removed) = match target {
        Target::Key(key) => (Route::Key, Some(u64::from(end_key_here(cache, key)))),
        Target::Tag(tag) => {
            cache.generations().end(Guard::Tag, tag.as_str());
            (Route::Tag, None)
        }
        Target::Pattern(pattern) => (pattern.route(), by_pattern(cache, pattern)),
    };
    Invalidated::delivered(route, removed)
}

fn by_pattern(cache: &Cache, pattern: &Pattern) -> Option<u64> {
    match pattern.route() {
        Route::Key => Some(u64::from(end_key_here(cache, &Key::from(pattern.as_str())))),
        Route::Scope => {
            cache.generations().end(Guard::Scope, pattern.scope());
            if pattern.scope().is_empty() {
                cache.local().sweep();
            }
            None
        }
        // Every entry and every computation holds a generation of its key, so these are all the keys there are.
        Route::Scan | Route::Tag => {
            let glob = pattern.as_str();
            let ended = cache
                .generations()
                .end_all(Guard::Key, |key| matches(glob, key));
            let removed = ended.iter().filter(|key| free(cache, key));
            Some(removed.count() as u64)
        }
    }
}

/// Invalidates one key. Returns whether an entry was removed; in an embedded cache, one that could have been served.
pub(crate) async fn delete(cache: &Cache, key: &Key, by: By) -> bool {
    delete_many(cache, std::slice::from_ref(key), by).await > 0
}

/// The same for who wants to know whether it has taken effect everywhere.
pub(crate) async fn try_delete(cache: &Cache, key: &Key, by: By) -> Result<bool, CacheError> {
    let (removed, delivery) = delete_all(cache, std::slice::from_ref(key), by).await;
    match delivery {
        #[cfg(feature = "redis")]
        Delivery::Deferred => Err(CacheError::deferred()),
        _ => Ok(removed > 0),
    }
}

/// As [`delete`] for several; returns how many.
pub(crate) async fn delete_many(cache: &Cache, keys: &[Key], by: By) -> usize {
    delete_all(cache, keys, by).await.0
}

async fn delete_all(cache: &Cache, keys: &[Key], by: By) -> (usize, Delivery) {
    if collecting::takes_keys(cache, keys, by) {
        return (0, Delivery::Collected);
    }
    let ending = Ending::of_keys(cache, keys);
    let (removed, delivery) = end_keys(cache, keys).await;
    ending.has(delivery);
    let done = Invalidated {
        route: Route::Key,
        removed: Some(removed as u64),
        delivery,
    };
    for key in keys {
        cache.history().note_key(key.as_str(), by);
        audit::deleted(cache, key.as_str(), &done, by);
        #[cfg(feature = "testing")]
        crate::witness::ended_key(key.as_str());
    }
    note_all(cache, keys.len(), &done, by);
    (removed, delivery)
}

/// Ends a key's generation: its entry, any computation of it, and what was computed from it. Not counted: it is a part of
/// something else.
pub(crate) async fn end_key(cache: &Cache, key: &Key, by: By) {
    let ending = Ending::of_keys(cache, [key]);
    let (removed, delivery) = end_keys(cache, std::slice::from_ref(key)).await;
    ending.has(delivery);
    tell_of_key(cache, key, removed as u64, delivery, by);
}

/// The same of what copies outside of the cache have nothing to do with.
#[cfg(feature = "http")]
pub(crate) async fn end_key_untold(cache: &Cache, key: &Key, by: By) {
    let (removed, delivery) = end_keys(cache, std::slice::from_ref(key)).await;
    tell_of_key(cache, key, removed as u64, delivery, by);
}

/// The same without waiting.
pub(crate) fn end_key_soon(cache: &Cache, key: &Key, by: By) {
    if collecting::takes_keys(cache, [key], by) {
        return;
    }
    cache.rests().end(key.as_str());
    let ending = Ending::of_keys(cache, [key]);
    #[cfg(feature = "redis")]
    if let Some(redis) = cache.redis() {
        if key.is_sound() {
            redis.end_soon(Guard::Key, key.as_str());
        }
        ending.has(Delivery::Deferred);
        return tell_of_key(cache, key, 0, Delivery::Deferred, by);
    }
    let removed = u64::from(end_key_here(cache, key));
    ending.has(Delivery::Delivered);
    tell_of_key(cache, key, removed, Delivery::Delivered, by);
}

fn tell_of_key(cache: &Cache, key: &Key, removed: u64, delivery: Delivery, by: By) {
    let done = Invalidated {
        route: Route::Key,
        removed: Some(removed),
        delivery,
    };
    audit::deleted(cache, key.as_str(), &done, by);
}

async fn end_keys(cache: &Cache, keys: &[Key]) -> (usize, Delivery) {
    keys.iter().for_each(|key| cache.rests().end(key.as_str()));
    #[cfg(feature = "redis")]
    if let Some(redis) = cache.redis() {
        let sound: Vec<&str> = keys
            .iter()
            .filter(|key| key.is_sound())
            .map(Key::as_str)
            .collect();
        if sound.is_empty() {
            return (0, Delivery::Delivered);
        }
        let (delivery, removed) = Box::pin(redis.delete(&sound)).await;
        let removed = removed.and_then(|removed| usize::try_from(removed).ok());
        return (removed.unwrap_or(0), delivery);
    }
    let removed = keys.iter().filter(|key| end_key_here(cache, key)).count();
    (removed, Delivery::Delivered)
}

fn end_key_here(cache: &Cache, key: &Key) -> bool {
    if !key.is_sound() {
        return false;
    }
    let was_valid = cache.valid_entry(key).is_some();
    cache.generations().end(Guard::Key, key.as_str());
    free(cache, key.as_str()) && was_valid
}

fn free(cache: &Cache, key: &str) -> bool {
    let removed = cache.local().remove_invalid(key);
    removed.is_some_and(|entry| !entry.is_hint())
}
