//! What the process keeps, and until when: local generations, numbers, heartbeats.

use super::mark::Mark;
use super::mutation::Mutation;
use super::run::Run;
use super::setting::Setting;
use super::state::{ALL, BOUND, Kept, Link, Mirror, Number, Set, State, Version, bit, members};

impl State {
    /// What a hit in the process would return now; 0: there is none.
    pub(crate) fn served(&self, setting: &Setting, key: usize) -> Version {
        let heard = self.mirror.fresh > 0 || setting.breaks(Mutation::NoBound);
        if heard {
            self.mirror.kept[key].value
        } else {
            0
        }
    }

    /// Ends local generations: whatever hangs on them is invalid from here on.
    pub(crate) fn end(&mut self, names: Set) {
        for kept in &mut self.mirror.kept {
            if kept.names & names != 0 {
                *kept = Kept::default();
            }
        }
        for (at, known) in self.mirror.known.iter_mut().enumerate() {
            if names & bit(super::state::G + at) != 0 {
                *known = 0;
            }
        }
        self.end_of_reads(names);
    }

    pub(crate) fn end_of_reads(&mut self, names: Set) {
        for caller in &mut self.callers {
            caller.current &= !names;
        }
    }
}

impl Run<'_> {
    /// The server has said that these have changed.
    pub(crate) fn pushed(&mut self, names: Set) {
        let mut heard = names;
        if names == ALL {
            self.note(Mark::HeardOfAFlush);
            if self.setting.breaks(Mutation::IgnoresFlush) {
                return;
            }
        } else if self.setting.breaks(Mutation::IgnoresKeyGenerations) {
            heard &= !bit(super::state::KG);
        }
        self.s.end(heard);
    }

    /// Keeps what was read. If anything has changed meanwhile, it is invalid from the start.
    pub(crate) fn keep(&mut self, c: usize, names: Set) {
        let caller = self.s.callers[c];
        let key = self.setting.key_of(c);
        if names & !caller.current != 0 {
            self.note(Mark::InvalidFromTheStart);
            self.s.mirror.kept[key] = Kept::default();
            return;
        }
        self.note(Mark::Kept);
        self.s.mirror.kept[key] = Kept {
            value: caller.entry.value,
            names,
        };
    }

    /// Numbers that were read for a caller, of generations that it had captured.
    pub(crate) fn learn(&mut self, c: usize, numbers: [Number; 2]) {
        let caller = self.s.callers[c];
        let is_current = usize::from(caller.connection) < super::state::LINES;
        if !is_current && !self.setting.breaks(Mutation::LearnsFromALostLink) {
            return;
        }
        for name in members(caller.current).filter(|name| *name >= super::state::G) {
            let at = name - super::state::G;
            if numbers[at] != 0 {
                self.s.mirror.known[at] = numbers[at];
            }
        }
    }

    /// A connection has answered a heartbeat.
    pub(crate) fn beat(&mut self, connection: usize) {
        let mirror = &mut self.s.mirror;
        if mirror.beat.awaits & bit(connection) == 0 {
            return;
        }
        mirror.beat.awaits &= !bit(connection);
        if mirror.beat.awaits != 0 {
            return;
        }
        let age = std::mem::take(&mut mirror.beat).age;
        mirror.fresh = match self.setting.mutation {
            Some(Mutation::AgedFromTheAnswer) => BOUND as u8,
            Some(Mutation::OneTickMore) => BOUND as u8 + 1 - age,
            _ => BOUND as u8 - age,
        };
        mirror.link = Link::Up;
    }

    pub(crate) fn tick(&mut self) {
        let Mirror { fresh, beat, .. } = &mut self.s.mirror;
        *fresh = fresh.saturating_sub(1);
        if beat.awaits != 0 {
            beat.age = (beat.age + 1).min(BOUND as u8);
        }
        self.s.promise.tick();
    }
}
