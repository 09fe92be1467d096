use cache_runtime::cache_put;

#[cache_put(key = "user:{di}")]
async fn rename(id: u64, name: String) -> String {
    name
}

fn main() {}
