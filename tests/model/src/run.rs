//! One step under way: which function does what.

use crate::mark::{Mark, Marks};
use crate::setting::{Key, Op, Setting};
use crate::state::{Process, State};
use crate::step::{Ask, Step};

pub(crate) struct Run<'a> {
    pub(crate) setting: &'a Setting,
    pub(crate) marks: &'a Marks,
    pub(crate) s: State,
}

impl Run<'_> {
    pub(crate) fn take(&mut self, step: Step) {
        match step {
            Step::Ask(c, ask) => self.ask(c, ask),
            Step::Lose(c, ask) => self.lose(c, ask),
            Step::Refuse(c, ask) => self.refuse(c, ask),
            Step::Call(c) => match self.setting.roles[c].op {
                Op::Put { .. } => self.ask_permit(c),
                Op::Renew { .. } => self.replace(c),
                _ => self.call(c),
            },
            Step::Begin(c) => self.begin(c),
            Step::LookAgain(c) => self.start_reading(c),
            Step::Compute(c) => match self.setting.roles[c].op {
                Op::Put { .. } => self.written(c),
                Op::Set { .. } => self.read_for_set(c),
                _ => self.compute(c),
            },
            Step::Fail(c) => self.fail(c),
            Step::Write(c) => self.write(c),
            Step::GiveUp(c) => self.give_up_waiting(c),
            Step::Drop(c) => self.drop_caller(c),
            Step::Deliver(p, set) => self.deliver(p, set),
            Step::LoseDelivery(_, set) => self.lose_delivery(set),
            Step::Connect(p) => self.connect(p),
            Step::Crash(p) => self.crash(p),
            Step::Evict(cell) => self.evict(cell),
            Step::EvictEntry(key) => self.evict_entry(key),
            Step::Expire(key) => self.expire(key),
            Step::Flush => self.flush(),
            Step::Arrive(slot) => self.arrive(slot),
            Step::Snapshot => self.snapshot(),
            Step::Failover(server) => self.fail_over(server),
            Step::StartMove => self.start_move(),
            Step::Carry(name) => self.carry(name),
            Step::FinishMove(copies) => self.finish_move(copies),
            Step::CancelMove => self.cancel_move(),
        }
    }

    fn ask(&mut self, c: usize, ask: Ask) {
        if self.setting.cluster.is_some() && self.process_of(c).connected != self.s.replication {
            self.marks.note(Mark::WentOnWithOne);
        }
        match ask {
            Ask::Read(set) => self.read(c, set),
            Ask::Standing(set) => self.standing(c, set),
            Ask::Acquire => self.acquire(c),
            Ask::Capture(set) | Ask::Permit(set) => self.capture(c, set),
            Ask::Renew => self.renew(c),
            Ask::Vouch => self.vouch(c),
            Ask::Fill => self.fill(c),
            Ask::Copy => self.copy(c),
            Ask::Release | Ask::Rest => self.release(c, ask),
            Ask::Invalidate(set) | Ask::Delete(set) => self.end(c, set),
            Ask::Commit(key) => self.commit(c, key),
            Ask::Set => self.set(c),
        }
    }

    pub(crate) fn key_of(&self, c: usize) -> usize {
        self.setting.key_of(c)
    }

    /// What a caller's computation depends on.
    pub(crate) fn what(&self, c: usize) -> Key {
        let key = self.setting.keys[self.key_of(c)];
        if self.setting.roles[c].bare {
            Key {
                declared: 0,
                late: 0,
                copy: None,
                ..key
            }
        } else {
            key
        }
    }

    pub(crate) fn process_of(&self, c: usize) -> &Process {
        &self.s.processes[self.setting.roles[c].process]
    }

    pub(crate) fn is_nested(&self, c: usize) -> bool {
        self.setting.roles[c].parent.is_some()
    }
}
