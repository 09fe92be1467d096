use cache_runtime::cached;

#[cached(version = "2")]
async fn text() -> u64 {
    1
}

#[cached(version = -1)]
async fn below_zero() -> u64 {
    1
}

fn main() {}
