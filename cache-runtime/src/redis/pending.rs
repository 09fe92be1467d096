//! Deletions that have not been acknowledged yet. While there are any, nothing is served.

use crate::sync::lock;
use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// More names than this are given up for one: the root's generation, with which every entry ends.
const MOST: usize = 10_000;
/// Names in one command.
const AT_ONCE: usize = 500;

/// A set of names to delete. Deletions are idempotent and commute: one that is delivered twice, or late, does no harm.
pub(crate) struct Pending {
    waiting: Mutex<HashSet<String>>,
    /// Those waiting, and those being delivered.
    count: AtomicUsize,
    /// The root's generation.
    root: String,
}

impl Pending {
    pub(crate) fn new(root: String) -> Self {
        Pending {
            waiting: Mutex::default(),
            count: AtomicUsize::new(0),
            root,
        }
    }

    /// Whether nothing has to be delivered before a read.
    #[inline]
    pub(crate) fn is_clear(&self) -> bool {
        self.count.load(Ordering::Acquire) == 0
    }

    /// How many names are to be deleted.
    pub(crate) fn len(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }

    pub(crate) fn add(&self, names: impl IntoIterator<Item = String>) {
        let mut waiting = lock(&self.waiting);
        let before = waiting.len();
        waiting.extend(names);
        if waiting.len() > MOST {
            waiting.clear();
            waiting.insert(self.root.clone());
        }
        // Under the lock, so that the count never falls behind.
        if waiting.len() >= before {
            self.count
                .fetch_add(waiting.len() - before, Ordering::AcqRel);
        } else {
            self.count
                .fetch_sub(before - waiting.len(), Ordering::AcqRel);
        }
    }

    /// Some of the names, to be delivered now. They count until they are, and wait again if they are not.
    pub(crate) fn take(&self) -> Option<Delivering<'_>> {
        let mut waiting = lock(&self.waiting);
        let names: Vec<String> = waiting.iter().take(AT_ONCE).cloned().collect();
        for name in &names {
            waiting.remove(name);
        }
        (!names.is_empty()).then_some(Delivering {
            pending: self,
            names,
        })
    }
}

/// Names on their way.
pub(crate) struct Delivering<'p> {
    pending: &'p Pending,
    names: Vec<String>,
}

impl Delivering<'_> {
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// The server has acknowledged.
    pub(crate) fn acknowledged(mut self) {
        let delivered = std::mem::take(&mut self.names).len();
        self.pending.count.fetch_sub(delivered, Ordering::AcqRel);
    }
}

impl Drop for Delivering<'_> {
    fn drop(&mut self) {
        let names = std::mem::take(&mut self.names);
        if !names.is_empty() {
            let taken = names.len();
            self.pending.add(names);
            // They were counted while they were on their way.
            self.pending.count.fetch_sub(taken, Ordering::AcqRel);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pending() -> Pending {
        Pending::new("root".to_owned())
    }

    #[test]
    fn what_was_not_acknowledged_waits_again_and_counts_all_the_time() {
        let pending = pending();
        pending.add(["a".to_owned(), "b".to_owned(), "a".to_owned()]);
        assert_eq!(pending.len(), 2);
        let delivering = pending.take().expect("two names");
        assert_eq!(pending.len(), 2, "on their way is not there");
        pending.add(["a".to_owned()]);
        drop(delivering);
        assert_eq!(pending.len(), 2);
        pending.take().expect("two names").acknowledged();
        assert!(pending.is_clear() && pending.take().is_none());
    }

    #[test]
    fn a_name_that_comes_again_while_it_is_delivered_is_delivered_again() {
        let pending = pending();
        pending.add(["a".to_owned()]);
        let delivering = pending.take().expect("a name");
        pending.add(["a".to_owned()]);
        delivering.acknowledged();
        assert!(!pending.is_clear());
        assert_eq!(pending.take().expect("again").names(), ["a"]);
    }

    #[test]
    fn too_many_become_one_that_ends_everything() {
        let pending = pending();
        pending.add((0..=MOST).map(|n| n.to_string()));
        assert_eq!(pending.len(), 1);
        assert_eq!(pending.take().expect("the root").names(), ["root"]);
    }
}
