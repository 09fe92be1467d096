//! Generations of a shared server, which this process knows only by their numbers.

use super::Guard;

/// A guard, by kind and name.
pub(crate) type Named = (Guard, Box<str>);

/// A guard, and the number of its generation as it stood at some moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) guard: Guard,
    pub(crate) name: Box<str>,
    pub(crate) generation: u64,
}

impl Stamp {
    pub(crate) fn is_of(&self, guard: Guard, name: &str) -> bool {
        self.guard == guard && *self.name == *name
    }

    /// The generation of this key among `stamps`.
    pub(crate) fn of_key(stamps: &[Stamp], key: &str) -> Option<u64> {
        let mut stamps = stamps.iter();
        let own = stamps.find(|stamp| stamp.is_of(Guard::Key, key))?;
        Some(own.generation)
    }
}
