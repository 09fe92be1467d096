//! Explicit writes, and what each can promise.

use crate::cache::Cache;
use crate::flight::{Flight, computing, current_flight};
use crate::invalidate::end_key;
use crate::key::Key;
use crate::read_through::{Decision, Destination, Finding, Outcome, Plan, Shape, View, capture};
use crate::site::Site;
use crate::trace;
use crate::value::CacheValue;
use std::future::Future;
use std::sync::Arc;
use std::time::Instant;

/// Stores a value that the caller already has.
///
/// It fences off every computation that began before, but cannot know how old the value itself is.
pub(crate) fn set<T: CacheValue>(
    cache: &Cache,
    site: &'static Site,
    key: &Key,
    value: T,
    plan: Plan,
) -> bool {
    if !is_possible(cache, key) {
        return false;
    }
    let write = Write::begin(cache, site, key, plan);
    write.keep(None, Decision::of(&write.plan), value) == Outcome::Stored
}

/// Runs `body` and stores its value, unless something it depends on was invalidated meanwhile; computations that
/// began before it can store nothing after it.
pub(crate) async fn set_with<R, S, F>(
    cache: &Cache,
    site: &'static Site,
    shape: S,
    key: &Key,
    plan: Plan,
    body: F,
) -> R
where
    S: Shape<R>,
    S::Value: CacheValue,
    F: Future<Output = R>,
{
    if !is_possible(cache, key) {
        return body.await;
    }
    let write = Write::begin(cache, site, key, plan);
    let outer = current_flight();
    let returned = write.run(outer.as_ref(), body).await;
    if let View::Value(value) = shape.view(&returned) {
        let decision = Decision::of(&write.plan);
        let outcome = write.keep(outer.as_ref(), decision, value.clone());
        if outcome != Outcome::Stored {
            // What was there is older than what was computed.
            end_key(cache, key);
        }
    }
    returned
}

/// The right to write through: taken before the source is written, used up after.
///
/// However the write ends, the cache holds the new value or none: if the value could not be stored, if there is
/// none, if the write failed, was cancelled or panicked, the key is deleted.
pub struct Permit {
    write: Write,
    /// Whether the new value is stored, so that nothing is left to delete.
    used: bool,
}

impl Permit {
    /// Captures what the new value will be stamped with.
    pub fn take(site: &'static Site, cache: &Cache, key: Key, plan: Plan) -> Self {
        Permit {
            write: Write::begin(cache, site, &key, plan),
            used: false,
        }
    }

    /// Runs the write, and stores its value.
    pub async fn run<R, S, F>(
        mut self,
        shape: S,
        body: F,
        decide: impl FnOnce(&S::Value, &mut Decision),
    ) -> R
    where
        S: Shape<R>,
        S::Value: CacheValue,
        F: Future<Output = R>,
    {
        if !is_possible(&self.write.cache, &self.write.key) {
            return body.await;
        }
        let outer = current_flight();
        let returned = self.write.run(outer.as_ref(), body).await;
        if let View::Value(value) = shape.view(&returned) {
            let mut decision = Decision::of(&self.write.plan);
            decide(value, &mut decision);
            let outcome = self.write.keep(outer.as_ref(), decision, value.clone());
            self.used = outcome == Outcome::Stored;
        }
        returned
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if !self.used {
            end_key(&self.write.cache, &self.write.key);
        }
    }
}

fn is_possible(cache: &Cache, key: &Key) -> bool {
    cache.is_enabled() && key.is_sound()
}

/// A write under way: what it will store hangs on the generations captured at its beginning.
struct Write {
    cache: Cache,
    site: &'static Site,
    key: Key,
    plan: Plan,
    flight: Arc<Flight>,
}

impl Write {
    fn begin(cache: &Cache, site: &'static Site, key: &Key, plan: Plan) -> Self {
        Write {
            flight: Arc::new(capture(cache, key.as_str(), &plan, &[])),
            cache: cache.clone(),
            site,
            key: key.clone(),
            plan,
        }
    }

    /// Runs `body` as the computation of this write, which is part of `outer`.
    async fn run<F: Future>(&self, outer: Option<&Arc<Flight>>, body: F) -> F::Output {
        if let Some(outer) = outer {
            outer.computes(&self.flight);
        }
        let started = Instant::now();
        let computation = computing(Arc::clone(&self.flight), body);
        let returned = trace::computation(self.site, self.key.as_str(), computation).await;
        self.site.counters(&self.cache).loaded(started.elapsed());
        returned
    }

    /// Stores `value`, and tells `outer` what came of it.
    fn keep<T: CacheValue>(
        &self,
        outer: Option<&Arc<Flight>>,
        decision: Decision,
        value: T,
    ) -> Outcome {
        let key: Arc<str> = self.key.as_str().into();
        let destination = Destination {
            cache: &self.cache,
            site: self.site,
            key: &key,
            flight: &self.flight,
            supersede: true,
        };
        let (entry, outcome) = destination.store(Finding::value(value), decision);
        if let Some(outer) = outer {
            outer.has_result(&self.flight, &entry);
        }
        outcome
    }
}
