use cache_runtime::cached;

#[cached(ttl = |value, id| *value)]
async fn ttl(id: u64) -> u64 {
    id
}

#[cached(unless = || true)]
async fn unless(id: u64) -> u64 {
    id
}

fn main() {}
