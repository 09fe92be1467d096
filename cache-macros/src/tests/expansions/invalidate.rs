async fn rename(db: &Db, id: u64, name: &str) -> Result<(), DbError> {
    ::cache_runtime::__private::site! {
        __CACHE_SITE : invalidation, patterns = & ["user:{id}:*", "users"], tags = &
        ["user:{id}"]
    }
    let __cache_shape = {
        use ::cache_runtime::__private::dispatch::*;
        (&&&&&&::cache_runtime::__private::Returned::<Result<(), DbError>>::new())
            .shape()
    };
    ::cache_runtime::__private::Invalidating::new(
            &__CACHE_SITE,
            ::cache_runtime::__private::Cache::global(),
            [
                ::cache_runtime::__private::Target::pattern(
                    ::cache_runtime::__private::KeyBuilder::new(27usize)
                        .text("user:")
                        .part(&id)
                        .text(":*")
                        .finish_pattern(),
                ),
                ::cache_runtime::__private::Target::pattern("users"),
                ::cache_runtime::__private::Target::tag(
                    ::cache_runtime::__private::KeyBuilder::new(25usize)
                        .text("user:")
                        .part(&id)
                        .finish(),
                ),
            ],
        )
        .on_ok(
            __cache_shape,
            async move {
                if let ::core::option::Option::Some(__cache_returned) = ::core::option::Option::None::<
                    Result<(), DbError>,
                > {
                    return __cache_returned;
                }
                { db.rename(id, name).await }
            },
        )
        .await
}
