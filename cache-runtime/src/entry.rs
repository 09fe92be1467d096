//! An entry: a value, and what its validity hangs on.

use crate::clock::Tick;
#[cfg(feature = "redis")]
use crate::generation::Stamp;
use crate::generation::{Generation, Guard};
use crate::ttl::Ttl;
use crate::value::CacheValue;
use std::any::Any;
use std::sync::Arc;

/// What is kept under a key. Never changed after it was made.
pub(crate) struct Entry {
    pub(crate) payload: Payload,
    /// The generations this value was computed under. One that ended makes the entry invalid for good.
    pub(crate) stamps: Box<[Arc<Generation>]>,
    /// The same for a value of a shared server, where only the server knows what is current.
    #[cfg(feature = "redis")]
    pub(crate) remote: Option<Remembered>,
    /// A fingerprint of the tags its function declares, for a quick answer to [`Entry::carries`].
    pub(crate) tag_set: u64,
    pub(crate) version: u32,
    pub(crate) late: Lateness,
    pub(crate) created: Tick,
    pub(crate) expires: Tick,
    /// Estimated bytes in memory.
    pub(crate) weight: u64,
}

/// The generations of a server, as they were recorded.
#[cfg(feature = "redis")]
#[derive(Clone, Debug, Default)]
pub(crate) struct Remembered {
    /// Which cache's server.
    pub(crate) home: u64,
    pub(crate) replication_id: Box<str>,
    pub(crate) stamps: Box<[Stamp]>,
}

/// Whether guards of an entry became known only after its value was computed: tags from the value, further keys.
/// A caller who joined the computation could not look whether they were current.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lateness {
    /// All were captured before.
    None,
    /// Some were not, but none of their kind had ended in between.
    Vouched,
    /// Some were not, and may have ended in between: never stored, and nothing made of it is.
    Doubtful,
}

pub(crate) enum Payload {
    Value(Box<dyn Any + Send + Sync>),
    /// The function found nothing, and its author asked to remember that.
    Absent,
    /// Not a value at all: what the key's last value would have been stamped with, so that the next computation
    /// captures it all before it begins.
    Hint,
}

/// What an entry has to say to a reader who expects a `T`.
pub(crate) enum Content<'e, T> {
    Value(&'e T),
    Absent,
    /// A value of another type, or none.
    Other,
}

impl Entry {
    /// What stands for something read on a shared server: no value, but what that depends on.
    #[cfg(feature = "redis")]
    pub(crate) fn read_remotely(remote: Remembered, late: Lateness) -> Self {
        Entry {
            payload: Payload::Hint,
            stamps: Box::default(),
            remote: Some(remote),
            tag_set: 0,
            version: 0,
            late,
            created: Tick::NEVER,
            expires: Tick::NEVER,
            weight: 0,
        }
    }

    /// A value on its way from one caller to another, which is not kept.
    #[cfg(feature = "redis")]
    pub(crate) fn handed_over(payload: Payload) -> Self {
        Entry {
            payload,
            remote: None,
            ..Entry::read_remotely(Remembered::default(), Lateness::Doubtful)
        }
    }

    /// The cache whose server knows whether this is current; 0 for an embedded one, whose generations do.
    pub(crate) fn home(&self) -> u64 {
        #[cfg(feature = "redis")]
        if let Some(remote) = &self.remote {
            return remote.home;
        }
        0
    }

    /// Whether every generation it was computed under is still current.
    #[inline]
    pub(crate) fn is_current(&self) -> bool {
        self.stamps.iter().all(|stamp| stamp.is_current())
    }

    /// Whether it ends with another key than this.
    #[cfg(feature = "redis")]
    pub(crate) fn hangs_on_keys_beside(&self, key: &str) -> bool {
        let mut stamps = self.stamps.iter();
        stamps.any(|stamp| stamp.guard() == Guard::Key && stamp.name() != key)
    }

    /// A reader relies on it, and the shared server does not see that.
    #[cfg(feature = "redis")]
    #[inline]
    pub(crate) fn is_relied_on(&self) {
        self.stamps
            .iter()
            .for_each(|stamp| stamp.remote.is_relied_on());
    }

    #[inline]
    pub(crate) fn is_fresh(&self, now: Tick) -> bool {
        now < self.expires
    }

    #[inline]
    pub(crate) fn content<T: CacheValue>(&self) -> Content<'_, T> {
        match &self.payload {
            Payload::Value(value) => value.downcast_ref().map_or(Content::Other, Content::Value),
            Payload::Absent => Content::Absent,
            Payload::Hint => Content::Other,
        }
    }

    /// How long it stays fresh.
    pub(crate) fn time_left(&self, now: Tick) -> Ttl {
        if self.expires == Tick::NEVER {
            Ttl::Forever
        } else {
            Ttl::For(self.expires.since(now))
        }
    }

    pub(crate) fn is_hint(&self) -> bool {
        matches!(self.payload, Payload::Hint)
    }

    pub(crate) fn is_absent(&self) -> bool {
        matches!(self.payload, Payload::Absent)
    }

    pub(crate) fn stamps(&self) -> &[Arc<Generation>] {
        &self.stamps
    }

    /// Whether invalidating `tag` reaches this entry.
    pub(crate) fn carries(&self, tag: &str) -> bool {
        self.tags().any(|name| name == tag)
    }

    pub(crate) fn tags(&self) -> impl Iterator<Item = &str> {
        self.stamps
            .iter()
            .filter(|stamp| stamp.guard() == Guard::Tag)
            .map(|stamp| stamp.name())
    }
}
