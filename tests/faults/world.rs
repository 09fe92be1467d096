//! Processes that read and write a database through caches of their own. Every read that goes through
//! [`Process::read`] is held against what invalidations have vouched for.

pub(crate) use crate::database::Database;
use crate::database::{BODY, Vouched};
use cache_runtime::{Builder, Cache, Consistency, Delivery, cache_invalidate, cached, key};
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::{Duration, Instant};
use test_servers::{Proxy, RedisServer, wait_until};
use tokio::task::JoinHandle;

/// Long for what has no reason to wait, short for a test that fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// A process, as far as the others can tell: computations are shared within a cache, not between two.
pub(crate) struct Process {
    pub(crate) cache: Cache,
    pub(crate) database: Arc<Database>,
    /// What its own invalidations vouch for, delivered or not.
    told: Vouched,
}

/// What a call has returned.
pub(crate) struct Call<T = u32> {
    pub(crate) value: T,
    /// Whether the body ran in it.
    pub(crate) ran: bool,
    /// How much longer it took than its body; all of its time if that did not run.
    pub(crate) over: Duration,
}

/// A way to invalidate a row.
#[derive(Clone, Copy, Debug)]
pub(crate) enum By {
    Tag,
    Key,
    Scope,
}

#[cached(ttl = "1h", cache = process.cache, key = "row:{row}", tags = ["row-tag:{row}", "rows"], skip(process))]
pub(crate) async fn row(process: &Process, row: usize) -> u32 {
    process.database.read(row).await
}

#[cache_invalidate("row:{row}", tags = ["row-tag:{row}"], cache = process.cache)]
async fn rewrite(process: &Process, row: usize) -> u32 {
    process.database.write(row)
}

/// A cache that promises what these tests ask for; what the default one does, `local_tier` shows.
pub(crate) fn strict(url: String) -> Builder {
    Cache::builder().redis(url).consistency(Consistency::Strict)
}

impl Process {
    pub(crate) async fn start(url: String, database: &Arc<Database>) -> Arc<Self> {
        Process::with(url, database, |cache| cache).await
    }

    /// With an operation timeout that a busy machine keeps; for tests that are not about time.
    pub(crate) async fn patient(url: String, database: &Arc<Database>) -> Arc<Self> {
        Process::with(url, database, |cache| cache.operation_timeout(PATIENCE)).await
    }

    pub(crate) async fn with(
        url: String,
        database: &Arc<Database>,
        configure: impl FnOnce(Builder) -> Builder,
    ) -> Arc<Self> {
        let builder = configure(strict(url).namespace("app"));
        let cache = builder.build().await.expect("a valid configuration");
        let process = Arc::new(Process {
            cache,
            database: Arc::clone(database),
            told: Vouched::default(),
        });
        process.until_connected().await;
        process
    }

    /// Reads a row.
    ///
    /// # Panics
    ///
    /// If that takes too long, or its value is older than an invalidation that had returned before.
    pub(crate) async fn read(&self, of: usize) -> Call {
        let least = self.least(of);
        let call = timed(row(self, of)).await;
        let value = call.value;
        assert!(
            value >= least,
            "row {of}: read {value}, but {least} was vouched for"
        );
        call
    }

    /// Writes a row and invalidates it.
    pub(crate) async fn write(&self, row: usize, by: By) -> Delivery {
        let version = self.database.write(row);
        let invalidated = match by {
            By::Tag => self.cache.invalidate_tag(key!("row-tag:{row}")).await,
            By::Scope => self.cache.invalidate("row:*").await,
            By::Key => self.cache.invalidate(key!("row:{row}")).await,
        };
        let by_guard = !matches!(by, By::Key);
        self.told.raise(row, version, by_guard);
        if invalidated.delivery == Delivery::Delivered {
            self.database.vouched.raise(row, version, by_guard);
        }
        invalidated.delivery
    }

    /// The same by an annotated function, which tells nobody whether its invalidation was delivered.
    pub(crate) async fn rewrite(&self, row: usize) {
        let version = rewrite(self, row).await;
        self.told.raise(row, version, true);
    }

    /// The same as a write-through, after which the new value is stored, or none.
    pub(crate) async fn put(&self, row: usize) {
        let write = || async { Ok::<_, ()>(self.database.write(row)) };
        let tags = [key!("row-tag:{row}").to_string(), "rows".to_owned()];
        let put = self.cache.write_through(key!("row:{row}"), write);
        let version = put.tags(tags).await.expect("the database is well");
        self.told.raise(row, version, false);
    }

    /// What a read of this row that begins now must not fall behind.
    pub(crate) fn least(&self, row: usize) -> u32 {
        let of = |vouched: &Vouched| vouched.by_any[row].load(SeqCst);
        of(&self.told).max(of(&self.database.vouched))
    }

    /// The same for an entry under another key.
    pub(crate) fn least_elsewhere(&self, row: usize) -> u32 {
        let of = |vouched: &Vouched| vouched.by_guard[row].load(SeqCst);
        of(&self.told).max(of(&self.database.vouched))
    }

    pub(crate) async fn is_connected(&self) -> bool {
        let redis = self.cache.health().await.redis;
        redis.is_some_and(|redis| redis.connected && redis.queued_invalidations == 0)
    }

    pub(crate) async fn until_connected(&self) {
        wait_until("the server is there", PATIENCE, || self.is_connected()).await;
    }

    pub(crate) async fn until_lost(&self) {
        let lost = || async { !self.is_connected().await };
        wait_until("the server is given up", PATIENCE, lost).await;
    }

    /// Reads until a call is answered without its body, which is how it was before a fault.
    pub(crate) async fn until_hit(&self, row: usize) {
        let hit = || async { !self.read(row).await.ran };
        wait_until("a read is a hit", PATIENCE, hit).await;
    }

    pub(crate) fn reader(self: &Arc<Self>, row: usize) -> JoinHandle<Call> {
        let process = Arc::clone(self);
        tokio::spawn(async move { process.read(row).await })
    }

    pub(crate) fn misses(&self) -> u64 {
        self.cache
            .stats()
            .function("row")
            .map_or(0, |row| row.misses)
    }
}

/// Runs a call of a cached function, and tells how much longer it takes than its body.
pub(crate) async fn timed<T>(call: impl Future<Output = T>) -> Call<T> {
    let began = Instant::now();
    let ran = BODY.scope(Cell::new(None), async {
        let value = tokio::time::timeout(PATIENCE, call)
            .await
            .expect("the call hangs");
        (value, BODY.with(Cell::take))
    });
    let (value, body) = ran.await;
    Call {
        value,
        ran: body.is_some(),
        over: began.elapsed().saturating_sub(body.unwrap_or_default()),
    }
}

/// The result of a task that has no reason left to wait.
pub(crate) async fn soon<T>(task: JoinHandle<T>) -> T {
    let ended = tokio::time::timeout(PATIENCE, task).await;
    ended.expect("the task hangs").expect("the task returns")
}

/// A server, a proxy before it, and a process behind the proxy.
pub(crate) async fn proxied(database: &Arc<Database>) -> (RedisServer, Proxy, Arc<Process>) {
    let server = RedisServer::start().await;
    let proxy = Proxy::start(server.port()).await;
    let process = Process::start(proxy.url(), database).await;
    (server, proxy, process)
}

/// The shortest time, or smallest number, of a few tries: what a busy machine adds is not what is asked for. Ends with
/// the first that is no more than `limit`.
pub(crate) async fn least_of<T, F>(tries: usize, limit: T, mut attempt: impl FnMut() -> F) -> T
where
    T: Ord + Copy,
    F: Future<Output = T>,
{
    let mut least = attempt().await;
    for _ in 1..tries {
        if least <= limit {
            break;
        }
        least = least.min(attempt().await);
    }
    least
}
