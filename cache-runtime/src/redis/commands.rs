//! Commands on their way to the servers that have the names they are about.

use super::link::{Failure, Link};
use super::script::Script;
use super::supervisor::load_scripts_again;
use super::topology::Topology;
use super::{Redis, Shared};
use crate::sync::{all_at_once, within};
use redis::{Cmd, Pipeline, Value};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// What one command came to.
pub(super) type Outcome = Result<Value, Failure>;

/// So often commands are sent that were not executed: since the server had forgotten a script, or had no longer their slot.
pub(super) const MOST_TRIES: u32 = 4;

/// Commands, in the order of each server. What one of them is about has to lie on one slot.
pub(super) struct Commands<'t> {
    topology: &'t Arc<Topology>,
    /// Those that have to be answered before any other is sent. On one server their place is enough.
    first: Vec<Part>,
    parts: Vec<Part>,
    number: usize,
    /// Whether one of them is about something that nobody has at present.
    is_stranded: bool,
}

/// What becomes of commands that a server sends away, since it has their slot no longer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Moved {
    /// They go to whoever has it.
    Follow,
    /// They have failed. What they compare or store is about one server: generations are marked, and entries sealed, for it.
    /// What another one answers may be an older copy.
    Fail,
}

/// Those for one server.
struct Part {
    /// Its place.
    place: usize,
    pipeline: Pipeline,
    /// Of each, its place among all, and its slot.
    which: Vec<(usize, u16)>,
}

impl<'t> Commands<'t> {
    pub(super) fn new(topology: &'t Arc<Topology>) -> Self {
        Commands {
            topology,
            first: Vec::new(),
            parts: Vec::with_capacity(1),
            number: 0,
            is_stranded: false,
        }
    }

    /// Where the next command belongs, which is about this name.
    pub(super) fn on(&mut self, name: &str) -> &mut Pipeline {
        let slot = self.topology.slot(name);
        let number = self.number;
        self.number += 1;
        self.pipeline(slot, number)
    }

    /// All commands so far come before all others, wherever they go. Once at most.
    ///
    /// On a cluster they are answered first even where one server has all of it: of those that it sends away, since the slot
    /// has moved, the first may come last.
    pub(super) fn then(&mut self) {
        debug_assert!(self.first.is_empty(), "there is one such order");
        if self.topology.is_cluster() {
            self.first = std::mem::take(&mut self.parts);
        }
    }

    fn pipeline(&mut self, slot: u16, number: usize) -> &mut Pipeline {
        let place = self.topology.place(slot).unwrap_or_else(|_| {
            self.is_stranded = true;
            0
        });
        let found = self.parts.iter().position(|part| part.place == place);
        let at = found.unwrap_or(self.parts.len());
        if found.is_none() {
            self.parts.push(Part {
                place,
                pipeline: Pipeline::new(),
                which: Vec::with_capacity(4),
            });
        }
        let part = &mut self.parts[at];
        part.which.push((number, slot));
        &mut part.pipeline
    }

    /// A call of a script on names of one slot. Its arguments follow.
    pub(super) fn call(&mut self, script: Script, names: &[String]) -> &mut Pipeline {
        let topology = self.topology;
        let commands = self.on(names.first().map_or("", String::as_str));
        let commands = commands.cmd("EVALSHA").arg(topology.hash(script));
        commands.arg(names.len()).arg(names)
    }

    pub(super) fn topology(&self) -> &'t Topology {
        self.topology
    }
}

/// The places of names, by the slots of these: those of one slot in their order.
pub(super) fn by_slot<N: AsRef<str>>(topology: &Topology, names: &[N]) -> Vec<Vec<usize>> {
    let slots = names.iter().map(|name| topology.slot(name.as_ref()));
    let mut places: Vec<(u16, usize)> = slots.zip(0..).collect();
    places.sort_by_key(|(slot, _)| *slot);
    let of_one = |group: &[(u16, usize)]| group.iter().map(|(_, place)| *place).collect();
    let same = |one: &(u16, usize), other: &(u16, usize)| one.0 == other.0;
    places.chunk_by(same).map(of_one).collect()
}

impl Redis {
    /// Sends what `build` makes, and waits for so long. Again only what was not executed: the server had forgotten the script,
    /// or has the slot no longer. For deletions, and whatever else is the same wherever it is done.
    pub(super) async fn evaluate_within(
        &self,
        limit: Duration,
        topology: &Arc<Topology>,
        build: impl FnOnce(&mut Commands<'_>),
    ) -> Result<Vec<Outcome>, Failure> {
        self.evaluate_as(Moved::Follow, limit, topology, build)
            .await
    }

    /// The same, with or without following a slot that has moved.
    pub(super) async fn evaluate_as(
        &self,
        moved: Moved,
        limit: Duration,
        topology: &Arc<Topology>,
        build: impl FnOnce(&mut Commands<'_>),
    ) -> Result<Vec<Outcome>, Failure> {
        let mut commands = Commands::new(topology);
        build(&mut commands);
        if commands.is_stranded {
            return Err(Failure::NoLink);
        }
        let began = Instant::now();
        let mut outcomes: Vec<Option<Outcome>> = (0..commands.number).map(|_| None).collect();
        for parts in [commands.first, commands.parts] {
            if parts.is_empty() {
                continue;
            }
            let left = limit.saturating_sub(began.elapsed());
            self.execute(moved, left, topology, parts, &mut outcomes)
                .await?;
            // What was to come first has not come.
            if outcomes.iter().flatten().any(Result::is_err) {
                break;
            }
        }
        let unanswered = || Err(Failure::NoLink);
        let outcomes = outcomes.into_iter();
        Ok(outcomes
            .map(|outcome| outcome.unwrap_or_else(unanswered))
            .collect())
    }

    /// Sends one batch, and again what was not executed.
    async fn execute(
        &self,
        moved: Moved,
        limit: Duration,
        topology: &Arc<Topology>,
        mut parts: Vec<Part>,
        outcomes: &mut [Option<Outcome>],
    ) -> Result<(), Failure> {
        let began = Instant::now();
        let mut topology = Arc::clone(topology);
        for tries in 1.. {
            let left = limit.saturating_sub(began.elapsed());
            self.send_parts(&topology, &parts, left, outcomes).await?;
            let again = unexecuted(&parts, outcomes);
            if again.is_empty() || tries == MOST_TRIES {
                break;
            }
            let left = limit.saturating_sub(began.elapsed());
            let is_moved = |&(_, number, _): &(&Cmd, usize, u16)| {
                matches!(outcomes[number], Some(Err(Failure::Moved)))
            };
            if again.iter().any(is_moved) {
                if moved == Moved::Fail {
                    self.shared.redraw();
                    break;
                }
                match self.shared.newer_than(&topology, left).await {
                    Some(newer) => topology = newer,
                    None => break,
                }
            }
            let mut once_more = Commands::new(&topology);
            for (command, number, slot) in again {
                let pipeline = once_more.pipeline(slot, number);
                pipeline.add_command(command.clone());
            }
            if once_more.is_stranded {
                return Err(Failure::NoLink);
            }
            parts = once_more.parts;
        }
        Ok(())
    }

    /// Sends each server its part, side by side, and takes note of how they have done.
    async fn send_parts(
        &self,
        topology: &Topology,
        parts: &[Part],
        limit: Duration,
        outcomes: &mut [Option<Outcome>],
    ) -> Result<(), Failure> {
        let replies = match parts {
            [part] => vec![pin!(self.send_part(topology, part, limit)).await],
            parts => {
                let sending = parts
                    .iter()
                    .map(|part| self.send_part(topology, part, limit));
                all_at_once(sending.collect()).await
            }
        };
        let mut failed = None;
        for (part, replies) in parts.iter().zip(replies) {
            match replies {
                Ok(replies) => {
                    for (reply, (number, _)) in replies.into_iter().zip(&part.which) {
                        outcomes[*number] = Some(reply);
                    }
                }
                Err(failure) => _ = failed.get_or_insert(failure),
            }
        }
        failed.map_or(Ok(()), Err)
    }

    async fn send_part(
        &self,
        topology: &Topology,
        part: &Part,
        limit: Duration,
    ) -> Result<Vec<Outcome>, Failure> {
        let link = &topology.links()[part.place];
        let line = link.line();
        let sent = within(limit, pin!(line.send_all(&part.pipeline))).await;
        let replies = self.noted(link, sent.unwrap_or(Err(Failure::TimedOut)))?;
        let lost = |reply: &&Outcome| matches!(reply, Err(Failure::Lost(_)));
        if let Some(Err(lost)) = replies.iter().find(lost) {
            return self.noted(link, Err(lost.clone()));
        }
        if replies.contains(&Err(Failure::NoScript)) {
            let loaded = within(limit, Box::pin(load_scripts_again(line))).await;
            self.noted(link, loaded.unwrap_or(Err(Failure::TimedOut)))?;
        }
        Ok(replies)
    }

    /// Takes note of how a server has done.
    pub(super) fn noted<T>(&self, link: &Link, outcome: Result<T, Failure>) -> Result<T, Failure> {
        self.shared.noted(link, outcome)
    }
}

impl Shared {
    pub(super) fn noted<T>(&self, link: &Link, outcome: Result<T, Failure>) -> Result<T, Failure> {
        match &outcome {
            Ok(_)
            | Err(Failure::Refused(_) | Failure::NoScript | Failure::Moved | Failure::Moving(_)) => {
                link.breaker.answered();
            }
            Err(failure) => self.failed(link, failure),
        }
        outcome
    }
}

/// Commands that were answered without being executed, with their places among all, and their slots.
fn unexecuted<'p>(parts: &'p [Part], outcomes: &[Option<Outcome>]) -> Vec<(&'p Cmd, usize, u16)> {
    let was_not = |number: usize| {
        matches!(
            outcomes[number],
            Some(Err(Failure::NoScript | Failure::Moved))
        )
    };
    let commands = parts
        .iter()
        .flat_map(|part| part.pipeline.cmd_iter().zip(&part.which));
    commands
        .filter(|(_, (number, _))| was_not(*number))
        .map(|(command, (number, slot))| (command, *number, *slot))
        .collect()
}
