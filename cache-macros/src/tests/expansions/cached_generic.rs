async fn read<'a, S: Source, const N: usize>(
    source: &'a S,
    ids: [u32; N],
) -> Option<Vec<S::Row>>
where
    S::Row: Clone,
{
    ::cache_runtime::__private::site! {
        __CACHE_SITE : function, arguments = & ["ids"], generic = true, ttl_millis =
        60000u64
    }
    let __cache_shape = {
        use ::cache_runtime::__private::dispatch::*;
        ::cache_runtime::__private::cached_value(
            (&&&&&&::cache_runtime::__private::Returned::<Option<Vec<S::Row>>>::new())
                .shape()
                .of_value(),
        );
        {
            use ::cache_runtime::__private::dispatch::*;
            (&&(&&&&&&::cache_runtime::__private::Returned::<Option<Vec<S::Row>>>::new())
                .shape())
                .if_cacheable()
        }
    };
    let __cache_looked = ::cache_runtime::__private::Call::new(
            &__CACHE_SITE,
            ::cache_runtime::__private::Cache::global(),
            ::cache_runtime::__private::function_key(&__CACHE_SITE, || (), 21usize)
                .part(&ids)
                .as_key(),
        )
        .look(
            __cache_shape,
            || {
                ::cache_runtime::__private::Plan::new()
                    .ttl(::cache_runtime::__private::Ttl::millis(60000u64))
            },
        );
    match __cache_looked {
        ::cache_runtime::__private::Lookup::Hit(__cache_hit) => __cache_hit,
        ::cache_runtime::__private::Lookup::Miss(__cache_miss) => {
            __cache_miss
                .fill(
                    async move {
                        if let ::core::option::Option::Some(__cache_returned) = ::core::option::Option::None::<
                            Option<Vec<S::Row>>,
                        > {
                            return __cache_returned;
                        }
                        { source.read(&ids).await }
                    },
                    |_, _| {},
                )
                .await
        }
    }
}
