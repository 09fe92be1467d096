//! A future that its caller has nothing to do with most of the time.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Keeps what a miss takes out of the way of a hit: on the heap instead of in the future of the caller, and polled by a
/// function of its own, whose variables are not in the frame of the caller's.
#[must_use = "futures do nothing unless they are awaited"]
pub(super) struct OutOfLine<F>(Pin<Box<F>>);

impl<F: Future> OutOfLine<F> {
    #[cold]
    #[inline(never)]
    pub(super) fn new(future: F) -> Self {
        OutOfLine(Box::pin(future))
    }
}

impl<F: Future> Future for OutOfLine<F> {
    type Output = F::Output;

    #[cold]
    #[inline(never)]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        self.0.as_mut().poll(context)
    }
}
