use cache_runtime::cache_invalidate;

#[cache_invalidate("")]
async fn rename(id: u64) {}

fn main() {}
