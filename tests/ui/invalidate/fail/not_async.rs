use cache_runtime::cache_invalidate;

#[cache_invalidate("user:{id}")]
fn rename(id: u64) {}

fn main() {}
