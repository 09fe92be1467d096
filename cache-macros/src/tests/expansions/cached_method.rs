async fn price(&self, mut id: u32) -> Price {
    my::cache::__private::site! {
        __CACHE_SITE : function, key = "price:{self.shop}:{id}", ttl_dynamic = true
    }
    let __cache_shape = {
        use my::cache::__private::dispatch::*;
        my::cache::__private::cached_value(
            (&&&&&&my::cache::__private::Returned::<Price>::new()).shape().of_value(),
        );
        {
            use my::cache::__private::dispatch::*;
            (&&(&&&&&&my::cache::__private::Returned::<Price>::new()).shape())
                .if_cacheable()
        }
    };
    let __cache_looked = my::cache::__private::Call::new(
            &__CACHE_SITE,
            &self.cache,
            my::cache::__private::KeyBuilder::new(47usize)
                .text("price:")
                .part(&(self.shop))
                .text(":")
                .part(&id)
                .as_key(),
        )
        .look(__cache_shape, || my::cache::__private::Plan::new().ttl(self.ttl));
    match __cache_looked {
        my::cache::__private::Lookup::Hit(__cache_hit) => __cache_hit,
        my::cache::__private::Lookup::Miss(__cache_miss) => {
            __cache_miss
                .fill(
                    async move {
                        if let ::core::option::Option::Some(__cache_returned) = ::core::option::Option::None::<
                            Price,
                        > {
                            return __cache_returned;
                        }
                        {
                            id += 1;
                            self.ask(id).await
                        }
                    },
                    |_, _| {},
                )
                .await
        }
    }
}
