use cache_runtime::cached;

#[cached(sensitive = true, companion = false)]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
