//! A caller: reads, and computes if what it finds is not valid.

use super::mark::Mark;
use super::message::{Outcome, Request};
use super::mutation::Mutation;
use super::run::Run;
use super::setting::Role;
use super::state::{At, Entry, G, K, KG, Number, O, Server, Set, bit};

impl Run<'_> {
    /// Sends what a caller does next over this connection.
    pub(crate) fn send(&mut self, c: usize, connection: usize) {
        let promise = self.s.promise;
        let caller = &mut self.s.callers[c];
        if caller.at == At::Idle {
            caller.at = if self.setting.roles[c] == Role::Refresh {
                caller.forces = true;
                At::Begin
            } else {
                At::Read
            };
            caller.own = promise.own;
            caller.need = promise.strict.max(promise.own);
        }
        caller.waits = true;
        caller.connection = connection as u8;
        let id = c as u8;
        let request = match caller.at {
            At::Read | At::ReadMore => {
                let names = self.names_to_read(c);
                if !self.setting.breaks(Mutation::CapturesAfterSending) {
                    self.s.callers[c].current |= names | self.confirming(c);
                }
                Request::Read { caller: id, names }
            }
            At::Begin => Request::Begin {
                caller: id,
                forces: caller.forces,
            },
            At::Nest => Request::Nest { caller: id },
            At::Fill => {
                if self.setting.breaks(Mutation::KeepsWhatItFills) {
                    caller.current = self.setting.hangs_on(c);
                }
                Request::Fill {
                    caller: id,
                    entry: caller.entry,
                }
            }
            At::End => {
                let names = self.setting.ends(c);
                if self.setting.breaks(Mutation::EndsBeforeTheAcknowledgement) {
                    self.s.end(names);
                }
                Request::Delete { caller: id, names }
            }
            _ => unreachable!("nothing to send"),
        };
        self.s.connections[connection].up.push(request);
    }

    fn names_to_read(&mut self, c: usize) -> Set {
        let key = self.setting.key_of(c);
        let caller = &mut self.s.callers[c];
        if caller.at == At::ReadMore {
            return bit(G);
        }
        caller.current = 0;
        let known = self.s.mirror.known[0] != 0 && self.s.mirror.fresh > 0;
        caller.alone = self.setting.numbers && known && !caller.unconfirmed;
        match key {
            K if caller.alone || self.setting.lists => bit(K),
            K => bit(K) | self.setting.tag(),
            _ => bit(O) | bit(KG) | self.setting.tag(),
        }
    }

    /// The guards of what is read alone: captured, not read.
    fn confirming(&self, c: usize) -> Set {
        if self.s.callers[c].alone {
            self.setting.tag()
        } else {
            0
        }
    }

    pub(crate) fn read(&mut self, c: usize, entry: Entry, numbers: [Number; 2]) {
        let at = self.s.callers[c].at;
        if self.setting.breaks(Mutation::CapturesAfterSending) {
            self.s.callers[c].current = self.setting.hangs_on(c);
        }
        if at == At::Read {
            self.s.callers[c].entry = entry;
            if self.s.callers[c].alone {
                return self.confirm(c);
            }
        }
        self.learn(c, numbers);
        let entry = self.s.callers[c].entry;
        if entry.value == 0 {
            return self.go_on(c, At::Begin);
        }
        if at == At::Read && self.setting.lists {
            return self.go_on(c, At::ReadMore);
        }
        let stands = |(stamp, found): (&Number, &Number)| *stamp == 0 || stamp == found;
        if entry.stamps.iter().zip(&numbers).all(stands) {
            self.returned(c);
            self.keep_in_one_step(c);
        } else {
            self.go_on(c, At::Begin);
        }
    }

    /// The entry was read alone: it is an answer if its stamps are the numbers known, and nothing has ended since.
    fn confirm(&mut self, c: usize) {
        let (caller, known) = (self.s.callers[c], self.s.mirror.known[0]);
        let equal = caller.entry.value != 0 && caller.entry.stamps[0] == known;
        let ended = self.setting.hangs_on(c) & !caller.current;
        if equal && ended == 0 && self.s.mirror.fresh > 0 {
            self.confirmed(c);
            self.keep_in_one_step(c);
        } else if self.setting.breaks(Mutation::NumbersCondemn) && caller.entry.value != 0 {
            self.s.callers[c].forces = true;
            self.go_on(c, At::Begin);
        } else {
            self.note(Mark::Unconfirmed);
            self.s.callers[c].unconfirmed = true;
            self.go_on(c, At::Read);
        }
    }

    fn keep_in_one_step(&mut self, c: usize) {
        let names = self.setting.hangs_on(c);
        if !self.setting.breaks(Mutation::ChecksBeforeItKeeps) {
            self.keep(c, names);
            self.done(c);
        } else if names & !self.s.callers[c].current == 0 {
            self.go_on(c, At::Keep);
        } else {
            self.done(c);
        }
    }

    pub(crate) fn begun(&mut self, c: usize, outcome: Outcome, numbers: [Number; 2], wrote: Set) {
        self.captured_here(wrote);
        if self.setting.breaks(Mutation::LearnsFromCapture) {
            self.s.mirror.known[0] = numbers[0];
        }
        match outcome {
            Outcome::Busy => self.go_on(c, At::Busy),
            Outcome::Changed => self.go_on(c, At::Read),
            Outcome::Acquired => {
                self.s.callers[c].entry = Entry {
                    value: 0,
                    stamps: Server::only(numbers, self.setting.tag()),
                };
                let is_outer = self.setting.roles[c] == Role::Outer;
                self.go_on(c, if is_outer { At::Nest } else { At::Compute });
            }
        }
    }

    pub(crate) fn nested(&mut self, c: usize, inner: Entry, numbers: [Number; 2], wrote: Set) {
        self.captured_here(wrote);
        let entry = &mut self.s.callers[c].entry;
        entry.stamps = Server::only(numbers, self.setting.tag() | bit(KG));
        if entry.value == 0 {
            entry.value = inner.value;
        }
        let value = entry.value;
        self.go_on(c, if value == 0 { At::Compute } else { At::Fill });
    }

    /// With `NOLOOP` a connection is not told of what it has written itself, and watches it no longer.
    fn captured_here(&mut self, wrote: Set) {
        if !self.setting.hears_itself && !self.setting.breaks(Mutation::CaptureEndsNothing) {
            self.s.end(wrote);
        }
    }

    pub(crate) fn filled(&mut self, c: usize) {
        let key = self.setting.key_of(c);
        if self.setting.breaks(Mutation::KeepsWhatItFills) {
            self.keep(c, self.setting.hangs_on(c));
        } else if !self.setting.hears_itself && !self.setting.breaks(Mutation::FillEndsNothing) {
            self.s.end(bit(key));
        }
        self.done(c);
    }

    pub(crate) fn compute(&mut self, c: usize) {
        self.s.callers[c].entry.value = self.s.database;
        self.go_on(c, At::Fill);
    }

    /// A caller waits no longer for its reply. What it may have changed ends here, since it may still be changed.
    pub(crate) fn give_up_reading(&mut self, c: usize) {
        match self.s.callers[c].at {
            At::Begin => self.captured_here(self.setting.tag()),
            At::Nest => self.captured_here(self.setting.tag() | bit(KG)),
            At::Fill => self.filled(c),
            _ => {}
        }
        self.gone(c);
    }
}
