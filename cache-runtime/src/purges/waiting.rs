//! The surrogate keys that one CDN is to purge.

use super::keys::key_of;
use crate::generation::Guard;
use crate::sync::lock;
use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// More keys than this are given up for one: that of the root, which every response has.
const MOST: usize = 10_000;

/// The keys that one CDN is to purge: at once, and once more when nobody can still send it what was there before.
pub(crate) struct Waiting {
    keys: Mutex<Keys>,
    /// There is something to do.
    pub(crate) wake: Notify,
    /// Everything has been done.
    over: Notify,
    pub(crate) purged: AtomicU64,
    pub(crate) failures: AtomicU64,
}

#[derive(Default)]
struct Keys {
    by_key: HashMap<String, State>,
    next: u64,
    /// How long what was there may be on its way.
    again_after: Duration,
}

#[derive(Clone, Copy)]
struct State {
    /// Another one each time the key is noted.
    number: u64,
    noted: Instant,
    was_purged: bool,
}

/// Some of the keys, to be purged now.
pub(crate) struct Batch {
    pub(crate) keys: Vec<String>,
    numbers: Vec<u64>,
    begun: Instant,
    /// Whether the shared server knew of all that has ended.
    is_delivered: bool,
}

/// What is to be done next.
pub(crate) enum Next {
    Purge(Batch),
    WaitUntil(Instant),
    WaitForMore,
}

impl Waiting {
    pub(crate) fn new(again_after: Duration) -> Self {
        Waiting {
            keys: Mutex::new(Keys {
                again_after,
                ..Keys::default()
            }),
            wake: Notify::new(),
            over: Notify::new(),
            purged: AtomicU64::new(0),
            failures: AtomicU64::new(0),
        }
    }

    pub(crate) fn set_again_after(&self, time: Duration) {
        lock(&self.keys).again_after = time;
    }

    /// Everything.
    pub(crate) fn add_all(&self) {
        self.add(&[key_of(Guard::Scope, "")]);
    }

    pub(super) fn add(&self, new: &[String]) {
        let now = Instant::now();
        let mut keys = lock(&self.keys);
        for key in new {
            keys.add(key.clone(), now);
        }
        if keys.by_key.len() > MOST {
            keys.by_key.clear();
            keys.add(key_of(Guard::Scope, ""), now);
        }
        drop(keys);
        self.wake.notify_one();
    }

    pub(crate) fn len(&self) -> usize {
        lock(&self.keys).by_key.len()
    }

    /// For how long the first of those waits that were never purged.
    pub(crate) fn oldest(&self) -> Option<Duration> {
        let keys = lock(&self.keys);
        let new = keys.by_key.values().filter(|state| !state.was_purged);
        new.map(|state| state.noted).min().map(|at| at.elapsed())
    }

    /// What was never purged comes first. What was is done again only after its time, and once the server knows what has ended:
    /// until then another process may send what was there.
    pub(crate) fn next(&self, at_once: usize, is_delivered: bool) -> Next {
        let begun = Instant::now();
        let keys = lock(&self.keys);
        let due = |state: &State| state.noted + keys.again_after;
        let new = keys.by_key.iter().filter(|(_, state)| !state.was_purged);
        let again = keys.by_key.iter();
        let again =
            again.filter(|(_, state)| state.was_purged && is_delivered && due(state) <= begun);
        let some = new.chain(again).take(at_once.max(1));
        let (some, numbers): (Vec<String>, Vec<u64>) =
            some.map(|(key, state)| (key.clone(), state.number)).unzip();
        if !some.is_empty() {
            return Next::Purge(Batch {
                keys: some,
                numbers,
                begun,
                is_delivered,
            });
        }
        /// How often it is looked whether the server knows by now.
        const PATIENCE: Duration = Duration::from_millis(100);
        match keys.by_key.values().map(due).min() {
            Some(due) => Next::WaitUntil(due.max(begun + PATIENCE)),
            None => Next::WaitForMore,
        }
    }

    /// These were purged. What was noted again since waits again.
    pub(crate) fn done(&self, batch: &Batch) {
        self.purged
            .fetch_add(batch.keys.len() as u64, Ordering::Relaxed);
        let mut keys = lock(&self.keys);
        let again_after = keys.again_after;
        for (key, number) in batch.keys.iter().zip(&batch.numbers) {
            let Some(state) = keys.by_key.get_mut(key) else {
                continue;
            };
            if state.number != *number {
                continue;
            }
            if batch.is_delivered && batch.begun >= state.noted + again_after {
                keys.by_key.remove(key);
            } else {
                state.was_purged = true;
            }
        }
        if keys.by_key.is_empty() {
            self.over.notify_waiters();
        }
    }

    /// Until there is nothing left to do.
    pub(crate) async fn is_over(&self) {
        loop {
            let over = self.over.notified();
            if self.len() == 0 {
                return;
            }
            over.await;
        }
    }
}

impl Keys {
    fn add(&mut self, key: String, noted: Instant) {
        self.next += 1;
        let state = State {
            number: self.next,
            noted,
            was_purged: false,
        };
        self.by_key.insert(key, state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AGAIN: Duration = Duration::from_secs(2);

    fn batch(waiting: &Waiting, is_delivered: bool) -> Option<Batch> {
        match waiting.next(30, is_delivered) {
            Next::Purge(batch) => Some(batch),
            Next::WaitUntil(_) | Next::WaitForMore => None,
        }
    }

    fn noted(keys: &[&str]) -> Waiting {
        let waiting = Waiting::new(AGAIN);
        let keys: Vec<_> = keys.iter().map(|&key| key.to_owned()).collect();
        waiting.add(&keys);
        waiting
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_is_purged_at_once_and_once_more_after_its_time() {
        let waiting = noted(&["a"]);
        let first = batch(&waiting, true).expect("at once");
        assert_eq!(first.keys, ["a"]);
        waiting.done(&first);
        assert!(batch(&waiting, true).is_none(), "not before its time");
        assert_eq!((waiting.len(), waiting.oldest()), (1, None));
        tokio::time::sleep(AGAIN).await;
        let second = batch(&waiting, true).expect("again");
        waiting.done(&second);
        assert_eq!(waiting.len(), 0);
        assert!(matches!(waiting.next(30, true), Next::WaitForMore));
        waiting.is_over().await;
    }

    #[tokio::test(start_paused = true)]
    async fn while_the_server_does_not_know_it_is_not_over() {
        let waiting = noted(&["a"]);
        let first = batch(&waiting, false).expect("at once");
        tokio::time::sleep(2 * AGAIN).await;
        waiting.done(&first);
        assert!(batch(&waiting, false).is_none());
        let second = batch(&waiting, true).expect("now it does");
        waiting.done(&second);
        assert_eq!(waiting.len(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_that_is_noted_while_it_is_purged_is_purged_again() {
        let waiting = noted(&["a"]);
        tokio::time::sleep(AGAIN).await;
        let first = batch(&waiting, true).expect("at once");
        waiting.add(&["a".to_owned()]);
        waiting.done(&first);
        let second = batch(&waiting, true).expect("at once");
        waiting.done(&second);
        assert_eq!(waiting.len(), 1, "and once more");
    }

    #[tokio::test(start_paused = true)]
    async fn too_many_become_one_that_every_response_has() {
        let waiting = Waiting::new(AGAIN);
        let keys: Vec<_> = (0..=MOST).map(|n| n.to_string()).collect();
        waiting.add(&keys);
        let batch = batch(&waiting, true).expect("one");
        assert_eq!(batch.keys, [key_of(Guard::Scope, "")]);
    }
}
