//! What Redis does with each command. The names are those of the scripts.

use crate::mutation::Mutation;
use crate::setting::Setting;
use crate::state::{
    Command, Entry, Intent, KG0, KG1, Lease, Number, REST, Redis, Set, bit, cells, key_generation,
};

impl Redis {
    /// Whatever the command, for one whose reply nobody hears.
    pub(crate) fn execute(&mut self, command: Command, setting: &Setting) {
        match command {
            Command::Acquire {
                key,
                token,
                seen,
                intent,
            } => {
                self.acquire(key, token, seen, intent, setting);
            }
            Command::Capture { cell, number } => _ = self.capture(cell, number),
            Command::Fill { key, token, entry } => _ = self.fill(key, token, entry, setting),
            Command::Release { key, token, rests } => self.release(key, token, rests, setting),
            Command::Delete(set) => self.delete(set, setting),
            Command::Commit {
                key,
                captured,
                fresh,
                entry,
            } => _ = self.commit(key, captured, fresh, entry, setting),
            Command::Set { key, entry } => self.set(key, entry),
            Command::Copy {
                key,
                captured,
                entry,
            } => _ = self.copy(key, captured, entry, setting),
        }
    }

    /// The lease that is superseded can be taken over; and a rest, by who has nothing else to answer with.
    pub(crate) fn acquire(
        &mut self,
        key: usize,
        token: u8,
        seen: Entry,
        intent: Intent,
        setting: &Setting,
    ) -> Lease {
        let holder = self.lease[key];
        let rests = intent.must_compute && holder & REST != 0;
        let passes = rests || setting.breaks(Mutation::PassesOverHeldLeases);
        if holder != 0 && holder != intent.supersedes && !passes {
            return if holder & REST == 0 {
                Lease::Busy
            } else {
                Lease::Resting
            };
        }
        if self.entry[key] != seen && !setting.breaks(Mutation::AcquiresWhateverTheEntry) {
            return Lease::Changed;
        }
        self.lease[key] = token;
        Lease::Ok
    }

    pub(crate) fn capture(&mut self, cell: usize, number: Number) -> Number {
        if self.generation[cell] == 0 {
            self.generation[cell] = number;
        }
        self.generation[cell]
    }

    pub(crate) fn fill(&mut self, key: usize, token: u8, entry: Entry, setting: &Setting) -> bool {
        let holder = self.lease[key];
        let rests = holder & REST != 0 && setting.breaks(Mutation::FillsOverRests);
        let mine = holder == token || rests;
        let renews = setting.renews(usize::from(token) - 1);
        let unfenced = setting.breaks(Mutation::FillsWithoutLease)
            || (renews && setting.breaks(Mutation::RenewalFillsWithoutLease));
        if mine || unfenced {
            self.entry[key] = entry;
        }
        if mine {
            self.lease[key] = 0;
        }
        mine
    }

    /// Stores if the key's generation is still the one captured.
    pub(crate) fn copy(
        &mut self,
        key: usize,
        captured: Number,
        entry: Entry,
        on: &Setting,
    ) -> bool {
        let stands = self.generation[key_generation(key)] == captured;
        if stands || on.breaks(Mutation::CopiesWithoutComparing) {
            self.entry[key] = entry;
        }
        stands
    }

    /// A rest holds the token with a mark, so that it is neither filled under nor renewed nor released.
    pub(crate) fn release(&mut self, key: usize, token: u8, rests: bool, on: &Setting) {
        if self.lease[key] != token {
            return;
        }
        self.lease[key] = match rests {
            true if on.breaks(Mutation::RestKeepsTheBareToken) => token,
            true => token | REST,
            false => 0,
        };
    }

    /// Ends generations; that of a key ends in one command with its entry and its lease.
    pub(crate) fn delete(&mut self, set: Set, setting: &Setting) {
        let keeps = setting.breaks(Mutation::DeleteKeepsTheKeyGeneration);
        for cell in cells(set).filter(|cell| !keeps || !matches!(*cell, KG0 | KG1)) {
            self.generation[cell] = 0;
        }
        for key in (0..2).filter(|key| set & bit(key_generation(*key)) != 0) {
            self.lease[key] = 0;
            if !setting.breaks(Mutation::DeletesEntryBeforeLease) {
                self.entry[key] = Entry::default();
            }
        }
    }

    /// Stores if the key's generation is still the one captured, and replaces it by `fresh` (0: deletes it).
    pub(crate) fn commit(
        &mut self,
        key: usize,
        captured: Number,
        fresh: Number,
        entry: Entry,
        on: &Setting,
    ) -> bool {
        let generation = key_generation(key);
        if self.generation[generation] != captured && !on.breaks(Mutation::CommitsWithoutComparing)
        {
            self.delete(bit(generation), on);
            return false;
        }
        self.entry[key] = entry;
        if !on.breaks(Mutation::CommitKeepsTheLease) {
            self.lease[key] = 0;
        }
        if !on.breaks(Mutation::CommitKeepsTheKeyGeneration) {
            self.generation[generation] = fresh;
        }
        true
    }

    pub(crate) fn set(&mut self, key: usize, entry: Entry) {
        self.entry[key] = entry;
        self.lease[key] = 0;
        self.generation[key_generation(key)] = 0;
    }
}
