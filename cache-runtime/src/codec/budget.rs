//! What decoding may cost, counted in one place while it goes on.

use std::cell::Cell;
use std::fmt;

/// How deeply values may be nested, in half levels: an option or a newtype costs one, everything else two. That makes
/// 127 levels, as many as serde_json reads, so that all codecs refuse the same values.
pub(super) const DEPTH: u32 = 254;
pub(super) const LEVEL: u32 = 2;
pub(super) const HALF_LEVEL: u32 = 1;

/// Elements that a payload of so many `bytes` may hold. One takes a byte at least, so that a greater length is a lie;
/// but for some that take none (`Vec<()>`).
pub(super) fn elements_of(bytes: usize) -> usize {
    bytes.saturating_add(4096)
}

/// Memory that the elements of a value may take. In texts every byte is there; but numbers and options are often
/// larger in memory than in a payload.
pub(super) fn memory_of(limit: usize) -> usize {
    limit.saturating_mul(2).saturating_add(64 << 10)
}

/// What is left to one decoding.
pub(super) struct Budget {
    depth: Cell<u32>,
    elements: Cell<usize>,
    memory: Cell<usize>,
    /// Since the error passes through the codec, which keeps no kinds.
    exhausted: Cell<bool>,
}

impl Budget {
    /// For a payload of `bytes`, none of which may be longer than `limit`.
    pub(super) fn new(bytes: usize, limit: usize) -> Self {
        Budget {
            depth: Cell::new(DEPTH),
            elements: Cell::new(elements_of(bytes)),
            memory: Cell::new(memory_of(limit)),
            exhausted: Cell::new(false),
        }
    }

    pub(super) fn is_exhausted(&self) -> bool {
        self.exhausted.get()
    }

    #[inline]
    pub(super) fn enter(&self, depth: u32) -> Result<(), Exhausted> {
        match self.depth.get().checked_sub(depth) {
            Some(left) => {
                self.depth.set(left);
                Ok(())
            }
            None => self.refuse(),
        }
    }

    #[inline]
    pub(super) fn leave(&self, depth: u32) {
        self.depth.set(self.depth.get() + depth);
    }

    /// Before anything is allocated for `count` elements.
    #[inline]
    pub(super) fn claim(&self, count: usize) -> Result<(), Exhausted> {
        match self.elements.get().checked_sub(count) {
            Some(left) => {
                self.elements.set(left);
                Ok(())
            }
            None => self.refuse(),
        }
    }

    /// As soon as the size of an element is known.
    #[inline]
    pub(super) fn charge(&self, count: usize, size: usize) -> Result<(), Exhausted> {
        match self.memory.get().checked_sub(count.saturating_mul(size)) {
            Some(left) => {
                self.memory.set(left);
                Ok(())
            }
            None => self.refuse(),
        }
    }

    #[cold]
    fn refuse(&self) -> Result<(), Exhausted> {
        self.exhausted.set(true);
        Err(Exhausted)
    }
}

pub(super) struct Exhausted;

impl fmt::Display for Exhausted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("more than decoding may cost")
    }
}
