use cache_runtime::cached;

struct UserId(u64);

struct Query {
    user: UserId,
}

#[cached]
async fn in_the_default_key(id: UserId) -> u64 {
    id.0
}

#[cached(key = "user:{id}")]
async fn in_a_template(id: UserId) -> u64 {
    id.0
}

#[cached(key = "user:{query.user}")]
async fn as_a_field(query: &Query) -> u64 {
    query.user.0
}

#[cached(key = "one", tags = ["user:{query.user}"], skip(query))]
async fn in_a_tag(query: &Query) -> u64 {
    query.user.0
}

fn main() {}
