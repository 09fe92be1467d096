//! Waiting for a change on the server that is heard of: the end of a lease that another process holds.

use crate::sync::{lock, within};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;

/// Whom to wake, by key.
#[derive(Default)]
pub(super) struct Awaited {
    by_key: Mutex<HashMap<Box<str>, Arc<Notify>>>,
}

/// Somebody who waits. What happens from here on wakes.
pub(crate) struct Waiter<'a> {
    awaited: &'a Awaited,
    key: &'a str,
    woken: Arc<Notify>,
}

impl Awaited {
    pub(super) fn wait_for<'a>(&'a self, key: &'a str) -> Waiter<'a> {
        let woken = Arc::clone(lock(&self.by_key).entry(key.into()).or_default());
        Waiter {
            awaited: self,
            key,
            woken,
        }
    }

    /// The lease of this key has changed.
    pub(super) fn changed(&self, key: &str) {
        // Under the lock: who waits no longer counts those who hold this.
        if let Some(woken) = lock(&self.by_key).get(key) {
            // One permit is kept, for who is about to wait.
            woken.notify_one();
        }
    }

    /// Nothing more is heard, or everything has changed.
    pub(super) fn all_changed(&self) {
        lock(&self.by_key)
            .values()
            .for_each(|woken| woken.notify_one());
    }
}

impl Waiter<'_> {
    /// Waits until something has changed, for so long at most. Returns whether it has.
    pub(crate) async fn changed(&self, limit: Duration) -> bool {
        within(limit, self.woken.notified()).await.is_some()
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        let mut by_key = lock(&self.awaited.by_key);
        let Some(woken) = by_key.get(self.key) else {
            return;
        };
        // Ours, and that in the table.
        if Arc::strong_count(woken) <= 2 {
            by_key.remove(self.key);
        } else {
            // Of several who wait for one key, each wakes the next.
            woken.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    const LONG: Duration = Duration::from_secs(10);

    #[tokio::test]
    async fn a_change_wakes_also_who_is_only_about_to_wait() {
        let awaited = Awaited::default();
        let began = Instant::now();
        let (one, other) = (awaited.wait_for("a"), awaited.wait_for("b"));
        awaited.changed("a");
        one.changed(LONG).await;
        other.changed(Duration::from_millis(20)).await;
        awaited.all_changed();
        other.changed(LONG).await;
        assert!(began.elapsed() < LONG / 2);
        drop((one, other));
        assert!(lock(&awaited.by_key).is_empty());
    }

    #[tokio::test]
    async fn a_change_wakes_all_who_wait_for_it() {
        let awaited = Awaited::default();
        let began = Instant::now();
        let wait = || async {
            let waiter = awaited.wait_for("a");
            waiter.changed(LONG).await;
        };
        let change = async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            awaited.changed("a");
        };
        tokio::join!(wait(), wait(), wait(), change);
        assert!(began.elapsed() < LONG / 2);
        assert!(lock(&awaited.by_key).is_empty());
    }
}
