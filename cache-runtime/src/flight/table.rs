//! The flights under way, by key.

use super::{End, Flight};
use crate::sync::lock;
use foldhash::quality::RandomState;
use std::collections::HashMap;
use std::hash::BuildHasher;
use std::sync::{Arc, Mutex};

const SHARDS: usize = 64;

type Shard = HashMap<Arc<str>, Arc<Flight>, RandomState>;

pub(crate) struct Flights {
    shards: Box<[Mutex<Shard>]>,
    hasher: RandomState,
}

/// What a caller found who wanted a value that is not there.
pub(crate) enum Entered {
    /// A computation is under way: wait for it.
    Joined(Arc<Flight>),
    /// The same, but its result is none for this caller: wait for its end, and look again.
    #[cfg(feature = "redis")]
    Behind(Arc<Flight>),
    /// Nobody computes: it is this caller's turn.
    Leads(Lead),
}

/// How a caller stands to a computation that is under way.
pub(crate) enum Stance {
    Join,
    #[cfg(feature = "redis")]
    Wait,
    /// Takes its place. It goes on, and nobody joins it any more.
    Replace,
}

impl Flights {
    pub(crate) fn new() -> Self {
        Flights {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            hasher: RandomState::default(),
        }
    }

    /// Joins the flight of `key`, or waits for it, as `stance` says; otherwise starts one, which takes its place.
    ///
    /// `begin` runs under the lock, so that of all callers just one captures generations.
    pub(crate) fn enter(
        self: &Arc<Self>,
        key: &Arc<str>,
        stance: impl FnOnce(&Arc<Flight>) -> Stance,
        begin: impl FnOnce() -> Flight,
    ) -> Entered {
        let mut shard = lock(self.shard(key));
        if let Some(flight) = shard.get(&**key) {
            match stance(flight) {
                Stance::Join => return Entered::Joined(Arc::clone(flight)),
                #[cfg(feature = "redis")]
                Stance::Wait => return Entered::Behind(Arc::clone(flight)),
                Stance::Replace => {}
            }
        }
        let flight = Arc::new(begin());
        let _replaced = shard.insert(Arc::clone(key), Arc::clone(&flight));
        drop(shard);
        #[cfg(feature = "redis")]
        if let Some(replaced) = _replaced {
            replaced.is_replaced();
        }
        Entered::Leads(Lead {
            flights: Some(Arc::clone(self)),
            key: Arc::clone(key),
            flight,
        })
    }

    /// Starts a flight, which takes the place of another.
    #[cfg(feature = "redis")]
    pub(crate) fn lead(self: &Arc<Self>, key: &Arc<str>, begin: impl FnOnce() -> Flight) -> Lead {
        let flight = Arc::new(begin());
        let replaced = lock(self.shard(key)).insert(Arc::clone(key), Arc::clone(&flight));
        if let Some(replaced) = replaced {
            replaced.is_replaced();
        }
        Lead {
            flights: Some(Arc::clone(self)),
            key: Arc::clone(key),
            flight,
        }
    }

    /// What looked for an entry has found none. Whether it may compute: nothing has taken its place meanwhile.
    #[cfg(feature = "redis")]
    pub(crate) fn goes_on(&self, lead: &Lead) -> bool {
        let shard = lock(self.shard(&lead.key));
        let stands = is_in(&shard, &lead.key, &lead.flight);
        if stands {
            lead.flight.has_looked();
        }
        stands
    }

    /// How many computations are under way.
    pub(crate) fn len(&self) -> usize {
        let computing = |shard: &Mutex<Shard>| {
            let shard = lock(shard);
            shard
                .values()
                .filter(|flight| flight.is_computation())
                .count()
        };
        self.shards.iter().map(computing).sum()
    }

    /// Whether there is one for this key.
    pub(crate) fn contains(&self, key: &str) -> bool {
        let shard = lock(self.shard(key));
        shard.get(key).is_some_and(|flight| flight.is_computation())
    }

    fn leave(&self, key: &str, flight: &Arc<Flight>) {
        let mut shard = lock(self.shard(key));
        if is_in(&shard, key, flight) {
            shard.remove(key);
        }
    }

    fn shard(&self, key: &str) -> &Mutex<Shard> {
        &self.shards[(self.hasher.hash_one(key) >> 40) as usize % SHARDS]
    }
}

/// Whether nothing has taken the place of this flight.
fn is_in(shard: &Shard, key: &str, flight: &Arc<Flight>) -> bool {
    let found = shard.get(key);
    found.is_some_and(|found| Arc::ptr_eq(found, flight))
}

/// The duty to end a flight. Dropped without having done so (the future was cancelled, or its body panicked), it
/// ends it as abandoned.
pub(crate) struct Lead {
    /// `None` for a computation on the caller's own account, which nobody can join.
    flights: Option<Arc<Flights>>,
    key: Arc<str>,
    flight: Arc<Flight>,
}

impl Lead {
    /// A computation that nobody can join.
    pub(crate) fn alone(key: Arc<str>, flight: Flight) -> Self {
        Lead {
            flights: None,
            key,
            flight: Arc::new(flight),
        }
    }

    pub(crate) fn flight(&self) -> &Arc<Flight> {
        &self.flight
    }

    /// Hands the result to everybody who waits. What is stored must be stored before.
    pub(crate) fn finish(self, end: End) {
        self.flight.end(end);
    }

    /// The same if anybody waits, and nobody joins from here on; otherwise there is nothing to hand over.
    #[cfg(feature = "redis")]
    pub(crate) fn finish_for_others(mut self, end: impl FnOnce() -> End) {
        if let Some(flights) = self.flights.take() {
            flights.leave(&self.key, &self.flight);
        }
        if Arc::strong_count(&self.flight) > 1 {
            self.finish(end());
        }
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        if let Some(flights) = &self.flights {
            flights.leave(&self.key, &self.flight);
        }
        self.flight.end(End::Abandoned);
    }
}
