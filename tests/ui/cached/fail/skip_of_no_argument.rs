use cache_runtime::cached;

#[cached(skip(dbb))]
async fn near_an_argument(id: u64, db: &str) -> usize {
    id as usize + db.len()
}

#[cached(key = "user:{id}", skip(connection))]
async fn far_from_any(id: u64, db: &str) -> usize {
    id as usize + db.len()
}

fn main() {}
