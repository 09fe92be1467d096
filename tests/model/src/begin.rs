//! `begin`: a flight of its own process to join or to wait for; else `acquire` and `capture`.

use crate::mark::Mark;
use crate::mutation::Mutation;
use crate::run::Run;
use crate::setting::{Key, anys};
use crate::state::{
    ANY, At, Caller, Command, ENTRY, Entry, GUARDS, Lease, Number, REST, Set, bit, cells,
    key_generation,
};
use crate::step::Ask;

impl Run<'_> {
    pub(crate) fn begin(&mut self, c: usize) {
        let (process, key) = (self.setting.roles[c].process, self.key_of(c));
        if self.setting.renews(c) {
            return self.send_begin(c);
        }
        let flight = self.flight(process, key).filter(|leader| *leader != c);
        if let Some(leader) = flight.filter(|_| !self.setting.breaks(Mutation::JoinsOnTokenAlone)) {
            return self.join_or_wait(c, leader);
        }
        self.send_begin(c);
        self.s.callers[c].leads = true;
    }

    /// From here on whoever calls later may not join.
    pub(crate) fn send_begin(&mut self, c: usize) {
        // A renewal has begun before it looked.
        if !self.setting.renews(c) {
            self.let_join(c);
        }
        let guards = if self.captures_late(c) {
            0
        } else {
            self.guards(c)
        };
        let sealed = self.origins(c);
        let known = self.known(c, guards);
        let caller = &mut self.s.callers[c];
        caller.at = At::Begins;
        caller.todo = ENTRY | guards;
        caller.known = known;
        caller.sealed = sealed;
    }

    /// What a process may know that has read much: the generations of guards that are not captured now. An older one that has
    /// ended by now is of no use to it, since none comes back.
    pub(crate) fn known(&self, c: usize, captures: Set) -> [Number; GUARDS] {
        let mut known: [Number; GUARDS] = Default::default();
        for cell in cells(self.what(c).late & !captures) {
            known[cell] = self.s.redis.generation[cell];
        }
        known
    }

    /// Whoever has called by now may join.
    pub(crate) fn let_join(&mut self, c: usize) {
        let (process, key) = (self.setting.roles[c].process, self.key_of(c));
        for other in 0..self.setting.roles.len() {
            let here = self.setting.roles[other].process == process && self.is_reading(other, key);
            if here && !self.setting.breaks(Mutation::JoinsOnStampsAlone) {
                self.s.callers[other].may_join |= 1 << c;
            }
        }
    }

    pub(crate) fn captures_late(&self, c: usize) -> bool {
        let renews = self.setting.renews(c);
        self.setting.breaks(Mutation::StampsAfterTheComputation)
            || (renews && self.setting.breaks(Mutation::RenewalCapturesAfterComputing))
    }

    /// What to capture before the computation.
    pub(crate) fn guards(&self, c: usize) -> Set {
        let (key, what) = (self.key_of(c), self.what(c));
        let remembered = self.process_of(c).remembered[key];
        if remembered != 0 {
            self.marks.note(Mark::Remembered);
        }
        let known = what.declared | listed(self.s.callers[c].seen) | remembered;
        let generation = if self.is_nested(c) || what.copy.is_some() {
            bit(key_generation(key))
        } else {
            0
        };
        known | generation | anys(what.late & !known)
    }

    fn join_or_wait(&mut self, c: usize, leader: usize) {
        let joins = self.setting.breaks(Mutation::JoinsAlways)
            || (self.began_after(c, leader) && self.suits(c, leader))
            || (self.setting.renews(leader) && self.setting.breaks(Mutation::JoinsRenewals));
        self.marks.note(if joins {
            Mark::Joined
        } else {
            Mark::WaitedForAFlight
        });
        if joins && self.is_nested(c) {
            self.marks.note(Mark::NestedJoined);
        }
        let caller = &mut self.s.callers[c];
        caller.follows = leader as u8 + 1;
        caller.at = if joins { At::Joined } else { At::Waits };
        if joins {
            caller.seen = Entry::default();
        }
        self.count_wait(c);
    }

    /// Whether all that a flight reads is read after this caller's call had begun. One that waits for another process
    /// reads again before it computes.
    fn began_after(&self, c: usize, leader: usize) -> bool {
        let waits = self.s.callers[leader].at == At::Busy;
        let may_join = self.s.callers[c].may_join & (1 << leader) != 0;
        may_join || (waits && !self.setting.breaks(Mutation::JoinsOnStampsAlone))
    }

    /// Whether a flight tells a nested read all that its outer computation will depend on.
    pub(crate) fn suits(&self, c: usize, leader: usize) -> bool {
        let breaks = |mutation| self.setting.breaks(mutation);
        let generation =
            self.is_nested(leader) || breaks(Mutation::NestedJoinsWithoutKeyGeneration);
        let declared =
            self.declares_for(c, leader) || breaks(Mutation::NestedJoinsWithoutDeclaredTag);
        !self.is_nested(c) || (generation && declared)
    }

    /// Whether a flight was captured under all that this caller declares.
    pub(crate) fn declares_for(&self, c: usize, leader: usize) -> bool {
        self.what(c).declared & !self.what(leader).declared == 0
    }

    pub(crate) fn acquire(&mut self, c: usize) {
        let command = self.command(c, Ask::Acquire);
        let Some(Command::Acquire {
            key,
            token,
            seen,
            intent,
        }) = command
        else {
            unreachable!()
        };
        let holder = self.s.redis.lease[key];
        let lease = self.s.redis.acquire(key, token, seen, intent, self.setting);
        if lease == Lease::Ok && holder & REST != 0 {
            self.marks.note(Mark::PassedOverARest);
        }
        if lease == Lease::Busy {
            self.count_holder(holder);
        }
        let process = self.setting.roles[c].process;
        let here = || self.setting.roles[usize::from(holder) - 1].process == process;
        let caller = &mut self.s.callers[c];
        caller.lease = lease;
        caller.todo &= !ENTRY;
        if lease == Lease::Busy && self.setting.breaks(Mutation::JoinsOnTokenAlone) && here() {
            caller.follows = holder;
        }
        self.decide(c);
    }

    /// For `begin`, a permit, a nested hit, `vouch`, or a plain set: whoever asks goes on when all is there.
    pub(crate) fn capture(&mut self, c: usize, set: Set) {
        for cell in cells(set) {
            let number = self.s.draw();
            let captured = self.s.redis.capture(cell, number);
            self.s.callers[c].got[cell] = self.heard(cell, captured);
        }
        self.s.callers[c].todo &= !set;
        let all = self.s.callers[c].todo == 0;
        match self.s.callers[c].at {
            At::Begins => self.decide(c),
            At::TakesGeneration => {
                self.marks.note(Mark::TookKeyGeneration);
                let breaks = |mutation| self.setting.breaks(mutation);
                if breaks(Mutation::ReadsKeyGenerationAfterEntry)
                    || breaks(Mutation::TakesKeyGenerationWithoutReadingAgain)
                {
                    self.answer_with_seen(c);
                } else {
                    self.start_reading(c);
                }
            }
            At::Vouches if all => self.vouched(c),
            At::Permits if all => self.permitted(c),
            _ => {}
        }
    }

    /// When all replies of `begin` are there.
    fn decide(&mut self, c: usize) {
        let caller = self.s.callers[c];
        if caller.todo != 0 {
            return;
        }
        match caller.lease {
            Lease::Unknown => unreachable!("`acquire` has replied"),
            Lease::Busy
                if self.setting.breaks(Mutation::JoinsOnTokenAlone) && caller.follows != 0 =>
            {
                self.join_on_token(c);
            }
            Lease::Busy | Lease::Changed | Lease::Resting if self.setting.renews(c) => {
                self.marks.note(Mark::RenewalStopped);
                self.stop(c);
            }
            Lease::Busy if caller.follows != 0 => self.let_others_go_first(c),
            Lease::Busy => self.wait_for_the_lease(c),
            Lease::Resting => self.left_alone(c),
            Lease::Changed => {
                self.marks.note(Mark::Changed);
                self.start_reading(c);
            }
            Lease::Ok if caller.follows != 0 => {
                self.take_the_place(c);
                self.decide(c);
            }
            Lease::Ok if self.setting.replaces(c) => self.replaces(c),
            Lease::Ok if self.seen_is_valid(c) => {
                self.marks.note(Mark::SeenIsValid);
                self.s.callers[c].at = At::Releases;
            }
            Lease::Ok => {
                self.s.callers[c].at = At::Computes;
                self.s.callers[c].seen = Entry::default();
            }
        }
    }

    fn wait_for_the_lease(&mut self, c: usize) {
        self.marks.note(Mark::Busy);
        if self.setting.roles[c].sibling.is_some() {
            self.marks.note(Mark::BatchBusy);
        }
        let caller = &mut self.s.callers[c];
        caller.at = At::Busy;
        caller.got = Default::default();
        caller.sealed = [0; 2];
    }

    fn join_on_token(&mut self, c: usize) {
        let caller = &mut self.s.callers[c];
        let leader = usize::from(caller.follows) - 1;
        *caller = Caller {
            need: caller.need,
            may_join: 1 << leader,
            ..Caller::default()
        };
        if self.s.callers[leader].leads {
            self.join_or_wait(c, leader);
        } else {
            self.start_reading(c);
        }
    }

    /// Whether the entry that was read is valid under what was captured since.
    pub(crate) fn seen_is_valid(&self, c: usize) -> bool {
        let caller = &self.s.callers[c];
        let seen = caller.seen;
        seen.exists()
            && self.fits(c, seen, caller.sealed)
            && self.has_declared(c, seen)
            && cells(listed(seen)).all(|cell| seen.stamps[cell] == caller.got[cell])
            && !self.setting.breaks(Mutation::ComputesWithoutLookingAgain)
    }

    /// What is captured for the sake of the entry that was read is no guard of the value to come.
    pub(crate) fn forget_what_others_depend_on(&mut self, c: usize) {
        let Key { declared, late, .. } = self.what(c);
        let own = declared | late | (anys(late) & ANY) | bit(key_generation(self.key_of(c)));
        let got = &mut self.s.callers[c].got;
        for cell in (0..got.len()).filter(|cell| own & bit(*cell) == 0) {
            got[cell] = 0;
        }
    }
}

/// The guards that an entry lists.
pub(crate) fn listed(entry: Entry) -> Set {
    (0..GUARDS)
        .filter(|cell| entry.stamps[*cell] != 0)
        .fold(0, |set, cell| set | bit(cell))
}
