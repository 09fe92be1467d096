//! Rounds in turn.

use super::{Candidate, Load};
use crate::report::Row;
use crate::user::runs;
use std::time::{Duration, Instant};

/// How many rounds, and for how long.
#[derive(Clone, Copy)]
pub(crate) struct Rounds {
    pub(crate) most: usize,
    /// A round that began is ended, and three are run in any case.
    pub(crate) within: Duration,
}

const LEAST: usize = 3;

impl Rounds {
    pub(crate) const fn new(most: usize, seconds: u64) -> Self {
        Rounds {
            most,
            within: Duration::from_secs(seconds),
        }
    }

    /// The number of each round.
    pub(crate) fn numbers(self) -> impl Iterator<Item = usize> {
        let began = Instant::now();
        let mut next = 0;
        std::iter::from_fn(move || {
            let go_on = next < LEAST || (next < self.most && began.elapsed() < self.within);
            next += 1;
            go_on.then_some(next - 1)
        })
    }
}

/// So many candidates in the order of this round. Who comes first changes, and so does who comes before whom.
pub(crate) fn turns(round: usize, candidates: usize) -> impl Iterator<Item = usize> {
    (0..candidates).map(move |turn| {
        let turn = if round.is_multiple_of(2) {
            turn
        } else {
            candidates - 1 - turn
        };
        (round / 2 + turn) % candidates
    })
}

/// Microseconds a call of every candidate in every round, after one round that is not counted.
///
/// # Panics
///
/// If a body ran: not all of them were hits.
pub(crate) async fn in_turn(candidates: &[Candidate], load: Load, rounds: Rounds) -> Vec<Row> {
    let mut rows: Vec<Row> = candidates
        .iter()
        .map(|candidate| Row::new(candidate.side, &candidate.name))
        .collect();
    for candidate in candidates {
        candidate.run(load).await;
    }
    let before = runs();
    for round in rounds.numbers() {
        for which in turns(round, candidates.len()) {
            let took = candidates[which].run(load).await;
            rows[which]
                .rounds
                .push(took.as_secs_f64() * 1e6 / load.calls as f64);
        }
    }
    assert_eq!(runs(), before, "not everything was a hit");
    rows
}
