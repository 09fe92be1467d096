//! Not more than a source can bear.

use crate::sync::lock;
use std::sync::Mutex;
use std::time::Duration;
use tokio::time::Instant;

/// At most so many beginnings a second, evenly.
#[derive(Debug)]
pub(super) struct Pace {
    gap: Duration,
    next: Mutex<Option<Instant>>,
}

impl Pace {
    /// # Panics
    ///
    /// If that is not a number above zero. Without an end, there is no limit.
    pub(super) fn new(per_second: f64) -> Self {
        assert!(per_second > 0.0, "a rate above zero, and not {per_second}");
        let gap = Duration::try_from_secs_f64(1.0 / per_second);
        Pace {
            gap: gap.unwrap_or_default(),
            next: Mutex::new(None),
        }
    }

    /// Waits for the next beginning.
    pub(super) async fn wait(&self) {
        let turn = {
            let mut next = lock(&self.next);
            let now = Instant::now();
            let turn = next.map_or(now, |next| next.max(now));
            *next = Some(turn + self.gap);
            turn
        };
        tokio::time::sleep_until(turn).await;
    }
}
