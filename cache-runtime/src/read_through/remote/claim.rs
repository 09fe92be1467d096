//! The right to store what is computed: a lease that is kept, or a permit.

use crate::generation::Stamp;
use crate::redis::{Captured, Origin, Redis, Token};
use crate::sync::within;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::time::Instant;

/// What a computation may do with its result.
pub(crate) struct Claim {
    pub(super) redis: Redis,
    pub(super) key: Arc<str>,
    /// The generations that it is computed under; `None`: it cannot be stored.
    pub(super) captured: Option<Captured>,
    pub(super) hold: Hold,
}

/// What fences the result off from deletions of the key, and from other computations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hold {
    /// The lease with this token. Nobody else computes meanwhile.
    Lease(Token),
    /// The key's generation. Others may compute meanwhile; what they find is superseded.
    Permit,
    /// Nothing, or no longer.
    Nothing,
}

impl Claim {
    pub(crate) fn new(redis: &Redis, key: &Arc<str>, captured: Captured, hold: Hold) -> Self {
        Claim {
            redis: redis.clone(),
            key: Arc::clone(key),
            captured: Some(captured),
            hold,
        }
    }

    /// To compute without storing.
    pub(crate) fn nothing(redis: &Redis, key: &Arc<str>) -> Self {
        Claim {
            redis: redis.clone(),
            key: Arc::clone(key),
            captured: None,
            hold: Hold::Nothing,
        }
    }

    /// That of the server which has the entry.
    pub(crate) fn replication_id(&self) -> &str {
        self.origin(&self.key).replication_id
    }

    /// Where and when an entry of this key is made.
    pub(super) fn origin(&self, key: &str) -> Origin<'_> {
        let captured = self.captured.as_ref();
        captured.map_or(Origin::default(), |captured| {
            self.redis.origin(&captured.topology, key)
        })
    }

    pub(crate) fn stamps(&self) -> &[Stamp] {
        self.captured
            .as_ref()
            .map_or(&[], |captured| &captured.stamps)
    }

    /// Runs `body`, and keeps the lease while it runs.
    pub(crate) async fn while_held<F: Future>(&self, body: Pin<&mut F>) -> F::Output {
        Claim::all_held(vec![self], body).await
    }

    /// The same for several leases.
    pub(crate) async fn all_held<F: Future>(
        mut claims: Vec<&Claim>,
        mut body: Pin<&mut F>,
    ) -> F::Output {
        claims.retain(|claim| matches!(claim.hold, Hold::Lease(_)));
        let Some(redis) = claims.first().map(|claim| &claim.redis) else {
            return body.await;
        };
        let mut renewing = Box::pin(renew(redis, claims));
        let mut renews = true;
        poll_fn(|context| {
            if let Poll::Ready(output) = body.as_mut().poll(context) {
                return Poll::Ready(output);
            }
            if renews && renewing.as_mut().poll(context).is_ready() {
                renews = false;
            }
            Poll::Pending
        })
        .await
    }

    /// Renews the lease. Whether it is lost; a failure in between is made up for by the next time.
    async fn is_lost(&self, too_long: bool) -> bool {
        let Hold::Lease(token) = self.hold else {
            return true;
        };
        let renewed = self.redis.renew(&self.key, token, too_long).await;
        matches!(renewed, Ok(false))
    }

    /// Gives the right back unused.
    pub(crate) async fn give_back(mut self) {
        if let Hold::Lease(token) = self.hold {
            self.redis.release(&self.key, token).await;
            // Not before: if this future is dropped, it is released all the same.
            self.hold = Hold::Nothing;
        }
    }

    /// The same after a failure: the source is left alone for `time`.
    pub(crate) async fn rest(mut self, time: Duration) {
        if let Hold::Lease(token) = self.hold {
            self.redis.rest(&self.key, token, time).await;
            self.hold = Hold::Nothing;
        }
    }
}

/// Renews until all leases are lost. Those that have been held for too long, others may take: a body that hangs must not keep
/// them from storing for ever.
async fn renew(redis: &Redis, mut claims: Vec<&Claim>) {
    let config = redis.config();
    let (pause, since) = (config.lease / 3, Instant::now());
    while !claims.is_empty() {
        if within(pause, std::future::pending::<()>()).await.is_some() {
            return;
        }
        let too_long = since.elapsed() >= config.longest_hold;
        let lost = claims.iter().map(|claim| claim.is_lost(too_long));
        let mut lost = redis.together(lost.collect()).await.into_iter();
        claims.retain(|_| !lost.next().unwrap_or(false));
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // The computation panicked, or was dropped: others should not have to wait until the lease expires.
        if let Hold::Lease(token) = self.hold {
            self.redis.release_soon(&self.key, token);
        }
    }
}
