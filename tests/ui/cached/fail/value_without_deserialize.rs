use cache_runtime::cached;
use serde::Serialize;

#[derive(Clone, Serialize)]
struct User {
    id: u64,
}

type Found<T> = Result<Option<T>, std::io::Error>;

#[cached]
async fn plain(id: u64) -> User {
    User { id }
}

#[cached]
async fn inside_a_result(id: u64) -> Result<User, String> {
    Ok(User { id })
}

#[cached]
async fn behind_an_alias(id: u64) -> Found<User> {
    Ok(Some(User { id }))
}

fn main() {}
