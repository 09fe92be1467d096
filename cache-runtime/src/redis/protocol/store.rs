//! Storing: what was computed under a lease, what an explicit write has made, and what its caller already has.

use super::{Sealed, Wanted, all_well, generation_ttl};
use crate::generation::{Guard, Named, Stamp};
use crate::redis::commands::{Commands, MOST_TRIES, Outcome};
use crate::redis::delivery::Undelivered;
use crate::redis::link::Failure;
use crate::redis::names::Any;
use crate::redis::script::Script;
use crate::redis::topology::Topology;
use crate::redis::{Redis, Token, millis, number, sequence};
use std::sync::Arc;
use std::time::Duration;

/// The result of a computation.
#[derive(Clone, Copy)]
pub(crate) struct Fill<'f> {
    pub(crate) entry: &'f Sealed,
    pub(crate) copies: &'f [Sealed],
    /// What the lease holds.
    pub(crate) token: Token,
    /// What the entry and its copies depend on; among it, the generations of the copies' keys.
    pub(crate) stamps: &'f [Stamp],
    /// How long it lives on the server if nobody reads it; `None`: for ever.
    pub(crate) lives: Option<Duration>,
    /// Whether the generations were captured for an entry that lives less long.
    pub(crate) prolong: bool,
}

/// The result of an explicit write.
#[derive(Clone, Copy)]
pub(crate) struct Commit<'c> {
    pub(crate) entry: &'c Sealed,
    pub(crate) copies: &'c [Sealed],
    /// What generations have to be still: first that of its key, and everything else that it depends on; among it, those
    /// of its copies' keys.
    pub(crate) expected: &'c [Stamp],
    /// What the entry depends on; among it, what its keys' generations are from here on. A key's generation that is not
    /// among it ends.
    pub(crate) stamps: &'c [Stamp],
    /// How long it lives on the server if nobody reads it; `None`: for ever.
    pub(crate) lives: Option<Duration>,
    /// Whether the generations were captured for an entry that lives less long.
    pub(crate) prolong: bool,
}

/// What a caller already has.
pub(crate) struct Given {
    pub(crate) entry: Sealed,
    /// The generation that its key has from here on; `None`: it ends.
    pub(crate) fresh: Option<u64>,
    /// How long it lives on the server if nobody reads it; `None`: for ever.
    pub(crate) lives: Option<Duration>,
}

impl Redis {
    /// Stores an entry, if the lease still stands, and each copy under a further key, if that key was not deleted.
    ///
    /// An entry whose generations have ended would be invalid. That it is not stored at all is a courtesy; that its caller is
    /// told so is not, since that may have copies elsewhere.
    pub(crate) async fn fill(&self, fill: Fill<'_>) -> Result<bool, Failure> {
        let _ended = self.ending_here(fill.entry, fill.copies);
        let topology = self.topology().await?;
        let names = &self.shared.names;
        let Fill { entry, stamps, .. } = fill;
        let on = [names.entry(&entry.key), names.lease(&entry.key)];
        let (beside, elsewhere) = self.beside(&topology, &on[0], stamps);
        let guards = if fill.prolong {
            named(stamps)
        } else {
            Vec::new()
        };
        let wanted = Wanted {
            guards: &guards,
            any: &[],
            ttl: fill.lives,
        };
        let replies = self
            .evaluate(&topology, |commands| {
                let generations = beside.iter().map(|(name, _)| name.clone());
                let on: Vec<String> = on.iter().cloned().chain(generations).collect();
                let call = commands
                    .call(Script::Fill, &on)
                    .arg(fill.token.to_string())
                    .arg(&entry.bytes)
                    .arg(fill.lives.map_or(0, millis));
                for (_, expected) in &beside {
                    call.arg(expected);
                }
                for copy in fill.copies {
                    self.copying(commands, fill, copy);
                }
                if fill.prolong {
                    self.capturing(commands, wanted);
                }
                reading(commands, &elsewhere);
            })
            .await?;
        let stand = stand(&replies, &elsewhere);
        all_well(replies).map(|first| number(&first) == Some(1) && stand)
    }

    /// Ends what this process keeps of these keys, and of what was computed from them, when it is dropped: after the reply,
    /// or without one. The server tells a connection of its own changes only after it has acknowledged them.
    fn ending_here<'r>(&'r self, entry: &'r Sealed, copies: &'r [Sealed]) -> impl Drop + 'r {
        struct Ending<'r> {
            redis: &'r Redis,
            entry: &'r Sealed,
            copies: &'r [Sealed],
        }
        impl Drop for Ending<'_> {
            fn drop(&mut self) {
                if let Some(mirror) = self.redis.mirror() {
                    for sealed in std::iter::once(self.entry).chain(self.copies) {
                        mirror.end_key(&sealed.key);
                    }
                }
            }
        }
        Ending {
            redis: self,
            entry,
            copies,
        }
    }

    /// No lease fences a copy: the generation of its key does.
    fn copying(&self, commands: &mut Commands<'_>, fill: Fill<'_>, copy: &Sealed) {
        let Some(expected) = Stamp::of_key(fill.stamps, &copy.key) else {
            return;
        };
        let names = &self.shared.names;
        let on = [
            names.entry(&copy.key),
            names.generation(Guard::Key, &copy.key),
        ];
        let expected = commands.topology().marked(&on[1], expected);
        commands
            .call(Script::Copy, &on)
            .arg(&copy.bytes)
            .arg(fill.lives.map_or(0, millis))
            .arg(expected);
    }

    /// Stores the result of an explicit write under each of its keys of which the generation is still the one that was
    /// captured; deletes the others. Where there are several, those that were stored are valid only with all of them.
    pub(crate) async fn commit(&self, commit: Commit<'_>) -> Result<bool, Failure> {
        let _ended = self.ending_here(commit.entry, commit.copies);
        let topology = self.topology().await?;
        let mut writes = vec![(commit.entry, commit.expected)];
        for copy in commit.copies {
            let is_own = |stamp: &&Stamp| stamp.is_of(Guard::Key, &copy.key);
            let own = commit.expected.iter().find(is_own);
            writes.push((copy, own.map(std::slice::from_ref).unwrap_or_default()));
        }
        let is_fenced = |(entry, expected): &(&Sealed, &[Stamp])| {
            let own = expected.first();
            own.is_some_and(|own| own.is_of(Guard::Key, &entry.key))
        };
        if !writes.iter().all(is_fenced) {
            return Err(Failure::Refused("a key without its generation".into()));
        }
        // Those of its keys are given their time when they are replaced.
        let mut guards = named(commit.stamps);
        guards.retain(|(guard, name)| {
            *guard != Guard::Key || writes.iter().all(|(entry, _)| entry.key != *name)
        });
        let wanted = Wanted {
            guards: &guards,
            any: &[],
            ttl: commit.lives,
        };
        // Those of its keys are looked at, and replaced, where they are.
        let mut others = commit.expected.to_vec();
        others.retain(|stamp| {
            !writes
                .iter()
                .any(|(entry, _)| stamp.is_of(Guard::Key, &entry.key))
        });
        let own = self.shared.names.entry(&commit.entry.key);
        let (_, elsewhere) = self.beside(&topology, &own, &others);
        let replies = self
            .evaluate(&topology, |commands| {
                self.ending_all_keys(commands);
                for (entry, expected) in &writes {
                    let fresh = Stamp::of_key(commit.stamps, &entry.key);
                    self.committing(commands, (entry, commit.lives), fresh, expected);
                }
                if commit.prolong {
                    self.capturing(commands, wanted);
                }
                reading(commands, &elsewhere);
            })
            .await?;
        let mut all = stand(&replies, &elsewhere);
        let mut replies = replies.into_iter();
        replies.next().transpose()?;
        for stored in replies.by_ref().take(writes.len()) {
            all &= number(&stored?) == Some(1);
        }
        replies.try_for_each(|reply| reply.map(|_| ()))?;
        Ok(all)
    }

    /// Stores under one key, if every generation that is expected stands; of these the key's own comes first.
    fn committing(
        &self,
        commands: &mut Commands<'_>,
        (entry, lives): (&Sealed, Option<Duration>),
        fresh: Option<u64>,
        expected: &[Stamp],
    ) {
        let names = &self.shared.names;
        let mut on = vec![
            names.entry(&entry.key),
            names.lease(&entry.key),
            names.generation(Guard::Key, &entry.key),
        ];
        let topology = commands.topology();
        let fresh = fresh.map(|generation| topology.marked(&on[2], generation).to_string());
        // Its own, and then those beside it.
        let (expected, _) = self.beside(topology, &on[0], expected);
        on.extend(expected.iter().skip(1).map(|(name, _)| name.clone()));
        let call = commands
            .call(Script::Commit, &on)
            .arg(&entry.bytes)
            .arg(lives.map_or(0, millis))
            .arg(fresh.unwrap_or_default())
            // What ends with a key is read only while its generation stands, so that may live as long as any.
            .arg(generation_ttl(lives).map_or(0, millis));
        for (_, expected) in &expected {
            call.arg(expected);
        }
    }

    /// These generations as the server knows them: those that a script on the slot of this name can look at, and the others.
    fn beside(
        &self,
        topology: &Topology,
        name: &str,
        stamps: &[Stamp],
    ) -> (Vec<Generation>, Vec<Generation>) {
        let slot = topology.slot(name);
        let named = stamps.iter().map(|stamp| {
            let name = self.shared.names.generation(stamp.guard, &stamp.name);
            let number = topology.marked(&name, stamp.generation);
            (name, number)
        });
        named.partition(|(name, _)| topology.slot(name) == slot)
    }

    /// Ends what stands for all keys, before all that follows.
    pub(in crate::redis) fn ending_all_keys(&self, commands: &mut Commands<'_>) {
        let any = self.shared.names.any(Any::Key);
        commands.on(&any).cmd("DEL").arg(&any);
        commands.then();
    }

    /// Stores what its caller already has, fencing off what began to compute before. `seal` makes the entries, given the
    /// generations wanted; it is asked anew for every attempt, and has to draw new numbers.
    ///
    /// One round trip, if the generations are those that this process has captured last; two otherwise. An entry that was
    /// sealed with others is invalid, and replaced. Without an acknowledgement `names`, the keys under which the entries
    /// belong, are deleted: what was there is older than what could not be stored, and that may still arrive.
    pub(crate) async fn set(
        &self,
        names: &[&str],
        wanted: Wanted<'_>,
        seal: impl Fn(&[Stamp], &Topology) -> Vec<Given>,
    ) -> Result<(), Failure> {
        let all = names.iter().map(|key| (Guard::Key, (*key).into()));
        let all = all.collect();
        let undelivered = Undelivered::new(&self.shared, all);
        let mut tries = 1;
        loop {
            let topology = self.topology().await?;
            match self.try_set(Arc::clone(&topology), wanted, &seal).await {
                Err(Failure::Moved) if tries < MOST_TRIES => tries += 1,
                done => break done?,
            }
            let limit = self.config().operation_timeout;
            self.shared.newer_than(&topology, limit).await;
        }
        undelivered.delivered();
        Ok(())
    }

    async fn try_set(
        &self,
        topology: Arc<Topology>,
        wanted: Wanted<'_>,
        seal: impl Fn(&[Stamp], &Topology) -> Vec<Given>,
    ) -> Result<(), Failure> {
        let asked = sequence::next();
        let guess = self.known(wanted.guards);
        let replies = self
            .evaluate(&topology, |commands| {
                self.capturing(commands, wanted);
                if let Some(known) = &guess {
                    self.setting(commands, &seal(known, &topology));
                }
            })
            .await?;
        let mut replies = replies.into_iter();
        let captured = self.captured(topology, wanted, asked, &mut replies)?;
        replies.try_for_each(|reply| reply.map(|_| ()))?;
        if guess.is_some_and(|known| known == captured.stamps) {
            return Ok(());
        }
        let topology = &captured.topology;
        let replies = self
            .evaluate(topology, |commands| {
                self.setting(commands, &seal(&captured.stamps, topology));
            })
            .await?;
        all_well(replies).map(|_| ())
    }

    fn setting(&self, commands: &mut Commands<'_>, given: &[Given]) {
        self.ending_all_keys(commands);
        for Given {
            entry,
            fresh,
            lives,
        } in given
        {
            self.committing(commands, (entry, *lives), *fresh, &[]);
        }
    }

    /// The generations as this process has seen them last; `None` if it has not.
    fn known(&self, guards: &[Named]) -> Option<Vec<Stamp>> {
        let known = guards.iter().map(|named| self.shared.known.last(named));
        known.collect()
    }
}

/// The name and the number that a generation has on its server.
type Generation = (String, u64);

fn reading(commands: &mut Commands<'_>, generations: &[Generation]) {
    for (name, _) in generations {
        commands.on(name).cmd("GET").arg(name);
    }
}

/// Whether these generations, which were read last of all, are still the same.
fn stand(replies: &[Outcome], generations: &[Generation]) -> bool {
    let last = replies.iter().rev().zip(generations.iter().rev());
    let mut last = last.map(|(reply, (_, expected))| (reply.as_ref().ok(), expected));
    last.all(|(reply, expected)| reply.and_then(number) == Some(*expected))
}

fn named(stamps: &[Stamp]) -> Vec<Named> {
    stamps
        .iter()
        .map(|stamp| (stamp.guard, stamp.name.clone()))
        .collect()
}
