/// Documentation.
#[must_use]
pub(crate) async fn load_user(db: &Db, id: UserId) -> Result<User, DbError> {
    ::cache_runtime::__private::site! {
        __CACHE_SITE : function, key = "user:{id}", tags = & ["user:{id}", "profiles"],
        ttl_millis = 300000u64
    }
    let __cache_shape = {
        use ::cache_runtime::__private::dispatch::*;
        ::cache_runtime::__private::cached_value(
            (&&&&&&::cache_runtime::__private::Returned::<Result<User, DbError>>::new())
                .shape()
                .of_value(),
        );
        {
            use ::cache_runtime::__private::dispatch::*;
            (&&(&&&&&&::cache_runtime::__private::Returned::<
                Result<User, DbError>,
            >::new())
                .shape())
                .if_cacheable()
        }
    };
    let __cache_looked = ::cache_runtime::__private::Call::new(
            &__CACHE_SITE,
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
                            .text("user:")
                            .part(&id)
                            .finish(),
                    )
                    .tag("profiles")
                    .ttl(::cache_runtime::__private::Ttl::millis(300000u64))
            },
        );
    match __cache_looked {
        ::cache_runtime::__private::Lookup::Hit(__cache_hit) => __cache_hit,
        ::cache_runtime::__private::Lookup::Miss(__cache_miss) => {
            __cache_miss
                .fill(
                    async move {
                        if let ::core::option::Option::Some(__cache_returned) = ::core::option::Option::None::<
                            Result<User, DbError>,
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
