//! A service elsewhere that knows rates of exchange. It takes its time, changes its mind every twelve minutes, and is down
//! for five.

use cache_runtime::{Clock, ManualClock};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const MINUTE: u64 = 60_000;
const CHANGES_EVERY: u64 = 12 * MINUTE;
const DOWN: Range<u64> = 30 * MINUTE..35 * MINUTE;

pub(crate) const CURRENCIES: [&str; 4] = ["CHF", "GBP", "JPY", "USD"];

/// The service is down.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Down;

#[derive(Clone)]
pub(crate) struct Rates(Arc<Inner>);

struct Inner {
    /// Milliseconds since the hour began.
    now: AtomicU64,
    hand: ManualClock,
    asked: AtomicU64,
}

impl Rates {
    pub(crate) fn new() -> Self {
        Rates(Arc::new(Inner {
            now: AtomicU64::new(0),
            hand: ManualClock::new(),
            asked: AtomicU64::new(0),
        }))
    }

    /// The clock of this world.
    pub(crate) fn clock(&self) -> Clock {
        Clock::manual(&self.0.hand)
    }

    pub(crate) fn pass(&self, millis: u64) {
        self.0.now.fetch_add(millis, Ordering::Relaxed);
        self.0
            .hand
            .advance(std::time::Duration::from_millis(millis));
    }

    pub(crate) async fn ask(&self, currency: &str) -> Result<u32, Down> {
        self.0.asked.fetch_add(1, Ordering::Relaxed);
        // It takes its time, in which others run.
        tokio::task::yield_now().await;
        let now = self.0.now.load(Ordering::Relaxed);
        if DOWN.contains(&now) {
            return Err(Down);
        }
        let period = u32::try_from(now / CHANGES_EVERY).unwrap_or(u32::MAX);
        let base: u32 = currency.bytes().map(u32::from).sum();
        Ok(base + period)
    }

    pub(crate) fn asked(&self) -> u64 {
        self.0.asked.load(Ordering::Relaxed)
    }
}
