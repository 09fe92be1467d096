use cache_runtime::cached;

#[cached(ttl = 60, timeout = "2s")]
async fn never_fails(id: u32) -> u32 {
    id
}

#[cached(ttl = 60, timeout = "2s")]
async fn fails_otherwise(id: u32) -> Result<u32, std::num::ParseIntError> {
    Ok(id)
}

fn main() {}
