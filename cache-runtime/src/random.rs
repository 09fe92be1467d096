//! Chance, for what is to be spread. Nothing hangs on its quality.

use std::cell::Cell;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

/// A number that is distributed evenly in (0, 1].
///
/// Splitmix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014), one a thread.
pub(crate) fn chance() -> f64 {
    thread_local! {
        static STATE: Cell<u64> = Cell::new(RandomState::new().hash_one(0));
    }
    let state = STATE.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
    STATE.set(state);
    let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    let bits = (mixed ^ (mixed >> 31)) >> 11;
    (bits + 1) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chances_are_spread_evenly_above_nothing() {
        let mut tenths = [0u32; 10];
        for _ in 0..100_000 {
            let chance = chance();
            assert!(chance > 0.0 && chance <= 1.0);
            tenths[((chance * 10.0) as usize).min(9)] += 1;
        }
        assert!(
            tenths.iter().all(|tenth| (9_000..11_000).contains(tenth)),
            "{tenths:?}"
        );
    }
}
