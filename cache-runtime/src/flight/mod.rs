//! Flights: a computation in progress, which callers of the same key share.
//!
//! A flight carries the generations that were captured before its computation began, and whatever its computation
//! has read from the cache since. While all of these are current, callers may join it and its value may be
//! stored. Once one has ended, those who had joined before still get their answer; newcomers start afresh.
//!
//! A flight ends in exactly one way ([`End`]), however its future ends: it returns, it panics, or it is
//! dropped.

mod context;
#[cfg(feature = "redis")]
mod remote;
mod table;

#[cfg(feature = "redis")]
pub(crate) use context::is_strict;
pub(crate) use context::{
    Circumstances, acting, actor, circumstances, computing, current as current_flight,
    current_computation, detecting, detector, in_the_same_name, is_past, on_behalf, passing,
    refreshing, replacing_nothing, warming,
};
#[cfg(all(feature = "http", feature = "redis"))]
pub(crate) use context::{changes, noting, strictly};
#[cfg(feature = "redis")]
pub(crate) use remote::{Held, Remote};
pub(crate) use table::{Entered, Flights, Lead, Stance};

#[cfg(feature = "redis")]
use crate::entry::Remembered;
use crate::entry::{Entry, Lateness};
#[cfg(feature = "http")]
use crate::generation::Generations;
#[cfg(feature = "redis")]
use crate::generation::Stamp;
use crate::generation::{Epoch, Generation, Guard};
#[cfg(feature = "redis")]
use crate::redis::Footing;
use crate::sync::lock;
use std::any::Any;
use std::collections::{HashMap, HashSet};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;
use tokio::sync::Notify;

pub(crate) struct Flight {
    /// Captured before the computation: the key's own generation first, then its scopes and declared tags.
    own: Box<[Arc<Generation>]>,
    /// Guards that the last value under this key turned out to have, captured before the computation as well.
    hinted: Box<[Arc<Generation>]>,
    /// What the computation has read from caches so far, each once: by address, which the `Arc` inside keeps taken.
    reads: Mutex<HashMap<usize, Dependency>>,
    /// Whether something it has read carries guards that were known only after it was computed; see [`Lateness`].
    late: AtomicBool,
    /// Whether it has read something that nobody vouches for.
    doomed: AtomicBool,
    /// Whether it has read something that others may not read on a server.
    secret: AtomicBool,
    /// Whether its body says that what was there is still what there is.
    not_modified: AtomicBool,
    /// How long its result may be fresh, in milliseconds, since something old is part of it.
    fresh_for: AtomicU64,
    end: OnceLock<End>,
    wake: Notify,
    /// What a caller must share to join: the tags its function declares, and its version.
    pub(crate) tag_set: u64,
    pub(crate) version: u32,
    /// As it stood before the computation.
    pub(crate) epoch: Epoch,
    /// The cache whose server knows what it depends on; 0 for an embedded one.
    home: u64,
    /// What a computation on a shared server is known by in this process.
    #[cfg(feature = "redis")]
    pub(crate) remote: Remote,
}

/// How a flight ended.
pub(crate) enum End {
    /// With what was there already, before anything was computed.
    #[cfg(feature = "redis")]
    Hit(Arc<Entry>, Served),
    /// With a value, or with the finding that there is none. Also when that was not stored.
    Entry(Arc<Entry>),
    /// With an error of the function that its callers can share.
    Error(Box<dyn Any + Send + Sync>),
    /// With an error that cannot be cloned, so each waiter has to find out for itself.
    Unshared,
    /// Without an answer: the leader was cancelled or panicked. Somebody else should lead.
    Abandoned,
}

/// What an entry is that was there when a flight looked for it.
#[cfg(feature = "redis")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Served {
    /// Fresh.
    Fresh,
    /// Past its time to live, and refreshed in the background.
    Stale,
    /// Past its time to live, and what there is as long as the source is left alone.
    Spared,
}

/// Whether a computation can wait for another.
pub(crate) enum Waiting {
    IsSafe,
    /// The other has been invalidated just now.
    IsTooLate,
    /// The other waits for this one.
    WouldNeverEnd,
}

/// Something a computation has read from a cache: its own result depends on it.
#[derive(Clone)]
pub(crate) enum Dependency {
    Entry(Arc<Entry>),
    Flight(Arc<Flight>),
}

impl Dependency {
    fn address(&self) -> usize {
        match self {
            Dependency::Entry(entry) => Arc::as_ptr(entry).addr(),
            Dependency::Flight(flight) => Arc::as_ptr(flight).addr(),
        }
    }

    fn is_current(&self) -> bool {
        match self {
            Dependency::Entry(entry) => entry.is_current(),
            Dependency::Flight(flight) => flight.can_be_shared(),
        }
    }
}

impl Flight {
    pub(crate) fn new(
        own: Vec<Arc<Generation>>,
        hinted: Vec<Arc<Generation>>,
        epoch: Epoch,
    ) -> Self {
        Flight {
            own: own.into(),
            hinted: hinted.into(),
            reads: Mutex::default(),
            late: AtomicBool::new(false),
            doomed: AtomicBool::new(false),
            secret: AtomicBool::new(false),
            not_modified: AtomicBool::new(false),
            fresh_for: AtomicU64::new(u64::MAX),
            end: OnceLock::new(),
            wake: Notify::new(),
            tag_set: 0,
            version: 0,
            epoch,
            home: 0,
            #[cfg(feature = "redis")]
            remote: Remote::default(),
        }
    }

    /// A computation for a server's cache.
    #[cfg(feature = "redis")]
    pub(crate) fn of_server(home: u64, remote: Remote, epoch: Epoch) -> Self {
        let mut flight = Flight::new(Vec::new(), Vec::new(), epoch);
        flight.home = home;
        flight.remote = remote;
        flight
    }

    /// The generation of the key itself.
    pub(crate) fn key_generation(&self) -> &Arc<Generation> {
        &self.own[0]
    }

    /// Whether nothing that this computation depends on has been invalidated since it began.
    pub(crate) fn is_current(&self) -> bool {
        self.all(Flight::stands)
    }

    /// The same, and nothing that it may turn out to depend on either: for those who would share its result.
    pub(crate) fn can_be_shared(&self) -> bool {
        self.all(|flight, entries| {
            flight.stands(entries) && flight.hinted.iter().all(|g| g.is_current())
        })
    }

    /// What this flight alone says, given the entries it has read.
    fn stands(&self, entries: &[Arc<Entry>]) -> bool {
        !self.is_doomed()
            && self.own.iter().all(|g| g.is_current())
            && entries.iter().all(|entry| entry.is_current())
    }

    /// Whether guards of its result may turn up that a caller who joins cannot know.
    pub(crate) fn is_late(&self) -> bool {
        self.late.load(Ordering::Acquire)
    }

    /// Whether it has read something that nobody vouches for.
    pub(crate) fn is_doomed(&self) -> bool {
        self.doomed.load(Ordering::Acquire)
    }

    /// Whether it has read something that others may not read on a server.
    #[cfg(feature = "redis")]
    pub(crate) fn is_secret(&self) -> bool {
        self.secret.load(Ordering::Acquire)
    }

    fn guards(&self) -> impl Iterator<Item = &Arc<Generation>> {
        self.own.iter().chain(&self.hinted)
    }

    /// What has been read so far, at one moment: a flight that has ended gives its place to its entry.
    fn read_so_far(&self) -> (Vec<Arc<Entry>>, Vec<Arc<Flight>>) {
        let (mut entries, mut flights) = (Vec::new(), Vec::new());
        for read in lock(&self.reads).values() {
            match read {
                Dependency::Entry(entry) => entries.push(Arc::clone(entry)),
                Dependency::Flight(flight) => flights.push(Arc::clone(flight)),
            }
        }
        (entries, flights)
    }

    /// Whether `holds` for this flight and for all that it waits for, each with the entries it has read. Each is
    /// looked at once and without recursion: chains of waiting are as long as users make them.
    fn all(&self, mut holds: impl FnMut(&Flight, &[Arc<Entry>]) -> bool) -> bool {
        let (entries, mut next) = self.read_so_far();
        if !holds(self, &entries) {
            return false;
        }
        let mut seen = HashSet::new();
        while let Some(flight) = next.pop() {
            if seen.insert(Arc::as_ptr(&flight).addr()) {
                let (entries, flights) = flight.read_so_far();
                if !holds(&flight, &entries) {
                    return false;
                }
                next.extend(flights);
            }
        }
        true
    }

    /// Whether invalidating `tag` reaches this computation, as far as its own tags go.
    pub(crate) fn carries(&self, tag: &str) -> bool {
        let mut own = self.own.iter();
        own.any(|g| g.guard() == Guard::Tag && g.name() == tag)
    }

    /// Notes that this computation reads `dependency`, if that is still valid afterwards; returns whether it is.
    ///
    /// In this order, since callers join while it is being read: one who comes after an invalidation either finds
    /// the note and does not join, or came before the note, and then the invalidation is found here.
    pub(crate) fn reads(&self, dependency: Dependency) -> bool {
        if let Dependency::Entry(entry) = &dependency {
            self.can_depend_on(entry);
        }
        let (address, noted) = (dependency.address(), dependency.clone());
        let is_new = lock(&self.reads).insert(address, noted).is_none();
        let is_valid = dependency.is_current();
        if is_new && !is_valid {
            lock(&self.reads).remove(&address);
        }
        is_valid
    }

    /// Notes that this computation begins another one. Valid or not: what was invalidated since `inner` captured
    /// its generations, `inner` has not read yet.
    pub(crate) fn computes(&self, inner: &Arc<Flight>) {
        let inner = Dependency::Flight(Arc::clone(inner));
        lock(&self.reads).insert(inner.address(), inner);
    }

    /// Notes that this computation is one of several that one run makes, which has ended: what is to be said of that is to be
    /// said of this.
    pub(crate) fn is_made_of(&self, run: &Flight) {
        if run.is_late() {
            self.late.store(true, Ordering::Release);
        }
        if run.is_doomed() {
            self.doom();
        }
        if run.secret.load(Ordering::Acquire) {
            self.secret.store(true, Ordering::Release);
        }
        self.fresh_for
            .fetch_min(run.fresh_for.load(Ordering::Acquire), Ordering::AcqRel);
    }

    /// Notes what came of a computation that this one has begun or waited for: from here on the entry, with all that
    /// it depends on, stands for the flight.
    pub(crate) fn has_result(&self, inner: &Arc<Flight>, entry: &Arc<Entry>) {
        match entry.about.late {
            Lateness::None => {}
            Lateness::Vouched => self.late.store(true, Ordering::Release),
            Lateness::Doubtful => self.doom(),
        }
        self.can_depend_on(entry);
        self.fresh_for
            .fetch_min(inner.fresh_for.load(Ordering::Acquire), Ordering::AcqRel);
        let entry = Dependency::Entry(Arc::clone(entry));
        let mut reads = lock(&self.reads);
        reads.insert(entry.address(), entry);
        reads.remove(&Arc::as_ptr(inner).addr());
    }

    /// What one server or process knows about is nothing that another can look after, and what is made of secrets is one.
    fn can_depend_on(&self, entry: &Entry) {
        if entry.home() != self.home {
            self.doom();
        }
        if entry.is_secret() {
            self.secret.store(true, Ordering::Release);
        }
    }

    /// Everything that the result depends on besides its own guards. `None`: not all of it was read from the server.
    ///
    /// A computation that came to no value, because it failed or was given up, stands for what it ran under and for what it
    /// has read.
    #[cfg(feature = "redis")]
    pub(crate) fn inherited(&self) -> Option<Vec<Stamp>> {
        let mut stamps = Vec::new();
        let mut inherit = |known: Option<&Remembered>| {
            stamps.extend(known.iter().flat_map(|known| known.stamps.iter().cloned()));
            known.is_some()
        };
        let is_known = self.all(|flight, entries| {
            let is_self = std::ptr::eq(flight, self);
            let stands = is_self || !flight.is_doomed() && inherit(flight.remote.basis.get());
            let mut entries = entries.iter();
            stands && entries.all(|entry| inherit(entry.about.remote.as_deref()))
        });
        is_known.then_some(stamps)
    }

    /// The generations that this computation runs under, and those of all that it has read or waits for.
    #[cfg(feature = "redis")]
    pub(crate) fn computed_under(&self) -> Vec<Stamp> {
        let mut stamps = Vec::new();
        self.all(|flight, entries| {
            if let Some(Some(held)) = flight.remote.held() {
                stamps.extend(held.stamps.iter().cloned());
            }
            let remote = entries
                .iter()
                .filter_map(|entry| entry.about.remote.as_ref());
            stamps.extend(remote.flat_map(|remote| remote.stamps.iter().cloned()));
            true
        });
        // Parts mostly share their scopes. If two stamps of one guard differ, both are asked for, and one has ended.
        let mut seen = HashSet::new();
        stamps.retain(|stamp| seen.insert((stamp.guard, stamp.name.clone(), stamp.generation)));
        stamps
    }

    /// Whether `other` waits for this one, or is it.
    #[cfg(feature = "redis")]
    pub(crate) fn would_wait_for_itself(&self, other: &Flight) -> bool {
        other.depends_on(self)
    }

    /// Takes back that it waits for `other`.
    #[cfg(feature = "redis")]
    pub(crate) fn no_longer_waits_for(&self, other: &Arc<Flight>) {
        lock(&self.reads).remove(&Arc::as_ptr(other).addr());
    }

    /// Makes sure that nothing of this computation is kept.
    pub(crate) fn doom(&self) {
        self.doomed.store(true, Ordering::Release);
    }

    /// What was there is still what there is.
    pub(crate) fn not_modified(&self) {
        self.not_modified.store(true, Ordering::Release);
    }

    pub(crate) fn is_not_modified(&self) -> bool {
        self.not_modified.load(Ordering::Acquire)
    }

    /// Something past its time to live is part of this computation: its result is to be fresh for so long at most.
    pub(crate) fn is_fresh_for(&self, time: Duration) {
        let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.fresh_for.fetch_min(millis, Ordering::AcqRel);
    }

    /// How long its result may be fresh.
    pub(crate) fn longest_freshness(&self) -> Option<Duration> {
        match self.fresh_for.load(Ordering::Acquire) {
            u64::MAX => None,
            millis => Some(Duration::from_millis(millis)),
        }
    }

    /// Notes that this computation waits for `other`.
    pub(crate) fn waits_for(self: &Arc<Self>, other: &Arc<Flight>) -> Waiting {
        // Circles close only where two computations start to wait at once.
        static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
        let _turn = lock(&ONE_AT_A_TIME);
        if other.depends_on(self) {
            Waiting::WouldNeverEnd
        } else if self.reads(Dependency::Flight(Arc::clone(other))) {
            Waiting::IsSafe
        } else {
            Waiting::IsTooLate
        }
    }

    fn depends_on(&self, other: &Flight) -> bool {
        !self.all(|flight, _| !std::ptr::eq(flight, other))
    }

    /// Every generation that the result depends on, each once; of the hinted ones, those that `keeps` wants. The second
    /// number tells how many of them were captured before the computation, and not by something that it has read.
    pub(crate) fn stamps(
        &self,
        keeps: impl Fn(&Generation) -> bool,
    ) -> (Vec<Arc<Generation>>, usize) {
        let hinted = self.hinted.iter().filter(|g| keeps(g));
        let mut stamps: Vec<_> = self.own.iter().chain(hinted).map(Arc::clone).collect();
        let mut seen = HashSet::new();
        stamps.retain(|stamp| seen.insert(Arc::as_ptr(stamp)));
        let in_time = stamps.len();
        self.all(|flight, entries| {
            if !std::ptr::eq(flight, self) {
                stamps.extend(flight.guards().map(Arc::clone));
            }
            for entry in entries {
                stamps.extend(entry.stamps().iter().map(Arc::clone));
            }
            true
        });
        let mut seen = HashSet::new();
        stamps.retain(|stamp| seen.insert(Arc::as_ptr(stamp)));
        (stamps, in_time)
    }

    /// Tells all that this computation depends on so far, some of it more than once; not what its result turns out to carry.
    /// Returns whether all of it is of these generations, and of no other cache.
    #[cfg(feature = "http")]
    pub(crate) fn each_guard(
        &self,
        generations: &Generations,
        mut tell: impl FnMut(Guard, &str),
    ) -> bool {
        self.all(|flight, entries| {
            let hinted = if std::ptr::eq(flight, self) {
                &[][..]
            } else {
                &flight.hinted
            };
            let read = entries.iter().flat_map(|entry| entry.stamps());
            let mut are_ours = true;
            for generation in flight.own.iter().chain(hinted).chain(read) {
                let (guard, name) = (generation.guard(), generation.name());
                // On a server nothing is stored that is made of what another one knows of.
                are_ours &=
                    self.home != 0 || Arc::ptr_eq(&generations.capture(guard, name), generation);
                tell(guard, name);
            }
            #[cfg(feature = "redis")]
            {
                let basis = flight.remote.basis.get().map(|basis| &basis.stamps);
                let held = flight.remote.held().flatten().map(|held| &held.stamps);
                let read = entries.iter().filter_map(|it| it.about.remote.as_ref());
                let stamps = basis.into_iter().chain(held);
                for stamp in stamps.chain(read.map(|read| &read.stamps)).flatten() {
                    tell(stamp.guard, &stamp.name);
                }
            }
            are_ours
        })
    }

    /// Whether it is more than a look for what may be there.
    fn is_computation(&self) -> bool {
        #[cfg(feature = "redis")]
        return !self.remote.looks();
        #[cfg(not(feature = "redis"))]
        true
    }

    /// Ends the flight and wakes everybody who waits for it. Only the first call counts.
    pub(crate) fn end(&self, end: End) {
        if self.end.set(end).is_ok() {
            self.wake.notify_waiters();
        }
    }

    /// Waits for the end.
    pub(crate) async fn ended(&self) -> &End {
        self.until(|| self.end.get()).await
    }

    /// What came of it, if it has ended.
    #[cfg(feature = "redis")]
    pub(crate) fn found(&self) -> Option<&End> {
        self.end.get()
    }

    /// Whether this process has changed nothing that it depends on, as far as can be told without the server.
    #[cfg(feature = "redis")]
    pub(crate) fn has_its_footing(&self) -> bool {
        self.all(|flight, entries| {
            let footing = flight.remote.footing.as_ref();
            // What depends on an entry of the server, only the server can tell.
            entries.is_empty() && !flight.is_doomed() && footing.is_some_and(Footing::holds)
        })
    }

    /// What it runs under. A computation that it is part of can be told only if its key is among it.
    #[cfg(feature = "redis")]
    pub(crate) fn runs_under(&self, stamps: &[Stamp]) {
        let _only_once = self.remote.basis.set(Remembered {
            home: self.home,
            stamps: stamps.into(),
            is_secret: false,
        });
    }

    /// From here on it computes, and holds this.
    #[cfg(feature = "redis")]
    pub(crate) fn holds(&self, held: Option<Held>) {
        if self.remote.held.set(held).is_ok() {
            self.wake.notify_waiters();
        }
    }

    /// Waits until it computes, or has ended.
    #[cfg(feature = "redis")]
    pub(crate) async fn computes_or_ended(&self) {
        let computes = || self.remote.held.get().is_some();
        self.until(|| (self.end.get().is_some() || computes()).then_some(()))
            .await;
    }

    /// Waits for the end, or until another computation takes its place.
    #[cfg(feature = "redis")]
    pub(crate) async fn ended_or_replaced(&self) {
        let replaced = || self.remote.replaced.load(Ordering::Acquire);
        self.until(|| (self.end.get().is_some() || replaced()).then_some(()))
            .await;
    }

    /// It has found nothing, and goes on. Under the lock of the table, so that who comes then sees that.
    #[cfg(feature = "redis")]
    fn has_looked(&self) {
        self.remote.has_looked();
        self.wake.notify_waiters();
    }

    /// Waits until it does not only look any more.
    #[cfg(feature = "redis")]
    pub(crate) async fn looked_or_ended(&self) {
        self.until(|| (self.end.get().is_some() || !self.remote.looks()).then_some(()))
            .await;
    }

    /// Another computation takes its place.
    #[cfg(feature = "redis")]
    pub(crate) fn is_replaced(&self) {
        self.remote.replaced.store(true, Ordering::Release);
        self.wake.notify_waiters();
    }

    async fn until<T>(&self, reached: impl Fn() -> Option<T>) -> T {
        loop {
            if let Some(reached) = reached() {
                return reached;
            }
            let mut woken = pin!(self.wake.notified());
            // From here on no wake-up is missed, so it is looked for once more.
            woken.as_mut().enable();
            if let Some(reached) = reached() {
                return reached;
            }
            woken.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generation::Generations;

    fn flight(generations: &Generations, key: &str) -> Arc<Flight> {
        let own = vec![generations.capture(Guard::Key, key)];
        Arc::new(Flight::new(own, Vec::new(), generations.epoch()))
    }

    /// What is checked before it is noted can end in between, and a caller who comes then would join.
    #[test]
    fn what_has_ended_by_the_time_it_is_noted_is_not_read() {
        let generations = Generations::new();
        let (outer, inner) = (flight(&generations, "outer"), flight(&generations, "inner"));
        assert!(inner.is_current(), "the check of a reader");
        generations.end(Guard::Key, "inner");
        assert!(!outer.reads(Dependency::Flight(Arc::clone(&inner))));
        assert!(outer.is_current(), "and leaves no trace");
        assert!(matches!(outer.waits_for(&inner), Waiting::IsTooLate));
    }

    #[test]
    fn what_was_read_before_it_ended_stays_a_dependency() {
        let generations = Generations::new();
        let (outer, inner) = (flight(&generations, "outer"), flight(&generations, "inner"));
        assert!(outer.reads(Dependency::Flight(Arc::clone(&inner))));
        generations.end(Guard::Key, "inner");
        assert!(!outer.reads(Dependency::Flight(Arc::clone(&inner))));
        assert!(!outer.is_current());
    }

    #[test]
    fn a_circle_of_waiting_is_seen_before_it_closes() {
        let generations = Generations::new();
        let [a, b, c] = ["a", "b", "c"].map(|key| flight(&generations, key));
        assert!(matches!(a.waits_for(&b), Waiting::IsSafe));
        assert!(matches!(b.waits_for(&c), Waiting::IsSafe));
        assert!(matches!(c.waits_for(&a), Waiting::WouldNeverEnd));
        assert!(matches!(a.waits_for(&a), Waiting::WouldNeverEnd));
    }
}
