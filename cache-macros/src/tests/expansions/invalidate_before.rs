async fn reset() -> u8 {
    ::cache_runtime::__private::site! {
        __CACHE_SITE : invalidation, tags = & ["all"]
    }
    ::cache_runtime::__private::Invalidating::new(
            &__CACHE_SITE,
            ::cache_runtime::__private::Cache::global(),
            [::cache_runtime::__private::Target::tag("all")],
        )
        .only_before()
        .await
        .always(async move {
            if let ::core::option::Option::Some(__cache_returned) = ::core::option::Option::None::<
                u8,
            > {
                return __cache_returned;
            }
            { 1 }
        })
        .await
}
