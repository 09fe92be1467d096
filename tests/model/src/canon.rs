//! One state for all that differ only in the names of generations, and its hash.
//!
//! Numbers are random and compared for equality alone, so they are counted anew in the order in which they stand in
//! the state.

use crate::state::{ABSENT, At, Caller, Command, Entry, Number, Redis, State};
use std::hash::{Hash, Hasher};

/// Old number to new.
struct Names {
    new: [Number; 128],
    next: Number,
}

impl Names {
    fn rename(&mut self, number: &mut Number) {
        if *number == 0 || *number == ABSENT {
            return;
        }
        let slot = &mut self.new[usize::from(*number)];
        if *slot == 0 {
            self.next += 1;
            *slot = self.next;
        }
        *number = *slot;
    }

    fn entry(&mut self, entry: &mut Entry) {
        entry.stamps.iter_mut().for_each(|stamp| self.rename(stamp));
    }

    fn redis(&mut self, redis: &mut Redis) {
        redis
            .generation
            .iter_mut()
            .for_each(|number| self.rename(number));
        redis.entry.iter_mut().for_each(|entry| self.entry(entry));
    }

    fn caller(&mut self, caller: &mut Caller) {
        self.entry(&mut caller.seen);
        self.entry(&mut caller.last);
        let known = caller.known.iter_mut();
        let numbers = caller.got.iter_mut().chain(known);
        numbers.for_each(|number| self.rename(number));
    }

    fn command(&mut self, command: &mut Command) {
        match command {
            Command::Acquire { seen: entry, .. }
            | Command::Fill { entry, .. }
            | Command::Set { entry, .. } => self.entry(entry),
            Command::Copy {
                captured, entry, ..
            } => {
                self.rename(captured);
                self.entry(entry);
            }
            Command::Capture { number, .. } => self.rename(number),
            Command::Commit {
                captured,
                fresh,
                entry,
                ..
            } => {
                self.rename(captured);
                self.rename(fresh);
                self.entry(entry);
            }
            Command::Release { .. } | Command::Delete(_) => {}
        }
    }
}

impl State {
    pub(crate) fn canonical(mut self) -> Self {
        let mut names = Names {
            new: [0; 128],
            next: 0,
        };
        names.redis(&mut self.redis);
        names.redis(&mut self.copy);
        self.callers
            .iter_mut()
            .for_each(|caller| names.caller(caller));
        self.late
            .iter_mut()
            .flatten()
            .for_each(|command| names.command(command));
        let marked = self.moving.marked.iter_mut().flatten();
        marked.for_each(|number| names.rename(number));
        self.numbers = names.next;
        self
    }
}

/// The state in one run of bytes, since hashing field by field takes longer than the step that made the state.
struct Bytes {
    bytes: [u8; 512],
    length: usize,
}

impl Bytes {
    fn put(&mut self, bytes: &[u8]) {
        self.bytes[self.length..self.length + bytes.len()].copy_from_slice(bytes);
        self.length += bytes.len();
    }

    fn entry(&mut self, entry: &Entry) {
        self.put(&entry.sealed);
        self.put(&entry.data);
        self.put(&entry.stamps);
    }

    fn redis(&mut self, redis: &Redis) {
        redis.entry.iter().for_each(|entry| self.entry(entry));
        self.put(&redis.lease);
        self.put(&redis.generation);
    }

    fn caller(&mut self, caller: &Caller) {
        self.put(&[caller.at as u8]);
        if matches!(caller.at, At::Idle | At::Done | At::Gone) {
            return;
        }
        let flags = u8::from(caller.leads)
            | u8::from(caller.unstored) << 1
            | u8::from(caller.vouched) << 2
            | caller.waits << 3
            | u8::from(caller.failed) << 5
            | u8::from(caller.replaces) << 6
            | u8::from(caller.can_fall_back()) << 7;
        self.put(&[
            flags,
            caller.may_join,
            caller.lease as u8,
            caller.follows,
            caller.todo,
        ]);
        self.put(&caller.need);
        self.entry(&caller.seen);
        if caller.can_fall_back() {
            self.entry(&caller.last);
        }
        self.put(&caller.got);
        self.put(&caller.known);
        self.put(&caller.sealed);
        self.put(&caller.data);
    }

    fn command(&mut self, command: Option<&Command>) {
        let small = |place: usize| place as u8;
        match command {
            None => self.put(&[0]),
            Some(Command::Acquire {
                key,
                token,
                seen,
                intent,
            }) => {
                let must_compute = u8::from(intent.must_compute);
                self.put(&[1, small(*key), *token, intent.supersedes, must_compute]);
                self.entry(seen);
            }
            Some(Command::Capture { cell, number }) => self.put(&[2, small(*cell), *number]),
            Some(Command::Fill { key, token, entry }) => {
                self.put(&[3, small(*key), *token]);
                self.entry(entry);
            }
            Some(Command::Release { key, token, rests }) => {
                self.put(&[4, small(*key), *token, u8::from(*rests)]);
            }
            Some(Command::Delete(set)) => self.put(&[5, *set]),
            Some(Command::Commit {
                key,
                captured,
                fresh,
                entry,
            }) => {
                self.put(&[6, small(*key), *captured, *fresh]);
                self.entry(entry);
            }
            Some(Command::Set { key, entry }) => {
                self.put(&[7, small(*key)]);
                self.entry(entry);
            }
            Some(Command::Copy {
                key,
                captured,
                entry,
            }) => {
                self.put(&[8, small(*key), *captured]);
                self.entry(entry);
            }
        }
    }
}

impl Hash for State {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        let mut bytes = Bytes {
            bytes: [0; 512],
            length: 0,
        };
        bytes.redis(&self.redis);
        bytes.redis(&self.copy);
        bytes.put(&self.replication);
        bytes.put(&self.moving.bytes());
        if self.moving.has_moved() {
            bytes.put(self.moving.marked.as_flattened());
        }
        bytes.put(&self.database);
        bytes.put(&self.floor);
        for process in &self.processes {
            bytes.put(&[u8::from(process.crashed), process.pending, process.apart]);
            bytes.put(&process.connected);
            bytes.put(&process.floor);
            bytes.put(&process.remembered);
        }
        self.callers.iter().for_each(|caller| bytes.caller(caller));
        self.late
            .iter()
            .for_each(|late| bytes.command(late.as_ref()));
        bytes.put(&self.budget.bytes());
        bytes.put(&self.computed);
        bytes.put(&[self.verdict as u8]);
        hasher.write(&bytes.bytes[..bytes.length]);
    }
}
