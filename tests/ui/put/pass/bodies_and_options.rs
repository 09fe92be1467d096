//! Functions of every result, and every option.

#![deny(warnings)]
#![forbid(unsafe_code)]

use cache_runtime::{Cache, cache_put};

#[cache_put(key = "user:{id}")]
async fn unused_argument(id: u64) -> u64 {
    1
}

#[cache_put(key = "user:{id}")]
async fn not_written_yet(id: u64) -> Result<String, String> {
    todo!()
}

#[cache_put(
    key = "user:{id}",
    ttl = |name| std::time::Duration::from_secs(name.len() as u64),
    tags = ["users"],
    tags_with = |name| ["name:{name}"],
    unless = |name| name.is_empty(),
    version = 2,
    codec = bincode,
    compress = lz4,
    sensitive,
    cache = this.cache,
)]
async fn rename_outside(this: &Users, id: u64, name: &str) -> Result<Option<String>, String> {
    let _ = (this, id);
    Ok(Some(name.to_owned()))
}

struct Users {
    cache: Cache,
}

impl Users {
    #[cache_put(key = "user:{id}", ttl = "5m", cache = self.cache)]
    async fn rename(&self, id: u64, name: String) -> String {
        name
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(unused_argument(1).await, 1);
    drop(not_written_yet(1));
    let users = Users {
        cache: Cache::in_memory(),
    };
    assert_eq!(users.rename(1, "ada".to_owned()).await, "ada");
    assert!(rename_outside(&users, 1, "ada").await.is_ok());
}
