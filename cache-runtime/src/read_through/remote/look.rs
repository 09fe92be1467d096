//! Looking a key up on the server, and saying whether what was found is an answer.

use super::guards::{declared, dedup};
use super::keeper::Keeper;
use crate::cache::Cache;
use crate::circumstances::answered;
use crate::detect::Answer;
use crate::entry::{Entry, Remembered};
use crate::flight::{Dependency, Flight};
use crate::format::{self, Opened, Untrusted};
use crate::generation::{Guard, Named, Stamp};
use crate::key::scopes;
use crate::policy::Policy;
use crate::random::chance;
use crate::read_through::plan::Plan;
use crate::read_through::shape::Shape;
use crate::read_through::{Lifespan, prolonged};
use crate::redis::sequence::Moment;
use crate::redis::{Failure, Reading, Redis};
use crate::schema;
use crate::site::Site;
use crate::stats::count;
use crate::trace;
use crate::value::CacheValue;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

const INVALIDATED: &str = "invalidated";
pub(super) const EXPIRED: &str = "expired";
pub(super) const SOON: &str = "to be refreshed early";

/// How much less one look may find left than a later one.
const SLACK: Duration = Duration::from_millis(20);

/// The guards that an entry lists.
pub(super) fn list(opened: &Opened<'_>) -> Vec<Named> {
    let guards = opened.guards();
    guards
        .map(|(guard, name)| (guard, name.as_ref().into()))
        .collect()
}

/// What an entry under this key hangs on: the scopes of the key, and what it lists.
fn all_guards(key: &str, opened: &Opened<'_>) -> impl Iterator<Item = Named> {
    let implied = scopes(key).map(|scope| (Guard::Scope, scope.into()));
    implied.chain(list(opened))
}

/// Guards as they are asked for.
pub(super) fn named(guards: &[Named]) -> impl Iterator<Item = (Guard, &str)> {
    guards.iter().map(|(guard, name)| (*guard, &**name))
}

/// Who looks, for what.
#[derive(Clone, Copy)]
pub(crate) struct Look<'c> {
    pub(crate) cache: &'c Cache,
    pub(crate) redis: &'c Redis,
    pub(crate) site: &'static Site,
    pub(crate) key: &'c str,
    pub(crate) plan: &'c Plan,
    pub(crate) policy: &'c Policy,
    /// The computation that asks.
    pub(crate) outer: Option<&'c Arc<Flight>>,
    /// What begins with the first read.
    pub(crate) begins: Option<&'c Arc<Moment>>,
    /// Of who comes to replace an entry: for how long that was fresh still when it was served.
    pub(crate) renews: Option<Duration>,
}

/// What came of it.
pub(crate) enum Looked<R> {
    Hit(R),
    /// Valid, and to be replaced.
    Due(R, Seen, Due),
    Missed(Seen),
}

/// When an entry is, or was, to be replaced.
pub(crate) enum Due {
    /// Before its end, which comes after this time.
    Early(Duration),
    /// So long ago its time to live came to its end. What it depends on, for a computation that asks.
    Since(Duration, Option<Box<Remembered>>),
}

/// How a valid entry stands to its time to live.
pub(super) enum Age {
    Fresh,
    /// Fresh for so long, and to be replaced early.
    Early(Duration),
    /// Past it since so long ago.
    Past(Duration),
}

/// What was there, and was no answer.
pub(crate) struct Seen {
    reading: Option<Reading>,
    /// Guards that the entry lists.
    pub(crate) listed: Vec<Named>,
    pub(crate) why: &'static str,
}

impl Seen {
    /// Nothing was looked at.
    pub(crate) fn nothing() -> Self {
        Seen {
            reading: None,
            listed: Vec::new(),
            why: "to be refreshed",
        }
    }

    /// Nothing of which a list of guards could be read.
    pub(super) fn of(reading: Reading, why: &'static str) -> Self {
        Seen {
            reading: Some(reading),
            listed: Vec::new(),
            why,
        }
    }

    /// An entry that lists these guards.
    pub(super) fn listing(mut self, listed: Vec<Named>) -> Self {
        self.listed = listed;
        self
    }

    /// The time to live of the entry, and its age.
    pub(super) fn times(&self, key: &str) -> (Option<Duration>, Duration) {
        let opened = self.bytes().and_then(|bytes| format::open(bytes, key).ok());
        let (Some(reading), Some(opened)) = (&self.reading, opened) else {
            return (None, Duration::ZERO);
        };
        (opened.fresh_for(), age(reading, &opened))
    }

    /// Whether something past its time to live is part of the entry.
    pub(super) fn is_provisional(&self, key: &str) -> bool {
        let opened = self.bytes().and_then(|bytes| format::open(bytes, key).ok());
        opened.is_some_and(|opened| opened.is_provisional())
    }

    /// What tells this entry from others under its key; empty if there was none.
    pub(crate) fn fingerprint(&self) -> &[u8] {
        self.bytes().map_or(&[], format::fingerprint_in_place)
    }

    pub(crate) fn bytes(&self) -> Option<&[u8]> {
        self.reading.as_ref()?.bytes()
    }
}

/// Whether an entry is valid, as far as the generations tell.
pub(super) enum Validity {
    Valid,
    Ended,
    /// Some of its guards were not read.
    Unknown,
}

impl<'c> Look<'c> {
    /// Reads the entry, and answers with it if it is valid and this reader can take it.
    pub(crate) async fn look<R, S>(self, shape: S) -> Result<Looked<R>, Failure>
    where
        S: Shape<R>,
        S::Value: CacheValue,
    {
        match self.look_alone(shape).await? {
            Some(looked) => Ok(looked),
            None => self.look_in_full(shape).await,
        }
    }

    /// The same, with all generations that the entry depends on.
    pub(super) async fn look_in_full<R, S>(self, shape: S) -> Result<Looked<R>, Failure>
    where
        S: Shape<R>,
        S::Value: CacheValue,
    {
        let mut captured = false;
        loop {
            let mut guards = declared(self.key, self.plan);
            guards.extend(
                self.redis
                    .remembered(self.key)
                    .iter()
                    .flat_map(|more| more.iter().cloned()),
            );
            dedup(&mut guards);
            let nested = self.outer.is_some();
            let mut keeper = Keeper::new(self, named(&guards));
            let began = Instant::now();
            let read = self.redis.read(self.key, guards, nested, self.begins);
            let mut reading = self.answered_since(began, trace::asking(self.site, read).await)?;
            let Some(listed) = self.open(&reading).map(|opened| list(&opened)) else {
                return Ok(Looked::Missed(Seen::of(reading, "absent")));
            };
            let unread: Vec<Named> = listed
                .iter()
                .filter(|(guard, name)| reading.generation(*guard, name).is_none())
                .cloned()
                .collect();
            if !unread.is_empty() {
                self.redis.remember(self.key, &listed);
                if let Some(keeper) = &mut keeper {
                    keeper.watch(named(&unread));
                }
                let began = Instant::now();
                let more = self.redis.read_more(&mut reading, unread);
                self.answered_since(began, trace::asking(self.site, more).await)?;
            }
            if let Some(keeper) = &keeper {
                keeper.learn(&reading);
            }
            match self.take(shape, &reading) {
                Ok((returned, age)) => {
                    if nested && reading.key_generation().is_none() && !captured {
                        // From here on a deletion of this key can be seen. What was read before may be older.
                        self.redis.capture_key(self.key, self.ttl()).await?;
                        captured = true;
                        continue;
                    }
                    let remembered = self.remembered(&reading, &listed);
                    if let Age::Past(since) = age {
                        let seen = Seen::of(reading, EXPIRED).listing(listed);
                        return Ok(Looked::Due(returned, seen, Due::Since(since, remembered)));
                    }
                    if !self.inherit(remembered, &reading) {
                        return Ok(Looked::Missed(
                            Seen::of(reading, INVALIDATED).listing(listed),
                        ));
                    }
                    if let (Some(keeper), Some(opened)) = (keeper, self.open(&reading)) {
                        keeper.keep(self, shape, &reading, &opened, &returned);
                    }
                    if let Age::Early(left) = age {
                        let seen = Seen::of(reading, SOON).listing(listed);
                        return Ok(Looked::Due(returned, seen, Due::Early(left)));
                    }
                    return Ok(Looked::Hit(returned));
                }
                Err(why) => return Ok(Looked::Missed(Seen::of(reading, why).listing(listed))),
            }
        }
    }

    /// Notes how long an answer was waited for, or that there would be one: without a connection nobody waits.
    pub(super) fn answered_since<T>(
        self,
        began: Instant,
        answer: Result<T, Failure>,
    ) -> Result<T, Failure> {
        if !matches!(answer, Err(Failure::NoLink)) {
            let counters = self.site.counters(self.cache);
            counters.waited(began.elapsed());
        }
        answer
    }

    /// The answer, if there is one; counted.
    pub(crate) async fn peek<R, S>(self, shape: S) -> Result<Option<R>, Failure>
    where
        S: Shape<R>,
        S::Value: CacheValue,
    {
        let counters = self.site.counters(self.cache);
        let looked = self.look(shape).await;
        match &looked {
            Ok(Looked::Hit(_) | Looked::Due(_, _, Due::Early(_))) => {
                count(&counters.hits);
                trace::hit(self.site, self.key);
                answered(self.cache, self.site, self.key, Answer::Server);
            }
            Ok(Looked::Missed(seen) | Looked::Due(_, seen, Due::Since(..))) => {
                count(&counters.misses);
                trace::miss(self.site, self.key, || seen.why);
                answered(self.cache, self.site, self.key, Answer::Absent);
            }
            Err(failure) => {
                count(&counters.misses);
                count(&counters.unavailable);
                trace::unavailable(self.site, failure);
            }
        }
        match looked? {
            Looked::Hit(returned) | Looked::Due(returned, _, Due::Early(_)) => Ok(Some(returned)),
            Looked::Missed(_) | Looked::Due(_, _, Due::Since(..)) => Ok(None),
        }
    }

    /// Whether what was seen before turns out to be valid under generations captured since.
    pub(crate) fn take_again<R, S>(
        self,
        shape: S,
        seen: &Seen,
        replication_id: &str,
        stamps: &[Stamp],
    ) -> Option<R>
    where
        S: Shape<R>,
        S::Value: CacheValue,
    {
        // For another reason it was no answer before, and will be none now.
        if seen.why != INVALIDATED {
            return None;
        }
        let opened = format::open(seen.bytes()?, self.key).ok()?;
        let of = |guard: Guard, name: &str| among(stamps, guard, name).map(Some);
        let is_fresh = || {
            matches!(
                self.age(seen.reading.as_ref()?, &opened)?,
                Age::Fresh | Age::Early(_)
            )
            .then_some(())
        };
        match validity(self.key, &opened, replication_id, of) {
            Validity::Valid => is_fresh().and_then(|()| self.content(shape, &opened).ok()),
            Validity::Ended | Validity::Unknown => None,
        }
    }

    /// What an entry hangs on that was valid when it was seen, and is so under the generations captured since.
    pub(crate) fn hangs_on(
        self,
        seen: &Seen,
        replication_id: &str,
        stamps: &[Stamp],
    ) -> Option<Arc<Entry>> {
        let opened = format::open(seen.bytes()?, self.key).ok()?;
        let of = |guard: Guard, name: &str| among(stamps, guard, name).map(Some);
        let Validity::Valid = validity(self.key, &opened, replication_id, of) else {
            return None;
        };
        let stamp = |(guard, name): Named| {
            let generation = among(stamps, guard, &name)?;
            Some(Stamp {
                guard,
                name,
                generation,
            })
        };
        let stamps: Option<Vec<Stamp>> = all_guards(self.key, &opened).map(stamp).collect();
        Some(Entry::read_remotely(Remembered {
            home: self.cache.id(),
            stamps: stamps?.into(),
            is_secret: opened.is_encrypted(),
        }))
    }

    /// The entry that was read, if there is one that can be opened.
    pub(super) fn open<'b>(self, reading: &'b Reading) -> Option<Opened<'b>>
    where
        'c: 'b,
    {
        format::open(reading.bytes()?, self.key)
            .inspect_err(|why| self.untrusted(why))
            .ok()
    }

    fn take<R, S>(self, shape: S, reading: &Reading) -> Result<(R, Age), &'static str>
    where
        S: Shape<R>,
        S::Value: CacheValue,
    {
        let opened = reading
            .bytes()
            .and_then(|bytes| format::open(bytes, self.key).ok());
        let opened = opened.ok_or("absent")?;
        let of = |guard: Guard, name: &str| reading.generation(guard, name);
        match validity(self.key, &opened, reading.link.replication_id(), of) {
            Validity::Valid => {}
            Validity::Ended | Validity::Unknown => return Err(INVALIDATED),
        }
        let age = self.age(reading, &opened).ok_or(EXPIRED)?;
        let content = self.content(shape, &opened)?;
        self.reads(reading, &opened);
        Ok((content, age))
    }

    /// An entry is read that would die otherwise.
    pub(super) fn reads(self, reading: &Reading, opened: &Opened<'_>) {
        let Some(idle) = opened.idle() else { return };
        // It may be kept for longer than it is fresh: then its author says for how long.
        let kept = opened.fresh_for();
        let kept = kept.map(|fresh| fresh.saturating_add(self.policy.grace()));
        let left = kept.map(|kept| kept.saturating_sub(age(reading, opened)));
        let guards = all_guards(self.key, opened).collect();
        self.redis
            .prolong_soon(self.key, guards, prolonged(idle, left));
    }

    /// How old it is. `None`: too old to be of any use here.
    pub(super) fn age(self, reading: &Reading, opened: &Opened<'_>) -> Option<Age> {
        let Some(fresh_for) = opened.fresh_for() else {
            return Some(Age::Fresh);
        };
        let age = age(reading, opened);
        if age < fresh_for {
            let left = fresh_for - age;
            return Some(if self.comes_early(left, opened) {
                Age::Early(left)
            } else {
                Age::Fresh
            });
        }
        let past = age - fresh_for;
        (past < self.policy.grace() && !opened.is_absent()).then_some(Age::Past(past))
    }

    /// Whether an entry that is fresh for so long is to be replaced now.
    fn comes_early(self, left: Duration, opened: &Opened<'_>) -> bool {
        match self.renews {
            // It is the one that was served, as far as clocks can tell, or one that would be as well.
            Some(then) => left <= then + SLACK,
            None => self.outer.is_none() && self.policy.is_due(left, opened.cost(), chance),
        }
    }

    /// The value, if this reader can take it and it can be trusted.
    pub(super) fn content<R, S>(self, shape: S, opened: &Opened<'_>) -> Result<R, &'static str>
    where
        S: Shape<R>,
        S::Value: CacheValue,
    {
        if !self.has_our_tags(opened) {
            return Err("of another function, with other tags");
        }
        if self.site.is_encrypted_in(self.cache) && !opened.is_encrypted() {
            self.untrusted(&Untrusted::Clear);
            return Err("not encrypted, and it has to be");
        }
        // Of no other type is it known that there is none.
        let kind = self.site.kind_of(schema::of::<S::Value>());
        if let Err(why) = opened.expect_schema(kind) {
            self.untrusted(&why);
            return Err("of another type or version");
        }
        if opened.is_absent() {
            let absent = if self.site.negative {
                shape.absent()
            } else {
                None
            };
            self.verify(opened)?;
            self.trusted(opened.confirm_absence(self.cache.keys()))?;
            return absent
                .ok_or("says that there is nothing, which this function does not remember");
        }
        self.verify(opened)?;
        let value = opened.decode(self.redis.config().max_entry, self.cache.keys());
        self.trusted(value).map(|value| shape.value(value))
    }

    fn verify(self, opened: &Opened<'_>) -> Result<(), &'static str> {
        self.trusted(opened.verify())
    }

    fn trusted<T>(self, read: Result<T, Untrusted>) -> Result<T, &'static str> {
        read.map_err(|why| {
            self.untrusted(&why);
            match why {
                Untrusted::Key => "encrypted with a key that is not there",
                _ => "damaged",
            }
        })
    }

    fn untrusted(self, why: &Untrusted) {
        let counters = self.site.counters(self.cache);
        count(&counters.untrusted);
        if *why == Untrusted::Key {
            count(&counters.undecryptable);
        }
        trace::untrusted(self.site, why);
    }

    /// Where tags come from the value, only the same declaration can tell that an entry carries them. Otherwise its
    /// list tells.
    fn has_our_tags(self, opened: &Opened<'_>) -> bool {
        if self.site.value_tags {
            return !self.site.tags_vary && opened.declared() == Some(self.site.declared());
        }
        self.plan.tags.iter().all(|tag| {
            let mut listed = opened.guards();
            listed.any(|(guard, name)| guard == Guard::Tag && name == tag.as_str())
        })
    }

    /// What a computation that asks would have to depend on. `None`: nobody asks, or not all of it was read.
    fn remembered(self, reading: &Reading, listed: &[Named]) -> Option<Box<Remembered>> {
        self.outer?;
        let implied = scopes(self.key).map(|scope| (Guard::Scope, scope));
        let listed = listed.iter().map(|(guard, name)| (*guard, &**name));
        let stamp = |(guard, name): (Guard, &str)| {
            let generation = reading.generation(guard, name).flatten()?;
            Some(Stamp {
                guard,
                name: name.into(),
                generation,
            })
        };
        let own = reading.key_generation().map(|generation| Stamp {
            guard: Guard::Key,
            name: self.key.into(),
            generation,
        });
        let stamps: Option<Vec<Stamp>> = implied.chain(listed).map(stamp).chain([own]).collect();
        Some(Box::new(Remembered {
            home: self.cache.id(),
            stamps: stamps?.into(),
            is_secret: format::open(reading.bytes()?, self.key)
                .ok()?
                .is_encrypted(),
        }))
    }

    /// Makes the outer computation depend on what was read.
    fn inherit(self, remembered: Option<Box<Remembered>>, reading: &Reading) -> bool {
        match (self.outer, remembered) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(outer), Some(remembered)) => {
                if let Some(left) = self.provisional_for(reading) {
                    outer.is_fresh_for(left);
                }
                let entry = Entry::read_remotely(*remembered);
                outer.reads(Dependency::Entry(entry))
            }
        }
    }

    /// How long an entry is fresh that is made of something past its time to live.
    fn provisional_for(self, reading: &Reading) -> Option<Duration> {
        let opened = format::open(reading.bytes()?, self.key).ok()?;
        let fresh_for = opened.fresh_for().filter(|_| opened.is_provisional())?;
        Some(fresh_for.saturating_sub(age(reading, &opened)))
    }

    fn ttl(self) -> Option<Duration> {
        Lifespan::at_most(self.cache, self.plan.ttl, self.policy).on_server()
    }
}

/// The generation that was captured of a guard.
fn among(stamps: &[Stamp], guard: Guard, name: &str) -> Option<u64> {
    let stamp = stamps.iter().find(|stamp| stamp.is_of(guard, name))?;
    Some(stamp.generation)
}

/// How long ago it was stored, at most.
pub(super) fn age(reading: &Reading, opened: &Opened<'_>) -> Duration {
    Duration::from_millis(reading.link.time_at_most().saturating_sub(opened.made()))
}

/// Compares an entry with the generations that stand, as far as they were read (the outer `None`: was not).
pub(super) fn validity(
    key: &str,
    opened: &Opened<'_>,
    replication_id: &str,
    generation: impl Fn(Guard, &str) -> Option<Option<u64>>,
) -> Validity {
    let mut generations = Vec::with_capacity(16);
    let mut add = |found: Option<Option<u64>>| match found {
        Some(Some(generation)) => {
            generations.push(generation);
            None
        }
        Some(None) => Some(Validity::Ended),
        None => Some(Validity::Unknown),
    };
    let implied = scopes(key).find_map(|scope| add(generation(Guard::Scope, scope)));
    let missing = implied.or_else(|| {
        let mut listed = opened.guards();
        listed.find_map(|(guard, name)| add(generation(guard, &name)))
    });
    match missing {
        Some(missing) => missing,
        None if format::seal(replication_id, generations) == opened.seal() => Validity::Valid,
        None => Validity::Ended,
    }
}
