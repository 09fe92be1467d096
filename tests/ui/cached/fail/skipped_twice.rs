use cache_runtime::cached;

#[cached(skip(db, db))]
async fn user(id: u64, db: &str) -> usize {
    id as usize + db.len()
}

fn main() {}
