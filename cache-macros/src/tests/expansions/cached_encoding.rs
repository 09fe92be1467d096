async fn report(id: u64) -> Report {
    my::cache::__private::site! {
        __CACHE_SITE : function, key = "report:{id}", version = 2u32, codec =
        my::cache::__private::codecs::json(), compress =
        my::cache::__private::compressions::off()
    }
    let __cache_shape = {
        use my::cache::__private::dispatch::*;
        my::cache::__private::cached_value(
            (&&&&&&my::cache::__private::Returned::<Report>::new()).shape().of_value(),
        );
        {
            use my::cache::__private::dispatch::*;
            (&&(&&&&&&my::cache::__private::Returned::<Report>::new()).shape())
                .if_cacheable()
        }
    };
    let __cache_looked = my::cache::__private::Call::new(
            &__CACHE_SITE,
            my::cache::__private::Cache::global(),
            my::cache::__private::KeyBuilder::new(27usize)
                .text("report:")
                .part(&id)
                .as_key(),
        )
        .look(__cache_shape, || my::cache::__private::Plan::new());
    match __cache_looked {
        my::cache::__private::Lookup::Hit(__cache_hit) => __cache_hit,
        my::cache::__private::Lookup::Miss(__cache_miss) => {
            __cache_miss
                .fill(
                    async move {
                        if let ::core::option::Option::Some(__cache_returned) = ::core::option::Option::None::<
                            Report,
                        > {
                            return __cache_returned;
                        }
                        { build(id).await }
                    },
                    |_, _| {},
                )
                .await
        }
    }
}
