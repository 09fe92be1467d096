use cache_runtime::cached;

#[cached(tll = 300)]
async fn near_a_known_one(id: u64) -> u64 {
    id
}

#[cached(expires = 300)]
async fn far_from_any(id: u64) -> u64 {
    id
}

fn main() {}
