//! What commands are about: the server that has these names executes them.

use crate::cluster::{Several, slots_of};
use crate::setting::{Setting, anys};
use crate::state::{Command, ENTRY, Set, bit, key_generation};
use crate::step::Ask;

/// The names that a command is about: entries and leases (a bit for each key), and generations.
#[derive(Clone, Copy, Default)]
pub(crate) struct Names {
    pub(crate) entries: Several,
    pub(crate) leases: Several,
    pub(crate) generations: Set,
}

impl Names {
    fn of_key(key: usize) -> Self {
        Names {
            entries: 1 << key,
            leases: 1 << key,
            generations: bit(key_generation(key)),
        }
    }

    /// Those of a deletion: what goes with a key's generation goes with it.
    pub(crate) fn deleted(set: Set) -> Self {
        let keys = (0..2).filter(|key| set & bit(key_generation(*key)) != 0);
        let keys = keys.fold(0, |keys, key| keys | 1 << key);
        Names {
            entries: keys,
            leases: keys,
            generations: set & !ENTRY,
        }
    }

    pub(crate) fn slots(self) -> Several {
        self.entries | self.leases | slots_of(self.generations)
    }

    pub(crate) fn of_command(command: &Command) -> Self {
        match *command {
            Command::Acquire { key, .. } | Command::Fill { key, .. } => Names {
                generations: 0,
                ..Names::of_key(key)
            },
            Command::Capture { cell, .. } => Names {
                generations: bit(cell),
                ..Names::default()
            },
            Command::Release { key, .. } => Names {
                leases: 1 << key,
                ..Names::default()
            },
            Command::Delete(set) => Names::deleted(set),
            Command::Commit { key, .. } | Command::Set { key, .. } => Names::of_key(key),
            Command::Copy { key, .. } => Names {
                leases: 0,
                ..Names::of_key(key)
            },
        }
    }
}

impl Setting {
    /// The names that a caller's command is about.
    pub(crate) fn names(&self, c: usize, ask: Ask) -> Names {
        let key = || self.key_of(c);
        let lease = || Names {
            leases: 1 << key(),
            ..Names::default()
        };
        match ask {
            Ask::Read(ENTRY) => {
                let nested = self.roles[c].parent.is_some();
                Names {
                    entries: 1 << key(),
                    leases: 0,
                    generations: if nested {
                        bit(key_generation(key()))
                    } else {
                        0
                    },
                }
            }
            Ask::Standing(ENTRY) | Ask::Renew | Ask::Release | Ask::Rest => lease(),
            Ask::Acquire | Ask::Fill => Names {
                entries: 1 << key(),
                ..lease()
            },
            Ask::Read(set) | Ask::Standing(set) | Ask::Capture(set) | Ask::Permit(set) => Names {
                generations: set,
                ..Names::default()
            },
            Ask::Vouch => Names {
                generations: anys(self.keys[key()].late),
                ..Names::default()
            },
            Ask::Copy => {
                let other = self.keys[key()].copy.unwrap_or_default();
                Names {
                    leases: 0,
                    ..Names::of_key(other)
                }
            }
            Ask::Invalidate(set) | Ask::Delete(set) => Names::deleted(set),
            Ask::Commit(key) => Names::of_key(key),
            Ask::Set => Names::of_key(key()),
        }
    }
}
