//! Typed caches of one kind of record, as `#[derive(DomainCache)]` makes them.
//!
//! The derive writes a thin type (`SessionCache`) with methods named after the record's fields; the work is done
//! here. Tags of fields that are no part of the key are known only from the record, so a load is protected as `tags_with` is.

use crate::cache::{Cache, WarmReport, warm};
use crate::invalidate::{By, Invalidated, Target, delete, invalidate};
use crate::key::Key;
use crate::policy::Policy;
use crate::read_through::{Call, Decision, FallibleOptional, Lookup, Opaque, Optional, Plan};
use crate::site::{Lifetime, Site};
use crate::stats::FunctionStats;
use crate::tag::Tag;
use crate::timeout::{CanTimeOut, OnTimeout, TimedOut};
use crate::trace;
use crate::ttl::Ttl;
use crate::value::CacheValue;
use crate::write;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

/// A record that has a domain cache. Implemented by `#[derive(DomainCache)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no domain cache",
    label = "not `DomainRecord`",
    note = "derive one: `#[derive(Clone, serde::Serialize, serde::Deserialize, DomainCache)]`, with `#[cache(prefix = \"…\")]` on the type and `#[cache(key)]` on a field"
)]
pub trait DomainRecord: CacheValue {
    /// What every key begins with.
    const PREFIX: &'static str;

    /// Its name in the configuration: `session` of `CACHE_SESSION_TTL`.
    const DOMAIN: &'static str = Self::PREFIX;

    /// A tag that every record carries, if other keys begin as theirs do.
    const TAG_OF_ALL: Option<&'static str> = None;

    /// The key this record is stored under.
    fn cache_key(&self) -> Key;

    /// The tags it carries.
    fn cache_tags(&self) -> Vec<Tag> {
        Vec::new()
    }

    /// How long it stays fresh.
    fn cache_ttl(&self) -> Ttl {
        Ttl::CacheDefault
    }

    /// How long to remember that there is no such record; `None`: not at all.
    fn cache_negative() -> Option<Ttl> {
        None
    }

    /// The keys of its unique secondary fields.
    fn cache_lookups(&self) -> Vec<Key> {
        Vec::new()
    }

    #[doc(hidden)]
    fn cache_site() -> &'static Site;
}

/// A field of which every item makes a tag (`#[cache(tags)]`).
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no list, of whose items every one could make a tag",
    label = "expected a list, or an `Option`",
    note = "a field that makes one tag is marked `#[cache(tag)]`"
)]
pub trait TagList<'l> {
    type Item;
    fn items(&'l self) -> impl Iterator<Item = Self::Item>;
}

#[diagnostic::do_not_recommend]
impl<'l, L: ?Sized + 'l> TagList<'l> for L
where
    &'l L: IntoIterator,
{
    type Item = <&'l L as IntoIterator>::Item;
    fn items(&'l self) -> impl Iterator<Item = Self::Item> {
        self.into_iter()
    }
}

/// Adds a tag for each item.
#[doc(hidden)]
pub fn each_tag<'l, L: TagList<'l> + ?Sized>(
    tags: &mut Vec<Tag>,
    list: &'l L,
    tag: impl Fn(L::Item) -> Tag,
) {
    tags.extend(list.items().map(tag));
}

/// The cache of one kind of record.
#[doc(hidden)]
pub struct Domain<R> {
    cache: Cache,
    /// From the configuration, in place of the record's own.
    ttl: Option<Ttl>,
    policy: Policy,
    record: PhantomData<fn() -> R>,
}

impl<R: DomainRecord> Domain<R> {
    pub fn new(cache: &Cache) -> Self {
        let Site { ttl, policy, .. } = R::cache_site();
        let (mut ttl_override, mut policy) = (cache.domain_ttl(R::DOMAIN), *policy);
        if policy.idle.is_some() && *ttl == Lifetime::Forever {
            // Its time begins anew with every read, and that is the time which is meant.
            if let Some(ttl) = ttl_override.take() {
                policy.idle = cache.resolve(ttl);
            }
        }
        Domain {
            cache: cache.clone(),
            ttl: ttl_override,
            policy,
            record: PhantomData,
        }
    }

    /// By the record's key, or by one of its lookups.
    pub async fn get(&self, key: Key) -> Option<R> {
        self.peek(key).await
    }

    pub async fn get_many(&self, keys: Vec<Key>) -> Vec<Option<R>> {
        self.cache
            .peek_many(keys.iter().map(|key| self.call(key)))
            .await
    }

    pub async fn put(&self, record: &R) -> bool {
        let plan = self.plan(record);
        let key = record.cache_key();
        let site = R::cache_site();
        write::set(&self.cache, site, &self.policy, &key, record.clone(), plan).await
    }

    pub async fn put_many(&self, records: &[R]) -> usize {
        let values = records
            .iter()
            .map(|record| (record.cache_key(), record.clone(), self.plan(record)));
        let site = R::cache_site();
        write::set_many(&self.cache, site, &self.policy, values.collect()).await
    }

    /// By the record's key, or by one of its lookups.
    pub async fn get_or_load<E, F>(
        &self,
        key: Key,
        known: impl Fn() -> Vec<Tag>,
        load: F,
    ) -> Result<Option<R>, E>
    where
        F: Future<Output = Result<Option<R>, E>>,
    {
        match self.look(&key, known) {
            Lookup::Hit(returned) => returned,
            Lookup::Miss(miss) => {
                miss.fill(load, |record, decision| {
                    self.decide(&key, record, decision);
                })
                .await
            }
        }
    }

    /// The same with a load that may go on after its caller.
    pub async fn get_or_load_apart<E, F>(
        &self,
        key: Key,
        known: impl Fn() -> Vec<Tag>,
        load: F,
    ) -> Result<Option<R>, E>
    where
        E: Send + 'static,
        F: Future<Output = Result<Option<R>, E>> + Send + 'static,
    {
        self.load_apart(key, known, load, None).await
    }

    /// The same for a caller who may wait for so long only.
    pub async fn get_or_load_in_time<E, F>(
        &self,
        key: Key,
        known: impl Fn() -> Vec<Tag>,
        load: F,
    ) -> Result<Option<R>, E>
    where
        E: From<TimedOut> + Send + 'static,
        F: Future<Output = Result<Option<R>, E>> + Send + 'static,
    {
        self.load_apart(key, known, load, Some(CanTimeOut::timed_out))
            .await
    }

    async fn load_apart<E, F>(
        &self,
        key: Key,
        known: impl Fn() -> Vec<Tag>,
        load: F,
        timed_out: Option<OnTimeout<Result<Option<R>, E>>>,
    ) -> Result<Option<R>, E>
    where
        E: Send + 'static,
        F: Future<Output = Result<Option<R>, E>> + Send + 'static,
    {
        match self.look(&key, known) {
            Lookup::Hit(returned) => returned,
            Lookup::Miss(miss) => {
                let domain = self.clone();
                let decide = move |record: &R, decision: &mut Decision| {
                    domain.decide(&key, record, decision);
                };
                miss.fill_apart(decide, load, timed_out).await
            }
        }
    }

    /// `known` are tags that every record under this key has.
    fn look<E>(
        &self,
        key: &Key,
        known: impl Fn() -> Vec<Tag>,
    ) -> Lookup<Result<Option<R>, E>, FallibleOptional<Opaque>> {
        let plan = || Plan {
            tags: known(),
            negative: R::cache_negative(),
            ..Plan::default()
        };
        self.call(key).look(FallibleOptional(Opaque), plan)
    }

    pub async fn refresh<E, F>(
        &self,
        key: Key,
        known: impl Fn() -> Vec<Tag>,
        load: F,
    ) -> Result<Option<R>, E>
    where
        F: Future<Output = Result<Option<R>, E>>,
    {
        let load = self.get_or_load(key, known, load);
        crate::flight::refreshing(R::cache_site(), load).await
    }

    /// Deletes a record, and what is stored under its secondary keys. Returns whether it was stored.
    pub async fn invalidate(&self, key: Key) -> bool {
        delete(&self.cache, &key, By::Site(R::cache_site())).await
    }

    pub async fn invalidate_tag(&self, tag: impl Into<Tag>) -> Invalidated {
        invalidate(&self.cache, &Target::tag(tag), By::Site(R::cache_site())).await
    }

    pub async fn invalidate_all(&self) -> Invalidated {
        let all = match R::TAG_OF_ALL {
            Some(tag) => Target::tag(tag),
            None => Target::pattern(format!("{}:*", R::PREFIX)),
        };
        invalidate(&self.cache, &all, By::Site(R::cache_site())).await
    }

    pub async fn warm<K, E, F, Fut>(&self, items: Vec<(K, Key, Vec<Tag>)>, load: F) -> WarmReport
    where
        K: Send + 'static,
        E: Send + 'static,
        F: Fn(K) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Option<R>, E>> + Send + 'static,
    {
        if !self.cache.can_store().await {
            return WarmReport::of_nothing(items.len());
        }
        let load = Arc::new(load);
        let warm_one = |(id, key, known): (K, Key, Vec<Tag>)| {
            let (domain, load) = (self.clone(), Arc::clone(&load));
            async move {
                let load = async { load(id).await };
                let warmed = domain.get_or_load(key, || known.clone(), load);
                match warm::watched(Duration::ZERO, warmed).await {
                    (Err(_), _) => warm::Warmth::Failed,
                    // There is nothing to keep warm.
                    (Ok(None), warm::Warmth::Warmed) => warm::Warmth::Skipped,
                    (Ok(_), warmth) => warmth,
                }
            }
        };
        warm::run(items, warm::AT_A_TIME, warm_one, |_| {}).await
    }

    pub fn stats(&self) -> FunctionStats {
        let name = R::cache_site().name();
        let all = self.cache.stats();
        all.function(&name)
            .cloned()
            .unwrap_or_else(|| FunctionStats {
                name,
                ..FunctionStats::default()
            })
    }

    async fn peek(&self, key: Key) -> Option<R> {
        let call = self.call(&key);
        call.peek(Optional, Plan::default).await.flatten()
    }

    fn plan(&self, record: &R) -> Plan {
        Plan {
            tags: record.cache_tags(),
            ttl: self.ttl(record),
            negative: None,
            aliases: record.cache_lookups(),
        }
    }

    fn call<'c>(&'c self, key: &'c Key) -> Call<'c> {
        Call::new(R::cache_site(), &self.cache, key).policy(&self.policy)
    }

    /// Stores a record under all of its keys. One that is not the record asked for is handed on and not stored.
    fn decide(&self, wanted: &Key, record: &R, decision: &mut Decision) {
        let mut keys = record.cache_lookups();
        keys.push(record.cache_key());
        let is_wanted = keys.contains(wanted);
        if !is_wanted {
            trace::another_record(R::cache_site());
        }
        decision.unless(!is_wanted);
        if self.ttl.is_some() || self.policy.adaptive.is_none() {
            decision.ttl(self.ttl(record));
        }
        decision.tags(record.cache_tags());
        for key in keys {
            if key != *wanted {
                decision.also_under(key);
            }
        }
    }

    fn ttl(&self, record: &R) -> Ttl {
        self.ttl.unwrap_or_else(|| record.cache_ttl())
    }
}

impl<R> Clone for Domain<R> {
    fn clone(&self) -> Self {
        Domain {
            cache: self.cache.clone(),
            ttl: self.ttl,
            policy: self.policy,
            record: PhantomData,
        }
    }
}

impl<R: DomainRecord> fmt::Debug for Domain<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Domain")
            .field("name", &R::DOMAIN)
            .finish_non_exhaustive()
    }
}
