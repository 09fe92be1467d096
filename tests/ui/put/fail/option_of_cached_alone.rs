use cache_runtime::cache_put;

#[cache_put(key = "user:{id}", skip(name), negative = "30s", companion)]
async fn rename(id: u64, name: String) -> String {
    name
}

fn main() {}
