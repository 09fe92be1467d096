use cache_runtime::cached;

#[cached(ttl = 60, swr = forever)]
async fn for_ever() -> u32 {
    1
}

#[cached(ttl = 60, swr)]
async fn how_long() -> u32 {
    1
}

#[cached(ttl = 60, swr = "1 fortnight")]
async fn unknown_unit() -> u32 {
    1
}

#[cached(ttl = 60, swr = |value| 5)]
async fn before_the_value() -> u32 {
    1
}

#[cached(ttl = 60, jitter = 1.5)]
async fn more_than_all() -> u32 {
    1
}

#[cached(ttl = 60, early = "soon")]
async fn no_number() -> u32 {
    1
}

#[cached(ttl = adaptive("1h"))]
async fn one_bound() -> u32 {
    1
}

#[cached(ttl = adaptive("1h", "30s"))]
async fn wrong_order() -> u32 {
    1
}

#[cached(negative = adaptive("30s", "1h"))]
async fn of_nothing() -> Option<u32> {
    None
}

#[cached(ttl = 60, stale_if_eror = "1h")]
async fn misspelt() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
