//! From the computation to the end of the call: compute, `renew`, `vouch`, `fill`, `release`.

use crate::mark::Mark;
use crate::mutation::Mutation;
use crate::run::Run;
use crate::setting::{Op, anys};
use crate::state::{
    ANY, At, CELLS, Command, ENTRY, Entry, GUARDS, Lease, Number, Set, VOUCH, bit, cells,
    key_generation,
};
use crate::step::Ask;

impl Run<'_> {
    pub(crate) fn compute(&mut self, c: usize) {
        self.marks.note(Mark::Computed);
        let what = self.what(c);
        for datum in (0..2).filter(|datum| what.data[*datum]) {
            self.s.callers[c].data[datum] = self.s.database[datum];
        }
        self.count_computation(c);
        self.forget_what_others_depend_on(c);
        if what.inner.is_some() {
            self.s.callers[c].at = At::Nested;
        } else {
            self.computed(c);
        }
    }

    /// The value is there.
    pub(crate) fn computed(&mut self, c: usize) {
        let (what, late) = (self.what(c), self.captures_late(c));
        let caller = &mut self.s.callers[c];
        if caller.unstored {
            return self.unstored(c);
        }
        let lacking = cells(what.late)
            .filter(|cell| caller.got[*cell] == 0)
            .fold(0, |set, cell| set | bit(cell));
        if lacking != 0 {
            caller.todo = lacking | VOUCH;
            caller.at = At::Vouches;
        } else if late && what.declared != 0 {
            caller.todo = what.declared;
            caller.at = At::Vouches;
        } else {
            self.vouched(c);
        }
    }

    /// Late guards have been captured: is that as good as before?
    pub(crate) fn vouch(&mut self, c: usize) {
        let key = self.key_of(c);
        let late = self.what(c).late;
        let process = self.setting.roles[c].process;
        let knows_since = self.setting.breaks(Mutation::KnowsWhatItHasSeenSince);
        let now: [Number; CELLS] =
            std::array::from_fn(|cell| self.heard(cell, self.s.redis.generation[cell]));
        let caller = &mut self.s.callers[c];
        caller.todo &= !VOUCH;
        let known = std::mem::take(&mut caller.known);
        let stands =
            |cell: usize| caller.got[cell] != 0 && (known[cell] == caller.got[cell] || knows_since);
        let unknown = cells(late)
            .filter(|cell| !stands(*cell))
            .fold(0, |set, cell| set | bit(cell));
        let has_ended =
            |any: Set| cells(any).any(|any| caller.got[any] != 0 && caller.got[any] != now[any]);
        if has_ended(anys(unknown)) {
            self.marks.note(Mark::Doubtful);
            self.s.processes[process].remembered[key] |= late;
            return self.give_up_storing(c);
        }
        if has_ended(ANY) {
            self.marks.note(Mark::KnewBefore);
        }
        self.marks.note(Mark::Vouched);
        caller.vouched = true;
        cells(ANY).for_each(|any| caller.got[any] = 0);
        if caller.todo == 0 {
            self.vouched(c);
        }
    }

    /// All guards are as good as captured before.
    pub(crate) fn vouched(&mut self, c: usize) {
        match self.setting.roles[c].op {
            Op::Put { .. } => self.ready_to_commit(c),
            _ => self.s.callers[c].at = At::Fills,
        }
    }

    /// Nobody can tell any more whether the value's guards stood.
    pub(crate) fn give_up_storing(&mut self, c: usize) {
        self.s.callers[c].unstored = true;
        self.s.callers[c].todo = 0;
        self.unstored(c);
    }

    /// Nothing is stored: a lease is released, what a writer has written is deleted.
    fn unstored(&mut self, c: usize) {
        if matches!(self.setting.roles[c].op, Op::Put { .. }) {
            self.ready_to_commit(c);
        } else if self.s.callers[c].lease == Lease::Ok {
            self.s.callers[c].at = At::Releases;
        } else {
            self.answer_with_computed(c);
        }
    }

    /// The entry that a computation has made. Its own key's generation is no guard of it.
    pub(crate) fn entry_of(&self, c: usize) -> Entry {
        let caller = &self.s.callers[c];
        let mut stamps: [Number; GUARDS] = Default::default();
        stamps.copy_from_slice(&caller.got[..GUARDS]);
        stamps[key_generation(self.key_of(c))] = 0;
        if self.setting.renews(c) && self.setting.breaks(Mutation::RenewalKeepsTheSeal) {
            return Entry {
                data: caller.data,
                ..caller.seen
            };
        }
        let late = self.setting.breaks(Mutation::SealedByTheFillingConnection);
        let sealed = if late { self.origins(c) } else { caller.sealed };
        Entry {
            sealed: self.setting.origin(self.key_of(c), sealed),
            data: caller.data,
            stamps,
        }
    }

    /// The copy under a record's other key, where no lease fences it: when it is stored, that key's generation does.
    pub(crate) fn copy_of(&self, c: usize, other: usize) -> Entry {
        let mut entry = self.entry_of(c);
        entry.sealed = self.setting.origin(other, self.s.callers[c].sealed);
        let own = key_generation(self.key_of(c));
        entry.stamps[own] = self.s.callers[c].got[own];
        entry.stamps[key_generation(other)] = 0;
        entry
    }

    pub(crate) fn fill(&mut self, c: usize) {
        let Some(Command::Fill { key, token, entry }) = self.command(c, Ask::Fill) else {
            unreachable!()
        };
        let stored = self.s.redis.fill(key, token, entry, self.setting);
        self.marks
            .note(if stored { Mark::Filled } else { Mark::Fenced });
        self.filled(c);
    }

    /// Filled, or without a reply: the copy is next, if there is one.
    pub(crate) fn filled(&mut self, c: usize) {
        if self.what(c).copy.is_some() && self.s.callers[c].todo == 0 {
            self.s.callers[c].todo = ENTRY;
        } else {
            self.answer_with_computed(c);
        }
    }

    pub(crate) fn copy(&mut self, c: usize) {
        let Some(Command::Copy {
            key,
            captured,
            entry,
        }) = self.command(c, Ask::Copy)
        else {
            unreachable!()
        };
        if self.s.redis.copy(key, captured, entry, self.setting) {
            self.marks.note(Mark::Copied);
        }
        self.filled(c);
    }

    /// Extends a lease that still stands; without time there is nothing to extend.
    pub(crate) fn renew(&mut self, c: usize) {
        self.marks.note(Mark::Renewed);
        if self.setting.breaks(Mutation::RenewSetsTheLease) {
            self.s.redis.lease[self.key_of(c)] = c as u8 + 1;
        }
    }

    /// Gives the lease back, or leaves a rest.
    pub(crate) fn release(&mut self, c: usize, ask: Ask) {
        let Some(Command::Release { key, token, rests }) = self.command(c, ask) else {
            unreachable!()
        };
        if rests && self.s.redis.lease[key] == token {
            self.marks.note(Mark::Rested);
        }
        self.s.redis.release(key, token, rests, self.setting);
        self.released(c);
    }

    /// Released, or without a reply.
    pub(crate) fn released(&mut self, c: usize) {
        if self.s.callers[c].failed {
            self.failed(c);
        } else if self.s.callers[c].seen.exists() {
            if self.setting.breaks(Mutation::HandsSeenOnWithoutItsGuards) {
                self.s.callers[c].seen.stamps = Default::default();
                self.s.callers[c].got = Default::default();
            }
            self.answer_with_seen(c);
        } else {
            self.answer_with_computed(c);
        }
    }
}
