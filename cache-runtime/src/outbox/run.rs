//! Delivering in the background.

use super::{Outbox, OutboxStore};
use crate::invalidate::Delivery;
use crate::trace;
use std::convert::Infallible;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// The first pause after something has failed.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest, unless the interval is longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

impl<S: OutboxStore> Outbox<S> {
    /// Delivers what is pending: at once, whenever it is [woken](Outbox::wake), and every `interval`, which is how long
    /// the rows of a process that was killed wait for another one. After a failure it pauses, 100 ms at first, then
    /// twice as long each time, five seconds or `interval` at most.
    ///
    /// It never ends. It may be dropped at any time, and begun again: rows stay until they are acknowledged.
    pub async fn run(self, interval: Duration) -> Infallible {
        let mut pauses = Pauses::new(interval);
        loop {
            match self.deliver_pending().await {
                Ok(report) if report.delivery == Delivery::Delivered => {
                    pauses.over();
                    // It makes no difference which of the two has ended it.
                    let _ = timeout(interval, self.shared.wake.notified()).await;
                    continue;
                }
                // The cache has told the log itself.
                Ok(_) => {}
                Err(error) => trace::outbox_unavailable(&error, pauses.is_first()),
            }
            sleep(pauses.next()).await;
        }
    }
}

/// How long to pause after each of several failures in a row.
struct Pauses {
    next: Option<Duration>,
    longest: Duration,
}

impl Pauses {
    fn new(interval: Duration) -> Self {
        Pauses {
            next: None,
            longest: interval.max(LONGEST_PAUSE),
        }
    }

    fn is_first(&self) -> bool {
        self.next.is_none()
    }

    fn over(&mut self) {
        self.next = None;
    }

    fn next(&mut self) -> Duration {
        let pause = self.next.unwrap_or(FIRST_PAUSE);
        self.next = Some((pause * 2).min(self.longest));
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_begin_anew_after_a_success() {
        let mut pauses = Pauses::new(Duration::from_millis(10));
        let tenths = std::array::from_fn::<_, 8, _>(|_| pauses.next().as_millis() / 100);
        assert_eq!(tenths, [1, 2, 4, 8, 16, 32, 50, 50]);
        pauses.over();
        assert!(pauses.is_first());
        assert_eq!(pauses.next(), FIRST_PAUSE);
    }
}
