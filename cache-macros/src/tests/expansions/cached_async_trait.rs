fn get<'life0, 'async_trait>(
    &'life0 self,
    __arg1: Path<u32>,
) -> ::core::pin::Pin<
    Box<dyn ::core::future::Future<Output = u32> + ::core::marker::Send + 'async_trait>,
>
where
    'life0: 'async_trait,
    Self: 'async_trait,
{
    Box::pin(async move {
        if let ::core::option::Option::Some(__ret) = ::core::option::Option::None::<
            u32,
        > {
            #[allow(unreachable_code)] return __ret;
        }
        let __self = self;
        let Path(id) = {
            let __arg1 = __arg1;
            __arg1
        };
        ::cache_runtime::__private::site! {
            __CACHE_SITE : function, key = "get:{self.tenant}:{id}"
        }
        let __cache_shape = {
            use ::cache_runtime::__private::dispatch::*;
            ::cache_runtime::__private::cached_value(
                (&&&&&&::cache_runtime::__private::Returned::<u32>::new())
                    .shape()
                    .of_value(),
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
                ::cache_runtime::__private::KeyBuilder::new(45usize)
                    .text("get:")
                    .part(&(__self.tenant))
                    .text(":")
                    .part(&id)
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
                            {
                                let __ret: u32 = { __self.read(id) };
                                #[allow(unreachable_code)] __ret
                            }
                        },
                        |_, _| {},
                    )
                    .await
            }
        }
    })
}
