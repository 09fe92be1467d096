//! Whose turn it is to compute, in this process and among all.
//!
//! A caller joins a computation of this process only if that was begun after its own call: then all that it reads is
//! recent enough. Otherwise it waits for the end and looks again. Who leads in this process asks for the lease; while
//! another process holds it, the leader waits for both.

mod follow;
mod lead;

use super::claim::{Claim, Hold};
use super::guards::{declared, dedup, of_value};
use super::look::{Look, Looked, Seen};
use crate::flight::{Entered, Flight, Lead, Remote, Stance};
use crate::generation::{Guard, Named};
use crate::read_through::miss::{Pending, Turn};
use crate::read_through::shape::Shape;
use crate::redis::{Failure, Redis, Wanted};
use crate::stats::count;
use crate::trace;
use crate::value::CacheValue;
use follow::Waited;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A call that looks for its turn.
struct Caller<'p> {
    pending: &'p Pending,
    redis: &'p Redis,
    /// When it began, in the order of everything that is sent.
    began: u64,
    waiting_since: Instant,
}

/// When a call began, and what a first look for the entry alone has found.
pub(in crate::read_through) struct Begun<R> {
    /// In the order of everything that is sent.
    at: u64,
    since: Instant,
    /// `None` inside: nothing that could be relied on.
    first: Result<Option<Looked<R>>, Failure>,
}

/// Looks for the entry alone, if it may be answered so. Most calls that ask the server end here.
pub(in crate::read_through) async fn begin<R, S>(
    pending: &Pending,
    redis: &Redis,
    shape: S,
) -> Result<R, Begun<R>>
where
    S: Shape<R>,
    S::Value: CacheValue,
{
    let (at, since) = (redis.next_in_sequence(), Instant::now());
    let first = if pending.refresh {
        Ok(None)
    } else {
        look(pending, redis).look_alone(shape).await
    };
    match first {
        Ok(Some(Looked::Hit(returned))) => {
            count(&pending.site.counters(&pending.cache).hits);
            trace::hit(pending.site, &pending.key);
            Ok(returned)
        }
        first => Err(Begun { at, since, first }),
    }
}

fn look<'p>(pending: &'p Pending, redis: &'p Redis) -> Look<'p> {
    Look {
        cache: &pending.cache,
        redis,
        site: pending.site,
        key: &pending.key,
        plan: &pending.plan,
        outer: pending.outer.as_ref(),
    }
}

/// Looks the key up, joins a computation, or takes the lead.
pub(in crate::read_through) async fn turn<R, S>(
    pending: &Pending,
    redis: &Redis,
    shape: S,
    begun: Begun<R>,
) -> Turn<R>
where
    S: Shape<R>,
    S::Value: CacheValue,
{
    let caller = Caller {
        pending,
        redis,
        began: begun.at,
        waiting_since: begun.since,
    };
    let given_up = GivenUp(pending.outer.as_ref());
    let turn = if pending.refresh {
        caller.refresh().await
    } else {
        caller.turn(shape, begun.first).await
    };
    std::mem::forget(given_up);
    turn
}

/// A call inside a computation that is dropped before anybody knows what it would have depended on.
struct GivenUp<'p>(Option<&'p Arc<Flight>>);

impl Drop for GivenUp<'_> {
    fn drop(&mut self) {
        if let Some(outer) = self.0 {
            outer.doom();
        }
    }
}

impl Caller<'_> {
    async fn turn<R, S>(&self, shape: S, first: Result<Option<Looked<R>>, Failure>) -> Turn<R>
    where
        S: Shape<R>,
        S::Value: CacheValue,
    {
        let counters = self.pending.site.counters(&self.pending.cache);
        let mut missed = false;
        let mut first = Some(first);
        loop {
            let looked = match first.take() {
                Some(Ok(Some(looked))) => Ok(looked),
                Some(Ok(None)) => self.look().look_in_full(shape).await,
                Some(Err(failure)) => Err(failure),
                None => self.look().look(shape).await,
            };
            let seen = match looked {
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
                    let lead = Lead::alone(Arc::clone(&self.pending.key), self.flight());
                    return self.beside(lead).await;
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
        // So that its stamps tell of the key.
        let knows_key_generation = self.pending.outer.is_some();
        let remote = Remote::new(knows_key_generation, &self.pending.plan.tags);
        let mut flight = Flight::of_server(cache.id(), remote, cache.generations().epoch());
        flight.tag_set = self.pending.site.tag_set;
        flight.version = self.pending.site.version;
        flight
    }

    fn time_left(&self) -> Duration {
        self.pending
            .cache
            .longest_wait()
            .saturating_sub(self.waiting_since.elapsed())
    }

    fn unreachable<R>(&self, lead: Lead, failure: &Failure) -> Turn<R> {
        let counters = self.pending.site.counters(&self.pending.cache);
        count(&counters.unavailable);
        trace::unavailable(self.pending.site, failure);
        self.alone(lead)
    }

    /// Computes without storing, beside others. What an outer computation is made of is captured all the same.
    async fn beside<R>(&self, lead: Lead) -> Turn<R> {
        if self.pending.outer.is_none() {
            return self.alone(lead);
        }
        let moment = self.redis.next_in_sequence();
        let guards = self.guards(&Seen::nothing());
        match self.redis.capture(self.wanted(&guards)).await {
            Ok(captured) => {
                lead.flight().remote.begins_at(moment);
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
        lead.flight()
            .remote
            .begins_at(self.redis.next_in_sequence());
        lead.flight().holds(None);
        self.ours(lead, Claim::nothing(self.redis, &self.pending.key))
    }

    fn ours<R>(&self, lead: Lead, claim: Claim) -> Turn<R> {
        if let Some(outer) = &self.pending.outer {
            // It was captured with the generation of the key.
            if claim.captured.is_some() {
                lead.flight()
                    .runs_under(claim.replication_id(), claim.stamps());
            }
            outer.computes(lead.flight());
        }
        Turn::Ours(lead, Some(claim))
    }

    fn look(&self) -> Look<'_> {
        look(self.pending, self.redis)
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
