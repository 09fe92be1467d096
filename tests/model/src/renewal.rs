//! Replacing what is past its time to live or soon will be: in the background, or by a caller that falls back on it where
//! the computation fails. And what is asked of those who compute, where they are counted.

use crate::mark::Mark;
use crate::mutation::Mutation;
use crate::run::Run;
use crate::setting::Setting;
use crate::state::{At, Caller, ENTRY, Entry, GUARDS, Lease, State, Verdict, bit, key_generation};

impl Run<'_> {
    /// A renewal begins: newcomers find it before it has looked.
    pub(crate) fn replace(&mut self, c: usize) {
        self.let_join(c);
        self.s.callers[c].leads = true;
        self.start_reading(c);
    }

    /// The entry is valid. Without a clock, it is past its time to live for those who replace it.
    pub(crate) fn due(&mut self, c: usize) {
        let generation = key_generation(self.key_of(c));
        let falls_back = self.setting.roles[c].falls_back;
        let caller = &mut self.s.callers[c];
        if falls_back {
            caller.last = caller.seen;
            caller.last.stamps[generation] = caller.got[generation];
        }
        caller.at = At::Missed;
        caller.got = Default::default();
        caller.sealed = [0; 2];
    }

    /// With the lease and all generations: computes, whatever has come of what was seen.
    pub(crate) fn replaces(&mut self, c: usize) {
        let stands = self.seen_is_valid(c);
        if self.setting.renews(c) {
            self.marks.note(if stands {
                Mark::Renews
            } else {
                Mark::RenewsWhatHasEnded
            });
        }
        let keeps = self.setting.renews(c) && self.setting.breaks(Mutation::RenewalKeepsTheSeal);
        let caller = &mut self.s.callers[c];
        caller.at = At::Computes;
        caller.replaces = stands;
        if !keeps {
            caller.seen = Entry::default();
        }
    }

    /// A renewal is of no use any more, or cannot go on. Nobody has waited for it in particular.
    pub(crate) fn stop(&mut self, c: usize) {
        self.abandon(c);
        self.s.callers[c] = Caller {
            at: At::Done,
            ..Caller::default()
        };
    }

    /// The same without a reply.
    pub(crate) fn stop_unheard(&mut self, c: usize) {
        self.leave_the_lease(c);
        self.stop(c);
    }

    /// The computation comes to no value.
    pub(crate) fn fail(&mut self, c: usize) {
        self.s.budget.failures -= 1;
        self.marks.note(Mark::Failed);
        let caller = &mut self.s.callers[c];
        caller.failed = true;
        caller.seen = Entry::default();
        if caller.lease == Lease::Ok {
            caller.at = At::Releases;
        } else {
            self.failed(c);
        }
    }

    /// Its lease is given back, or has become a rest. Who has joined may fail for itself.
    pub(crate) fn failed(&mut self, c: usize) {
        if self.s.callers[c].can_fall_back() {
            self.fall_back(c);
        } else {
            self.stop(c);
        }
    }

    /// `acquire` found a rest, and this caller has something to fall back on.
    pub(crate) fn left_alone(&mut self, c: usize) {
        self.marks.note(Mark::Resting);
        if self.s.callers[c].follows == 0 {
            self.fall_back(c);
        } else {
            self.start_reading(c);
        }
    }

    /// A computation for each invalidation, besides those that replace what is valid; and one at a time, as long as leases
    /// hold: an invalidation may end one, and who gave one back after a failure may have taken it from another.
    pub(crate) fn count_computation(&mut self, c: usize) {
        if !self.setting.counts {
            return;
        }
        let key = self.key_of(c);
        let may_be = 1 + self.invalidations();
        if !self.s.callers[c].replaces {
            self.s.computed[key] += 1;
        }
        let at_once = (0..self.setting.roles.len())
            .filter(|other| self.computes_key(*other, key))
            .count();
        let failures = self.setting.budget.failures - self.s.budget.failures;
        if self.s.computed[key] > may_be {
            self.s.verdict = Verdict::Wasteful;
        } else if at_once > usize::from(may_be + failures) {
            self.s.verdict = Verdict::Crowded;
        }
    }

    fn computes_key(&self, c: usize, key: usize) -> bool {
        let caller = &self.s.callers[c];
        let has_filled = caller.at == At::Fills && caller.todo & ENTRY != 0;
        caller.computes() && !has_filled && self.key_of(c) == key
    }

    /// `acquire` found a lease. Asked where nothing goes wrong: then who holds one computes.
    pub(crate) fn count_holder(&mut self, holder: u8) {
        let holder = &self.s.callers[usize::from(holder) - 1];
        if self.setting.counts && holder.lease != Lease::Ok {
            self.s.verdict = Verdict::Idle;
        }
    }
}

impl Setting {
    /// Puts the entries there that are there from the beginning.
    pub(crate) fn store(&self, mut state: State) -> State {
        for key in (0..2).filter(|key| self.stored[*key]) {
            let guards = self.keys[key].declared | self.keys[key].late;
            let mut entry = Entry {
                sealed: self.origin(key, self.origins(&state, state.replication)),
                ..Entry::default()
            };
            for cell in (0..GUARDS).filter(|cell| guards & bit(*cell) != 0) {
                let number = state.draw();
                entry.stamps[cell] = state.redis.capture(cell, number);
            }
            state.redis.entry[key] = entry;
            state.computed[key] = u8::from(self.counts);
        }
        state.canonical()
    }
}
