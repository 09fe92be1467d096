use cache_runtime::cached;

#[cached(ttl = 60, stale_if_error = "1h")]
async fn never_fails(id: u32) -> u32 {
    id
}

#[cached(ttl = 60, stale_if_error = "1h")]
async fn finds_nothing(id: u32) -> Option<u32> {
    Some(id)
}

fn main() {}
