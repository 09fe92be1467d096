//! Time as the cache sees it: a monotonic count of milliseconds, which tests can hold in their hands.
//!
//! A hit must not make a system call, so the ordinary clock is the kernel's coarse monotonic clock, read from
//! memory that the kernel shares with every process. It lags by at most one kernel tick (1 to 10 ms): an entry
//! may be served that much past its time to live. Nothing here looks at the time of day.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A source of time for expiry.
///
/// ```
/// use cache_runtime::{Cache, Clock, ManualClock};
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let hand = ManualClock::new();
/// let cache = Cache::builder().clock(Clock::manual(&hand)).build().await?;
/// cache.set("greeting", "hello".to_owned()).ttl(Duration::from_secs(60)).await;
/// hand.advance(Duration::from_secs(61));
/// assert_eq!(cache.get::<String>("greeting").await, None);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System(coarsetime::Instant),
    Tokio(tokio::time::Instant),
    Manual(ManualClock),
}

impl Clock {
    /// The system's coarse monotonic clock: no system call a reading, exact to 1–10 ms.
    pub fn system() -> Self {
        Clock(Source::System(coarsetime::Instant::now()))
    }

    /// Tokio's clock, which follows `tokio::time::pause` and `advance` in tests.
    pub fn tokio() -> Self {
        Clock(Source::Tokio(tokio::time::Instant::now()))
    }

    /// A clock that moves only when `hand` is advanced.
    pub fn manual(hand: &ManualClock) -> Self {
        Clock(Source::Manual(hand.clone()))
    }

    /// Milliseconds since this clock was made.
    #[inline]
    pub(crate) fn now(&self) -> Tick {
        Tick(match &self.0 {
            Source::System(origin) => coarsetime::Instant::now_without_cache_update()
                .duration_since(*origin)
                .as_millis(),
            Source::Tokio(origin) => whole_millis(origin.elapsed()),
            Source::Manual(hand) => hand.0.load(Ordering::Acquire),
        })
    }
}

/// The hand of a [`Clock::manual`]: advance it, and every cache on that clock grows older.
#[derive(Clone, Debug, Default)]
pub struct ManualClock(Arc<AtomicU64>);

impl ManualClock {
    /// A hand that stands at zero.
    pub fn new() -> Self {
        Self::default()
    }

    /// Moves time on by `by`, rounded up to whole milliseconds.
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(millis_up(by), Ordering::AcqRel);
    }
}

/// A moment: milliseconds since the origin of the clock it was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Tick(u64);

impl Tick {
    /// A moment that never comes.
    pub(crate) const NEVER: Tick = Tick(u64::MAX);

    /// The moment `after` later; [`Tick::NEVER`] when that is beyond counting.
    pub(crate) fn plus(self, after: Duration) -> Tick {
        Tick(self.0.saturating_add(millis_up(after)))
    }

    /// As a number, to be kept in an atomic.
    #[cfg(feature = "redis")]
    pub(crate) fn count(self) -> u64 {
        self.0
    }

    /// The moment of such a number.
    #[cfg(feature = "redis")]
    #[inline]
    pub(crate) fn of(count: u64) -> Tick {
        Tick(count)
    }

    /// The time from `earlier` until this moment; zero if it lies after it.
    pub(crate) fn since(self, earlier: Tick) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

fn whole_millis(of: Duration) -> u64 {
    u64::try_from(of.as_millis()).unwrap_or(u64::MAX)
}

/// Rounded up, so that a time to live below a millisecond is not mistaken for none.
fn millis_up(of: Duration) -> u64 {
    u64::try_from(of.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_moves_only_by_hand() {
        let hand = ManualClock::new();
        let clock = Clock::manual(&hand);
        let start = clock.now();
        assert_eq!(clock.now(), start);
        hand.advance(Duration::from_millis(1500));
        assert_eq!(clock.now().since(start), Duration::from_millis(1500));
    }

    #[test]
    fn a_time_below_a_millisecond_is_not_lost_and_forever_does_not_overflow() {
        assert_eq!(Tick(5).plus(Duration::from_nanos(1)), Tick(6));
        assert_eq!(Tick(5).plus(Duration::MAX), Tick::NEVER);
    }

    #[test]
    fn the_system_clock_does_not_run_backwards() {
        let clock = Clock::system();
        let mut last = clock.now();
        for _ in 0..10_000 {
            let now = clock.now();
            assert!(now >= last);
            last = now;
        }
    }
}
