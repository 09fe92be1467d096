use cache_runtime::{cache_invalidate, cached};

#[cached(key = "user:{id}", tags = ["user:*"])]
async fn user(id: u64) -> u64 {
    id
}

#[cache_invalidate(tags = ["user:{id}:*"])]
async fn forget(id: u64) {}

fn main() {}
