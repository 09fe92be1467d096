//! `read`: a hit, or a miss.

use crate::mark::Mark;
use crate::mutation::Mutation;
use crate::run::Run;
use crate::setting::Op;
use crate::state::{ABSENT, At, Caller, ENTRY, Entry, GUARDS, Set, bit, cells, key_generation};

impl Run<'_> {
    /// A call begins; of a batch, all parts at once. Whatever has been acknowledged by now binds it.
    pub(crate) fn call(&mut self, c: usize) {
        let role = self.setting.roles[c];
        if role.op == Op::Body {
            self.s.callers[c].at = At::Nested;
            return;
        }
        for c in [Some(c), role.sibling].into_iter().flatten() {
            for datum in 0..2 {
                let floor = self.s.floor[datum].max(self.process_of(c).floor[datum]);
                self.s.callers[c].need[datum] = if self.depends_on(c, datum) { floor } else { 0 };
            }
            self.start_reading(c);
        }
    }

    /// Whether a datum is part of what a caller reads, and its invalidation concerns this caller.
    fn depends_on(&self, c: usize, datum: usize) -> bool {
        let key = self.setting.keys[self.key_of(c)];
        let inner = key.inner.map(|inner| self.setting.keys[inner]);
        let reads = key.data[datum] || inner.is_some_and(|inner| inner.data[datum]);
        reads && !self.setting.roles[c].bare
    }

    pub(crate) fn start_reading(&mut self, c: usize) {
        let key = self.key_of(c);
        let (declared, remembered) = (self.what(c).declared, self.process_of(c).remembered[key]);
        let late = self.is_nested(c) && self.setting.breaks(Mutation::ReadsKeyGenerationAfterEntry);
        let generation = if late { bit(key_generation(key)) } else { 0 };
        let caller = &mut self.s.callers[c];
        *caller = Caller {
            at: At::Reads,
            may_join: caller.may_join,
            waits: caller.waits,
            leads: caller.leads,
            need: caller.need,
            last: caller.last,
            todo: ENTRY | declared | remembered | generation,
            ..Caller::default()
        };
    }

    /// Reads the entry, with its key's generation if nested, or guards, or all of them.
    pub(crate) fn read(&mut self, c: usize, set: Set) {
        let (key, nested) = (self.key_of(c), self.is_nested(c));
        let late = self.setting.breaks(Mutation::ReadsKeyGenerationAfterEntry);
        let old = self.setting.breaks(Mutation::OldPrimaryAnswers)
            && self.process_of(c).connected != self.s.replication;
        let elsewhere = old || self.setting.breaks(Mutation::ReadsFromReplica);
        let source = if elsewhere {
            &self.s.copy
        } else {
            &self.s.redis
        };
        let there = |cell: usize| {
            if source.generation[cell] == 0 {
                ABSENT
            } else {
                source.generation[cell]
            }
        };
        // Where there is one server, its connection is looked at when all has been read.
        let origins = if self.setting.cluster.is_some() {
            self.origins(c)
        } else {
            [0; 2]
        };
        let caller = &mut self.s.callers[c];
        if set & ENTRY != 0 {
            caller.seen = source.entry[key];
            caller.sealed = origins;
            if nested && !late {
                caller.got[key_generation(key)] = there(key_generation(key));
            }
        }
        for cell in cells(set) {
            caller.got[cell] = there(cell);
        }
        caller.todo &= !set;
        if self.process_of(c).pending != 0 {
            self.marks.note(Mark::ReadBesidePending);
        }
        self.judge(c);
    }

    /// Whether what has been read so far makes a hit, or a miss, or whether more is to be read.
    fn judge(&mut self, c: usize) {
        let (generation, what) = (key_generation(self.key_of(c)), self.what(c));
        let caller = self.s.callers[c];
        if caller.todo & ENTRY != 0 {
            return;
        }
        if !self.may_be_an_answer(c, caller.seen) {
            return self.miss(c);
        }
        if self.setting.breaks(Mutation::ServesWithoutItsGenerations) && !self.setting.renews(c) {
            return self.answer_with_seen(c);
        }
        let mut beyond = false;
        for cell in (0..GUARDS).filter(|cell| caller.seen.stamps[*cell] != 0) {
            beyond |= what.declared & bit(cell) == 0;
            match caller.got[cell] {
                0 => self.s.callers[c].todo |= bit(cell),
                ABSENT if self.setting.breaks(Mutation::MissingCountsAsValid) => {}
                number if number != caller.seen.stamps[cell] => return self.miss(c),
                _ => {}
            }
        }
        if self.s.callers[c].todo != 0 {
            return;
        }
        if self.is_nested(c) && caller.got[generation] == ABSENT {
            self.s.callers[c].at = At::TakesGeneration;
            self.s.callers[c].todo = bit(generation);
            return;
        }
        if self.setting.replaces(c) {
            return self.due(c);
        }
        self.marks.note(if self.is_nested(c) {
            Mark::NestedHit
        } else {
            Mark::Hit
        });
        if beyond {
            self.marks.note(Mark::HitBeyondDeclared);
        }
        self.answer_with_seen(c);
    }

    /// Whether there is an entry, under this replication id, with all tags that the reader declares.
    fn may_be_an_answer(&self, c: usize, seen: Entry) -> bool {
        if !seen.exists() {
            return false;
        }
        let origins = match self.setting.cluster {
            Some(_) => self.s.callers[c].sealed,
            None => self.process_of(c).connected,
        };
        if !self.fits(c, seen, origins) {
            self.marks.note(Mark::ForeignSeal);
            return false;
        }
        let lacks = !self.has_declared(c, seen);
        if lacks {
            self.marks.note(Mark::LacksDeclaredTag);
        }
        !lacks
    }

    pub(crate) fn has_declared(&self, c: usize, seen: Entry) -> bool {
        let declared = self.what(c).declared;
        let accepts = self
            .setting
            .breaks(Mutation::AcceptsEntryWithoutDeclaredTag);
        accepts || cells(declared).all(|cell| seen.stamps[cell] != 0)
    }

    fn miss(&mut self, c: usize) {
        if self.setting.renews(c) {
            self.marks.note(Mark::NothingToRenew);
            return self.stop(c);
        }
        self.marks.note(Mark::Miss);
        let alike = self
            .setting
            .breaks(Mutation::JoinsOnStampsAlone)
            .then(|| if self.finds_its_stamps(c) { u8::MAX } else { 0 });
        let caller = &mut self.s.callers[c];
        caller.at = At::Missed;
        caller.todo = 0;
        caller.got = Default::default();
        caller.sealed = [0; 2];
        caller.may_join = alike.unwrap_or(caller.may_join);
    }
}
