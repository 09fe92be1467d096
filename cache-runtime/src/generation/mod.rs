//! Generations: what an entry's validity hangs on.
//!
//! Every tag, every scope and every key has a generation while anybody needs it. An entry is stamped with the
//! generations of its guards as they stood *before* its value was computed, and is valid only while all of them
//! are current. To invalidate is to end a generation: one step, whatever the number of entries; whoever comes
//! next gets a new one. A generation that is gone makes entries misses, never stale hits.
//!
//! This room knows nothing of values, time or computations.

#[cfg(feature = "redis")]
mod remote;
#[cfg(feature = "redis")]
mod stamp;
mod table;

#[cfg(feature = "redis")]
use remote::Remote;
#[cfg(feature = "redis")]
pub(crate) use stamp::{Named, Stamp};
pub(crate) use table::{Epoch, Generations};

use std::sync::atomic::{AtomicBool, Ordering};

/// What a generation belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Guard {
    Tag,
    Scope,
    Key,
}

/// One generation of one guard. It is shared by the table, the computations that captured it and the entries
/// stamped with it, so that reading its state takes no lock and no look-up.
#[derive(Debug)]
pub(crate) struct Generation {
    guard: Guard,
    name: Box<str>,
    ended: AtomicBool,
    /// The same on a shared server.
    #[cfg(feature = "redis")]
    pub(crate) remote: Remote,
}

impl Generation {
    fn new(guard: Guard, name: &str) -> Self {
        Generation {
            guard,
            name: name.into(),
            ended: AtomicBool::new(false),
            #[cfg(feature = "redis")]
            remote: Remote::default(),
        }
    }

    /// Whether nothing has invalidated this guard since the generation began.
    #[inline]
    pub(crate) fn is_current(&self) -> bool {
        !self.ended.load(Ordering::Acquire)
    }

    pub(crate) fn guard(&self) -> Guard {
        self.guard
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    fn end(&self) {
        self.ended.store(true, Ordering::Release);
    }

    pub(crate) fn is_of(&self, guard: Guard, name: &str) -> bool {
        self.guard == guard && &*self.name == name
    }
}
