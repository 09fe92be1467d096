//! A miss: sharing a computation that is under way, or running the body, storing its value and telling everybody
//! who waits how it ended.

use super::plan::{Plan, capture};
use super::reader::Reader;
use super::shape::{Shape, View};
use super::store::{Decision, Destination, Finding};
use crate::cache::Cache;
use crate::entry::Entry;
use crate::flight::{End, Entered, Flight, Lead, Waiting, computing};
use crate::site::Site;
use crate::stats::count;
use crate::trace;
use crate::value::CacheValue;
use std::future::Future;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

/// A call that was not answered.
#[must_use]
pub struct Miss<S> {
    shape: S,
    /// `None`: the call goes past the cache.
    pending: Option<Pending>,
}

/// What a call has found out so far.
pub(super) struct Pending {
    pub(super) cache: Cache,
    pub(super) site: &'static Site,
    pub(super) key: Arc<str>,
    pub(super) plan: Plan,
    /// The entry that was there, which this call could not take.
    pub(super) found: Option<Arc<Entry>>,
    /// The computation that this call is part of.
    pub(super) outer: Option<Arc<Flight>>,
    /// Whether to compute in any case, and to fence off what began to compute before.
    pub(super) refresh: bool,
}

/// Whose turn it is.
enum Turn<R> {
    /// Another caller has answered.
    Answered(R),
    Ours(Lead),
}

impl<S> Miss<S> {
    pub(super) fn new(shape: S, pending: Option<Pending>) -> Self {
        Miss { shape, pending }
    }

    /// Shares the result of a computation that is under way; or runs the body, stores its value as `decide` says,
    /// and returns what it returned.
    pub async fn fill<R, F>(self, body: F, decide: impl FnOnce(&S::Value, &mut Decision)) -> R
    where
        F: Future<Output = R>,
        S: Shape<R>,
        S::Value: CacheValue,
    {
        let Some(pending) = self.pending else {
            return body.await;
        };
        let counters = pending.site.counters(&pending.cache);
        let lead = match pending.turn(self.shape).await {
            Turn::Ours(lead) => lead,
            Turn::Answered(returned) => {
                count(&counters.coalesced);
                return returned;
            }
        };
        let started = Instant::now();
        let computation = computing(Arc::clone(lead.flight()), body);
        let returned = trace::computation(pending.site, &pending.key, computation).await;
        counters.loaded(started.elapsed());
        let end = match self.shape.view(&returned) {
            View::Value(value) => {
                let mut decision = Decision::of(&pending.plan);
                decide(value, &mut decision);
                pending.keep(&lead, Finding::value(value.clone()), decision)
            }
            View::Absent => pending.keep(
                &lead,
                Finding::absence(),
                Decision::of_absence(&pending.plan),
            ),
            View::Failure => {
                count(&counters.errors);
                trace::failed(pending.site);
                self.shape
                    .share(&returned)
                    .map_or(End::Unshared, End::Error)
            }
        };
        lead.finish(end);
        returned
    }
}

impl Pending {
    /// Joins flights until one answers, or takes the lead.
    async fn turn<R, S>(&self, shape: S) -> Turn<R>
    where
        S: Shape<R>,
        S::Value: CacheValue,
    {
        let lead = loop {
            let joinable = |flight: &Flight| self.can_join(flight);
            match self
                .cache
                .flights()
                .enter(&self.key, joinable, || self.begin())
            {
                Entered::Leads(lead) => break lead,
                Entered::Joined(flight) => match self.follow(shape, &flight).await {
                    ControlFlow::Break(Some(returned)) => return Turn::Answered(returned),
                    ControlFlow::Break(None) => {
                        break Lead::alone(Arc::clone(&self.key), self.begin());
                    }
                    ControlFlow::Continue(()) => {}
                },
            }
        };
        if let Some((entry, returned)) = self.look_again(shape) {
            lead.finish(End::Entry(entry));
            return Turn::Answered(returned);
        }
        if let Some(outer) = &self.outer {
            outer.computes(lead.flight());
        }
        Turn::Ours(lead)
    }

    /// A flight can be joined while nothing it depends on has been invalidated, if its value can be this caller's.
    /// A refresh is to see the present, so it joins nothing that began before it.
    fn can_join(&self, flight: &Flight) -> bool {
        let has_our_tags = self.reader().declares(flight.tag_set)
            || (!self.site.value_tags
                && self
                    .plan
                    .tags
                    .iter()
                    .all(|tag| flight.carries(tag.as_str())));
        !self.refresh && flight.version == self.site.version && has_our_tags && flight.is_current()
    }

    fn begin(&self) -> Flight {
        let last = self.found.as_ref().map_or(&[][..], |entry| entry.stamps());
        let mut flight = capture(&self.cache, &self.key, &self.plan, last);
        flight.tag_set = self.site.tag_set;
        flight.version = self.site.version;
        flight
    }

    /// Waits for a flight. Breaks with its answer; breaks with none if the caller has to compute on its own
    /// account; continues if it has to look again who leads.
    async fn follow<R, S>(&self, shape: S, flight: &Arc<Flight>) -> ControlFlow<Option<R>>
    where
        S: Shape<R>,
        S::Value: CacheValue,
    {
        match self.outer.as_ref().map(|outer| outer.waits_for(flight)) {
            None | Some(Waiting::IsSafe) => {}
            Some(Waiting::IsTooLate) => return ControlFlow::Continue(()),
            Some(Waiting::WouldNeverEnd) => return ControlFlow::Break(None),
        }
        let Ok(end) = tokio::time::timeout(self.cache.longest_wait(), flight.ended()).await else {
            trace::gave_up_waiting(self.site);
            return ControlFlow::Break(None);
        };
        match end {
            End::Entry(entry) => ControlFlow::Break(self.reader().read(shape, entry, None)),
            End::Error(shared) => ControlFlow::Break(shape.failure(&**shared)),
            End::Unshared => ControlFlow::Break(None),
            End::Abandoned => ControlFlow::Continue(()),
        }
    }

    /// Between the look-up and taking the lead, another may have stored.
    fn look_again<R, S>(&self, shape: S) -> Option<(Arc<Entry>, R)>
    where
        S: Shape<R>,
        S::Value: CacheValue,
    {
        if self.refresh {
            return None;
        }
        let entry = self.cache.local().get(&self.key)?;
        let outer = self.outer.as_ref();
        let returned = self
            .reader()
            .take(shape, &entry, outer, |carried| carried(&self.plan))?;
        Some((entry, returned))
    }

    /// Stores, and makes what those who wait are given.
    fn keep(&self, lead: &Lead, finding: Finding, decision: Decision) -> End {
        let destination = Destination {
            cache: &self.cache,
            site: self.site,
            key: &self.key,
            flight: lead.flight(),
            supersede: self.refresh,
        };
        End::Entry(destination.store(finding, decision).0)
    }

    fn reader(&self) -> Reader<'_> {
        Reader {
            site: self.site,
            cache: &self.cache,
        }
    }
}
