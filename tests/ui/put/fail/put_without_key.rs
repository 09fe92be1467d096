use cache_runtime::cache_put;

#[cache_put]
async fn without_options(id: u64) -> u64 {
    id
}

#[cache_put(ttl = "5m")]
async fn without_key(id: u64) -> u64 {
    id
}

fn main() {}
