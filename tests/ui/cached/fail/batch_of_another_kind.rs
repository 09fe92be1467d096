use cache_runtime::cached;
use std::collections::{HashMap, HashSet};

#[cached(batch, key = "user:{id}")]
async fn which_one(ids: &[u32]) -> HashMap<u32, u32> {
    ids.iter().map(|id| (*id, *id)).collect()
}

#[cached(batch(id in others), key = "user:{id}")]
async fn no_such_argument(ids: &[u32]) -> HashMap<u32, u32> {
    ids.iter().map(|id| (*id, *id)).collect()
}

#[cached(batch(id in ids), key = "user:{id}")]
async fn no_list(ids: HashSet<u32>) -> HashMap<u32, u32> {
    ids.into_iter().map(|id| (id, id)).collect()
}

#[cached(batch)]
async fn two_lists(ids: &[u32], names: &[String]) -> HashMap<u32, u32> {
    let _ = names;
    ids.iter().map(|id| (*id, *id)).collect()
}

#[cached(batch(id in ids), key = "user:{ids}")]
async fn all_in_one(ids: &[u32]) -> HashMap<u32, u32> {
    ids.iter().map(|id| (*id, *id)).collect()
}

#[cached(batch(id in ids), key = "user:{id}", swr = "1m", companion)]
async fn of_one(ids: &[u32]) -> HashMap<u32, u32> {
    ids.iter().map(|id| (*id, *id)).collect()
}

#[cached(batch(id, ids), key = "user:{id}")]
async fn comma(ids: &[u32]) -> HashMap<u32, u32> {
    ids.iter().map(|id| (*id, *id)).collect()
}

#[cached(batch(ids in ids), key = "user:{ids}")]
async fn one_name_for_two(ids: &[u32]) -> HashMap<u32, u32> {
    ids.iter().map(|id| (*id, *id)).collect()
}

fn main() {}
