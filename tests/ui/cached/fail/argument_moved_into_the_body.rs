use cache_runtime::cached;
use std::time::Duration;

#[cached(key = "length:{text}", ttl = |_| Duration::from_secs(text.len() as u64))]
async fn length(text: String) -> usize {
    text.len()
}

fn main() {}
