//! Flights: the computations of a process that its other callers find, and how they end.

use crate::mark::Mark;
use crate::mutation::Mutation;
use crate::run::Run;
use crate::setting::Op;
use crate::state::{
    At, CALLERS, Caller, GUARDS, Lease, Number, Verdict, bit, cells, key_generation,
};

/// What a call ends with.
#[derive(Clone, Copy)]
struct Answer {
    data: [u8; 2],
    /// For an outer computation: what the value depends on.
    stamps: [Number; GUARDS],
    /// On which servers that was captured.
    sealed: [u8; 2],
    unstored: bool,
}

impl Run<'_> {
    /// Who leads the flight for this key in this process.
    pub(crate) fn flight(&self, process: usize, key: usize) -> Option<usize> {
        let leads = |c: &usize| {
            let role = &self.setting.roles[*c];
            let ops = [Op::Get { key }, Op::Renew { key }];
            self.s.callers[*c].leads && role.process == process && ops.contains(&role.op)
        };
        (0..self.setting.roles.len()).find(leads)
    }

    pub(crate) fn is_reading(&self, c: usize, key: usize) -> bool {
        let over = matches!(self.s.callers[c].at, At::Idle | At::Done | At::Gone);
        self.setting.roles[c].op == (Op::Get { key }) && !over
    }

    /// For who would join on stamps alone: whether a flight was captured under what this caller has just read.
    pub(crate) fn finds_its_stamps(&self, c: usize) -> bool {
        let flight = self.flight(self.setting.roles[c].process, self.key_of(c));
        flight.filter(|leader| *leader != c).is_some_and(|leader| {
            let (mine, theirs) = (&self.s.callers[c].got, &self.s.callers[leader].got);
            cells(self.what(c).declared).all(|cell| mine[cell] == theirs[cell])
        })
    }

    pub(crate) fn count_wait(&mut self, c: usize) {
        if self.setting.counts {
            self.s.callers[c].waits += 1;
            if self.s.callers[c].waits > 2 {
                self.s.verdict = Verdict::Impatient;
            }
        }
    }

    pub(crate) fn follows(&self, follower: usize, leader: usize) -> bool {
        let follower = &self.s.callers[follower];
        let waits = [At::Joined, At::Waits, At::Shares, At::WaitsForItsEnd];
        usize::from(follower.follows) == leader + 1 && waits.contains(&follower.at)
    }

    /// The flight ends without a value: who joined it or waited for it looks again.
    pub(crate) fn abandon(&mut self, c: usize) {
        self.s.callers[c].leads = false;
        self.forget_flight(c);
        for follower in 0..self.setting.roles.len() {
            if self.follows(follower, c) {
                self.start_reading(follower);
            }
        }
    }

    /// Redis does not answer, or the wait was too long: the function runs, nothing is stored and nothing is joined.
    pub(crate) fn run_without_cache(&mut self, c: usize) {
        if self.setting.renews(c) {
            return self.stop_unheard(c);
        }
        self.abandon(c);
        let caller = &mut self.s.callers[c];
        *caller = Caller {
            at: At::Computes,
            unstored: true,
            lease: if caller.lease == Lease::Ok {
                Lease::Ok
            } else {
                Lease::Unknown
            },
            may_join: caller.may_join,
            waits: caller.waits,
            need: caller.need,
            last: caller.last,
            ..Caller::default()
        };
    }

    pub(crate) fn answer_with_seen(&mut self, c: usize) {
        let generation = key_generation(self.key_of(c));
        let caller = &self.s.callers[c];
        let mut stamps = caller.seen.stamps;
        stamps[generation] = caller.got[generation];
        self.answer(
            c,
            Answer {
                data: caller.seen.data,
                stamps,
                sealed: [0; 2],
                unstored: false,
            },
        );
    }

    pub(crate) fn answer_with_computed(&mut self, c: usize) {
        let caller = &self.s.callers[c];
        if caller.unstored {
            self.marks.note(Mark::Unstored);
        }
        let mut stamps: [Number; GUARDS] = Default::default();
        stamps.copy_from_slice(&caller.got[..GUARDS]);
        self.answer(
            c,
            Answer {
                data: caller.data,
                stamps,
                sealed: caller.sealed,
                unstored: caller.unstored,
            },
        );
    }

    /// What was found answers. Who has joined looks again: it may have called after that was read.
    pub(crate) fn fall_back(&mut self, c: usize) {
        self.marks.note(if self.is_nested(c) {
            Mark::NestedFellBack
        } else {
            Mark::FellBack
        });
        if !self.setting.breaks(Mutation::FollowersTakeWhatStandsIn) {
            self.abandon(c);
        }
        let last = self.s.callers[c].last;
        let forgets = self.setting.breaks(Mutation::FallsBackWithoutItsGuards);
        let stamps = if forgets {
            Default::default()
        } else {
            last.stamps
        };
        self.answer(
            c,
            Answer {
                data: last.data,
                stamps,
                sealed: [0; 2],
                unstored: false,
            },
        );
    }

    /// The call returns, and with it those who joined it; who waited for it reads again.
    fn answer(&mut self, c: usize, answer: Answer) {
        let need = self.s.callers[c].need;
        if (0..2).any(|datum| answer.data[datum] < need[datum]) {
            self.s.verdict = Verdict::Stale;
        }
        let takes = |run: &Self, follower: usize| match run.s.callers[follower].at {
            At::Joined => true,
            At::Shares => run.shares(follower, c, &answer),
            _ => false,
        };
        let followers: [bool; CALLERS] = std::array::from_fn(|f| self.follows(f, c));
        let answered: [bool; CALLERS] = std::array::from_fn(|f| followers[f] && takes(self, f));
        self.s.callers[c] = Caller {
            at: At::Done,
            ..Caller::default()
        };
        self.forget_flight(c);
        for follower in 0..self.setting.roles.len() {
            if answered[follower] {
                self.marks.note(Mark::FollowerAnswered);
                self.answer(follower, answer);
            } else if followers[follower] {
                self.start_reading(follower);
            }
        }
        if let Some(parent) = self.setting.roles[c].parent {
            self.inherit(parent, c, answer);
        }
    }

    /// Whether a caller that came after the begin of a flight can take its value all the same.
    fn shares(&self, c: usize, leader: usize, answer: &Answer) -> bool {
        let doubtful = answer.unstored && !self.setting.breaks(Mutation::SharesWhatDependsOnMore);
        let shares = !doubtful && self.covers(c, leader, &answer.stamps, answer.sealed);
        if shares {
            self.marks.note(Mark::Shared);
        }
        shares
    }

    /// Nobody can join it any more.
    pub(crate) fn forget_flight(&mut self, c: usize) {
        self.s
            .callers
            .iter_mut()
            .for_each(|caller| caller.may_join &= !(1 << c));
    }

    /// What an inner value depends on, the outer one depends on too: under the generations recorded with it.
    fn inherit(&mut self, outer: usize, c: usize, answer: Answer) {
        if self.setting.roles[outer].op == Op::Body {
            self.s.callers[outer] = Caller {
                at: At::Done,
                ..Caller::default()
            };
            return;
        }
        let inner = key_generation(self.key_of(c));
        let what = self.what(outer);
        let anew = self.setting.breaks(Mutation::CapturesInnerStampsAnew);
        let forgets = self.setting.breaks(Mutation::InheritsNoKeyGeneration);
        let caller = &mut self.s.callers[outer];
        for datum in 0..2 {
            caller.data[datum] = caller.data[datum].max(answer.data[datum]);
        }
        let inherited = |cell: &usize| {
            answer.stamps[*cell] != 0 && (what.declared | what.late) & bit(*cell) == 0
        };
        for cell in (0..GUARDS).filter(inherited) {
            let number = if anew {
                self.s.redis.generation[cell]
            } else {
                answer.stamps[cell]
            };
            caller.got[cell] = if forgets && cell == inner { 0 } else { number };
        }
        if answer.unstored
            && !self
                .setting
                .breaks(Mutation::StoresWhatAnUnstoredValueIsPartOf)
        {
            self.marks.note(Mark::OuterUnstored);
            caller.unstored = true;
        }
        self.computed(outer);
    }
}
