//! The steps of the protocol. `docs/redis-protocol.md` says what each is for, and `tests/model` searches what they
//! do together; all three use the same names.

mod begin;
mod end;
mod idle;
mod lease;
mod read;
mod store;
mod values;

pub(crate) use begin::{Begun, Intent};
pub(crate) use idle::Prolonged;
pub(crate) use read::{Lease, Reading};
pub(crate) use store::{Commit, Fill, Given};

use super::commands::{Commands, Moved, Outcome, by_slot};
use super::link::{self, Failure};
use super::names::Any;
use super::refusals::Asked;
use super::script::Script;
use super::topology::Topology;
use super::{Redis, millis, number};
use crate::generation::{Named, Stamp};
use redis::Value;
use std::sync::Arc;
use std::time::Duration;

/// Generations, captured before a computation.
pub(crate) struct Captured {
    /// Where they were captured. What is sealed with them is sealed with the replication id of the server that has the entry.
    pub(crate) topology: Arc<Topology>,
    pub(crate) stamps: Vec<Stamp>,
    pub(crate) any: Vec<(Any, u64)>,
    /// A moment before they were asked for.
    pub(crate) asked: u64,
}

/// An entry on its way to the server.
pub(crate) struct Sealed {
    pub(crate) key: Box<str>,
    pub(crate) bytes: Vec<u8>,
}

/// What to capture, and for how long it will be needed.
#[derive(Clone, Copy)]
pub(crate) struct Wanted<'w> {
    pub(crate) guards: &'w [Named],
    pub(crate) any: &'w [Any],
    /// The time to live of the entry; `None` for ever.
    pub(crate) ttl: Option<Duration>,
}

impl Redis {
    fn names_of(&self, guards: &[Named]) -> impl Iterator<Item = String> {
        guards
            .iter()
            .map(|(guard, name)| self.shared.names.generation(*guard, name))
    }

    /// Every attempt draws new numbers: one that was lost on the way and arrives late must not be mistaken for ours. One call
    /// for each slot.
    fn capturing(&self, commands: &mut Commands<'_>, wanted: Wanted<'_>) {
        let all = self.names_wanted(wanted);
        let (least, ttl) = (least_ttl(wanted.ttl), generation_ttl(wanted.ttl));
        for group in by_slot(commands.topology(), &all) {
            let names: Vec<String> = group.iter().map(|&place| all[place].clone()).collect();
            let call = commands.call(Script::Capture, &names);
            call.arg(least.map_or(0, millis)).arg(ttl.map_or(0, millis));
            for _ in &names {
                call.arg(self.draw());
            }
        }
    }

    /// The names of what is to be captured.
    fn names_wanted(&self, wanted: Wanted<'_>) -> Vec<String> {
        let any = wanted.any.iter().map(|&any| self.shared.names.any(any));
        self.names_of(wanted.guards).chain(any).collect()
    }

    /// What `capturing` has captured, of the replies to its calls, which are taken.
    fn captured(
        &self,
        topology: Arc<Topology>,
        wanted: Wanted<'_>,
        asked: u64,
        replies: &mut impl Iterator<Item = Outcome>,
    ) -> Result<Captured, Failure> {
        let foreign = || Failure::Refused("a generation's key holds something else".into());
        let names = self.names_wanted(wanted);
        let mut numbers: Vec<u64> = vec![0; names.len()];
        let groups = by_slot(&topology, &names);
        // All of them, whatever one says.
        let replies: Vec<Outcome> = replies.take(groups.len()).collect();
        if replies.len() < groups.len() {
            return Err(link::unexpected(&replies));
        }
        for (group, reply) in groups.into_iter().zip(replies) {
            let reply = reply?;
            let Value::Array(generations) = &reply else {
                return Err(link::unexpected(&reply));
            };
            if generations.len() != group.len() {
                return Err(foreign());
            }
            for (place, generation) in group.into_iter().zip(generations) {
                let number = number(generation).ok_or_else(foreign)?;
                numbers[place] = topology.marked(&names[place], number);
            }
        }
        let (guards, any) = numbers
            .split_at_checked(wanted.guards.len())
            .ok_or_else(foreign)?;
        let stamp = |((guard, name), &generation): (&Named, &u64)| Stamp {
            guard: *guard,
            name: name.clone(),
            generation,
        };
        let stamps: Vec<Stamp> = wanted.guards.iter().zip(guards).map(stamp).collect();
        for (named, generation) in wanted.guards.iter().zip(guards) {
            self.shared.known.note(named, *generation);
        }
        Ok(Captured {
            stamps,
            any: wanted
                .any
                .iter()
                .copied()
                .zip(any.iter().copied())
                .collect(),
            topology,
            asked,
        })
    }

    /// Sends what `build` makes, and says if something was refused.
    pub(super) async fn evaluate(
        &self,
        topology: &Arc<Topology>,
        build: impl FnOnce(&mut Commands<'_>),
    ) -> Result<Vec<Outcome>, Failure> {
        let limit = self.config().operation_timeout;
        let replies = self
            .evaluate_as(Moved::Fail, limit, topology, build)
            .await?;
        let refused = first(&replies, |failure| matches!(failure, Failure::Refused(_)));
        self.shared.refuses(Asked::Write, refused);
        Ok(replies)
    }
}

/// The first failure of this kind among replies.
fn first(replies: &[Result<Value, Failure>], is_it: impl Fn(&Failure) -> bool) -> Option<&Failure> {
    let mut failures = replies.iter().filter_map(|reply| reply.as_ref().err());
    failures.find(|failure| is_it(failure))
}

/// A generation has to outlive what is stamped with it. It is given twice the time that it must have left, so that it
/// is not extended at every computation.
fn least_ttl(entry: Option<Duration>) -> Option<Duration> {
    entry.map(|ttl| ttl.saturating_mul(2).max(Duration::from_secs(60)))
}

fn generation_ttl(entry: Option<Duration>) -> Option<Duration> {
    least_ttl(entry).map(|ttl| ttl.saturating_mul(2))
}

fn exactly<const N: usize>(
    replies: Vec<Result<Value, Failure>>,
) -> Result<[Result<Value, Failure>; N], Failure> {
    replies.try_into().map_err(|other| link::unexpected(&other))
}

/// The first reply, if none is a refusal.
fn all_well(replies: Vec<Result<Value, Failure>>) -> Result<Value, Failure> {
    let mut first = None;
    for reply in replies {
        let reply = reply?;
        first.get_or_insert(reply);
    }
    first.ok_or_else(|| link::unexpected(&()))
}
