//! A caller that came after the begin of a flight: shares it if it still stands, and takes its place otherwise.

use crate::mark::Mark;
use crate::mutation::Mutation;
use crate::run::Run;
use crate::setting::Setting;
use crate::state::{At, ENTRY, GUARDS, Number, Set, State, bit, cells};

/// What the flight of `leader` runs under, with what its nested read runs under.
pub(crate) fn computed_under(setting: &Setting, state: &State, leader: usize) -> [Number; GUARDS] {
    let is_nested =
        |c: usize| setting.roles[c].parent == Some(leader) && state.callers[c].computes();
    let mut under = [0; GUARDS];
    for c in (0..setting.roles.len()).filter(|c| *c == leader || is_nested(*c)) {
        for (under, got) in under.iter_mut().zip(state.callers[c].got) {
            *under = if *under == 0 { got } else { *under };
        }
    }
    under
}

impl Run<'_> {
    /// Reads the lease, or some of the generations, of the flight that this caller came after.
    pub(crate) fn standing(&mut self, c: usize, set: Set) {
        let (key, leader) = (self.key_of(c), usize::from(self.s.callers[c].follows) - 1);
        if self.s.callers[c].at == At::Waits {
            let under = computed_under(self.setting, &self.s, leader);
            let todo = self.setting.asks_standing(&under);
            let sealed = self.origins(c);
            let caller = &mut self.s.callers[c];
            caller.at = At::Verifies;
            caller.todo = todo;
            caller.sealed = sealed;
            caller.got[..GUARDS].copy_from_slice(&under);
        }
        let caller = &self.s.callers[c];
        let redis = &self.s.redis;
        let lease = set & ENTRY == 0 || redis.lease[key] == caller.follows;
        let stands = lease && cells(set).all(|cell| redis.generation[cell] == caller.got[cell]);
        self.s.callers[c].todo &= !set;
        if !stands {
            self.marks.note(Mark::NoLongerStands);
            self.s.callers[c].got = Default::default();
            self.send_begin(c);
        } else if self.s.callers[c].todo == 0 {
            self.stands(c, leader);
        }
    }

    /// All that the flight computes with stood after this call had begun.
    fn stands(&mut self, c: usize, leader: usize) {
        if self.s.callers[leader].leads {
            self.s.callers[c].at = At::Shares;
            self.s.callers[c].seen = Default::default();
        } else {
            self.start_reading(c);
        }
    }

    /// Whether a flight's value depends on nothing besides what this caller has seen standing.
    pub(crate) fn covers(
        &self,
        c: usize,
        leader: usize,
        stamps: &[Number; GUARDS],
        sealed: [u8; 2],
    ) -> bool {
        let breaks = |mutation| self.setting.breaks(mutation);
        let (caller, late) = (&self.s.callers[c], self.s.callers[leader].vouched);
        let alike = |cell: usize| stamps[cell] == 0 || stamps[cell] == caller.got[cell];
        let besides =
            breaks(Mutation::SharesWhatDependsOnMore) || (!late && (0..GUARDS).all(alike));
        let key = self.key_of(c);
        let of = |origins| self.setting.origin(key, origins);
        let server = breaks(Mutation::SharesAcrossServers) || of(sealed) == of(caller.sealed);
        let declared = breaks(Mutation::SharesWithoutDeclaredTag) || self.declares_for(c, leader);
        besides && server && declared && self.suits(c, leader)
    }

    /// The lease could be taken over: newcomers find this flight, and who waited for the other looks again.
    pub(crate) fn take_the_place(&mut self, c: usize) {
        self.marks.note(Mark::TookThePlace);
        let (process, key) = (self.setting.roles[c].process, self.key_of(c));
        while let Some(replaced) = self.flight(process, key) {
            self.s.callers[replaced].leads = false;
            self.forget_flight(replaced);
            for follower in 0..self.setting.roles.len() {
                let waits = !matches!(self.s.callers[follower].at, At::Joined);
                if waits && self.follows(follower, replaced) {
                    self.start_reading(follower);
                }
            }
        }
        self.s.callers[c].follows = 0;
        self.s.callers[c].leads = true;
    }

    /// Somebody else was faster.
    pub(crate) fn let_others_go_first(&mut self, c: usize) {
        let leader = usize::from(self.s.callers[c].follows) - 1;
        if self.s.callers[leader].leads {
            self.s.callers[c].at = At::WaitsForItsEnd;
            self.s.callers[c].got = Default::default();
            self.s.callers[c].seen = Default::default();
            self.s.callers[c].sealed = [0; 2];
        } else {
            self.start_reading(c);
        }
    }
}

impl Setting {
    /// What to read of a flight: its lease, and its generations.
    pub(crate) fn asks_standing(&self, under: &[Number; GUARDS]) -> Set {
        let generations = (0..GUARDS)
            .filter(|cell| under[*cell] != 0)
            .fold(0, |set, cell| set | bit(cell));
        match self.mutation {
            Some(Mutation::StandsByItsLeaseAlone) => ENTRY,
            Some(Mutation::StandsByItsStampsAlone) => generations,
            _ => ENTRY | generations,
        }
    }
}
