//! Writers: `invalidate`, `delete`, `permit`, `commit`, `set`.

use crate::mark::Mark;
use crate::mutation::Mutation;
use crate::run::Run;
use crate::setting::{Op, any_of, anys};
use crate::state::{
    ANY_KEY, At, Caller, Command, ENTRY, Entry, Intent, Number, Set, bit, cells, key_generation,
};
use crate::step::Ask;

impl Run<'_> {
    /// Writes to the database; what follows is to make it known.
    pub(crate) fn write(&mut self, c: usize) {
        if let Some(datum) = self.datum(c) {
            self.s.database[datum] += 1;
        }
        if matches!(self.setting.roles[c].op, Op::Put { .. }) {
            return self.written(c);
        }
        let first = if self.setting.breaks(Mutation::DeletesEntryBeforeLease) {
            ENTRY
        } else {
            0
        };
        self.s.callers[c].todo = self.targets(c) | first;
        self.s.callers[c].at = At::Ends;
    }

    /// The datum that a writer writes, or a refresh reads.
    pub(crate) fn datum(&self, c: usize) -> Option<usize> {
        match self.setting.roles[c].op {
            Op::Invalidate { datum, .. } => datum,
            Op::Delete { datum, .. } => Some(datum),
            Op::Put { key, .. } | Op::Set { key } => {
                (0..2).find(|datum| self.setting.keys[key].data[*datum])
            }
            Op::Get { .. } | Op::Renew { .. } | Op::Body => None,
        }
    }

    /// The generations that a writer ends, with the `any` that somebody may ask for. That of a key stands for the key.
    pub(crate) fn targets(&self, c: usize) -> Set {
        let ends = match self.setting.roles[c].op {
            Op::Invalidate { cell, .. } => bit(cell),
            Op::Put { .. } => self.keys_of(c),
            _ => bit(key_generation(self.key_of(c))),
        };
        let keeps = self.setting.breaks(Mutation::DeleteKeepsAnyKey);
        let asked = |any: &usize| self.setting.asks_for(*any) && !(keeps && *any == ANY_KEY);
        ends | cells(ends)
            .map(any_of)
            .filter(asked)
            .fold(0, |set, any| set | bit(any))
    }

    /// The generations of the keys that a writer stores under.
    fn keys_of(&self, c: usize) -> Set {
        let other = self
            .what(c)
            .copy
            .map_or(0, |other| bit(key_generation(other)));
        bit(key_generation(self.key_of(c))) | other
    }

    /// Some of a writer's deletions.
    pub(crate) fn end(&mut self, c: usize, set: Set) {
        if set == ENTRY {
            let key = self.key_of(c);
            self.s.redis.entry[key] = Entry::default();
        }
        self.s.redis.delete(set, self.setting);
        self.ended(c, set);
    }

    /// These of a writer's deletions are done.
    pub(crate) fn ended(&mut self, c: usize, set: Set) {
        self.s.callers[c].todo &= !set;
        if self.s.callers[c].todo != 0 {
            return;
        }
        match self.setting.roles[c].op {
            Op::Put { .. } if !self.s.callers[c].unstored => self.start_to_commit(c),
            _ => self.has_told(c),
        }
    }

    /// All replies are there. (A writer's first deletion has failed only where the rest does not wait for it.)
    fn has_told(&mut self, c: usize) {
        let forgets = self.setting.breaks(Mutation::ForgetsTheFirstThatFailed);
        if self.s.callers[c].failed && !forgets {
            self.defer(c);
        } else {
            self.acknowledge(c);
        }
    }

    /// The reply is there: who calls from now on may read nothing older.
    fn acknowledge(&mut self, c: usize) {
        if let Some(datum) = self.datum(c) {
            self.s.floor[datum] = self.s.floor[datum].max(self.promised(c, datum));
        }
        self.s.callers[c] = Caller {
            at: At::Done,
            ..Caller::default()
        };
    }

    /// The version that a writer makes known: its own, or for an invalidation whatever there is by now.
    pub(crate) fn promised(&self, c: usize, datum: usize) -> u8 {
        match self.setting.roles[c].op {
            Op::Put { .. } => self.s.callers[c].data[datum],
            _ => self.s.database[datum],
        }
    }

    /// How many invalidations have ended something by now.
    pub(crate) fn invalidations(&self) -> u8 {
        let ended = |c: &usize| {
            let caller = &self.s.callers[*c];
            match self.setting.roles[*c].op {
                Op::Get { .. } | Op::Renew { .. } | Op::Body => false,
                Op::Put { .. } | Op::Set { .. } => {
                    matches!(caller.at, At::Ends | At::Commits | At::Done)
                }
                _ => {
                    caller.at == At::Done
                        || (caller.at == At::Ends && caller.todo != self.targets(*c))
                }
            }
        };
        (0..self.setting.roles.len()).filter(ended).count() as u8
    }

    /// An explicit write begins: captures before it writes.
    pub(crate) fn ask_permit(&mut self, c: usize) {
        let what = self.what(c);
        let unvouched = self.setting.breaks(Mutation::PermitWithoutAny);
        let any = if unvouched { 0 } else { anys(what.late) };
        let todo = what.declared | any | bit(key_generation(self.key_of(c)));
        let sealed = self.origins(c);
        let known = self.known(c, todo);
        self.s.callers[c] = Caller {
            at: At::Permits,
            todo,
            known,
            sealed,
            ..Caller::default()
        };
    }

    /// A refresh reads the database instead of writing to it.
    pub(crate) fn permitted(&mut self, c: usize) {
        let Op::Put { writes, .. } = self.setting.roles[c].op else {
            unreachable!("only writers ask")
        };
        self.s.callers[c].todo = 0;
        self.s.callers[c].at = if writes { At::Writes } else { At::Computes };
    }

    /// The write, or the computation of a refresh, is done.
    pub(crate) fn written(&mut self, c: usize) {
        if let Some(datum) = self.datum(c) {
            self.s.callers[c].data[datum] = self.s.database[datum];
        }
        self.computed(c);
    }

    /// `any:key` ends first; what cannot be stored is deleted.
    pub(crate) fn ready_to_commit(&mut self, c: usize) {
        let keeps = self.setting.breaks(Mutation::CommitKeepsAnyKey);
        let any = if keeps {
            0
        } else {
            self.targets(c) & bit(ANY_KEY)
        };
        let deletes = if self.s.callers[c].unstored {
            self.keys_of(c)
        } else {
            0
        };
        self.s.callers[c].todo = any | deletes;
        self.s.callers[c].at = At::Ends;
        if any | deletes == 0 {
            self.start_to_commit(c);
        }
    }

    /// For the copies of a record, which list each other's generations, fresh ones are drawn first.
    fn start_to_commit(&mut self, c: usize) {
        let keys = self.keys_of(c);
        if self.what(c).copy.is_some() {
            for cell in cells(keys) {
                self.s.callers[c].seen.stamps[cell] = self.s.draw();
            }
        }
        self.s.callers[c].todo = keys;
        self.s.callers[c].at = At::Commits;
    }

    pub(crate) fn commit(&mut self, c: usize, key: usize) {
        let command = self.command(c, Ask::Commit(key));
        let Some(Command::Commit {
            key,
            captured,
            fresh,
            entry,
        }) = command
        else {
            unreachable!()
        };
        let stored = self
            .s
            .redis
            .commit(key, captured, fresh, entry, self.setting);
        self.marks.note(if stored {
            Mark::Committed
        } else {
            Mark::CommitRefused
        });
        self.s.callers[c].todo &= !bit(key_generation(key));
        if self.s.callers[c].todo == 0 {
            self.has_told(c);
        }
    }

    /// A plain set: the value has been read from the database, whenever that was.
    pub(crate) fn read_for_set(&mut self, c: usize) {
        let (sealed, todo) = (self.origins(c), self.what(c).declared);
        let datum = self.datum(c);
        let caller = &mut self.s.callers[c];
        *caller = Caller {
            at: At::Sets,
            todo,
            sealed,
            ..Caller::default()
        };
        if let Some(datum) = datum {
            caller.data[datum] = self.s.database[datum];
        }
    }

    pub(crate) fn set(&mut self, c: usize) {
        let entry = self.entry_of(c);
        let key = self.key_of(c);
        self.s.redis.set(key, entry);
        self.s.callers[c] = Caller {
            at: At::Done,
            ..Caller::default()
        };
    }

    /// The command as it goes out, if it changes anything.
    pub(crate) fn command(&mut self, c: usize, ask: Ask) -> Option<Command> {
        let token = c as u8 + 1;
        let seen = self.s.callers[c].seen;
        Some(match ask {
            Ask::Read(_) | Ask::Standing(_) | Ask::Renew | Ask::Vouch => return None,
            Ask::Acquire => Command::Acquire {
                key: self.key_of(c),
                token,
                seen,
                intent: Intent {
                    supersedes: self.s.callers[c].follows,
                    must_compute: !(self.setting.renews(c) || self.s.callers[c].can_fall_back()),
                },
            },
            Ask::Capture(set) | Ask::Permit(set) => Command::Capture {
                cell: cells(set).next()?,
                number: self.s.draw(),
            },
            Ask::Fill => Command::Fill {
                key: self.key_of(c),
                token,
                entry: self.entry_of(c),
            },
            Ask::Copy => {
                let key = self.what(c).copy?;
                Command::Copy {
                    key,
                    captured: self.s.callers[c].got[key_generation(key)],
                    entry: self.copy_of(c, key),
                }
            }
            Ask::Release | Ask::Rest => Command::Release {
                key: self.key_of(c),
                token,
                rests: ask == Ask::Rest,
            },
            Ask::Invalidate(set) | Ask::Delete(set) => Command::Delete(set),
            Ask::Commit(key) => {
                let generation = key_generation(key);
                let captured = self.compared(c, key);
                Command::Commit {
                    key,
                    captured,
                    fresh: seen.stamps[generation],
                    entry: self.committed(c, key),
                }
            }
            Ask::Set => Command::Set {
                key: self.key_of(c),
                entry: self.entry_of(c),
            },
        })
    }

    /// The generation that a key must still have.
    fn compared(&self, c: usize, key: usize) -> Number {
        let generation = key_generation(key);
        let copy = key != self.key_of(c);
        if copy && self.setting.breaks(Mutation::CommitsCopiesWithoutComparing) {
            return self.s.redis.generation[generation];
        }
        self.s.callers[c].got[generation]
    }

    /// What a writer stores under a key. The other copies of a record will have fresh generations.
    fn committed(&self, c: usize, key: usize) -> Entry {
        let mut entry = self.entry_of(c);
        if key != self.key_of(c) {
            entry.sealed = self.setting.origin(key, self.s.callers[c].sealed);
        }
        for cell in cells(self.keys_of(c)) {
            let other = cell != key_generation(key);
            entry.stamps[cell] = if other {
                self.s.callers[c].seen.stamps[cell]
            } else {
                0
            };
        }
        entry
    }
}
