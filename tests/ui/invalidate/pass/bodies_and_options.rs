//! Functions of every result, and every option.

#![deny(warnings)]
#![forbid(unsafe_code)]

use cache_runtime::{Cache, cache_invalidate, cached};

#[cache_invalidate("user:{id}:*", "users", tags = ["user:{id}"])]
async fn unused_argument(id: u64) {}

#[cache_invalidate("user:{id}")]
async fn not_written_yet(id: u64) -> Result<(), String> {
    todo!()
}

#[cache_invalidate("user:{id}")]
async fn diverging(id: u64) -> ! {
    panic!("always")
}

#[cache_invalidate("user:{id}", when = both, on = always)]
async fn always(id: u64) -> Result<u64, String> {
    if id == 0 {
        return Err("none".to_owned());
    }
    Ok("7".parse::<u64>().map_err(|error| error.to_string())? + id)
}

#[cache_invalidate(tags = ["user:{id}"], when = before, cache = cache)]
async fn before(id: u64, cache: &Cache) -> Option<&Cache> {
    (id > 0).then_some(cache)
}

#[cached(key = "user:{id}")]
#[cache_invalidate("users")]
async fn beside_cached(id: u64) -> u64 {
    id
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    unused_argument(1).await;
    drop(not_written_yet(1));
    drop(diverging(1));
    assert_eq!(always(1).await, Ok(8));
    assert!(before(1, &Cache::in_memory()).await.is_some());
    assert_eq!(beside_cached(1).await, 1);
}
