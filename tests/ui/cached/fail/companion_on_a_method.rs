use cache_runtime::cached;

struct Users;

impl Users {
    #[cached(key = "user:{id}", companion)]
    async fn user(&self, id: u64) -> u64 {
        id
    }
}

fn main() {}
