//! The hash of what is a hash already.

use std::hash::{BuildHasher, Hasher};

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Identity;

impl BuildHasher for Identity {
    type Hasher = Given;

    #[inline]
    fn build_hasher(&self) -> Given {
        Given(0)
    }
}

pub(super) struct Given(u64);

impl Hasher for Given {
    #[inline]
    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    /// Only numbers of 64 bits are hashed.
    fn write(&mut self, _: &[u8]) {
        debug_assert!(false, "no hash");
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}
