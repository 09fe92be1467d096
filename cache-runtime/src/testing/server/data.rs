//! What the server holds: texts, each with a moment when it ends, if it does.

use super::Bytes;
use std::collections::{BTreeMap, BTreeSet};

/// Names and what they hold, in the order of the names.
#[derive(Clone, Default)]
pub(crate) struct Data {
    held: BTreeMap<Bytes, Held>,
    /// When the next of them ends.
    ends: BTreeSet<(u64, Bytes)>,
}

#[derive(Clone)]
struct Held {
    value: Bytes,
    /// By the server's clock, in milliseconds. At this moment it is still there.
    until: Option<u64>,
}

impl Data {
    pub(super) fn get(&self, name: &[u8]) -> Option<&Bytes> {
        self.held.get(name).map(|held| &held.value)
    }

    pub(super) fn contains(&self, name: &[u8]) -> bool {
        self.held.contains_key(name)
    }

    /// The outer `None`: there is no such name; the inner one: it stays for ever.
    pub(super) fn until(&self, name: &[u8]) -> Option<Option<u64>> {
        self.held.get(name).map(|held| held.until)
    }

    pub(super) fn set(&mut self, name: &[u8], value: &[u8], until: Option<u64>) {
        self.remove(name);
        let (name, value) = (name.to_vec(), value.to_vec());
        self.ends.extend(until.map(|until| (until, name.clone())));
        self.held.insert(name, Held { value, until });
    }

    /// Gives what is there another end.
    pub(super) fn lasts(&mut self, name: &[u8], until: Option<u64>) {
        if let Some(held) = self.held.get_mut(name) {
            let before = std::mem::replace(&mut held.until, until);
            if let Some(before) = before {
                self.ends.remove(&(before, name.to_vec()));
            }
            self.ends.extend(until.map(|until| (until, name.to_vec())));
        }
    }

    /// Whether it was there.
    pub(super) fn remove(&mut self, name: &[u8]) -> bool {
        let Some(held) = self.held.remove(name) else {
            return false;
        };
        if let Some(until) = held.until {
            self.ends.remove(&(until, name.to_vec()));
        }
        true
    }

    /// One that has ended before this moment.
    pub(super) fn ended(&self, now: u64) -> Option<Bytes> {
        let (until, name) = self.ends.first()?;
        (*until < now).then(|| name.clone())
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &Bytes> {
        self.held.keys()
    }

    /// Names from this one on, or from the first.
    pub(super) fn names_from(&self, first: Option<&Bytes>) -> impl Iterator<Item = &Bytes> {
        let all = match first {
            Some(first) => self.held.range(first.clone()..),
            None => self.held.range::<Bytes, _>(..),
        };
        all.map(|(name, _)| name)
    }

    pub(super) fn len(&self) -> usize {
        self.held.len()
    }
}
