//! Seeing to it that what has ended is ended on the server: at once, or before anything that could depend on it is read.

use super::commands::{Commands, Outcome, by_slot};
use super::link::{Failure, Link};
use super::names::Any;
use super::pending::Delivering;
use super::topology::Topology;
use super::{Redis, Shared, State};
use crate::generation::{Guard, Named};
use crate::invalidate::Delivery;
use crate::sync::{all_at_once, within};
use redis::{Cmd, Pipeline, Value};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::Instant;

impl Redis {
    /// Ends `guards`, or sees to it that they have ended before anything is read again.
    pub(super) async fn end(&self, guards: Vec<Named>) -> Delivery {
        let began = Instant::now();
        let undelivered = Undelivered::new(&self.shared, guards);
        if let Ok(topology) = self.shared.as_it_is().await {
            let limit = self.config().delivery_timeout;
            let (first, names) = self.shared.names_of_all(&undelivered.guards);
            let ended = self.evaluate_within(limit, &topology, |commands| {
                if topology.is_cluster() {
                    deleting(commands, &first);
                    commands.then();
                    deleting(commands, &names);
                } else {
                    // One command does.
                    deleting(commands, &[first, names].concat());
                }
            });
            if all_well(&ended.await) {
                undelivered.delivered();
                return Delivery::Delivered;
            }
        }
        drop(undelivered);
        self.delivered_soon(began).await
    }

    /// Ends a guard without waiting: for futures that are being dropped. Nothing is read here until it has ended.
    pub(crate) fn end_soon(&self, guard: Guard, name: &str) {
        drop(Undelivered::new(&self.shared, vec![(guard, name.into())]));
    }

    /// Whether everything that is pending is delivered before the patience of a caller ends who came at `began`.
    pub(super) async fn delivered_soon(&self, began: Instant) -> Delivery {
        // Otherwise nobody knows how long that takes.
        if self.shared.may_be_delivered() {
            let limit = self.config().delivery_timeout;
            self.delivered(limit.saturating_sub(began.elapsed())).await;
        }
        if self.shared.pending.is_clear() {
            return Delivery::Delivered;
        }
        self.shared.defers();
        Delivery::Deferred
    }

    /// Waits until nothing is pending, or until it has taken too long.
    async fn delivered(&self, limit: Duration) {
        let mut state = self.shared.state.subscribe();
        let delivered = async {
            while !self.shared.pending.is_clear() {
                // Whoever delivers says so there.
                if state.changed().await.is_err() {
                    break;
                }
            }
        };
        within(limit, delivered).await;
    }

    /// The same for who goes when it is done.
    pub(crate) async fn flush(&self, limit: Duration) -> Delivery {
        self.shared.supervise();
        self.shared.wake.notify_one();
        self.delivered(limit).await;
        if self.shared.pending.is_clear() {
            Delivery::Delivered
        } else {
            Delivery::Deferred
        }
    }
}

impl Shared {
    /// Delivers what is pending and can be; over every connection, so that it comes after what a caller has given up on any of
    /// them.
    pub(super) async fn deliver(&self, topology: &Arc<Topology>) -> Result<(), Failure> {
        // Whoever has the turn may be part of a runtime that nobody drives. Two deliveries at once do no harm.
        let patience = self.config.operation_timeout / 4;
        let _turn = within(patience, self.delivering.lock()).await;
        loop {
            let can_be = |(guard, name): &Named| {
                let first = self.names.any(Any::of(*guard));
                let name = self.names.generation(*guard, name);
                topology.link(&first).is_ok() && topology.link(&name).is_ok()
            };
            let delivering = self.pending.some(can_be);
            if delivering.is_empty() {
                break;
            }
            let guards = delivering.iter().map(|(guard, _)| guard);
            let (first, _) = self.names_of_all(guards);
            for name in first {
                let link = topology.link(&name)?;
                self.delete_on(topology, link, &[name]).await?;
            }
            for outcome in self.deliver_these(topology, &delivering).await {
                outcome?;
            }
        }
        // For those who wait until it is done.
        self.state.send_modify(|_| {});
        if self.pending.is_clear() && self.defers.swap(false, Ordering::AcqRel) {
            tracing::info!(target: "cache_runtime", server = %self.server_name,
                "deferred invalidations are delivered");
        }
        Ok(())
    }

    /// Every server is told of its own, whatever has become of the others.
    async fn deliver_these(
        &self,
        topology: &Arc<Topology>,
        delivering: &[Delivering],
    ) -> Vec<Result<(), Failure>> {
        let mut by_link: Vec<(&Arc<Link>, Vec<&Delivering>)> = Vec::new();
        for one in delivering {
            let (guard, name) = &one.0;
            let Ok(link) = topology.link(&self.names.generation(*guard, name)) else {
                continue;
            };
            match by_link
                .iter_mut()
                .find(|(other, _)| other.epoch == link.epoch)
            {
                Some((_, its)) => its.push(one),
                None => by_link.push((link, vec![one])),
            }
        }
        let telling = by_link
            .into_iter()
            .map(|(link, its)| self.deliver_to(topology, link, its));
        all_at_once(telling.collect()).await
    }

    async fn deliver_to(
        &self,
        topology: &Arc<Topology>,
        link: &Link,
        delivering: Vec<&Delivering>,
    ) -> Result<(), Failure> {
        let guards = delivering.iter().map(|(guard, _)| guard);
        let (_, names) = self.names_of_all(guards);
        self.delete_on(topology, link, &names).await?;
        let delivered: Vec<Delivering> = delivering.into_iter().cloned().collect();
        self.pending.acknowledged(&delivered);
        Ok(())
    }

    /// Deletes names of one server, over all of its connections.
    async fn delete_on(
        &self,
        topology: &Arc<Topology>,
        link: &Link,
        names: &[String],
    ) -> Result<(), Failure> {
        let groups = by_slot(topology, names);
        let mut commands = Pipeline::with_capacity(groups.len());
        for group in &groups {
            commands.add_command(deletion(group.iter().map(|&place| &names[place])));
        }
        let mut moving: Vec<&[usize]> = Vec::new();
        let sent = link.lines().iter().map(|line| line.send_all(&commands));
        for outcomes in all_at_once(sent.collect()).await {
            for (outcome, group) in outcomes?.into_iter().zip(&groups) {
                match outcome {
                    Err(Failure::Moving(_)) => moving.push(group),
                    Err(failure) => {
                        if failure == Failure::Moved {
                            self.redraw();
                        }
                        return Err(failure);
                    }
                    Ok(_) => {}
                }
            }
        }
        for group in moving {
            let names: Vec<&String> = group.iter().map(|&place| &names[place]).collect();
            self.delete_while_moving(topology, link, &names).await?;
        }
        Ok(())
    }

    /// Where a slot is on its way from one server to another, several names cannot be deleted at one moment. One after the
    /// other they can; and twice, since what stands for a key has to end before its entry does, and after it.
    async fn delete_while_moving(
        &self,
        topology: &Topology,
        link: &Link,
        names: &[&String],
    ) -> Result<(), Failure> {
        for name in names.iter().chain(names) {
            for line in link.lines() {
                let command = deletion(std::iter::once(*name));
                match line.send(&command).await {
                    Ok(_) => {}
                    Err(Failure::Moving(Some(address))) => {
                        let mut links = topology.links().iter();
                        let target = links.find(|link| link.address == address);
                        let target = target.ok_or(Failure::NoLink)?;
                        let mut commands = Pipeline::new();
                        commands.cmd("ASKING").add_command(command);
                        for line in target.lines() {
                            line.send_all(&commands)
                                .await?
                                .into_iter()
                                .try_for_each(|reply| reply.map(|_| ()))?;
                        }
                    }
                    Err(failure) => return Err(failure),
                }
            }
        }
        Ok(())
    }

    /// Everything that goes when these guards end: what stands for tags, scopes and keys, which must not end after them, and
    /// what is theirs.
    fn names_of_all<'g>(
        &self,
        guards: impl IntoIterator<Item = &'g Named>,
    ) -> (Vec<String>, Vec<String>) {
        let (mut first, mut names) = (Vec::new(), Vec::new());
        for (guard, name) in guards {
            let any = self.names.any(Any::of(*guard));
            if !first.contains(&any) {
                first.push(any);
            }
            if *guard == Guard::Key {
                names.extend([self.names.entry(name), self.names.lease(name)]);
            }
            names.push(self.names.generation(*guard, name));
        }
        (first, names)
    }

    /// Whether somebody can be told of what is pending.
    fn may_be_delivered(&self) -> bool {
        match &*self.state.borrow() {
            State::Down(_) => false,
            State::Starting => true,
            State::Up(topology) => {
                let slots = || self.pending.slots(&self.names);
                !topology.is_cluster() || slots().iter().all(|&slot| topology.place(slot).is_ok())
            }
        }
    }

    /// Says once, for all until the next delivery, that others may read what was invalidated.
    fn defers(&self) {
        if !self.defers.swap(true, Ordering::AcqRel) {
            tracing::warn!(target: "cache_runtime", server = %self.server_name,
                "invalidations are deferred until redis answers; other processes may read what was there until then");
        }
    }

    /// Ends what this process keeps of these.
    fn end_here(&self, guards: &[Named]) {
        if let Some(mirror) = &self.mirror {
            guards
                .iter()
                .for_each(|(guard, name)| mirror.end_guard(*guard, name));
        }
    }
}

/// Ends under way. If they are not acknowledged, for whatever reason, they become pending.
pub(super) struct Undelivered<'s> {
    shared: &'s Arc<Shared>,
    guards: Vec<Named>,
}

impl<'s> Undelivered<'s> {
    pub(super) fn new(shared: &'s Arc<Shared>, guards: Vec<Named>) -> Self {
        Undelivered { shared, guards }
    }

    /// They are acknowledged. What this process keeps ends only now: what it has read before may have been read before
    /// they had ended.
    pub(super) fn delivered(mut self) {
        let guards = std::mem::take(&mut self.guards);
        self.shared.end_here(&guards);
    }
}

impl Drop for Undelivered<'_> {
    fn drop(&mut self) {
        if !self.guards.is_empty() {
            let guards = std::mem::take(&mut self.guards);
            self.shared.pending.add(guards.iter().cloned());
            // From here on nothing is read. What is kept of what was read before ends.
            self.shared.end_here(&guards);
            self.shared.supervise();
            self.shared.wake.notify_one();
        }
    }
}

/// Deletes `names`, those of one slot at one moment.
pub(super) fn deleting(commands: &mut Commands<'_>, names: &[String]) {
    for group in by_slot(commands.topology(), names) {
        let command = deletion(group.iter().map(|&place| &names[place]));
        commands.on(&names[group[0]]).add_command(command);
    }
}

fn deletion<'n>(names: impl Iterator<Item = &'n String>) -> Cmd {
    let mut command = Cmd::new();
    command.arg("DEL");
    for name in names {
        command.arg(name);
    }
    command
}

/// Whether all was done.
pub(super) fn all_well(outcomes: &Result<Vec<Outcome>, Failure>) -> bool {
    let is_done = |outcome: &Result<Value, Failure>| outcome.is_ok();
    outcomes
        .as_ref()
        .is_ok_and(|outcomes| outcomes.iter().all(is_done))
}
