//! Not more than a source can bear.

use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// At most so many beginnings a second, evenly, in the order in which they are asked for.
#[derive(Debug)]
pub(super) struct Pace {
    gap: Duration,
    next: Mutex<Option<Instant>>,
}

/// Between two items. Longer ones are none, as far as clocks can tell.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

impl Pace {
    /// # Panics
    ///
    /// If that is not a number above zero. Without an end, there is no limit.
    pub(super) fn new(per_second: f64) -> Self {
        assert!(per_second > 0.0, "a rate above zero, and not {per_second}");
        let gap = Duration::try_from_secs_f64(1.0 / per_second);
        Pace {
            gap: gap.unwrap_or(LONGEST).min(LONGEST),
            next: Mutex::new(None),
        }
    }

    /// Waits for the next beginning. Whoever gives up meanwhile takes no place.
    pub(super) async fn wait(&self) {
        let mut next = self.next.lock().await;
        let now = Instant::now();
        let turn = next.map_or(now, |next| next.max(now));
        tokio::time::sleep_until(turn).await;
        *next = Some(turn + self.gap);
    }
}
