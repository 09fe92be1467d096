async fn reset(&mut self) {
    ::cache_runtime::__private::site! {
        __CACHE_SITE : invalidation, patterns = & ["user:*"]
    }
    ::cache_runtime::__private::Invalidating::new(
            &__CACHE_SITE,
            &self.cache,
            [::cache_runtime::__private::Target::pattern("user:*")],
        )
        .also_before()
        .await
        .always(async move {
            {
                self.users.clear();
            }
        })
        .await
}
