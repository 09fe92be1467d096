//! Explicit writes, and what each can promise.

use crate::cache::Cache;
use crate::collecting;
use crate::error::CacheError;
use crate::flight::{Flight, current_flight};
use crate::invalidate::{By, end_key, end_key_soon};
#[cfg(feature = "redis")]
use crate::invalidate::{Delivery, Ending};
use crate::key::Key;
use crate::policy::Policy;
#[cfg(feature = "redis")]
use crate::read_through::remote::{self, Claim, Finished};
use crate::read_through::{
    Decision, Destination, Finding, Outcome, Plan, Shape, View, capture, compute,
};
#[cfg(feature = "redis")]
use crate::redis::Redis;
use crate::site::Site;
use crate::value::CacheValue;
use std::collections::HashSet;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// Stores a value that the caller already has.
///
/// It fences off every computation that began before, but cannot know how old the value itself is.
pub(crate) async fn set<T: CacheValue>(
    cache: &Cache,
    site: &'static Site,
    policy: &Policy,
    key: &Key,
    value: T,
    plan: Plan,
) -> bool {
    set_many(cache, site, policy, vec![(key.clone(), value, plan)]).await == 1
}

/// The same for who wants to know why it was not stored, if that was the server's fault or the codec's.
pub(crate) async fn try_set<T: CacheValue>(
    cache: &Cache,
    site: &'static Site,
    policy: &Policy,
    key: &Key,
    value: T,
    plan: Plan,
) -> Result<(), CacheError> {
    #[cfg(feature = "redis")]
    if let Some(redis) = cache.redis() {
        if is_collected(cache, site, key, &plan) || !is_possible(cache, key) {
            return Ok(());
        }
        let ending = Ending::of_keys(cache, all_keys(key, &plan));
        let value = (key.clone(), value, plan);
        let done = Box::pin(remote::try_set(cache, redis, site, policy, value)).await;
        ending.has(reached(redis));
        return done;
    }
    set(cache, site, policy, key, value, plan).await;
    Ok(())
}

/// As [`set`] for several values, whose plans have one time to live; returns how many were stored.
pub(crate) async fn set_many<T: CacheValue>(
    cache: &Cache,
    site: &'static Site,
    policy: &Policy,
    mut values: Vec<(Key, T, Plan)>,
) -> usize {
    values
        .retain(|(key, _, plan)| !is_collected(cache, site, key, plan) && is_possible(cache, key));
    keep_the_last(&mut values);
    #[cfg(feature = "redis")]
    if let Some(redis) = cache.redis() {
        if values.is_empty() {
            return 0;
        }
        // What stands there is another value from here on, or none: also where the new one could not be stored.
        let keys = values.iter();
        let keys = keys.flat_map(|(key, _, plan)| all_keys(key, plan));
        let ending = Ending::of_keys(cache, keys);
        let stored = Box::pin(remote::set(cache, redis, site, policy, values)).await;
        ending.has(reached(redis));
        return stored;
    }
    let mut stored = 0;
    for (key, value, plan) in values {
        let mut write = Write::begin(cache, site, policy, &key, plan).await;
        let decision = Decision::of(&write.plan);
        let outcome = write.keep(None, decision, &value, Duration::ZERO).await;
        if outcome == Outcome::Stored {
            stored += 1;
        } else {
            // What was there is older.
            end_key(cache, &key, By::site(site)).await;
        }
    }
    stored
}

/// All that a value stands under.
#[cfg(feature = "redis")]
fn all_keys<'k>(key: &'k Key, plan: &'k Plan) -> impl Iterator<Item = &'k Key> {
    std::iter::once(key).chain(&plan.aliases)
}

/// Whether the server knows of it, stored or not.
#[cfg(feature = "redis")]
fn reached(redis: &Redis) -> Delivery {
    if redis.is_clear() {
        Delivery::Delivered
    } else {
        Delivery::Deferred
    }
}

/// Of several values for one key, the last.
fn keep_the_last<T>(values: &mut Vec<(Key, T, Plan)>) {
    let mut seen = HashSet::new();
    let mut kept: Vec<bool> = values
        .iter()
        .rev()
        .map(|(key, _, _)| seen.insert(key.as_str()))
        .collect();
    values.retain(|_| kept.pop().unwrap_or(true));
}

/// Runs `body` and stores its value, unless something it depends on was invalidated meanwhile; computations that
/// began before it can store nothing after it.
pub(crate) async fn set_with<R, S, F>(
    cache: &Cache,
    site: &'static Site,
    policy: &Policy,
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
    if is_collected(cache, site, key, &plan) || !is_possible(cache, key) {
        return body.await;
    }
    let mut write = Write::begin(cache, site, policy, key, plan).await;
    let outer = current_flight();
    let (returned, cost) = write.run(outer.as_ref(), body).await;
    if let View::Value(value) = shape.view(&returned) {
        let decision = Decision::of(&write.plan);
        let outcome = write.keep(outer.as_ref(), decision, value, cost).await;
        if outcome != Outcome::Stored {
            // What was there is older than what was computed.
            end_key(cache, key, By::site(site)).await;
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
    policy: Policy,
    plan: Option<Plan>,
    /// Whether the new value is stored, or the key deleted, so that nothing is left to delete.
    settled: bool,
}

impl Permit {
    /// From here on the key is deleted unless a new value is stored.
    pub fn take(site: &'static Site, cache: &Cache, key: Key, plan: Plan) -> Self {
        Permit {
            cache: cache.clone(),
            site,
            key,
            policy: site.policy,
            plan: Some(plan),
            settled: false,
        }
    }

    /// As this operation has it, and not its site.
    #[must_use]
    pub(crate) fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// Captures what the new value will be stamped with, runs the write, and stores its value.
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
        let plan = self.plan.take().unwrap_or_default();
        if is_collected(&self.cache, self.site, &self.key, &plan) {
            self.settled = true;
            return body.await;
        }
        if !is_possible(&self.cache, &self.key) {
            return body.await;
        }
        let mut write = Write::begin(&self.cache, self.site, &self.policy, &self.key, plan).await;
        let outer = current_flight();
        let (returned, cost) = write.run(outer.as_ref(), body).await;
        if let View::Value(value) = shape.view(&returned) {
            let mut decision = Decision::of(&write.plan);
            decide(value, &mut decision);
            let outcome = write.keep(outer.as_ref(), decision, value, cost).await;
            self.settled = outcome == Outcome::Stored;
        }
        if !self.settled {
            end_key(&self.cache, &self.key, By::site(self.site)).await;
            self.settled = true;
        }
        returned
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if !self.settled {
            end_key_soon(&self.cache, &self.key, By::site(self.site));
        }
    }
}

/// Inside a transaction nothing is stored, since nothing is committed. What the keys hold is older than what would have
/// been stored, and is invalidated after the commit.
fn is_collected(cache: &Cache, site: &'static Site, key: &Key, plan: &Plan) -> bool {
    let keys = std::iter::once(key).chain(&plan.aliases);
    collecting::takes_keys(cache, keys, By::site(site))
}

fn is_possible(cache: &Cache, key: &Key) -> bool {
    cache.is_enabled() && key.is_sound()
}

/// A write under way: what it will store hangs on the generations captured at its beginning.
struct Write {
    cache: Cache,
    site: &'static Site,
    key: Arc<str>,
    policy: Policy,
    plan: Plan,
    flight: Arc<Flight>,
    #[cfg(feature = "redis")]
    claim: Option<Claim>,
}

impl Write {
    async fn begin(
        cache: &Cache,
        site: &'static Site,
        policy: &Policy,
        key: &Key,
        plan: Plan,
    ) -> Self {
        #[cfg(feature = "redis")]
        if let Some(redis) = cache.redis() {
            let permit = remote::permit(cache, redis, site, policy, key.as_str(), &plan);
            let (flight, claim) = Box::pin(permit).await;
            return Write {
                cache: cache.clone(),
                site,
                key: key.as_str().into(),
                policy: *policy,
                plan,
                flight: Arc::new(flight),
                claim: Some(claim),
            };
        }
        Write {
            flight: Arc::new(capture(cache, key.as_str(), &plan, &[])),
            cache: cache.clone(),
            site,
            key: key.as_str().into(),
            policy: *policy,
            plan,
            #[cfg(feature = "redis")]
            claim: None,
        }
    }

    /// Runs `body` as the computation of this write, which is part of `outer`.
    async fn run<F: Future>(
        &mut self,
        outer: Option<&Arc<Flight>>,
        body: F,
    ) -> (F::Output, Duration) {
        if let Some(outer) = outer {
            outer.computes(&self.flight);
        }
        compute(&self.cache, self.site, &self.key, &self.flight, None, body).await
    }

    /// Stores `value`, and tells `outer` what came of it.
    async fn keep<T: CacheValue>(
        &mut self,
        outer: Option<&Arc<Flight>>,
        decision: Decision,
        value: &T,
        cost: Duration,
    ) -> Outcome {
        let destination = Destination {
            cache: &self.cache,
            site: self.site,
            policy: &self.policy,
            key: &self.key,
            flight: &self.flight,
            supersede: true,
        };
        #[cfg(feature = "redis")]
        if let Some(claim) = self.claim.take() {
            let finished = Finished {
                destination: &destination,
                plan: &self.plan,
                claim,
                decision,
                cost,
                is_nested: outer.is_some(),
            };
            let (entry, outcome) = Box::pin(finished.keep(Some(value))).await;
            if let Some(outer) = outer {
                outer.has_result(&self.flight, &entry);
            }
            return outcome;
        }
        let (entry, outcome) = destination.store(Finding::of(Some(value)), decision, cost);
        if let Some(outer) = outer {
            outer.has_result(&self.flight, &entry);
        }
        outcome
    }
}
