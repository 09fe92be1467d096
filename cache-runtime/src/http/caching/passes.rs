//! Requests whose last response was its caller's alone: their like need not wait for one another.

use crate::key::Key;
use foldhash::fast::FixedState;
use quick_cache::sync::Cache;
use std::hash::BuildHasher;
use std::time::{Duration, Instant};

/// For so long nobody waits for what cannot be shared. Other caches call it hit-for-miss.
const REMEMBERED: Duration = Duration::from_secs(10);

/// So many keys are remembered.
const MOST: usize = 10_000;

/// By their hashes: of two keys with one, the other goes past the cache as well for a while.
pub(super) struct Passes(Cache<u64, Instant>);

impl Default for Passes {
    fn default() -> Self {
        Passes(Cache::new(MOST))
    }
}

impl Passes {
    pub(super) fn note(&self, key: &Key) {
        self.0.insert(hash(key), Instant::now());
    }

    pub(super) fn has(&self, key: &Key) -> bool {
        let noted = self.0.get(&hash(key));
        noted.is_some_and(|noted| noted.elapsed() < REMEMBERED)
    }
}

fn hash(key: &Key) -> u64 {
    FixedState::default().hash_one(key.as_str())
}
