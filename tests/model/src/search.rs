//! The model that stateright explores.

use crate::enabled::Enabled;
use crate::mark::{Mark, Marks};
use crate::mutation::Mutation;
use crate::report::Subject;
use crate::run::Run;
use crate::setting::Setting;
use crate::state::{At, Process, State, Verdict};
use crate::step::Step;
use stateright::{Model, Property};
use std::sync::Arc;

pub(crate) const NO_STALE_READ: &str = "no stale read";
pub(crate) const NO_WASTE: &str = "one computation an invalidation";
pub(crate) const NO_CROWD: &str = "one computes at a time";
pub(crate) const SHORT_WAITS: &str = "nobody waits for more than two computations";
pub(crate) const NO_IDLE_WAIT: &str = "nobody waits for a computation that has ended";
pub(crate) const ALL_ANSWERED: &str = "everybody is answered";

pub struct Search {
    pub(crate) setting: Setting,
    pub(crate) marks: Arc<Marks>,
}

impl Model for Search {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        let replication = if self.setting.cluster.is_some() {
            [1, 2]
        } else {
            [1; 2]
        };
        let connected = Process {
            connected: replication,
            ..Process::default()
        };
        let state = State {
            replication,
            processes: [connected; 2],
            budget: self.setting.budget,
            ..State::default()
        };
        vec![self.setting.store(state)]
    }

    fn actions(&self, state: &State, out: &mut Vec<Step>) {
        if state.verdict == Verdict::Fine {
            Enabled {
                setting: &self.setting,
                state,
                out,
            }
            .list();
        }
    }

    fn next_state(&self, state: &State, step: Step) -> Option<State> {
        let mut run = Run {
            setting: &self.setting,
            marks: &self.marks,
            s: state.clone(),
        };
        run.take(step);
        let next = run.s.canonical();
        (next != *state).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(NO_STALE_READ, |_, state: &State| {
                state.verdict != Verdict::Stale
            }),
            Property::always(NO_WASTE, |_, state: &State| {
                state.verdict != Verdict::Wasteful
            }),
            Property::always(NO_CROWD, |_, state: &State| {
                state.verdict != Verdict::Crowded
            }),
            Property::always(NO_IDLE_WAIT, |_, state: &State| {
                state.verdict != Verdict::Idle
            }),
            Property::always(SHORT_WAITS, |_, state: &State| {
                state.verdict != Verdict::Impatient
            }),
            // Asked of the states that nothing follows.
            Property::eventually(ALL_ANSWERED, |search: &Search, state: &State| {
                search.is_over(state)
            }),
        ]
    }
}

impl Search {
    fn is_over(&self, state: &State) -> bool {
        let answered = |c: usize| {
            let needs_no_call = self.setting.roles[c].parent.is_some() || self.setting.renews(c);
            let not_called = needs_no_call && state.callers[c].at == At::Idle;
            not_called || matches!(state.callers[c].at, At::Done | At::Gone)
        };
        state.verdict != Verdict::Fine || (0..self.setting.roles.len()).all(answered)
    }
}

impl Subject for Setting {
    type Search = Search;
    type Mark = Mark;
    type Mutation = Mutation;

    fn name(&self) -> &'static str {
        self.name
    }

    fn title(&self) -> String {
        self.title()
    }

    fn broken(mut self, mutation: Option<Mutation>) -> Self {
        self.mutation = mutation;
        self
    }

    fn search(&self, marks: &Arc<Marks>) -> Search {
        Search {
            setting: self.clone(),
            marks: Arc::clone(marks),
        }
    }

    fn words(&self, _: &State, step: Step) -> String {
        step.words(self)
    }
}
