//! Whose turn it is to compute, in this process and among all.
//!
//! A caller joins a computation of this process only if that was begun after its own call: then all that it reads is
//! recent enough. Otherwise it waits for the end and looks again. Who leads in this process asks for the lease; while
//! another process holds it, the leader waits for both.

mod follow;
mod lead;
mod now;
mod renew;

pub(in crate::read_through) use now::{BlockedThere, alone, now, waits};
pub(in crate::read_through) use renew::renew;

use super::claim::{Claim, Hold};
use super::guards::{declared, declares, dedup, of_value};
use super::look::{Due, EXPIRED, Look, Looked, Seen};
use crate::detect::Answer;
use crate::entry::{About, Entry, Last};
use crate::flight::{End, Entered, Flight, Lead, Remote, Served, Stance};
use crate::generation::{Guard, Named};
use crate::read_through::Lifespan;
use crate::read_through::miss::{Pending, Turn};
use crate::read_through::shape::{Shape, View};
use crate::redis::sequence::{self, Moment};
use crate::redis::{Failure, Footing, Looker, Mirror, Redis, Wanted};
use crate::stats::{Counters, count};
use crate::sync::lock;
use crate::trace;
use crate::value::CacheValue;
use follow::Waited;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

/// A call that looks for its turn.
struct Caller<'p> {
    pending: &'p Pending,
    redis: &'p Redis,
    /// When it began, in the order of everything that is sent.
    began: u64,
    waiting_since: Mutex<Instant>,
    /// Whether it is counted as a miss already.
    has_missed: AtomicBool,
    /// The link over which it could read when it began: there was one, and nothing was to be delivered before.
    link: Option<u64>,
    /// Whether it has waited in vain for somebody who looks.
    looks_itself: AtomicBool,
    /// Whether it has seen what is there.
    has_looked: AtomicBool,
    /// Whether it is counted as one that the server could not be asked for.
    is_without_server: AtomicBool,
}

/// How far a call has come.
enum Next<'p, R> {
    /// To find out where it stands.
    Enter,
    /// To look.
    Look(Place<'p>),
    /// To go on from what was found.
    Looked(Place<'p>, Result<Looked<R>, Failure>),
    /// To wait for this one.
    Follow(Arc<Flight>),
    /// To compute, for others as well.
    Lead(Lead),
    /// To compute for itself.
    Alone,
}

/// Where a call stands in this process before it looks.
enum Stands<'p> {
    /// It looks for itself, or for all who come before that is sent.
    Looks(Place<'p>),
    /// Behind one who has not looked yet.
    Follows(Arc<Flight>),
    /// Whatever there is, it computes.
    Refreshes,
}

/// Where a call that looks for an entry stands.
struct Place<'p> {
    looker: Looker<'p>,
    /// Those who come before its look is sent wait for what it finds. `None`: nobody does, since few look, somebody else
    /// computes, or another value hangs on what is found.
    lead: Option<Lead>,
}

impl Place<'_> {
    fn begins(&self) -> Option<&Arc<Moment>> {
        let lead = self.lead.as_ref();
        lead.map(|lead| &lead.flight().remote.begun)
    }
}

/// Looks the key up, joins a computation, or takes the lead.
///
/// In boxes: this is part of every call, and most have no server. In two, since most that ask one end with the first.
pub(in crate::read_through) async fn turn<R, S>(
    pending: &Pending,
    redis: &Redis,
    shape: S,
) -> Turn<R>
where
    S: Shape<R>,
    S::Value: CacheValue,
{
    let caller = Caller::new(pending, redis);
    let next = match caller.enter() {
        Stands::Refreshes => Next::Enter,
        Stands::Follows(flight) => match Box::pin(caller.follow(shape, &flight)).await {
            Waited::Answered(returned) => return Turn::Answered(returned),
            Waited::LookAgain => Next::Enter,
            Waited::TooLong(flight) => caller.in_place_of(&flight),
            Waited::Alone => Next::Alone,
        },
        Stands::Looks(place) => {
            let look = caller.look(place.begins());
            match Box::pin(look.look_alone(shape)).await {
                Ok(Some(Looked::Hit(returned))) => {
                    return Turn::Answered(caller.hit(shape, place, returned, Served::Fresh));
                }
                Ok(Some(looked)) => Next::Looked(place, Ok(looked)),
                Ok(None) => Next::Look(place),
                Err(failure) => Next::Looked(place, Err(failure)),
            }
        }
    };
    let given_up = GivenUp(pending);
    let turn = Box::pin(caller.turn(shape, next)).await;
    std::mem::forget(given_up);
    turn
}

/// A call inside a computation that is dropped before anybody knows what it would have depended on.
struct GivenUp<'p>(&'p Pending);

impl Drop for GivenUp<'_> {
    fn drop(&mut self) {
        let GivenUp(Pending {
            outer,
            went_without,
            ..
        }) = self;
        if let Some(outer) = outer
            && !went_without.load(Ordering::Acquire)
        {
            outer.doom();
        }
    }
}

impl<'p> Caller<'p> {
    fn new(pending: &'p Pending, redis: &'p Redis) -> Self {
        Caller {
            pending,
            redis,
            began: sequence::next(),
            waiting_since: Mutex::new(Instant::now()),
            has_missed: AtomicBool::new(false),
            link: redis.topology_number().filter(|_| redis.is_clear()),
            looks_itself: AtomicBool::new(false),
            has_looked: AtomicBool::new(false),
            is_without_server: AtomicBool::new(false),
        }
    }

    async fn turn<R, S>(&self, shape: S, mut next: Next<'p, R>) -> Turn<R>
    where
        S: Shape<R>,
        S::Value: CacheValue,
    {
        loop {
            let (place, looked) = match next {
                Next::Enter => match self.enter() {
                    Stands::Follows(flight) => {
                        next = Next::Follow(flight);
                        continue;
                    }
                    Stands::Looks(place) => {
                        let looked = self.look(place.begins()).look(shape).await;
                        (place, looked)
                    }
                    Stands::Refreshes => return self.refresh().await,
                },
                Next::Look(place) => {
                    let looked = self.look(place.begins()).look_in_full(shape).await;
                    (place, looked)
                }
                Next::Looked(place, looked) => (place, looked),
                Next::Follow(flight) => {
                    let waited = self.follow(shape, &flight).await;
                    next = match self.after(waited).await {
                        Ok(turn) => return turn,
                        Err(next) => next,
                    };
                    continue;
                }
                Next::Lead(lead) => {
                    self.misses(|| "what others compute takes too long");
                    return self.beside(lead).await;
                }
                Next::Alone => return self.by_itself().await,
            };
            self.has_looked.store(true, Ordering::Relaxed);
            let seen = match looked {
                Ok(Looked::Hit(returned)) => {
                    return Turn::Answered(self.hit(shape, place, returned, Served::Fresh));
                }
                Ok(Looked::Due(returned, seen, due)) => {
                    let serves = self.serves(shape, &returned, &due);
                    self.replaces(shape, &returned, &seen, due);
                    if let Some(left) = serves {
                        let served = if left.is_zero() {
                            Served::Stale
                        } else {
                            Served::Fresh
                        };
                        return Turn::Serve(self.hit(shape, place, returned, served), left);
                    }
                    if self.pending.outer.is_some() {
                        // What is made of it has to be told what it hangs on, and that it is old.
                        if let Some(older) = self.pending.spares(shape) {
                            self.misses(|| EXPIRED);
                            return Turn::Answered(older);
                        }
                    } else if self.pending.is_spared() {
                        return Turn::Answered(self.hit(shape, place, returned, Served::Spared));
                    }
                    Some(seen)
                }
                Ok(Looked::Missed(seen)) => {
                    self.pending.replaces_nothing();
                    Some(seen)
                }
                Err(failure) => {
                    self.is_without_server(&failure);
                    None
                }
            };
            self.misses(|| {
                let seen = seen.as_ref();
                seen.map_or("redis is unavailable", |seen| seen.why)
            });
            let flights = self.pending.cache.flights();
            let Place { looker, lead } = place;
            drop(looker);
            let entered = match lead.filter(|lead| flights.goes_on(lead)) {
                Some(lead) => Entered::Leads(lead),
                None => flights.enter(
                    &self.pending.key,
                    |flight| self.stands_to(flight, seen.is_some()),
                    || self.flight(),
                ),
            };
            let waited = match entered {
                Entered::Leads(lead) => match seen {
                    Some(seen) => return self.lead(shape, lead, seen).await,
                    None => return self.alone(lead),
                },
                Entered::Joined(flight) => self.follow(shape, &flight).await,
                Entered::Behind(flight) => match seen {
                    Some(seen) => match self.behind(shape, &flight, &seen).await {
                        Ok(turn) => return turn,
                        Err(waited) => waited,
                    },
                    None => Waited::LookAgain,
                },
            };
            next = match self.after(waited).await {
                Ok(turn) => return turn,
                Err(next) => next,
            };
        }
    }

    /// Whether what is due is an answer for now; and for how long it is fresh still.
    fn serves<R, S>(&self, shape: S, returned: &R, due: &Due) -> Option<Duration>
    where
        S: Shape<R>,
        S::Value: CacheValue,
    {
        let Pending { policy, outer, .. } = self.pending;
        let (past, View::Value(value)) = (
            match due {
                Due::Early(left) => return Some(*left),
                Due::Since(past, _) => *past,
            },
            shape.view(returned),
        ) else {
            return None;
        };
        let grace = shape.answers_for(value, policy.answers_for());
        let waits = policy.warms() || outer.is_some();
        (past < grace.swr && !waits).then_some(Duration::ZERO)
    }

    /// Takes note of what was found, if it is of use to the computation that replaces it.
    pub(super) fn replaces<R, S>(&self, shape: S, returned: &R, seen: &Seen, due: Due)
    where
        S: Shape<R>,
        S::Value: CacheValue,
    {
        let Pending {
            policy, outer, key, ..
        } = self.pending;
        let (past, remembered) = match due {
            Due::Early(_) => (Duration::MAX, None),
            Due::Since(past, remembered) => (past, remembered),
        };
        let can_be_told = outer.is_none() || remembered.is_some();
        let View::Value(value) = shape.view(returned) else {
            return;
        };
        let grace = shape.answers_for(value, policy.answers_for());
        let stands_in = past < grace.stale_if_error && can_be_told;
        if !stands_in && !policy.minds_the_last() {
            return;
        }
        let (fresh_for, age) = seen.times(key);
        let about = About {
            provisional: seen.is_provisional(key),
            remote: remembered,
            ..About::default()
        };
        self.pending.replaces(Some(Last {
            entry: Entry::of("", Some(value.clone()), about),
            stands_in,
            fresh_for,
            age,
            hangs_on: None,
        }));
    }

    /// With all generations in hand: whether what was found is still there to be replaced. If not, it is good for nothing.
    pub(super) fn still_replaces(&self, seen: &Seen, claim: &Claim) -> bool {
        let look = self.look(None);
        let hangs_on = look.hangs_on(seen, claim.replication_id(), claim.stamps());
        let stands = hangs_on.is_some();
        self.pending.replaces_what_hangs_on(hangs_on);
        stands
    }

    /// What comes after waiting for somebody else.
    async fn after<R>(&self, waited: Waited<R>) -> Result<Turn<R>, Next<'p, R>> {
        match waited {
            Waited::Answered(returned) => Ok(Turn::Answered(returned)),
            Waited::LookAgain => Err(Next::Enter),
            Waited::TooLong(flight) => Err(self.in_place_of(&flight)),
            Waited::Alone => Ok(self.by_itself().await),
        }
    }

    /// After it has waited in vain: of all who give up at once, one computes in its place, and the others join.
    fn in_place_of<R>(&self, given_up: &Arc<Flight>) -> Next<'p, R> {
        let stance = |flight: &Arc<Flight>| {
            if Arc::ptr_eq(flight, given_up) {
                return Stance::Replace;
            }
            match self.stands_to(flight, true) {
                Stance::Join => Stance::Join,
                // Not once more.
                Stance::Wait | Stance::Replace => Stance::Wait,
            }
        };
        let flights = self.pending.cache.flights();
        match flights.enter(&self.pending.key, stance, || self.flight()) {
            Entered::Leads(lead) => Next::Lead(lead),
            Entered::Joined(flight) => {
                self.waits_anew();
                Next::Follow(flight)
            }
            Entered::Behind(_) => Next::Alone,
        }
    }

    /// Takes a place before the look is sent, or that behind whoever has one and has not sent it yet.
    fn enter(&self) -> Stands<'p> {
        if self.pending.refresh {
            return Stands::Refreshes;
        }
        let looker = self.redis.looks_for(&self.pending.key);
        if !looker.is_one_of_many()
            || self.pending.outer.is_some()
            || self.looks_itself.load(Ordering::Relaxed)
        {
            return Stands::Looks(Place { looker, lead: None });
        }
        let entered = self.pending.cache.flights().enter(
            &self.pending.key,
            |flight| self.stands_before(flight),
            || self.looking(),
        );
        match entered {
            Entered::Leads(lead) => Stands::Looks(Place {
                looker,
                lead: Some(lead),
            }),
            Entered::Joined(flight) => Stands::Follows(flight),
            Entered::Behind(_) => Stands::Looks(Place { looker, lead: None }),
        }
    }

    /// How this call stands, before it looks, to what is under way in this process.
    fn stands_before(&self, flight: &Arc<Flight>) -> Stance {
        /// The table's reference, and that of who leads.
        const ALONE: usize = 2;
        let is_recent = flight.remote.begun.is_after(self.began) && self.may_rely_on(flight);
        if is_recent && self.is_like_ours(flight) {
            Stance::Join
        } else if flight.remote.looks() && Arc::strong_count(flight) == ALONE {
            // Those who come after this call can wait for its look instead.
            Stance::Replace
        } else {
            Stance::Wait
        }
    }

    /// The answer that was there, also for those who wait for it.
    fn hit<R, S>(&self, shape: S, place: Place<'_>, returned: R, served: Served) -> R
    where
        S: Shape<R>,
        S::Value: CacheValue,
    {
        if let Some(lead) = place.lead {
            lead.finish_for_others(|| match shape.view(&returned) {
                View::Value(value) => End::Hit(Entry::handed_over(Some(value.clone())), served),
                View::Absent => End::Hit(Entry::handed_over::<S::Value>(None), served),
                View::Failure => End::Abandoned,
            });
        }
        self.is_served(served);
        returned
    }

    /// Counts an answer that was there: for this call, or since it has waited for others.
    fn is_served(&self, served: Served) {
        let pending = self.pending;
        let has_waited = self.has_missed.load(Ordering::Relaxed);
        match served {
            // There was nothing that is fresh, and nobody was asked for it.
            Served::Spared => self.misses(|| EXPIRED),
            Served::Fresh | Served::Stale if has_waited => count(&self.counters().coalesced),
            Served::Fresh | Served::Stale => {
                count(&self.counters().hits);
                trace::hit(pending.site, &pending.key);
            }
        }
        if served == Served::Fresh {
            pending.is_answered(if has_waited {
                Answer::Shared
            } else {
                Answer::Server
            });
        } else {
            pending.is_stale();
            pending.is_answered(Answer::Stale);
        }
    }

    /// Counts that there was no answer, once.
    fn misses(&self, why: impl FnOnce() -> &'static str) {
        if !self.has_missed.swap(true, Ordering::Relaxed) {
            count(&self.counters().misses);
            trace::miss(self.pending.site, &self.pending.key, why);
        }
    }

    /// Counts that the server could not be asked, once.
    fn is_without_server(&self, failure: &Failure) {
        if !self.is_without_server.swap(true, Ordering::Relaxed) {
            count(&self.counters().unavailable);
            trace::unavailable(self.pending.site, failure);
        }
    }

    fn counters(&self) -> &Counters {
        self.pending.site.counters(&self.pending.cache)
    }

    /// How this call stands to a computation of its key that is under way in this process.
    fn stands_to(&self, flight: &Flight, is_reachable: bool) -> Stance {
        let is_recent = flight.remote.begun.is_after(self.began);
        // What it depends on besides, an outer computation can only be told if the key's generation is known.
        let can_be_told = self.pending.outer.is_none() || flight.remote.knows_key_generation;
        // One that holds nothing has nothing to wait for, and stores nothing.
        let holds_nothing = matches!(flight.remote.held(), Some(None));
        // Nor has a look that is no answer: one comes after the other.
        let is_worth_waiting_for = !holds_nothing && !flight.remote.looks();
        if self.is_like_ours(flight) && is_recent && can_be_told && self.may_rely_on(flight) {
            Stance::Join
        } else if is_reachable && is_worth_waiting_for {
            Stance::Wait
        } else if !is_reachable && self.is_recent_enough(flight) {
            Stance::Join
        } else {
            Stance::Replace
        }
    }

    /// Whether a failure of somebody else may be answered with something older, which this call has not looked for.
    fn may_find_something_older(&self) -> bool {
        !self.pending.policy.stale_if_error.is_zero() && !self.has_looked.load(Ordering::Relaxed)
    }

    /// Whether what another call finds that only looks so far, and sends its read after this call began, is as good as what
    /// this call would find: that read goes over the link that there was for this call or a later one, and whatever this
    /// process had changed was delivered by then.
    fn may_rely_on(&self, flight: &Flight) -> bool {
        !flight.remote.looks()
            || (self.link.is_some()
                && self.link == flight.remote.link
                && !self.looks_itself.load(Ordering::Relaxed))
    }

    /// Whether what it finds keeps the bound and this process' own changes, when nobody can be asked for more. What is part
    /// of another computation is handed on with that, and would become older than the bound.
    fn is_recent_enough(&self, flight: &Flight) -> bool {
        let (remote, mirror) = (&flight.remote, self.redis.mirror());
        let is_recent = |mirror: &Arc<Mirror>| {
            remote
                .footing
                .as_ref()
                .is_some_and(|footing| mirror.is_recent(footing))
        };
        let looks_in_vain = remote.looks() && self.looks_itself.load(Ordering::Relaxed);
        self.pending.outer.is_none()
            && !looks_in_vain
            && !self.pending.strict
            && mirror.is_some_and(is_recent)
            && self.is_like_ours(flight)
            && flight.has_its_footing()
    }

    /// Whether what it finds can be this call's answer, as far as the declarations go.
    fn is_like_ours(&self, flight: &Flight) -> bool {
        let site = self.pending.site;
        if !flight.remote.may_answer(site, &self.pending.policy) {
            return false;
        }
        let has_our_tags = self.pending.reader().declares(flight.tag_set)
            || (!site.value_tags
                && self
                    .pending
                    .plan
                    .tags
                    .iter()
                    .all(|tag| flight.remote.tags.contains(tag)));
        flight.version == site.version && has_our_tags
    }

    fn flight(&self) -> Flight {
        // So that its stamps tell of the key.
        let knows_key_generation = self.pending.outer.is_some();
        self.flight_of(Remote::new(knows_key_generation, &self.pending.plan.tags))
    }

    /// One that begins with a look.
    fn looking(&self) -> Flight {
        let remote = Remote::new(false, &self.pending.plan.tags);
        let Pending { site, policy, .. } = *self.pending;
        self.flight_of(remote.looking(site, policy, self.redis.topology_number()))
    }

    fn flight_of(&self, mut remote: Remote) -> Flight {
        let cache = &self.pending.cache;
        remote.footing = self.footing();
        let mut flight = Flight::of_server(cache.id(), remote, cache.generations().epoch());
        flight.tag_set = self.pending.site.tag_set;
        flight.version = self.pending.site.version;
        flight
    }

    /// Of what is known before the value is.
    fn footing(&self) -> Option<Footing> {
        let Pending {
            site, key, plan, ..
        } = self.pending;
        if site.value_tags || !site.lookups.is_empty() {
            return None;
        }
        let footing = |mirror: &Arc<Mirror>| mirror.footing(key, declares(key, plan));
        self.redis.mirror().map(footing)
    }

    fn time_left(&self) -> Duration {
        self.pending
            .cache
            .longest_wait()
            .saturating_sub(lock(&self.waiting_since).elapsed())
    }

    /// For another one, as long as for the first.
    fn waits_anew(&self) {
        *lock(&self.waiting_since) = Instant::now();
    }

    fn unreachable<R>(&self, lead: Lead, failure: &Failure) -> Turn<R> {
        self.is_without_server(failure);
        self.alone(lead)
    }

    /// Computes without storing, and nobody joins.
    async fn by_itself<R>(&self) -> Turn<R> {
        self.misses(|| "nothing that can be shared");
        let lead = Lead::alone(Arc::clone(&self.pending.key), self.flight());
        self.beside(lead).await
    }

    /// Computes without storing, beside others. What an outer computation is made of is captured all the same.
    async fn beside<R>(&self, lead: Lead) -> Turn<R> {
        if self.pending.outer.is_none() {
            return self.alone(lead);
        }
        let moment = sequence::next();
        let guards = self.guards(&Seen::nothing());
        match self.redis.capture(self.wanted(&guards)).await {
            Ok(captured) => {
                lead.flight().remote.begun.begins_at(moment);
                lead.flight().holds(None);
                let key = &self.pending.key;
                let claim = Claim::new(self.redis, key, captured, Hold::Nothing);
                self.ours(lead, claim)
            }
            Err(failure) => self.unreachable(lead, &failure),
        }
    }

    /// Computes without storing, and without the server.
    fn alone<R>(&self, lead: Lead) -> Turn<R> {
        lead.flight().remote.begun.begins();
        lead.flight().holds(None);
        self.ours(lead, Claim::nothing(self.redis, &self.pending.key))
    }

    fn ours<R>(&self, lead: Lead, claim: Claim) -> Turn<R> {
        if let Some(outer) = &self.pending.outer {
            // It was captured with the generation of the key.
            if claim.captured.is_some() {
                lead.flight().runs_under(claim.stamps());
            }
            outer.computes(lead.flight());
        }
        Turn::Ours(lead, Some(claim))
    }

    fn look<'l>(&'l self, begins: Option<&'l Arc<Moment>>) -> Look<'l> {
        Look {
            cache: &self.pending.cache,
            redis: self.redis,
            site: self.pending.site,
            key: &self.pending.key,
            plan: &self.pending.plan,
            policy: &self.pending.policy,
            outer: self.pending.outer.as_ref(),
            begins,
            renews: None,
        }
    }

    /// Everything that the value may turn out to depend on, as far as that is known now.
    fn guards(&self, seen: &Seen) -> Vec<Named> {
        let mut guards = declared(&self.pending.key, &self.pending.plan);
        if self.pending.outer.is_some() {
            guards.push((Guard::Key, (&*self.pending.key).into()));
        }
        guards.extend(seen.listed.iter().cloned());
        let remembered = self.redis.remembered(&self.pending.key);
        guards.extend(remembered.iter().flat_map(|more| more.iter().cloned()));
        dedup(&mut guards);
        guards
    }

    fn wanted<'w>(&self, guards: &'w [Named]) -> Wanted<'w> {
        Wanted {
            guards,
            any: of_value(self.pending.site),
            ttl: Lifespan::at_most(
                &self.pending.cache,
                self.pending.plan.ttl,
                &self.pending.policy,
            )
            .on_server(),
        }
    }
}
