//! Small helpers over locks and timers.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

/// Locks `mutex`, also after a panic elsewhere: what our locks protect is whole between any two statements.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The output of `future`, unless that takes longer than `limit`. Where there is no timer, there is no limit.
///
/// Of a large future give the pinned reference (`pin!(…)`): what is given itself is held twice.
///
/// In a program that is short of processor time, the timer can be noticed before what it waits for, though that is
/// there already. So the time is counted in parts, each of which begins when this future is polled: whoever is polled
/// late waits longer.
pub(crate) async fn within<F: Future>(limit: Duration, future: F) -> Option<F::Output> {
    const PARTS: u32 = 5;
    // Outside of a runtime, and in one whose timer is off, Tokio panics here. Nobody else can tell.
    let part = limit / PARTS;
    let Ok(sleep) = std::panic::catch_unwind(|| tokio::time::sleep(part)) else {
        return Some(future.await);
    };
    let (mut future, mut sleep) = (pin!(future), pin!(sleep));
    let mut parts = PARTS;
    poll_fn(|context| {
        if let Poll::Ready(output) = future.as_mut().poll(context) {
            return Poll::Ready(Some(output));
        }
        while sleep.as_mut().poll(context).is_ready() {
            parts -= 1;
            if parts == 0 {
                return Poll::Ready(None);
            }
            sleep.as_mut().reset(tokio::time::Instant::now() + part);
        }
        Poll::Pending
    })
    .await
}

/// The outputs of `futures`, which run side by side in this task, in their order.
pub(crate) async fn all_at_once<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut running: Vec<_> = futures
        .into_iter()
        .map(|future| Some(Box::pin(future)))
        .collect();
    let mut outputs: Vec<Option<F::Output>> = running.iter().map(|_| None).collect();
    poll_fn(|context| {
        for (future, output) in running.iter_mut().zip(&mut outputs) {
            if let Some(pinned) = future
                && let Poll::Ready(ready) = pinned.as_mut().poll(context)
            {
                *output = Some(ready);
                *future = None;
            }
        }
        if running.iter().all(Option::is_none) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    outputs.into_iter().flatten().collect()
}
