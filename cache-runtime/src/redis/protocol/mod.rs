//! The steps of the protocol. `docs/redis-protocol.md` says what each is for, and `tests/model` searches what they
//! do together; all three use the same names.

mod begin;
mod end;
mod idle;
mod lease;
mod read;
mod store;

pub(crate) use begin::{Begun, Intent};
pub(crate) use idle::Prolonged;
pub(crate) use read::{Lease, Reading};
pub(crate) use store::{Commit, Fill, Given};

use super::link::{self, Failure, Link};
use super::names::Any;
use super::refusals::Asked;
use super::script::Script;
use super::supervisor::load_scripts_again;
use super::{Redis, millis, number};
use crate::generation::{Named, Stamp};
use crate::sync::within;
use redis::{Pipeline, Value};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

/// Generations, captured before a computation.
pub(crate) struct Captured {
    /// The link on which they were captured. What is sealed with them is sealed with its replication id.
    pub(crate) link: Arc<Link>,
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

    /// Every attempt draws new numbers: one that was lost on the way and arrives late must not be mistaken for ours.
    fn capturing(&self, commands: &mut Pipeline, link: &Link, wanted: Wanted<'_>) {
        let names = self.names_of(wanted.guards);
        let any = wanted.any.iter().map(|&any| self.shared.names.any(any));
        let all: Vec<String> = names.chain(any).collect();
        call(commands, link, Script::Capture, &all).arg(least_ttl(wanted.ttl).map_or(0, millis));
        commands.arg(generation_ttl(wanted.ttl).map_or(0, millis));
        for _ in &all {
            commands.arg(self.draw());
        }
    }

    fn captured(
        &self,
        link: Arc<Link>,
        wanted: Wanted<'_>,
        asked: u64,
        reply: &Value,
    ) -> Result<Captured, Failure> {
        let foreign = || Failure::Refused("a generation's key holds something else".into());
        let Value::Array(generations) = reply else {
            return Err(link::unexpected(reply));
        };
        let numbers: Option<Vec<u64>> = generations.iter().map(number).collect();
        let numbers = numbers.ok_or_else(foreign)?;
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
            self.shared.known.note(&link, named, *generation);
        }
        Ok(Captured {
            stamps,
            any: wanted
                .any
                .iter()
                .copied()
                .zip(any.iter().copied())
                .collect(),
            link,
            asked,
        })
    }

    /// Sends what `build` makes of it. Once more only if the server had forgotten a script, in which case that script has
    /// not run.
    pub(super) async fn evaluate(
        &self,
        link: &Arc<Link>,
        build: impl Fn(&mut Pipeline, &Link),
    ) -> Result<Vec<Result<Value, Failure>>, Failure> {
        let limit = self.config().operation_timeout;
        let mut again = true;
        loop {
            let mut commands = Pipeline::new();
            build(&mut commands, link);
            let line = link.line();
            let sent = within(limit, pin!(line.send_all(&commands))).await;
            let replies = self.noted(link, sent.unwrap_or(Err(Failure::TimedOut)))?;
            let lost = first(&replies, |failure| matches!(failure, Failure::Lost(_)));
            if let Some(lost) = lost {
                return self.noted(link, Err(lost.clone()));
            }
            let forgotten = first(&replies, |failure| *failure == Failure::NoScript);
            if forgotten.is_none() || !std::mem::take(&mut again) {
                let refused = first(&replies, |failure| matches!(failure, Failure::Refused(_)));
                self.shared.refuses(Asked::Write, refused);
                return Ok(replies);
            }
            let loaded = within(limit, Box::pin(load_scripts_again(line))).await;
            self.noted(link, loaded.unwrap_or(Err(Failure::TimedOut)))?;
        }
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

/// A call of a script on these names. Its arguments follow.
fn call<'p>(
    commands: &'p mut Pipeline,
    link: &Link,
    script: Script,
    names: &[String],
) -> &'p mut Pipeline {
    let commands = commands.cmd("EVALSHA");
    commands.arg(link.hash(script)).arg(names.len()).arg(names)
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
