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
    if !cache.is_enabled() || !key.is_sound() {
        return false;
    }
    let flight = Arc::new(capture(cache, key.as_str(), &plan, &[]));
    keep(None, cache, site, key, &flight, Decision::of(&plan), value) == Outcome::Stored
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
    if !cache.is_enabled() || !key.is_sound() {
        return body.await;
    }
    let flight = Arc::new(capture(cache, key.as_str(), &plan, &[]));
    let outer = current_flight();
    let returned = run(outer.as_ref(), cache, site, key, &flight, body).await;
    if let View::Value(value) = shape.view(&returned) {
        let value = value.clone();
        let decision = Decision::of(&plan);
        let outcome = keep(outer.as_ref(), cache, site, key, &flight, decision, value);
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
    cache: Cache,
    site: &'static Site,
    key: Key,
    plan: Plan,
    flight: Arc<Flight>,
}

impl Permit {
    /// Captures what the new value will be stamped with.
    pub fn take(site: &'static Site, cache: &Cache, key: Key, plan: Plan) -> Self {
        let flight = capture(cache, key.as_str(), &plan, &[]);
        Permit {
            cache: cache.clone(),
            site,
            key,
            plan,
            flight: Arc::new(flight),
        }
    }

    /// Runs the write, and stores its value.
    pub async fn run<R, S, F>(
        self,
        shape: S,
        body: F,
        decide: impl FnOnce(&S::Value, &mut Decision),
    ) -> R
    where
        S: Shape<R>,
        S::Value: CacheValue,
        F: Future<Output = R>,
    {
        if !self.cache.is_enabled() || !self.key.is_sound() {
            return body.await;
        }
        let outer = current_flight();
        let outer = outer.as_ref();
        let returned = run(outer, &self.cache, self.site, &self.key, &self.flight, body).await;
        if let View::Value(value) = shape.view(&returned) {
            let mut decision = Decision::of(&self.plan);
            decide(value, &mut decision);
            let value = value.clone();
            let outcome = keep(
                outer,
                &self.cache,
                self.site,
                &self.key,
                &self.flight,
                decision,
                value,
            );
            if outcome == Outcome::Stored {
                self.used();
            }
        }
        returned
    }

    /// Nothing is left to delete.
    fn used(mut self) {
        self.key = Key::nothing();
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if self.key.is_sound() {
            end_key(&self.cache, &self.key);
        }
    }
}

async fn run<F: Future>(
    outer: Option<&Arc<Flight>>,
    cache: &Cache,
    site: &'static Site,
    key: &Key,
    flight: &Arc<Flight>,
    body: F,
) -> F::Output {
    if let Some(outer) = outer {
        outer.computes(flight);
    }
    let started = Instant::now();
    let computation = computing(Arc::clone(flight), body);
    let returned = trace::computation(site, key.as_str(), computation).await;
    site.counters(cache).loaded(started.elapsed());
    returned
}

#[allow(clippy::too_many_arguments, reason = "each is a thing of its own")]
fn keep<T: CacheValue>(
    outer: Option<&Arc<Flight>>,
    cache: &Cache,
    site: &'static Site,
    key: &Key,
    flight: &Arc<Flight>,
    decision: Decision,
    value: T,
) -> Outcome {
    let text: Arc<str> = key.as_str().into();
    let destination = Destination {
        cache,
        site,
        key: &text,
        flight,
        supersede: true,
    };
    let (entry, outcome) = destination.store(Finding::value(value), decision);
    if let Some(outer) = outer {
        outer.has_result(flight, &entry);
    }
    outcome
}
