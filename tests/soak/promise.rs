//! What reads are held to: what was vouched for, to this process or by another one.

use crate::truth::{Fact, ROWS, Truth};
use cache_runtime::Consistency;
use std::collections::VecDeque;
use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};

/// How old what a process keeps may be. Some faults last longer, some do not.
pub(crate) const BOUND: Duration = Duration::from_millis(300);
/// How often a process looks at what others have vouched for.
pub(crate) const SAMPLING: Duration = Duration::from_millis(5);

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Promise {
    Strict,
    Bounded,
}

impl Promise {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Promise::Strict => "strict",
            Promise::Bounded => "bounded",
        }
    }

    pub(crate) fn of(name: &str) -> Option<Self> {
        [Promise::Strict, Promise::Bounded]
            .into_iter()
            .find(|promise| promise.name() == name)
    }

    /// Of how many actions to choose one; from some number on all are simple reads. What is kept in a process is worth it
    /// only if it is read more often than it changes.
    pub(crate) fn actions(self) -> u64 {
        match self {
            Promise::Strict => 32,
            Promise::Bounded => 256,
        }
    }

    pub(crate) fn consistency(self) -> Consistency {
        match self {
            Promise::Strict => Consistency::Strict,
            Promise::Bounded => Consistency::Bounded(BOUND),
        }
    }
}

impl fmt::Display for Promise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The version of each row.
pub(crate) type Versions = [AtomicU64; ROWS];

/// One kind of what is vouched for.
pub(crate) struct Vouched {
    promise: Promise,
    fact: Fact,
    /// By this process, also if the others have not heard of it yet.
    here: Versions,
    /// What others had vouched for when it was looked at, the oldest first.
    seen: Mutex<VecDeque<(Instant, [u64; ROWS])>>,
    /// What they had vouched for long enough ago.
    due: Versions,
}

impl Vouched {
    pub(crate) fn new(promise: Promise, fact: Fact) -> Self {
        Vouched {
            promise,
            fact,
            here: std::array::from_fn(|_| AtomicU64::new(0)),
            seen: Mutex::default(),
            due: std::array::from_fn(|_| AtomicU64::new(0)),
        }
    }

    /// The least version that a read which begins now may have.
    pub(crate) fn least(&self, truth: &Truth, row: usize) -> u64 {
        let elsewhere = match self.promise {
            Promise::Strict => truth.get(self.fact, row),
            Promise::Bounded => self.due[row].load(SeqCst),
        };
        elsewhere.max(self.here[row].load(SeqCst))
    }

    pub(crate) fn vouch_here(&self, row: usize, version: u64) {
        self.here[row].fetch_max(version, SeqCst);
    }

    /// Looks at what others vouch for now.
    pub(crate) fn sample(&self, truth: &Truth) {
        let versions = std::array::from_fn(|row| truth.get(self.fact, row));
        // It was vouched for before this.
        let now = Instant::now();
        let mut seen = self.seen.lock().expect("nobody panics");
        seen.push_back((now, versions));
        while let Some((at, versions)) = seen.front()
            && now.duration_since(*at) >= BOUND
        {
            for (due, version) in self.due.iter().zip(versions) {
                due.fetch_max(*version, SeqCst);
            }
            seen.pop_front();
        }
    }
}
