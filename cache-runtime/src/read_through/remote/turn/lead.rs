//! Leading in this process: the lease among all of them, and what is done with it.

use super::Caller;
use crate::detect::Answer;
use crate::entry::Entry;
use crate::flight::{End, Held, Lead};
use crate::generation::Guard;
use crate::read_through::miss::Turn;
use crate::read_through::remote::claim::{Claim, Hold};
use crate::read_through::remote::guards::dedup;
use crate::read_through::remote::look::{Due, Looked, Seen};
use crate::read_through::shape::{Shape, View};
use crate::redis::{Begun, Captured, Intent, Lease, Token};
use crate::stats::count;
use crate::trace;
use crate::value::CacheValue;
use std::time::Duration;
use tokio::time::Instant;

/// While another process computes: how often to look, as a part of the time waited so far, and within which bounds.
const PART_OF_WAIT: u32 = 8;
const SHORTEST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);
/// The same where its end is heard of, in case it is not.
const LONGEST_DEAF: Duration = Duration::from_millis(500);
/// For so many computations of other processes to wait. The first may have begun too early; the second has not.
const MOST_WAITS: u32 = 2;
/// So often to look again because the entry has changed since.
const MOST_CHANGES: u32 = 8;

impl Caller<'_> {
    /// Asks for the lease, and waits while others hold it.
    pub(super) async fn lead<R, S>(&self, shape: S, lead: Lead, mut seen: Seen) -> Turn<R>
    where
        S: Shape<R>,
        S::Value: CacheValue,
    {
        let (mut waits, mut changes) = (0, 0);
        loop {
            let guards = self.guards(&seen);
            let intent = Intent {
                seen: seen.fingerprint(),
                supersedes: None,
                must_compute: self.must_compute(),
            };
            lead.flight().remote.begun.begins();
            match self
                .redis
                .begin(&self.pending.key, intent, self.wanted(&guards))
                .await
            {
                Ok(Begun::Acquired(captured, token)) => {
                    return self.acquired(shape, lead, &seen, token, captured).await;
                }
                // Whoever changes it so often is not one of us.
                Ok(Begun::Changed) if changes == MOST_CHANGES => return self.beside(lead).await,
                Ok(Begun::Changed) => changes += 1,
                // Whatever they find is of no use to us, or nothing that is stored.
                Ok(Begun::Busy(_)) if waits == MOST_WAITS => return self.beside(lead).await,
                Ok(Begun::Busy(holder)) => {
                    lead.flight().remote.begun.begins_later();
                    waits += 1;
                    if !self.until_lease_ends(&holder).await {
                        trace::gave_up_waiting(self.pending.site);
                        return self.beside(lead).await;
                    }
                }
                Ok(Begun::Resting(time)) => {
                    self.pending.rests(time);
                    if let Some(returned) = self.pending.stands_in(shape) {
                        return Turn::Answered(returned);
                    }
                    // It has been invalidated since.
                    self.pending.replaces_nothing();
                }
                Err(failure) => return self.unreachable(lead, &failure),
            }
            lead.flight().remote.begun.begins();
            // In full: those who have joined may want to be answered strictly.
            match self.look(None).look_in_full(shape).await {
                Ok(Looked::Hit(returned) | Looked::Due(returned, _, Due::Early(_))) => {
                    return self.answered_by_look(shape, lead, returned);
                }
                Ok(Looked::Due(returned, now, due)) => {
                    self.replaces(shape, &returned, &now, due);
                    seen = now;
                }
                Ok(Looked::Missed(now)) => {
                    self.pending.replaces_nothing();
                    seen = now;
                }
                Err(failure) => return self.unreachable(lead, &failure),
            }
        }
    }

    /// Whether nothing can be answered but what is computed.
    pub(super) fn must_compute(&self) -> bool {
        !self.pending.can_fall_back()
    }

    /// With the lease and all generations in hand: computes, unless what was seen turns out to be valid.
    pub(super) async fn acquired<R, S>(
        &self,
        shape: S,
        lead: Lead,
        seen: &Seen,
        token: Token,
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
                .look(None)
                .take_again(shape, seen, claim.replication_id(), claim.stamps()),
            Some(_) => None,
        };
        let Some(returned) = again else {
            if self.pending.replaces_something() {
                self.still_replaces(seen, &claim);
            }
            lead.flight().holds(Some(Held {
                token,
                stamps: claim.stamps().into(),
            }));
            return self.ours(lead, claim);
        };
        claim.give_back().await;
        self.answered_by_look(shape, lead, returned)
    }

    /// Waits until this is no longer what the lease holds. False if that takes too long.
    pub(super) async fn until_lease_ends(&self, holder: &[u8]) -> bool {
        let since = Instant::now();
        let mirror = self.redis.mirror();
        let waiter = mirror.map(|mirror| mirror.wait_for(&self.pending.key));
        loop {
            // Asked before it is waited for, so that its end is heard of.
            let is_heard_of = match self.redis.lease(&self.pending.key, holder).await {
                Ok(Lease::Held { is_heard_of }) => is_heard_of,
                // The next step says what is wrong.
                Ok(Lease::Ended) | Err(_) => return true,
            };
            if self.time_left().is_zero() {
                return false;
            }
            let pause = since.elapsed() / PART_OF_WAIT;
            match &waiter {
                Some(waiter) if is_heard_of => {
                    let pause = pause.clamp(LONGEST_PAUSE, LONGEST_DEAF);
                    waiter.changed(pause.min(self.time_left())).await;
                }
                _ => {
                    let pause = pause.clamp(SHORTEST_PAUSE, LONGEST_PAUSE);
                    tokio::time::sleep(pause.min(self.time_left())).await;
                }
            }
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
        self.pending.is_answered(Answer::Shared);
        let found = match shape.view(&returned) {
            View::Value(value) => Some(Some(value.clone())),
            View::Absent => Some(None),
            View::Failure => None,
        };
        // What it depends on is not at hand here, which a computation that waits would have to be told.
        let is_told = lead.flight().remote.knows_key_generation;
        lead.finish(match found {
            Some(found) if !is_told => End::Entry(Entry::handed_over(found)),
            _ => End::Abandoned,
        });
        Turn::Answered(returned)
    }

    /// Computes afresh, whatever is there, and fences off what began before.
    pub(super) async fn refresh<R>(&self) -> Turn<R> {
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
        lead.flight().remote.begun.begins();
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
}
