//! What is asked for most, lately.

use crate::sync::lock;
use std::collections::hash_map::RandomState;
use std::collections::{BTreeMap, HashMap};
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
/// `capacity` keys it keeps the keys themselves, twice, of all others nothing but their part in 64 to 128 bytes per key of the
/// capacity. To see a key takes a time that grows with the logarithm of the capacity.
pub struct Hot<K> {
    capacity: usize,
    hasher: RandomState,
    state: Mutex<State<K>>,
}

struct State<K> {
    sketch: Sketch,
    /// The hottest, with their places in `order`.
    kept: HashMap<K, Place>,
    /// The coldest of them first.
    order: BTreeMap<Place, K>,
    /// Ties are broken by age.
    number: u64,
}

/// What the sketch says of a key, and the number of the time it was seen last.
type Place = (u32, u64);

/// No more keys than these are kept.
const MOST: usize = 1 << 20;

impl<K: Hash + Eq + Clone> Hot<K> {
    /// Keeps so many keys, at least one and at most 1,048,576.
    pub fn new(capacity: usize) -> Self {
        let capacity = capacity.clamp(1, MOST);
        Hot {
            capacity,
            hasher: RandomState::new(),
            state: Mutex::new(State {
                sketch: Sketch::new(capacity),
                kept: HashMap::new(),
                order: BTreeMap::new(),
                number: 0,
            }),
        }
    }

    /// Somebody has asked for it.
    pub fn seen(&self, key: K) {
        let hash = self.hasher.hash_one(&key);
        let mut state = lock(&self.state);
        let count = state.sketch.add(hash);
        if state.sketch.is_due() {
            state.age();
        }
        state.number += 1;
        let place = (count, state.number);
        if let Some(before) = state.kept.get_mut(&key) {
            let before = std::mem::replace(before, place);
            state.order.remove(&before);
        } else if state.kept.len() < self.capacity {
            state.kept.insert(key.clone(), place);
        } else if state.coldest().is_some_and(|coldest| count > coldest) {
            if let Some((_, coldest)) = state.order.pop_first() {
                state.kept.remove(&coldest);
            }
            state.kept.insert(key.clone(), place);
        } else {
            return;
        }
        state.order.insert(place, key);
    }

    /// It is not asked for any more: it has been deleted.
    ///
    /// ```
    /// use cache_runtime::warm::Hot;
    ///
    /// let hot = Hot::new(100);
    /// hot.seen(1);
    /// hot.forget(&1);
    /// assert!(hot.top(10).is_empty());
    /// ```
    pub fn forget(&self, key: &K) {
        let mut state = lock(&self.state);
        if let Some(place) = state.kept.remove(key) {
            state.order.remove(&place);
        }
    }

    /// The hottest first, at most so many.
    pub fn top(&self, number: usize) -> Vec<K> {
        let state = lock(&self.state);
        state.order.values().rev().take(number).cloned().collect()
    }
}

impl<K: Hash + Eq + Clone> State<K> {
    fn coldest(&self) -> Option<u32> {
        let ((count, _), _) = self.order.first_key_value()?;
        Some(*count)
    }

    fn age(&mut self) {
        self.sketch.age();
        let order = std::mem::take(&mut self.order).into_iter();
        self.order = order
            .map(|((count, number), key)| ((count / 2, number), key))
            .collect();
        self.kept.clear();
        let kept = self.order.iter().map(|(place, key)| (key.clone(), *place));
        self.kept.extend(kept);
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
    /// Whether a counter can count no further.
    is_full: bool,
}

const ROWS: usize = 4;

impl Sketch {
    fn new(capacity: usize) -> Self {
        Sketch {
            counters: vec![[0; ROWS]; (8 * capacity).next_power_of_two()],
            added: 0,
            is_full: false,
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
        self.is_full |= lowest == u16::MAX;
        lowest.into()
    }

    /// Whether so much was added that what it says is old.
    fn is_due(&self) -> bool {
        self.is_full || self.added >= 10 * self.counters.len()
    }

    fn age(&mut self) {
        self.added /= 2;
        self.is_full = false;
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
    fn no_counter_comes_to_its_end_before_the_counts_are_halved() {
        let hot = Hot::new(100_000);
        for _ in 0..70_000 {
            hot.seen(1);
        }
        for _ in 0..66_000 {
            hot.seen(2);
        }
        hot.seen(1);
        hot.seen(3);
        // The last 66,000 were all of 2; of 1 there were as many, half of them before the last halving.
        assert_eq!(hot.top(3), [2, 1, 3]);
    }

    #[test]
    fn what_is_kept_and_its_order_are_one() {
        let hot = Hot::new(50);
        stream(&hot, 3_000, 0);
        for key in 10..20 {
            hot.forget(&key);
        }
        stream(&hot, 500, 5);
        let state = lock(&hot.state);
        assert!(state.kept.len() <= 50);
        assert_eq!(state.kept.len(), state.order.len());
        let same = |(key, place)| state.order.get(place) == Some(key);
        assert!(state.kept.iter().all(same));
        drop(state);
        let bounded = Hot::<u8>::new(usize::MAX);
        assert_eq!(bounded.capacity, MOST);
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
