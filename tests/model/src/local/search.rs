//! The model that stateright explores.

use super::claims::{BOUNDED, NO_WASTE, OWN, STRICT};
use super::enabled::Enabled;
use super::mark::Mark;
use super::mutation::Mutation;
use super::run::Run;
use super::setting::Setting;
use super::state::{Link, State, Verdict};
use super::step::Step;
use crate::mark::Marks;
use crate::report::Subject;
use stateright::{Model, Property};
use std::sync::Arc;

pub struct Search {
    setting: Setting,
    marks: Arc<Marks>,
}

impl Model for Search {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        let mut state = State {
            database: 1,
            budget: self.setting.budget,
            ..State::default()
        };
        state.mirror.link = Link::Up;
        for line in &mut state.connections[..self.setting.lines] {
            line.tracks = true;
        }
        vec![state]
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
            Property::always(STRICT, |_, state: &State| state.verdict != Verdict::Stale),
            Property::always(BOUNDED, |_, state: &State| {
                state.verdict != Verdict::PastTheBound
            }),
            Property::always(OWN, |_, state: &State| state.verdict != Verdict::OwnUnread),
            Property::always(NO_WASTE, |_, state: &State| {
                state.verdict != Verdict::Wasteful
            }),
        ]
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

    fn words(&self, state: &State, step: Step) -> String {
        step.words(self, state)
    }
}
