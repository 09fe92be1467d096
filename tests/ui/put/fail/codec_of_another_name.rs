use cache_runtime::cache_put;

#[cache_put(key = "user:{id}", codec = postcards, compress = none)]
async fn rename(id: u64) -> u64 {
    id
}

fn main() {}
