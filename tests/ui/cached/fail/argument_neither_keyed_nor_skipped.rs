use cache_runtime::cached;

struct Db;

#[cached(key = "user:{id}")]
async fn users(db: &Db, id: u64, (page, size): (u32, u32)) -> u64 {
    let _ = db;
    id + u64::from(page * size)
}

fn main() {}
