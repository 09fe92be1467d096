//! What a task is in the middle of: a computation, so that what it reads from caches becomes its dependency; and what else
//! its calls have to know.
//!
//! The context belongs to the task: work that a cached function hands to `tokio::spawn` is outside of it.

use super::Flight;
#[cfg(all(feature = "http", feature = "redis"))]
use crate::changes::Changes;
use crate::detect::Detector;
use crate::entry::Last;
use crate::site::Site;
use std::cell::Cell;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

tokio::task_local! {
    static CONTEXT: Context;
}

#[derive(Clone, Default)]
struct Context {
    /// The computation that this code is part of.
    flight: Option<Arc<Flight>>,
    /// What that is to replace.
    last: Option<Last>,
    /// The site whose next call is to compute afresh, by its address.
    refresh: Cell<Option<usize>>,
    /// Whether calls go past the cache.
    past: bool,
    /// Who wants to know what is asked.
    detector: Option<Detector>,
    /// In whose name this is done.
    actor: Option<Arc<str>>,
    /// If this warms, how long before their end entries are replaced.
    ahead: Option<Duration>,
    /// Whether hits ask the server, whatever this process keeps.
    strict: bool,
    /// Who wants to know whether something is changed.
    #[cfg(all(feature = "http", feature = "redis"))]
    changes: Option<Arc<Changes>>,
}

/// What one call has to know.
#[derive(Default)]
pub(crate) struct Circumstances {
    /// The computation that it is part of.
    pub(crate) outer: Option<Arc<Flight>>,
    /// Whether it is to compute afresh.
    pub(crate) refresh: bool,
    /// Whether it goes past the cache.
    pub(crate) past: bool,
    /// Whether somebody wants to know.
    pub(crate) is_watched: bool,
    /// If it warms, how long before its end an entry is replaced.
    pub(crate) ahead: Option<Duration>,
    /// Whether a hit asks the server.
    pub(crate) strict: bool,
}

/// The computation that the running code is part of.
#[inline]
pub(crate) fn current() -> Option<Arc<Flight>> {
    told(|context| context.flight.clone())
}

/// What a call of `site` has to know. That it is to compute afresh is told once.
#[inline]
pub(crate) fn circumstances(site: &'static Site) -> Circumstances {
    let of_call = |context: &Context| {
        let refresh = context.refresh.get() == Some(std::ptr::from_ref(site).addr());
        if refresh {
            context.refresh.set(None);
        }
        Circumstances {
            outer: context.flight.clone(),
            refresh,
            past: context.past,
            is_watched: context.detector.is_some(),
            ahead: context.ahead,
            strict: context.strict,
        }
    };
    CONTEXT.try_with(of_call).unwrap_or_default()
}

/// Whether calls go past the cache here.
#[inline]
pub(crate) fn is_past() -> bool {
    CONTEXT.try_with(|context| context.past).unwrap_or_default()
}

/// The computation that the running code is part of, and what that is to replace.
pub(crate) fn current_computation() -> Option<(Arc<Flight>, Option<Last>)> {
    told(|context| Some((context.flight.clone()?, context.last.clone())))
}

/// Who wants to know what is asked here.
pub(crate) fn detector() -> Option<Detector> {
    told(|context| context.detector.clone())
}

/// Runs `body` as the computation of `flight`, which is to replace `last`.
pub(crate) fn computing<F: Future>(
    flight: Arc<Flight>,
    last: Option<Last>,
    body: F,
) -> impl Future<Output = F::Output> {
    within(body, |context| {
        context.flight = Some(flight);
        context.last = last;
        context.ahead = None;
    })
}

/// Runs `body` past the cache. It replaces nothing: what is handed to the computation that it is part of is not for it.
pub(crate) async fn replacing_nothing<F: Future>(body: F) -> F::Output {
    let is_handed_some = |context: &Context| context.last.is_some();
    if CONTEXT.try_with(is_handed_some).unwrap_or_default() {
        within(body, |context| context.last = None).await
    } else {
        body.await
    }
}

/// Runs `call`, which calls `site`: it computes afresh and stores.
pub(crate) fn refreshing<F: Future>(
    site: &'static Site,
    call: F,
) -> impl Future<Output = F::Output> {
    let site = std::ptr::from_ref(site).addr();
    within(call, move |context| context.refresh = Cell::new(Some(site)))
}

/// Runs `work`, whose calls go past the cache.
pub(crate) fn passing<F: Future>(work: F) -> impl Future<Output = F::Output> {
    within(work, |context| context.past = true)
}

/// Runs `work`, whose calls wait for what is fresh, and for so long.
pub(crate) fn warming<F: Future>(ahead: Duration, work: F) -> impl Future<Output = F::Output> {
    within(work, move |context| context.ahead = Some(ahead))
}

/// Runs `work`, and tells `detector` what it asks.
pub(crate) fn detecting<F: Future>(detector: Detector, work: F) -> impl Future<Output = F::Output> {
    within(work, |context| context.detector = Some(detector))
}

/// Whether hits ask the server here.
#[cfg(feature = "redis")]
#[inline]
pub(crate) fn is_strict() -> bool {
    let is_strict = |context: &Context| context.strict;
    CONTEXT.try_with(is_strict).unwrap_or_default()
}

/// Runs `work`, whose hits ask the server, whatever this process keeps.
#[cfg(all(feature = "http", feature = "redis"))]
pub(crate) fn strictly<F: Future>(work: F) -> impl Future<Output = F::Output> {
    within(work, |context| context.strict = true)
}

/// Runs `work`, and notes in `changes` what it changes.
#[cfg(all(feature = "http", feature = "redis"))]
pub(crate) fn noting<F: Future>(changes: Arc<Changes>, work: F) -> impl Future<Output = F::Output> {
    within(work, |context| context.changes = Some(changes))
}

/// Who wants to know whether something is changed here.
#[cfg(all(feature = "http", feature = "redis"))]
pub(crate) fn changes() -> Option<Arc<Changes>> {
    told(|context| context.changes.clone())
}

/// In whose name this is done.
pub(crate) fn actor() -> Option<Arc<str>> {
    told(|context| context.actor.clone())
}

/// Runs `work` in the name of `actor`.
pub(crate) fn acting<F: Future>(actor: Arc<str>, work: F) -> impl Future<Output = F::Output> {
    within(work, |context| context.actor = Some(actor))
}

/// Runs `work` elsewhere, in whose name this is done, and with nothing else of this.
pub(crate) fn in_the_same_name<F: Future>(work: F) -> impl Future<Output = F::Output> {
    let context = Context {
        actor: actor(),
        ..Context::default()
    };
    CONTEXT.scope(context, work)
}

/// Runs `work` elsewhere, for whoever runs here.
pub(crate) fn on_behalf<F: Future>(work: F) -> impl Future<Output = F::Output> {
    within(work, |_| {})
}

/// What the context tells, if there is one and it does.
#[inline]
fn told<T>(of: impl FnOnce(&Context) -> Option<T>) -> Option<T> {
    CONTEXT.try_with(of).ok().flatten()
}

/// Runs `work` in this context with a change. A wish to compute afresh is for the call that it was made for.
fn within<F: Future>(
    work: F,
    change: impl FnOnce(&mut Context),
) -> impl Future<Output = F::Output> {
    let mut context = CONTEXT.try_with(Context::clone).unwrap_or_default();
    context.refresh = Cell::new(None);
    change(&mut context);
    CONTEXT.scope(context, work)
}
