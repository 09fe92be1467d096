//! Reading: an entry with the generations it depends on, and whether a computation still stands.

use super::begin::rests_until;
use super::exactly;
use super::values::Values;
use crate::generation::{Guard, Named, Stamp};
use crate::redis::batch::{self, Names};
use crate::redis::commands::MOST_TRIES;
use crate::redis::link::{Failure, Link};
use crate::redis::refusals::Asked;
use crate::redis::sequence::Moment;
use crate::redis::topology::Topology;
use crate::redis::{Redis, Token, number};
use crate::sync::all_at_once;
use redis::Value;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// What was found under a key, and the generations that were read with it.
pub(crate) struct Reading {
    /// That to the server that has the entry.
    pub(crate) link: Arc<Link>,
    /// Whether it is told of changes to what was read.
    pub(crate) is_tracked: bool,
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
        let topology = self.topology().await?;
        let mut names = Vec::with_capacity(guards.len() + 2);
        if nested {
            names.push(self.shared.names.generation(Guard::Key, key));
        }
        names.push(self.shared.names.entry(key));
        names.extend(self.names_of(&guards));
        let entry_at = usize::from(nested);
        let (topology, values) = self
            .gathered(topology, Names::Several(names), begins)
            .await?;
        self.note_tags(&guards, |at| values.generation(entry_at + 1 + at));
        Ok(Reading {
            link: values.link(entry_at)?,
            is_tracked: topology.tracks(),
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
        let topology = self.topology().await?;
        let name = Names::One(self.shared.names.entry(key));
        let (topology, values) = self.gathered(topology, name, begins).await?;
        Ok(Reading {
            link: values.link(0)?,
            is_tracked: topology.tracks(),
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
        let topology = self.topology().await?;
        let names = Names::Several(self.names_of(&guards).collect());
        let (topology, values) = self.gathered(topology, names, None).await?;
        reading.is_tracked &= topology.tracks();
        self.note_tags(&guards, |at| values.generation(at));
        reading.more = Some((values, guards));
        Ok(())
    }

    /// Remembers the generations of tags, which values to come may have as well.
    fn note_tags(&self, guards: &[Named], generation: impl Fn(usize) -> Option<u64>) {
        let tags = guards.iter().enumerate();
        for (at, named) in tags.filter(|(_, (guard, _))| *guard == Guard::Tag) {
            if let Some(generation) = generation(at) {
                self.shared.known.note(named, generation);
            }
        }
    }

    /// Whether a computation still holds its lease, and all that it runs under still stands.
    pub(crate) async fn standing(
        &self,
        key: &str,
        token: Token,
        stamps: &[Stamp],
    ) -> Result<bool, Failure> {
        let topology = self.topology().await?;
        let lease = std::iter::once(self.shared.names.lease(key));
        let guards = stamps
            .iter()
            .map(|stamp| self.shared.names.generation(stamp.guard, &stamp.name));
        let names = Names::Several(lease.chain(guards).collect());
        let (_, values) = self.gathered(topology, names, None).await?;
        // As a rule without the mark of one that has been held for too long.
        let holder = values.get(0).unwrap_or_default();
        // A lease that a failover, or a slot that moves, has brought back is nobody's.
        let is_of_server = token.is_of(values.link(0)?.replication_id());
        let holds = is_of_server
            && holder.strip_suffix(b"!").unwrap_or(holder) == token.to_string().as_bytes();
        let mut expected = (1..).zip(stamps);
        Ok(holds && expected.all(|(at, stamp)| values.generation(at) == Some(stamp.generation)))
    }

    /// Whether the lease still holds this.
    pub(crate) async fn lease(&self, key: &str, holder: &[u8]) -> Result<Lease, Failure> {
        let topology = self.topology().await?;
        let names = Names::One(self.shared.names.lease(key));
        let (topology, values) = self.gathered(topology, names, None).await?;
        Ok(if values.get(0) == Some(holder) {
            Lease::Held {
                is_heard_of: topology.tracks(),
            }
        } else {
            Lease::Ended
        })
    }

    /// How long the entry is kept (`None`: for ever, or there is none), and whether somebody computes it.
    pub(crate) async fn times(&self, key: &str) -> Result<(Option<Duration>, bool), Failure> {
        let topology = self.topology().await?;
        let names = &self.shared.names;
        let (entry, lease) = (names.entry(key), names.lease(key));
        let replies = self
            .evaluate(&topology, |commands| {
                commands.on(&entry).cmd("PTTL").arg(&entry);
                commands.on(&lease).cmd("GET").arg(&lease);
            })
            .await?;
        let [left, leased] = exactly(replies)?;
        Ok((
            number(&left?).map(Duration::from_millis),
            matches!(leased?, Value::BulkString(holder) if rests_until(&holder).is_none()),
        ))
    }

    /// Reads together with others, from wherever each name lies, and takes note of how the servers have done. Also returns where
    /// that was.
    async fn gathered(
        &self,
        mut topology: Arc<Topology>,
        names: Names,
        begins: Option<&Arc<Moment>>,
    ) -> Result<(Arc<Topology>, Values), Failure> {
        let more_to_come = self.shared.gathering.load(Ordering::Relaxed) > 0;
        let mut tries = 1;
        let read = loop {
            let read = if topology.is_cluster() {
                self.read_from_all(&topology, &names, begins, more_to_come)
                    .await
            } else {
                let link = &topology.links()[0];
                let read = batch::read(link, names, begins, more_to_come).await;
                break self
                    .noted(link, read)
                    .map(|values| Values::of_one(values, link));
            };
            if !matches!(read, Err(Failure::Moved)) || tries == MOST_TRIES {
                break read;
            }
            // What is read later is no older.
            let limit = self.config().operation_timeout;
            match self.shared.newer_than(&topology, limit).await {
                Some(newer) => topology = newer,
                None => break read,
            }
            tries += 1;
        };
        self.shared.refuses(Asked::Read, read.as_ref().err());
        Ok((topology, read?))
    }

    async fn read_from_all(
        &self,
        topology: &Topology,
        names: &Names,
        begins: Option<&Arc<Moment>>,
        more_to_come: bool,
    ) -> Result<Values, Failure> {
        let mut reads: Vec<(usize, Vec<String>)> = Vec::with_capacity(4);
        let mut places = Vec::with_capacity(names.as_slice().len());
        for name in names.as_slice() {
            let place = topology.place(topology.slot(name))?;
            let found = reads.iter().position(|(other, _)| *other == place);
            let at = found.unwrap_or(reads.len());
            if found.is_none() {
                reads.push((place, Vec::with_capacity(4)));
            }
            places.push((at, reads[at].1.len()));
            reads[at].1.push(name.clone());
        }
        let links = topology.links();
        let reading = reads.into_iter().map(|(place, names)| async move {
            let names = Names::Several(names);
            let read = batch::read(&links[place], names, begins, more_to_come).await;
            let read = self.noted(&links[place], read)?;
            Ok((read, Arc::clone(&links[place])))
        });
        let parts = all_at_once(reading.collect()).await;
        Ok(Values::of_several(
            parts.into_iter().collect::<Result<_, _>>()?,
            places,
        ))
    }
}
