#[automatically_derived]
impl ::cache_runtime::DomainRecord for Card {
    const PREFIX: &'static ::core::primitive::str = "team";
    const DOMAIN: &'static ::core::primitive::str = "card";
    const TAG_OF_ALL: ::core::option::Option<&'static ::core::primitive::str> = ::core::option::Option::Some(
        "card",
    );
    fn cache_key(&self) -> ::cache_runtime::Key {
        ::cache_runtime::__private::KeyBuilder::new(58usize)
            .text("team:")
            .part(&self.team)
            .text(":member:")
            .part(&self.number)
            .text(":card")
            .finish()
    }
    fn cache_tags(&self) -> ::std::vec::Vec<::cache_runtime::Tag> {
        let Self { projects, more, .. } = self;
        let mut __cache_tags: ::std::vec::Vec<::cache_runtime::Tag> = ::std::vec![
            < ::cache_runtime::Tag as ::core::convert::From < _ >> ::from("card")
        ];
        ::cache_runtime::__private::each_tag(
            &mut __cache_tags,
            projects,
            |projects| <::cache_runtime::Tag as ::core::convert::From<
                _,
            >>::from(
                ::cache_runtime::__private::KeyBuilder::new(28usize)
                    .text("project:")
                    .part(&projects)
                    .finish(),
            ),
        );
        ::cache_runtime::__private::each_tag(
            &mut __cache_tags,
            more,
            |more| <::cache_runtime::Tag as ::core::convert::From<
                _,
            >>::from(::core::convert::AsRef::<::core::primitive::str>::as_ref(more)),
        );
        __cache_tags
    }
    fn cache_lookups(&self) -> ::std::vec::Vec<::cache_runtime::Key> {
        ::std::vec![
            ::cache_runtime::__private::KeyBuilder::new(44usize).text("team:~badge:")
            .part(& self.badge).text(":member:card").finish()
        ]
    }
    fn cache_site() -> &'static ::cache_runtime::__private::Site {
        ::cache_runtime::__private::site! {
            __CACHE_SITE : domain, name_is = ::core::concat!(::core::module_path!(),
            "::", "Card"), key = "team:{team}:member:{number}:card", of_domain = "card",
            tags = & ["card", "project:{projects}"], value_tags = true, open_tags = true,
            lookups = & ["team:~badge:{badge}:member:card"]
        }
        &__CACHE_SITE
    }
}
///The cache of [`Card`]; keys are `team:{team}:member:{number}:card`.
struct CardCache {
    domain: ::cache_runtime::__private::Domain<Card>,
}
#[automatically_derived]
#[allow(
    dead_code,
    clippy::too_many_arguments,
    reason = "a cache is there to be used, not all of it has to be, and takes what a key has"
)]
impl CardCache {
    /// The cache in `cache`.
    fn new(cache: &::cache_runtime::Cache) -> Self {
        Self {
            domain: ::cache_runtime::__private::Domain::new(cache),
        }
    }
    /// The key of a record.
    fn key(team: &::core::primitive::str, number: &u64) -> ::cache_runtime::Key {
        ::cache_runtime::__private::KeyBuilder::new(58usize)
            .text("team:")
            .part(team)
            .text(":member:")
            .part(number)
            .text(":card")
            .finish()
    }
    /// The record, if it is stored.
    async fn get(
        &self,
        team: &::core::primitive::str,
        number: &u64,
    ) -> ::core::option::Option<Card> {
        self.domain
            .get(
                ::cache_runtime::__private::KeyBuilder::new(58usize)
                    .text("team:")
                    .part(team)
                    .text(":member:")
                    .part(number)
                    .text(":card")
                    .finish(),
            )
            .await
    }
    /// Several records, in the order of `ids`.
    async fn get_many(
        &self,
        ids: impl ::core::iter::IntoIterator<Item = (String, u64)>,
    ) -> ::std::vec::Vec<::core::option::Option<Card>> {
        let ids = ::core::iter::IntoIterator::into_iter(ids);
        let keys = ::core::iter::Iterator::map(
            ids,
            |(team, number)| {
                let team = &team;
                let number = &number;
                ::cache_runtime::__private::KeyBuilder::new(58usize)
                    .text("team:")
                    .part(team)
                    .text(":member:")
                    .part(number)
                    .text(":card")
                    .finish()
            },
        );
        self.domain.get_many(::core::iter::Iterator::collect(keys)).await
    }
    /// Stores a record; tells whether it was stored. The cache cannot know how old the record is: to be safe
    /// from storing one that was read before somebody else wrote, use `get_or_load` or `refresh`.
    async fn put(&self, record: &Card) -> bool {
        self.domain.put(record).await
    }
    /// Stores several records; tells how many were stored.
    async fn put_many(&self, records: &[Card]) -> usize {
        self.domain.put_many(records).await
    }
    /// The record, from the cache or else from `load`, whose result is stored unless it is invalidated
    /// meanwhile. Callers that come at the same time share one load.
    async fn get_or_load<__CacheE, __CacheF>(
        &self,
        team: &::core::primitive::str,
        number: &u64,
        load: impl ::core::ops::FnOnce() -> __CacheF,
    ) -> ::core::result::Result<::core::option::Option<Card>, __CacheE>
    where
        __CacheF: ::core::future::Future<
            Output = ::core::result::Result<::core::option::Option<Card>, __CacheE>,
        >,
    {
        self.domain
            .get_or_load(
                ::cache_runtime::__private::KeyBuilder::new(58usize)
                    .text("team:")
                    .part(team)
                    .text(":member:")
                    .part(number)
                    .text(":card")
                    .finish(),
                || {
                    ::std::vec![
                        < ::cache_runtime::Tag as ::core::convert::From < _ >>
                        ::from("card")
                    ]
                },
                async { load().await },
            )
            .await
    }
    /// Loads the record afresh, and stores it.
    async fn refresh<__CacheE, __CacheF>(
        &self,
        team: &::core::primitive::str,
        number: &u64,
        load: impl ::core::ops::FnOnce() -> __CacheF,
    ) -> ::core::result::Result<::core::option::Option<Card>, __CacheE>
    where
        __CacheF: ::core::future::Future<
            Output = ::core::result::Result<::core::option::Option<Card>, __CacheE>,
        >,
    {
        self.domain
            .refresh(
                ::cache_runtime::__private::KeyBuilder::new(58usize)
                    .text("team:")
                    .part(team)
                    .text(":member:")
                    .part(number)
                    .text(":card")
                    .finish(),
                || {
                    ::std::vec![
                        < ::cache_runtime::Tag as ::core::convert::From < _ >>
                        ::from("card")
                    ]
                },
                async { load().await },
            )
            .await
    }
    /// Deletes a record; tells whether it was stored.
    async fn invalidate(&self, team: &::core::primitive::str, number: &u64) -> bool {
        self.domain
            .invalidate(
                ::cache_runtime::__private::KeyBuilder::new(58usize)
                    .text("team:")
                    .part(team)
                    .text(":member:")
                    .part(number)
                    .text(":card")
                    .finish(),
            )
            .await
    }
    /// Invalidates every record of this cache, in one step.
    async fn invalidate_all(&self) -> ::cache_runtime::Invalidated {
        self.domain.invalidate_all().await
    }
    /// Loads those records that are not stored, eight at a time.
    async fn warm<__CacheE, __CacheF>(
        &self,
        ids: impl ::core::iter::IntoIterator<Item = (String, u64)>,
        load: impl ::core::ops::Fn(
            (String, u64),
        ) -> __CacheF + ::core::marker::Send + ::core::marker::Sync + 'static,
    ) -> ::cache_runtime::WarmReport
    where
        (String, u64): ::core::clone::Clone + ::core::marker::Send + 'static,
        __CacheE: ::core::marker::Send + 'static,
        __CacheF: ::core::future::Future<
                Output = ::core::result::Result<::core::option::Option<Card>, __CacheE>,
            > + ::core::marker::Send + 'static,
    {
        let ids = ::core::iter::IntoIterator::into_iter(ids);
        let keyed = ::core::iter::Iterator::map(
            ids,
            |id| {
                let (key, known) = {
                    let (team, number) = ::core::clone::Clone::clone(&id);
                    let team = &team;
                    let number = &number;
                    (
                        ::cache_runtime::__private::KeyBuilder::new(58usize)
                            .text("team:")
                            .part(team)
                            .text(":member:")
                            .part(number)
                            .text(":card")
                            .finish(),
                        ::std::vec![
                            < ::cache_runtime::Tag as ::core::convert::From < _ >>
                            ::from("card")
                        ],
                    )
                };
                (id, key, known)
            },
        );
        self.domain.warm(::core::iter::Iterator::collect(keyed), load).await
    }
    /// What this cache has done.
    fn stats(&self) -> ::cache_runtime::FunctionStats {
        self.domain.stats()
    }
    ///The record with this `badge`, if it is stored.
    async fn by_badge(&self, badge: &Badge) -> ::core::option::Option<Card> {
        self.domain
            .get(
                ::cache_runtime::__private::KeyBuilder::new(44usize)
                    .text("team:~badge:")
                    .part(badge)
                    .text(":member:card")
                    .finish(),
            )
            .await
    }
    ///The record with this `badge`, from the cache or else from `load`.
    async fn by_badge_or_load<__CacheE, __CacheF>(
        &self,
        badge: &Badge,
        load: impl ::core::ops::FnOnce() -> __CacheF,
    ) -> ::core::result::Result<::core::option::Option<Card>, __CacheE>
    where
        __CacheF: ::core::future::Future<
            Output = ::core::result::Result<::core::option::Option<Card>, __CacheE>,
        >,
    {
        self.domain
            .get_or_load(
                ::cache_runtime::__private::KeyBuilder::new(44usize)
                    .text("team:~badge:")
                    .part(badge)
                    .text(":member:card")
                    .finish(),
                || {
                    ::std::vec![
                        < ::cache_runtime::Tag as ::core::convert::From < _ >>
                        ::from("card")
                    ]
                },
                async { load().await },
            )
            .await
    }
}
#[automatically_derived]
impl ::core::clone::Clone for CardCache {
    fn clone(&self) -> Self {
        Self {
            domain: ::core::clone::Clone::clone(&self.domain),
        }
    }
}
#[automatically_derived]
impl ::core::fmt::Debug for CardCache {
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        ::core::fmt::Debug::fmt(&self.domain, f)
    }
}
