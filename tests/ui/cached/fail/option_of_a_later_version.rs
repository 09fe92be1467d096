use cache_runtime::cached;

#[cached(ttl = "5m", lock = off)]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
