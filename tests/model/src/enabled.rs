//! What can happen next.

use crate::behind::computed_under;
use crate::mutation::Mutation;
use crate::names::Names;
use crate::setting::{Op, Setting};
use crate::state::{ANY, At, ENTRY, Lease, REST, Set, State, VOUCH, bit, cells, key_generation};
use crate::step::{Ask, Step};

pub(crate) struct Enabled<'a> {
    pub(crate) setting: &'a Setting,
    pub(crate) state: &'a State,
    pub(crate) out: &'a mut Vec<Step>,
}

impl Enabled<'_> {
    pub(crate) fn list(&mut self) {
        for caller in 0..self.setting.roles.len() {
            self.of_caller(caller);
        }
        for process in 0..2 {
            self.of_process(process);
        }
        self.of_redis();
    }

    fn of_caller(&mut self, c: usize) {
        let caller = &self.state.callers[c];
        let role = &self.setting.roles[c];
        match caller.at {
            At::Idle => self.starts(c),
            At::Reads if !self.reads(role.process) => {}
            At::Missed if self.can_begin(c) => self.out.push(Step::Begin(c)),
            At::Waits | At::Verifies if self.serves(role.process) => self.stands(c),
            At::Busy if self.may_look_again(c) => self.out.push(Step::LookAgain(c)),
            At::Computes if !self.waits_for_its_batch(c) => self.computes(c),
            At::Writes => self.out.push(Step::Write(c)),
            At::Reads => self.commands(c),
            _ if self.connected(role.process) => self.commands(c),
            _ => {}
        }
        self.faults_of_caller(c);
    }

    fn faults_of_caller(&mut self, c: usize) {
        let caller = &self.state.callers[c];
        let role = &self.setting.roles[c];
        let budget = &self.state.budget;
        if budget.impatience > 0 && caller.at == At::Busy {
            self.out.push(Step::GiveUp(c));
        }
        if budget.expiries > 0 && caller.computes() && self.connected(role.process) {
            self.asks(c, Ask::Renew);
        }
        let droppable = match role.op {
            Op::Get { .. } | Op::Renew { .. } => {
                !matches!(caller.at, At::Idle | At::Reads | At::Missed | At::Nested)
            }
            _ => !matches!(caller.at, At::Idle | At::Permits),
        };
        let over = matches!(caller.at, At::Done | At::Gone);
        let droppable = droppable && !over && role.op != Op::Body;
        if budget.drops > 0 && droppable && role.parent.is_none() && role.sibling.is_none() {
            self.out.push(Step::Drop(c));
        }
    }

    fn computes(&mut self, c: usize) {
        let (caller, role) = (&self.state.callers[c], &self.setting.roles[c]);
        self.out.push(Step::Compute(c));
        let stores = matches!(role.op, Op::Get { .. } | Op::Renew { .. });
        let can_be_told = role.parent.is_none() || caller.can_fall_back();
        if self.state.budget.failures > 0 && stores && can_be_told {
            self.out.push(Step::Fail(c));
        }
    }

    fn starts(&mut self, c: usize) {
        let role = &self.setting.roles[c];
        let turn = role
            .after
            .is_none_or(|before| self.state.callers[before].at != At::Idle);
        let called = match (role.parent, role.sibling) {
            (Some(parent), _) => self.state.callers[parent].at == At::Nested,
            (None, Some(sibling)) => c < sibling,
            (None, None) => true,
        };
        match role.op {
            _ if !turn || !called => {}
            Op::Get { .. } | Op::Body => self.out.push(Step::Call(c)),
            Op::Renew { key } if self.serves(role.process) && !self.is_led(role.process, key) => {
                self.out.push(Step::Call(c));
            }
            Op::Renew { .. } => {}
            Op::Put { .. } if self.connected(role.process) && self.can_ask_permit(c) => {
                self.out.push(Step::Call(c));
            }
            Op::Set { .. } if self.connected(role.process) => self.out.push(Step::Compute(c)),
            Op::Put { .. } | Op::Set { .. } => {}
            Op::Invalidate { .. } | Op::Delete { .. } => self.out.push(Step::Write(c)),
        }
    }

    /// Who has been served what is to be replaced leaves that to whoever leads in its process.
    fn is_led(&self, process: usize, key: usize) -> bool {
        let ops = [Op::Get { key }, Op::Renew { key }];
        let mut roles = self.setting.roles.iter().zip(&self.state.callers);
        roles
            .any(|(role, caller)| caller.leads && role.process == process && ops.contains(&role.op))
    }

    fn commands(&mut self, c: usize) {
        let caller = &self.state.callers[c];
        let todo = caller.todo;
        match caller.at {
            At::Reads => self.each(c, self.readable(c), Ask::Read),
            At::TakesGeneration => self.each(c, todo, Ask::Capture),
            At::Begins => {
                if todo & ENTRY != 0 && !self.captures_first(c) {
                    self.asks(c, Ask::Acquire);
                }
                self.each(c, todo & !ENTRY, Ask::Capture);
            }
            At::Vouches => {
                let any_first = self.setting.breaks(Mutation::ReadsAnyBeforeCapturing);
                let beside = self.setting.breaks(Mutation::ReadsAnyBesideCapturing);
                if todo & VOUCH != 0 && (todo == VOUCH || any_first || beside) {
                    self.asks(c, Ask::Vouch);
                }
                if !any_first || todo & VOUCH == 0 {
                    self.each(c, todo & !VOUCH, Ask::Capture);
                }
            }
            At::Fills if todo & ENTRY != 0 => self.asks(c, Ask::Copy),
            At::Fills => self.asks(c, Ask::Fill),
            At::Releases if self.rests(c) => self.asks(c, Ask::Rest),
            At::Releases => self.asks(c, Ask::Release),
            At::Permits => self.each(c, todo, Ask::Permit),
            At::Ends => {
                let tag = matches!(self.setting.roles[c].op, Op::Invalidate { .. });
                let ask = if tag { Ask::Invalidate } else { Ask::Delete };
                in_order(todo, self.setting).for_each(|set| self.asks(c, ask(set)));
            }
            At::Commits => {
                let keys = (0..2).filter(|key| todo & bit(key_generation(*key)) != 0);
                keys.for_each(|key| self.asks(c, Ask::Commit(key)));
            }
            At::Sets if todo != 0 => self.each(c, todo, Ask::Capture),
            At::Sets => self.asks(c, Ask::Set),
            _ => {}
        }
    }

    /// Whether the flight that this caller came after still stands can be asked as soon as that computes.
    fn stands(&mut self, c: usize) {
        let caller = &self.state.callers[c];
        let leader = usize::from(caller.follows) - 1;
        let leads = &self.state.callers[leader];
        if caller.at == At::Verifies {
            return self.each(c, caller.todo, Ask::Standing);
        }
        if leads.leads && leads.computes() {
            let under = computed_under(self.setting, self.state, leader);
            let asks = self.setting.asks_standing(&under);
            if self.can_serve(c, asks & !ENTRY) {
                self.each(c, asks, Ask::Standing);
            }
        }
    }

    /// One command for all on one node; one for each elsewhere.
    fn each(&mut self, c: usize, set: Set, ask: fn(Set) -> Ask) {
        if self.setting.one_node && set != 0 {
            return self.asks(c, ask(set));
        }
        if set & ENTRY != 0 {
            self.asks(c, ask(ENTRY));
        }
        cells(set).for_each(|cell| self.asks(c, ask(bit(cell))));
    }

    fn asks(&mut self, c: usize, ask: Ask) {
        if self.setting.cluster.is_some() {
            let names = self.setting.names(c, ask);
            if !self.reaches(self.setting.roles[c].process, names.slots()) {
                return;
            }
            if !self.setting.are_here(self.state, names) {
                return self.out.push(Step::Refuse(c, ask));
            }
        }
        self.out.push(Step::Ask(c, ask));
        if self.can_lose() {
            self.out.push(Step::Lose(c, ask));
        }
    }

    fn can_lose(&self) -> bool {
        self.state.budget.losses > 0 && self.state.late[1].is_none()
    }

    /// What can be read now. (A key's generation is read with its entry.)
    fn readable(&self, c: usize) -> Set {
        let todo = self.state.callers[c].todo;
        let late = self.setting.breaks(Mutation::ReadsKeyGenerationAfterEntry) && todo & ENTRY != 0;
        match self.setting.roles[c].op {
            Op::Get { key } if late => todo & !bit(key_generation(key)),
            _ if self.setting.cluster.is_some() => self.readable_on_a_cluster(c),
            _ => todo,
        }
    }

    /// Whether the key's generation is to be captured before the lease is acquired.
    fn captures_first(&self, c: usize) -> bool {
        let (Op::Get { key } | Op::Renew { key }) = self.setting.roles[c].op else {
            return false;
        };
        let generation = self.state.callers[c].todo & bit(key_generation(key));
        generation != 0
            && !self
                .setting
                .breaks(Mutation::CapturesKeyGenerationAfterAcquiring)
    }

    /// The lease has gone, or the entry has changed; and meanwhile its batch has filled what it can.
    fn may_look_again(&self, c: usize) -> bool {
        let Op::Get { key } = self.setting.roles[c].op else {
            return false;
        };
        let redis = &self.state.redis;
        let filled_first = !self.setting.breaks(Mutation::BatchWaitsBeforeItFills);
        let holds = |other: usize| self.state.callers[other].lease == Lease::Ok;
        let batch_holds = filled_first && self.setting.roles[c].sibling.is_some_and(holds);
        let gone = redis.lease[key] == 0 || redis.lease[key] & REST != 0;
        (gone || redis.entry[key] != self.state.callers[c].seen) && !batch_holds
    }

    /// Whether its source is left alone: there is something to answer with meanwhile.
    fn rests(&self, c: usize) -> bool {
        let caller = &self.state.callers[c];
        caller.failed && (self.setting.renews(c) || caller.can_fall_back())
    }

    fn waits_for_its_batch(&self, c: usize) -> bool {
        let waits = |other: usize| {
            matches!(
                self.state.callers[other].at,
                At::Busy | At::Joined | At::Waits
            )
        };
        self.setting.breaks(Mutation::BatchWaitsBeforeItFills)
            && self.setting.roles[c].sibling.is_some_and(waits)
    }

    fn of_process(&mut self, p: usize) {
        let process = &self.state.processes[p];
        if process.crashed {
            return;
        }
        if process.connected != self.state.replication {
            self.out.push(Step::Connect(p));
        }
        if process.pending != 0 && self.connected(p) {
            for set in in_order(process.pending, self.setting) {
                let slots = Names::deleted(set).slots();
                if self.setting.cluster.is_some() && !self.reaches(p, slots) {
                    continue;
                }
                self.out.push(Step::Deliver(p, set));
                if self.can_lose() {
                    self.out.push(Step::LoseDelivery(p, set));
                }
            }
        }
        if self.state.budget.crashes > 0 {
            self.out.push(Step::Crash(p));
        }
    }

    fn of_redis(&mut self) {
        let State {
            redis,
            budget,
            late,
            callers,
            ..
        } = self.state;
        for key in 0..2 {
            let Some(holder) = usize::from(redis.lease[key] & !REST).checked_sub(1) else {
                continue;
            };
            // A lease that nobody knows of expires in time.
            let known = callers[holder].lease == Lease::Ok && redis.lease[key] & REST == 0;
            if !known || budget.expiries > 0 {
                self.out.push(Step::Expire(key));
            }
        }
        self.out
            .extend((0..late.iter().flatten().count()).map(Step::Arrive));
        if budget.evictions > 0 {
            let there = |cell: &usize| redis.generation[*cell] != 0;
            self.out
                .extend((0..redis.generation.len()).filter(there).map(Step::Evict));
            self.out.extend(
                (0..2)
                    .filter(|key| redis.entry[*key].exists())
                    .map(Step::EvictEntry),
            );
        }
        if budget.flushes > 0 {
            self.out.push(Step::Flush);
        }
        if budget.snapshots > 0 {
            self.out.push(Step::Snapshot);
        }
        if budget.failovers > 0 && !self.state.moving.is_under_way() {
            self.out
                .extend((0..self.setting.servers()).map(Step::Failover));
        }
        self.of_slot();
    }

    /// Of a cluster, each command sees for itself whether it gets through.
    fn connected(&self, p: usize) -> bool {
        let process = &self.state.processes[p];
        let connected = process.connected == self.state.replication;
        !process.crashed && (connected || self.setting.cluster.is_some())
    }

    /// Whether the process serves from Redis: it delivers first.
    pub(crate) fn serves(&self, p: usize) -> bool {
        let pending = self.state.processes[p].pending;
        let on_a_cluster = self.setting.cluster.is_some();
        self.connected(p)
            && (pending == 0 || on_a_cluster || self.setting.breaks(Mutation::ServesWhilePending))
    }

    fn reads(&self, p: usize) -> bool {
        let from_the_old =
            self.setting.breaks(Mutation::OldPrimaryAnswers) && !self.state.processes[p].crashed;
        self.serves(p) || from_the_old
    }
}

/// The deletions that may be sent now: `any` not after what it ends with.
fn in_order(todo: Set, setting: &Setting) -> impl Iterator<Item = Set> + use<> {
    let whole = if todo & ENTRY != 0 {
        Some(ENTRY)
    } else if setting.one_node && !setting.breaks(Mutation::EndsAnyAfterTag) {
        Some(todo)
    } else {
        None
    };
    let first = match setting.mutation {
        Some(Mutation::EndsAnyAfterTag) => todo & !ANY,
        Some(Mutation::EndsAnyBesideTag) => 0,
        _ => todo & ANY,
    };
    let each = if first == 0 { todo } else { first };
    let each = cells(if whole.is_some() { 0 } else { each }).map(bit);
    whole.into_iter().chain(each)
}
