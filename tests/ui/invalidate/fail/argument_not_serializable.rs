use cache_runtime::cache_invalidate;

struct UserId(u64);

#[cache_invalidate("user:{id}:*", tags = ["user:{id}"])]
async fn rename(id: UserId) {}

fn main() {}
