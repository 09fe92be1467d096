//! A database of one number, and a cached function that reads it and can be held up in the middle.

use crate::backend::Backend;
use cache_runtime::{Cache, cached};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

/// Long for a computation to begin, short for a test that fails.
const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) struct World {
    pub(crate) cache: Cache,
    _backend: Backend,
    pub(crate) database: AtomicU32,
    pub(crate) runs: AtomicUsize,
    /// One permit for each computation that has read the database.
    has_read: Semaphore,
    /// One permit for each computation that may go on.
    may_go_on: Semaphore,
}

impl World {
    pub(crate) async fn new() -> Arc<Self> {
        let backend = Backend::new().await;
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
        self.may_go_on
            .acquire()
            .await
            .expect("never closed")
            .forget();
        value
    }

    /// Waits until `readers` computations hold what they have read.
    pub(crate) async fn have_read(&self, readers: u32) {
        let permits = tokio::time::timeout(PATIENCE, self.has_read.acquire_many(readers)).await;
        let permits = permits.expect("a computation of its own");
        permits.expect("never closed").forget();
    }

    /// Lets `readers` computations go on, now or when they come.
    pub(crate) fn let_go(&self, readers: usize) {
        self.may_go_on.add_permits(readers);
    }

    pub(crate) fn write(&self, value: u32) {
        self.database.store(value, SeqCst);
    }

    pub(crate) fn runs(&self) -> usize {
        self.runs.load(SeqCst)
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

    /// A reader in a task of its own, which has read the database and holds the value.
    pub(crate) async fn held_reader(self: &Arc<Self>) -> JoinHandle<u32> {
        let reader = self.spawn(|world| async move { read(&world, 7).await });
        self.have_read(1).await;
        reader
    }

    /// A reader that nobody holds up.
    pub(crate) async fn reader(&self) -> u32 {
        self.let_go(1);
        let value = read(self, 7).await;
        // If it was a hit, nobody used the permit.
        let _ = self.may_go_on.try_acquire().map(|permit| permit.forget());
        value
    }
}

#[cached(ttl = "1h", cache = world.cache, key = "number:{id}", tags = ["tag:{id}", "numbers"], skip(world))]
pub(crate) async fn read(world: &World, id: u32) -> u32 {
    world.read_slowly().await
}

/// The result of a task that has no reason left to wait.
pub(crate) async fn soon<T>(task: JoinHandle<T>) -> T {
    let ended = tokio::time::timeout(PATIENCE, task).await;
    ended.expect("the task hangs").expect("the task returns")
}
