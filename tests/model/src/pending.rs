//! Undelivered invalidations, and connections: `deliver`, `connect`.

use crate::mark::Mark;
use crate::run::Run;
use crate::state::{At, Caller, Set};

impl Run<'_> {
    /// No reply: the deletions join the pending set, and the promise binds this process alone.
    pub(crate) fn defer(&mut self, c: usize) {
        self.marks.note(Mark::Deferred);
        let targets = self.targets(c);
        let promise = self.datum(c).map(|datum| (datum, self.promised(c, datum)));
        let process = &mut self.s.processes[self.setting.roles[c].process];
        process.pending |= targets;
        if let Some((datum, version)) = promise {
            process.floor[datum] = process.floor[datum].max(version);
        }
        self.s.callers[c] = Caller {
            at: At::Done,
            ..Caller::default()
        };
    }

    /// Once all is delivered, the promise binds everybody.
    pub(crate) fn deliver(&mut self, p: usize, set: Set) {
        if !self.delete_pending(p, set) {
            return;
        }
        let process = &mut self.s.processes[p];
        process.pending &= !set;
        if process.pending != 0 {
            return;
        }
        self.marks.note(Mark::Delivered);
        for datum in 0..2 {
            self.s.floor[datum] = self.s.floor[datum].max(process.floor[datum]);
        }
        process.floor = [0; 2];
    }

    /// Reads the replication ids. What is pending is delivered before anything is served.
    pub(crate) fn connect(&mut self, p: usize) {
        self.marks.note(Mark::Connected);
        self.s.processes[p].connected = self.s.replication;
    }
}
