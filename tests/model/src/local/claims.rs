//! What is promised, and whether it is kept.

use super::mark::Mark;
use super::run::Run;
use super::setting::Setting;
use super::state::{BOUND, Promise, Verdict, Version};

pub(crate) const STRICT: &str = "no strict read is stale";
pub(crate) const BOUNDED: &str = "no hit is older than the bound";
pub(crate) const OWN: &str = "nobody is served what their own process has invalidated";
pub(crate) const NO_WASTE: &str = "no valid entry is computed anew";

impl Promise {
    pub(crate) fn acknowledge(&mut self, version: Version) {
        self.strict = self.strict.max(version);
        if version > self.bounded {
            self.recent[0] = self.recent[0].max(version);
        }
    }

    pub(crate) fn tick(&mut self) {
        self.bounded = self.bounded.max(self.recent[BOUND - 1]);
        self.recent.rotate_right(1);
        self.recent[0] = 0;
        for recent in &mut self.recent {
            if *recent <= self.bounded {
                *recent = 0;
            }
        }
    }

    /// What a hit in the process owes now.
    fn owes(&self, setting: &Setting) -> Version {
        if setting.tighter {
            self.bounded.max(self.recent[BOUND - 1])
        } else {
            self.bounded
        }
    }
}

impl Run<'_> {
    /// Looks at what a strict read, and what a hit in the process, would return now.
    pub(crate) fn judge(&mut self) {
        let (server, promise) = (&self.s.server, &self.s.promise);
        for key in 0..2 {
            let entry = server.entry[key];
            if server.is_valid(entry) && entry.value < promise.strict {
                self.s.verdict = Verdict::Stale;
            }
            let served = self.s.served(self.setting, key);
            if served == 0 {
                continue;
            }
            if served < promise.own {
                self.s.verdict = Verdict::OwnUnread;
            } else if served < promise.owes(self.setting) {
                self.s.verdict = Verdict::PastTheBound;
            } else if served < promise.strict {
                self.note(Mark::ServedWithinTheBound);
            }
        }
    }

    /// A strict read returns this.
    pub(crate) fn returned(&mut self, c: usize) {
        let caller = &self.s.callers[c];
        if caller.entry.value < caller.need {
            self.s.verdict = Verdict::Stale;
        }
    }

    /// A read of the entry alone, confirmed by numbers, returns this.
    pub(crate) fn confirmed(&mut self, c: usize) {
        let (caller, promise) = (self.s.callers[c], self.s.promise);
        self.note(Mark::Confirmed);
        if caller.entry.value < caller.own {
            self.s.verdict = Verdict::OwnUnread;
        } else if caller.entry.value < promise.owes(self.setting) {
            self.s.verdict = Verdict::PastTheBound;
        } else if caller.entry.value < promise.strict {
            self.note(Mark::ConfirmedWithinTheBound);
        }
    }
}
