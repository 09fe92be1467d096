//! Invalidation: ending generations, and freeing the room of what became invalid.

use crate::cache::Cache;
use crate::generation::Guard;
use crate::key::Key;
use crate::pattern::{Pattern, Route, matches};
use crate::site::{InvalidationSite, Site};
use crate::stats::count;
use crate::tag::Tag;
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
}

impl Invalidated {
    pub(crate) fn delivered(route: Route, removed: Option<u64>) -> Self {
        Invalidated {
            route,
            removed,
            delivery: Delivery::Delivered,
        }
    }
}

impl fmt::Display for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Delivery::Delivered => f.write_str("delivered"),
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

/// One thing to invalidate.
#[allow(missing_docs, reason = "reached only by expansions")]
#[derive(Clone, Debug)]
pub enum Target {
    Pattern(Pattern),
    Tag(Tag),
}

#[allow(missing_docs, reason = "reached only by expansions")]
impl Target {
    pub fn pattern(pattern: impl Into<Pattern>) -> Self {
        Target::Pattern(pattern.into())
    }

    pub fn tag(tag: impl Into<Tag>) -> Self {
        Target::Tag(tag.into())
    }
}

/// Who invalidates, for the log.
#[derive(Clone, Copy)]
pub(crate) enum By {
    /// Whoever uses the handle itself.
    Hand,
    Function(&'static InvalidationSite),
    Domain(&'static Site),
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            By::Hand => f.write_str("(direct)"),
            By::Function(site) => f.write_str(&site.name()),
            By::Domain(site) => f.write_str(&site.name()),
        }
    }
}

/// Invalidates, without waiting for anything: a future that is being dropped can do it too.
pub(crate) fn invalidate(cache: &Cache, target: &Target, by: By) -> Invalidated {
    let (route, removed) = match target {
        Target::Tag(tag) => {
            cache.generations().end(Guard::Tag, tag.as_str());
            (Route::Tag, None)
        }
        Target::Pattern(pattern) => (pattern.route(), by_pattern(cache, pattern)),
    };
    count(cache.invalidations());
    let done = Invalidated::delivered(route, removed);
    trace::invalidated(&done, by);
    done
}

fn by_pattern(cache: &Cache, pattern: &Pattern) -> Option<u64> {
    match pattern.route() {
        Route::Key => Some(u64::from(end_key(cache, &Key::from(pattern.as_str())))),
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

/// Invalidates one key. Returns whether an entry was removed that could have been served.
pub(crate) fn delete(cache: &Cache, key: &Key, by: By) -> bool {
    let removed = end_key(cache, key);
    count(cache.invalidations());
    trace::invalidated(
        &Invalidated::delivered(Route::Key, Some(u64::from(removed))),
        by,
    );
    removed
}

/// Ends a key's generation: its entry, any computation of it, and what was computed from it.
/// Returns whether an entry was removed that could have been served.
pub(crate) fn end_key(cache: &Cache, key: &Key) -> bool {
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
