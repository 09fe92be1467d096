//! One run of a batch's body: for the identifiers that this call leads, and for those that go past the cache.

use super::each::Collection;
use super::{Slot, State, side_by_side};
use crate::cache::Cache;
use crate::detect::Answer;
use crate::flight::{End, Flight, Lead};
use crate::read_through::compute::compute;
use crate::read_through::miss::Claim;
use crate::read_through::shape::{Shape, View};
use crate::read_through::store::Decision;
use crate::site::Site;
use crate::stats::count;
use crate::trace;
use crate::value::CacheValue;
use std::any::Any;
use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

pub(super) struct Filling {
    site: &'static Site,
    cache: Cache,
    leads: Vec<Led>,
    past: Vec<usize>,
}

struct Led {
    at: usize,
    lead: Lead,
    claim: Option<Claim>,
}

/// A run that has ended.
pub(super) struct Ran<R> {
    returned: R,
    cost: Duration,
    common: Arc<Flight>,
}

impl Filling {
    pub(super) fn new(site: &'static Site, cache: &Cache) -> Self {
        Filling {
            site,
            cache: cache.clone(),
            leads: Vec::new(),
            past: Vec::new(),
        }
    }

    pub(super) fn lead(&mut self, at: usize, lead: Lead, claim: Option<Claim>) {
        self.leads.push(Led { at, lead, claim });
    }

    pub(super) fn past(&mut self, at: usize) {
        self.past.push(at);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.leads.is_empty() && self.past.is_empty()
    }

    /// What the body is given.
    pub(super) fn ids<I: Clone, V>(&self, slots: &[Slot<I, V>]) -> Vec<I> {
        let led = self.leads.iter().map(|led| led.at);
        let mut all: Vec<usize> = led.chain(self.past.iter().copied()).collect();
        all.sort_unstable();
        all.into_iter().map(|at| slots[at].id.clone()).collect()
    }

    /// Runs the body. What it reads from caches, all that it computes depends on: so it runs as a computation of its own, of
    /// which theirs are made.
    pub(super) async fn run<I, V, F: Future>(
        &self,
        slots: &[Slot<I, V>],
        body: F,
    ) -> Ran<F::Output> {
        let common = Arc::new(self.common());
        let Some(first) = self.leads.first() else {
            return Ran {
                returned: body.await,
                cost: Duration::ZERO,
                common,
            };
        };
        for led in &self.leads {
            led.lead.flight().computes(&common);
        }
        let key = slots[first.at].key.as_str();
        let (returned, cost) = {
            let computation = pin!(compute(&self.cache, self.site, key, &common, None, body));
            #[cfg(feature = "redis")]
            let computation = {
                let claims = self.leads.iter().filter_map(|led| led.claim.as_ref());
                Claim::all_held(claims.collect(), computation)
            };
            computation.await
        };
        Ran {
            returned,
            cost,
            common,
        }
    }

    fn common(&self) -> Flight {
        let epoch = self.cache.generations().epoch();
        #[cfg(feature = "redis")]
        if self.cache.redis().is_some() {
            let mut flight = Flight::of_server(self.cache.id(), Default::default(), epoch);
            // It depends on what they are declared to depend on, and on what it reads.
            flight.remote.footing = self
                .leads
                .first()
                .and_then(|led| led.lead.flight().remote.footing.clone());
            if self.leads.iter().any(|led| led.claim.is_some()) {
                flight.runs_under(&[]);
            }
            return flight;
        }
        Flight::new(Vec::new(), Vec::new(), epoch)
    }

    /// Stores what was found, each under its own key, and tells those who wait. Returns items of identifiers that were not
    /// asked for; or the result, if that is an error.
    pub(super) async fn keep<'p, I, V, R, W, S>(
        self,
        (whole, each): (W, S),
        slots: &mut [Slot<I, V>],
        place: impl Fn(&I) -> &'p [usize],
        ran: Ran<R>,
        decide: impl Fn(&I, &S::Value, &mut Decision),
    ) -> Result<Vec<(I, V)>, R>
    where
        I: PartialEq,
        W: Shape<R>,
        W::Value: Collection<Id = I, Item = V>,
        S: Shape<V>,
        S::Value: CacheValue,
    {
        let Ran {
            returned,
            cost,
            common,
        } = ran;
        for led in &self.leads {
            led.lead.flight().is_made_of(&common);
        }
        let items = match whole.into_value(returned) {
            Ok(collection) => collection.take_apart(),
            Err(returned) => {
                self.fail(slots, || whole.share(&returned)).await;
                return Err(returned);
            }
        };
        let led = self.leads.iter().map(|led| led.at);
        let ours: HashSet<usize> = led.chain(self.past.iter().copied()).collect();
        let (mut found, mut extra) = (HashMap::with_capacity(items.len()), Vec::new());
        for (id, item) in items {
            // Several identifiers may have one key.
            let mut alike = place(&id).iter().copied().filter(|at| ours.contains(at));
            let at = alike.clone().find(|&at| slots[at].id == id);
            match at.or_else(|| alike.next()) {
                Some(at) => _ = found.insert(at, item),
                None => extra.push((id, item)),
            }
        }
        let kept = self.leads.into_iter().map(|led| {
            let slot = &slots[led.at];
            let item = found.get(&led.at);
            led.keep(each, slot, item, cost, &decide)
        });
        side_by_side(&self.cache, kept.collect()).await;
        for at in ours {
            slots[at].state = State::Found(found.remove(&at));
        }
        Ok(extra)
    }

    /// The run has failed, for all of them: nobody waits any more.
    async fn fail<I, V>(
        self,
        slots: &[Slot<I, V>],
        share: impl Fn() -> Option<Box<dyn Any + Send + Sync>>,
    ) {
        count(&self.site.counters(&self.cache).errors);
        trace::failed(self.site);
        let share = &share;
        let failed = self
            .leads
            .into_iter()
            .map(|Led { at, lead, claim }| async move {
                if let State::Open(pending) = &slots[at].state {
                    pending.gives_up(claim).await;
                    pending.is_answered(Answer::Computed);
                }
                lead.finish(share().map_or(End::Unshared, End::Error));
            });
        side_by_side(&self.cache, failed.collect()).await;
    }
}

impl Led {
    /// Stores one item, or that there is none.
    async fn keep<I, V, S>(
        self,
        each: S,
        slot: &Slot<I, V>,
        item: Option<&V>,
        cost: Duration,
        decide: &impl Fn(&I, &S::Value, &mut Decision),
    ) where
        S: Shape<V>,
        S::Value: CacheValue,
    {
        let Led { lead, claim, .. } = self;
        let State::Open(pending) = &slot.state else {
            return;
        };
        let end = match item.map_or(View::Absent, |item| each.view(item)) {
            View::Value(value) => {
                let mut decision = Decision::of(&pending.plan);
                decide(&slot.id, value, &mut decision);
                pending
                    .keep(&lead, claim, Some(value), decision, cost)
                    .await
            }
            View::Absent => {
                let decision = Decision::of_absence(&pending.plan);
                let nothing = None::<&S::Value>;
                pending.keep(&lead, claim, nothing, decision, cost).await
            }
            View::Failure => {
                pending.fails(claim).await;
                let shared = item.and_then(|item| each.share(item));
                shared.map_or(End::Unshared, End::Error)
            }
        };
        lead.finish(end);
        pending.is_answered(Answer::Computed);
    }
}
