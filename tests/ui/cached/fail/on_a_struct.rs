use cache_runtime::cached;

#[cached(ttl = "5m", skip(db))]
pub struct User {
    id: u64,
}

struct Users;

#[cached(ttl = "5m")]
impl Users {
    async fn user(id: u64) -> u64 {
        id
    }
}

fn main() {}
