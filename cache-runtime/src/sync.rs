//! Small helpers over locks and timers.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;
use tokio::time::Sleep;

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
    let Ok(sleep) = catch_unwind(|| tokio::time::sleep(part)) else {
        return Some(future.await);
    };
    let (mut future, mut sleep) = (pin!(future), pin!(sleep));
    let mut parts = PARTS;
    poll_fn(|context| {
        if let Poll::Ready(output) = future.as_mut().poll(context) {
            return Poll::Ready(Some(output));
        }
        while is_over(sleep.as_mut(), context) {
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

/// Whether a timer has run off. One whose runtime has ended never does: Tokio panics.
fn is_over(sleep: Pin<&mut Sleep>, context: &mut Context<'_>) -> bool {
    let polled = catch_unwind(AssertUnwindSafe(|| sleep.poll(context)));
    polled.is_ok_and(|polled| polled.is_ready())
}

/// The output of `future`, or what it panicked with.
pub(crate) async fn catching<F: Future>(future: F) -> std::thread::Result<F::Output> {
    let mut future = pin!(future);
    poll_fn(|context| {
        // It is not polled again after a panic.
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context)));
        match polled {
            Ok(polled) => polled.map(Ok),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    })
    .await
}

/// The outputs of `futures`, which run side by side in this task, in their order. Each is polled when it is woken itself.
pub(crate) async fn all_at_once<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let task = Arc::new(Mutex::new(None));
    let mut running: Vec<_> = futures
        .into_iter()
        .map(|future| (Some(Box::pin(future)), Alarm::new(&task)))
        .collect();
    let mut outputs: Vec<Option<F::Output>> = running.iter().map(|_| None).collect();
    let mut left = running.len();
    poll_fn(|context| {
        *lock(&task) = Some(context.waker().clone());
        for ((future, alarm), output) in running.iter_mut().zip(&mut outputs) {
            let Some(pinned) = future.as_mut().filter(|_| alarm.is_ringing()) else {
                continue;
            };
            let waker = Waker::from(Arc::clone(alarm));
            if let Poll::Ready(ready) = pinned.as_mut().poll(&mut Context::from_waker(&waker)) {
                *output = Some(ready);
                *future = None;
                left -= 1;
            }
        }
        if left == 0 {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    outputs.into_iter().flatten().collect()
}

/// The outputs of `futures` that are there when most of them have one that is `good`, or all of them have one.
#[cfg(feature = "redis")]
pub(crate) async fn until_most<F: Future>(
    futures: Vec<F>,
    is_good: impl Fn(&F::Output) -> bool,
) -> Vec<F::Output> {
    let most = futures.len() / 2 + 1;
    let mut running: Vec<_> = futures
        .into_iter()
        .map(|future| Some(Box::pin(future)))
        .collect();
    let mut outputs = Vec::with_capacity(running.len());
    let mut good = 0;
    poll_fn(|context| {
        for slot in &mut running {
            let polled = slot.as_mut().map(|future| future.as_mut().poll(context));
            let Some(Poll::Ready(output)) = polled else {
                continue;
            };
            *slot = None;
            good += usize::from(is_good(&output));
            outputs.push(output);
        }
        if good >= most || running.iter().all(Option::is_none) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    outputs
}

/// The output of the one that ends first.
#[cfg(feature = "redis")]
pub(crate) async fn first_of<T>(one: impl Future<Output = T>, other: impl Future<Output = T>) -> T {
    let (mut one, mut other) = (pin!(one), pin!(other));
    poll_fn(|context| match one.as_mut().poll(context) {
        Poll::Pending => other.as_mut().poll(context),
        ready => ready,
    })
    .await
}

/// Wakes the task that one of its futures belongs to, and tells which.
struct Alarm {
    rings: AtomicBool,
    task: Arc<Mutex<Option<Waker>>>,
}

impl Alarm {
    fn new(task: &Arc<Mutex<Option<Waker>>>) -> Arc<Self> {
        Arc::new(Alarm {
            rings: AtomicBool::new(true),
            task: Arc::clone(task),
        })
    }

    /// Whether it has rung since this was asked last.
    fn is_ringing(&self) -> bool {
        self.rings.swap(false, Ordering::AcqRel)
    }
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.rings.store(true, Ordering::Release);
        let task = lock(&self.task).clone();
        if let Some(task) = task {
            task.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;
    use tokio::sync::oneshot;

    #[tokio::test]
    async fn each_is_polled_when_it_is_woken() {
        const MANY: usize = 1_000;
        let (mut senders, mut receivers) = (Vec::new(), Vec::new());
        for _ in 0..MANY {
            let (sender, receiver) = oneshot::channel();
            senders.push(sender);
            receivers.push(receiver);
        }
        let polls = AtomicUsize::new(0);
        let counted = receivers.into_iter().map(|mut receiver| {
            let polls = &polls;
            poll_fn(move |context| {
                polls.fetch_add(1, Ordering::Relaxed);
                Pin::new(&mut receiver).poll(context)
            })
        });
        let sending = async {
            for (number, sender) in senders.into_iter().enumerate() {
                tokio::task::yield_now().await;
                sender.send(number).expect("it waits");
            }
        };
        let (outputs, ()) = tokio::join!(all_at_once(counted.collect()), sending);
        let numbers: Vec<usize> = outputs.into_iter().flatten().collect();
        assert_eq!(numbers, (0..MANY).collect::<Vec<_>>());
        assert!(polls.into_inner() <= 2 * MANY, "not each for all");
    }

    #[tokio::test]
    async fn a_panic_is_caught_and_handed_on() {
        let caught = catching(async { std::panic::resume_unwind(Box::new(7)) }).await;
        let Err(panic): Result<(), _> = caught else {
            panic!("it has panicked")
        };
        assert_eq!(panic.downcast_ref(), Some(&7));
        assert_eq!(catching(async { 8 }).await.ok(), Some(8));
    }
}
