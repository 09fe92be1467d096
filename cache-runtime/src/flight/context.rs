//! Which computation a task is in the middle of, so that what it reads from caches becomes its dependency.
//!
//! The context belongs to the task: work that a cached function hands to `tokio::spawn` is outside of it.

use super::Flight;
use std::cell::Cell;
use std::future::Future;
use std::sync::Arc;

tokio::task_local! {
    static CONTEXT: Context;
}

#[derive(Clone, Default)]
pub(crate) struct Context {
    /// The computation that this code is part of.
    pub(crate) flight: Option<Arc<Flight>>,
    /// Whether the next cached call is to compute afresh.
    refresh: Cell<bool>,
}

/// The context of the running code. A wish to refresh is granted once.
#[inline]
pub(crate) fn current() -> (Option<Arc<Flight>>, bool) {
    CONTEXT
        .try_with(|context| (context.flight.clone(), context.refresh.take()))
        .unwrap_or_default()
}

/// Runs `body` as the computation of `flight`.
pub(crate) async fn computing<F: Future>(flight: Arc<Flight>, body: F) -> F::Output {
    let context = Context {
        flight: Some(flight),
        refresh: Cell::new(false),
    };
    CONTEXT.scope(context, body).await
}

/// Runs `call`; the first cached function it calls computes afresh and stores.
pub(crate) async fn refreshing<F: Future>(call: F) -> F::Output {
    let (flight, _) = current();
    let context = Context {
        flight,
        refresh: Cell::new(true),
    };
    CONTEXT.scope(context, call).await
}
