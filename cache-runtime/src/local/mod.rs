//! The local tier: entries in this process, bounded in number and bytes.
//!
//! Which entry has to go is quick_cache's decision (a variant of CLOCK-Pro); whether an entry is valid is not
//! asked here.

use crate::entry::Entry;
use foldhash::quality::RandomState;
use quick_cache::sync::Cache;
use quick_cache::{Lifecycle, OptionsBuilder, Weighter};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What an entry costs beyond its key and value: its header, stamps and place in the table.
const OVERHEAD: u64 = 160;

/// What a stamp costs, with its share of the generation.
const STAMP: u64 = 24;

/// How much the local tier may hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Capacity {
    pub(crate) entries: u64,
    pub(crate) bytes: u64,
}

pub(crate) struct Local {
    entries: Cache<Arc<str>, Arc<Entry>, ByWeight, RandomState, PushedOut>,
    capacity: Capacity,
    evicted: AtomicU64,
}

impl Local {
    pub(crate) fn new(capacity: Capacity) -> Self {
        let capacity = Capacity {
            entries: capacity.entries.max(1),
            bytes: capacity.bytes.max(1),
        };
        let estimated = usize::try_from(capacity.entries).unwrap_or(usize::MAX);
        let options = OptionsBuilder::new()
            .estimated_items_capacity(estimated.min(1 << 24))
            .weight_capacity(capacity.bytes)
            .build()
            .expect("both capacities are set");
        // One weight keeps both bounds: no entry weighs less than its share, so bytes run out first.
        let weigher = ByWeight {
            least: (capacity.bytes / capacity.entries).max(1),
        };
        Local {
            entries: Cache::with_options(options, weigher, RandomState::default(), PushedOut),
            capacity,
            evicted: AtomicU64::new(0),
        }
    }

    #[inline]
    pub(crate) fn get(&self, key: &str) -> Option<Arc<Entry>> {
        self.entries.get(key)
    }

    /// Looks without counting as use.
    pub(crate) fn peek(&self, key: &str) -> Option<Arc<Entry>> {
        self.entries.peek(key)
    }

    /// Whether it was kept: an entry that is larger than a shard's room is not.
    pub(crate) fn insert(&self, key: Arc<str>, entry: &Arc<Entry>) -> bool {
        let pushed_out = self
            .entries
            .insert_with_lifecycle(Arc::clone(&key), Arc::clone(entry));
        // The entry that this one replaces is among them, and so is this one if it was not kept.
        let evicted = pushed_out.iter().filter(|(other, _)| *other != key).count();
        self.evicted.fetch_add(evicted as u64, Ordering::Relaxed);
        !pushed_out
            .iter()
            .any(|(_, other)| Arc::ptr_eq(other, entry))
    }

    /// Frees the room of an invalid entry; leaves a valid one that has taken its place.
    pub(crate) fn remove_invalid(&self, key: &str) -> Option<Arc<Entry>> {
        let removed = self.entries.remove_if(key, |entry| !entry.is_current());
        removed.map(|(_, entry)| entry)
    }

    /// Frees the room of every invalid entry. One by one, so that values are dropped outside of all locks.
    pub(crate) fn sweep(&self) {
        let keys: Vec<_> = self.entries.iter().map(|(key, _)| key).collect();
        for key in keys {
            self.remove_invalid(&key);
        }
    }

    /// Entries held, invalid ones that nobody asked for since included.
    pub(crate) fn len(&self) -> u64 {
        self.entries.len() as u64
    }

    /// Estimated bytes held.
    pub(crate) fn bytes(&self) -> u64 {
        self.entries.iter().map(|(_, entry)| entry.weight).sum()
    }

    pub(crate) fn capacity(&self) -> Capacity {
        self.capacity
    }

    pub(crate) fn evicted(&self) -> u64 {
        self.evicted.load(Ordering::Relaxed)
    }
}

/// What an entry under `key` is taken to hold, whose value weighs `value` bytes and hangs on so many generations.
pub(crate) fn weight(key: &str, value: usize, stamps: usize) -> u64 {
    OVERHEAD + key.len() as u64 + value as u64 + STAMP * stamps as u64
}

#[derive(Clone)]
struct ByWeight {
    least: u64,
}

impl Weighter<Arc<str>, Arc<Entry>> for ByWeight {
    fn weight(&self, _: &Arc<str>, entry: &Arc<Entry>) -> u64 {
        entry.weight.max(self.least)
    }
}

/// Collects what an insertion pushes out. Values are dropped by whoever inserted, outside of all locks: their `Drop`
/// is not ours.
#[derive(Clone)]
struct PushedOut;

impl Lifecycle<Arc<str>, Arc<Entry>> for PushedOut {
    type RequestState = Vec<(Arc<str>, Arc<Entry>)>;

    fn begin_request(&self) -> Self::RequestState {
        Vec::new()
    }

    fn on_evict(&self, pushed_out: &mut Self::RequestState, key: Arc<str>, entry: Arc<Entry>) {
        pushed_out.push((key, entry));
    }
}
