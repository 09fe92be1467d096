//! Replacing an entry that answers meanwhile. Nobody waits, so this waits for nobody.

use super::Caller;
use crate::flight::{Entered, Held, Lead, Stance};
use crate::read_through::miss::Pending;
use crate::read_through::remote::claim::{Claim, Hold};
use crate::read_through::remote::look::Looked;
use crate::read_through::shape::Shape;
use crate::redis::{Begun, Intent, Redis};
use crate::value::CacheValue;

/// Where another process is at it, or the server cannot be asked: after this part of a lease it is tried again, if it is
/// still of use.
const PART_OF_LEASE: u32 = 8;

/// The right to replace the entry that was served. `None`: somebody else does, or has, or the source is left alone; or the
/// entry has been invalidated, and who asks next computes.
pub(in crate::read_through) async fn renew<R, S>(
    pending: &Pending,
    redis: &Redis,
    shape: S,
) -> Option<(Lead, Claim)>
where
    S: Shape<R>,
    S::Value: CacheValue,
{
    let caller = Caller::new(pending, redis);
    let flights = pending.cache.flights();
    let Entered::Leads(lead) = flights.enter(&pending.key, |_| Stance::Wait, || caller.flight())
    else {
        return None;
    };
    let later = redis.config().lease / PART_OF_LEASE;
    lead.flight().remote.begun.begins();
    let mut look = caller.look(None);
    look.renews = Some(pending.left);
    let seen = match look.look_in_full(shape).await {
        Ok(Looked::Due(returned, seen, due)) => {
            caller.replaces(shape, &returned, &seen, due);
            seen
        }
        Ok(Looked::Hit(_) | Looked::Missed(_)) => return None,
        Err(_) => {
            pending.is_refreshed_elsewhere(later);
            return None;
        }
    };
    let guards = caller.guards(&seen);
    let intent = Intent {
        seen: seen.fingerprint(),
        supersedes: None,
        must_compute: false,
    };
    match redis
        .begin(&pending.key, intent, caller.wanted(&guards))
        .await
    {
        Ok(Begun::Acquired(captured, token)) => {
            let claim = Claim::new(redis, &pending.key, captured, Hold::Lease(token));
            if !caller.still_replaces(&seen, &claim) {
                claim.give_back().await;
                return None;
            }
            lead.flight().holds(Some(Held {
                token,
                stamps: claim.stamps().into(),
            }));
            return Some((lead, claim));
        }
        Ok(Begun::Changed) => {}
        Ok(Begun::Resting(time)) => pending.rests(time),
        Ok(Begun::Busy(_)) | Err(_) => pending.is_refreshed_elsewhere(later),
    }
    None
}
