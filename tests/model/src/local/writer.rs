//! Invalidations of the process's own; and what other processes do.

use super::mark::Mark;
use super::message::{Outcome, Request};
use super::mutation::Mutation;
use super::run::Run;
use super::setting::Role;
use super::state::{At, Entry, Server, bit};

impl Run<'_> {
    /// Writes the datum.
    pub(crate) fn write(&mut self, c: usize) {
        self.s.database += 1;
        self.s.callers[c].entry.value = self.s.database;
        self.go_on(c, At::End);
    }

    /// An own invalidation was acknowledged. What was read before may have been read before the deletion.
    pub(crate) fn ended(&mut self, c: usize) {
        if !self.setting.breaks(Mutation::EndsBeforeTheAcknowledgement) {
            self.s.end(self.setting.ends(c));
        }
        let version = self.s.callers[c].entry.value;
        self.s.promise.own = self.s.promise.own.max(version);
        self.s.promise.acknowledge(version);
        self.done(c);
    }

    /// It was not, or there is no link.
    pub(crate) fn defer(&mut self, c: usize) {
        let names = self.setting.ends(c);
        if self.setting.breaks(Mutation::EndsBeforeItIsPending) {
            self.s.end(names);
            return self.go_on(c, At::Defer);
        }
        self.s.mirror.pending |= names;
        self.s.end(names);
        self.deferred(c);
    }

    /// Returns: the promise binds this process.
    pub(crate) fn deferred(&mut self, c: usize) {
        self.s.mirror.pending |= self.setting.ends(c);
        let (version, promise) = (self.s.callers[c].entry.value, &mut self.s.promise);
        promise.own = promise.own.max(version);
        promise.deferred = promise.deferred.max(version);
        self.done(c);
    }

    /// Sends what is pending over every connection, so that it comes after what was given up on any of them.
    pub(crate) fn deliver(&mut self) {
        let names = self.s.mirror.pending;
        self.s.mirror.delivery = names;
        for line in 0..self.setting.lines {
            self.s.connections[line].up.push(Request::Deliver(names));
            self.s.mirror.delivering |= bit(line);
        }
    }

    /// Once all is delivered, the promise binds everybody.
    pub(crate) fn delivered(&mut self, connection: usize) {
        let mirror = &mut self.s.mirror;
        mirror.delivering &= !bit(connection);
        if mirror.delivering != 0 {
            return;
        }
        let names = std::mem::take(&mut mirror.delivery);
        mirror.pending &= !names;
        if mirror.pending == 0 {
            self.note(Mark::Delivered);
            let version = std::mem::take(&mut self.s.promise.deferred);
            self.s.promise.acknowledge(version);
        }
    }

    /// The next step of another process: its commands reach the server, and their replies the process, at once.
    pub(crate) fn elsewhere(&mut self, c: usize) {
        match (self.setting.roles[c], self.s.callers[c].at) {
            (Role::EndsElsewhere(_), At::Idle) => self.write(c),
            (Role::EndsElsewhere(names), _) => {
                self.delete(None, names);
                let version = self.s.callers[c].entry.value;
                self.s.promise.acknowledge(version);
                self.done(c);
            }
            (_, At::Idle) => {
                let (outcome, _) = self.acquire(None, c, false, false);
                if outcome != Outcome::Acquired {
                    return;
                }
                let stamps = Server::only(self.s.server.generation, self.setting.tag());
                self.s.callers[c].entry = Entry { value: 0, stamps };
                self.go_on(c, At::Compute);
            }
            _ => {
                self.fill(None, c, self.s.callers[c].entry);
                self.done(c);
            }
        }
    }
}
