//! Whose turn it is for one identifier of a batch. Nobody waits here while it holds the lead of another: two batches would
//! wait for each other.

use crate::flight::{Entered, Flight, Lead, Stance};
use crate::generation::Epoch;
use crate::read_through::miss::{Claim, Followed, Pending, Turn};
#[cfg(feature = "redis")]
use crate::read_through::remote::{self, BlockedThere};
use crate::read_through::shape::Shape;
use crate::value::CacheValue;
use std::sync::Arc;

/// What can be done about one identifier at once.
pub(in crate::read_through) enum Now<R> {
    Answered(R),
    Ours(Lead, Option<Claim>),
    /// Somebody else is at it.
    Blocked(Blocked),
}

/// Whom to wait for.
pub(in crate::read_through) enum Blocked {
    /// A computation of this process, which was joined when the generations stood so.
    Here(Arc<Flight>, Epoch),
    #[cfg(feature = "redis")]
    There(BlockedThere),
}

/// What came of waiting.
pub(in crate::read_through) enum Waited<R> {
    Answered(R),
    /// It is to be looked for again.
    Again,
    /// To be computed for this caller alone.
    Alone,
}

impl Pending {
    /// Answers or takes the lead, if that takes no waiting for others.
    pub(super) async fn now<R, S>(&self, shape: S) -> Now<R>
    where
        S: Shape<R>,
        S::Value: CacheValue,
    {
        #[cfg(feature = "redis")]
        if let Some(redis) = self.cache.redis() {
            return remote::now(self, redis, shape).await;
        }
        let joined_at = self.cache.generations().epoch();
        let stance = |flight: &Arc<Flight>| {
            if self.can_join(flight) {
                Stance::Join
            } else {
                Stance::Replace
            }
        };
        let flights = self.cache.flights();
        match flights.enter(&self.key, stance, || self.begin()) {
            Entered::Leads(lead) => match self.leads(shape, lead) {
                Turn::Answered(returned) => Now::Answered(returned),
                Turn::Ours(lead, claim) => Now::Ours(lead, claim),
                #[cfg(feature = "redis")]
                Turn::Serve(returned, _) => Now::Answered(returned),
            },
            Entered::Joined(flight) => Now::Blocked(Blocked::Here(flight, joined_at)),
            #[cfg(feature = "redis")]
            Entered::Behind(flight) => Now::Blocked(Blocked::Here(flight, joined_at)),
        }
    }

    /// Waits for whoever is at it.
    pub(super) async fn waits<R, S>(&self, shape: S, blocked: Blocked) -> Waited<R>
    where
        S: Shape<R>,
        S::Value: CacheValue,
    {
        match blocked {
            Blocked::Here(flight, joined_at) => {
                match Box::pin(self.follow(shape, &flight, joined_at)).await {
                    Followed::Answered(returned) => {
                        self.coalesced();
                        Waited::Answered(returned)
                    }
                    Followed::LookAgain => Waited::Again,
                    Followed::GaveUp | Followed::Failed | Followed::OnOurOwn => Waited::Alone,
                }
            }
            #[cfg(feature = "redis")]
            Blocked::There(blocked) => remote::waits(self, shape, blocked).await,
        }
    }

    /// To compute for this caller alone.
    pub(super) async fn alone(&self) -> (Lead, Option<Claim>) {
        #[cfg(feature = "redis")]
        if let Some(redis) = self.cache.redis() {
            return remote::alone(self, redis).await;
        }
        let lead = Lead::alone(Arc::clone(&self.key), self.begin());
        if let Some(outer) = &self.outer {
            outer.computes(lead.flight());
        }
        (lead, None)
    }
}
