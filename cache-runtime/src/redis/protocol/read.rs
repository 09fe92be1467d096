//! Reading: an entry with the generations it depends on, and whether a computation still stands.

use super::begin::rests_until;
use super::exactly;
use crate::generation::{Guard, Named, Stamp};
use crate::redis::batch::{self, Names, Values};
use crate::redis::link::{Failure, Link};
use crate::redis::refusals::Asked;
use crate::redis::sequence::Moment;
use crate::redis::{Redis, Token, number};
use redis::Value;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// What was found under a key, and the generations that were read with it.
pub(crate) struct Reading {
    pub(crate) link: Arc<Link>,
    values: Values,
    /// Where the entry's value is: behind the key generation, if that was asked for.
    entry_at: usize,
    asked: Vec<Named>,
    /// Guards that only the entry knew of.
    more: Option<(Values, Vec<Named>)>,
}

impl Reading {
    pub(crate) fn bytes(&self) -> Option<&[u8]> {
        self.values.get(self.entry_at)
    }

    /// The generation of the key itself, if it was asked for and there is one.
    pub(crate) fn key_generation(&self) -> Option<u64> {
        (self.entry_at == 1)
            .then(|| self.values.generation(0))
            .flatten()
    }

    /// The generation of a guard; the outer `None` if it was not read.
    pub(crate) fn generation(&self, guard: Guard, name: &str) -> Option<Option<u64>> {
        let place = |among: &[Named]| among.iter().position(|(g, n)| *g == guard && **n == *name);
        if let Some(at) = place(&self.asked) {
            return Some(self.values.generation(self.entry_at + 1 + at));
        }
        let (values, more) = self.more.as_ref()?;
        place(more).map(|at| values.generation(at))
    }
}

/// A lease that somebody else has held.
pub(crate) enum Lease {
    /// `is_heard_of`: the server tells when it ends.
    Held {
        is_heard_of: bool,
    },
    Ended,
}

impl Redis {
    /// Reads an entry and the generations of `guards`; and first that of the key, for a `nested` read.
    pub(crate) async fn read(
        &self,
        key: &str,
        guards: Vec<Named>,
        nested: bool,
        begins: Option<&Arc<Moment>>,
    ) -> Result<Reading, Failure> {
        let link = self.link().await?;
        let mut names = Vec::with_capacity(guards.len() + 2);
        if nested {
            names.push(self.shared.names.generation(Guard::Key, key));
        }
        names.push(self.shared.names.entry(key));
        names.extend(self.names_of(&guards));
        let values = self.gathered(&link, Names::Several(names), begins).await?;
        let entry_at = usize::from(nested);
        self.note_tags(&link, &guards, |at| values.generation(entry_at + 1 + at));
        Ok(Reading {
            link,
            values,
            entry_at,
            asked: guards,
            more: None,
        })
    }

    /// Reads an entry alone.
    pub(crate) async fn read_alone(
        &self,
        key: &str,
        begins: Option<&Arc<Moment>>,
    ) -> Result<Reading, Failure> {
        let link = self.link().await?;
        let name = Names::One(self.shared.names.entry(key));
        let values = self.gathered(&link, name, begins).await?;
        Ok(Reading {
            link,
            values,
            entry_at: 0,
            asked: Vec::new(),
            more: None,
        })
    }

    /// Reads the generations of further guards. They may be younger than the rest: generations never come back.
    pub(crate) async fn read_more(
        &self,
        reading: &mut Reading,
        guards: Vec<Named>,
    ) -> Result<(), Failure> {
        if guards.is_empty() {
            return Ok(());
        }
        // What is pending by now has to be delivered first: the rest was captured here before it was known to be.
        if self.link().await?.epoch != reading.link.epoch {
            return Err(Failure::NoLink);
        }
        let names = Names::Several(self.names_of(&guards).collect());
        let values = self.gathered(&reading.link, names, None).await?;
        self.note_tags(&reading.link, &guards, |at| values.generation(at));
        reading.more = Some((values, guards));
        Ok(())
    }

    /// Remembers the generations of tags, which values to come may have as well.
    fn note_tags(&self, link: &Link, guards: &[Named], generation: impl Fn(usize) -> Option<u64>) {
        let tags = guards.iter().enumerate();
        for (at, named) in tags.filter(|(_, (guard, _))| *guard == Guard::Tag) {
            if let Some(generation) = generation(at) {
                self.shared.known.note(link, named, generation);
            }
        }
    }

    /// The link over which it was found that a computation still holds its lease, and that all it runs under still stands.
    pub(crate) async fn standing(
        &self,
        key: &str,
        token: Token,
        stamps: &[Stamp],
    ) -> Result<Option<Arc<Link>>, Failure> {
        let link = self.link().await?;
        let lease = std::iter::once(self.shared.names.lease(key));
        let guards = stamps
            .iter()
            .map(|stamp| self.shared.names.generation(stamp.guard, &stamp.name));
        let values = self
            .gathered(&link, Names::Several(lease.chain(guards).collect()), None)
            .await?;
        // As a rule without the mark of one that has been held for too long.
        let holder = values.get(0).unwrap_or_default();
        let holds = holder.strip_suffix(b"!").unwrap_or(holder) == token.to_string().as_bytes();
        let mut expected = (1..).zip(stamps);
        let stands =
            holds && expected.all(|(at, stamp)| values.generation(at) == Some(stamp.generation));
        Ok(stands.then_some(link))
    }

    /// Whether the lease still holds this.
    pub(crate) async fn lease(&self, key: &str, holder: &[u8]) -> Result<Lease, Failure> {
        let link = self.link().await?;
        let names = Names::One(self.shared.names.lease(key));
        let values = self.gathered(&link, names, None).await?;
        Ok(if values.get(0) == Some(holder) {
            Lease::Held {
                is_heard_of: link.tracks,
            }
        } else {
            Lease::Ended
        })
    }

    /// How long the entry is kept (`None`: for ever, or there is none), and whether somebody computes it.
    pub(crate) async fn times(&self, key: &str) -> Result<(Option<Duration>, bool), Failure> {
        let link = self.link().await?;
        let names = &self.shared.names;
        let replies = self
            .evaluate(&link, |commands, _| {
                commands.cmd("PTTL").arg(names.entry(key));
                commands.cmd("GET").arg(names.lease(key));
            })
            .await?;
        let [left, leased] = exactly(replies)?;
        Ok((
            number(&left?).map(Duration::from_millis),
            matches!(leased?, Value::BulkString(holder) if rests_until(&holder).is_none()),
        ))
    }

    /// Reads together with others, and takes note of how the server has done.
    async fn gathered(
        &self,
        link: &Arc<Link>,
        names: Names,
        begins: Option<&Arc<Moment>>,
    ) -> Result<Values, Failure> {
        let more_to_come = self.shared.gathering.load(Ordering::Relaxed) > 0;
        let read = batch::read(link, names, begins, more_to_come).await;
        self.shared.refuses(Asked::Read, read.as_ref().err());
        self.noted(link, read)
    }
}
