//! A miss: sharing a computation that is under way, or running the body, storing its value and telling everybody
//! who waits how it ended.

use super::plan::{Plan, capture};
use super::reader::Reader;
use super::shape::{Shape, View};
use super::store::{Decision, Destination, Finding, Outcome};
use crate::cache::Cache;
use crate::entry::{Entry, Lateness};
use crate::flight::{Dependency, End, Entered, Flight, Lead, Waiting, computing};
use crate::generation::Epoch;
use crate::invalidate::end_key;
use crate::key::Key;
use crate::site::Site;
use crate::stats::count;
use crate::trace;
use crate::value::CacheValue;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

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
            View::Absent => {
                let decision = Decision::of_absence(&pending.plan);
                pending.keep(&lead, Finding::absence(), decision)
            }
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

/// What came of waiting for a flight.
enum Followed<R> {
    Answered(R),
    /// Somebody has to take the lead, or has taken it.
    LookAgain,
    /// It takes too long.
    GaveUp,
    /// Its result is nothing for this caller, who has to compute on its own account.
    OnOurOwn,
}

impl Pending {
    /// Joins flights until one answers, or takes the lead.
    async fn turn<R, S>(&self, shape: S) -> Turn<R>
    where
        S: Shape<R>,
        S::Value: CacheValue,
    {
        let mut given_up: Option<Arc<Flight>> = None;
        let lead = loop {
            let joined_at = self.cache.generations().epoch();
            let is_given_up = |flight: &Arc<Flight>| {
                given_up
                    .as_ref()
                    .is_some_and(|other| Arc::ptr_eq(other, flight))
            };
            let joinable = |flight: &Arc<Flight>| !is_given_up(flight) && self.can_join(flight);
            let flights = self.cache.flights();
            match flights.enter(&self.key, joinable, || self.begin()) {
                Entered::Leads(lead) => break lead,
                Entered::Joined(flight) => match self.follow(shape, &flight, joined_at).await {
                    Followed::Answered(returned) => return Turn::Answered(returned),
                    Followed::LookAgain => {}
                    // Of all who give up at once, one leads again and the others join it.
                    Followed::GaveUp => given_up = Some(flight),
                    Followed::OnOurOwn => break Lead::alone(Arc::clone(&self.key), self.begin()),
                },
            }
        };
        if let Some((entry, returned)) = self.look_again(shape, &lead) {
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
        !self.refresh
            && flight.version == self.site.version
            && has_our_tags
            && flight.can_be_shared()
    }

    fn begin(&self) -> Flight {
        let last = self.found.as_ref().map_or(&[][..], |entry| entry.stamps());
        let mut flight = capture(&self.cache, &self.key, &self.plan, last);
        flight.tag_set = self.site.tag_set;
        flight.version = self.site.version;
        flight
    }

    /// Waits for a flight that was joined when the generations stood at `joined_at`.
    async fn follow<R, S>(&self, shape: S, flight: &Arc<Flight>, joined_at: Epoch) -> Followed<R>
    where
        S: Shape<R>,
        S::Value: CacheValue,
    {
        match self.outer.as_ref().map(|outer| outer.waits_for(flight)) {
            None | Some(Waiting::IsSafe) => {}
            Some(Waiting::IsTooLate) => return Followed::LookAgain,
            Some(Waiting::WouldNeverEnd) => return Followed::OnOurOwn,
        }
        let Some(end) = within(self.cache.longest_wait(), flight.ended()).await else {
            trace::gave_up_waiting(self.site);
            return Followed::GaveUp;
        };
        let answer = match end {
            // Guards that were known only afterwards could not be looked at when this caller joined. It came in time
            // if nothing at all had ended since the computation began.
            End::Entry(entry) if entry.late != Lateness::None && flight.epoch != joined_at => {
                return Followed::LookAgain;
            }
            End::Entry(entry) => {
                if let Some(outer) = &self.outer {
                    outer.has_result(flight, entry);
                }
                self.reader().read(shape, entry, None)
            }
            End::Error(shared) => shape.failure(&**shared),
            End::Unshared => None,
            End::Abandoned => return Followed::LookAgain,
        };
        answer.map_or(Followed::OnOurOwn, Followed::Answered)
    }

    /// Between the look-up and taking the lead, another may have stored. What it stored is noted as a dependency of
    /// our flight, which others may have joined by now.
    fn look_again<R, S>(&self, shape: S, lead: &Lead) -> Option<(Arc<Entry>, R)>
    where
        S: Shape<R>,
        S::Value: CacheValue,
    {
        if self.refresh {
            return None;
        }
        let entry = self.cache.local().get(&self.key)?;
        let ours = Some(lead.flight());
        let carried = |carried: &dyn Fn(&Plan) -> bool| carried(&self.plan);
        let returned = self.reader().take(shape, &entry, ours, carried)?;
        if let Some(outer) = &self.outer
            && !outer.reads(Dependency::Entry(Arc::clone(&entry)))
        {
            return None;
        }
        Some((entry, returned))
    }

    /// Stores, tells the outer computation, and makes what those who wait are given.
    fn keep(&self, lead: &Lead, finding: Finding, decision: Decision) -> End {
        let destination = Destination {
            cache: &self.cache,
            site: self.site,
            key: &self.key,
            flight: lead.flight(),
            supersede: self.refresh,
        };
        let (entry, outcome) = destination.store(finding, decision);
        if self.refresh && outcome != Outcome::Stored {
            // What was there is older than what the refresh has found.
            end_key(&self.cache, &Key::from(&*self.key));
        }
        if let Some(outer) = &self.outer {
            outer.has_result(lead.flight(), &entry);
        }
        End::Entry(entry)
    }

    fn reader(&self) -> Reader<'_> {
        Reader {
            site: self.site,
            cache: &self.cache,
        }
    }
}

/// The output of `future`, unless that takes longer than `limit`. Where there is no timer, there is no limit.
async fn within<F: Future>(limit: Duration, future: F) -> Option<F::Output> {
    // Outside of a runtime, and in one whose timer is off, Tokio panics here. Nobody else can tell.
    let Ok(sleep) = std::panic::catch_unwind(|| tokio::time::sleep(limit)) else {
        return Some(future.await);
    };
    let (mut future, mut sleep) = (pin!(future), pin!(sleep));
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => sleep.as_mut().poll(context).map(|()| None),
    })
    .await
}
