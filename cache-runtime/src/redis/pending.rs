//! Deletions that have not been acknowledged yet. While there are any, nothing is served.

use crate::sync::lock;
use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// More names than this are given up for one: the root's generation, with which every entry ends.
const MOST: usize = 10_000;
/// Names in one command.
const AT_ONCE: usize = 500;

/// A set of names to delete. Deletions are idempotent and commute: one that is delivered twice, or late, does no harm.
pub(crate) struct Pending {
    waiting: Mutex<Waiting>,
    count: AtomicUsize,
    /// The root's generation.
    root: String,
}

#[derive(Default)]
struct Waiting {
    /// With a number that is another one each time a name is added.
    names: HashMap<String, u64>,
    next: u64,
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
        for name in names {
            waiting.add(name);
        }
        if waiting.names.len() > MOST {
            waiting.names.clear();
            waiting.add(self.root.clone());
        }
        // Under the lock, so that the count never falls behind.
        self.count.store(waiting.names.len(), Ordering::Release);
    }

    /// Some of the names, to be delivered now. They wait until that is acknowledged: whoever delivers may be part of a
    /// runtime that nobody drives.
    pub(crate) fn some(&self) -> Option<Vec<(String, u64)>> {
        let waiting = lock(&self.waiting);
        let names = waiting.names.iter().take(AT_ONCE);
        let names: Vec<_> = names
            .map(|(name, &number)| (name.clone(), number))
            .collect();
        (!names.is_empty()).then_some(names)
    }

    /// The server has acknowledged these. What was added again since waits again.
    pub(crate) fn acknowledged(&self, delivered: &[(String, u64)]) {
        let mut waiting = lock(&self.waiting);
        for (name, number) in delivered {
            if waiting.names.get(name) == Some(number) {
                waiting.names.remove(name);
            }
        }
        self.count.store(waiting.names.len(), Ordering::Release);
    }
}

impl Waiting {
    fn add(&mut self, name: String) {
        self.next += 1;
        self.names.insert(name, self.next);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pending() -> Pending {
        Pending::new("root".to_owned())
    }

    fn names(some: &[(String, u64)]) -> Vec<&str> {
        let mut names: Vec<_> = some.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn what_was_not_acknowledged_waits_and_counts_all_the_time() {
        let pending = pending();
        pending.add(["a".to_owned(), "b".to_owned(), "a".to_owned()]);
        assert_eq!(pending.len(), 2);
        let some = pending.some().expect("two names");
        assert_eq!((names(&some), pending.len()), (vec!["a", "b"], 2));
        // Somebody else delivers as well.
        let again = pending.some().expect("the same");
        pending.acknowledged(&again);
        pending.acknowledged(&some);
        assert!(pending.is_clear() && pending.some().is_none());
    }

    #[test]
    fn a_name_that_comes_again_while_it_is_delivered_is_delivered_again() {
        let pending = pending();
        pending.add(["a".to_owned()]);
        let some = pending.some().expect("a name");
        pending.add(["a".to_owned()]);
        pending.acknowledged(&some);
        assert!(!pending.is_clear());
        assert_eq!(names(&pending.some().expect("again")), ["a"]);
    }

    #[test]
    fn too_many_become_one_that_ends_everything() {
        let pending = pending();
        pending.add((0..=MOST).map(|n| n.to_string()));
        assert_eq!(pending.len(), 1);
        assert_eq!(names(&pending.some().expect("one")), ["root"]);
    }
}
