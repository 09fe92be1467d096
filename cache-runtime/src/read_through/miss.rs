//! A miss: sharing a computation that is under way, or running the body, storing its value and telling everybody
//! who waits how it ended.

use super::compute::compute;
use super::out_of_line::OutOfLine;
use super::plan::{Plan, capture};
use super::reader::Reader;
#[cfg(feature = "redis")]
pub(super) use super::remote::Claim;
#[cfg(feature = "redis")]
use super::remote::{self, Finished};
use super::shape::{Shape, View};
use super::store::{Decision, Destination, Finding, Outcome};
use crate::cache::Cache;
use crate::detect::Answer;
use crate::entry::{Entry, Last, Lateness};
use crate::flight::{End, Entered, Flight, Lead, Stance, Waiting, replacing_nothing};
use crate::generation::Epoch;
#[cfg(feature = "http")]
use crate::invalidate::end_key_untold;
use crate::invalidate::{By, end_key};
use crate::key::Key;
use crate::policy::Policy;
use crate::site::Site;
use crate::stats::count;
use crate::sync::{catching, lock, within};
use crate::trace;
use crate::value::CacheValue;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A call that was not answered, or only for the time being.
#[must_use]
pub struct Miss<S> {
    pub(super) shape: S,
    pub(super) course: Course,
}

/// Where a call goes.
pub(super) enum Course {
    /// Past the cache, within limits where there are any.
    Past(Option<Box<Limits>>),
    /// Past the cache, inside a computation that depends on what it is about.
    #[cfg(feature = "redis")]
    PastInside(Box<Pending>),
    Through(Box<Pending>),
    /// Answered with the entry that was found, which is to be refreshed in the background.
    Serve(Box<Pending>),
}

/// What a call has found out so far.
pub(super) struct Pending {
    pub(super) cache: Cache,
    pub(super) site: &'static Site,
    pub(super) key: Arc<str>,
    pub(super) plan: Plan,
    pub(super) policy: Policy,
    /// The entry that was there, which this call could not take, or is to replace.
    pub(super) found: Option<Arc<Entry>>,
    /// For how long the entry that answers meanwhile is fresh still.
    pub(super) left: Duration,
    /// The valid entry that is to be replaced.
    pub(super) last: Mutex<Option<Last>>,
    /// The computation that this call is part of.
    pub(super) outer: Option<Arc<Flight>>,
    /// Whether to compute in any case, and to fence off what began to compute before.
    pub(super) refresh: bool,
    /// Whether nobody waits: an entry is replaced that answers meanwhile.
    pub(super) renews: bool,
    /// Whether what others have begun before it is of no use to it, however recently.
    #[cfg_attr(
        not(feature = "redis"),
        allow(dead_code, reason = "there is no server")
    )]
    pub(super) strict: bool,
    /// Whether its caller was answered while it was waiting, and no answer is missing.
    pub(super) went_without: AtomicBool,
}

/// How long a call waits that goes past the cache.
pub(super) struct Limits {
    pub(super) site: &'static Site,
    pub(super) cache: Cache,
    /// The computation that the call is part of.
    pub(super) outer: Option<Arc<Flight>>,
    pub(super) time: Option<Duration>,
}

#[cfg(feature = "redis")]
impl Limits {
    pub(super) fn of(pending: &Pending) -> Self {
        Limits {
            site: pending.site,
            cache: pending.cache.clone(),
            outer: pending.outer.clone(),
            time: pending.policy.timeout,
        }
    }
}

/// Whose turn it is.
pub(super) enum Turn<R> {
    /// Another caller has answered.
    Answered(R),
    /// The server has, and it is time to refresh its entry in the background, which is fresh for so long still.
    #[cfg(feature = "redis")]
    Serve(R, Duration),
    Ours(Lead, Option<Claim>),
}

/// The right to store on a shared server, of which there is none.
#[cfg(not(feature = "redis"))]
pub(super) enum Claim {}

impl<S> Miss<S> {
    pub(super) fn new(shape: S, course: Course) -> Self {
        Miss { shape, course }
    }

    /// Shares the result of a computation that is under way; or runs the body, stores its value as `decide` says,
    /// and returns what it returned.
    #[inline]
    pub fn fill<R, F>(
        self,
        body: F,
        decide: impl FnOnce(&S::Value, &mut Decision),
    ) -> impl Future<Output = R>
    where
        F: Future<Output = R>,
        S: Shape<R>,
        S::Value: CacheValue,
    {
        OutOfLine::new(self.filled(body, decide))
    }

    async fn filled<R, F>(self, body: F, decide: impl FnOnce(&S::Value, &mut Decision)) -> R
    where
        F: Future<Output = R>,
        S: Shape<R>,
        S::Value: CacheValue,
    {
        // Pinned here, so that this future holds the body once, whichever way it goes.
        let body = pin!(body);
        let pending = match self.course {
            Course::Serve(pending) if pending.policy.warms() => {
                let read = |entry| pending.reader().read(self.shape, entry, None);
                if let Some(older) = pending.found.as_ref().and_then(read) {
                    let older = (older, Answer::Local);
                    return pending
                        .ahead(self.shape, older, pending.left, body, decide)
                        .await;
                }
                pending
            }
            // Nothing is served whose body cannot run in the background.
            Course::Through(pending) | Course::Serve(pending) => pending,
            #[cfg(feature = "redis")]
            Course::PastInside(pending) => {
                Box::pin(remote::depend(&pending)).await;
                return replacing_nothing(body).await;
            }
            Course::Past(_) => return replacing_nothing(body).await,
        };
        match pending.whose_turn(self.shape).await {
            Turn::Ours(lead, claim) => {
                let returned = pending.run(self.shape, lead, claim, body, decide).await;
                pending.answers(self.shape, returned)
            }
            Turn::Answered(returned) => returned,
            #[cfg(feature = "redis")]
            Turn::Serve(older, left) if pending.policy.warms() => {
                let older = (older, Answer::Server);
                pending.ahead(self.shape, older, left, body, decide).await
            }
            #[cfg(feature = "redis")]
            Turn::Serve(returned, _) => returned,
        }
    }
}

impl Pending {
    /// Whose turn it is; where the entry that stands in answers, nobody's.
    pub(super) async fn whose_turn<R, S>(&self, shape: S) -> Turn<R>
    where
        S: Shape<R>,
        S::Value: CacheValue,
    {
        if let Some(returned) = self.spares(shape) {
            return Turn::Answered(returned);
        }
        match self.turn(shape).await {
            Turn::Answered(returned) => Turn::Answered(self.unless_failed(shape, returned)),
            // Whoever led before may have failed just now.
            Turn::Ours(lead, claim) => match self.spares(shape) {
                Some(returned) => {
                    #[cfg(feature = "redis")]
                    if let Some(claim) = claim {
                        Box::pin(claim.give_back()).await;
                    }
                    drop(lead);
                    Turn::Answered(returned)
                }
                None => Turn::Ours(lead, claim),
            },
            #[cfg(feature = "redis")]
            serve => serve,
        }
    }

    /// Computes as the leader: runs the body, stores its value, and tells those who wait.
    pub(super) async fn run<R, S, F>(
        &self,
        shape: S,
        lead: Lead,
        claim: Option<Claim>,
        body: Pin<&mut F>,
        decide: impl FnOnce(&S::Value, &mut Decision),
    ) -> R
    where
        S: Shape<R>,
        S::Value: CacheValue,
        F: Future<Output = R>,
    {
        let (cache, site, key) = (&self.cache, self.site, &*self.key);
        let last = lock(&self.last).clone();
        let ran = {
            let computation = pin!(compute(cache, site, key, lead.flight(), last, body));
            let computation = pin!(catching(computation));
            match &claim {
                #[cfg(feature = "redis")]
                Some(claim) => claim.while_held(computation).await,
                _ => computation.await,
            }
        };
        let (returned, cost) = match ran {
            Ok(ran) => ran,
            Err(panic) => {
                self.fails(claim).await;
                drop(lead);
                std::panic::resume_unwind(panic)
            }
        };
        let end = match shape.view(&returned) {
            View::Value(value) => {
                let mut decision = Decision::of(&self.plan);
                let is_unchanged = self.is_unchanged(lead.flight(), value);
                if let Some(range) = self.policy.adaptive {
                    decision.ttl(self.adapted(range, is_unchanged));
                }
                decide(value, &mut decision);
                self.keep(&lead, claim, Some(value), decision, cost).await
            }
            View::Absent => {
                let decision = Decision::of_absence(&self.plan);
                self.keep::<S::Value>(&lead, claim, None, decision, cost)
                    .await
            }
            View::Failure => {
                self.fails(claim).await;
                shape.share(&returned).map_or(End::Unshared, End::Error)
            }
        };
        lead.finish(end);
        returned
    }

    /// The answer of the call that has computed; or, of a computation that failed, what stands in.
    pub(super) fn answers<R, S>(&self, shape: S, returned: R) -> R
    where
        S: Shape<R>,
        S::Value: CacheValue,
    {
        if let View::Failure = shape.view(&returned)
            && let Some(older) = self.stands_in(shape)
        {
            return older;
        }
        self.is_answered(Answer::Computed);
        returned
    }

    /// The computation has failed: what it held is given back, or its source left alone for a while.
    pub(super) async fn fails(&self, claim: Option<Claim>) {
        count(&self.site.counters(&self.cache).errors);
        trace::failed(self.site);
        self.gives_up(claim).await;
    }

    /// Gives back what was held for a computation that has failed, or leaves its source alone for a while.
    pub(super) async fn gives_up(&self, claim: Option<Claim>) {
        let rests = self.rests_after_failure();
        #[cfg(feature = "redis")]
        if let Some(claim) = claim {
            match rests {
                Some(time) => Box::pin(claim.rest(time)).await,
                None => Box::pin(claim.give_back()).await,
            }
        }
        #[cfg(not(feature = "redis"))]
        let _ = (claim, rests);
    }
}

/// What came of waiting for a flight.
pub(super) enum Followed<R> {
    Answered(R),
    /// Somebody has to take the lead, or has taken it.
    LookAgain,
    /// It takes too long.
    GaveUp,
    /// Its result is nothing for this caller, who has to compute on its own account.
    OnOurOwn,
    /// It has failed, and why cannot be shared.
    Failed,
}

impl Pending {
    /// Joins flights until one answers, or takes the lead.
    async fn turn<R, S>(&self, shape: S) -> Turn<R>
    where
        S: Shape<R>,
        S::Value: CacheValue,
    {
        #[cfg(feature = "redis")]
        if let Some(redis) = self.cache.redis() {
            return remote::turn(self, redis, shape).await;
        }
        let mut given_up: Option<Arc<Flight>> = None;
        let lead = loop {
            let joined_at = self.cache.generations().epoch();
            let is_given_up = |flight: &Arc<Flight>| {
                given_up
                    .as_ref()
                    .is_some_and(|other| Arc::ptr_eq(other, flight))
            };
            let stance = |flight: &Arc<Flight>| {
                if !is_given_up(flight) && self.can_join(flight) {
                    Stance::Join
                } else {
                    Stance::Replace
                }
            };
            let flights = self.cache.flights();
            match flights.enter(&self.key, stance, || self.begin()) {
                Entered::Leads(lead) => break lead,
                // In a box: most calls wait for nobody.
                Entered::Joined(flight) => match Box::pin(self.follow(shape, &flight, joined_at))
                    .await
                {
                    Followed::Answered(returned) => {
                        self.coalesced();
                        return Turn::Answered(returned);
                    }
                    Followed::LookAgain => {}
                    // Of all who give up at once, one leads again and the others join it.
                    Followed::GaveUp => given_up = Some(flight),
                    Followed::Failed => match self.stands_in(shape) {
                        Some(returned) => return Turn::Answered(returned),
                        None => break Lead::alone(Arc::clone(&self.key), self.begin()),
                    },
                    Followed::OnOurOwn => break Lead::alone(Arc::clone(&self.key), self.begin()),
                },
                #[cfg(feature = "redis")]
                Entered::Behind(_) => {}
            }
        };
        self.leads(shape, lead)
    }

    /// Takes what another has stored meanwhile, or goes on to compute.
    pub(super) fn leads<R, S>(&self, shape: S, lead: Lead) -> Turn<R>
    where
        S: Shape<R>,
        S::Value: CacheValue,
    {
        if let Some((entry, returned)) = self.look_again(shape, &lead) {
            lead.finish(End::Entry(entry));
            self.coalesced();
            return Turn::Answered(returned);
        }
        if let Some(outer) = &self.outer {
            outer.computes(lead.flight());
        }
        Turn::Ours(lead, None)
    }

    pub(super) fn coalesced(&self) {
        self.is_answered(Answer::Shared);
        count(&self.site.counters(&self.cache).coalesced);
    }

    /// A flight can be joined while nothing it depends on has been invalidated, if its value can be this caller's.
    /// A refresh is to see the present, so it joins nothing that began before it.
    pub(super) fn can_join(&self, flight: &Flight) -> bool {
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

    pub(super) fn begin(&self) -> Flight {
        let last = self.found.as_ref().map_or(&[][..], |entry| entry.stamps());
        let mut flight = capture(&self.cache, &self.key, &self.plan, last);
        flight.tag_set = self.site.tag_set;
        flight.version = self.site.version;
        flight
    }

    /// Waits for a flight that was joined when the generations stood at `joined_at`.
    pub(super) async fn follow<R, S>(
        &self,
        shape: S,
        flight: &Arc<Flight>,
        joined_at: Epoch,
    ) -> Followed<R>
    where
        S: Shape<R>,
        S::Value: CacheValue,
    {
        match self.outer.as_ref().map(|outer| outer.waits_for(flight)) {
            None | Some(Waiting::IsSafe) => {}
            Some(Waiting::IsTooLate) => return Followed::LookAgain,
            Some(Waiting::WouldNeverEnd) => return Followed::OnOurOwn,
        }
        let Some(end) = within(self.cache.longest_wait(), pin!(flight.ended())).await else {
            trace::gave_up_waiting(self.site);
            return Followed::GaveUp;
        };
        let answer = match end {
            End::Entry(entry) if self.came_too_late(flight, entry, joined_at) => {
                return Followed::LookAgain;
            }
            // Only a caller of a server looks before it computes.
            #[cfg(feature = "redis")]
            End::Hit(..) => return Followed::LookAgain,
            End::Entry(entry) => {
                if let Some(outer) = &self.outer {
                    outer.has_result(flight, entry);
                }
                self.reader().read(shape, entry, None)
            }
            End::Error(shared) => shape.failure(&**shared),
            End::Unshared => return Followed::Failed,
            End::Abandoned => return Followed::LookAgain,
        };
        answer.map_or(Followed::OnOurOwn, Followed::Answered)
    }

    /// Guards that were known only afterwards could not be looked at when this caller joined. It came in time if none of them
    /// has ended since the computation began; or nothing at all had by then, where they are not known.
    fn came_too_late(&self, flight: &Flight, entry: &Entry, joined_at: Epoch) -> bool {
        flight.epoch != joined_at
            && match entry.about.late {
                Lateness::None => false,
                Lateness::Vouched => {
                    let generations = self.cache.generations();
                    !generations.stand_since(flight.epoch, &entry.about.stamps)
                }
                Lateness::Doubtful => true,
            }
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
            && !self.reader().hands_on(&entry, outer)
        {
            return None;
        }
        Some((entry, returned))
    }

    /// Stores, tells the outer computation, and makes what those who wait are given.
    pub(super) async fn keep<T: CacheValue>(
        &self,
        lead: &Lead,
        claim: Option<Claim>,
        value: Option<&T>,
        decision: Decision,
        cost: Duration,
    ) -> End {
        self.cache.rests().end(&self.key);
        let (leaves, is_of_response) = (decision.leaves, decision.is_of_response());
        #[cfg(feature = "http")]
        let fate = decision.fate.clone();
        let destination = Destination {
            cache: &self.cache,
            site: self.site,
            policy: &self.policy,
            key: &self.key,
            flight: lead.flight(),
            supersede: self.refresh,
        };
        let (entry, outcome) = match claim {
            #[cfg(feature = "redis")]
            Some(claim) => {
                let finished = Finished {
                    destination: &destination,
                    plan: &self.plan,
                    claim,
                    decision,
                    cost,
                    is_nested: self.outer.is_some(),
                };
                Box::pin(finished.keep(value)).await
            }
            _ => destination.store(Finding::of(value), decision, cost),
        };
        #[cfg(feature = "http")]
        if let Some(fate) = fate {
            fate.is(outcome);
        }
        if !leaves && self.is_superseded(outcome) {
            // What was there is older than what was found.
            let (key, by) = (Key::from(&*self.key), By::site(self.site));
            match is_of_response {
                #[cfg(feature = "http")]
                true => Box::pin(end_key_untold(&self.cache, &key, by)).await,
                _ => Box::pin(end_key(&self.cache, &key, by)).await,
            }
        }
        if let Some(outer) = &self.outer {
            outer.has_result(lead.flight(), &entry);
        }
        End::Entry(entry)
    }

    /// Whether an entry that is still valid must not be served any longer.
    fn is_superseded(&self, outcome: Outcome) -> bool {
        match outcome {
            Outcome::Stored => false,
            // It would stand in for a value that is not to be stored, or for the finding that there is none.
            Outcome::Declined => self.refresh || self.renews || self.can_fall_back(),
            Outcome::Fenced => self.refresh,
            #[cfg(feature = "redis")]
            Outcome::Unavailable => self.refresh,
        }
    }

    pub(super) fn reader(&self) -> Reader<'_> {
        Reader {
            site: self.site,
            cache: &self.cache,
        }
    }
}
