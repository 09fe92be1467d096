use cache_runtime::cached;

#[cached(ttl = 300, key = "user:{id}", ttl = 600)]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
