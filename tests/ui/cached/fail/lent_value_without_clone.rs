use cache_runtime::cached;

struct Db;

#[cached(ttl = 60, swr = "1m", skip(db))]
async fn user(db: &Db, id: u32) -> u32 {
    let _ = db;
    id
}

struct Shop;

impl Shop {
    #[cached(ttl = 60, swr = "1m")]
    async fn price(&self, id: u32) -> u32 {
        id
    }
}

fn main() {}
