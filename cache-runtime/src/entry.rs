//! An entry: a value, and what its validity hangs on.

use crate::clock::Tick;
use crate::cost::Cost;
use crate::flight::{Dependency, Flight};
#[cfg(feature = "redis")]
use crate::generation::Stamp;
use crate::generation::{Generation, Guard};
use crate::key::Text;
use crate::ttl::Ttl;
use crate::value::CacheValue;
use std::any::Any;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// What is kept under a key. Never changed after it was made.
///
/// All in one piece, value included: a hit waits for each place in memory that it has to go to.
pub(crate) struct Entry<V: ?Sized = dyn Any + Send + Sync> {
    /// The key that it was made for. It may stand under others.
    key: Text,
    holds: Holds,
    pub(crate) about: About,
    value: V,
}

/// What the validity of an entry hangs on, and what else there is to know of it.
pub(crate) struct About {
    pub(crate) late: Lateness,
    /// Whether it stands under more keys than its own, with each of which it ends.
    pub(crate) has_aliases: bool,
    /// Whether something past its time to live is part of it: what is made of it is fresh for no longer than it is.
    pub(crate) provisional: bool,
    /// Whether it was encrypted where it was read.
    #[cfg(feature = "redis")]
    pub(crate) encrypted: bool,
    pub(crate) version: u32,
    /// How long it stays fresh when nobody reads it; nothing, if that does not matter.
    pub(crate) idle: Steps,
    /// When it was read last, in steps since it was made; kept if that matters.
    pub(crate) read: AtomicU32,
    /// What computing it has cost.
    pub(crate) cost: Cost,
    /// A fingerprint of the tags its function declares, and of the further keys of its records, for a quick answer to
    /// [`Entry::carries`].
    pub(crate) tag_set: u64,
    pub(crate) created: Tick,
    pub(crate) expires: Tick,
    /// The generations this value was computed under. One that ended makes the entry invalid for good.
    pub(crate) stamps: Box<[Arc<Generation>]>,
    /// The same for a value of a shared server, where only the server knows what is current.
    #[cfg(feature = "redis")]
    pub(crate) remote: Option<Box<Remembered>>,
    /// Estimated bytes in memory.
    pub(crate) weight: u64,
}

/// A time of up to eight years, rounded up to steps of 64 ms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Steps(u32);

impl Steps {
    const STEP: Duration = Duration::from_millis(64);

    pub(crate) fn of(time: Duration) -> Self {
        let steps = time.as_millis().div_ceil(Self::STEP.as_millis());
        Steps(u32::try_from(steps).unwrap_or(u32::MAX))
    }

    fn time(self) -> Duration {
        Self::STEP * self.0
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holds {
    Value,
    /// The function found nothing, and its author asked to remember that.
    Absence,
    /// Not a value at all: what the key's last value would have been stamped with, so that the next computation
    /// captures it all before it begins.
    Hint,
}

/// That there is no `V`, and of no other type anything.
struct Absent<V>(PhantomData<fn() -> V>);

/// The generations of a server, as they were recorded.
#[cfg(feature = "redis")]
#[derive(Clone, Debug, Default)]
pub(crate) struct Remembered {
    /// Which cache's server.
    pub(crate) home: u64,
    pub(crate) stamps: Box<[Stamp]>,
    /// Whether what is made of it has to be encrypted.
    pub(crate) is_secret: bool,
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

/// What an entry has to say to a reader who expects a `T`.
pub(crate) enum Content<'e, T> {
    Value(&'e T),
    Absent,
    /// A value of another type, or none.
    Other,
}

/// A valid entry that a computation is to replace: it is past its time to live, or soon will be.
#[derive(Clone)]
pub(crate) struct Last {
    pub(crate) entry: Arc<Entry>,
    /// Whether it stands in for a computation that fails.
    pub(crate) stands_in: bool,
    /// Its time to live, if that is known.
    pub(crate) fresh_for: Option<Duration>,
    pub(crate) age: Duration,
    /// What it hangs on, if the entry does not tell.
    pub(crate) hangs_on: Option<Arc<Entry>>,
}

impl Last {
    /// Makes the computation that replaces it depend on all that it was made of. False: that has ended, is not known, or is
    /// too much.
    pub(crate) fn is_handed_to(&self, flight: &Flight) -> bool {
        const MOST_GUARDS: usize = 128;
        let hangs_on = self.hangs_on.as_ref().unwrap_or(&self.entry);
        !self.entry.about.provisional
            && hangs_on.guard_count() <= MOST_GUARDS
            && flight.reads(Dependency::Entry(Arc::clone(hangs_on)))
    }
}

/// What hangs on nothing, and never expires.
impl Default for About {
    fn default() -> Self {
        About {
            late: Lateness::None,
            has_aliases: false,
            provisional: false,
            #[cfg(feature = "redis")]
            encrypted: false,
            version: 0,
            idle: Steps::default(),
            read: AtomicU32::new(0),
            cost: Cost::default(),
            tag_set: 0,
            created: Tick::NEVER,
            expires: Tick::NEVER,
            stamps: Box::default(),
            #[cfg(feature = "redis")]
            remote: None,
            weight: 0,
        }
    }
}

impl<V: Any + Send + Sync> Entry<V> {
    fn new(key: &str, holds: Holds, about: About, value: V) -> Arc<Entry> {
        Arc::new(Entry {
            key: Text::from(key),
            holds,
            about,
            value,
        })
    }
}

impl Entry {
    /// The entry of a value, or of the finding that there is none.
    pub(crate) fn of<V: CacheValue>(key: &str, found: Option<V>, about: About) -> Arc<Self> {
        match found {
            Some(value) => Entry::new(key, Holds::Value, about, value),
            None => Entry::new(key, Holds::Absence, about, Absent::<V>(PhantomData)),
        }
    }

    /// An entry with neither.
    pub(crate) fn hint(key: &str, about: About) -> Arc<Self> {
        Entry::new(key, Holds::Hint, about, ())
    }

    /// Whether what is made of it has to be encrypted. In an embedded cache nothing has.
    pub(crate) fn is_secret(&self) -> bool {
        #[cfg(feature = "redis")]
        return self.about.remote.as_ref().is_some_and(|it| it.is_secret);
        #[cfg(not(feature = "redis"))]
        false
    }

    /// What stands for something read on a shared server: no value, but what that depends on.
    #[cfg(feature = "redis")]
    pub(crate) fn read_remotely(remote: Remembered) -> Arc<Self> {
        let about = About {
            remote: Some(Box::new(remote)),
            ..About::default()
        };
        Entry::hint("", about)
    }

    /// A value on its way from one caller to another, which is not kept.
    #[cfg(feature = "redis")]
    pub(crate) fn handed_over<V: CacheValue>(found: Option<V>) -> Arc<Self> {
        let about = About {
            late: Lateness::Doubtful,
            ..About::default()
        };
        Entry::of("", found, about)
    }

    /// The cache whose server knows whether this is current; 0 for an embedded one, whose generations do.
    pub(crate) fn home(&self) -> u64 {
        #[cfg(feature = "redis")]
        if let Some(remote) = &self.about.remote {
            return remote.home;
        }
        0
    }

    /// The key that it was made for.
    pub(crate) fn key(&self) -> &str {
        self.key.as_str()
    }

    /// Whether every generation it was computed under is still current.
    #[inline]
    pub(crate) fn is_current(&self) -> bool {
        self.about.stamps.iter().all(|stamp| stamp.is_current())
    }

    /// Whether this is a key that it stands for. (Of a record with lookups, also one that something was read under which it
    /// is made of.)
    #[inline]
    pub(crate) fn is_under(&self, key: &str) -> bool {
        let stands_for = |stamp: &Arc<Generation>| stamp.is_of(Guard::Key, key);
        self.key.as_str() == key
            || (self.about.has_aliases && self.about.stamps.iter().any(stands_for))
    }

    /// How many generations it hangs on.
    fn guard_count(&self) -> usize {
        #[cfg(feature = "redis")]
        if let Some(remote) = &self.about.remote {
            return remote.stamps.len();
        }
        self.about.stamps.len()
    }

    /// A reader relies on it, and the shared server does not see that.
    #[cfg(feature = "redis")]
    #[inline]
    pub(crate) fn is_relied_on(&self) {
        self.about
            .stamps
            .iter()
            .for_each(|stamp| stamp.remote.is_relied_on());
    }

    #[inline]
    pub(crate) fn is_fresh(&self, now: Tick) -> bool {
        now < self.about.expires && !self.is_idle(now)
    }

    /// How long it stays fresh when nobody reads it, if that matters.
    #[cfg(feature = "redis")]
    #[inline]
    pub(crate) fn idle(&self) -> Option<Duration> {
        (self.about.idle != Steps::default()).then(|| self.about.idle.time())
    }

    /// Whether nobody has read it for too long.
    #[inline]
    pub(crate) fn is_idle(&self, now: Tick) -> bool {
        self.about.idle != Steps::default() && now >= self.ends_idle()
    }

    #[cold]
    fn ends_idle(&self) -> Tick {
        let read = Steps(self.about.read.load(Ordering::Relaxed));
        let read = self.about.created.plus(read.time());
        read.plus(self.about.idle.time())
    }

    /// Somebody reads it.
    #[inline]
    pub(crate) fn is_read(&self, now: Tick) {
        if self.about.idle != Steps::default() {
            let Steps(read) = Steps::of(now.since(self.about.created));
            // Written only if it is another one: many threads do this at once.
            if self.about.read.load(Ordering::Relaxed) != read {
                self.about.read.store(read, Ordering::Relaxed);
            }
        }
    }

    /// How long ago its time to live came to its end; zero if it has not.
    pub(crate) fn past_its_time(&self, now: Tick) -> Duration {
        now.since(self.about.expires)
    }

    #[inline]
    pub(crate) fn content<T: CacheValue>(&self) -> Content<'_, T> {
        match self.holds {
            Holds::Value => self.value().map_or(Content::Other, Content::Value),
            Holds::Absence if self.value.is::<Absent<T>>() => Content::Absent,
            Holds::Absence => Content::Other,
            Holds::Hint => Content::Other,
        }
    }

    /// In a frame of its own: the value tells its type through memory, and a processor waits where it expects there what a
    /// caller has had there before. Inlined, that was a sixth of a hit.
    #[inline(never)]
    fn value<T: CacheValue>(&self) -> Option<&T> {
        self.value.downcast_ref()
    }

    /// How long it stays fresh.
    pub(crate) fn time_left(&self, now: Tick) -> Ttl {
        let ends = if self.about.idle == Steps::default() {
            self.about.expires
        } else {
            self.about.expires.min(self.ends_idle())
        };
        if ends == Tick::NEVER {
            Ttl::Forever
        } else {
            Ttl::For(ends.since(now))
        }
    }

    /// How long it stays fresh from its beginning, read or not; `None`: for ever.
    pub(crate) fn time_to_live(&self) -> Option<Duration> {
        let About {
            created, expires, ..
        } = self.about;
        (expires != Tick::NEVER).then(|| expires.since(created))
    }

    pub(crate) fn is_hint(&self) -> bool {
        self.holds == Holds::Hint
    }

    pub(crate) fn is_absent(&self) -> bool {
        self.holds == Holds::Absence
    }

    pub(crate) fn stamps(&self) -> &[Arc<Generation>] {
        &self.about.stamps
    }

    /// Whether invalidating `tag` reaches this entry.
    pub(crate) fn carries(&self, tag: &str) -> bool {
        self.tags().any(|name| name == tag)
    }

    pub(crate) fn tags(&self) -> impl Iterator<Item = &str> {
        self.about
            .stamps
            .iter()
            .filter(|stamp| stamp.guard() == Guard::Tag)
            .map(|stamp| stamp.name())
    }
}
