//! What can be done at once about one of several keys: while others are held, nobody is waited for.

use super::follow::Waited as Followed;
use super::{Caller, GivenUp};
use crate::flight::{Entered, Flight, Lead, Served, Stance};
use crate::read_through::batch::{Blocked, Now, Waited};
use crate::read_through::miss::{Pending, Turn};
use crate::read_through::remote::claim::Claim;
use crate::read_through::remote::look::{Due, Looked};
use crate::read_through::shape::Shape;
use crate::redis::{Begun, Intent, Redis};
use crate::value::CacheValue;
use std::sync::Arc;

/// Whom to wait for.
pub(in crate::read_through) enum BlockedThere {
    /// A computation of this process, whose result is this call's as well.
    Shared(Arc<Flight>),
    /// A computation of this process.
    Flight(Arc<Flight>),
    /// One of another process, whose lease holds this.
    Lease(Box<[u8]>),
    /// Nobody: the entry has changed since it was read.
    Nobody,
}

/// Answers or takes the lease, if nobody else has it.
pub(in crate::read_through) async fn now<R, S>(pending: &Pending, redis: &Redis, shape: S) -> Now<R>
where
    S: Shape<R>,
    S::Value: CacheValue,
{
    let given_up = GivenUp(pending);
    let now = Caller::new(pending, redis).now(shape).await;
    std::mem::forget(given_up);
    now
}

/// Waits for an answer, or until nobody is in the way.
pub(in crate::read_through) async fn waits<R, S>(
    pending: &Pending,
    shape: S,
    blocked: BlockedThere,
) -> Waited<R>
where
    S: Shape<R>,
    S::Value: CacheValue,
{
    let Some(redis) = pending.cache.redis() else {
        return Waited::Alone;
    };
    let given_up = GivenUp(pending);
    let caller = Caller::new(pending, redis);
    let has_ended = match blocked {
        BlockedThere::Shared(flight) => {
            let waited = caller.follow(shape, &flight).await;
            std::mem::forget(given_up);
            return match waited {
                Followed::Answered(returned) => Waited::Answered(returned),
                Followed::LookAgain => Waited::Again,
                Followed::TooLong(_) | Followed::Alone => Waited::Alone,
            };
        }
        BlockedThere::Flight(flight) => {
            let ended = caller.wait(&flight, flight.ended_or_replaced()).await;
            ended.is_ok()
        }
        BlockedThere::Lease(holder) => caller.until_lease_ends(&holder).await,
        BlockedThere::Nobody => true,
    };
    std::mem::forget(given_up);
    if has_ended {
        Waited::Again
    } else {
        Waited::Alone
    }
}

/// To compute without storing, beside others.
pub(in crate::read_through) async fn alone(
    pending: &Pending,
    redis: &Redis,
) -> (Lead, Option<Claim>) {
    let caller = Caller::new(pending, redis);
    let lead = Lead::alone(Arc::clone(&pending.key), caller.flight());
    match caller.beside::<()>(lead).await {
        Turn::Ours(lead, claim) => (lead, claim),
        Turn::Answered(()) | Turn::Serve((), _) => {
            unreachable!("to compute beside others answers nothing")
        }
    }
}

impl Caller<'_> {
    async fn now<R, S>(&self, shape: S) -> Now<R>
    where
        S: Shape<R>,
        S::Value: CacheValue,
    {
        let looked = match self.look(None).look(shape).await {
            Ok(Looked::Hit(returned) | Looked::Due(returned, _, Due::Early(_))) => {
                self.is_served(Served::Fresh);
                return Now::Answered(returned);
            }
            Ok(Looked::Missed(seen) | Looked::Due(_, seen, Due::Since(..))) => Some(seen),
            Err(failure) => {
                self.is_without_server(&failure);
                None
            }
        };
        self.misses(|| {
            let seen = looked.as_ref();
            seen.map_or("redis is unavailable", |seen| seen.why)
        });
        let stance = |flight: &Arc<Flight>| {
            let holds_nothing = matches!(flight.remote.held(), Some(None));
            if looked.is_none() && self.is_recent_enough(flight) {
                Stance::Join
            } else if looked.is_none() || holds_nothing || flight.remote.looks() {
                Stance::Replace
            } else {
                Stance::Wait
            }
        };
        let flights = self.pending.cache.flights();
        let lead = match flights.enter(&self.pending.key, stance, || self.flight()) {
            Entered::Leads(lead) => lead,
            Entered::Joined(flight) => {
                return Now::Blocked(Blocked::There(BlockedThere::Shared(flight)));
            }
            Entered::Behind(flight) => {
                return Now::Blocked(Blocked::There(BlockedThere::Flight(flight)));
            }
        };
        let Some(seen) = looked else {
            return ours(self.alone(lead));
        };
        let guards = self.guards(&seen);
        let intent = Intent {
            seen: seen.fingerprint(),
            supersedes: None,
            must_compute: true,
        };
        lead.flight().remote.begun.begins();
        let wanted = self.wanted(&guards);
        let blocked = match self.redis.begin(&self.pending.key, intent, wanted).await {
            Ok(Begun::Acquired(captured, token)) => {
                return ours(self.acquired(shape, lead, &seen, token, captured).await);
            }
            Ok(Begun::Busy(holder)) => BlockedThere::Lease(holder),
            Ok(Begun::Changed | Begun::Resting(_)) => BlockedThere::Nobody,
            Err(failure) => return ours(self.unreachable(lead, &failure)),
        };
        Now::Blocked(Blocked::There(blocked))
    }
}

fn ours<R>(turn: Turn<R>) -> Now<R> {
    match turn {
        Turn::Ours(lead, claim) => Now::Ours(lead, claim),
        Turn::Answered(returned) | Turn::Serve(returned, _) => Now::Answered(returned),
    }
}
