async fn feed(url: &str) -> Result<Feed, Error> {
    ::cache_runtime::__private::site! {
        __CACHE_SITE : function, arguments = & ["url"], adaptive =
        (::core::time::Duration::from_millis(30000u64),
        ::core::time::Duration::from_millis(3600000u64)), stale_if_error = GRACE,
        throttle = ::core::time::Duration::from_millis(10000u64), revalidate =
        ::core::time::Duration::from_millis(86400000u64), jitter = 0.1f64
    }
    let __cache_shape = {
        use ::cache_runtime::__private::dispatch::*;
        ::cache_runtime::__private::cached_value(
            (&&&&&&::cache_runtime::__private::Returned::<Result<Feed, Error>>::new())
                .shape()
                .of_value(),
        );
        {
            use ::cache_runtime::__private::dispatch::*;
            (&&(&&&&&&::cache_runtime::__private::Returned::<Result<Feed, Error>>::new())
                .shape())
                .if_cacheable()
        }
    };
    ::cache_runtime::__private::can_fail(&__cache_shape);
    let __cache_looked = ::cache_runtime::__private::Call::new(
            &__CACHE_SITE,
            ::cache_runtime::__private::Cache::global(),
            ::cache_runtime::__private::function_key(&__CACHE_SITE, || (), 21usize)
                .part(&url)
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
                            Result<Feed, Error>,
                        > {
                            return __cache_returned;
                        }
                        { get(url).await }
                    },
                    |_, _| {},
                )
                .await
        }
    }
}
