use cache_runtime::cached;

#[cached(negative = |value| *value)]
async fn user(id: u64) -> Option<u64> {
    Some(id)
}

fn main() {}
