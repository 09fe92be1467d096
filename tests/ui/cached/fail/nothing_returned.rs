use cache_runtime::cached;

#[cached(ttl = "5m")]
async fn touch(id: u64) {
    let _ = id;
}

#[cached(ttl = "5m")]
async fn never_returning(id: u64) -> ! {
    panic!("{id}")
}

fn main() {}
