//! The table of current generations.

use super::{Generation, Guard};
use crate::sync::lock;
use foldhash::quality::RandomState;
use hashbrown::HashTable;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

const SHARDS: usize = 64;
/// A shard smaller than this is not worth sweeping.
const SWEEP_FROM: usize = 64;

/// The current generation of every guard that somebody depends on.
///
/// Bounded without a limit of its own: a generation that only the table still holds has no dependants, so it can
/// be forgotten; each shard does so whenever it has doubled.
pub(crate) struct Generations {
    shards: Box<[Mutex<Shard>]>,
    hasher: RandomState,
    /// How many generations have ended, and of which names, as near as can be told in little room.
    ended: AtomicU64,
    last_ended: Box<[AtomicU64]>,
    /// Of each kind, when so many ended at once that nobody noted which.
    all_ended: [AtomicU64; 3],
}

/// A moment among the ends of generations. See [`Generations::epoch`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Epoch(u64);

/// Names share one of so many places, by their hash: of two that do, the end of one casts doubt on the other.
const PLACES: usize = 4_096;

struct Shard {
    current: HashTable<Arc<Generation>>,
    sweep_at: usize,
}

impl Generations {
    pub(crate) fn new() -> Self {
        let shard = || {
            Mutex::new(Shard {
                current: HashTable::new(),
                sweep_at: SWEEP_FROM,
            })
        };
        Generations {
            shards: (0..SHARDS).map(|_| shard()).collect(),
            hasher: RandomState::default(),
            ended: AtomicU64::new(0),
            last_ended: (0..PLACES).map(|_| AtomicU64::new(0)).collect(),
            all_ended: [const { AtomicU64::new(0) }; 3],
        }
    }

    /// The current generation of a guard; a new one if it has none.
    pub(crate) fn capture(&self, guard: Guard, name: &str) -> Arc<Generation> {
        let hash = self.hash(guard, name);
        let mut shard = lock(self.shard(hash));
        if let Some(found) = shard.current.find(hash, |g| g.is_of(guard, name)) {
            return Arc::clone(found);
        }
        self.insert_new(&mut shard, hash, guard, name)
    }

    /// Ends the current generation of a guard: everything stamped with it is invalid from here on.
    /// Returns whether there was one.
    pub(crate) fn end(&self, guard: Guard, name: &str) -> bool {
        let hash = self.hash(guard, name);
        self.note_end(self.last_end(hash));
        let mut shard = lock(self.shard(hash));
        match shard.current.find_entry(hash, |g| g.is_of(guard, name)) {
            Ok(found) => {
                found.remove().0.end();
                true
            }
            Err(_) => false,
        }
    }

    /// Ends `expected` and begins its successor in one step; `None` if it had ended already.
    pub(crate) fn succeed(&self, expected: &Arc<Generation>) -> Option<Arc<Generation>> {
        let (guard, name) = (expected.guard, &*expected.name);
        let hash = self.hash(guard, name);
        self.note_end(self.last_end(hash));
        let mut shard = lock(self.shard(hash));
        match shard.current.find_entry(hash, |g| Arc::ptr_eq(g, expected)) {
            Ok(found) => {
                found.remove().0.end();
                Some(self.insert_new(&mut shard, hash, guard, name))
            }
            Err(_) => None,
        }
    }

    /// Ends every generation of this kind whose name satisfies `matches`; returns their names.
    pub(crate) fn end_all(&self, guard: Guard, matches: impl Fn(&str) -> bool) -> Vec<Box<str>> {
        self.note_end(self.last_end_of_all(guard));
        let mut ended = Vec::new();
        for shard in &self.shards {
            lock(shard).current.retain(|generation| {
                let hit = generation.guard == guard && matches(&generation.name);
                if hit {
                    generation.end();
                    ended.push(generation.name.clone());
                }
                !hit
            });
        }
        ended
    }

    /// Where the ends of generations stand. A guard of which none has ended since a computation began may as well be captured
    /// after it.
    pub(crate) fn epoch(&self) -> Epoch {
        Epoch(self.ended.load(Ordering::Acquire))
    }

    /// Whether no generation of these guards has ended since then; false as well if that is not known.
    pub(crate) fn stand_since(&self, epoch: Epoch, stamps: &[Arc<Generation>]) -> bool {
        stamps.iter().all(|stamp| {
            let last = self.last_end(self.hash(stamp.guard, &stamp.name));
            let all = self.last_end_of_all(stamp.guard);
            [last, all]
                .into_iter()
                .all(|end| end.load(Ordering::Acquire) <= epoch.0)
        })
    }

    fn last_end(&self, hash: u64) -> &AtomicU64 {
        &self.last_ended[hash as usize % PLACES]
    }

    fn last_end_of_all(&self, guard: Guard) -> &AtomicU64 {
        &self.all_ended[guard as usize]
    }

    /// To be called before a generation ends: who captures what comes after it finds this. Who begins to compute between the
    /// two steps here takes this end to be over, and rightly: what he reads was changed before.
    fn note_end(&self, last: &AtomicU64) {
        let number = self.ended.fetch_add(1, Ordering::AcqRel) + 1;
        last.fetch_max(number, Ordering::AcqRel);
    }

    /// Looks at a part of the table, of [`parts`](Self::parts).
    #[cfg(feature = "redis")]
    pub(crate) fn look_at(&self, part: usize, mut look: impl FnMut(&Generation)) {
        if let Some(shard) = self.shards.get(part) {
            lock(shard).current.iter().for_each(|found| look(found));
        }
    }

    #[cfg(feature = "redis")]
    pub(crate) fn parts(&self) -> usize {
        self.shards.len()
    }

    /// How many generations are remembered.
    pub(crate) fn len(&self) -> usize {
        self.shards
            .iter()
            .map(|shard| lock(shard).current.len())
            .sum()
    }

    fn insert_new(
        &self,
        shard: &mut Shard,
        hash: u64,
        guard: Guard,
        name: &str,
    ) -> Arc<Generation> {
        if shard.current.len() >= shard.sweep_at {
            // Under this lock nobody can clone what only the table holds.
            shard.current.retain(|g| Arc::strong_count(g) > 1);
            shard.sweep_at = SWEEP_FROM.max(2 * shard.current.len());
        }
        let generation = Arc::new(Generation::new(guard, name));
        shard
            .current
            .insert_unique(hash, Arc::clone(&generation), |g| {
                self.hash(g.guard, &g.name)
            });
        generation
    }

    fn hash(&self, guard: Guard, name: &str) -> u64 {
        self.hasher.hash_one((guard, name))
    }

    /// The table inside a shard uses the low and the highest bits of the hash; these lie between.
    fn shard(&self, hash: u64) -> &Mutex<Shard> {
        &self.shards[(hash >> 40) as usize % SHARDS]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generation_is_current_until_its_guard_is_ended() {
        let table = Generations::new();
        let before = table.capture(Guard::Tag, "user:1");
        assert!(Arc::ptr_eq(&before, &table.capture(Guard::Tag, "user:1")));
        assert!(table.end(Guard::Tag, "user:1"));
        assert!(!before.is_current());
        assert!(table.capture(Guard::Tag, "user:1").is_current());
    }

    #[test]
    fn tags_scopes_and_keys_of_one_name_are_apart() {
        let table = Generations::new();
        let tag = table.capture(Guard::Tag, "a:");
        let scope = table.capture(Guard::Scope, "a:");
        table.end(Guard::Scope, "a:");
        assert!(tag.is_current() && !scope.is_current());
    }

    #[test]
    fn only_the_current_generation_has_a_successor() {
        let table = Generations::new();
        let first = table.capture(Guard::Key, "k");
        let second = table.succeed(&first).expect("current");
        assert!(!first.is_current() && second.is_current());
        assert!(table.succeed(&first).is_none());
        assert!(second.is_current());
    }

    #[test]
    fn what_was_captured_late_stands_unless_it_or_all_of_its_kind_may_have_ended() {
        let table = Generations::new();
        let stands = |epoch| {
            let late = [table.capture(Guard::Tag, "late")];
            table.stand_since(epoch, &late)
        };
        let begun = table.epoch();
        assert!(stands(begun));
        table.end(Guard::Tag, "late");
        assert!(!stands(begun));
        let begun = table.epoch();
        assert!(stands(begun));
        table.end_all(Guard::Key, |_| true);
        assert!(stands(begun), "of another kind");
        table.end_all(Guard::Tag, |_| false);
        assert!(!stands(begun), "none was known then, so none matched");
        let begun = table.epoch();
        let one = table.capture(Guard::Tag, "late");
        table.succeed(&one).expect("current");
        assert!(!stands(begun));
    }

    #[test]
    fn what_nobody_depends_on_is_forgotten_and_what_somebody_does_is_kept() {
        let table = Generations::new();
        let kept: Vec<_> = (0..1_000)
            .map(|n| table.capture(Guard::Tag, &format!("kept:{n}")))
            .collect();
        for n in 0..100_000 {
            table.capture(Guard::Key, &format!("passing:{n}"));
        }
        assert!(table.len() < 20_000, "{} generations", table.len());
        for (n, generation) in kept.iter().enumerate() {
            assert!(Arc::ptr_eq(
                generation,
                &table.capture(Guard::Tag, &format!("kept:{n}"))
            ));
        }
    }
}
