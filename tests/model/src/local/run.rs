//! One step under way: which function does what.

use super::mark::Mark;
use super::message::Reply;
use super::mutation::Mutation;
use super::setting::Setting;
use super::state::{At, BOUND, State};
use super::step::Step;
use crate::mark::Marks;

pub(crate) struct Run<'a> {
    pub(crate) setting: &'a Setting,
    pub(crate) marks: &'a Marks,
    pub(crate) s: State,
}

impl Run<'_> {
    pub(crate) fn take(&mut self, step: Step) {
        match step {
            Step::Tick => self.tick(),
            Step::Send(c, connection) => self.send(c, connection),
            Step::Execute(connection) => self.execute(connection, false),
            Step::ExecuteExtending(connection) => self.execute(connection, true),
            Step::Receive(connection) => self.receive(connection),
            Step::ReceiveAside => {
                if let Some(reply) = self.s.mirror.aside.pop() {
                    self.handle_aside(reply);
                }
            }
            Step::Compute(c) => self.compute(c),
            Step::Write(c) => self.write(c),
            Step::LookAgain(c) => self.go_on(c, At::Read),
            Step::TakeKept(c) => self.s.callers[c].entry.value = self.s.mirror.kept[0].value,
            Step::Keep(c) => {
                self.s.callers[c].current = self.setting.hangs_on(c);
                self.keep(c, self.setting.hangs_on(c));
                self.done(c);
            }
            Step::Defer(c) => self.deferred(c),
            Step::GiveUp(c) => self.give_up(c),
            Step::Elsewhere(c) => self.elsewhere(c),
            Step::Beat => self.send_beat(),
            Step::BeatOfAnother => self.s.mirror.fresh = BOUND as u8,
            Step::Deliver => self.deliver(),
            Step::Break(line) => self.break_connection(line),
            Step::Lose => self.lose(),
            Step::Connect => self.connect(),
            Step::Evict(name) => {
                self.s.budget.evictions -= 1;
                self.s.server.remove(name);
                self.changed(None, name);
            }
            Step::Overflow(name) => {
                self.s.budget.overflows -= 1;
                self.changed(None, name);
            }
            Step::Flush => self.flush(),
            Step::Expire(key) => {
                self.s.budget.expiries -= 1;
                self.s.server.lease[key] = 0;
            }
            Step::Crash => self.crash(),
        }
        self.judge();
    }

    fn receive(&mut self, connection: usize) {
        let Some(reply) = self.s.connections[connection].down.pop() else {
            return;
        };
        let behind_a_channel = match reply {
            Reply::Push(_) => {
                self.setting.breaks(Mutation::BeatsOvertakePushes)
                    || self.setting.breaks(Mutation::PushesBehindAChannel)
            }
            Reply::Beat { .. } => self.setting.breaks(Mutation::PushesBehindAChannel),
            _ => false,
        };
        let reply = match reply {
            Reply::Beat { .. } => Reply::Beat {
                line: connection as u8,
            },
            other => other,
        };
        if behind_a_channel {
            self.s.mirror.aside.push(reply);
            return;
        }
        match reply {
            Reply::Read {
                caller,
                entry,
                numbers,
            } => self.answered(caller, &[At::Read, At::ReadMore], |run, c| {
                run.read(c, entry, numbers);
            }),
            Reply::Begun {
                caller,
                outcome,
                numbers,
                wrote,
            } => self.answered(caller, &[At::Begin], |run, c| {
                run.begun(c, outcome, numbers, wrote);
            }),
            Reply::Nested {
                caller,
                entry,
                numbers,
                wrote,
            } => self.answered(caller, &[At::Nest], |run, c| {
                run.nested(c, entry, numbers, wrote);
            }),
            Reply::Done { caller } => {
                self.answered(caller, &[At::Fill], Self::filled);
                self.answered(caller, &[At::End], Self::ended);
            }
            Reply::Delivered => self.delivered(connection),
            other => self.handle_aside(other),
        }
    }

    fn handle_aside(&mut self, reply: Reply) {
        match reply {
            Reply::Push(names) => self.pushed(names),
            Reply::Beat { line } => self.beat(usize::from(line)),
            _ => {}
        }
    }

    /// A reply to a caller, unless that has given up.
    fn answered(&mut self, caller: u8, to: &[At], handle: impl FnOnce(&mut Self, usize)) {
        let c = usize::from(caller);
        let caller = &self.s.callers[c];
        if caller.waits && to.contains(&caller.at) {
            handle(self, c);
        }
    }

    fn give_up(&mut self, c: usize) {
        if self.is_answered_in_time(c) {
            self.s.budget.timeouts -= 1;
        }
        match self.s.callers[c].at {
            At::End => self.defer(c),
            _ => self.give_up_reading(c),
        }
    }

    pub(crate) fn note(&self, mark: Mark) {
        self.marks.note(mark);
    }
}
