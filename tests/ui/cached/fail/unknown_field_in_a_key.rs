use cache_runtime::cached;

struct Query {
    user: u64,
}

#[cached(key = "user:{query.usr}")]
async fn user(query: &Query) -> u64 {
    query.user
}

fn main() {}
