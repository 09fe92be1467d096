//! One call of a cached function, and the look-up it begins with. Nothing here waits: a hit is answered at once.

use super::miss::{Course, Miss, Pending};
use super::plan::{Plan, capture};
use super::reader::Reader;
#[cfg(feature = "redis")]
use super::remote::Look;
use super::shape::Shape;
use crate::cache::Cache;
use crate::error::CacheError;
use crate::flight::{Flight, current_flight, current_for};
use crate::key::Key;
#[cfg(feature = "redis")]
use crate::redis::Redis;
use crate::site::Site;
use crate::stats::count;
use crate::trace;
use crate::value::CacheValue;
use std::sync::Arc;

/// A call that is about to be looked up.
pub struct Call<'c> {
    site: &'static Site,
    cache: &'c Cache,
    key: &'c Key,
    wanted: bool,
}

/// What came of a look-up.
#[must_use]
pub enum Lookup<R, S> {
    /// The answer.
    Hit(R),
    /// Somebody has to compute: hand the body to [`Miss::fill`].
    Miss(Miss<S>),
}

impl<'c> Call<'c> {
    #[inline]
    pub fn new(site: &'static Site, cache: &'c Cache, key: &'c Key) -> Self {
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

    /// Looks the key up. `plan` is evaluated on a miss, and before where it takes the caller's tags to decide.
    #[inline]
    pub fn look<R, S>(self, shape: S, plan: impl Fn() -> Plan) -> Lookup<R, S>
    where
        S: Shape<R>,
        S::Value: CacheValue,
    {
        // Also where the cache is passed by: a wish to refresh is for this call, not for one inside its body.
        let (outer, refresh) = current_for(self.site);
        if !self.is_possible() {
            let course = self.past(outer, plan);
            return Lookup::Miss(Miss::new(shape, course));
        }
        #[cfg(feature = "redis")]
        if let Some(redis) = self.cache.redis() {
            if !refresh
                && outer.is_none()
                && let Some(returned) = self.kept(redis, shape, &plan)
            {
                return Lookup::Hit(returned);
            }
            let pending = self.pending(plan(), outer, refresh);
            return Lookup::Miss(Miss::new(shape, Course::Through(pending)));
        }
        let found = self.cache.local().get(self.key.as_str());
        if !refresh
            && let Some(entry) = &found
            && let Some(returned) = self
                .reader()
                .take(shape, entry, outer.as_ref(), |carried| carried(&plan()))
        {
            self.hit();
            return Lookup::Hit(returned);
        }
        count(&self.site.counters(self.cache).misses);
        trace::miss(self.site, self.key.as_str(), || {
            self.reader().why_not(found.as_deref())
        });
        let mut pending = self.pending(plan(), outer, refresh);
        pending.found = found;
        Lookup::Miss(Miss::new(shape, Course::Through(pending)))
    }

    /// The answer from this process, which has heard of every change up to the bound.
    #[cfg(feature = "redis")]
    #[inline]
    fn kept<R, S>(&self, redis: &Redis, shape: S, plan: &impl Fn() -> Plan) -> Option<R>
    where
        S: Shape<R>,
        S::Value: CacheValue,
    {
        if self.site.keeps_nothing() || !redis.mirror()?.is_fresh() {
            return None;
        }
        let entry = self.cache.local().get(self.key.as_str())?;
        if !self.site.may_keep(&entry, self.key.as_str(), self.cache) {
            return None;
        }
        let returned = self
            .reader()
            .take(shape, &entry, None, |carried| carried(&plan()))?;
        entry.is_relied_on();
        count(&self.site.counters(self.cache).local_hits);
        trace::local_hit(self.site, self.key.as_str());
        Some(returned)
    }

    fn pending(&self, plan: Plan, outer: Option<Arc<Flight>>, refresh: bool) -> Box<Pending> {
        Box::new(Pending {
            cache: self.cache.clone(),
            site: self.site,
            key: self.key.as_str().into(),
            plan,
            found: None,
            outer,
            refresh,
        })
    }

    /// Looks, and computes nothing: what a call would return if it were a hit.
    pub async fn peek<R, S>(&self, shape: S, plan: impl Fn() -> Plan) -> Option<R>
    where
        S: Shape<R>,
        S::Value: CacheValue,
    {
        self.try_peek(shape, plan).await.ok().flatten()
    }

    /// The same for who wants to know whether the server could be asked.
    pub(crate) async fn try_peek<R, S>(
        &self,
        shape: S,
        plan: impl Fn() -> Plan,
    ) -> Result<Option<R>, CacheError>
    where
        S: Shape<R>,
        S::Value: CacheValue,
    {
        if let Some(told) = self.peek_here(shape, &plan) {
            return Ok(told);
        }
        #[cfg(feature = "redis")]
        return self.peek_there(shape, plan).await;
        #[cfg(not(feature = "redis"))]
        Ok(None)
    }

    /// What the server says, of what could not be told here.
    #[cfg(feature = "redis")]
    pub(crate) async fn peek_there<R, S>(
        &self,
        shape: S,
        plan: impl Fn() -> Plan,
    ) -> Result<Option<R>, CacheError>
    where
        S: Shape<R>,
        S::Value: CacheValue,
    {
        if let Some(redis) = self.cache.redis() {
            let (plan, outer) = (plan(), current_flight());
            let look = Look {
                cache: self.cache,
                redis,
                site: self.site,
                key: self.key.as_str(),
                plan: &plan,
                outer: outer.as_ref(),
                begins: None,
            };
            return Ok(Box::pin(look.peek(shape)).await?);
        }
        Ok(None)
    }

    /// What can be told without asking a server; the outer `None`: nothing.
    pub(crate) fn peek_here<R, S>(&self, shape: S, plan: &impl Fn() -> Plan) -> Option<Option<R>>
    where
        S: Shape<R>,
        S::Value: CacheValue,
    {
        if !self.is_possible() {
            return Some(None);
        }
        let outer = current_flight();
        #[cfg(feature = "redis")]
        if let Some(redis) = self.cache.redis() {
            return match outer {
                None => self.kept(redis, shape, plan).map(Some),
                Some(_) => None,
            };
        }
        let entry = self.cache.local().get(self.key.as_str());
        let returned = entry.and_then(|entry| {
            self.reader()
                .take(shape, &entry, outer.as_ref(), |carried| carried(&plan()))
        });
        match &returned {
            Some(_) => self.hit(),
            None => {
                count(&self.site.counters(self.cache).misses);
                #[cfg(feature = "testing")]
                trace::absent(self.site, self.key.as_str());
            }
        }
        Some(returned)
    }

    #[inline]
    fn is_possible(&self) -> bool {
        self.wanted && self.cache.is_enabled() && self.key.is_sound()
    }

    #[inline]
    fn reader(&self) -> Reader<'c> {
        Reader {
            site: self.site,
            cache: self.cache,
        }
    }

    #[inline]
    fn hit(&self) {
        count(&self.site.counters(self.cache).hits);
        trace::hit(self.site, self.key.as_str());
    }

    /// An outer computation depends on what this call is about, also where the call goes past the cache.
    fn depend(&self, outer: &Flight, plan: &Plan) {
        if self.site.value_tags || !self.key.is_sound() {
            // On what, nobody will know.
            outer.doom();
        } else {
            outer.computes(&Arc::new(capture(self.cache, self.key.as_str(), plan, &[])));
        }
    }

    #[cold]
    fn past(&self, outer: Option<Arc<Flight>>, plan: impl Fn() -> Plan) -> Course {
        count(&self.site.counters(self.cache).bypassed);
        #[cfg(feature = "testing")]
        trace::past(self.site, self.key.as_str());
        if !self.key.is_sound() {
            trace::unsound_key(self.site);
        }
        let Some(outer) = outer else {
            return Course::Past;
        };
        #[cfg(feature = "redis")]
        if self.cache.redis().is_some() {
            return if self.site.value_tags || !self.key.is_sound() {
                outer.doom();
                Course::Past
            } else {
                Course::PastInside(self.pending(plan(), Some(outer), false))
            };
        }
        self.depend(&outer, &plan());
        Course::Past
    }
}
