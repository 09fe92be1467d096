//! Whose turn it is to compute, in this process and among all.
//!
//! A caller joins a computation of this process only if that was begun after its own call: then all that it reads is
//! recent enough. Otherwise it waits for the end and looks again. Who leads in this process asks for the lease; while
//! another process holds it, the leader waits for both.

use super::claim::{Claim, Hold};
use super::guards::{declared, dedup, of_value};
use super::look::{Look, Looked, Seen};
use crate::entry::{Entry, Lateness};
use crate::flight::{End, Entered, Flight, Held, Lead, Remote, Stance, Waiting};
use crate::generation::{Guard, Named, Stamp};
use crate::read_through::miss::{Pending, Turn};
use crate::read_through::shape::{Shape, View};
use crate::read_through::store::Finding;
use crate::redis::{Begun, Captured, Failure, Intent, Redis, Wanted};
use crate::stats::count;
use crate::sync::within;
use crate::trace;
use crate::value::CacheValue;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// While another process computes: how often to look, as a part of the time waited so far, and within which bounds.
const PART_OF_WAIT: u32 = 8;
const SHORTEST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// A call that looks for its turn.
struct Caller<'p> {
    pending: &'p Pending,
    redis: &'p Redis,
    /// When it began, in the order of everything that is sent.
    began: u64,
    waiting_since: Instant,
}

/// What a caller has seen standing after its call had begun.
struct Known {
    stamps: Vec<Stamp>,
    replication_id: Box<str>,
}

impl Known {
    /// Whether an entry depends on nothing besides.
    fn covers(&self, entry: &Entry) -> bool {
        let Some(remote) = &entry.remote else {
            return false;
        };
        entry.late == Lateness::None
            && remote.replication_id == self.replication_id
            && remote
                .stamps
                .iter()
                .all(|stamp| self.stamps.contains(stamp))
    }
}

/// What came of waiting for somebody else.
enum Waited<R> {
    Answered(R),
    LookAgain,
    /// Wait for nobody, and store nothing.
    Alone,
}

/// Looks the key up, joins a computation, or takes the lead.
pub(in crate::read_through) async fn turn<R, S>(
    pending: &Pending,
    redis: &Redis,
    shape: S,
) -> Turn<R>
where
    S: Shape<R>,
    S::Value: CacheValue,
{
    let caller = Caller {
        pending,
        redis,
        began: redis.next_in_sequence(),
        waiting_since: Instant::now(),
    };
    if pending.refresh {
        return caller.refresh().await;
    }
    caller.turn(shape).await
}

impl<'p> Caller<'p> {
    async fn turn<R, S>(&self, shape: S) -> Turn<R>
    where
        S: Shape<R>,
        S::Value: CacheValue,
    {
        let counters = self.pending.site.counters(&self.pending.cache);
        let mut missed = false;
        loop {
            let seen = match self.look().look(shape).await {
                Ok(Looked::Hit(returned)) => {
                    if missed {
                        count(&counters.coalesced);
                    } else {
                        count(&counters.hits);
                        trace::hit(self.pending.site, &self.pending.key);
                    }
                    return Turn::Answered(returned);
                }
                Ok(Looked::Missed(seen)) => Some(seen),
                Err(failure) => {
                    count(&counters.unavailable);
                    trace::unavailable(self.pending.site, &failure);
                    None
                }
            };
            if !std::mem::replace(&mut missed, true) {
                count(&counters.misses);
                let why = seen
                    .as_ref()
                    .map_or("redis is unavailable", |seen| seen.why);
                trace::miss(self.pending.site, &self.pending.key, || why);
            }
            let place = self.pending.cache.flights().enter(
                &self.pending.key,
                |flight| self.stands_to(flight, seen.is_some()),
                || self.flight(),
            );
            let waited = match place {
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
            match waited {
                Waited::Answered(returned) => {
                    count(&counters.coalesced);
                    return Turn::Answered(returned);
                }
                Waited::LookAgain => {}
                Waited::Alone => {
                    return self.alone(Lead::alone(Arc::clone(&self.pending.key), self.flight()));
                }
            }
        }
    }

    /// How this call stands to a computation of its key that is under way in this process.
    fn stands_to(&self, flight: &Flight, is_reachable: bool) -> Stance {
        let is_recent = flight.remote.is_begun_after(self.began);
        // What it depends on besides, an outer computation can only be told if the key's generation is known.
        let can_be_told = self.pending.outer.is_none() || flight.remote.knows_key_generation;
        // One that holds nothing has nothing to wait for, and stores nothing.
        let holds_nothing = matches!(flight.remote.held(), Some(None));
        if self.is_like_ours(flight) && is_recent && can_be_told {
            Stance::Join
        } else if is_reachable && !holds_nothing {
            Stance::Wait
        } else {
            Stance::Replace
        }
    }

    /// Whether what it finds can be this call's answer, as far as the declarations go.
    fn is_like_ours(&self, flight: &Flight) -> bool {
        let site = self.pending.site;
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
        let cache = &self.pending.cache;
        let knows_key_generation = self.pending.outer.is_some() || self.pending.refresh;
        let remote = Remote::new(knows_key_generation, &self.pending.plan.tags);
        let mut flight = Flight::of_server(cache.id(), remote, cache.generations().epoch());
        flight.tag_set = self.pending.site.tag_set;
        flight.version = self.pending.site.version;
        flight
    }

    /// Shares the result of a computation that was begun after this call.
    async fn follow<R, S>(&self, shape: S, flight: &Arc<Flight>) -> Waited<R>
    where
        S: Shape<R>,
        S::Value: CacheValue,
    {
        let Some(end) = self.wait(flight, flight.ended()).await else {
            return Waited::Alone;
        };
        let answer = match end {
            End::Entry(entry) => {
                if let Some(outer) = &self.pending.outer {
                    outer.has_result(flight, entry);
                }
                self.pending.reader().read(shape, entry, None)
            }
            End::Error(shared) => shape.failure(&**shared),
            End::Unshared => None,
            End::Abandoned => return Waited::LookAgain,
        };
        answer.map_or(Waited::Alone, Waited::Answered)
    }

    /// Comes after a computation whose result may be older than this call: takes its place if that is invalid already,
    /// and waits for its end otherwise.
    async fn behind<R, S>(
        &self,
        shape: S,
        flight: &Arc<Flight>,
        seen: &Seen,
    ) -> Result<Turn<R>, Waited<R>>
    where
        S: Shape<R>,
        S::Value: CacheValue,
    {
        if let Some(outer) = &self.pending.outer
            && outer.would_wait_for_itself(flight)
        {
            return Err(Waited::Alone);
        }
        // Until then nobody can tell whether it is still good for anything.
        if self
            .wait(flight, flight.computes_or_ended())
            .await
            .is_none()
        {
            return Err(Waited::Alone);
        }
        let Some(Some(held)) = flight.remote.held() else {
            return Err(Waited::LookAgain);
        };
        let stamps = flight.computed_under();
        match self
            .redis
            .standing(&self.pending.key, held.token, &stamps)
            .await
        {
            Ok(Some(link)) => {
                let known = Known {
                    stamps,
                    replication_id: link.replication_id().into(),
                };
                return Err(self.share(shape, flight, &known).await);
            }
            Ok(None) => {}
            Err(_) => return Err(Waited::LookAgain),
        }
        let guards = self.guards(seen);
        let began = self.redis.next_in_sequence();
        let intent = Intent {
            token: self.redis.draw(),
            seen: seen.fingerprint(),
            // Its lease still stands if it was a tag or a scope that has ended.
            supersedes: Some(held.token),
        };
        match self
            .redis
            .begin(&self.pending.key, intent, self.wanted(&guards))
            .await
        {
            Ok(Begun::Acquired(captured)) => {
                let begin = || {
                    let flight = self.flight();
                    flight.remote.begins_at(began);
                    flight
                };
                let flights = self.pending.cache.flights();
                let lead = flights.lead(&self.pending.key, begin);
                Ok(self
                    .acquired(shape, lead, seen, intent.token, captured)
                    .await)
            }
            Ok(Begun::Changed) => Err(Waited::LookAgain),
            // Somebody else was faster.
            Ok(Begun::Busy) => Err(match self.wait(flight, flight.ended_or_replaced()).await {
                Some(()) => Waited::LookAgain,
                None => Waited::Alone,
            }),
            Err(_) => Err(Waited::LookAgain),
        }
    }

    /// Waits for a computation whose lease and generations stood after this call had begun, and takes what it found if
    /// that depends on nothing else.
    async fn share<R, S>(&self, shape: S, flight: &Arc<Flight>, known: &Known) -> Waited<R>
    where
        S: Shape<R>,
        S::Value: CacheValue,
    {
        if self
            .wait(flight, flight.ended_or_replaced())
            .await
            .is_none()
        {
            return Waited::Alone;
        }
        let found = match flight.found() {
            Some(End::Entry(entry)) if self.is_like_ours(flight) && known.covers(entry) => entry,
            // An error is shared where that can be done; otherwise everybody finds out alone, and nobody waits in line.
            Some(End::Error(shared)) if self.is_like_ours(flight) => {
                let failure = shape.failure(&**shared);
                return failure.map_or(Waited::Alone, Waited::Answered);
            }
            Some(End::Unshared) if self.is_like_ours(flight) => return Waited::Alone,
            _ => return Waited::LookAgain,
        };
        if let Some(outer) = &self.pending.outer {
            if !flight.remote.knows_key_generation {
                return Waited::LookAgain;
            }
            outer.has_result(flight, found);
        }
        let answer = self.pending.reader().read(shape, found, None);
        answer.map_or(Waited::LookAgain, Waited::Answered)
    }

    /// Waits for what comes of `flight`. `None`: that would never end, or has taken too long.
    async fn wait<T>(&self, flight: &Arc<Flight>, until: impl Future<Output = T>) -> Option<T> {
        if let Some(outer) = &self.pending.outer {
            match outer.waits_for(flight) {
                Waiting::IsSafe | Waiting::IsTooLate => {}
                Waiting::WouldNeverEnd => return None,
            }
        }
        let waited = within(self.time_left(), until).await;
        if let Some(outer) = &self.pending.outer {
            outer.no_longer_waits_for(flight);
        }
        if waited.is_none() {
            trace::gave_up_waiting(self.pending.site);
        }
        waited
    }

    fn time_left(&self) -> Duration {
        self.pending
            .cache
            .longest_wait()
            .saturating_sub(self.waiting_since.elapsed())
    }

    /// Asks for the lease, and waits while others hold it.
    async fn lead<R, S>(&self, shape: S, lead: Lead, mut seen: Seen) -> Turn<R>
    where
        S: Shape<R>,
        S::Value: CacheValue,
    {
        let token = self.redis.draw();
        loop {
            let guards = self.guards(&seen);
            let intent = Intent {
                token,
                seen: seen.fingerprint(),
                supersedes: None,
            };
            lead.flight()
                .remote
                .begins_at(self.redis.next_in_sequence());
            match self
                .redis
                .begin(&self.pending.key, intent, self.wanted(&guards))
                .await
            {
                Ok(Begun::Acquired(captured)) => {
                    return self.acquired(shape, lead, &seen, token, captured).await;
                }
                Ok(Begun::Changed) => {}
                Ok(Begun::Busy) => {
                    lead.flight().remote.begins_later();
                    if !self.until_lease_ends(&lead).await {
                        trace::gave_up_waiting(self.pending.site);
                        return self.alone(lead);
                    }
                }
                Err(failure) => return self.unreachable(lead, &failure),
            }
            lead.flight()
                .remote
                .begins_at(self.redis.next_in_sequence());
            match self.look().look(shape).await {
                Ok(Looked::Hit(returned)) => return self.answered_by_look(shape, lead, returned),
                Ok(Looked::Missed(now)) => seen = now,
                Err(failure) => return self.unreachable(lead, &failure),
            }
        }
    }

    /// With the lease and all generations in hand: computes, unless what was seen turns out to be valid.
    async fn acquired<R, S>(
        &self,
        shape: S,
        lead: Lead,
        seen: &Seen,
        token: u64,
        captured: Captured,
    ) -> Turn<R>
    where
        S: Shape<R>,
        S::Value: CacheValue,
    {
        let claim = Claim::new(self.redis, &self.pending.key, captured, Hold::Lease(token));
        // An outer computation would have to know the key's generation from before the entry was read.
        let again = match self.pending.outer {
            None => self
                .look()
                .take_again(shape, seen, claim.replication_id(), claim.stamps()),
            Some(_) => None,
        };
        let Some(returned) = again else {
            lead.flight().holds(Some(Held {
                token,
                stamps: claim.stamps().into(),
            }));
            return self.ours(lead, claim);
        };
        claim.give_back().await;
        self.answered_by_look(shape, lead, returned)
    }

    /// Waits until nobody holds the lease. False if that takes too long.
    async fn until_lease_ends(&self, lead: &Lead) -> bool {
        let since = Instant::now();
        loop {
            if self.time_left().is_zero() {
                return false;
            }
            let pause = (since.elapsed() / PART_OF_WAIT).clamp(SHORTEST_PAUSE, LONGEST_PAUSE);
            tokio::time::sleep(pause.min(self.time_left())).await;
            match self.redis.is_leased(&self.pending.key).await {
                Ok(true) => {}
                // The next step says what is wrong.
                Ok(false) | Err(_) => return true,
            }
            lead.flight().remote.begins_later();
        }
    }

    /// Answers from the server. Those who have joined came before that was read.
    fn answered_by_look<R, S>(&self, shape: S, lead: Lead, returned: R) -> Turn<R>
    where
        S: Shape<R>,
        S::Value: CacheValue,
    {
        let counters = self.pending.site.counters(&self.pending.cache);
        count(&counters.coalesced);
        let found = match shape.view(&returned) {
            View::Value(value) => Some(Finding::unweighed(Some(value))),
            View::Absent => Some(Finding::absence()),
            View::Failure => None,
        };
        // What it depends on is not at hand here, which a computation that waits would have to be told.
        let is_told = lead.flight().remote.knows_key_generation;
        lead.finish(match found {
            Some(found) if !is_told => End::Entry(Arc::new(Entry::handed_over(found.payload))),
            _ => End::Abandoned,
        });
        Turn::Answered(returned)
    }

    fn unreachable<R>(&self, lead: Lead, failure: &Failure) -> Turn<R> {
        let counters = self.pending.site.counters(&self.pending.cache);
        count(&counters.unavailable);
        trace::unavailable(self.pending.site, failure);
        self.alone(lead)
    }

    /// Computes without storing.
    fn alone<R>(&self, lead: Lead) -> Turn<R> {
        lead.flight()
            .remote
            .begins_at(self.redis.next_in_sequence());
        lead.flight().holds(None);
        self.ours(lead, Claim::nothing(self.redis, &self.pending.key))
    }

    /// Computes afresh, whatever is there, and fences off what began before.
    async fn refresh<R>(&self) -> Turn<R> {
        let counters = self.pending.site.counters(&self.pending.cache);
        count(&counters.misses);
        let lead = self
            .pending
            .cache
            .flights()
            .lead(&self.pending.key, || self.flight());
        let mut guards = self.guards(&Seen::nothing());
        guards.insert(0, (Guard::Key, (&*self.pending.key).into()));
        dedup(&mut guards);
        lead.flight()
            .remote
            .begins_at(self.redis.next_in_sequence());
        match self.redis.capture(self.wanted(&guards)).await {
            Ok(captured) => {
                // Others may compute beside it.
                lead.flight().holds(None);
                let claim = Claim::new(self.redis, &self.pending.key, captured, Hold::Permit);
                self.ours(lead, claim)
            }
            Err(failure) => self.unreachable(lead, &failure),
        }
    }

    fn ours<R>(&self, lead: Lead, claim: Claim) -> Turn<R> {
        if let Some(outer) = &self.pending.outer {
            outer.computes(lead.flight());
        }
        Turn::Ours(lead, Some(claim))
    }

    fn look(&self) -> Look<'_> {
        Look {
            cache: &self.pending.cache,
            redis: self.redis,
            site: self.pending.site,
            key: &self.pending.key,
            plan: &self.pending.plan,
            outer: self.pending.outer.as_ref(),
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
            ttl: self.pending.cache.resolve(self.pending.plan.ttl),
        }
    }
}
