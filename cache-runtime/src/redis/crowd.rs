//! How many calls of this process are looking for one key, about. Most look alone, and need not tell anybody.

use foldhash::quality::RandomState;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU32, Ordering};

/// Many more than calls look at once, so that two keys seldom count as one.
const PLACES: usize = 4_096;
/// So many may look for themselves: one command asks for all of them, and that costs less than to wait for each other.
const FEW: u32 = 4;

pub(super) struct Crowd {
    places: Box<[AtomicU32]>,
    hasher: RandomState,
}

/// One who looks, for as long as it lives.
pub(crate) struct Looker<'c> {
    place: &'c AtomicU32,
    is_one_of_many: bool,
}

impl Crowd {
    pub(super) fn new() -> Self {
        Crowd {
            places: (0..PLACES).map(|_| AtomicU32::new(0)).collect(),
            hasher: RandomState::default(),
        }
    }

    pub(super) fn enter(&self, key: &str) -> Looker<'_> {
        let place = &self.places[self.hasher.hash_one(key) as usize % PLACES];
        Looker {
            place,
            is_one_of_many: place.fetch_add(1, Ordering::Relaxed) >= FEW,
        }
    }
}

impl Looker<'_> {
    /// Whether many others were looking when it began.
    pub(crate) fn is_one_of_many(&self) -> bool {
        self.is_one_of_many
    }
}

impl Drop for Looker<'_> {
    fn drop(&mut self) {
        self.place.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_are_no_crowd() {
        let crowd = Crowd::new();
        let mut few: Vec<_> = (0..FEW).map(|_| crowd.enter("key")).collect();
        assert!(few.iter().all(|looker| !looker.is_one_of_many()));
        assert!(crowd.enter("key").is_one_of_many());
        few.pop();
        assert!(!crowd.enter("key").is_one_of_many(), "one is gone");
    }
}
