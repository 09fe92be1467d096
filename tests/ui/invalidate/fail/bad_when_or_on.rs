use cache_runtime::cache_invalidate;

#[cache_invalidate("user:{id}", when = afterwards)]
async fn unknown_moment(id: u64) {}

#[cache_invalidate("user:{id}", on = "ok")]
async fn in_quotes(id: u64) {}

fn main() {}
