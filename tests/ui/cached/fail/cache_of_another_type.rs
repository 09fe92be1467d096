use cache_runtime::cached;

struct Users {
    cache: String,
}

impl Users {
    #[cached(cache = self.cache)]
    async fn user(&self, id: u64) -> u64 {
        id
    }
}

fn main() {}
