pub async fn user<D: Db>(db: &D, id: u64, team: u32) -> Option<User> {
    let __cache_shape = {
        use ::cache_runtime::__private::dispatch::*;
        ::cache_runtime::__private::cached_value(
            (&&&&&&::cache_runtime::__private::Returned::<Option<User>>::new())
                .shape()
                .of_value(),
        );
        {
            use ::cache_runtime::__private::dispatch::*;
            (&&(&&&&&&::cache_runtime::__private::Returned::<Option<User>>::new())
                .shape())
                .if_cacheable()
        }
    };
    let __cache_looked = ::cache_runtime::__private::Call::new(
            &user::__CACHE_SITE,
            ::cache_runtime::__private::Cache::global(),
            ::cache_runtime::__private::KeyBuilder::new(25usize)
                .text("user:")
                .part(&id)
                .as_key(),
        )
        .look(
            __cache_shape,
            || {
                ::cache_runtime::__private::Plan::new()
                    .tag(
                        ::cache_runtime::__private::KeyBuilder::new(25usize)
                            .text("team:")
                            .part(&team)
                            .finish(),
                    )
                    .ttl(::cache_runtime::__private::Ttl::Forever)
            },
        );
    match __cache_looked {
        ::cache_runtime::__private::Lookup::Hit(__cache_hit) => __cache_hit,
        ::cache_runtime::__private::Lookup::Miss(__cache_miss) => {
            __cache_miss
                .fill(
                    async move {
                        if let ::core::option::Option::Some(__cache_returned) = ::core::option::Option::None::<
                            Option<User>,
                        > {
                            return __cache_returned;
                        }
                        { db.user(id).await }
                    },
                    |_, _| {},
                )
                .await
        }
    }
}
///Keys, and single entries, of [`user`](user()).
pub mod user {
    #[allow(unused_imports, reason = "the signature may need none of them")]
    use super::*;
    ::cache_runtime::__private::site! {
        pub __CACHE_SITE : function, key = "user:{id}", tags = & ["team:{team}"],
        tags_vary = true, ttl_forever = true
    }
    ///The key of a call of [`user`](user()).
    #[allow(
        dead_code,
        reason = "a companion is there to be used, not all of it has to be"
    )]
    pub fn key(id: u64) -> ::cache_runtime::Key {
        ::cache_runtime::__private::KeyBuilder::new(25usize)
            .text("user:")
            .part(&id)
            .finish()
    }
    ///What [`user`](user()) would return if it is stored; nothing is computed.
    #[allow(
        dead_code,
        reason = "a companion is there to be used, not all of it has to be"
    )]
    pub async fn peek(id: u64, team: u32) -> ::core::option::Option<Option<User>> {
        let __cache_shape = {
            use ::cache_runtime::__private::dispatch::*;
            (&&(&&&&&&::cache_runtime::__private::Returned::<Option<User>>::new())
                .shape())
                .if_cacheable()
        };
        ::cache_runtime::__private::Call::new(
                &__CACHE_SITE,
                ::cache_runtime::__private::Cache::global(),
                ::cache_runtime::__private::KeyBuilder::new(25usize)
                    .text("user:")
                    .part(&id)
                    .as_key(),
            )
            .peek(
                __cache_shape,
                || {
                    ::cache_runtime::__private::Plan::new()
                        .tag(
                            ::cache_runtime::__private::KeyBuilder::new(25usize)
                                .text("team:")
                                .part(&team)
                                .finish(),
                        )
                },
            )
            .await
    }
    ///Calls [`user`](user()) so that it computes afresh, and stores the new value.
    #[allow(
        dead_code,
        reason = "a companion is there to be used, not all of it has to be"
    )]
    pub async fn refresh<D: Db>(
        __cache_argument_0: &D,
        __cache_argument_1: u64,
        __cache_argument_2: u32,
    ) -> Option<User> {
        ::cache_runtime::__private::refresh(
                &__CACHE_SITE,
                super::user(__cache_argument_0, __cache_argument_1, __cache_argument_2),
            )
            .await
    }
    ///Invalidates one call of [`user`](user()); tells whether it was stored.
    #[allow(
        dead_code,
        reason = "a companion is there to be used, not all of it has to be"
    )]
    pub async fn invalidate(id: u64) -> bool {
        let __cache_key = ::cache_runtime::__private::KeyBuilder::new(25usize)
            .text("user:")
            .part(&id)
            .finish();
        ::cache_runtime::__private::Cache::delete(
                ::cache_runtime::__private::Cache::global(),
                __cache_key,
            )
            .await
    }
}
