//! Searches from beginning to end, and what they say.

use crate::mark::Marks;
use stateright::{Checker, HasDiscoveries, Model};
use std::fmt::Debug;
use std::hash::Hash;
use std::io::Write;
use std::sync::Arc;
use std::time::Instant;

/// What can be searched: a setting of one of the models.
pub trait Subject: Clone {
    /// What stateright explores.
    type Search: Model<State: Debug + Hash + PartialEq + Clone + Send + Sync, Action: Copy + PartialEq>
        + Send
        + Sync
        + 'static;
    /// What a search may reach.
    type Mark: Copy + Debug + Into<u8>;
    /// The rules that can be broken.
    type Mutation: Copy + Debug;

    /// What it is about.
    fn name(&self) -> &'static str;
    /// The same, with what makes it different from others of the name.
    fn title(&self) -> String;
    /// The same setting with a rule broken, or with none.
    #[must_use]
    fn broken(self, mutation: Option<Self::Mutation>) -> Self;
    /// To be explored.
    fn search(&self, marks: &Arc<Marks>) -> Self::Search;
    /// A step from a state, for people.
    fn words(
        &self,
        state: &<Self::Search as Model>::State,
        step: <Self::Search as Model>::Action,
    ) -> String;
}

/// What a search has found.
#[derive(Debug)]
pub struct Report {
    /// The states explored.
    pub states: usize,
    /// The length of the longest run.
    pub depth: usize,
    /// How long it took.
    pub seconds: f32,
    /// The property that does not hold, and the steps that lead there.
    pub failure: Option<(&'static str, Vec<String>)>,
    marks: Arc<Marks>,
}

impl Report {
    /// Those of these marks that were not reached.
    pub fn missing<M: Copy + Into<u8>>(&self, marks: &[M]) -> Vec<M> {
        marks
            .iter()
            .copied()
            .filter(|mark| !self.marks.has(*mark))
            .collect()
    }

    fn of<S: Subject>(
        subject: &S,
        marks: Arc<Marks>,
        checker: &impl Checker<S::Search>,
        started: Instant,
    ) -> Self {
        let found = checker
            .discoveries()
            .into_iter()
            .map(|(property, path)| (property, path.into_vec()));
        let shortest = found.min_by_key(|(_, path)| path.len());
        let failure = shortest.map(|(property, path)| {
            let steps = path
                .iter()
                .filter_map(|(state, step)| Some(subject.words(state, (*step)?)));
            (property, steps.collect())
        });
        Report {
            states: checker.unique_state_count(),
            depth: checker.max_depth(),
            seconds: started.elapsed().as_secs_f32(),
            failure,
            marks,
        }
    }
}

/// Explores every state, depth first.
pub fn exhaust<S: Subject>(subject: &S, threads: usize) -> Report {
    let (started, marks) = (Instant::now(), Arc::default());
    let checker = subject
        .search(&marks)
        .checker()
        .threads(threads)
        .finish_when(HasDiscoveries::AnyFailures);
    Report::of(subject, marks, &checker.spawn_dfs().join(), started)
}

/// Explores breadth first, up to the shortest run that goes wrong.
fn shortest<S: Subject>(subject: &S) -> Report {
    let (started, marks) = (Instant::now(), Arc::default());
    let search = subject.search(&marks);
    let checker = search.checker().finish_when(HasDiscoveries::AnyFailures);
    Report::of(subject, marks, &checker.spawn_bfs().join(), started)
}

/// Asserts that a setting holds in every state, and that its search reaches all these marks. Says how many states.
pub fn uphold<S: Subject>(subject: &S, threads: usize, marks: &[S::Mark]) -> Report {
    let title = subject.title();
    let report = exhaust(subject, threads);
    if let Some((property, _)) = &report.failure {
        let steps = shortest(subject)
            .failure
            .map_or_else(Vec::new, |(_, steps)| steps);
        panic!(
            "{title}: `{property}` does not hold:\n  {}",
            steps.join("\n  ")
        );
    }
    let missing = report.missing(marks);
    assert!(missing.is_empty(), "{title}: never reached {missing:?}");
    let Report {
        states,
        depth,
        seconds,
        ..
    } = report;
    say(&format!(
        "{title:<62} {states:>9} states  depth {depth:>3}  {seconds:>5.1} s"
    ));
    report
}

/// Asserts that a setting, with a rule broken, goes wrong in this way. Says how.
pub fn refute<S: Subject>(subject: &S, mutation: Option<S::Mutation>, property: &str) -> Report {
    let broken = mutation.map_or_else(|| subject.name().into(), |mutation| format!("{mutation:?}"));
    let subject = subject.clone().broken(mutation);
    let report = shortest(&subject);
    let Some((found, steps)) = &report.failure else {
        panic!(
            "{broken}: nothing goes wrong in {} states of {}",
            report.states,
            subject.name()
        );
    };
    assert_eq!(*found, property, "{broken}");
    let (states, length) = (report.states, steps.len());
    say(&format!(
        "{broken}: not `{property}` after {length} steps, {states} states\n    {}",
        steps.join(", ")
    ));
    report
}

/// Past the capture of tests, so that the numbers show in every run.
fn say(line: &str) {
    _ = writeln!(std::io::stdout().lock(), "{line}");
}
