use cache_runtime::cached;

#[cached(key = "user:{di}", tll = 300)]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
