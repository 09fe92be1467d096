//! The local tier: entries in this process, bounded in number and bytes.
//!
//! Which entry has to go is quick_cache's decision (a variant of CLOCK-Pro); whether an entry is valid is not
//! asked here.
//!
//! The table knows keys by their hash. An entry tells the keys that it stands for, since it ends with each of them, so
//! what is found is looked at in any case; of two keys with one hash the last to be stored has the place.

mod identity;

use crate::entry::Entry;
use crate::generation::Generation;
use crate::key::Text;
use foldhash::quality::RandomState;
use identity::Identity;
use quick_cache::sync::Cache;
use quick_cache::{Lifecycle, OptionsBuilder, Weighter};
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What an entry costs beyond its key and value: its header, its key's generation and its place in the table. As
/// measured in `tests/costs`.
const OVERHEAD: u64 = 232;

/// What a stamp costs.
const STAMP: u64 = 16;

/// What the generation of a tag or a scope costs all who are stamped with it, beyond its name. As measured there too.
const GENERATION: usize = 150;

/// How much the local tier may hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Capacity {
    pub(crate) entries: u64,
    pub(crate) bytes: u64,
}

pub(crate) struct Local {
    entries: Cache<u64, Arc<Entry>, ByWeight, Identity, PushedOut>,
    hasher: RandomState,
    capacity: Capacity,
    evicted: AtomicU64,
    /// Counted as entries come and go: who looks at pages asks every other second, and there may be a million entries.
    bytes: AtomicU64,
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
            entries: Cache::with_options(options, weigher, Identity, PushedOut),
            hasher: RandomState::default(),
            capacity,
            evicted: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
        }
    }

    #[inline]
    pub(crate) fn get(&self, key: &str) -> Option<Arc<Entry>> {
        let found = self.entries.get(&self.hash(key))?;
        found.is_under(key).then_some(found)
    }

    /// Looks without counting as use.
    pub(crate) fn peek(&self, key: &str) -> Option<Arc<Entry>> {
        let found = self.entries.peek(&self.hash(key))?;
        found.is_under(key).then_some(found)
    }

    /// Whether it was kept: an entry that is larger than a shard's room is not. It has to be stamped with the generation
    /// of the key.
    pub(crate) fn insert(&self, key: &str, entry: &Arc<Entry>) -> bool {
        debug_assert!(entry.is_under(key));
        let hash = self.hash(key);
        // Before it can be taken out again.
        self.bytes.fetch_add(entry.about.weight, Ordering::Relaxed);
        let pushed_out = self.entries.insert_with_lifecycle(hash, Arc::clone(entry));
        // The entry that this one replaces is among them, and so is this one if it was not kept.
        let evicted = pushed_out
            .iter()
            .filter(|(other, _)| *other != hash)
            .count();
        self.evicted.fetch_add(evicted as u64, Ordering::Relaxed);
        let freed = pushed_out.iter().map(|(_, other)| other.about.weight).sum();
        self.bytes.fetch_sub(freed, Ordering::Relaxed);
        !pushed_out
            .iter()
            .any(|(_, other)| Arc::ptr_eq(other, entry))
    }

    /// Frees the room of an invalid entry; leaves a valid one that has taken its place.
    pub(crate) fn remove_invalid(&self, key: &str) -> Option<Arc<Entry>> {
        self.remove_if_invalid(self.hash(key))
            .filter(|entry| entry.is_under(key))
    }

    /// Frees the room of every invalid entry. One by one, so that values are dropped outside of all locks.
    pub(crate) fn sweep(&self) {
        let hashes: Vec<_> = self.entries.iter().map(|(hash, _)| hash).collect();
        for hash in hashes {
            self.remove_if_invalid(hash);
        }
    }

    fn remove_if_invalid(&self, hash: u64) -> Option<Arc<Entry>> {
        let removed = self.entries.remove_if(&hash, |entry| !entry.is_current());
        let (_, entry) = removed?;
        self.bytes.fetch_sub(entry.about.weight, Ordering::Relaxed);
        Some(entry)
    }

    #[inline]
    fn hash(&self, key: &str) -> u64 {
        // As bytes, without the mark that ends a text among others.
        let mut hasher = self.hasher.build_hasher();
        hasher.write(key.as_bytes());
        hasher.finish()
    }

    /// Entries held, invalid ones that nobody asked for since included.
    pub(crate) fn len(&self) -> u64 {
        self.entries.len() as u64
    }

    /// Estimated bytes held.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Some entries, this many at most. Which ones, their hashes decide.
    pub(crate) fn sample(&self, most: usize) -> impl Iterator<Item = Arc<Entry>> {
        self.entries.iter().take(most).map(|(_, entry)| entry)
    }

    pub(crate) fn capacity(&self) -> Capacity {
        self.capacity
    }

    pub(crate) fn evicted(&self) -> u64 {
        self.evicted.load(Ordering::Relaxed)
    }
}

/// What an entry under `key` is taken to hold, whose value weighs `value` bytes and hangs on these generations, that of the
/// key first. To be asked before it has them: what they take is divided by those who have.
pub(crate) fn weight(key: &str, value: usize, stamps: &[Arc<Generation>]) -> u64 {
    // The table's reference, and that of this list.
    const NOBODY: usize = 2;
    // A key's generation has its name, and the entry has it as well, in the header if it is short.
    let names = key.len() + Text::on_heap(key.len());
    let share = |stamp: &Arc<Generation>| {
        let others = Arc::strong_count(stamp).saturating_sub(NOBODY);
        (GENERATION + stamp.name().len()) / (others + 1)
    };
    let shares: usize = stamps.iter().skip(1).map(share).sum();
    OVERHEAD + (names + value + shares) as u64 + STAMP * stamps.len() as u64
}

#[derive(Clone)]
struct ByWeight {
    least: u64,
}

impl Weighter<u64, Arc<Entry>> for ByWeight {
    fn weight(&self, _: &u64, entry: &Arc<Entry>) -> u64 {
        entry.about.weight.max(self.least)
    }
}

/// Collects what an insertion pushes out. Values are dropped by whoever inserted, outside of all locks: their `Drop`
/// is not ours.
#[derive(Clone)]
struct PushedOut;

impl Lifecycle<u64, Arc<Entry>> for PushedOut {
    type RequestState = Vec<(u64, Arc<Entry>)>;

    fn begin_request(&self) -> Self::RequestState {
        Vec::new()
    }

    fn on_evict(&self, pushed_out: &mut Self::RequestState, hash: u64, entry: Arc<Entry>) {
        pushed_out.push((hash, entry));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::About;
    use crate::generation::{Generations, Guard};

    fn local() -> Local {
        Local::new(Capacity {
            entries: 100,
            bytes: 1 << 20,
        })
    }

    fn entry(generations: &Generations, key: &str, further: &[&str]) -> Arc<Entry> {
        let keys = std::iter::once(&key).chain(further);
        let about = About {
            has_aliases: !further.is_empty(),
            stamps: keys
                .map(|key| generations.capture(Guard::Key, key))
                .collect(),
            ..About::default()
        };
        Entry::of(key, Some(key.to_owned()), about)
    }

    #[test]
    fn an_entry_is_found_under_all_keys_that_it_stands_for() {
        let (local, generations) = (local(), Generations::new());
        let entry = entry(&generations, "user:1", &["user:~email:a@b.c"]);
        assert!(local.insert("user:1", &entry));
        assert!(local.insert("user:~email:a@b.c", &entry));
        for key in ["user:1", "user:~email:a@b.c"] {
            let found = local.get(key).expect("inserted");
            assert!(Arc::ptr_eq(&found, &entry), "{key}");
        }
        assert!(local.get("user:2").is_none());
    }

    #[test]
    fn bytes_are_those_of_what_is_there_whatever_came_and_went() {
        let capacity = Capacity {
            entries: 300,
            bytes: 200 * 300,
        };
        let (local, generations) = (Local::new(capacity), Generations::new());
        let of_weight = |key: &str, weight| {
            let about = About {
                stamps: [generations.capture(Guard::Key, key)].into(),
                weight,
                ..About::default()
            };
            Entry::of(key, Some(0), about)
        };
        let check = |local: &Local| {
            let there: u64 = local.sample(usize::MAX).map(|it| it.about.weight).sum();
            assert_eq!(local.bytes(), there);
        };
        for round in 0..2_000_u64 {
            // Some in the place of others, some too large to be kept, some that push others out.
            let key = format!("key:{}", round * 7 % 500);
            let weight = if round % 97 == 0 {
                1 << 20
            } else {
                round % 400
            };
            let is_kept = local.insert(&key, &of_weight(&key, weight));
            assert_eq!(is_kept, weight < 1 << 20);
            if round % 5 == 0 {
                let gone = format!("key:{}", round * 3 % 500);
                generations.end(Guard::Key, &gone);
                local.remove_invalid(&gone);
            }
            check(&local);
        }
        assert!(local.evicted() > 0 && local.bytes() > 0);
        generations.end_all(Guard::Key, |_| true);
        local.sweep();
        assert_eq!(local.bytes(), 0);
    }

    /// Nobody can look for two such keys here, so one entry is put where another key would be.
    #[test]
    fn of_two_keys_with_one_hash_none_is_answered_with_the_others_entry() {
        let (local, generations) = (local(), Generations::new());
        let other = entry(&generations, "other", &[]);
        local.entries.insert(local.hash("key"), Arc::clone(&other));
        assert!(local.get("key").is_none() && local.peek("key").is_none());
        let own = entry(&generations, "key", &[]);
        assert!(local.insert("key", &own), "takes the place");
        assert!(
            local
                .get("key")
                .is_some_and(|found| Arc::ptr_eq(&found, &own))
        );
        generations.end(Guard::Key, "key");
        assert!(local.remove_invalid("key").is_some());
        generations.end(Guard::Key, "other");
        local.entries.insert(local.hash("key"), other);
        assert!(local.remove_invalid("key").is_none(), "of another");
    }

    /// It ends with what it was made of, and does not stand for that.
    #[test]
    fn an_entry_that_hangs_on_another_key_is_not_found_under_it() {
        let (local, generations) = (local(), Generations::new());
        let about = About {
            stamps: ["outer", "inner"]
                .map(|key| generations.capture(Guard::Key, key))
                .into(),
            ..About::default()
        };
        let outer = Entry::of("outer", Some(1), about);
        local.entries.insert(local.hash("inner"), outer);
        assert!(local.get("inner").is_none(), "as if the two had one hash");
    }
}
