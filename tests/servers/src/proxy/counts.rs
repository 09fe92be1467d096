//! What has passed.

use super::faults::Direction;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Counted on arrival, so that a client that has a reply finds it counted.
#[derive(Default)]
pub(super) struct Counts {
    connections: AtomicU64,
    open: AtomicU64,
    round_trips: AtomicU64,
    bytes: AtomicU64,
}

impl Counts {
    pub(super) fn connections(&self) -> u64 {
        self.connections.load(Ordering::SeqCst)
    }

    pub(super) fn open(&self) -> u64 {
        self.open.load(Ordering::SeqCst)
    }

    pub(super) fn round_trips(&self) -> u64 {
        self.round_trips.load(Ordering::SeqCst)
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::SeqCst)
    }

    pub(super) fn reset(&self) {
        for count in [&self.connections, &self.round_trips, &self.bytes] {
            count.store(0, Ordering::SeqCst);
        }
    }

    /// One more connection, open until the value is dropped.
    pub(super) fn connection(&self) -> Counted<'_> {
        self.connections.fetch_add(1, Ordering::SeqCst);
        self.open.fetch_add(1, Ordering::SeqCst);
        Counted {
            counts: self,
            asked: AtomicBool::new(false),
        }
    }
}

/// A connection that is counted.
pub(super) struct Counted<'a> {
    counts: &'a Counts,
    /// Whether the last bytes came from the client.
    asked: AtomicBool,
}

impl Counted<'_> {
    pub(super) fn arrived(&self, direction: Direction, bytes: usize) {
        self.counts.bytes.fetch_add(bytes as u64, Ordering::SeqCst);
        let asks = direction == Direction::Requests;
        let asked = self.asked.swap(asks, Ordering::SeqCst);
        if asked && !asks {
            self.counts.round_trips.fetch_add(1, Ordering::SeqCst);
        }
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.counts.open.fetch_sub(1, Ordering::SeqCst);
    }
}
