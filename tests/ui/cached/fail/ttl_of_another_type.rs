use cache_runtime::cached;

#[cached(ttl = String::from("5m"))]
async fn expression() -> u64 {
    1
}

#[cached(ttl = |value| *value)]
async fn of_the_value() -> u64 {
    1
}

fn main() {}
