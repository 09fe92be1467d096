//! What can happen next.

use super::message::Request;
use super::mutation::Mutation;
use super::run::Run;
use super::setting::{Role, Setting};
use super::state::{At, CONNECTIONS, K, LINES, Link, NAMES, O, State};
use super::step::Step;

pub(crate) struct Enabled<'a> {
    pub(crate) setting: &'a Setting,
    pub(crate) state: &'a State,
    pub(crate) out: &'a mut Vec<Step>,
}

impl Enabled<'_> {
    pub(crate) fn list(&mut self) {
        self.out.push(Step::Tick);
        for c in 0..self.setting.roles.len() {
            if self.setting.is_elsewhere(c) {
                self.elsewhere(c);
            } else {
                self.caller(c);
            }
        }
        (0..CONNECTIONS).for_each(|connection| self.connection(connection));
        self.link();
        self.faults();
    }

    fn add(&mut self, condition: bool, step: Step) {
        if condition {
            self.out.push(step);
        }
    }

    /// Of callers that are alike, the first one is first.
    fn may_start(&self, c: usize) -> bool {
        let alike = |other: &usize| self.setting.roles[*other] == self.setting.roles[c];
        let before = (0..c).rev().find(alike);
        before.is_none_or(|before| self.state.callers[before].at != At::Idle)
    }

    fn caller(&mut self, c: usize) {
        let (state, role) = (self.state, self.setting.roles[c]);
        let caller = &state.callers[c];
        let writes = matches!(role, Role::Ends(_));
        let is_up = state.mirror.link == Link::Up;
        if caller.waits {
            let late = state.budget.timeouts > 0 || !state.is_answered_in_time(c);
            self.add(late, Step::GiveUp(c));
            return;
        }
        match caller.at {
            At::Idle if !self.may_start(c) => {}
            At::Idle if writes => self.out.push(Step::Write(c)),
            At::Idle | At::Read | At::Begin | At::Nest | At::Fill => {
                self.send(c, is_up && state.mirror.pending == 0, 0);
            }
            At::ReadMore => {
                let link = usize::from(caller.connection) / LINES;
                let is_clear = state.mirror.pending == 0
                    || self.setting.breaks(Mutation::ReadsMoreWhilePending);
                self.send(c, link < 2 && is_clear, link * LINES);
            }
            At::End => {
                self.send(c, is_up, 0);
                self.add(!is_up, Step::GiveUp(c));
            }
            At::Busy => self.add(
                state.server.lease[self.setting.key_of(c)] == 0,
                Step::LookAgain(c),
            ),
            At::Compute => self.out.push(Step::Compute(c)),
            At::Keep => self.out.push(Step::Keep(c)),
            At::Defer => self.out.push(Step::Defer(c)),
            At::Done => {}
        }
        let takes = caller.at == At::Nest && caller.entry.value == 0;
        let kept = self.setting.breaks(Mutation::NestedReadsWhatIsKept)
            && state.served(self.setting, K) != 0;
        self.add(takes && kept, Step::TakeKept(c));
    }

    fn send(&mut self, c: usize, condition: bool, link: usize) {
        for line in 0..self.setting.lines {
            self.add(condition, Step::Send(c, link + line));
        }
    }

    fn elsewhere(&mut self, c: usize) {
        let (state, caller) = (self.state, &self.state.callers[c]);
        match caller.at {
            At::Idle if !self.may_start(c) => {}
            At::Compute => self.out.push(Step::Compute(c)),
            At::Idle if self.setting.roles[c] == Role::ReadsElsewhere => {
                let (entry, lease) = (state.server.entry[K], state.server.lease[K]);
                self.add(
                    lease == 0 && !state.server.is_valid(entry),
                    Step::Elsewhere(c),
                );
            }
            At::Done => {}
            _ => self.out.push(Step::Elsewhere(c)),
        }
    }

    fn connection(&mut self, at: usize) {
        let (state, connection) = (self.state, &self.state.connections[at]);
        if let Some(request) = connection.up.first() {
            self.out.push(Step::Execute(at));
            let is_capture = matches!(request, Request::Begin { .. });
            let extends = is_capture && state.budget.extensions > 0 && self.setting.has_tag;
            self.add(
                extends && state.server.generation[0] != 0,
                Step::ExecuteExtending(at),
            );
        }
        self.add(connection.down.first().is_some(), Step::Receive(at));
    }

    fn link(&mut self) {
        let mirror = &self.state.mirror;
        self.add(mirror.aside.first().is_some(), Step::ReceiveAside);
        self.add(
            mirror.link == Link::Up && mirror.beat.awaits == 0,
            Step::Beat,
        );
        let counts_others = self.setting.breaks(Mutation::CountsBeatsOfOtherLinks);
        self.add(counts_others, Step::BeatOfAnother);
        self.add(mirror.link == Link::Down, Step::Connect);
        let delivers = mirror.link == Link::Up && mirror.pending != 0 && mirror.delivering == 0;
        self.add(delivers, Step::Deliver);
        let broken = self.state.connections[..LINES]
            .iter()
            .any(|line| line.broken);
        let lost = broken || self.state.budget.given_up > 0;
        self.add(mirror.link != Link::Down && lost, Step::Lose);
    }

    fn faults(&mut self) {
        let (state, budget) = (self.state, &self.state.budget);
        for line in 0..self.setting.lines {
            let breaks = state.mirror.link != Link::Down && !state.connections[line].broken;
            self.add(budget.breaks > 0 && breaks, Step::Break(line));
        }
        for name in 0..NAMES {
            self.add(
                budget.evictions > 0 && state.server.has(name),
                Step::Evict(name),
            );
            let tracked = state.server.tracked[name] != 0;
            self.add(budget.overflows > 0 && tracked, Step::Overflow(name));
        }
        for key in [K, O] {
            let leased = state.server.lease[key] != 0;
            self.add(budget.expiries > 0 && leased, Step::Expire(key));
        }
        self.add(budget.flushes > 0, Step::Flush);
        self.add(budget.crashes > 0, Step::Crash);
    }
}

impl State {
    /// Whether a caller's reply will come, sooner or later, on a connection that the process listens to.
    fn is_answered_in_time(&self, c: usize) -> bool {
        let connection = usize::from(self.callers[c].connection);
        connection < LINES && !self.connections[connection].broken
    }
}

impl Run<'_> {
    pub(crate) fn is_answered_in_time(&self, c: usize) -> bool {
        self.s.callers[c].waits && self.s.is_answered_in_time(c)
    }
}
