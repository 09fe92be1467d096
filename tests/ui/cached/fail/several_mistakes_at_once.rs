use cache_runtime::cached;

#[cached(
    tll = 300,
    ttl = "5 fortnights",
    key = "user:{di}:*",
    tags = ["user:{id", ""],
    skip(dbb),
    version = "2",
    sensitive = yes,
    swr = "1m",
)]
async fn user(id: u64, db: u8) {}

fn main() {}
