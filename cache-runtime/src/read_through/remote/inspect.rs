//! What is known about a key on the server, for people and for questions that need no value.

use super::guards::declared;
use super::look::{Validity, age, validity};
use crate::cache::{Cache, State};
use crate::format;
use crate::generation::{Guard, Named};
use crate::key::scopes;
use crate::read_through::plan::Plan;
use crate::redis::{Failure, Redis};
use std::time::Duration;

/// An entry, seen from outside.
pub(crate) struct Inspected {
    pub(crate) state: State,
    /// How long it stays fresh; `None` for ever.
    pub(crate) time_left: Option<Duration>,
    pub(crate) time_to_live: Option<Duration>,
    /// How long the server keeps it, which may be longer.
    pub(crate) removed_in: Option<Duration>,
    pub(crate) age: Duration,
    pub(crate) bytes: u64,
    /// How long its computation took.
    pub(crate) cost: Duration,
    pub(crate) stamps: Vec<Stamped>,
}

/// One of the generations that it hangs on.
pub(crate) struct Stamped {
    pub(crate) guard: Guard,
    pub(crate) name: Box<str>,
    /// The generation at present.
    pub(crate) now: Option<u64>,
    /// Whether it is the one that the entry was computed under, as far as can be told.
    pub(crate) stands: bool,
}

/// What is there, and whether it is being computed.
pub(crate) async fn inspect(
    cache: &Cache,
    redis: &Redis,
    key: &str,
) -> Result<(Option<Inspected>, bool), Failure> {
    let mut reading = redis
        .read(key, declared(key, &Plan::default()), false, None)
        .await?;
    let (removed_in, is_leased) = redis.times(key).await?;
    let computing = is_leased || cache.flights().contains(key);
    let Some(bytes) = reading.bytes().map(<[u8]>::to_vec) else {
        return Ok((None, computing));
    };
    let Ok(opened) = format::open(&bytes, key) else {
        return Ok((None, computing));
    };
    let listed: Vec<Named> = opened
        .guards()
        .map(|(guard, name)| (guard, name.as_ref().into()))
        .collect();
    redis.read_more(&mut reading, listed.clone()).await?;
    let of = |guard: Guard, name: &str| reading.generation(guard, name);
    let implied = scopes(key).map(|scope| (Guard::Scope, scope.into()));
    let guards: Vec<Named> = implied.chain(listed).collect();
    let replication_id = reading.link.replication_id();
    let is_valid = matches!(validity(key, &opened, replication_id, of), Validity::Valid);
    let checks = opened.checks();
    let stamps = guards
        .into_iter()
        .enumerate()
        .map(|(place, (guard, name))| {
            let now = of(guard, &name).flatten();
            let check = now.map(format::check);
            Stamped {
                guard,
                name,
                now,
                stands: is_valid || (check.is_some() && checks.get(place).copied() == check),
            }
        });
    let stamps = stamps.collect();
    let age = age(&reading, &opened);
    let fresh_for = opened
        .fresh_for()
        .map(|fresh_for| fresh_for.saturating_sub(age));
    let inspected = Inspected {
        state: match (is_valid, opened.is_absent()) {
            (false, _) => State::Invalidated,
            _ if !opened.can_be_decrypted(redis.config().max_entry, cache.keys()) => {
                State::Undecryptable
            }
            (true, _) if fresh_for == Some(Duration::ZERO) => State::Expired,
            (true, true) => State::Negative,
            (true, false) => State::Fresh,
        },
        time_left: match (fresh_for, removed_in) {
            (Some(fresh), Some(kept)) => Some(fresh.min(kept)),
            (fresh, kept) => fresh.or(kept),
        },
        time_to_live: opened.fresh_for(),
        removed_in,
        age,
        bytes: bytes.len() as u64,
        cost: opened.cost(),
        stamps,
    };
    Ok((Some(inspected), computing))
}

/// The entry under `key`, if a reader without tags of its own could be given it.
pub(crate) async fn valid(cache: &Cache, redis: &Redis, key: &str) -> Option<Inspected> {
    let (inspected, _) = inspect(cache, redis, key).await.ok()?;
    inspected.filter(|entry| matches!(entry.state, State::Fresh | State::Negative))
}
