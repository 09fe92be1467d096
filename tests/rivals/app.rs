//! An application: a database of one number, and processes that read it through caches of their own.

use cache_runtime::{Builder, Cache, Consistency, cached};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;
use test_servers::{is_strict_run, wait_until};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

/// Long for what has no reason to wait, short for a test that fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// What the processes of an application share.
#[derive(Default)]
pub(crate) struct Database {
    pub(crate) version: AtomicU32,
    pub(crate) runs: AtomicU32,
}

/// One process of it: computations are shared within a cache, not between two.
pub(crate) struct App {
    pub(crate) cache: Cache,
    pub(crate) database: Arc<Database>,
    /// One permit for each body that may go on.
    pub(crate) may_go_on: Semaphore,
}

/// A cache on this server, with the consistency of this run.
fn on(url: String) -> Builder {
    let consistency = if is_strict_run() {
        Consistency::Strict
    } else {
        Consistency::default()
    };
    Cache::builder().redis(url).consistency(consistency)
}

impl App {
    pub(crate) async fn start(url: String, database: &Arc<Database>) -> Arc<Self> {
        App::with(database, on(url)).await
    }

    /// With times that no busy machine exceeds.
    pub(crate) async fn patient(url: String, database: &Arc<Database>) -> Arc<Self> {
        let builder = on(url).operation_timeout(PATIENCE);
        App::with(
            database,
            builder.lease(6 * PATIENCE).longest_wait(6 * PATIENCE),
        )
        .await
    }

    async fn with(database: &Arc<Database>, builder: Builder) -> Arc<Self> {
        Arc::new(App {
            cache: builder.build().await.expect("a valid configuration"),
            database: Arc::clone(database),
            may_go_on: Semaphore::new(Semaphore::MAX_PERMITS),
        })
    }

    /// Holds up the bodies that begin from here on, until permits are added.
    pub(crate) fn hold_up(&self) {
        self.may_go_on.forget_permits(Semaphore::MAX_PERMITS);
    }

    pub(crate) async fn until_runs(&self, runs: u32) {
        let running = || async { self.database.runs.load(SeqCst) >= runs };
        wait_until("as many bodies run", PATIENCE, running).await;
    }

    pub(crate) async fn until_hit(&self) {
        wait_until("a call is a hit", PATIENCE, || async {
            let runs = self.database.runs.load(SeqCst);
            user(self, 7).await;
            self.database.runs.load(SeqCst) == runs
        })
        .await;
    }

    pub(crate) fn caller(self: &Arc<Self>) -> JoinHandle<u32> {
        let app = Arc::clone(self);
        tokio::spawn(async move { user(&app, 7).await })
    }
}

#[cached(ttl = "1h", cache = app.cache, key = "user:{id}", tags = ["users", "user:{id}"], skip(app))]
pub(crate) async fn user(app: &App, id: u32) -> u32 {
    app.database.runs.fetch_add(1, SeqCst);
    let version = app.database.version.load(SeqCst);
    app.may_go_on
        .acquire()
        .await
        .expect("never closed")
        .forget();
    version
}

pub(crate) async fn soon<T>(task: JoinHandle<T>) -> T {
    let ended = tokio::time::timeout(PATIENCE, task).await;
    ended.expect("the task hangs").expect("the task returns")
}
