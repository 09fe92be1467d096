//! Numbers that nobody has drawn before: generations and lease tokens.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU64, Ordering};

/// Draws numbers below 2^63, at random: SipHash of a counter, under a key from the operating system.
///
/// They only have to be distinct. Two of a billion coincide with a probability of about one in twenty; what would
/// have to coincide to do harm is the old and the new generation of one guard.
#[derive(Debug)]
pub(crate) struct Draw {
    key: RandomState,
    next: AtomicU64,
}

impl Draw {
    pub(crate) fn new() -> Self {
        Draw {
            key: RandomState::new(),
            next: AtomicU64::new(0),
        }
    }

    pub(crate) fn number(&self) -> u64 {
        let next = self.next.fetch_add(1, Ordering::Relaxed);
        self.key.hash_one(next) >> 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_number_comes_twice_and_all_fit_a_signed_one() {
        let (one, other) = (Draw::new(), Draw::new());
        let drawn: HashSet<_> = (0..10_000)
            .flat_map(|_| [one.number(), other.number()])
            .collect();
        assert_eq!(drawn.len(), 20_000);
        assert!(drawn.iter().all(|&n| i64::try_from(n).is_ok()));
    }
}
