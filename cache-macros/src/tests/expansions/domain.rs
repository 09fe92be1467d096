#[automatically_derived]
impl<P> ::cache_runtime::DomainRecord for Session<P>
where
    Session<P>: ::cache_runtime::CacheValue,
{
    const PREFIX: &'static ::core::primitive::str = "session";
    const DOMAIN: &'static ::core::primitive::str = "session";
    fn cache_key(&self) -> ::cache_runtime::Key {
        ::cache_runtime::__private::KeyBuilder::new(49usize)
            .text("session:")
            .part(&self.id)
            .text(":")
            .part(&self.part)
            .finish()
    }
    fn cache_tags(&self) -> ::std::vec::Vec<::cache_runtime::Tag> {
        let Self { team, user, .. } = self;
        ::std::vec![
            < ::cache_runtime::Tag as ::core::convert::From < _ >>
            ::from(::cache_runtime::__private::KeyBuilder::new(33usize)
            .text("session:team:").part(& team).finish()), < ::cache_runtime::Tag as
            ::core::convert::From < _ >>
            ::from(::cache_runtime::__private::KeyBuilder::new(25usize).text("user:")
            .part(& (user.id)).finish())
        ]
    }
    fn cache_ttl(&self) -> ::cache_runtime::Ttl {
        ::cache_runtime::IntoTtl::into_ttl(
            ::cache_runtime::__private::Ttl::millis(1800000u64),
        )
    }
    fn cache_lookups(&self) -> ::std::vec::Vec<::cache_runtime::Key> {
        ::std::vec![
            ::cache_runtime::__private::KeyBuilder::new(35usize).text("session:~token:")
            .part(& self.token).finish()
        ]
    }
    fn cache_site() -> &'static ::cache_runtime::__private::Site {
        ::cache_runtime::__private::site! {
            __CACHE_SITE : domain, name_is = ::core::concat!(::core::module_path!(),
            "::", "Session"), key = "session:{id}:{part}", of_domain = "session", tags =
            & ["session:team:{team}", "user:{user.id}"], value_tags = true, lookups = &
            ["session:~token:{token}"], ttl_millis = 1800000u64, version = 2u32, codec =
            ::cache_runtime::__private::codecs::postcard(), compress =
            ::cache_runtime::__private::compressions::lz4()
        }
        &__CACHE_SITE
    }
}
///The cache of [`Session`]; keys are `session:{id}:{part}`.
pub struct SessionCache<P>
where
    Session<P>: ::cache_runtime::CacheValue,
{
    domain: ::cache_runtime::__private::Domain<Session<P>>,
}
#[automatically_derived]
#[allow(
    dead_code,
    clippy::too_many_arguments,
    reason = "a cache is there to be used, not all of it has to be, and takes what a key has"
)]
impl<P> SessionCache<P>
where
    Session<P>: ::cache_runtime::CacheValue,
{
    /// The cache in `cache`.
    pub fn new(cache: &::cache_runtime::Cache) -> Self {
        Self {
            domain: ::cache_runtime::__private::Domain::new(cache),
        }
    }
    /// The key of a record.
    pub fn key(id: &::core::primitive::str, part: &u32) -> ::cache_runtime::Key {
        ::cache_runtime::__private::KeyBuilder::new(49usize)
            .text("session:")
            .part(id)
            .text(":")
            .part(part)
            .finish()
    }
    /// The record, if it is stored.
    pub async fn get(
        &self,
        id: &::core::primitive::str,
        part: &u32,
    ) -> ::core::option::Option<Session<P>> {
        self.domain
            .get(
                ::cache_runtime::__private::KeyBuilder::new(49usize)
                    .text("session:")
                    .part(id)
                    .text(":")
                    .part(part)
                    .finish(),
            )
            .await
    }
    /// Several records, in the order of `ids`.
    pub async fn get_many(
        &self,
        ids: impl ::core::iter::IntoIterator<Item = (String, u32)>,
    ) -> ::std::vec::Vec<::core::option::Option<Session<P>>> {
        let ids = ::core::iter::IntoIterator::into_iter(ids);
        let keys = ::core::iter::Iterator::map(
            ids,
            |(id, part)| {
                let id = &id;
                let part = &part;
                ::cache_runtime::__private::KeyBuilder::new(49usize)
                    .text("session:")
                    .part(id)
                    .text(":")
                    .part(part)
                    .finish()
            },
        );
        self.domain.get_many(::core::iter::Iterator::collect(keys)).await
    }
    /// Stores a record; tells whether it was stored. The cache cannot know how old the record is: to be safe
    /// from storing one that was read before somebody else wrote, use `get_or_load` or `refresh`.
    pub async fn put(&self, record: &Session<P>) -> bool {
        self.domain.put(record).await
    }
    /// Stores several records; tells how many were stored.
    pub async fn put_many(&self, records: &[Session<P>]) -> usize {
        self.domain.put_many(records).await
    }
    /// The record, from the cache or else from `load`, whose result is stored unless it is invalidated
    /// meanwhile. Callers that come at the same time share one load.
    pub async fn get_or_load<__CacheE, __CacheF>(
        &self,
        id: &::core::primitive::str,
        part: &u32,
        load: impl ::core::ops::FnOnce() -> __CacheF,
    ) -> ::core::result::Result<::core::option::Option<Session<P>>, __CacheE>
    where
        __CacheF: ::core::future::Future<
            Output = ::core::result::Result<::core::option::Option<Session<P>>, __CacheE>,
        >,
    {
        self.domain
            .get_or_load(
                ::cache_runtime::__private::KeyBuilder::new(49usize)
                    .text("session:")
                    .part(id)
                    .text(":")
                    .part(part)
                    .finish(),
                || ::std::vec![],
                async { load().await },
            )
            .await
    }
    /// Loads the record afresh, and stores it.
    pub async fn refresh<__CacheE, __CacheF>(
        &self,
        id: &::core::primitive::str,
        part: &u32,
        load: impl ::core::ops::FnOnce() -> __CacheF,
    ) -> ::core::result::Result<::core::option::Option<Session<P>>, __CacheE>
    where
        __CacheF: ::core::future::Future<
            Output = ::core::result::Result<::core::option::Option<Session<P>>, __CacheE>,
        >,
    {
        self.domain
            .refresh(
                ::cache_runtime::__private::KeyBuilder::new(49usize)
                    .text("session:")
                    .part(id)
                    .text(":")
                    .part(part)
                    .finish(),
                || ::std::vec![],
                async { load().await },
            )
            .await
    }
    /// Deletes a record; tells whether it was stored.
    pub async fn invalidate(&self, id: &::core::primitive::str, part: &u32) -> bool {
        self.domain
            .invalidate(
                ::cache_runtime::__private::KeyBuilder::new(49usize)
                    .text("session:")
                    .part(id)
                    .text(":")
                    .part(part)
                    .finish(),
            )
            .await
    }
    /// Invalidates every record of this cache, in one step.
    pub async fn invalidate_all(&self) -> ::cache_runtime::Invalidated {
        self.domain.invalidate_all().await
    }
    /// Loads those records that are not stored, eight at a time.
    pub async fn warm<__CacheE, __CacheF>(
        &self,
        ids: impl ::core::iter::IntoIterator<Item = (String, u32)>,
        load: impl ::core::ops::Fn(
            (String, u32),
        ) -> __CacheF + ::core::marker::Send + ::core::marker::Sync + 'static,
    ) -> ::cache_runtime::WarmReport
    where
        (String, u32): ::core::clone::Clone + ::core::marker::Send + 'static,
        __CacheE: ::core::marker::Send + 'static,
        __CacheF: ::core::future::Future<
                Output = ::core::result::Result<
                    ::core::option::Option<Session<P>>,
                    __CacheE,
                >,
            > + ::core::marker::Send + 'static,
    {
        let ids = ::core::iter::IntoIterator::into_iter(ids);
        let keyed = ::core::iter::Iterator::map(
            ids,
            |id| {
                let (key, known) = {
                    let (id, part) = ::core::clone::Clone::clone(&id);
                    let id = &id;
                    let part = &part;
                    (
                        ::cache_runtime::__private::KeyBuilder::new(49usize)
                            .text("session:")
                            .part(id)
                            .text(":")
                            .part(part)
                            .finish(),
                        ::std::vec![],
                    )
                };
                (id, key, known)
            },
        );
        self.domain.warm(::core::iter::Iterator::collect(keyed), load).await
    }
    /// What this cache has done.
    pub fn stats(&self) -> ::cache_runtime::FunctionStats {
        self.domain.stats()
    }
    ///Invalidates everything that is tagged with this `team`, in one step.
    pub async fn invalidate_by_team(&self, team: &u32) -> ::cache_runtime::Invalidated {
        self.domain
            .invalidate_tag(
                ::cache_runtime::__private::KeyBuilder::new(33usize)
                    .text("session:team:")
                    .part(&team)
                    .finish(),
            )
            .await
    }
    ///The record with this `token`, if it is stored.
    pub async fn by_token(&self, token: &Token) -> ::core::option::Option<Session<P>> {
        self.domain
            .get(
                ::cache_runtime::__private::KeyBuilder::new(35usize)
                    .text("session:~token:")
                    .part(token)
                    .finish(),
            )
            .await
    }
    ///The record with this `token`, from the cache or else from `load`.
    pub async fn by_token_or_load<__CacheE, __CacheF>(
        &self,
        token: &Token,
        load: impl ::core::ops::FnOnce() -> __CacheF,
    ) -> ::core::result::Result<::core::option::Option<Session<P>>, __CacheE>
    where
        __CacheF: ::core::future::Future<
            Output = ::core::result::Result<::core::option::Option<Session<P>>, __CacheE>,
        >,
    {
        self.domain
            .get_or_load(
                ::cache_runtime::__private::KeyBuilder::new(35usize)
                    .text("session:~token:")
                    .part(token)
                    .finish(),
                || ::std::vec![],
                async { load().await },
            )
            .await
    }
}
#[automatically_derived]
impl<P> ::core::clone::Clone for SessionCache<P>
where
    Session<P>: ::cache_runtime::CacheValue,
{
    fn clone(&self) -> Self {
        Self {
            domain: ::core::clone::Clone::clone(&self.domain),
        }
    }
}
#[automatically_derived]
impl<P> ::core::fmt::Debug for SessionCache<P>
where
    Session<P>: ::cache_runtime::CacheValue,
{
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        ::core::fmt::Debug::fmt(&self.domain, f)
    }
}
