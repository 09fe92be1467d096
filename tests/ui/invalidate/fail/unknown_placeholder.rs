use cache_runtime::cache_invalidate;

#[cache_invalidate("user:{di}:*")]
async fn in_a_pattern(id: u64) {}

#[cache_invalidate(tags = ["user:{di}"])]
async fn in_a_tag(id: u64) {}

#[cache_invalidate("user:{value.id}")]
async fn of_the_result(name: &str) -> u64 {
    name.len() as u64
}

fn main() {}
