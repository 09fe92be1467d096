async fn rename(id: u64, name: String) -> Result<User, DbError> {
    ::cache_runtime::__private::site! {
        __CACHE_SITE : put, key = "user:{id}", tags = & ["user:{id}"], ttl_millis =
        300000u64, codec = ::cache_runtime::__private::codecs::msgpack()
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
    let __cache_permit = ::cache_runtime::__private::Permit::take(
        &__CACHE_SITE,
        ::cache_runtime::__private::Cache::global(),
        ::cache_runtime::__private::KeyBuilder::new(25usize)
            .text("user:")
            .part(&id)
            .finish(),
        ::cache_runtime::__private::Plan::new()
            .tag(
                ::cache_runtime::__private::KeyBuilder::new(25usize)
                    .text("user:")
                    .part(&id)
                    .finish(),
            )
            .ttl(::cache_runtime::__private::Ttl::millis(300000u64)),
    );
    __cache_permit
        .run(
            __cache_shape,
            async move {
                if let ::core::option::Option::Some(__cache_returned) = ::core::option::Option::None::<
                    Result<User, DbError>,
                > {
                    return __cache_returned;
                }
                { write(id, name).await }
            },
            |_, _| {},
        )
        .await
}
