//! What a call does with time and failure besides looking up and computing, as its author has declared it.

use std::time::Duration;

/// The options of one site, or of one operation. Made at compile time where a macro makes it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Policy {
    /// For how long past its time to live an entry is served while it is refreshed in the background.
    pub(crate) swr: Duration,
    /// For how long past its time to live an entry stands in for a computation that fails.
    pub(crate) stale_if_error: Duration,
    /// For how long past its time to live an entry is handed to the body that is to replace it.
    pub(crate) revalidate: Duration,
    /// After a failure for which an entry has stood in, how long the source is left alone.
    pub(crate) throttle: Duration,
    /// How eagerly an entry is refreshed before its end; 0: not at all. The beta of XFetch.
    pub(crate) early: f64,
    /// Up to which part of it a time to live is shortened at random.
    pub(crate) jitter: f64,
    /// How long a caller with an entry to fall back on waits for a computation.
    pub(crate) soft_timeout: Option<Duration>,
    /// How long any caller waits for one.
    pub(crate) timeout: Option<Duration>,
    /// How long an entry lives that nobody reads.
    pub(crate) idle: Option<Duration>,
    /// Between which bounds the time to live follows how often the value changes.
    pub(crate) adaptive: Option<Range>,
    /// If the caller warms, how long before its end an entry is replaced.
    pub(crate) ahead: Option<Duration>,
}

/// The shortest and the longest time to live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) shortest: Duration,
    pub(crate) longest: Duration,
}

/// For how long past its time to live an entry is an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Grace {
    /// While it is refreshed in the background.
    pub(crate) swr: Duration,
    /// In place of a computation that fails.
    pub(crate) stale_if_error: Duration,
}

/// Long enough for a source to recover in, short enough that its recovery is noticed.
const THROTTLE: Duration = Duration::from_secs(5);

impl Policy {
    pub(crate) const NONE: Policy = Policy {
        swr: Duration::ZERO,
        stale_if_error: Duration::ZERO,
        revalidate: Duration::ZERO,
        throttle: THROTTLE,
        early: 0.0,
        jitter: 0.0,
        soft_timeout: None,
        timeout: None,
        idle: None,
        adaptive: None,
        ahead: None,
    };

    /// For how long past its time to live an entry may be of use.
    #[inline]
    pub(crate) fn grace(&self) -> Duration {
        let adapting = self.adaptive.map_or(Duration::ZERO, |range| range.longest);
        self.swr
            .max(self.stale_if_error)
            .max(self.revalidate)
            .max(adapting)
    }

    /// For how long past its time to live an entry is an answer, unless it says so itself.
    pub(crate) fn answers_for(&self) -> Grace {
        Grace {
            swr: self.swr,
            stale_if_error: self.stale_if_error,
        }
    }

    /// Whether the caller waits for what is fresh, whatever may be served meanwhile.
    #[inline]
    pub(crate) fn warms(&self) -> bool {
        self.ahead.is_some()
    }

    /// Whether an entry that is to be replaced is of interest to the body, or to the time to live.
    #[cfg(feature = "redis")]
    pub(crate) fn minds_the_last(&self) -> bool {
        !self.revalidate.is_zero() || self.adaptive.is_some()
    }

    /// The same for a caller who warms, if it does: nothing but time decides whether an entry is replaced.
    pub(crate) fn warming(&self, ahead: Option<Duration>) -> Policy {
        Policy {
            ahead,
            early: if ahead.is_some() { 0.0 } else { self.early },
            ..*self
        }
    }

    /// Whether a caller may go on without its computation.
    pub(crate) fn has_limits(&self) -> bool {
        self.soft_timeout.is_some() || self.timeout.is_some()
    }

    /// Whether an entry that would live for `left` more, and that took `cost` to compute, is to be refreshed at once, if
    /// `chance`, which is distributed evenly between 0 and 1, says so.
    ///
    /// XFetch: Vattani, Chierichetti and Lowenstein, "Optimal probabilistic cache stampede prevention", VLDB 2015.
    pub(crate) fn is_due(
        &self,
        left: Duration,
        cost: Duration,
        chance: impl FnOnce() -> f64,
    ) -> bool {
        /// A chance of one in 2^53 is the smallest there is, and its logarithm the largest.
        const FURTHEST: f64 = 37.0;
        if self.ahead.is_some_and(|ahead| left < ahead) {
            return true;
        }
        let reach = cost.as_secs_f64() * self.early;
        let left = left.as_secs_f64();
        left < reach * FURTHEST && left <= reach * -chance().ln()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_due_with_the_chance_of_xfetch() {
        let policy = Policy {
            early: 1.0,
            ..Policy::NONE
        };
        let second = Duration::from_secs(1);
        let due = |left, chance| policy.is_due(left, second, || chance);
        // A second before the end, of those who ask one in e is to refresh what takes a second.
        assert!(due(second, 0.367) && !due(second, 0.369));
        assert!(due(Duration::ZERO, 1.0), "at its end everybody");
        let far = 38 * second;
        let drawn = policy.is_due(far, second, || {
            panic!("nothing is drawn that cannot matter")
        });
        assert!(!drawn);
        assert!(!Policy::NONE.is_due(second, second, || f64::MIN_POSITIVE));
    }
}
