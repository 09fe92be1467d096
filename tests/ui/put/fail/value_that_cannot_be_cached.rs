use cache_runtime::cache_put;

struct User {
    id: u64,
}

#[cache_put(key = "user:{id}")]
async fn plain(id: u64) -> User {
    User { id }
}

#[cache_put(key = "user:{id}")]
async fn inside_a_result(id: u64) -> Result<User, String> {
    Ok(User { id })
}

fn main() {}
