//! What users have: a database, functions that read it, and functions that write it.

use cache_runtime::testing::on;
use cache_runtime::{Cache, cache_invalidate, cached};
use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

#[derive(Default)]
pub(crate) struct Db {
    pub(crate) value: AtomicU32,
    pub(crate) runs: AtomicU32,
}

#[cached(ttl = "1h", key = "row:{row}", tags = ["rows", "row-tag:{row}"], skip(db))]
pub(crate) async fn read(db: &Db, row: u32) -> u32 {
    db.runs.fetch_add(1, SeqCst);
    db.value.load(SeqCst)
}

/// The same entries.
#[cached(ttl = "1h", key = "row:{row}", tags = ["rows", "row-tag:{row}"], consistency = strict, skip(db))]
pub(crate) async fn read_strictly(db: &Db, row: u32) -> u32 {
    db.value.load(SeqCst)
}

#[cached(ttl = "1h", key = "outer:{row}", skip(db))]
pub(crate) async fn read_twice(db: &Db, row: u32) -> u32 {
    2 * read(db, row).await
}

#[cache_invalidate("row:{row}")]
pub(crate) async fn write(db: &Db, row: u32, value: u32) {
    db.value.store(value, SeqCst);
}

#[cache_invalidate("row:{row}")]
pub(crate) async fn write_and_hang(db: &Db, row: u32, value: u32) {
    db.value.store(value, SeqCst);
    std::future::pending::<()>().await;
}

#[cache_invalidate(tags = ["rows"])]
pub(crate) async fn write_all(db: &Db, value: u32) {
    db.value.store(value, SeqCst);
}

impl Db {
    pub(crate) fn runs(&self) -> u32 {
        self.runs.load(SeqCst)
    }

    /// Reads on a node until that answers by itself.
    pub(crate) async fn warm(&self, node: &Cache, row: u32) -> u32 {
        on(node, async {
            read(self, row).await;
            read(self, row).await;
            read(self, row).await
        })
        .await
    }
}

/// Whether this takes no time: neither waits for a server nor for a timeout.
pub(crate) async fn at_once<T>(future: impl Future<Output = T>) -> Option<T> {
    let began = tokio::time::Instant::now();
    let output = future.await;
    (began.elapsed().is_zero()).then_some(output)
}
