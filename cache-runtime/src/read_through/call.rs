//! One call of a cached function, and the look-up it begins with. Nothing here waits: a hit is answered at once.

#[cfg(feature = "redis")]
use super::UNTOLD;
use super::miss::{Course, Limits, Miss, Pending};
use super::plan::{Plan, capture};
use super::reader::Reader;
#[cfg(feature = "redis")]
use super::remote::Look;
use super::shape::Shape;
use crate::cache::Cache;
use crate::circumstances::answered;
use crate::collecting;
use crate::detect::Answer;
use crate::entry::{Content, Entry, Last};
use crate::error::CacheError;
use crate::flight::{Circumstances, Flight, circumstances, current_flight, is_past};
use crate::invalidate::By;
use crate::key::Key;
use crate::policy::Policy;
use crate::random::chance;
#[cfg(feature = "redis")]
use crate::redis::Redis;
use crate::site::Site;
use crate::stats::count;
use crate::trace;
use crate::value::CacheValue;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A call that is about to be looked up.
pub struct Call<'c> {
    site: &'static Site,
    cache: &'c Cache,
    key: &'c Key,
    policy: &'c Policy,
    wanted: bool,
    /// If its caller warms, how long before its end an entry is replaced.
    ahead: Option<Duration>,
    /// Whether a hit asks the server, whatever this process keeps.
    strict: bool,
}

/// What an entry is of use for that does not answer a call by itself.
enum Use {
    /// It answers, and is to be refreshed in the background: past its time to live, or soon.
    Due,
    /// It is an answer no longer, and handed to the computation that replaces it. Whether it stands in if that fails.
    Old {
        stands_in: bool,
    },
    Nothing,
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
            policy: &site.policy,
            wanted: true,
            ahead: None,
            strict: false,
        }
    }

    /// As this operation has it, and not its site.
    #[must_use]
    pub(crate) fn policy(mut self, policy: &'c Policy) -> Self {
        self.policy = policy;
        self
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
    pub fn look<R, S>(mut self, shape: S, plan: impl Fn() -> Plan) -> Lookup<R, S>
    where
        S: Shape<R>,
        S::Value: CacheValue,
    {
        // Also where the cache is passed by: a wish to refresh is for this call, not for one inside its body.
        let Circumstances {
            outer,
            refresh,
            past,
            is_watched,
            ahead,
            strict,
        } = circumstances(self.site);
        self.ahead = ahead;
        self.strict = strict;
        if past || !self.is_possible() {
            if refresh {
                // Inside a transaction nothing is stored in place of what was there, which is older.
                collecting::takes_keys(self.cache, [self.key], By::site(self.site));
            }
            let course = self.past(outer, plan);
            return Lookup::Miss(Miss::new(shape, course));
        }
        let found = self.found(refresh, outer.as_ref());
        let mut last = None;
        if !refresh && let Some(entry) = &found {
            match self.take(shape, entry, outer.as_ref(), &plan) {
                Some(returned) if !self.is_due(entry, outer.as_ref()) => {
                    let is_told = is_watched || self.cache.audit().tells_of(self.site);
                    self.hit(entry, is_told);
                    return Lookup::Hit(returned);
                }
                taken => match self.judge(shape, entry, taken.is_some(), outer.as_ref(), &plan) {
                    Use::Due => {
                        self.hit(entry, false);
                        let last = self.last(entry, false);
                        return Lookup::Miss(Miss::new(shape, self.serve(plan(), last)));
                    }
                    Use::Old { stands_in } => last = Some(self.last(entry, stands_in)),
                    Use::Nothing => {}
                },
            }
        }
        let mut pending = self.pending(plan(), outer, refresh);
        pending.replaces(last);
        self.missed(&mut pending, found);
        Lookup::Miss(Miss::new(shape, Course::Through(pending)))
    }

    /// The entry in this process that can be told from here what to make of.
    #[inline]
    fn found(&self, refresh: bool, outer: Option<&Arc<Flight>>) -> Option<Arc<Entry>> {
        #[cfg(feature = "redis")]
        if let Some(redis) = self.cache.redis() {
            return if refresh || self.strict || outer.is_some() {
                None
            } else {
                self.kept(redis)
            };
        }
        #[cfg(not(feature = "redis"))]
        let _ = (refresh, outer);
        self.cache.local().get(self.key.as_str())
    }

    #[inline]
    fn take<R, S>(
        &self,
        shape: S,
        entry: &Arc<Entry>,
        outer: Option<&Arc<Flight>>,
        plan: &impl Fn() -> Plan,
    ) -> Option<R>
    where
        S: Shape<R>,
        S::Value: CacheValue,
    {
        self.reader()
            .take(shape, entry, outer, |carried| carried(&plan()))
    }

    /// Whether it is time to refresh a fresh entry.
    #[inline]
    fn is_due(&self, entry: &Entry, outer: Option<&Arc<Flight>>) -> bool {
        let can_be = self.policy.early > 0.0 || self.ahead.is_some();
        can_be && outer.is_none() && self.is_soon_due(entry)
    }

    #[cold]
    fn is_soon_due(&self, entry: &Entry) -> bool {
        let left = entry.about.expires.since(self.cache.now());
        let policy = self.policy.warming(self.ahead);
        policy.is_due(left, entry.about.cost.time(), chance)
    }

    /// What an entry is of use for, which was taken, or could not be.
    #[cold]
    fn judge<R, S>(
        &self,
        shape: S,
        entry: &Entry,
        is_taken: bool,
        outer: Option<&Arc<Flight>>,
        plan: &impl Fn() -> Plan,
    ) -> Use
    where
        S: Shape<R>,
        S::Value: CacheValue,
    {
        if is_taken {
            return Use::Due;
        }
        let grace = self.policy.grace();
        if grace.is_zero() {
            return Use::Nothing;
        }
        let tags = |carried: &dyn Fn(&Plan) -> bool| carried(&plan());
        match self.reader().expired_since(entry, tags) {
            Some(past) if past < grace => {
                entry.is_read(self.cache.now());
                let Content::Value(value) = entry.content::<S::Value>() else {
                    return Use::Nothing;
                };
                let grace = shape.answers_for(value, self.policy.answers_for());
                let waits = self.ahead.is_some() || outer.is_some();
                if past < grace.swr && !waits {
                    Use::Due
                } else {
                    Use::Old {
                        stands_in: past < grace.stale_if_error,
                    }
                }
            }
            _ => Use::Nothing,
        }
    }

    /// What there is to say of a miss. With a server, that is asked first.
    #[cold]
    fn missed(&self, pending: &mut Pending, found: Option<Arc<Entry>>) {
        if !self.is_shared() {
            count(&self.site.counters(self.cache).misses);
            trace::miss(self.site, self.key.as_str(), || {
                self.reader().why_not(found.as_deref())
            });
            pending.found = found;
        }
    }

    /// An entry that is to be replaced.
    fn last(&self, entry: &Arc<Entry>, stands_in: bool) -> Last {
        Last {
            entry: Arc::clone(entry),
            stands_in,
            // How long this process keeps what is on a server is another matter.
            fresh_for: if self.is_shared() {
                None
            } else {
                entry.time_to_live()
            },
            age: self.cache.now().since(entry.about.created),
            hangs_on: None,
        }
    }

    /// What is answered with an entry, which is to be refreshed in the background.
    #[cold]
    fn serve(&self, plan: Plan, last: Last) -> Course {
        let mut pending = self.pending(plan, None, false);
        pending.left = last.entry.about.expires.since(self.cache.now());
        pending.found = Some(Arc::clone(&last.entry));
        pending.replaces(Some(last));
        Course::Serve(pending)
    }

    /// The entry in this process, which has heard of every change up to the bound.
    #[cfg(feature = "redis")]
    #[inline]
    fn kept(&self, redis: &Redis) -> Option<Arc<Entry>> {
        if self.site.keeps_nothing() || !redis.mirror()?.is_fresh() {
            return None;
        }
        let entry = self.cache.local().get(self.key.as_str())?;
        let may_answer = self.site.may_keep(&entry, self.cache) && !self.is_to_be_told(&entry);
        may_answer.then_some(entry)
    }

    /// Whether the server has to see that an entry is read, which dies otherwise.
    #[cfg(feature = "redis")]
    #[inline]
    fn is_to_be_told(&self, entry: &Entry) -> bool {
        let untold = |idle| self.cache.now().since(entry.about.created) >= idle / UNTOLD;
        entry.idle().is_some_and(untold)
    }

    fn pending(&self, plan: Plan, outer: Option<Arc<Flight>>, refresh: bool) -> Box<Pending> {
        Box::new(Pending {
            cache: self.cache.clone(),
            site: self.site,
            key: self.key.as_str().into(),
            plan,
            policy: self.policy.warming(self.ahead),
            found: None,
            left: Duration::ZERO,
            last: Mutex::default(),
            outer,
            refresh,
            renews: false,
            strict: self.strict || self.site.strict,
            went_without: AtomicBool::new(false),
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
                policy: self.policy,
                outer: outer.as_ref(),
                begins: None,
                renews: None,
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
        if is_past() || !self.is_possible() {
            return Some(None);
        }
        let outer = current_flight();
        #[cfg(feature = "redis")]
        if let Some(redis) = self.cache.redis() {
            if outer.is_some() || crate::flight::is_strict() {
                return None;
            }
            let entry = self.kept(redis)?;
            let returned = self.take(shape, &entry, None, plan)?;
            self.hit(&entry, true);
            return Some(Some(returned));
        }
        let found = self.cache.local().get(self.key.as_str());
        let taken = found.and_then(|entry| {
            let returned = self.take(shape, &entry, outer.as_ref(), plan)?;
            self.hit(&entry, true);
            Some(returned)
        });
        if taken.is_none() {
            count(&self.site.counters(self.cache).misses);
            answered(self.cache, self.site, self.key.as_str(), Answer::Absent);
            #[cfg(feature = "testing")]
            trace::absent(self.site, self.key.as_str());
        }
        Some(taken)
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

    /// An entry has answered.
    #[inline]
    fn hit(&self, entry: &Entry, is_told: bool) {
        if is_told {
            answered(self.cache, self.site, self.key.as_str(), Answer::Local);
        }
        #[cfg(feature = "redis")]
        if self.is_shared() {
            entry.is_relied_on();
            count(&self.site.counters(self.cache).local_hits);
            trace::local_hit(self.site, self.key.as_str());
            return;
        }
        #[cfg(not(feature = "redis"))]
        let _ = entry;
        count(&self.site.counters(self.cache).hits);
        trace::hit(self.site, self.key.as_str());
    }

    /// Whether there is a server, and this process keeps only what it has of that.
    #[inline]
    fn is_shared(&self) -> bool {
        #[cfg(feature = "redis")]
        return self.cache.redis().is_some();
        #[cfg(not(feature = "redis"))]
        false
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
        answered(self.cache, self.site, self.key.as_str(), Answer::Bypassed);
        #[cfg(feature = "testing")]
        trace::past(self.site, self.key.as_str());
        if !self.key.is_sound() {
            trace::unsound_key(self.site);
        }
        if let Some(outer) = &outer {
            #[cfg(feature = "redis")]
            if self.cache.redis().is_some() && !self.site.value_tags && self.key.is_sound() {
                return Course::PastInside(self.pending(plan(), Some(Arc::clone(outer)), false));
            }
            self.depend(outer, &plan());
        }
        Course::Past(self.policy.timeout.map(|time| {
            Box::new(Limits {
                site: self.site,
                cache: self.cache.clone(),
                outer,
                time: Some(time),
            })
        }))
    }
}
