//! Reading through a shared server: the steps of `docs/redis-protocol.md`, seen from one call.
//!
//! `look` reads and decides, `turn` finds out whose turn it is to compute, `claim` is the right to store what is
//! computed, `keep` stores it.

mod alone;
mod claim;
mod guards;
mod inspect;
mod keep;
mod keeper;
mod look;
mod sealing;
mod turn;
mod write;

pub(crate) use claim::Claim;
pub(crate) use guards::{declared, dedup};
pub(crate) use inspect::{Inspected, inspect, valid};
pub(crate) use keep::Finished;
pub(crate) use look::Look;
pub(super) use turn::{BlockedThere, alone, now, renew, turn, waits};
pub(crate) use write::{permit, set, try_set};

use crate::entry::{Entry, Remembered};
use crate::flight::Dependency;
use crate::generation::Guard;
use crate::read_through::Lifespan;
use crate::read_through::miss::Pending;
use crate::redis::Wanted;

/// Makes an outer computation depend on what a call is about that goes past the cache.
pub(super) async fn depend(pending: &Pending) {
    let (Some(outer), Some(redis)) = (&pending.outer, pending.cache.redis()) else {
        return;
    };
    let mut guards = declared(&pending.key, &pending.plan);
    guards.push((Guard::Key, (&*pending.key).into()));
    dedup(&mut guards);
    let wanted = Wanted {
        guards: &guards,
        any: &[],
        ttl: Lifespan::at_most(&pending.cache, pending.plan.ttl, &pending.policy).on_server(),
    };
    match redis.capture(wanted).await {
        Ok(captured) => {
            let remembered = Remembered {
                home: pending.cache.id(),
                stamps: captured.stamps.into(),
                is_secret: pending.site.sensitive,
            };
            let entry = Entry::read_remotely(remembered);
            outer.reads(Dependency::Entry(entry));
        }
        Err(_) => outer.doom(),
    }
}
