use cache_runtime::cached;

#[cached(key = "")]
async fn key() -> u64 {
    1
}

#[cached(key = "one", tags = [""])]
async fn tag() -> u64 {
    1
}

fn main() {}
