//! What has ended and was not acknowledged yet. While there is any of it, nothing that could depend on it is served.

use super::names::Names;
use super::slot;
use crate::generation::{Guard, Named};
use crate::sync::lock;
use std::collections::HashMap;
use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// More guards than this are given up for one: the root, with which every entry ends.
const MOST: usize = 10_000;
/// Guards in one delivery.
const AT_ONCE: usize = 250;

/// A set of guards to end. That is idempotent, and they commute: one that is delivered twice, or late, does no harm.
pub(super) struct Pending {
    waiting: Mutex<Waiting>,
    count: AtomicUsize,
}

#[derive(Default)]
struct Waiting {
    /// With a number that is another one each time a guard is added.
    guards: HashMap<Named, u64>,
    next: u64,
}

/// A guard that is being delivered, and its number.
pub(super) type Delivering = (Named, u64);

impl Pending {
    pub(super) fn new() -> Self {
        Pending {
            waiting: Mutex::default(),
            count: AtomicUsize::new(0),
        }
    }

    /// Whether nothing has to be delivered before a read.
    #[inline]
    pub(super) fn is_clear(&self) -> bool {
        self.count.load(Ordering::Acquire) == 0
    }

    /// How many guards are to be ended.
    pub(super) fn len(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }

    pub(super) fn add(&self, guards: impl IntoIterator<Item = Named>) {
        let mut waiting = lock(&self.waiting);
        for guard in guards {
            waiting.add(guard);
        }
        if waiting.guards.len() > MOST {
            waiting.guards.clear();
            waiting.add((Guard::Scope, "".into()));
        }
        // Under the lock, so that the count never falls behind.
        self.count.store(waiting.guards.len(), Ordering::Release);
    }

    /// Some of those that can be delivered now. They wait until that is acknowledged: whoever delivers may be part of a
    /// runtime that nobody drives.
    pub(super) fn some(&self, can_be: impl Fn(&Named) -> bool) -> Vec<Delivering> {
        let waiting = lock(&self.waiting);
        let guards = waiting.guards.iter().filter(|(guard, _)| can_be(guard));
        let guards = guards.map(|(guard, &number)| (guard.clone(), number));
        guards.take(AT_ONCE).collect()
    }

    /// The slots, in a cluster, on which nothing may be read meanwhile.
    pub(super) fn slots(&self, names: &Names) -> HashSet<u16> {
        let waiting = lock(&self.waiting);
        let guards = waiting.guards.keys();
        guards
            .map(|(guard, name)| slot::of(&names.generation(*guard, name)))
            .collect()
    }

    /// These have ended on the server. What was added again since waits again.
    pub(super) fn acknowledged(&self, delivered: &[Delivering]) {
        let mut waiting = lock(&self.waiting);
        for (guard, number) in delivered {
            if waiting.guards.get(guard) == Some(number) {
                waiting.guards.remove(guard);
            }
        }
        self.count.store(waiting.guards.len(), Ordering::Release);
    }
}

impl Waiting {
    fn add(&mut self, guard: Named) {
        self.next += 1;
        self.guards.insert(guard, self.next);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(name: &str) -> Named {
        (Guard::Tag, name.into())
    }

    fn all(pending: &Pending) -> Vec<Delivering> {
        pending.some(|_| true)
    }

    fn names(some: &[Delivering]) -> Vec<&str> {
        let mut names: Vec<_> = some.iter().map(|((_, name), _)| &**name).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn what_was_not_acknowledged_waits_and_counts_all_the_time() {
        let pending = Pending::new();
        pending.add([tag("a"), tag("b"), tag("a")]);
        assert_eq!(pending.len(), 2);
        let some = all(&pending);
        assert_eq!((names(&some), pending.len()), (vec!["a", "b"], 2));
        // Somebody else delivers as well.
        let again = all(&pending);
        pending.acknowledged(&again);
        pending.acknowledged(&some);
        assert!(pending.is_clear() && all(&pending).is_empty());
    }

    #[test]
    fn one_that_comes_again_while_it_is_delivered_is_delivered_again() {
        let pending = Pending::new();
        pending.add([tag("a")]);
        let some = all(&pending);
        pending.add([tag("a")]);
        pending.acknowledged(&some);
        assert!(!pending.is_clear());
        assert_eq!(names(&all(&pending)), ["a"]);
    }

    #[test]
    fn too_many_become_one_that_ends_everything() {
        let pending = Pending::new();
        pending.add((0..=MOST).map(|n| tag(&n.to_string())));
        assert_eq!(pending.len(), 1);
        assert_eq!(all(&pending)[0].0, (Guard::Scope, "".into()));
    }

    #[test]
    fn what_cannot_be_delivered_waits_and_keeps_its_slot() {
        let pending = Pending::new();
        pending.add([tag("a"), tag("b")]);
        let some = pending.some(|(_, name)| **name == *"b");
        assert_eq!(names(&some), ["b"]);
        pending.acknowledged(&some);
        let slots = pending.slots(&Names::new("ns"));
        assert_eq!(slots, HashSet::from([slot::of("ns:~tag:a")]));
    }
}
