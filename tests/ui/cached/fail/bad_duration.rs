use cache_runtime::cached;

#[cached(ttl = "5")]
async fn without_a_unit() -> u64 {
    1
}

#[cached(ttl = "5 fortnights")]
async fn of_an_unknown_unit() -> u64 {
    1
}

#[cached(ttl = "soon")]
async fn without_a_number() -> u64 {
    1
}

#[cached(ttl = "")]
async fn empty() -> u64 {
    1
}

#[cached(ttl = 0)]
async fn zero() -> u64 {
    1
}

#[cached(ttl = "0s")]
async fn zero_in_words() -> u64 {
    1
}

#[cached(ttl = -1)]
async fn negative() -> u64 {
    1
}

#[cached(ttl = 1.5)]
async fn fractional() -> u64 {
    1
}

#[cached(ttl = 99999999999999999999)]
async fn too_long() -> u64 {
    1
}

#[cached(ttl = true)]
async fn boolean() -> u64 {
    1
}

#[cached(ttl = 5m)]
async fn without_quotes() -> u64 {
    1
}

#[cached(negative = 0)]
async fn absence() -> Option<u64> {
    None
}

fn main() {}
