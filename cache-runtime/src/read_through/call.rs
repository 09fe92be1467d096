//! One call of a cached function: the look-up, and joining or starting a flight.

use super::fill::Miss;
use super::plan::{Plan, capture};
use super::shape::Shape;
use crate::cache::Cache;
use crate::entry::{Content, Entry};
use crate::flight::{Dependency, End, Entered, Flight, Lead, Waiting, current_context};
use crate::key::Key;
use crate::site::Site;
use crate::stats::count;
use crate::trace;
use crate::value::CacheValue;
use std::ops::ControlFlow;
use std::sync::Arc;

/// A call that is about to be looked up.
pub struct Call<'c> {
    pub(super) site: &'static Site,
    pub(super) cache: &'c Cache,
    pub(super) key: Key,
    wanted: bool,
}

/// What came of a look-up.
#[must_use]
pub enum Lookup<R, S> {
    /// The answer.
    Hit(R),
    /// The body has to run: hand it to [`Miss::fill`].
    Miss(Miss<S>),
}

impl<'c> Call<'c> {
    #[inline]
    pub fn new(site: &'static Site, cache: &'c Cache, key: Key) -> Self {
        Call {
            site,
            cache,
            key,
            wanted: true,
        }
    }

    /// Whether to look at all (`when = …`).
    #[inline]
    #[must_use]
    pub fn when(mut self, wanted: bool) -> Self {
        self.wanted = wanted;
        self
    }

    /// Looks the key up, and waits for a computation that is under way. `plan` is evaluated on a miss.
    #[inline]
    pub async fn lookup<R, S>(self, shape: S, plan: impl FnOnce() -> Plan) -> Lookup<R, S>
    where
        S: Shape<R>,
        S::Value: CacheValue,
    {
        if !self.wanted || !self.cache.is_enabled() || !self.key.is_sound() {
            return self.bypass(shape);
        }
        let (outer, refresh) = current_context();
        let found = self.cache.local().get(self.key.as_str());
        let mut plan = Deferred::new(plan);
        if !refresh
            && let Some(entry) = &found
            && self.answers(entry, &mut plan)
            && let Some(returned) = self.read(shape, entry, outer.as_ref())
        {
            self.hit();
            return Lookup::Hit(returned);
        }
        self.miss(shape, plan.get(), found, outer, refresh).await
    }

    /// Looks, and computes nothing: what a call would return if it were a hit.
    pub fn peek<R, S>(&self, shape: S, plan: impl FnOnce() -> Plan) -> Option<R>
    where
        S: Shape<R>,
        S::Value: CacheValue,
    {
        if !self.cache.is_enabled() || !self.key.is_sound() {
            return None;
        }
        let (outer, _) = current_context();
        let entry = self.cache.local().get(self.key.as_str());
        let returned = entry
            .filter(|entry| self.answers(entry, &mut Deferred::new(plan)))
            .and_then(|entry| self.read(shape, &entry, outer.as_ref()));
        match &returned {
            Some(_) => self.hit(),
            None => count(&self.site.counters(self.cache).misses),
        }
        returned
    }

    #[inline]
    fn hit(&self) {
        count(&self.site.counters(self.cache).hits);
        trace::hit(self.site, &self.key);
    }

    fn bypass<R, S: Shape<R>>(self, shape: S) -> Lookup<R, S> {
        count(&self.site.counters(self.cache).bypassed);
        if !self.key.is_sound() {
            trace::unsound_key(self.site);
        }
        Lookup::Miss(Miss::bypass(shape))
    }

    async fn miss<R, S>(
        self,
        shape: S,
        plan: Plan,
        found: Option<Arc<Entry>>,
        outer: Option<Arc<Flight>>,
        refresh: bool,
    ) -> Lookup<R, S>
    where
        S: Shape<R>,
        S::Value: CacheValue,
    {
        let counters = self.site.counters(self.cache);
        count(&counters.misses);
        trace::miss(self.site, &self.key);
        let key: Arc<str> = self.key.as_str().into();
        let begin = || {
            let last = found.as_ref().map_or(&[][..], |entry| entry.stamps());
            let mut flight = capture(self.cache, &key, &plan.tags, last);
            flight.tag_set = self.site.tag_set;
            flight.version = self.site.version;
            flight
        };
        let lead = loop {
            // A refresh is to see the present: it joins nothing that began before it.
            let joinable = |flight: &Flight| {
                !refresh
                    && flight.version == self.site.version
                    && (self.declares(flight.tag_set)
                        || plan.tags.iter().all(|tag| flight.carries(tag.as_str())))
                    && flight.is_current()
            };
            match self.cache.flights().enter(&key, joinable, begin) {
                Entered::Leads(lead) => break lead,
                Entered::Joined(flight) => {
                    match self.follow(shape, &flight, outer.as_ref()).await {
                        ControlFlow::Break(Some(returned)) => {
                            count(&counters.coalesced);
                            return Lookup::Hit(returned);
                        }
                        ControlFlow::Break(None) => break Lead::alone(Arc::clone(&key), begin()),
                        ControlFlow::Continue(()) => {}
                    }
                }
            }
        };
        // Between the look-up and taking the lead, another may have stored.
        if !refresh
            && let Some(entry) = self.cache.local().get(&key)
            && self.answers(&entry, &mut Deferred::ready(&plan))
            && let Some(returned) = self.read(shape, &entry, outer.as_ref())
        {
            lead.finish(End::Entry(entry));
            count(&counters.coalesced);
            return Lookup::Hit(returned);
        }
        if let Some(outer) = outer {
            outer.computes(lead.flight());
        }
        Lookup::Miss(Miss::lead(
            shape,
            self.cache.clone(),
            self.site,
            lead,
            plan,
            refresh,
        ))
    }

    /// Waits for a flight. Breaks with its answer; breaks with none if the caller has to compute on its own
    /// account; continues if it has to look again who leads.
    async fn follow<R, S>(
        &self,
        shape: S,
        flight: &Arc<Flight>,
        outer: Option<&Arc<Flight>>,
    ) -> ControlFlow<Option<R>>
    where
        S: Shape<R>,
        S::Value: CacheValue,
    {
        match outer.map(|outer| outer.waits_for(flight)) {
            None | Some(Waiting::IsSafe) => {}
            Some(Waiting::IsTooLate) => return ControlFlow::Continue(()),
            Some(Waiting::WouldNeverEnd) => return ControlFlow::Break(None),
        }
        let Ok(end) = tokio::time::timeout(self.cache.longest_wait(), flight.ended()).await else {
            trace::gave_up_waiting(self.site);
            return ControlFlow::Break(None);
        };
        match end {
            End::Entry(entry) => ControlFlow::Break(self.read(shape, entry, None)),
            End::Error(shared) => ControlFlow::Break(shape.failure(&**shared)),
            End::Unshared => ControlFlow::Break(None),
            End::Abandoned => ControlFlow::Continue(()),
        }
    }

    /// Whether `entry` is valid, and one that this caller can take.
    #[inline]
    fn answers<P: FnOnce() -> Plan>(&self, entry: &Entry, plan: &mut Deferred<P>) -> bool {
        entry.is_fresh(self.cache.now())
            && entry.is_current()
            && entry.version == self.site.version
            && (!entry.is_absent() || self.site.negative)
            && (self.declares(entry.tag_set)
                || plan
                    .peek()
                    .tags
                    .iter()
                    .all(|tag| entry.carries(tag.as_str())))
    }

    /// Whether the caller's tags are those of an entry or a flight with this declaration and the same key.
    #[inline]
    fn declares(&self, tag_set: u64) -> bool {
        tag_set == self.site.tag_set && !self.site.tags_vary
    }

    /// The entry's content as a result, if it has the right type and, where it becomes a dependency of another
    /// computation, is still valid by then.
    #[inline]
    fn read<R, S>(&self, shape: S, entry: &Arc<Entry>, outer: Option<&Arc<Flight>>) -> Option<R>
    where
        S: Shape<R>,
        S::Value: CacheValue,
    {
        let returned = match entry.content::<S::Value>() {
            Content::Value(value) => shape.value(value.clone()),
            Content::Absent => shape.absent()?,
            Content::Other => return None,
        };
        match outer {
            Some(outer) => {
                let is_valid = outer.reads(Dependency::Entry(Arc::clone(entry)));
                is_valid.then_some(returned)
            }
            None => Some(returned),
        }
    }
}

/// A plan that is made when it is first needed.
enum Deferred<P> {
    Later(Option<P>),
    Made(Plan),
}

impl<P: FnOnce() -> Plan> Deferred<P> {
    fn new(plan: P) -> Self {
        Deferred::Later(Some(plan))
    }

    fn peek(&mut self) -> &Plan {
        if let Deferred::Later(plan) = self
            && let Some(plan) = plan.take()
        {
            *self = Deferred::Made(plan());
        }
        match self {
            Deferred::Made(plan) => plan,
            Deferred::Later(_) => unreachable!("a plan is taken only where it is made"),
        }
    }

    fn get(mut self) -> Plan {
        self.peek();
        match self {
            Deferred::Made(plan) => plan,
            Deferred::Later(_) => unreachable!("just made"),
        }
    }
}

impl Deferred<fn() -> Plan> {
    fn ready(plan: &Plan) -> Self {
        Deferred::Made(plan.clone())
    }
}
