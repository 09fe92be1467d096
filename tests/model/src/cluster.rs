//! A cluster of two servers: which of them has which slots, who gets through to them, and what it is that they mark.
//!
//! Each command goes by itself to the server that has its names, so those of one step come to be executed in any order.

use crate::begin::listed;
use crate::enabled::Enabled;
use crate::mutation::Mutation;
use crate::names::Names;
use crate::run::Run;
use crate::setting::{Setting, anys};
use crate::state::{
    ANY, ANY_KEY, ANY_TAG, At, CELLS, ENTRY, Entry, G0, G1, KG0, Number, Redis, Set, State, bit,
    cells,
};
use crate::step::Ask;

/// The slots: one for each key with its lease and its generation, one for each tag or scope, one for both `any`.
pub(crate) const SLOTS: usize = 5;
const TAG: usize = 2;
const ANY_SLOT: usize = 4;

/// A set of slots, or of servers.
pub(crate) type Several = u8;

/// Which slots lie apart from the others, on the second server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Apart {
    /// Tags and scopes.
    Tags,
    /// Tags and scopes, and what ends with any of them.
    TagsAndAny,
    /// What ends with any tag or key.
    Any,
    /// The second key.
    OtherKey,
    /// The second key, and what ends with any tag or key.
    OtherKeyAndAny,
}

/// The slot that moves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Slot {
    /// That of the first key.
    Key,
    /// That of the second key.
    OtherKey,
    /// That of the first tag or scope.
    Tag,
    /// That of the second tag or scope.
    OtherTag,
    /// That of what ends with any tag or key.
    Any,
}

/// What a cluster looks like at first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Cluster {
    /// The server of each slot.
    pub(crate) places: [usize; SLOTS],
    pub(crate) apart: Apart,
    pub(crate) moves: Option<Slot>,
}

impl Cluster {
    pub(crate) fn new(apart: Apart) -> Self {
        let places = match apart {
            Apart::Tags => [0, 0, 1, 1, 0],
            Apart::TagsAndAny => [0, 0, 1, 1, 1],
            Apart::Any => [0, 0, 0, 0, 1],
            Apart::OtherKey => [0, 1, 0, 0, 0],
            Apart::OtherKeyAndAny => [0, 1, 0, 0, 1],
        };
        Cluster {
            places,
            apart,
            moves: None,
        }
    }
}

/// The slot that a generation lies on.
pub(crate) fn slot_of(cell: usize) -> usize {
    match cell {
        G0 | G1 => TAG + cell,
        ANY_TAG | ANY_KEY => ANY_SLOT,
        _ => cell - KG0,
    }
}

/// The generations on a slot.
pub(crate) fn cells_of(slot: usize) -> impl Iterator<Item = usize> {
    (0..CELLS).filter(move |cell| slot_of(*cell) == slot)
}

pub(crate) fn slots_of(set: Set) -> Several {
    cells(set).fold(0, |slots, cell| slots | 1 << slot_of(cell))
}

impl Setting {
    /// Everything that a caller reads or captures before it computes.
    pub(crate) fn slots_wanted(&self, c: usize, guards: Set) -> Several {
        1 << self.key_of(c) | slots_of(guards)
    }

    /// The server that has a slot.
    pub(crate) fn server_of(&self, state: &State, slot: usize) -> usize {
        let Some(cluster) = self.cluster else {
            return 0;
        };
        let moved = state.moving.has_moved() && cluster.moves.is_some_and(|it| it as usize == slot);
        cluster.places[slot] ^ usize::from(moved)
    }

    /// The servers of some slots.
    pub(crate) fn servers_of(&self, state: &State, slots: Several) -> Several {
        let of = (0..SLOTS).filter(|slot| slots & 1 << slot != 0);
        of.fold(0, |servers, slot| {
            servers | 1 << self.server_of(state, slot)
        })
    }

    /// What an entry of each key is sealed with, besides its stamps, by who has these connections.
    pub(crate) fn origins(&self, state: &State, connected: [u8; 2]) -> [u8; 2] {
        let Some(cluster) = self.cluster else {
            return connected;
        };
        let keeps = self.breaks(Mutation::MoveKeepsTheMark);
        std::array::from_fn(|key| {
            let moved = self.server_of(state, key);
            connected[if keeps { cluster.places[key] } else { moved }]
        })
    }

    /// The part of it that is about this key.
    pub(crate) fn origin(&self, key: usize, origins: [u8; 2]) -> [u8; 2] {
        if self.cluster.is_some() {
            [origins[key]; 2]
        } else {
            origins
        }
    }

    /// Whether the stamp of a generation tells which server has it; where it has moved there, if it `moves`.
    fn is_marked(&self, cell: usize, moves: bool) -> bool {
        let any = matches!(cell, ANY_TAG | ANY_KEY);
        match self.mutation {
            Some(Mutation::NoReplicationId) => false,
            Some(Mutation::SealedForTheEntrysShardAlone) => any,
            Some(Mutation::ComparesAnyWithoutMark) => !any,
            Some(Mutation::MoveKeepsTheMark) => !moves,
            _ => true,
        }
    }
}

impl Enabled<'_> {
    /// Whether a process is connected to the servers of these slots.
    pub(crate) fn reaches(&self, p: usize, slots: Several) -> bool {
        let servers = self.setting.servers_of(self.state, slots);
        let connected = |server: &usize| {
            self.state.processes[p].connected[*server] == self.state.replication[*server]
        };
        (0..2)
            .filter(|server| servers & 1 << server != 0)
            .all(|server| connected(&server))
    }

    /// Whether a process has undelivered deletions on these slots.
    fn is_pending(&self, p: usize, slots: Several) -> bool {
        let pending = Names::deleted(self.state.processes[p].pending & !ANY);
        pending.slots() & slots != 0 && !self.setting.breaks(Mutation::ServesWhilePending)
    }

    /// On a cluster: whether a caller gets through to all that it asks for, and nothing of it is pending.
    pub(crate) fn can_serve(&self, c: usize, generations: Set) -> bool {
        let slots = self.setting.slots_wanted(c, generations);
        let p = self.setting.roles[c].process;
        self.setting.cluster.is_none() || (self.reaches(p, slots) && !self.is_pending(p, slots))
    }

    /// What a caller can read now: nothing that is pending, unless it has been sent already. What only the entry lists is sent
    /// after it has come.
    pub(crate) fn readable_on_a_cluster(&self, c: usize) -> Set {
        let caller = &self.state.callers[c];
        let p = self.setting.roles[c].process;
        let declared = ENTRY | self.setting.keys[self.setting.key_of(c)].declared;
        let is_sent = caller.todo & ENTRY == 0 || caller.got.iter().any(|got| *got != 0);
        if !is_sent && !self.can_serve(c, caller.todo) {
            return 0;
        }
        let later = cells(caller.todo & !declared);
        later
            .filter(|cell| self.is_pending(p, slots_of(bit(*cell))))
            .fold(caller.todo, |set, cell| set & !bit(cell))
    }

    pub(crate) fn can_begin(&self, c: usize) -> bool {
        let role = &self.setting.roles[c];
        if self.setting.cluster.is_none() {
            return self.serves(role.process);
        }
        let key = &self.setting.keys[self.setting.key_of(c)];
        let (declared, late) = if role.bare {
            (0, 0)
        } else {
            (key.declared, key.late)
        };
        let remembered = self.state.processes[role.process].remembered[self.setting.key_of(c)];
        let seen = listed(self.state.callers[c].seen);
        self.serves(role.process) && self.can_serve(c, declared | remembered | seen | anys(late))
    }

    pub(crate) fn can_ask_permit(&self, c: usize) -> bool {
        let key = &self.setting.keys[self.setting.key_of(c)];
        self.can_serve(c, key.declared | anys(key.late))
    }
}

impl Redis {
    /// Takes over what another Redis holds of a slot.
    pub(crate) fn restore_slot(&mut self, from: &Redis, slot: usize) {
        for cell in cells_of(slot) {
            self.generation[cell] = from.generation[cell];
        }
        if let (Some(entry), Some(lease)) = (self.entry.get_mut(slot), self.lease.get_mut(slot)) {
            (*entry, *lease) = (from.entry[slot], from.lease[slot]);
        }
    }

    /// Nothing is left of a slot.
    pub(crate) fn forget(&mut self, names: Names) {
        cells(names.generations).for_each(|cell| self.generation[cell] = 0);
        for key in (0..2).filter(|key| names.entries & 1 << key != 0) {
            self.entry[key] = Entry::default();
        }
        for key in (0..2).filter(|key| names.leases & 1 << key != 0) {
            self.lease[key] = 0;
        }
    }
}

impl Run<'_> {
    /// What an entry will be sealed with, and stamps are of, that is captured now.
    pub(crate) fn origins(&self, c: usize) -> [u8; 2] {
        self.setting.origins(&self.s, self.process_of(c).connected)
    }

    /// A server with another mark has this slot from here on. The numbers of its generations are the same, and their stamps are
    /// others. The model keeps stamps alone, since nobody compares numbers.
    pub(crate) fn mark_anew(&mut self, slot: usize, moves: bool) {
        for cell in cells_of(slot) {
            let before = self.s.redis.generation[cell];
            if before != 0 && self.setting.is_marked(cell, moves) {
                self.s.redis.generation[cell] = self.s.draw();
                if moves && self.setting.breaks(Mutation::MarksByTheMapThatAsked) {
                    self.s.moving.marked[cell & 1] = [before, self.s.redis.generation[cell]];
                }
            }
        }
    }

    /// A generation as the reply tells it: with the mark of the server that has sent it.
    pub(crate) fn heard(&self, cell: usize, stamp: Number) -> Number {
        let [before, now] = self.s.moving.marked[cell & 1];
        if now != 0 && now == stamp {
            before
        } else {
            stamp
        }
    }

    /// Whether an entry is sealed for the server on which it was found, as far as replication ids go.
    pub(crate) fn fits(&self, c: usize, seen: Entry, origins: [u8; 2]) -> bool {
        let origin = self.setting.origin(self.key_of(c), origins);
        self.setting.sealed_alike(seen.sealed, origin)
    }

    /// One server of the cluster fails over. What was on its way there has no reply; the other goes on.
    pub(crate) fn fail_over_alone(&mut self, server: usize) {
        let copy = self.s.copy;
        let slots = (0..SLOTS).filter(|slot| self.setting.server_of(&self.s, *slot) == server);
        let slots: Several = slots.fold(0, |slots, slot| slots | 1 << slot);
        for slot in (0..SLOTS).filter(|slot| slots & 1 << slot != 0) {
            self.s.redis.restore_slot(&copy, slot);
            self.mark_anew(slot, false);
        }
        // No id comes twice.
        self.s.replication[server] += 2;
        self.forget_late(slots);
        for process in &mut self.s.processes {
            process.connected[server] = 0;
        }
        for c in 0..self.setting.roles.len() {
            if self.outstanding(c) & slots != 0 {
                self.lose_connection(c);
            }
        }
    }

    /// What was sent about these slots and not executed never is.
    pub(crate) fn forget_late(&mut self, slots: Several) {
        let late = self
            .s
            .late
            .map(|late| late.filter(|command| Names::of_command(command).slots() & slots == 0));
        self.s.late = match late {
            [None, second] => [second, None],
            both => both,
        };
    }

    fn has_sent_vouch(&self, c: usize) -> bool {
        let caller = &self.s.callers[c];
        cells(self.what(c).late).any(|cell| caller.got[cell] != 0)
    }

    /// The slots from which a caller still waits for a reply.
    fn outstanding(&self, c: usize) -> Several {
        let caller = &self.s.callers[c];
        let set = caller.todo & !ENTRY;
        let of = |ask| self.setting.names(c, ask).slots();
        let entry = caller.todo & ENTRY != 0;
        match caller.at {
            At::Reads | At::Verifies | At::Begins if entry => {
                1 << self.setting.key_of(c) | slots_of(set)
            }
            At::Vouches if self.has_sent_vouch(c) => of(Ask::Vouch) | slots_of(set),
            At::Sets => of(Ask::Set) | slots_of(set),
            At::Reads
            | At::Verifies
            | At::Begins
            | At::TakesGeneration
            | At::Permits
            | At::Ends => slots_of(set),
            _ => 0,
        }
    }
}
