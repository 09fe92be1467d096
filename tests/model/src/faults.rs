//! What goes wrong: lost replies, dropped callers, crashes, evictions, failovers.

use crate::mark::Mark;
use crate::mutation::Mutation;
use crate::names::Names;
use crate::run::Run;
use crate::setting::Op;
use crate::state::{ANY, At, Caller, Command, Entry, Lease, Process, REST, Redis, Set};
use crate::step::Ask;

impl Run<'_> {
    /// A command without a reply: it is executed later, or never, and its sender goes on at once.
    pub(crate) fn lose(&mut self, c: usize, ask: Ask) {
        self.s.budget.losses -= 1;
        let command = self.command(c, ask);
        self.later(command);
        match (ask, command) {
            (Ask::Capture(set), Some(Command::Capture { cell, number }))
                if self.s.callers[c].at == At::Begins
                    && self.setting.breaks(Mutation::SendsCaptureAgain) =>
            {
                self.s.redis.capture(cell, number);
                self.capture(c, set);
            }
            _ => self.unanswered(c, ask),
        }
    }

    /// Its sender goes on without a reply.
    pub(crate) fn unanswered(&mut self, c: usize, ask: Ask) {
        match (ask, self.s.callers[c].at) {
            (Ask::Capture(_), At::Vouches) | (Ask::Vouch, _) => self.give_up_storing(c),
            (Ask::Capture(_), At::Sets) | (Ask::Set, _) => self.gone(c),
            (Ask::Standing(_), _) => self.start_reading(c),
            (Ask::Read(_) | Ask::Acquire | Ask::Capture(_), _) => self.run_without_cache(c),
            (Ask::Fill | Ask::Copy, _) => self.filled(c),
            (Ask::Release | Ask::Rest, _) => self.released(c),
            (Ask::Permit(_), _) => self.go_on_without_permit(c),
            (Ask::Invalidate(set) | Ask::Delete(set), _) if self.goes_on(set) => {
                self.s.callers[c].failed = true;
                self.ended(c, set);
            }
            (Ask::Invalidate(_) | Ask::Delete(_) | Ask::Commit(_), _) => self.defer(c),
            (Ask::Renew, _) => {}
        }
    }

    pub(crate) fn lose_delivery(&mut self, set: Set) {
        self.s.budget.losses -= 1;
        self.later(Some(Command::Delete(set)));
    }

    /// There is room for two; what finds none is never executed.
    pub(crate) fn later(&mut self, command: Option<Command>) {
        if let Some(slot) = self.s.late.iter_mut().find(|slot| slot.is_none()) {
            *slot = command;
        }
    }

    /// A command is executed after its sender has given up.
    pub(crate) fn arrive(&mut self, slot: usize) {
        self.marks.note(Mark::ExecutedLate);
        let Some(command) = self.s.late[slot].take() else {
            return;
        };
        if slot == 0 {
            self.s.late.swap(0, 1);
        }
        if self.setting.are_here(&self.s, Names::of_command(&command)) {
            self.s.redis.execute(command, self.setting);
        }
    }

    /// Whether what comes second is sent although what was to come first has not come.
    fn goes_on(&self, set: Set) -> bool {
        let breaks = |mutation| self.setting.breaks(mutation);
        set & !ANY == 0
            && (breaks(Mutation::SendsTheSecondAfterAFailedFirst)
                || breaks(Mutation::ForgetsTheFirstThatFailed))
    }

    fn go_on_without_permit(&mut self, c: usize) {
        self.s.callers[c].unstored = true;
        self.permitted(c);
    }

    pub(crate) fn give_up_waiting(&mut self, c: usize) {
        self.s.budget.impatience -= 1;
        self.run_without_cache(c);
    }

    /// The future of a call is dropped: its lease is released, what it writes is deleted.
    pub(crate) fn drop_caller(&mut self, c: usize) {
        self.s.budget.drops -= 1;
        if matches!(self.setting.roles[c].op, Op::Get { .. } | Op::Renew { .. }) {
            self.leave_the_lease(c);
            self.abandon(c);
        } else {
            let targets = self.targets(c);
            self.s.processes[self.setting.roles[c].process].pending |= targets;
        }
        self.gone(c);
    }

    /// A lease that is held is released later, and one that was asked for may be granted later.
    pub(crate) fn leave_the_lease(&mut self, c: usize) {
        let caller = self.s.callers[c];
        let asks = caller.at == At::Begins && caller.lease == Lease::Unknown;
        if caller.lease == Lease::Ok || asks {
            let command = self.command(c, if asks { Ask::Acquire } else { Ask::Release });
            self.later(command);
        }
    }

    fn gone(&mut self, c: usize) {
        self.s.callers[c] = Caller {
            at: At::Gone,
            ..Caller::default()
        };
    }

    pub(crate) fn crash(&mut self, p: usize) {
        self.s.budget.crashes -= 1;
        self.s.processes[p] = Process {
            crashed: true,
            ..Process::default()
        };
        for c in 0..self.setting.roles.len() {
            if self.setting.roles[c].process == p && self.s.callers[c].at != At::Done {
                self.gone(c);
            }
        }
    }

    pub(crate) fn expire(&mut self, key: usize) {
        let lease = std::mem::take(&mut self.s.redis.lease[key]);
        if lease & REST != 0 {
            return self.marks.note(Mark::RestEnded);
        }
        let holder = usize::from(lease) - 1;
        if self.s.callers[holder].lease == Lease::Ok {
            self.s.budget.expiries -= 1;
            self.marks.note(Mark::LeaseExpired);
        } else {
            self.marks.note(Mark::Abandoned);
        }
    }

    pub(crate) fn evict(&mut self, cell: usize) {
        self.s.budget.evictions -= 1;
        self.s.redis.generation[cell] = 0;
    }

    pub(crate) fn evict_entry(&mut self, key: usize) {
        self.s.budget.evictions -= 1;
        self.s.redis.entry[key] = Entry::default();
    }

    pub(crate) fn flush(&mut self) {
        self.s.budget.flushes -= 1;
        self.s.redis = Redis::default();
    }

    pub(crate) fn snapshot(&mut self) {
        self.s.budget.snapshots -= 1;
        self.s.copy = self.s.redis;
    }

    /// The replica is promoted, or the server restarts from its file. All its connections break, and what was sent on
    /// them has no reply.
    pub(crate) fn fail_over(&mut self, server: usize) {
        self.s.budget.failovers -= 1;
        if self.setting.cluster.is_some() {
            return self.fail_over_alone(server);
        }
        let (old, copy) = (self.s.redis, self.s.copy);
        self.s.redis = copy;
        self.s.replication[0] += 1;
        self.s.late = Default::default();
        if self.setting.breaks(Mutation::OldPrimaryAnswers) {
            self.s.copy = old;
            return;
        }
        self.s
            .processes
            .iter_mut()
            .for_each(|process| process.connected[0] = 0);
        for c in 0..self.setting.roles.len() {
            self.lose_connection(c);
        }
    }

    pub(crate) fn lose_connection(&mut self, c: usize) {
        let caller = &self.s.callers[c];
        let writes_through = matches!(self.setting.roles[c].op, Op::Put { .. });
        match caller.at {
            At::Reads if self.setting.renews(c) => self.stop(c),
            At::Reads | At::TakesGeneration | At::Verifies => self.start_reading(c),
            At::Begins => self.run_without_cache(c),
            At::Vouches => self.give_up_storing(c),
            At::Permits => self.go_on_without_permit(c),
            At::Ends if !writes_through && caller.todo != self.targets(c) => self.defer(c),
            At::Sets => self.gone(c),
            _ => {}
        }
    }
}
