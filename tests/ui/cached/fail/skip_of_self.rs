use cache_runtime::cached;

struct Users;

impl Users {
    #[cached(key = "user:{id}", skip(self))]
    async fn user(&self, id: u64) -> u64 {
        id
    }
}

fn main() {}
