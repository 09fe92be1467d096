//! For how long an entry is fresh, and for how long it is kept beyond that.

use crate::cache::Cache;
use crate::policy::Policy;
use crate::random::chance;
#[cfg(feature = "redis")]
use crate::redis::Prolonged;
use crate::ttl::Ttl;
use std::time::Duration;

/// Both from the moment it is stored; `None`: for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lifespan {
    pub(crate) fresh: Option<Duration>,
    pub(crate) kept: Option<Duration>,
    /// How long it is kept when nobody reads it.
    pub(crate) idle: Option<Duration>,
    /// Whether it is cut short, since something past its time to live is part of the value.
    pub(crate) provisional: bool,
}

impl Lifespan {
    /// The longest that an entry with this time to live can have, before its value is known.
    #[cfg(feature = "redis")]
    pub(crate) fn at_most(cache: &Cache, ttl: Ttl, policy: &Policy) -> Self {
        let fresh = match policy.adaptive {
            Some(range) => Some(range.longest),
            None => cache.resolve(ttl),
        };
        Lifespan::of(fresh, policy.grace(), policy.idle)
    }

    /// That of a value.
    pub(crate) fn of_value(cache: &Cache, ttl: Ttl, policy: &Policy) -> Self {
        let fresh = cache.resolve(ttl);
        let fresh = fresh.map(|fresh| spread(fresh, policy.jitter));
        Lifespan::of(fresh, policy.grace(), policy.idle)
    }

    /// That of the finding that there is none: nothing is gained by keeping it for longer.
    pub(crate) fn of_absence(cache: &Cache, ttl: Ttl, policy: &Policy) -> Self {
        let fresh = cache.resolve(ttl);
        let fresh = fresh.map(|fresh| spread(fresh, policy.jitter));
        Lifespan::of(fresh, Duration::ZERO, policy.idle)
    }

    fn of(fresh: Option<Duration>, grace: Duration, idle: Option<Duration>) -> Self {
        Lifespan {
            fresh,
            kept: fresh.map(|fresh| fresh.saturating_add(grace)),
            idle,
            provisional: false,
        }
    }

    /// Kept for so long past its end, in place of what its site declares.
    pub(crate) fn kept_past(mut self, grace: Duration) -> Self {
        self.kept = self.fresh.map(|fresh| fresh.saturating_add(grace));
        self
    }

    /// That of a value that is made of something past its time to live, and is to be made anew after so long.
    pub(crate) fn provisional(mut self, at_most: Duration) -> Self {
        self.fresh = Some(self.fresh.map_or(at_most, |fresh| fresh.min(at_most)));
        self.provisional = true;
        self
    }

    /// On a server, where every read prolongs the life of an entry that dies when it is idle, and of what it hangs on: how long it
    /// lives if nobody reads it. A read that this process answers itself does not prolong it: by so much it lives longer.
    /// `None`: for ever.
    #[cfg(feature = "redis")]
    pub(crate) fn on_server(self) -> Option<Duration> {
        match (self.kept, self.idle.map(unread)) {
            (Some(kept), Some(idle)) => Some(kept.min(idle)),
            (kept, idle) => kept.or(idle),
        }
    }

    /// Whether there is nothing to store.
    #[cfg(feature = "redis")]
    pub(crate) fn is_none(self) -> bool {
        self.fresh == Some(Duration::ZERO)
    }
}

/// The part of its idle time for which a process answers with an entry that it keeps, without telling the server.
#[cfg(feature = "redis")]
pub(crate) const UNTOLD: u32 = 8;

/// How long the server keeps an entry that is read no more: its idle time, and twice the part for which reads may go untold.
/// Once for those, and once so that it is not prolonged at every read.
#[cfg(feature = "redis")]
fn unread(idle: Duration) -> Duration {
    idle.saturating_add(2 * (idle / UNTOLD))
}

/// How long an entry that is to live for so long at most lives from now on, since it was read.
#[cfg(feature = "redis")]
pub(crate) fn prolonged(idle: Duration, left: Option<Duration>) -> Prolonged {
    let least = idle.saturating_add(idle / UNTOLD);
    Prolonged {
        least: left.map_or(least, |left| left.min(least)),
        to: left.map_or(unread(idle), |left| left.min(unread(idle))),
    }
}

/// Shortened at random, by up to this part of it. So that entries which were made together do not end together, and none
/// lives longer than was asked for.
fn spread(time: Duration, jitter: f64) -> Duration {
    /// From here on whole seconds are exact enough, and are written in fewer bytes.
    const LONG: Duration = Duration::from_secs(60);
    if jitter.is_nan() || jitter <= 0.0 || time.is_zero() {
        return time;
    }
    let spread = time.mul_f64(1.0 - jitter * chance());
    if spread >= LONG {
        Duration::from_secs(spread.as_secs())
    } else {
        spread.max(Duration::from_millis(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_time_is_shorter_by_a_part_at_most() {
        for time in [100, 10_000, 3_600_000].map(Duration::from_millis) {
            let spread: Vec<_> = (0..1_000).map(|_| spread(time, 0.1)).collect();
            assert!(
                spread
                    .iter()
                    .all(|&spread| spread <= time && spread >= time.mul_f64(0.899))
            );
            assert!(spread.iter().any(|&spread| spread < time.mul_f64(0.93)));
            assert!(spread.iter().any(|&spread| spread > time.mul_f64(0.97)));
        }
        assert_eq!(super::spread(Duration::ZERO, 0.5), Duration::ZERO);
        assert_eq!(
            super::spread(Duration::from_secs(9), 0.0),
            Duration::from_secs(9)
        );
    }
}
