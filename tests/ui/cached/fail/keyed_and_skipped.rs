use cache_runtime::cached;

#[cached(key = "user:{id}", skip(id))]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
