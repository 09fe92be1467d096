//! Explicit writes on a shared server: permits, and plain sets.

use super::claim::{Claim, Hold};
use super::guards::{MOST_GUARDS, declared, dedup, of_value};
use super::sealing::Sealing;
use crate::audit;
use crate::cache::Cache;
use crate::codec::EncodeError;
use crate::error::CacheError;
use crate::flight::{Flight, Remote};
use crate::generation::{Guard, Named, Stamp};
use crate::key::Key;
use crate::policy::Policy;
use crate::read_through::Lifespan;
use crate::read_through::plan::Plan;
use crate::redis::{AT_A_TIME, Failure, Given, Redis, Topology, Wanted};
use crate::site::Site;
use crate::stats::count;
use crate::trace;
use crate::value::CacheValue;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

/// Captures the generations of a key and of all that its value will depend on, before the write begins.
pub(crate) async fn permit(
    cache: &Cache,
    redis: &Redis,
    site: &'static Site,
    policy: &Policy,
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
        ttl: Lifespan::at_most(cache, plan.ttl, policy).on_server(),
    };
    let claim = match redis.capture(wanted).await {
        Ok(captured) => {
            flight.runs_under(&captured.stamps);
            Claim::new(redis, &key, captured, Hold::Permit)
        }
        Err(failure) => {
            count(&site.counters(cache).unavailable);
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
    lives: Option<Duration>,
}

/// Stores values that their caller has; returns how many.
pub(crate) async fn set<T: CacheValue>(
    cache: &Cache,
    redis: &Redis,
    site: &'static Site,
    policy: &Policy,
    values: Vec<(Key, T, Plan)>,
) -> usize {
    let mut items = Vec::with_capacity(values.len());
    for value in values {
        items.extend(item(cache, redis, site, policy, value).await.ok().flatten());
    }
    let mut stored = 0;
    while !items.is_empty() {
        let some = items.drain(..items.len().min(AT_A_TIME)).collect();
        stored += store(cache, redis, site, some).await.unwrap_or(0);
    }
    stored
}

/// Stores one value, or tells why not.
pub(crate) async fn try_set<T: CacheValue>(
    cache: &Cache,
    redis: &Redis,
    site: &'static Site,
    policy: &Policy,
    value: (Key, T, Plan),
) -> Result<(), CacheError> {
    let item = item(cache, redis, site, policy, value).await?;
    store(cache, redis, site, item.into_iter().collect()).await?;
    Ok(())
}

/// A value that can be stored. What was there is older than one that cannot, or that is not to live at all, and ends.
async fn item<T: CacheValue>(
    cache: &Cache,
    redis: &Redis,
    site: &'static Site,
    policy: &Policy,
    (key, value, plan): (Key, T, Plan),
) -> Result<Option<Item>, EncodeError> {
    let lifespan = Lifespan::of_value(cache, plan.ttl, policy);
    let limit = redis.config().max_entry;
    let keys: Vec<&str> = keys_of(key.as_str(), &plan).collect();
    let number = guards(key.as_str(), &plan).len() + keys.len();
    let sealing = if number > MOST_GUARDS {
        trace::too_many_guards(site, number);
        Ok(None)
    } else if lifespan.is_none() {
        Ok(None)
    } else {
        Sealing::of(
            cache,
            site,
            site.sensitive,
            Some(&value),
            limit,
            lifespan,
            Duration::ZERO,
        )
        .map(Some)
    };
    if !matches!(sealing, Ok(Some(_))) {
        redis.delete(&keys).await;
    }
    Ok(sealing?.map(|sealing| Item {
        key: key.as_str().into(),
        plan,
        sealing,
        lives: lifespan.on_server(),
    }))
}

impl Item {
    fn keys(&self) -> impl Iterator<Item = &str> {
        keys_of(&self.key, &self.plan)
    }

    /// The entry, and its copies under further keys. Where there are any, all of them depend on the generations that
    /// their keys have from here on.
    fn given(&self, captured: &Captured<'_>, redis: &Redis, topology: &Topology) -> Vec<Given> {
        let mut stamps: Vec<Stamp> = guards(&self.key, &self.plan)
            .iter()
            .filter_map(|(guard, name)| captured.get(&(*guard, &**name)))
            .map(|stamp| (*stamp).clone())
            .collect();
        if !self.plan.aliases.is_empty() {
            stamps.extend(self.keys().map(|key| Stamp {
                guard: Guard::Key,
                name: key.into(),
                generation: redis.draw(),
            }));
        }
        let given = self.keys().map(|key| Given {
            entry: self
                .sealing
                .under(key, &stamps, redis.origin(topology, key)),
            fresh: Stamp::of_key(&stamps, key),
            lives: self.lives,
        });
        given.collect()
    }
}

/// Generations, by what they belong to.
type Captured<'s> = HashMap<(Guard, &'s str), &'s Stamp>;

async fn store(
    cache: &Cache,
    redis: &Redis,
    site: &'static Site,
    items: Vec<Item>,
) -> Result<usize, Failure> {
    if items.is_empty() {
        return Ok(0);
    }
    let number = items.len();
    let mut wanted: Vec<Named> = Vec::new();
    for item in &items {
        wanted.extend(guards(&item.key, &item.plan));
    }
    dedup_many(&mut wanted);
    let ttls = items.iter().map(|item| item.lives);
    let wanted = Wanted {
        guards: &wanted,
        any: &[],
        // For ever, if one of them is to live for ever.
        ttl: ttls
            .collect::<Option<Vec<_>>>()
            .and_then(|ttls| ttls.into_iter().max()),
    };
    let seal = |captured: &[Stamp], topology: &Topology| -> Vec<Given> {
        let captured: Captured<'_> = captured
            .iter()
            .map(|stamp| ((stamp.guard, &*stamp.name), stamp))
            .collect();
        let given = items.iter();
        given
            .flat_map(|item| item.given(&captured, redis, topology))
            .collect()
    };
    let counters = site.counters(cache);
    let keys: Vec<&str> = items.iter().flat_map(Item::keys).collect();
    match redis.set(&keys, wanted, seal).await {
        Ok(()) => {
            for item in &items {
                count(&counters.stores);
                audit::stored(cache, site, &item.key);
            }
            Ok(number)
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
    let mut seen = HashSet::new();
    guards.retain(|guard| seen.insert(guard.clone()));
}
