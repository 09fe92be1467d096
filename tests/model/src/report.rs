//! Searches from beginning to end, and what they say.

use crate::mark::{Mark, Marks};
use crate::mutation::Mutation;
use crate::search::Search;
use crate::setting::Setting;
use stateright::{Checker, HasDiscoveries, Model};
use std::io::Write;
use std::sync::Arc;
use std::time::Instant;

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
    pub fn missing(&self, marks: &[Mark]) -> Vec<Mark> {
        marks
            .iter()
            .copied()
            .filter(|mark| !self.marks.has(*mark))
            .collect()
    }

    fn of(checker: &impl Checker<Search>, started: Instant) -> Self {
        let setting = &checker.model().setting;
        let found = checker
            .discoveries()
            .into_iter()
            .map(|(property, path)| (property, path.into_actions()));
        let shortest = found.min_by_key(|(_, steps)| steps.len());
        let failure = shortest.map(|(property, steps)| {
            (
                property,
                steps.into_iter().map(|step| step.words(setting)).collect(),
            )
        });
        Report {
            states: checker.unique_state_count(),
            depth: checker.max_depth(),
            seconds: started.elapsed().as_secs_f32(),
            failure,
            marks: Arc::clone(&checker.model().marks),
        }
    }
}

/// Explores every state, depth first.
pub fn exhaust(setting: &Setting, threads: usize) -> Report {
    let started = Instant::now();
    let search = Search {
        setting: setting.clone(),
        marks: Arc::default(),
    };
    let checker = search
        .checker()
        .threads(threads)
        .finish_when(HasDiscoveries::AnyFailures);
    Report::of(&checker.spawn_dfs().join(), started)
}

/// Explores breadth first, up to the shortest run that goes wrong.
fn shortest(setting: &Setting) -> Report {
    let started = Instant::now();
    let search = Search {
        setting: setting.clone(),
        marks: Arc::default(),
    };
    let checker = search.checker().finish_when(HasDiscoveries::AnyFailures);
    Report::of(&checker.spawn_bfs().join(), started)
}

/// Asserts that a setting holds in every state, and that its search reaches all these marks. Says how many states.
pub fn uphold(setting: &Setting, threads: usize, marks: &[Mark]) -> Report {
    let title = setting.title();
    let report = exhaust(setting, threads);
    if let Some((property, _)) = &report.failure {
        let steps = shortest(setting)
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
pub fn refute(setting: &Setting, mutation: Option<Mutation>, property: &str) -> Report {
    let broken = mutation.map_or_else(|| setting.name.into(), |mutation| format!("{mutation:?}"));
    let mut setting = setting.clone();
    setting.mutation = mutation;
    let report = shortest(&setting);
    let Some((found, steps)) = &report.failure else {
        panic!(
            "{broken}: nothing goes wrong in {} states of {}",
            report.states, setting.name
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
