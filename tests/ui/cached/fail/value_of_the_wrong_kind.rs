use cache_runtime::cached;

#[cached(key = id, tags = "users")]
async fn bare(id: u64) -> u64 {
    id
}

#[cached(tags = ["users", id], skip = [db])]
async fn listed(id: u64, db: u8) -> u64 {
    id + u64::from(db)
}

#[cached(ttl(300), unless = true, skip("db"))]
async fn called(id: u64, db: u8) -> u64 {
    id + u64::from(db)
}

#[cached("user:{id}")]
async fn without_a_name(id: u64) -> u64 {
    id
}

#[cached(ttl = 300 key = "user:{id}")]
async fn without_a_comma(id: u64) -> u64 {
    id
}

#[cached(crate = "cache_runtime")]
async fn path_in_quotes(id: u64) -> u64 {
    id
}

fn main() {}
