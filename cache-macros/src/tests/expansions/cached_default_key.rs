async fn sum(a: u32, b: u32) -> u32 {
    ::cache_runtime::__private::site! {
        __CACHE_SITE : function, arguments = & ["a", "b"]
    }
    let __cache_shape = {
        use ::cache_runtime::__private::dispatch::*;
        ::cache_runtime::__private::cached_value(
            (&&&&&&::cache_runtime::__private::Returned::<u32>::new()).shape().of_value(),
        );
        {
            use ::cache_runtime::__private::dispatch::*;
            (&&(&&&&&&::cache_runtime::__private::Returned::<u32>::new()).shape())
                .if_cacheable()
        }
    };
    let __cache_looked = ::cache_runtime::__private::Call::new(
            &__CACHE_SITE,
            ::cache_runtime::__private::Cache::global(),
            ::cache_runtime::__private::function_key(&__CACHE_SITE, || (), 42usize)
                .part(&a)
                .part(&b)
                .as_key(),
        )
        .look(__cache_shape, || ::cache_runtime::__private::Plan::new());
    match __cache_looked {
        ::cache_runtime::__private::Lookup::Hit(__cache_hit) => __cache_hit,
        ::cache_runtime::__private::Lookup::Miss(__cache_miss) => {
            __cache_miss
                .fill(
                    async move {
                        if let ::core::option::Option::Some(__cache_returned) = ::core::option::Option::None::<
                            u32,
                        > {
                            return __cache_returned;
                        }
                        { a + b }
                    },
                    |_, _| {},
                )
                .await
        }
    }
}
