//! The circuit breaker: when to stop asking a server that does not answer.
//!
//! Open, nobody asks but the supervisor, which probes with growing pauses (`supervisor`); the first probe that
//! is answered in time makes a new link, whose breaker is closed.

use std::sync::atomic::{AtomicU32, Ordering};

/// What a failure adds, and what an answer takes away.
const FAILURE: u32 = 3;
const ANSWER: u32 = 1;
/// Where it opens: five failures in a row, or more than a quarter of all calls for a while.
const OPENS_AT: u32 = 5 * FAILURE;

/// Counts failures against answers.
#[derive(Debug, Default)]
pub(crate) struct Breaker {
    level: AtomicU32,
}

impl Breaker {
    pub(crate) fn answered(&self) {
        // Almost always zero: then nothing is written.
        if self.level.load(Ordering::Relaxed) > 0 {
            let lower = |level: u32| Some(level.saturating_sub(ANSWER));
            let _ = self
                .level
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, lower);
        }
    }

    /// Returns whether this failure opens it.
    pub(crate) fn failed(&self) -> bool {
        let before = self.level.fetch_add(FAILURE, Ordering::Relaxed);
        before < OPENS_AT && before + FAILURE >= OPENS_AT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_once_after_five_failures_in_a_row() {
        let breaker = Breaker::default();
        let opened: Vec<bool> = (0..7).map(|_| breaker.failed()).collect();
        assert_eq!(opened, [false, false, false, false, true, false, false]);
    }

    #[test]
    fn a_failure_now_and_then_does_not_open_it_and_every_third_does() {
        let opens = |one_in: usize| {
            let breaker = Breaker::default();
            (1..=1_000).any(|n| {
                if n % one_in == 0 {
                    return breaker.failed();
                }
                breaker.answered();
                false
            })
        };
        assert!(!opens(10));
        assert!(opens(3));
    }
}
