//! The surrogate keys that one CDN is to purge.

use super::keys::root;
use crate::pattern::{Pattern, Route};
use crate::sync::lock;
use crate::trace;
use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// After this time it is said that nobody purges.
const LONG: Duration = Duration::from_secs(10);

/// Nothing is purged again after more than this.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// More keys than this are given up for one: that of the root, which every response has.
const MOST: usize = 10_000;

/// The keys that one CDN is to purge: at once, and once more when nobody can still send it what was there before.
pub(crate) struct Waiting {
    keys: Mutex<Keys>,
    /// Whether somebody does what is to be done, or has been missed already.
    is_run: AtomicBool,
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
    /// Scopes that no response for the CDN is made of.
    excepted: Vec<Box<str>>,
}

#[derive(Clone, Copy)]
struct State {
    /// Another one each time the key is noted.
    number: u64,
    /// Since when the CDN may have had what has ended.
    since: Instant,
    was_purged: bool,
    /// When the shared server was first known to know of it: from then on nobody takes it for valid who asks.
    delivered: Option<Instant>,
    /// When it is to be purged.
    due: Instant,
    failures: u32,
}

/// Some of the keys, to be purged now.
pub(crate) struct Batch {
    pub(crate) keys: Vec<String>,
    numbers: Vec<u64>,
    begun: Instant,
}

/// What is to be done next.
pub(crate) enum Next {
    Purge(Batch),
    WaitUntil(Instant),
    WaitForMore,
}

impl Waiting {
    pub(crate) fn new(again_after: Duration) -> Self {
        let waiting = Waiting {
            keys: Mutex::default(),
            is_run: AtomicBool::new(false),
            wake: Notify::new(),
            over: Notify::new(),
            purged: AtomicU64::new(0),
            failures: AtomicU64::new(0),
        };
        waiting.set_again_after(again_after);
        waiting
    }

    pub(crate) fn set_again_after(&self, time: Duration) {
        lock(&self.keys).again_after = time.min(LONGEST);
    }

    /// What lies in this scope is in no response for the CDN. False: it is no scope.
    pub(crate) fn except(&self, pattern: &Pattern) -> bool {
        let is_scope = pattern.route() == Route::Scope && !pattern.scope().is_empty();
        if is_scope {
            lock(&self.keys).excepted.push(pattern.scope().into());
        }
        is_scope
    }

    /// Whether it lies in such a scope.
    pub(crate) fn is_excepted(&self, name: &str) -> bool {
        let keys = lock(&self.keys);
        keys.excepted.iter().any(|scope| name.starts_with(&**scope))
    }

    /// Somebody does it from here on.
    pub(crate) fn is_run(&self) {
        self.is_run.store(true, Ordering::Relaxed);
    }

    /// Everything.
    pub(crate) fn add_all(&self) {
        self.add(&[root().to_owned()]);
    }

    pub(super) fn add(&self, new: &[String]) {
        let now = Instant::now();
        let mut keys = lock(&self.keys);
        if keys.waits_at_first(root()) {
            // It covers them all.
            keys.add(root().to_owned(), now);
        } else {
            for key in new {
                keys.add(key.clone(), now);
            }
            if keys.by_key.len() > MOST {
                let since = keys.oldest().unwrap_or(now);
                keys.by_key.clear();
                keys.add(root().to_owned(), now);
                keys.by_key
                    .values_mut()
                    .for_each(|state| state.since = since);
            }
        }
        // Looked for only while nobody purges: it is a walk over them all.
        let is_missed = !self.is_run.load(Ordering::Relaxed);
        let oldest = is_missed.then(|| keys.oldest()).flatten();
        drop(keys);
        self.wake.notify_one();
        let waits_long = oldest.is_some_and(|oldest| now >= oldest + LONG);
        if waits_long && !self.is_run.swap(true, Ordering::Relaxed) {
            trace::nobody_purges();
        }
    }

    pub(crate) fn len(&self) -> usize {
        lock(&self.keys).by_key.len()
    }

    /// For how long the CDN may have had what has ended.
    pub(crate) fn oldest(&self) -> Option<Duration> {
        lock(&self.keys).oldest().map(|at| at.elapsed())
    }

    /// In the order in which they are due, but for the root's, which stands for many others.
    ///
    /// A key is due again after its time, which counts from when the server knew what has ended: until then another process may
    /// take what was there for valid.
    pub(crate) fn next(&self, at_once: usize, is_delivered: bool) -> Next {
        /// How often it is looked whether the server knows by now.
        const PATIENCE: Duration = Duration::from_millis(100);
        let begun = Instant::now();
        let mut keys = lock(&self.keys);
        if is_delivered {
            keys.are_delivered(begun);
        }
        let is_due = |state: &State| state.due <= begun && (!state.was_purged || is_delivered);
        let due = keys.by_key.iter().filter(|(_, state)| is_due(state));
        let mut some: Vec<(&String, &State)> = due.collect();
        some.sort_unstable_by_key(|(key, state)| (**key != root(), state.due, state.number));
        // Of several that have failed together one may be why: they are tried in smaller and smaller parts, among their like.
        let failures = some.first().map_or(0, |(_, state)| state.failures);
        some.retain(|(_, state)| state.failures == failures);
        some.truncate((at_once >> failures.min(31)).max(1));
        let (some, numbers): (Vec<String>, Vec<u64>) = some
            .into_iter()
            .map(|(key, state)| (key.clone(), state.number))
            .unzip();
        if !some.is_empty() {
            return Next::Purge(Batch {
                keys: some,
                numbers,
                begun,
            });
        }
        match keys.by_key.values().map(|state| state.due).min() {
            Some(due) if is_delivered => Next::WaitUntil(due),
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
                // What had ended before is gone.
                state.since = state.since.max(batch.begun);
                continue;
            }
            state.failures = 0;
            match state.delivered.map(|at| at + again_after) {
                Some(again) if batch.begun >= again => _ = keys.by_key.remove(key),
                again => {
                    state.was_purged = true;
                    state.due = again.unwrap_or(batch.begun);
                }
            }
        }
        if keys.by_key.is_empty() {
            self.over.notify_waiters();
        }
    }

    /// These were not. Others come before they are tried again.
    pub(crate) fn failed(&self, batch: &Batch, pause: impl Fn(u32) -> Duration) {
        self.failures.fetch_add(1, Ordering::Relaxed);
        let now = Instant::now();
        let mut keys = lock(&self.keys);
        for (key, number) in batch.keys.iter().zip(&batch.numbers) {
            if let Some(state) = keys.by_key.get_mut(key)
                && state.number == *number
            {
                state.due = now + pause(state.failures);
                state.failures = state.failures.saturating_add(1);
            }
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
    /// Whether it has never been purged since it was noted.
    fn waits_at_first(&self, key: &str) -> bool {
        self.by_key.get(key).is_some_and(|state| !state.was_purged)
    }

    fn oldest(&self) -> Option<Instant> {
        let new = self.by_key.values().filter(|state| !state.was_purged);
        new.map(|state| state.since).min()
    }

    fn are_delivered(&mut self, now: Instant) {
        let again_after = self.again_after;
        for state in self.by_key.values_mut() {
            if state.delivered.is_none() {
                state.delivered = Some(now);
                if state.was_purged {
                    state.due = now + again_after;
                }
            }
        }
    }

    fn add(&mut self, key: String, now: Instant) {
        self.next += 1;
        let waits = self.by_key.get(&key).filter(|state| !state.was_purged);
        let state = State {
            number: self.next,
            since: waits.map_or(now, |state| state.since),
            was_purged: false,
            delivered: None,
            // What keeps coming does not wait for longer.
            due: waits.map_or(now, |state| state.due),
            failures: waits.map_or(0, |state| state.failures),
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
        // Now it does; its time counts from here.
        assert!(batch(&waiting, true).is_none());
        tokio::time::sleep(AGAIN).await;
        let second = batch(&waiting, true).expect("again");
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
    async fn what_has_waited_longest_comes_first() {
        let waiting = Waiting::new(AGAIN);
        for n in 0..100 {
            waiting.add(&[n.to_string()]);
        }
        let mut all = Vec::new();
        while let Some(some) = batch(&waiting, true) {
            all.extend(some.keys.iter().cloned());
            waiting.done(&some);
        }
        let expected: Vec<_> = (0..100).map(|n: u32| n.to_string()).collect();
        assert_eq!(all, expected);
        // What is due again does not wait for what comes later.
        tokio::time::sleep(AGAIN).await;
        waiting.add(&["x".to_owned()]);
        let some = batch(&waiting, true).expect("thirty");
        assert_eq!((some.keys.len(), &*some.keys[0]), (30, "0"));
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_always_fails_stops_no_others() {
        let waiting = Waiting::new(AGAIN);
        waiting.add(&["bad".to_owned()]);
        for n in 0..100 {
            waiting.add(&[n.to_string()]);
        }
        for _ in 0..300 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let Some(some) = batch(&waiting, true) else {
                continue;
            };
            match some.keys.iter().any(|key| key == "bad") {
                true => waiting.failed(&some, |failures| Duration::from_secs(1 << failures.min(5))),
                false => waiting.done(&some),
            }
        }
        assert_eq!(
            lock(&waiting.keys)
                .by_key
                .values()
                .filter(|state| !state.was_purged)
                .count(),
            1
        );
    }

    #[tokio::test(start_paused = true)]
    async fn how_long_one_waits_does_not_begin_anew() {
        let waiting = noted(&["a"]);
        tokio::time::sleep(AGAIN).await;
        waiting.add(&["a".to_owned()]);
        assert_eq!(waiting.oldest(), Some(AGAIN));
    }

    #[tokio::test(start_paused = true)]
    async fn too_many_become_one_that_every_response_has() {
        let waiting = Waiting::new(AGAIN);
        let keys: Vec<_> = (0..=MOST).map(|n| n.to_string()).collect();
        waiting.add(&keys);
        // It covers what comes until it is purged.
        waiting.add(&["a".to_owned()]);
        assert_eq!(waiting.len(), 1);
        let first = batch(&waiting, true).expect("one");
        assert_eq!(first.keys, [root()]);
        waiting.done(&first);
        waiting.add(&["a".to_owned()]);
        let second = batch(&waiting, true).expect("one");
        assert_eq!(second.keys, ["a"]);
    }
}
