//! A slot that moves from one server of the cluster to the other, name by name.
//!
//! While it does, its old server answers for what is still there, and for several names at once only if all of them are.
//! Only deletions follow the others.

use crate::cluster::{Several, cells_of};
use crate::enabled::Enabled;
use crate::mark::Mark;
use crate::mutation::Mutation;
use crate::names::Names;
use crate::run::Run;
use crate::setting::Setting;
use crate::state::{Entry, Number, Set, State, bit, key_generation};
use crate::step::{Ask, Step};

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(u8)]
pub(crate) enum Phase {
    #[default]
    Before,
    OnItsWay,
    After,
}

/// How far the slot has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Moving {
    pub(crate) phase: Phase,
    /// The names that are on the new server already.
    pub(crate) gone: Gone,
    /// For who marks by the map that asked: the stamps of the generations that have come along, before and after.
    pub(crate) marked: [[Number; 2]; 2],
}

/// Some names of a slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Gone {
    pub(crate) entry: bool,
    pub(crate) lease: bool,
    pub(crate) generations: Set,
}

/// A name of the slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Name {
    Entry,
    Lease,
    Generation(usize),
}

impl Moving {
    pub(crate) fn is_under_way(self) -> bool {
        self.phase == Phase::OnItsWay
    }

    pub(crate) fn has_moved(self) -> bool {
        self.phase == Phase::After
    }

    pub(crate) fn bytes(self) -> [u8; 3] {
        let Gone {
            entry,
            lease,
            generations,
        } = self.gone;
        let names = u8::from(entry) | u8::from(lease) << 1;
        [self.phase as u8, names, generations]
    }
}

impl Setting {
    fn moving_slot(&self) -> Option<usize> {
        Some(self.cluster?.moves? as usize)
    }

    /// Whether the old server can do what is about these names: none of them is missing there, if their slot is on its way.
    pub(crate) fn are_here(&self, state: &State, names: Names) -> bool {
        let Some(slot) = self.moving_slot() else {
            return true;
        };
        if state.moving.phase != Phase::OnItsWay || names.slots() & 1 << slot == 0 {
            return true;
        }
        let (redis, gone) = (&state.redis, state.moving.gone);
        let of_slot = |of: Several| slot < 2 && of & 1 << slot != 0;
        let entry = !of_slot(names.entries) || (redis.entry[slot].exists() && !gone.entry);
        let lease = !of_slot(names.leases) || (redis.lease[slot] != 0 && !gone.lease);
        let mut cells = cells_of(slot).filter(|cell| names.generations & bit(*cell) != 0);
        entry
            && lease
            && cells.all(|cell| redis.generation[cell] != 0 && gone.generations & bit(cell) == 0)
    }

    /// Whether what a process deletes is deleted name by name: at first all of them could not be at once.
    fn deletes_apart(&self, state: &State, p: usize, set: Set) -> bool {
        let slot = self.moving_slot();
        let moves = slot.is_some_and(|slot| slot < 2 && set == bit(key_generation(slot)));
        let begun = state.processes[p].apart != 0;
        moves && (begun || !self.are_here(state, Names::deleted(set)))
    }
}

impl Enabled<'_> {
    pub(crate) fn of_slot(&mut self) {
        let state = self.state;
        let Some(slot) = self.setting.moving_slot() else {
            return;
        };
        match state.moving.phase {
            Phase::Before if state.budget.moves > 0 => self.out.push(Step::StartMove),
            Phase::Before | Phase::After => {}
            Phase::OnItsWay => {
                let (redis, gone) = (&state.redis, state.moving.gone);
                if slot < 2 && redis.entry[slot].exists() && !gone.entry {
                    self.out.push(Step::Carry(Name::Entry));
                }
                if slot < 2 && redis.lease[slot] != 0 && !gone.lease {
                    self.out.push(Step::Carry(Name::Lease));
                }
                let left = |cell: &usize| {
                    redis.generation[*cell] != 0 && gone.generations & bit(*cell) == 0
                };
                let left = cells_of(slot).filter(left);
                self.out
                    .extend(left.map(|cell| Step::Carry(Name::Generation(cell))));
                self.out.push(Step::FinishMove(false));
                if self.setting.budget.snapshots > 0 {
                    self.out.push(Step::FinishMove(true));
                }
                self.out.push(Step::CancelMove);
            }
        }
    }
}

impl Run<'_> {
    pub(crate) fn start_move(&mut self) {
        self.s.budget.moves -= 1;
        self.s.moving.phase = Phase::OnItsWay;
    }

    /// A name goes over, with its value.
    pub(crate) fn carry(&mut self, name: Name) {
        let gone = &mut self.s.moving.gone;
        match name {
            Name::Entry => gone.entry = true,
            Name::Lease => gone.lease = true,
            Name::Generation(cell) => gone.generations |= bit(cell),
        }
    }

    /// The new server has the slot. What was still on the old one comes along; or what is there instead are copies that an
    /// earlier attempt has left.
    pub(crate) fn finish_move(&mut self, copies: bool) {
        self.marks.note(Mark::Moved);
        let Some(slot) = self.setting.moving_slot() else {
            return;
        };
        self.s.moving.gone = Gone::default();
        self.s.moving.phase = Phase::After;
        if copies {
            let copy = self.s.copy;
            self.s.redis.restore_slot(&copy, slot);
        }
        self.mark_anew(slot, true);
        self.forget_late(1 << slot);
    }

    /// The old server keeps the slot. What the new one has of it is lost.
    pub(crate) fn cancel_move(&mut self) {
        let Gone {
            entry,
            lease,
            generations,
        } = std::mem::take(&mut self.s.moving.gone);
        self.s.moving.phase = Phase::Before;
        if let Some(slot) = self.setting.moving_slot() {
            self.s.redis.forget(Names {
                entries: u8::from(entry) << slot,
                leases: u8::from(lease) << slot,
                generations,
            });
        }
    }

    /// The old server does not do it, and its sender does not follow.
    pub(crate) fn refuse(&mut self, c: usize, ask: Ask) {
        self.marks.note(Mark::Refused);
        self.unanswered(c, ask);
    }

    /// A part of what is pending: several names at once, or one after the other, wherever each of them is. Returns whether it is
    /// done.
    pub(crate) fn delete_pending(&mut self, p: usize, set: Set) -> bool {
        if !self.setting.deletes_apart(&self.s, p, set) {
            self.s.redis.delete(set, self.setting);
            self.clean_up(set);
            return true;
        }
        self.marks.note(Mark::DeletedApart);
        let Some(slot) = self.setting.moving_slot() else {
            return true;
        };
        let once = self.setting.breaks(Mutation::DeletesMovingNamesOnce);
        let redis = &mut self.s.redis;
        let gone = &mut self.s.moving.gone;
        match self.s.processes[p].apart % 3 {
            0 => (redis.entry[slot], gone.entry) = (Entry::default(), false),
            1 => (redis.lease[slot], gone.lease) = (0, false),
            _ => {
                redis.generation[key_generation(slot)] = 0;
                gone.generations = 0;
            }
        }
        let apart = &mut self.s.processes[p].apart;
        *apart += 1;
        let is_done = *apart == if once { 3 } else { 6 };
        if is_done {
            *apart = 0;
        }
        is_done
    }

    /// What has been deleted is on neither server.
    fn clean_up(&mut self, set: Set) {
        let gone = &mut self.s.moving.gone;
        gone.generations &= !set;
        if let Some(key) = self.setting.moving_slot().filter(|slot| *slot < 2)
            && set & bit(key_generation(key)) != 0
        {
            (gone.entry, gone.lease) = (false, false);
        }
    }
}
