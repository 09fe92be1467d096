//! A database of truth, and processes of an old and a new version that cache what they read of it.

use cache_runtime::{Builder, Cache, Consistency, Delivery, key};
use std::fmt::Debug;
use std::future::Future;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use test_servers::{RedisServer, Reply, wait_until};

pub(crate) const ROWS: u32 = 6;
/// How old what a process keeps may be, where that is bounded.
pub(crate) const BOUND: Duration = Duration::from_millis(500);
/// Long for what has no reason to wait, short for a test that fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Promise {
    Strict,
    Bounded,
}

impl Promise {
    pub(crate) const BOTH: [Promise; 2] = [Promise::Strict, Promise::Bounded];

    pub(crate) fn consistency(self) -> Consistency {
        match self {
            Promise::Strict => Consistency::Strict,
            Promise::Bounded => Consistency::Bounded(BOUND),
        }
    }
}

/// A row, and since when nobody may read what it was before.
#[derive(Default)]
struct Row {
    state: u32,
    vouched: Vec<(Instant, u32)>,
}

/// What the loaders of all versions read. A state is a number that grows with every write.
#[derive(Default)]
pub(crate) struct Database {
    rows: [Mutex<Row>; ROWS as usize],
    /// How many loaders have run.
    runs: AtomicUsize,
    /// How long each takes, in milliseconds.
    takes: AtomicU64,
}

impl Database {
    fn row(&self, row: u32) -> std::sync::MutexGuard<'_, Row> {
        self.rows[row as usize].lock().expect("nobody panics")
    }

    pub(crate) fn state(&self, row: u32) -> u32 {
        self.row(row).state
    }

    pub(crate) fn write(&self, row: u32) -> u32 {
        let mut row = self.row(row);
        row.state += 1;
        row.state
    }

    /// From here on nobody may read of this row what was before `state`.
    fn vouch(&self, row: u32, state: u32) {
        self.row(row).vouched.push((Instant::now(), state));
    }

    /// What a read that begins now must not fall behind.
    pub(crate) fn least(&self, row: u32, promise: Promise) -> u32 {
        let now = Instant::now();
        let is_due = |at: Instant| promise == Promise::Strict || now - at >= BOUND;
        let row = self.row(row);
        let due = row.vouched.iter().filter(|(at, _)| is_due(*at));
        due.map(|(_, state)| *state).max().unwrap_or_default()
    }

    pub(crate) fn runs(&self) -> usize {
        self.runs.load(SeqCst)
    }

    /// Loaders take so long from here on.
    pub(crate) fn takes(&self, time: Duration) {
        self.takes.store(time.as_millis() as u64, SeqCst);
    }
}

/// A process, as far as the others can tell.
pub(crate) struct Process {
    pub(crate) cache: Cache,
    pub(crate) database: Arc<Database>,
    promise: Promise,
    /// What its own invalidations have vouched for: it may not fall behind these, however it is promised.
    told: [Mutex<u32>; ROWS as usize],
    ran: AtomicUsize,
}

/// A version of an application: a function of the key `row:{row}`, and what it makes of a row.
pub(crate) trait Version: 'static {
    type Value: Clone + Debug + PartialEq + Send + Sync + 'static;

    /// The cached function.
    fn load(process: &Process, row: u32) -> impl Future<Output = Self::Value> + Send;

    /// What its body makes of a row.
    fn of(row: u32, state: u32) -> Self::Value;

    /// The state that a value was made of.
    fn state(value: &Self::Value) -> u32;
}

/// A way to invalidate a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    Key,
    Tag,
    Scope,
    Glob,
}

impl By {
    pub(crate) const ALL: [By; 4] = [By::Key, By::Tag, By::Scope, By::Glob];
}

impl Process {
    pub(crate) async fn start(
        server: &RedisServer,
        database: &Arc<Database>,
        promise: Promise,
    ) -> Arc<Self> {
        Process::with(server.url(), database, promise, |cache| cache).await
    }

    pub(crate) async fn with(
        url: String,
        database: &Arc<Database>,
        promise: Promise,
        configure: impl FnOnce(Builder) -> Builder,
    ) -> Arc<Self> {
        let builder = Cache::builder()
            .redis(url)
            .namespace("app")
            .consistency(promise.consistency())
            .operation_timeout(PATIENCE);
        let cache = configure(builder)
            .build()
            .await
            .expect("a valid configuration");
        let process = Arc::new(Process {
            cache,
            database: Arc::clone(database),
            promise,
            told: Default::default(),
            ran: AtomicUsize::new(0),
        });
        let connected = || async { process.is_connected().await };
        wait_until("the server is there", PATIENCE, connected).await;
        process
    }

    async fn is_connected(&self) -> bool {
        let redis = self.cache.health().await.redis;
        redis.is_some_and(|redis| redis.connected)
    }

    /// What the body of a cached function does.
    pub(crate) async fn state(&self, row: u32) -> u32 {
        self.ran.fetch_add(1, SeqCst);
        self.database.runs.fetch_add(1, SeqCst);
        let state = self.database.state(row);
        match self.database.takes.load(SeqCst) {
            // Somebody else may come in between.
            0 => tokio::task::yield_now().await,
            takes => tokio::time::sleep(Duration::from_millis(takes)).await,
        }
        state
    }

    /// How many bodies have run in this process since it was asked last.
    pub(crate) fn ran(&self) -> usize {
        self.ran.swap(0, SeqCst)
    }

    /// Reads a row, and returns the state that it was made of.
    ///
    /// # Panics
    ///
    /// If that takes too long, or the value is not what this version's loader makes of the row, or is older than promised.
    pub(crate) async fn read<V: Version>(&self, row: u32) -> u32 {
        let elsewhere = self.database.least(row, self.promise);
        let least = elsewhere.max(*self.told[row as usize].lock().expect("nobody panics"));
        let read = tokio::time::timeout(PATIENCE, V::load(self, row)).await;
        let value = read.expect("the call hangs");
        let state = V::state(&value);
        assert_eq!(value, V::of(row, state), "of another version's making");
        let (now, promise) = (self.database.state(row), self.promise);
        assert!(
            (least..=now).contains(&state),
            "row {row}, {promise:?}: read {state}, where {least} was vouched for, and the last is {now}"
        );
        state
    }

    /// Changes a row and invalidates it. Every version has to lose it, whichever has stored it.
    pub(crate) async fn write(&self, row: u32, by: By) {
        let state = self.database.write(row);
        let invalidated = match by {
            By::Key => self.cache.invalidate(key!("row:{row}")).await,
            By::Tag => self.cache.invalidate_tag(key!("row-tag:{row}")).await,
            By::Scope => self.cache.invalidate("row:*").await,
            By::Glob => self.cache.invalidate("r?w:*").await,
        };
        assert_eq!(invalidated.delivery, Delivery::Delivered);
        self.vouch(row, state);
    }

    /// What was written before this row was invalidated is read by nobody from here on.
    pub(crate) fn vouch(&self, row: u32, state: u32) {
        let mut told = self.told[row as usize].lock().expect("nobody panics");
        *told = state.max(*told);
        drop(told);
        self.database.vouch(row, state);
    }

    /// Reads until it is the last state, which takes no longer than is promised.
    pub(crate) async fn until_current<V: Version>(&self, row: u32) {
        let current = || async { self.read::<V>(row).await == self.database.state(row) };
        wait_until("the last state is read", PATIENCE, current).await;
    }

    /// How often something was found that was none of this version's entries, over all functions.
    pub(crate) fn untrusted(&self) -> u64 {
        let stats = self.cache.stats();
        stats.functions.iter().map(|it| it.untrusted).sum()
    }

    pub(crate) fn unavailable(&self) -> u64 {
        let stats = self.cache.stats();
        stats.functions.iter().map(|it| it.unavailable).sum()
    }
}

/// What the server keeps under a name.
pub(crate) async fn bytes(server: &RedisServer, name: &str) -> Option<Vec<u8>> {
    match server.command(&["GET", name]).await {
        Reply::Bulk(bytes) => Some(bytes),
        Reply::Nil => None,
        other => panic!("{name}: {other:?}"),
    }
}

/// Numbers that look as if they were drawn, the same in every run.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, limit: u32) -> u32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as u32) % limit
    }
}
