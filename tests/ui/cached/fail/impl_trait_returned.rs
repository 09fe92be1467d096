use cache_runtime::cached;

#[cached(ttl = "5m")]
async fn numbers(count: u64) -> impl Iterator<Item = u64> {
    0..count
}

#[cached(ttl = "5m")]
async fn more_numbers(count: u64) -> Option<impl Iterator<Item = u64>> {
    Some(0..count)
}

fn main() {}
