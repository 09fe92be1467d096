use cache_runtime::cached;
use std::collections::HashMap;

#[cached(batch(id in ids), key = "user:{id}")]
async fn values_only(ids: &[u32]) -> Vec<String> {
    ids.iter().map(u32::to_string).collect()
}

struct Bare;

#[cached(batch(id in ids), key = "user:{id}")]
async fn not_to_be_cached(ids: &[u32]) -> HashMap<u32, Bare> {
    ids.iter().map(|id| (*id, Bare)).collect()
}

fn main() {}
