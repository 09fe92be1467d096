//! Keys whose source is left alone for a while: it has failed, or somebody else is asking it; and those that everybody asks on his own.
//!
//! By the hash of the key, and no more of them than fit. One that is forgotten is asked again, which does no harm.

use crate::clock::Tick;
use foldhash::quality::RandomState;
use quick_cache::sync::Cache;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicBool, Ordering};

const MOST: u64 = 16_384;

pub(crate) struct Rests {
    /// Whose source has failed.
    failed: Table,
    /// What is refreshed by another process.
    elsewhere: Table,
    /// Whose last answer was its caller's alone.
    #[cfg(feature = "http")]
    alone: Table,
    hasher: RandomState,
}

/// Until when, by hash.
struct Table {
    until: Cache<u64, Tick, quick_cache::UnitWeighter, RandomState>,
    /// Whether any ever has: mostly none does.
    any: AtomicBool,
}

impl Rests {
    pub(crate) fn new() -> Self {
        let hasher = RandomState::default();
        Rests {
            failed: Table::new(&hasher),
            elsewhere: Table::new(&hasher),
            #[cfg(feature = "http")]
            alone: Table::new(&hasher),
            hasher,
        }
    }

    /// The source of this key has failed: it is left alone until then.
    pub(crate) fn failed(&self, key: &str, until: Tick) {
        self.failed.set(self.hasher.hash_one(key), until);
    }

    /// Whether it has failed, and is left alone.
    pub(crate) fn has_failed(&self, key: &str, now: Tick) -> bool {
        self.failed.holds(|| self.hasher.hash_one(key), now)
    }

    /// Somebody else refreshes this key: nobody here need try until then.
    #[cfg(feature = "redis")]
    pub(crate) fn is_refreshed_elsewhere(&self, key: &str, until: Tick) {
        self.elsewhere.set(self.hasher.hash_one(key), until);
    }

    /// Whether a refresh is to be tried now.
    pub(crate) fn may_refresh(&self, key: &str, now: Tick) -> bool {
        !self.has_failed(key, now) && !self.elsewhere.holds(|| self.hasher.hash_one(key), now)
    }

    /// What the source answers to this key is its caller's alone: nobody need wait for another's answer until then.
    #[cfg(feature = "http")]
    pub(crate) fn is_answered_alone(&self, key: &str, until: Tick) {
        self.alone.set(self.hasher.hash_one(key), until);
    }

    /// Whether nobody need wait for another's answer.
    #[cfg(feature = "http")]
    pub(crate) fn goes_alone(&self, key: &str, now: Tick) -> bool {
        self.alone.holds(|| self.hasher.hash_one(key), now)
    }

    /// The source has answered.
    pub(crate) fn end(&self, key: &str) {
        self.failed.remove(|| self.hasher.hash_one(key));
        self.elsewhere.remove(|| self.hasher.hash_one(key));
    }
}

impl Table {
    fn new(hasher: &RandomState) -> Self {
        let until = Cache::with(
            0,
            MOST,
            quick_cache::UnitWeighter,
            hasher.clone(),
            quick_cache::sync::DefaultLifecycle::default(),
        );
        Table {
            until,
            any: AtomicBool::new(false),
        }
    }

    fn set(&self, hash: u64, until: Tick) {
        self.until.insert(hash, until);
        self.any.store(true, Ordering::Release);
    }

    fn holds(&self, hash: impl Fn() -> u64, now: Tick) -> bool {
        let any = self.any.load(Ordering::Acquire);
        any && self.until.get(&hash()).is_some_and(|until| now < until)
    }

    fn remove(&self, hash: impl Fn() -> u64) {
        if self.any.load(Ordering::Acquire) {
            self.until.remove(&hash());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock, ManualClock};
    use std::time::Duration;

    #[test]
    fn a_key_rests_until_its_time_or_an_answer() {
        let (rests, hand) = (Rests::new(), ManualClock::new());
        let clock = Clock::manual(&hand);
        rests.failed("a", clock.now().plus(Duration::from_secs(5)));
        assert!(rests.has_failed("a", clock.now()) && !rests.has_failed("b", clock.now()));
        assert!(!rests.may_refresh("a", clock.now()) && rests.may_refresh("b", clock.now()));
        hand.advance(Duration::from_secs(5));
        assert!(!rests.has_failed("a", clock.now()));
        rests.failed("a", clock.now().plus(Duration::from_secs(5)));
        rests.end("a");
        assert!(!rests.has_failed("a", clock.now()));
    }

    #[cfg(feature = "redis")]
    #[test]
    fn what_is_refreshed_elsewhere_has_not_failed() {
        let (rests, hand) = (Rests::new(), ManualClock::new());
        let now = Clock::manual(&hand).now();
        rests.is_refreshed_elsewhere("a", now.plus(Duration::from_secs(5)));
        assert!(!rests.may_refresh("a", now) && !rests.has_failed("a", now));
    }
}
