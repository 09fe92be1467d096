use cache_runtime::cached;

#[cached(key = "user:{id")]
async fn unclosed_brace(id: u64) -> u64 {
    id
}

#[cached(key = "user:id}")]
async fn brace_that_closes_nothing(id: u64) -> u64 {
    id
}

#[cached(key = "user:{}")]
async fn empty_placeholder(id: u64) -> u64 {
    id
}

#[cached(key = "user:{id:?}")]
async fn format_spec(id: u64) -> u64 {
    id
}

#[cached(key = "user:{id:05}")]
async fn width(id: u64) -> u64 {
    id
}

#[cached(key = "user:{id +}")]
async fn half_an_expression(id: u64) -> u64 {
    id
}

#[cached(key = "user:{0}")]
async fn positional(id: u64) -> u64 {
    id
}

fn main() {}
