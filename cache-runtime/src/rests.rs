//! Keys whose source is left alone for a while: it has failed, or somebody else is asking it.
//!
//! By the hash of the key, and no more of them than fit. One that is forgotten is asked again, which does no harm.

use crate::clock::Tick;
use foldhash::quality::RandomState;
use quick_cache::sync::Cache;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicBool, Ordering};

const MOST: u64 = 16_384;

pub(crate) struct Rests {
    until: Cache<u64, Tick, quick_cache::UnitWeighter, RandomState>,
    hasher: RandomState,
    /// Whether any ever has: mostly none does.
    any: AtomicBool,
}

impl Rests {
    pub(crate) fn new() -> Self {
        let hasher = RandomState::default();
        let until = Cache::with(
            0,
            MOST,
            quick_cache::UnitWeighter,
            hasher.clone(),
            quick_cache::sync::DefaultLifecycle::default(),
        );
        Rests {
            until,
            hasher,
            any: AtomicBool::new(false),
        }
    }

    /// Leaves the source of this key alone until then.
    pub(crate) fn rest(&self, key: &str, until: Tick) {
        self.until.insert(self.hasher.hash_one(key), until);
        self.any.store(true, Ordering::Release);
    }

    /// Whether it is left alone.
    pub(crate) fn is_resting(&self, key: &str, now: Tick) -> bool {
        self.any.load(Ordering::Acquire)
            && self
                .until
                .get(&self.hasher.hash_one(key))
                .is_some_and(|until| now < until)
    }

    /// It has answered.
    pub(crate) fn end(&self, key: &str) {
        if self.any.load(Ordering::Acquire) {
            self.until.remove(&self.hasher.hash_one(key));
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
        rests.rest("a", clock.now().plus(Duration::from_secs(5)));
        assert!(rests.is_resting("a", clock.now()) && !rests.is_resting("b", clock.now()));
        hand.advance(Duration::from_secs(5));
        assert!(!rests.is_resting("a", clock.now()));
        rests.rest("a", clock.now().plus(Duration::from_secs(5)));
        rests.end("a");
        assert!(!rests.is_resting("a", clock.now()));
    }
}
