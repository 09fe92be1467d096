//! What this process knows of the server without asking: which names have not changed since they were read.
//!
//! Redis tells a connection of every change to a name that was read over it (client tracking). So each name, be it that
//! of an entry or of a generation, has a generation here: whoever keeps something that was read captures the generations
//! of all names concerned *before* the read is sent; a push ends them. What is stamped with generations that are all
//! current has not changed as far as this process has heard, and it has heard of everything that happened before the last
//! heartbeat was sent. That must not be longer ago than the *bound*.

use super::awaited::{Awaited, Waiter};
use super::coherence::Coherence;
use super::names::{Meaning, Names};
use crate::clock::{Clock, Tick};
use crate::generation::{Generation, Generations, Guard};
use crate::stats::count;
use redis::{PushInfo, PushKind, Value};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How much the coarse clock may lag behind.
const LAG: Duration = Duration::from_millis(10);

pub(crate) struct Mirror {
    names: Names,
    /// Of entries, by their keys.
    entries: Generations,
    /// Of generations.
    guards: Generations,
    clock: Clock,
    /// How old what is served may be.
    bound: Duration,
    /// Until when; 0 while nothing is heard.
    fresh_until: AtomicU64,
    awaited: Awaited,
    counted: Counted,
}

/// See [`Coherence`].
#[derive(Default)]
struct Counted {
    told: AtomicU64,
    dropped: AtomicU64,
    refused: AtomicU64,
}

/// Since when a computation runs, and what this process knew when it began.
#[derive(Clone)]
pub(crate) struct Footing {
    since: Tick,
    names: Box<[Arc<Generation>]>,
}

impl Footing {
    /// Whether this process has neither changed any of it since nor heard of a change.
    pub(crate) fn holds(&self) -> bool {
        self.names.iter().all(|name| name.is_current())
    }
}

impl Mirror {
    pub(super) fn new(names: Names, bound: Duration, clock: Clock) -> Self {
        Mirror {
            names,
            entries: Generations::new(),
            guards: Generations::new(),
            clock,
            bound: bound.saturating_sub(LAG),
            fresh_until: AtomicU64::new(0),
            awaited: Awaited::default(),
            counted: Counted::default(),
        }
    }

    /// Whether this process has heard of everything that happened before the bound.
    #[inline]
    pub(crate) fn is_fresh(&self) -> bool {
        self.clock.now() < Tick::of(self.fresh_until.load(Ordering::Acquire))
    }

    /// Names of which there is a generation here.
    pub(crate) fn generations(&self) -> usize {
        self.entries.len() + self.guards.len()
    }

    /// What stands for an entry; to be captured before that is read.
    pub(crate) fn capture_entry(&self, key: &str) -> Arc<Generation> {
        self.entries.capture(Guard::Key, key)
    }

    /// What stands for the generation of a guard; to be captured before that is read.
    pub(crate) fn capture(&self, guard: Guard, name: &str) -> Arc<Generation> {
        self.guards.capture(guard, name)
    }

    /// What stands for all that a computation is declared to depend on; to be taken before it begins.
    pub(crate) fn footing<'g>(
        &self,
        key: &str,
        guards: impl Iterator<Item = (Guard, &'g str)>,
    ) -> Footing {
        let guards = guards.map(|(guard, name)| self.capture(guard, name));
        Footing {
            since: self.clock.now(),
            names: std::iter::once(self.capture_entry(key))
                .chain(guards)
                .collect(),
        }
    }

    /// Whether a computation with this footing began within the bound.
    pub(crate) fn is_recent(&self, footing: &Footing) -> bool {
        self.clock.now() < footing.since.plus(self.bound)
    }

    /// Something was not kept.
    pub(crate) fn refuses(&self) {
        count(&self.counted.refused);
    }

    pub(super) fn coherence(&self) -> Coherence {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let (now, until) = (
            self.clock.now(),
            Tick::of(self.fresh_until.load(Ordering::Acquire)),
        );
        let left = until.since(now);
        Coherence {
            bound: self.bound + LAG,
            lag: (now < until).then(|| self.bound.saturating_sub(left) + LAG),
            told: read(&self.counted.told),
            dropped: read(&self.counted.dropped),
            refused: read(&self.counted.refused),
            watched: self.generations() as u64,
        }
    }

    /// Names in one part of the tables that somebody has relied on since this was last asked.
    pub(super) fn relied_on(&self, part: usize) -> Vec<String> {
        let mut names = Vec::new();
        self.entries.look_at(part, |found| {
            if found.remote.was_relied_on() {
                names.push(self.names.entry(found.name()));
            }
        });
        self.guards.look_at(part, |found| {
            if found.remote.was_relied_on() {
                names.push(self.names.generation(found.guard(), found.name()));
            }
        });
        names
    }

    pub(super) fn parts(&self) -> usize {
        self.guards.parts()
    }

    pub(super) fn now(&self) -> Tick {
        self.clock.now()
    }

    /// Every connection has answered what was asked at this moment.
    pub(super) fn heard(&self, asked: Tick) {
        let until = asked.plus(self.bound);
        self.fresh_until.store(until.count(), Ordering::Release);
    }

    /// Nothing more is heard.
    pub(super) fn lost(&self) {
        if self.fresh_until.swap(0, Ordering::AcqRel) != 0 {
            count(&self.counted.dropped);
        }
        self.end_all();
    }

    fn end_all(&self) {
        for guard in [Guard::Scope, Guard::Tag, Guard::Key] {
            self.guards.end_all(guard, |_| true);
        }
        self.entries.end_all(Guard::Key, |_| true);
        self.awaited.all_changed();
    }

    /// To be made before it is asked whether the lease of this key is still held.
    pub(crate) fn wait_for<'a>(&'a self, key: &'a str) -> Waiter<'a> {
        self.awaited.wait_for(key)
    }

    /// This process has changed the entry and the generation of a key itself, or may have.
    pub(super) fn end_key(&self, key: &str) {
        self.entries.end(Guard::Key, key);
        self.guards.end(Guard::Key, key);
    }

    /// This process has ended a guard itself, or may have.
    pub(super) fn end_guard(&self, guard: Guard, name: &str) {
        self.guards.end(guard, name);
        if guard == Guard::Key {
            self.entries.end(Guard::Key, name);
            self.awaited.changed(name);
        }
    }

    /// These names lie on another server from here on, and nobody tells what was changed on the way.
    pub(super) fn moved(&self, has_moved: impl Fn(&str) -> bool) {
        for guard in [Guard::Scope, Guard::Tag, Guard::Key] {
            let has_moved = |name: &str| has_moved(&self.names.generation(guard, name));
            self.guards.end_all(guard, has_moved);
        }
        let has_moved = |key: &str| has_moved(&self.names.entry(key));
        self.entries.end_all(Guard::Key, has_moved);
        self.awaited.all_changed();
    }

    fn end(&self, meaning: Option<Meaning<'_>>) {
        match meaning {
            Some(Meaning::Entry(key)) => _ = self.entries.end(Guard::Key, key),
            Some(Meaning::Generation(guard, name)) => _ = self.guards.end(guard, name),
            Some(Meaning::Lease(key)) => self.awaited.changed(key),
            None => {}
        }
    }

    fn told(&self, name: &str) {
        let meaning = self.names.meaning(name);
        if !matches!(meaning, Some(Meaning::Lease(_))) {
            count(&self.counted.told);
        }
        self.end(meaning);
    }

    /// Whether the connection goes on.
    pub(super) fn pushed(&self, push: &PushInfo) -> bool {
        match (&push.kind, push.data.first()) {
            (PushKind::Disconnection, _) => return false,
            (PushKind::Invalidate, Some(Value::Array(names))) => {
                for name in names {
                    if let Value::BulkString(bytes) = name
                        && let Ok(name) = std::str::from_utf8(bytes)
                    {
                        self.told(name);
                    }
                }
            }
            // All names: `FLUSHALL`, `FLUSHDB`.
            (PushKind::Invalidate, _) => {
                count(&self.counted.dropped);
                self.end_all();
                tracing::info!(target: "cache_runtime", "redis was flushed; nothing is left of what this process keeps");
            }
            _ => {}
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mirror() -> Mirror {
        Mirror::new(Names::new("ns"), Duration::from_secs(2), Clock::system())
    }

    fn push(data: Value) -> PushInfo {
        PushInfo {
            kind: PushKind::Invalidate,
            data: vec![data],
        }
    }

    #[test]
    fn a_push_ends_what_it_names_and_nothing_else() {
        let mirror = mirror();
        let all = [
            (None, "user:42", "ns:user:42"),
            (Some(Guard::Key), "user:42", "ns:~key:{ns:user:42}"),
            (Some(Guard::Tag), "profiles", "ns:~tag:profiles"),
            (Some(Guard::Scope), "user:", "ns:~scope:user:"),
            (Some(Guard::Scope), "", "ns:~scope:"),
        ];
        for (guard, name, on_server) in all {
            let captured = all.map(|(guard, name, _)| match guard {
                None => mirror.capture_entry(name),
                Some(guard) => mirror.capture(guard, name),
            });
            assert!(mirror.pushed(&push(Value::Array(vec![Value::BulkString(
                on_server.into()
            )]))));
            for (other, captured) in all.iter().zip(captured) {
                assert_eq!(
                    captured.is_current(),
                    other.2 != on_server,
                    "{guard:?} {name}"
                );
            }
        }
    }

    #[test]
    fn a_flush_and_a_loss_end_everything() {
        let mirror = mirror();
        let tag = mirror.capture(Guard::Tag, "x");
        assert!(mirror.pushed(&push(Value::Nil)));
        assert!(!tag.is_current());
        mirror.heard(mirror.now());
        assert!(mirror.is_fresh());
        let tag = mirror.capture(Guard::Tag, "x");
        mirror.lost();
        assert!(!mirror.is_fresh() && !tag.is_current());
    }

    #[test]
    fn age_counts_from_the_question() {
        let mirror = Mirror::new(Names::new(""), Duration::from_millis(60), Clock::system());
        let asked = mirror.now();
        std::thread::sleep(Duration::from_millis(80));
        mirror.heard(asked);
        assert!(!mirror.is_fresh());
        mirror.heard(mirror.now());
        assert!(mirror.is_fresh());
    }
}
