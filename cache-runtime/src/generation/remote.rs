//! What this process knows of a generation on a shared server, for as long as it has not heard that it changed.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

#[derive(Debug, Default)]
pub(crate) struct Remote {
    /// Its number; 0 while that is not known.
    number: AtomicU64,
    /// Whether somebody has relied on it since the server was last told so.
    is_used: AtomicBool,
}

impl Remote {
    /// Takes note of its number, as it was read while changes to it were heard of.
    pub(crate) fn learn(&self, number: u64) {
        self.number.store(number, Ordering::Release);
    }

    pub(crate) fn number(&self) -> Option<u64> {
        match self.number.load(Ordering::Acquire) {
            0 => None,
            number => Some(number),
        }
    }

    /// Somebody relies on it, whom the server does not see.
    #[inline]
    pub(crate) fn is_relied_on(&self) {
        // Written once, and then only read: many threads do this at once.
        if !self.is_used.load(Ordering::Relaxed) {
            self.is_used.store(true, Ordering::Relaxed);
        }
    }

    /// Whether anybody has since this was last asked.
    pub(crate) fn was_relied_on(&self) -> bool {
        self.is_used.load(Ordering::Relaxed) && self.is_used.swap(false, Ordering::Relaxed)
    }
}
