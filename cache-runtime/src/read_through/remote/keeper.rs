//! Keeping what was read from the server in this process, for as long as nobody changes what it was read from: the value,
//! and the numbers of the generations it depends on.

use super::look::{Look, age};
use crate::clock::Tick;
use crate::cost::Cost;
use crate::entry::{About, Entry, Lateness, Steps};
use crate::format::Opened;
use crate::generation::{Generation, Guard};
use crate::key::scopes;
use crate::local::weight;
use crate::read_through::Finding;
use crate::read_through::shape::{Shape, View};
use crate::redis::{Mirror, Reading};
use crate::value::CacheValue;
use std::sync::Arc;

/// Has captured this process' generations of every name that is read, before it is read.
pub(super) struct Keeper<'c> {
    mirror: &'c Mirror,
    /// What stands for the entry, if its value may be kept.
    entry: Option<Arc<Generation>>,
    /// What stands for its guards, in the order in which they were named.
    guards: Vec<Arc<Generation>>,
}

impl<'c> Keeper<'c> {
    /// To be made before the read is sent. `None`: nothing may be kept, or relied on. A nested read hands on numbers, which
    /// only the server has.
    pub(super) fn new<'g>(
        look: Look<'c>,
        guards: impl Iterator<Item = (Guard, &'g str)>,
    ) -> Option<Self> {
        if look.outer.is_some() || look.site.strict {
            return None;
        }
        let mirror = look.redis.mirror()?;
        let keeps = !look.site.keeps_nothing();
        let mut keeper = Keeper {
            mirror,
            entry: keeps.then(|| mirror.capture_entry(look.key)),
            guards: Vec::with_capacity(8),
        };
        keeper.watch(guards);
        Some(keeper)
    }

    /// The same for names that were not known before.
    pub(super) fn watch<'g>(&mut self, guards: impl Iterator<Item = (Guard, &'g str)>) {
        let more = guards.map(|(guard, name)| self.mirror.capture(guard, name));
        self.guards.extend(more);
    }

    /// Whether the numbers of the guards' generations are known, and may be relied on.
    pub(super) fn knows_all(&self) -> bool {
        let is_known = |guard: &Arc<Generation>| guard.remote.number().is_some();
        self.guards.iter().all(is_known) && self.still_stands()
    }

    /// The number of the generation of the guard that was named at this place, if it is known.
    pub(super) fn number_at(&self, place: usize) -> Option<u64> {
        self.guards.get(place)?.remote.number()
    }

    /// The number of a guard's generation, if it is known.
    pub(super) fn number(&self, guard: Guard, name: &str) -> Option<u64> {
        let mut guards = self.guards.iter();
        let found = guards.find(|found| found.is_of(guard, name))?;
        found.remote.number()
    }

    /// An answer relies on what is known here, and the server does not see that.
    pub(super) fn relies(&self) {
        self.guards
            .iter()
            .for_each(|guard| guard.remote.is_relied_on());
    }

    /// Whether nothing that was read, or known, is heard to have changed since.
    pub(super) fn still_stands(&self) -> bool {
        self.mirror.is_fresh() && self.is_current()
    }

    fn is_current(&self) -> bool {
        let mut captured = self.entry.iter().chain(&self.guards);
        captured.all(|captured| captured.is_current())
    }

    /// Takes note of the numbers that were read.
    pub(super) fn learn(&self, reading: &Reading) {
        if !reading.is_tracked {
            return;
        }
        for guard in &self.guards {
            if let Some(Some(number)) = reading.generation(guard.guard(), guard.name()) {
                guard.remote.learn(number);
            }
        }
    }

    /// Keeps what was found. If something has changed meanwhile, it is invalid from the start.
    pub(super) fn keep<R, S>(
        self,
        look: Look<'_>,
        shape: S,
        reading: &Reading,
        opened: &Opened<'_>,
        returned: &R,
    ) where
        S: Shape<R>,
        S::Value: CacheValue,
    {
        if !reading.is_tracked || self.entry.is_none() {
            return;
        }
        if !self.is_current() {
            return self.mirror.refuses();
        }
        let Some(expires) = expiry(look, reading, opened) else {
            return;
        };
        // Of what was asked for, the entry may not depend on all: another one under this key did. It carries no tag but its
        // own, and who looks for another one must not find it.
        let is_its_own = |guard: &Arc<Generation>| {
            let mut implied = scopes(look.key).map(|scope| (Guard::Scope, scope));
            let mut listed = opened.guards();
            implied.any(|(kind, name)| guard.is_of(kind, name))
                || listed.any(|(kind, name)| guard.is_of(kind, &name))
        };
        // Weighed as it is here: on the server it may be compressed, and its numbers are shorter there.
        let found = match shape.view(returned) {
            View::Value(value) => Finding::of(Some(value)),
            View::Absent => Finding::of(None),
            View::Failure => return,
        };
        let (cache, site) = (look.cache, look.site);
        let guards = self.guards.into_iter().filter(is_its_own);
        let stamps: Box<[_]> = self.entry.into_iter().chain(guards).collect();
        let about = About {
            weight: weight(look.key, found.weight, &stamps),
            stamps,
            tag_set: site.tag_set,
            provisional: opened.is_provisional(),
            encrypted: opened.is_encrypted(),
            version: site.version,
            late: Lateness::None,
            idle: opened.idle().map_or(Steps::default(), Steps::of),
            cost: Cost::of(opened.cost()),
            created: cache.now(),
            expires,
            ..About::default()
        };
        if !cache
            .local()
            .insert(look.key, &Entry::of(look.key, found.value, about))
        {
            self.mirror.refuses();
        }
    }
}

/// Until when the entry may be kept here: no longer than on the server. `None`: not at all.
fn expiry(look: Look<'_>, reading: &Reading, opened: &Opened<'_>) -> Option<Tick> {
    let Some(fresh_for) = opened.fresh_for() else {
        return Some(Tick::NEVER);
    };
    let left = fresh_for.checked_sub(age(reading, opened))?;
    (!left.is_zero()).then(|| look.cache.now().plus(left))
}
