//! Explicit writes on a shared server: permits, and plain sets.

use super::claim::{Claim, Hold};
use super::guards::{declared, dedup, of_value};
use super::sealing::Sealing;
use crate::cache::Cache;
use crate::codec::EncodeError;
use crate::error::CacheError;
use crate::flight::{Flight, Remote};
use crate::generation::{Guard, Named, Stamp};
use crate::key::Key;
use crate::read_through::plan::Plan;
use crate::redis::{Failure, Redis, Sealed, Wanted};
use crate::site::Site;
use crate::stats::count;
use crate::trace;
use crate::value::CacheValue;
use std::sync::Arc;
use std::time::Duration;

/// Captures the generations of a key and of all that its value will depend on, before the write begins.
pub(crate) async fn permit(
    cache: &Cache,
    redis: &Redis,
    site: &'static Site,
    key: &str,
    plan: &Plan,
) -> (Flight, Claim) {
    let remote = Remote::new(true, &plan.tags);
    let flight = Flight::of_server(cache.id(), remote, cache.generations().epoch());
    let key: Arc<str> = key.into();
    let mut guards: Vec<Named> = guards(&key, plan);
    guards.extend(keys_of(&key, plan).map(|key| (Guard::Key, key.into())));
    let remembered = redis.remembered(&key);
    guards.extend(remembered.iter().flat_map(|more| more.iter().cloned()));
    dedup(&mut guards);
    let wanted = Wanted {
        guards: &guards,
        any: of_value(site),
        ttl: cache.resolve(plan.ttl),
    };
    let claim = match redis.capture(wanted).await {
        Ok(captured) => Claim::new(redis, &key, captured, Hold::Permit),
        Err(failure) => {
            trace::unavailable(site, &failure);
            Claim::nothing(redis, &key)
        }
    };
    (flight, claim)
}

/// The scopes of all keys, and the tags.
fn guards(key: &str, plan: &Plan) -> Vec<Named> {
    let mut guards = declared(key, plan);
    for alias in &plan.aliases {
        guards.extend(declared(alias.as_str(), &Plan::default()));
    }
    guards
}

/// The key, and those of the copies.
fn keys_of<'k>(key: &'k str, plan: &'k Plan) -> impl Iterator<Item = &'k str> {
    std::iter::once(key).chain(plan.aliases.iter().map(Key::as_str))
}

/// A value that its caller has, and where it belongs.
struct Item {
    key: Box<str>,
    plan: Plan,
    sealing: Sealing,
    /// Where there are copies: what the generations of the keys will be, on which all of them depend.
    keys: Vec<Stamp>,
}

/// Stores values that their caller has, all with one time to live; returns how many.
pub(crate) async fn set<T: CacheValue>(
    cache: &Cache,
    redis: &Redis,
    site: &'static Site,
    values: Vec<(Key, T, Plan)>,
) -> usize {
    let mut items = Vec::with_capacity(values.len());
    for value in values {
        items.extend(item(cache, redis, site, value).await.ok());
    }
    store(cache, redis, site, items).await.unwrap_or(0)
}

/// Stores one value, or tells why not.
pub(crate) async fn try_set<T: CacheValue>(
    cache: &Cache,
    redis: &Redis,
    site: &'static Site,
    value: (Key, T, Plan),
) -> Result<(), CacheError> {
    let item = item(cache, redis, site, value).await?;
    store(cache, redis, site, vec![item]).await?;
    Ok(())
}

/// A value that can be stored. What was there is older than one that cannot, and ends.
async fn item<T: CacheValue>(
    cache: &Cache,
    redis: &Redis,
    site: &'static Site,
    value: (Key, T, Plan),
) -> Result<Item, EncodeError> {
    let key = value.0.clone();
    let item = Item::of(cache, redis, site, value);
    if item.is_err() {
        redis.delete(&[key.as_str()]).await;
    }
    item
}

impl Item {
    fn of<T: CacheValue>(
        cache: &Cache,
        redis: &Redis,
        site: &'static Site,
        (key, value, plan): (Key, T, Plan),
    ) -> Result<Self, EncodeError> {
        let (limit, ttl) = (redis.config().max_entry, cache.resolve(plan.ttl));
        let sealing = Sealing::of(cache, site, Some(&value), limit, ttl, Duration::ZERO)?;
        let stamp = |key: &str| Stamp {
            guard: Guard::Key,
            name: key.into(),
            generation: redis.draw(),
        };
        let keys = if plan.aliases.is_empty() {
            Vec::new()
        } else {
            keys_of(key.as_str(), &plan).map(stamp).collect()
        };
        Ok(Item {
            keys,
            key: key.as_str().into(),
            plan,
            sealing,
        })
    }
}

async fn store(
    cache: &Cache,
    redis: &Redis,
    site: &'static Site,
    items: Vec<Item>,
) -> Result<usize, Failure> {
    let Some(Item { plan, .. }) = items.first() else {
        return Ok(0);
    };
    let ttl = cache.resolve(plan.ttl);
    if ttl == Some(Duration::ZERO) {
        return Ok(0);
    }
    let mut wanted: Vec<Named> = Vec::new();
    for item in &items {
        wanted.extend(guards(&item.key, &item.plan));
    }
    dedup_many(&mut wanted);
    let wanted = Wanted {
        guards: &wanted,
        any: &[],
        ttl,
    };
    let replaced: Vec<Stamp> = items
        .iter()
        .flat_map(|item| item.keys.iter().cloned())
        .collect();
    let seal = |captured: &[Stamp], replication_id: &str| -> Vec<Sealed> {
        let mut sealed = Vec::with_capacity(items.len());
        for item in &items {
            let guards = guards(&item.key, &item.plan);
            let is_own =
                |stamp: &&Stamp| guards.iter().any(|(guard, name)| stamp.is_of(*guard, name));
            let mut stamps: Vec<Stamp> = captured.iter().filter(is_own).cloned().collect();
            stamps.extend(item.keys.iter().cloned());
            for key in keys_of(&item.key, &item.plan) {
                sealed.push(item.sealing.under(key, &stamps, replication_id));
            }
        }
        sealed
    };
    let counters = site.counters(cache);
    let keys: Vec<&str> = items
        .iter()
        .flat_map(|item| keys_of(&item.key, &item.plan))
        .collect();
    match redis.set(&keys, wanted, &replaced, seal).await {
        Ok(()) => {
            items.iter().for_each(|_| count(&counters.stores));
            Ok(items.len())
        }
        Err(failure) => {
            count(&counters.unavailable);
            trace::not_stored(site, &failure);
            Err(failure)
        }
    }
}

/// As [`dedup`], for as many as a batch may have.
fn dedup_many(guards: &mut Vec<Named>) {
    let mut seen = std::collections::HashSet::new();
    guards.retain(|guard| seen.insert(guard.clone()));
}
