async fn conversation(id: u64, fresh: bool) -> Result<Option<Conversation>, Error> {
    ::cache_runtime::__private::site! {
        __CACHE_SITE : function, key = "conversation:{id}", tags = &
        ["user:{conversation.user}"], value_tags = true, ttl_dynamic = true, version =
        3u32, negative = true, sensitive = true
    }
    let __cache_shape = {
        use ::cache_runtime::__private::dispatch::*;
        ::cache_runtime::__private::cached_value(
            (&&&&&&::cache_runtime::__private::Returned::<
                Result<Option<Conversation>, Error>,
            >::new())
                .shape()
                .of_value(),
        );
        {
            use ::cache_runtime::__private::dispatch::*;
            (&&(&&&&&&::cache_runtime::__private::Returned::<
                Result<Option<Conversation>, Error>,
            >::new())
                .shape())
                .if_cacheable()
        }
    };
    ::cache_runtime::__private::can_be_absent(&__cache_shape);
    let __cache_looked = ::cache_runtime::__private::Call::new(
            &__CACHE_SITE,
            ::cache_runtime::__private::Cache::global(),
            ::cache_runtime::__private::KeyBuilder::new(33usize)
                .text("conversation:")
                .part(&id)
                .as_key(),
        )
        .when(!fresh)
        .look(
            __cache_shape,
            || {
                ::cache_runtime::__private::Plan::new()
                    .negative(::cache_runtime::__private::Ttl::millis(30000u64))
            },
        );
    match __cache_looked {
        ::cache_runtime::__private::Lookup::Hit(__cache_hit) => __cache_hit,
        ::cache_runtime::__private::Lookup::Miss(__cache_miss) => {
            __cache_miss
                .fill(
                    async move {
                        if let ::core::option::Option::Some(__cache_returned) = ::core::option::Option::None::<
                            Result<Option<Conversation>, Error>,
                        > {
                            return __cache_returned;
                        }
                        { find(id).await }
                    },
                    |__cache_value, __cache_decision| {
                        __cache_decision
                            .ttl({
                                let conversation = __cache_value;
                                conversation.lifetime()
                            });
                        __cache_decision
                            .tags({
                                let conversation = __cache_value;
                                [
                                    <::cache_runtime::__private::Tag as ::core::convert::From<
                                        _,
                                    >>::from(
                                        ::cache_runtime::__private::KeyBuilder::new(25usize)
                                            .text("user:")
                                            .part(&(conversation.user))
                                            .finish(),
                                    ),
                                ]
                            });
                        __cache_decision.unless(Conversation::is_draft(__cache_value));
                    },
                )
                .await
        }
    }
}
