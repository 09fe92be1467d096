//! Measuring two things in turn, so that whatever else the machine does falls on both.

use std::future::Future;
use std::time::{Duration, Instant};

/// The middle one, and the extremes, of what each round has measured.
pub(crate) struct Ratio {
    pub(crate) median: f64,
    lowest: f64,
    highest: f64,
}

impl std::fmt::Display for Ratio {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{:.2} ({:.2} to {:.2})",
            self.median, self.lowest, self.highest
        )
    }
}

/// How many times as long `one` takes as `other`: the ratio of every round, in turn, `prepare` before each.
pub(crate) async fn ratio<P, A, B>(
    rounds: usize,
    mut prepare: impl FnMut() -> P,
    mut one: impl FnMut() -> A,
    mut other: impl FnMut() -> B,
) -> (Ratio, Duration, Duration)
where
    P: Future<Output = ()>,
    A: Future<Output = ()>,
    B: Future<Output = ()>,
{
    let (mut ratios, mut ones, mut others) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=rounds {
        prepare().await;
        // Which of the two comes first changes from round to round.
        let (a, b) = if round % 2 == 0 {
            let a = timed(one()).await;
            (a, timed(other()).await)
        } else {
            let b = timed(other()).await;
            (timed(one()).await, b)
        };
        // The first round only warms up.
        if round > 0 {
            ratios.push(a.as_secs_f64() / b.as_secs_f64());
            ones.push(a);
            others.push(b);
        }
    }
    ratios.sort_by(f64::total_cmp);
    ones.sort();
    others.sort();
    let ratio = Ratio {
        median: ratios[ratios.len() / 2],
        lowest: ratios[0],
        highest: ratios[ratios.len() - 1],
    };
    (ratio, ones[ones.len() / 2], others[others.len() / 2])
}

async fn timed(work: impl Future<Output = ()>) -> Duration {
    let began = Instant::now();
    work.await;
    began.elapsed()
}
