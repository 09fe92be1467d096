//! What is asked for most, lately.

use crate::sync::lock;
use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, Hash};
use std::sync::Mutex;

/// Keeps those of many keys that are seen most often, lately, in little memory: for a job that refreshes them before their end
/// ([`Job::ahead`](super::Job::ahead)).
///
/// ```
/// use cache_runtime::warm::Hot;
///
/// let hot = Hot::new(100);
/// for id in [1, 2, 3, 2, 1, 2] {
///     hot.seen(id);
/// }
/// assert_eq!(hot.top(2), [2, 1]);
/// ```
///
/// It counts in a count-min sketch (Cormode and Muthukrishnan, "An improved data stream summary", 2005) whose counts are halved after
/// every so many keys, as TinyLFU's are (Einziger, Friedman and Manes, 2017): what was hot gives way to what is. Of
/// `capacity` keys it keeps the keys themselves, of all others nothing but their part in 64 to 128 bytes per key of the capacity.
pub struct Hot<K> {
    capacity: usize,
    hasher: RandomState,
    state: Mutex<State<K>>,
}

struct State<K> {
    sketch: Sketch,
    /// The hottest, with what the sketch says of them.
    kept: HashMap<K, u32>,
    /// No key that is kept has a lower count.
    least: u32,
}

impl<K: Hash + Eq + Clone> Hot<K> {
    /// Keeps so many keys, at least one.
    pub fn new(capacity: usize) -> Self {
        let capacity = capacity.max(1);
        Hot {
            capacity,
            hasher: RandomState::new(),
            state: Mutex::new(State {
                sketch: Sketch::new(capacity),
                kept: HashMap::new(),
                least: 0,
            }),
        }
    }

    /// Somebody has asked for it.
    pub fn seen(&self, key: K) {
        let hash = self.hasher.hash_one(&key);
        let mut state = lock(&self.state);
        let State {
            sketch,
            kept,
            least,
        } = &mut *state;
        let count = sketch.add(hash);
        if sketch.is_due() {
            sketch.age();
            kept.values_mut().for_each(|count| *count /= 2);
            kept.retain(|_, count| *count > 0);
            *least /= 2;
        }
        if let Some(known) = kept.get_mut(&key) {
            *known = count;
        } else if kept.len() < self.capacity {
            kept.insert(key, count);
        } else if count > *least {
            let coldest = kept.iter().min_by_key(|(_, count)| **count);
            let coldest = coldest.map(|(key, count)| (key.clone(), *count));
            let Some((coldest, lowest)) = coldest else {
                return;
            };
            *least = lowest;
            if count > lowest {
                kept.remove(&coldest);
                kept.insert(key, count);
            }
        }
    }

    /// The hottest first, at most so many.
    pub fn top(&self, number: usize) -> Vec<K> {
        let state = lock(&self.state);
        let mut all: Vec<(&K, u32)> = state
            .kept
            .iter()
            .map(|(key, count)| (key, *count))
            .collect();
        all.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        all.into_iter()
            .take(number)
            .map(|(key, _)| key.clone())
            .collect()
    }
}

impl<K> fmt::Debug for Hot<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hot")
            .field("capacity", &self.capacity)
            .field("kept", &lock(&self.state).kept.len())
            .finish_non_exhaustive()
    }
}

/// Four rows of counters, of which the lowest that a key shares is nearest to the truth, and never below it.
struct Sketch {
    counters: Vec<[u16; ROWS]>,
    added: usize,
}

const ROWS: usize = 4;

impl Sketch {
    fn new(capacity: usize) -> Self {
        Sketch {
            counters: vec![[0; ROWS]; (8 * capacity).next_power_of_two()],
            added: 0,
        }
    }

    fn add(&mut self, hash: u64) -> u32 {
        self.added += 1;
        let mask = self.counters.len() - 1;
        let mut lowest = u16::MAX;
        for row in 0..ROWS {
            // Two halves of one hash make as many as are needed (Kirsch and Mitzenmacher, 2006).
            let place = hash.wrapping_add((hash >> 32 | 1).wrapping_mul(row as u64 + 1)) >> 7;
            let counter = &mut self.counters[place as usize & mask][row];
            *counter = counter.saturating_add(1);
            lowest = lowest.min(*counter);
        }
        lowest.into()
    }

    /// Whether so much was added that what it says is old.
    fn is_due(&self) -> bool {
        self.added >= 10 * self.counters.len()
    }

    fn age(&mut self) {
        self.added /= 2;
        let all = self.counters.iter_mut().flatten();
        all.for_each(|counter| *counter /= 2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A Zipf-like stream: key `n` comes every `n`th time.
    fn stream(hot: &Hot<u64>, rounds: u64, shift: u64) {
        for round in 1..=rounds {
            for key in 1..=500 {
                if round % key == 0 {
                    hot.seen(key + shift);
                }
            }
        }
    }

    #[test]
    fn the_hottest_of_many_are_kept_in_their_order() {
        let hot = Hot::new(20);
        stream(&hot, 2_000, 0);
        let top = hot.top(8);
        assert_eq!(top.len(), 8);
        assert!((1..=4).all(|key| top.contains(&key)), "{top:?}");
        assert_eq!(top[0], 1);
        assert!(hot.top(100).len() <= 20);
    }

    #[test]
    fn what_was_hot_gives_way_to_what_is() {
        let hot = Hot::new(20);
        stream(&hot, 2_000, 0);
        stream(&hot, 4_000, 1_000);
        let top = hot.top(4);
        assert!(top.iter().all(|key| *key > 1_000), "{top:?}");
    }
}
