//! Links: heartbeats, losses, new ones.

use super::mark::Mark;
use super::message::{Reply, Request};
use super::mutation::Mutation;
use super::run::Run;
use super::setting::Role;
use super::state::{
    ALL, At, Beat, CONNECTIONS, Caller, Connection, Kept, LINES, Link, Mirror, bit,
};

/// Of a caller whose connection is no more.
const NOWHERE: u8 = CONNECTIONS as u8;

impl Run<'_> {
    /// Asks every line.
    pub(crate) fn send_beat(&mut self) {
        let lines = if self.setting.breaks(Mutation::BeatsOnOneLine) {
            1
        } else {
            self.setting.lines
        };
        for line in 0..lines {
            self.s.connections[line].up.push(Request::Beat);
            self.s.mirror.beat.awaits |= bit(line);
        }
    }

    /// Nothing arrives any more.
    pub(crate) fn break_connection(&mut self, line: usize) {
        self.s.budget.breaks -= 1;
        let connection = &mut self.s.connections[line];
        connection.broken = true;
        connection.down = Default::default();
    }

    /// The process notices, or gives its link up: freshness is over, and so are all local generations.
    pub(crate) fn lose(&mut self) {
        if self.s.connections[..LINES].iter().all(|line| !line.broken) {
            self.s.budget.given_up -= 1;
        }
        self.note(Mark::Lost);
        self.set_aside();
        self.s.mirror = Mirror {
            kept: self.s.mirror.kept,
            known: self.s.mirror.known,
            pending: self.s.mirror.pending,
            ..Mirror::default()
        };
        match self.setting.mutation {
            Some(Mutation::LossEndsNothing) => {}
            Some(Mutation::LossLeavesReads) => {
                self.s.mirror.kept = [Kept::default(); 2];
                self.s.mirror.known = [0; 2];
            }
            _ => self.s.end(ALL),
        }
    }

    /// What is under way stays so for those who wait for it; nothing of it is tracked.
    fn set_aside(&mut self) {
        for line in 0..LINES {
            let mut old = std::mem::take(&mut self.s.connections[line]);
            old.tracks = false;
            old.up.retain(|request| *request != Request::Beat);
            old.down.retain(|reply| {
                !matches!(
                    reply,
                    Reply::Push(_) | Reply::Beat { .. } | Reply::Delivered
                )
            });
            self.s.connections[LINES + line] = old;
        }
        self.s.server.tracked = Default::default();
        for caller in &mut self.s.callers {
            let has_one = caller.waits || caller.at == At::ReadMore;
            caller.connection = match usize::from(caller.connection) {
                line if has_one && line < LINES => caller.connection + LINES as u8,
                _ if has_one => NOWHERE,
                _ => 0,
            };
        }
    }

    /// New connections, whose first heartbeat is sent.
    pub(crate) fn connect(&mut self) {
        self.note(Mark::Connected);
        let tracks = !self.setting.breaks(Mutation::DoesNotTrackAgain);
        for line in &mut self.s.connections[..self.setting.lines] {
            *line = Connection {
                tracks,
                ..Connection::default()
            };
        }
        self.s.mirror.link = Link::Connecting;
        self.s.mirror.beat = Beat::default();
        self.send_beat();
    }

    /// The process dies, and starts anew. What it has sent is executed all the same.
    pub(crate) fn crash(&mut self) {
        self.s.budget.crashes -= 1;
        self.set_aside();
        self.s.mirror = Mirror::default();
        self.s.promise.own = 0;
        self.s.promise.deferred = 0;
        for c in 0..self.setting.roles.len() {
            if !self.setting.is_elsewhere(c) && self.s.callers[c].at != At::Idle {
                self.gone(c);
            }
        }
    }

    pub(crate) fn go_on(&mut self, c: usize, at: At) {
        let caller = &mut self.s.callers[c];
        caller.at = at;
        caller.waits = false;
        if at != At::ReadMore {
            caller.connection = 0;
        }
    }

    /// Whoever reads calls again; a writer has done its work.
    pub(crate) fn done(&mut self, c: usize) {
        let again = matches!(
            self.setting.roles[c],
            Role::Reads | Role::Outer | Role::ReadsElsewhere
        );
        self.s.callers[c] = Caller {
            at: if again { At::Idle } else { At::Done },
            ..Caller::default()
        };
    }

    /// The same for who does not call again: what it has sent may still be executed, and answered.
    pub(crate) fn gone(&mut self, c: usize) {
        self.s.callers[c] = Caller {
            at: At::Done,
            ..Caller::default()
        };
    }
}
