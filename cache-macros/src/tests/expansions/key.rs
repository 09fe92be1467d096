fn key() -> Key {
    ::cache_runtime::__private::KeyBuilder::new(68usize)
        .text("user:")
        .part(&(id))
        .text(":")
        .part(&(page.number))
        .text(":v")
        .part(&(V))
        .finish()
}
