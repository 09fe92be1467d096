use cache_runtime::cached;

#[cached(key = "user:{first}{last}")]
async fn side_by_side(first: &str, last: &str) -> usize {
    first.len() + last.len()
}

#[cached(key = "user:{first}-{last}")]
async fn with_a_dash_between(first: &str, last: &str) -> usize {
    first.len() + last.len()
}

fn main() {}
