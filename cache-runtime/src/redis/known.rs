//! What this process has seen of generations, and since when.
//!
//! A generation that has ended never comes back. So one that stands, and that was seen before some moment, has stood ever
//! since: a guard that only the value of a computation tells is as good as captured before that, if its generation was
//! known by then.

use super::sequence;
use crate::generation::{Named, Stamp};
use quick_cache::sync::Cache;

pub(super) struct Known(Cache<Named, Seen>);

#[derive(Clone, Copy, PartialEq)]
struct Seen {
    generation: u64,
    /// A moment at which it had been seen.
    since: u64,
}

impl Known {
    pub(super) fn new(capacity: usize) -> Self {
        Known(Cache::new(capacity))
    }

    /// It was read.
    pub(super) fn note(&self, named: &Named, generation: u64) {
        let is_this = |seen: Seen| seen.generation == generation;
        if !self.0.get(named).is_some_and(is_this) {
            let since = sequence::next();
            self.0.insert(named.clone(), Seen { generation, since });
        }
    }

    /// What was read last.
    pub(super) fn last(&self, named: &Named) -> Option<Stamp> {
        let seen = self.0.get(named)?;
        let (guard, name) = named.clone();
        Some(Stamp {
            guard,
            name,
            generation: seen.generation,
        })
    }

    /// Whether this, which stands now, had been seen before that moment.
    pub(super) fn stood_before(&self, stamp: &Stamp, moment: u64) -> bool {
        let named: Named = (stamp.guard, stamp.name.clone());
        let stood = |seen: Seen| seen.generation == stamp.generation && seen.since < moment;
        self.0.get(&named).is_some_and(stood)
    }
}
