//! Whether a piece of work has changed something that other processes may have kept: for whoever asks one of them next.

use crate::cache::Cache;
use crate::flight::changes;
use crate::invalidate::Delivery;
use std::sync::atomic::{AtomicBool, Ordering};

/// What a piece of work has changed in one cache.
pub(crate) struct Changes {
    cache: Cache,
    happened: AtomicBool,
    /// Whether the server could not be told of some of it.
    deferred: AtomicBool,
}

impl Changes {
    pub(crate) fn of(cache: &Cache) -> Self {
        Changes {
            cache: cache.clone(),
            happened: AtomicBool::new(false),
            deferred: AtomicBool::new(false),
        }
    }

    /// Whether there were any; and whether all of them have reached the server.
    pub(crate) fn happened(&self) -> Option<Delivery> {
        let delivery = match self.deferred.load(Ordering::Relaxed) {
            true => Delivery::Deferred,
            false => Delivery::Delivered,
        };
        self.happened.load(Ordering::Relaxed).then_some(delivery)
    }
}

/// Something was changed in `cache`.
pub(crate) fn note(cache: &Cache, delivery: Delivery) {
    let Some(changes) = changes().filter(|changes| changes.cache.is(cache)) else {
        return;
    };
    if delivery == Delivery::Deferred {
        changes.deferred.store(true, Ordering::Relaxed);
    }
    changes.happened.store(true, Ordering::Relaxed);
}
