async fn users(
    db: &Db,
    tenant: Tenant,
    ids: &[UserId],
) -> Result<HashMap<UserId, User>, DbError> {
    ::cache_runtime::__private::site! {
        __CACHE_SITE : function, key = "user:{tenant}:{id}", tags = & ["user:{id}"],
        ttl_millis = 300000u64, batch = true
    }
    let __cache_whole = {
        use ::cache_runtime::__private::dispatch::*;
        (&&&&&&::cache_runtime::__private::Returned::<
            Result<HashMap<UserId, User>, DbError>,
        >::new())
            .shape()
    };
    let __cache_items = ::cache_runtime::__private::items_of(__cache_whole);
    let __cache_each = {
        use ::cache_runtime::__private::dispatch::*;
        ::cache_runtime::__private::cached_value(
            (&&&&&&__cache_items).shape().of_value(),
        );
        {
            use ::cache_runtime::__private::dispatch::*;
            (&&(&&&&&&__cache_items).shape()).if_cacheable()
        }
    };
    ::cache_runtime::__private::Batch {
        site: &__CACHE_SITE,
        cache: ::cache_runtime::__private::Cache::global(),
        wanted: true,
    }
        .fill(
            (__cache_whole, __cache_each),
            ::core::iter::Iterator::cloned(ids.iter()),
            (
                |id| {
                    ::cache_runtime::__private::KeyBuilder::new(46usize)
                        .text("user:")
                        .part(&tenant)
                        .text(":")
                        .part(&id)
                        .finish()
                },
                |id| {
                    let _ = id;
                    ::cache_runtime::__private::Plan::new()
                        .tag(
                            ::cache_runtime::__private::KeyBuilder::new(25usize)
                                .text("user:")
                                .part(&id)
                                .finish(),
                        )
                        .ttl(::cache_runtime::__private::Ttl::millis(300000u64))
                },
            ),
            |__cache_missing| {
                let tenant = ::core::clone::Clone::clone(&tenant);
                async move {
                    let ids = &__cache_missing[..];
                    if let ::core::option::Option::Some(__cache_returned) = ::core::option::Option::None::<
                        Result<HashMap<UserId, User>, DbError>,
                    > {
                        return __cache_returned;
                    }
                    { db.users(ids).await }
                }
            },
            |id, __cache_value, __cache_decision| {
                let _ = (id, &__cache_value, &__cache_decision);
                __cache_decision
                    .unless({
                        let user = __cache_value;
                        user.id == id
                    });
            },
        )
        .await
}
