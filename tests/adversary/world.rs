//! A database of one number, read slowly.

use crate::backend::Backend;
use cache_runtime::{Builder, Cache};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) struct World {
    pub(crate) cache: Cache,
    _backend: Backend,
    pub(crate) database: AtomicU32,
    pub(crate) runs: AtomicUsize,
    has_read: Semaphore,
    may_go_on: Semaphore,
}

impl World {
    pub(crate) async fn new() -> Arc<Self> {
        World::on(Backend::new().await)
    }

    pub(crate) async fn with(configure: impl FnOnce(Builder) -> Builder) -> Arc<Self> {
        World::on(Backend::with(configure).await)
    }

    fn on(backend: Backend) -> Arc<Self> {
        Arc::new(World {
            cache: backend.cache(),
            _backend: backend,
            database: AtomicU32::new(1),
            runs: AtomicUsize::new(0),
            has_read: Semaphore::new(0),
            may_go_on: Semaphore::new(0),
        })
    }

    /// Reads the database, and waits there until it is let go.
    pub(crate) async fn read_slowly(&self) -> u32 {
        self.runs.fetch_add(1, SeqCst);
        let value = self.database.load(SeqCst);
        self.has_read.add_permits(1);
        self.may_go_on.acquire().await.unwrap().forget();
        value
    }

    /// Reads the database at once.
    pub(crate) fn read_now(&self) -> u32 {
        self.runs.fetch_add(1, SeqCst);
        self.database.load(SeqCst)
    }

    pub(crate) async fn have_read(&self, readers: u32) {
        tokio::time::timeout(PATIENCE, self.has_read.acquire_many(readers))
            .await
            .expect("a computation of its own")
            .unwrap()
            .forget();
    }

    pub(crate) fn let_go(&self, readers: usize) {
        self.may_go_on.add_permits(readers);
    }

    pub(crate) fn write(&self, value: u32) {
        self.database.store(value, SeqCst);
    }

    pub(crate) fn spawn<F>(
        self: &Arc<Self>,
        work: impl FnOnce(Arc<Self>) -> F,
    ) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        tokio::spawn(work(Arc::clone(self)))
    }
}

pub(crate) async fn soon<T>(task: JoinHandle<T>) -> T {
    tokio::time::timeout(PATIENCE, task)
        .await
        .expect("the task hangs")
        .expect("the task returns")
}

pub(crate) use crate::backend::settle;
