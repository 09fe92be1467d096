//! Which computation a task is in the middle of, so that what it reads from caches becomes its dependency.
//!
//! The context belongs to the task: work that a cached function hands to `tokio::spawn` is outside of it.

use super::Flight;
use crate::read_through::Last;
use crate::site::Site;
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
    /// What that is to replace.
    last: Option<Last>,
    /// The site whose next call is to compute afresh, by its address.
    refresh: Cell<Option<usize>>,
}

/// The computation that the running code is part of.
#[inline]
pub(crate) fn current() -> Option<Arc<Flight>> {
    CONTEXT
        .try_with(|context| context.flight.clone())
        .ok()
        .flatten()
}

/// The same for a call of `site`, and whether it is to compute afresh. That wish is granted once.
#[inline]
pub(crate) fn current_for(site: &'static Site) -> (Option<Arc<Flight>>, bool) {
    let of_call = |context: &Context| {
        let wanted = context.refresh.get() == Some(std::ptr::from_ref(site).addr());
        if wanted {
            context.refresh.set(None);
        }
        (context.flight.clone(), wanted)
    };
    CONTEXT.try_with(of_call).unwrap_or_default()
}

/// The computation that the running code is part of, and what that is to replace.
pub(crate) fn current_computation() -> Option<(Arc<Flight>, Option<Last>)> {
    let computation = |context: &Context| Some((context.flight.clone()?, context.last.clone()));
    CONTEXT.try_with(computation).ok().flatten()
}

/// Runs `body` as the computation of `flight`, which is to replace `last`.
pub(crate) fn computing<F: Future>(
    flight: Arc<Flight>,
    last: Option<Last>,
    body: F,
) -> impl Future<Output = F::Output> {
    let context = Context {
        flight: Some(flight),
        last,
        refresh: Cell::new(None),
    };
    CONTEXT.scope(context, body)
}

/// Runs `call`, which calls `site`: it computes afresh and stores.
pub(crate) fn refreshing<F: Future>(
    site: &'static Site,
    call: F,
) -> impl Future<Output = F::Output> {
    let context = Context {
        flight: current(),
        last: None,
        refresh: Cell::new(Some(std::ptr::from_ref(site).addr())),
    };
    CONTEXT.scope(context, call)
}
