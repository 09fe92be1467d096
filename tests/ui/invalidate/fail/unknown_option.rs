use cache_runtime::cache_invalidate;

#[cache_invalidate("user:{id}", tag = ["user:{id}"])]
async fn near_a_known_one(id: u64) {}

#[cache_invalidate("user:{id}", key = "user:{id}")]
async fn of_another_attribute(id: u64) {}

#[cache_invalidate(user)]
async fn a_pattern_without_quotes(id: u64) {}

#[cache_invalidate(5)]
async fn neither_a_pattern_nor_an_option(id: u64) {}

fn main() {}
