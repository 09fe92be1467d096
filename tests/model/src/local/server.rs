//! The server executes what a connection has sent, and tells others of what changes.

use super::mark::Mark;
use super::message::{Outcome, Reply, Request};
use super::mutation::Mutation;
use super::run::Run;
use super::setting::Role;
use super::state::{ALL, Entry, G, K, KG, NAMES, Number, Server, Set, Verdict, bit, members};

impl Run<'_> {
    /// Executes a connection's next request. `extends`: if that is a `capture`, it extends the generation's life.
    pub(crate) fn execute(&mut self, connection: usize, extends: bool) {
        let Some(request) = self.s.connections[connection].up.pop() else {
            return;
        };
        let by = Some(connection);
        // Of what a connection has changed itself it hears after the reply, if it does.
        let mut own = 0;
        let reply = match request {
            Request::Nothing => return,
            Request::Read { caller, names } => self.answer(connection, caller, names),
            Request::Begin { caller, forces } => {
                let (outcome, wrote) = self.acquire(by, usize::from(caller), forces, extends);
                own |= wrote;
                let numbers = self.s.server.generation;
                Reply::Begun {
                    caller,
                    outcome,
                    numbers,
                    wrote,
                }
            }
            Request::Nest { caller } => {
                let wrote = self.capture(by, bit(KG) | self.setting.tag(), false);
                own |= wrote;
                let entry = self.s.server.entry[K];
                let is_valid = self.s.server.is_valid(entry);
                Reply::Nested {
                    caller,
                    entry: if is_valid { entry } else { Entry::default() },
                    numbers: self.s.server.generation,
                    wrote,
                }
            }
            Request::Fill { caller, entry } => {
                own |= self.fill(by, usize::from(caller), entry);
                Reply::Done { caller }
            }
            Request::Delete { caller, names } => {
                own |= self.delete(by, names);
                Reply::Done { caller }
            }
            Request::Deliver(names) => {
                own |= self.delete(by, names);
                Reply::Delivered
            }
            Request::Beat => Reply::Beat { line: 0 },
        };
        self.say(connection, reply);
        if self.setting.hears_itself {
            members(own).for_each(|name| self.say(connection, Reply::Push(bit(name))));
        }
    }

    fn answer(&mut self, connection: usize, caller: u8, names: Set) -> Reply {
        if self.s.connections[connection].tracks {
            for name in members(names) {
                self.s.server.tracked[name] |= bit(connection);
            }
        }
        let of = |name: usize| names & bit(name) != 0;
        let key = self.setting.key_of(usize::from(caller));
        let server = &self.s.server;
        let number = |name: usize| {
            if of(name) {
                server.generation[name - G]
            } else {
                0
            }
        };
        Reply::Read {
            caller,
            entry: if of(key) {
                server.entry[key]
            } else {
                Entry::default()
            },
            numbers: [number(G), number(KG)],
        }
    }

    /// Takes the lease, and captures; unless the entry is valid, or another has the lease.
    pub(crate) fn acquire(
        &mut self,
        by: Option<usize>,
        caller: usize,
        forces: bool,
        extends: bool,
    ) -> (Outcome, Set) {
        let key = self.setting.key_of(caller);
        let wrote = self.capture(by, self.setting.tag(), extends);
        let server = &self.s.server;
        let is_valid = server.is_valid(server.entry[key]);
        if server.lease[key] != 0 {
            self.note(Mark::Busy);
            return (Outcome::Busy, wrote);
        }
        if is_valid && !forces {
            self.note(Mark::Changed);
            return (Outcome::Changed, wrote);
        }
        if is_valid && self.setting.roles[caller] != Role::Refresh {
            self.s.verdict = Verdict::Wasteful;
        }
        self.s.server.lease[key] = caller as u8 + 1;
        (Outcome::Acquired, wrote)
    }

    /// Returns what it has written.
    fn capture(&mut self, by: Option<usize>, names: Set, extends: bool) -> Set {
        let mut wrote = 0;
        for name in members(names) {
            if !self.s.server.has(name) {
                self.s.server.generation[name - G] = self.s.draw();
            } else if extends {
                self.s.budget.extensions -= 1;
                self.note(Mark::Extended);
            } else {
                continue;
            }
            wrote |= bit(name);
            self.changed(by, name);
        }
        wrote
    }

    pub(crate) fn fill(&mut self, by: Option<usize>, caller: usize, entry: Entry) -> Set {
        let key = self.setting.key_of(caller);
        if usize::from(self.s.server.lease[key]) != caller + 1 {
            self.note(Mark::Fenced);
            return 0;
        }
        self.note(Mark::Filled);
        self.s.server.lease[key] = 0;
        self.s.server.entry[key] = entry;
        self.changed(by, key);
        bit(key)
    }

    /// An entry's deletion deletes its lease, too.
    pub(crate) fn delete(&mut self, by: Option<usize>, names: Set) -> Set {
        let mut deleted = 0;
        for name in members(names) {
            if name < G {
                self.s.server.lease[name] = 0;
            }
            if self.s.server.has(name) {
                self.s.server.remove(name);
                self.changed(by, name);
                deleted |= bit(name);
            }
        }
        deleted
    }

    /// Tells everybody who has read it, except who has changed it; and forgets them all.
    pub(crate) fn changed(&mut self, by: Option<usize>, name: usize) {
        let told = std::mem::take(&mut self.s.server.tracked[name]);
        for connection in members(told).filter(|connection| Some(*connection) != by) {
            self.say(connection, Reply::Push(bit(name)));
        }
    }

    pub(crate) fn flush(&mut self) {
        self.s.budget.flushes -= 1;
        self.s.server = Server::default();
        for connection in 0..super::state::CONNECTIONS {
            if self.s.connections[connection].tracks {
                self.say(connection, Reply::Push(ALL));
            }
        }
    }

    fn say(&mut self, connection: usize, reply: Reply) {
        if self.s.connections[connection].broken {
            return;
        }
        let line = connection as u8;
        match (reply, self.setting.mutation) {
            (Reply::Beat { .. }, Some(Mutation::PushesAndBeatsElsewhere)) => {
                self.s.mirror.aside.push(Reply::Beat { line });
            }
            (
                Reply::Push(_),
                Some(Mutation::PushesElsewhere | Mutation::PushesAndBeatsElsewhere),
            ) => self.s.mirror.aside.push(reply),
            _ => self.s.connections[connection].down.push(reply),
        }
    }
}

impl Server {
    pub(crate) fn remove(&mut self, name: usize) {
        debug_assert!(name < NAMES);
        match name {
            G | KG => self.generation[name - G] = 0,
            _ => self.entry[name] = Entry::default(),
        }
    }

    /// The numbers of the names in `names`.
    pub(crate) fn only(numbers: [Number; 2], names: Set) -> [Number; 2] {
        let number = |name: usize| {
            if names & bit(name) != 0 {
                numbers[name - G]
            } else {
                0
            }
        };
        [number(G), number(KG)]
    }
}
