async fn price(&self, id: u32, currency: &str) -> Result<Price, Error> {
    ::cache_runtime::__private::site! {
        __CACHE_SITE : function, key = "price:{id}:{currency}", ttl_dynamic = true, swr =
        ::core::time::Duration::from_millis(600000u64), stale_if_error =
        ::core::time::Duration::from_millis(3600000u64), timeout = LIMIT
    }
    let __cache_shape = {
        use ::cache_runtime::__private::dispatch::*;
        ::cache_runtime::__private::cached_value(
            (&&&&&&::cache_runtime::__private::Returned::<Result<Price, Error>>::new())
                .shape()
                .of_value(),
        );
        {
            use ::cache_runtime::__private::dispatch::*;
            (&&(&&&&&&::cache_runtime::__private::Returned::<
                Result<Price, Error>,
            >::new())
                .shape())
                .if_cacheable()
        }
    };
    let __cache_looked = ::cache_runtime::__private::Call::new(
            &__CACHE_SITE,
            &self.cache,
            ::cache_runtime::__private::KeyBuilder::new(47usize)
                .text("price:")
                .part(&id)
                .text(":")
                .part(&currency)
                .as_key(),
        )
        .look(__cache_shape, || ::cache_runtime::__private::Plan::new());
    match __cache_looked {
        ::cache_runtime::__private::Lookup::Hit(__cache_hit) => __cache_hit,
        ::cache_runtime::__private::Lookup::Miss(__cache_miss) => {
            __cache_miss
                .fill_apart(
                    {
                        let __cache_own_0 = ::cache_runtime::__private::own(self);
                        let __cache_own_2 = ::cache_runtime::__private::own(currency);
                        move |__cache_value, __cache_decision| {
                            #[allow(
                                unused_variables,
                                reason = "the attribute may need it, and the body not"
                            )]
                            let __cache_self = __cache_own_0.lend();
                            #[allow(
                                unused_variables,
                                reason = "the attribute may need it, and the body not"
                            )]
                            let currency = __cache_own_2.lend();
                            __cache_decision
                                .ttl({
                                    let price = __cache_value;
                                    __cache_self.lifetime(price, currency)
                                });
                        }
                    },
                    {
                        let __cache_own_0 = ::cache_runtime::__private::own(self);
                        let __cache_own_2 = ::cache_runtime::__private::own(currency);
                        async move {
                            #[allow(
                                unused_variables,
                                reason = "the attribute may need it, and the body not"
                            )]
                            let __cache_self = __cache_own_0.lend();
                            #[allow(
                                unused_variables,
                                reason = "the attribute may need it, and the body not"
                            )]
                            let currency = __cache_own_2.lend();
                            if let ::core::option::Option::Some(__cache_returned) = ::core::option::Option::None::<
                                Result<Price, Error>,
                            > {
                                return __cache_returned;
                            }
                            { __cache_self.ask(id, currency).await }
                        }
                    },
                    ::core::option::Option::Some(
                        <Result<
                            Price,
                            Error,
                        > as ::cache_runtime::__private::CanTimeOut>::timed_out,
                    ),
                )
                .await
        }
    }
}
