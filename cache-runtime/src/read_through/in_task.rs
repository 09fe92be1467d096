//! A future that a task of its own drives.

use crate::sync::lock;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

/// What a task and whoever waits for it have in common: the future, until it has ended.
struct Shared<F>(Mutex<Option<Pin<Box<F>>>>);

impl<F: Future> Shared<F> {
    fn poll(&self, context: &mut Context<'_>) -> Poll<F::Output> {
        let mut future = lock(&self.0);
        let Some(pinned) = &mut *future else {
            return Poll::Pending;
        };
        let polled = pinned.as_mut().poll(context);
        if polled.is_ready() {
            *future = None;
        }
        polled
    }
}

/// The output of `future`, which goes on if this is dropped. A panic of it goes on here.
///
/// If the task ends before the future does, its runtime shuts down. Then whoever waits drives it, as if there had never been a
/// task.
pub(super) async fn in_task<F>(future: F) -> F::Output
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let shared = Arc::new(Shared(Mutex::new(Some(Box::pin(future)))));
    let driven = Arc::clone(&shared);
    let task = tokio::spawn(poll_fn(move |context| driven.poll(context)));
    match task.await {
        Ok(output) => output,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => poll_fn(|context| shared.poll(context)).await,
        },
    }
}
