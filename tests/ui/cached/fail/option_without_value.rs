use cache_runtime::cached;

#[cached(ttl, key, tags, when, crate)]
async fn flags(id: u64) -> u64 {
    id
}

#[cached(tags_with, unless, negative, version, cache, skip)]
async fn more_flags(id: u64) -> Option<u64> {
    Some(id)
}

#[cached(ttl = , key = "user:{id}")]
async fn nothing_behind_the_equals_sign(id: u64) -> u64 {
    id
}

fn main() {}
