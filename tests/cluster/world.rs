//! Processes on a cluster, and readers that compare what they read with a database.

use cache_runtime::{Builder, Cache, Consistency, Delivery, RedisHealth, cached};
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};
use test_servers::{RedisCluster, is_strict_run, wait_until};

/// Servers of a cluster take their time, more of it on machines that have much to do.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// How old may be what is read: nothing, or with the default consistency its bound; and somewhat more, since this process has more to do
/// than to look at the clock.
pub(crate) fn bound() -> Duration {
    match is_strict_run() {
        true => Duration::ZERO,
        false => Duration::from_millis(2_200),
    }
}

pub(crate) async fn cache(cluster: &RedisCluster) -> Cache {
    let cache = cache_with(cluster, |cache| cache).await;
    let consistency = match is_strict_run() {
        true => "strict",
        // Every server tells of changes.
        false => "bounded",
    };
    assert_eq!(redis(&cache).await.consistency, Some(consistency));
    cache
}

/// How often a process has asked nobody.
pub(crate) fn local_hits(cache: &Cache) -> u64 {
    let stats = cache.stats();
    stats.functions.iter().map(|row| row.local_hits).sum()
}

pub(crate) async fn cache_with(
    cluster: &RedisCluster,
    with: impl FnOnce(Builder) -> Builder,
) -> Cache {
    let consistency = match is_strict_run() {
        true => Consistency::Strict,
        false => Consistency::default(),
    };
    let cache = Cache::builder()
        .redis(cluster.url())
        .consistency(consistency)
        .operation_timeout(Duration::from_millis(500))
        .connect_timeout(Duration::from_secs(5));
    let cache = with(cache).build().await.expect("a valid configuration");
    is_whole(&cache).await;
    cache
}

pub(crate) async fn redis(cache: &Cache) -> RedisHealth {
    cache.health().await.redis.expect("there is a server")
}

/// Waits until every slot can be reached.
pub(crate) async fn is_whole(cache: &Cache) {
    wait_until("every slot can be reached", PATIENCE, || async {
        let redis = redis(cache).await;
        redis.connected && redis.unserved_slots == 0
    })
    .await;
}

/// Numbers that many read by a cache, and some change. Each belongs to a group.
#[derive(Clone)]
pub(crate) struct Database {
    rows: Arc<[Row]>,
    runs: Arc<AtomicU64>,
}

#[derive(Default)]
struct Row {
    number: AtomicU64,
    /// What has been written and told of, with the moment at which that had taken effect.
    told: Mutex<Vec<(u64, Instant)>>,
}

#[cached(cache = cache, key = "row:{row}", ttl = "1h", skip(cache, database), tags_with = |_| [format!("group:{}", row % GROUPS)])]
async fn late(cache: &Cache, database: &Database, row: usize) -> u64 {
    database.load(row)
}

/// So that every server has some.
pub(crate) const ROWS: usize = 24;
const GROUPS: usize = 5;

impl Database {
    pub(crate) fn new() -> Self {
        Database {
            rows: (0..ROWS).map(|_| Row::default()).collect(),
            runs: Arc::default(),
        }
    }

    /// Of every other row only the value tells which tag it has.
    pub(crate) async fn read(&self, cache: &Cache, row: usize) -> u64 {
        if row % 2 == 1 {
            return late(cache, self, row).await;
        }
        let load = || async { self.load(row) };
        cache
            .get_or_set(format!("row:{row}"), load)
            .ttl(Duration::from_secs(3600))
            .tags([format!("group:{}", row % GROUPS)])
            .await
    }

    fn load(&self, row: usize) -> u64 {
        self.runs.fetch_add(1, SeqCst);
        self.rows[row].number.load(SeqCst)
    }

    /// The sum of all of a group, each of which is read by the cache.
    pub(crate) async fn sum(&self, cache: &Cache, group: usize) -> u64 {
        let load = || async {
            let mut sum = 0;
            for row in (group..ROWS).step_by(GROUPS) {
                sum += self.read(cache, row).await;
            }
            sum
        };
        cache
            .get_or_set(format!("sum:{group}"), load)
            .ttl(Duration::from_secs(3600))
            .await
    }

    pub(crate) fn number(&self, row: usize) -> u64 {
        self.rows[row].number.load(SeqCst)
    }

    pub(crate) fn runs(&self) -> u64 {
        self.runs.load(SeqCst)
    }

    /// Writes some rows, and invalidates, in one way or another, until that is known to have taken effect.
    pub(crate) async fn write(&self, cache: &Cache, turn: usize) {
        let row = turn * 7 % ROWS;
        let group = row % GROUPS;
        let written: Vec<usize> = match turn % 4 {
            0 | 1 => vec![row],
            2 => (group..ROWS).step_by(GROUPS).collect(),
            _ => (0..ROWS).collect(),
        };
        let numbers: Vec<u64> = written
            .iter()
            .map(|&row| self.rows[row].number.fetch_add(1, SeqCst) + 1)
            .collect();
        let delivery = match turn % 4 {
            0 => {
                cache
                    .invalidate(format!("row:{row}").as_str())
                    .await
                    .delivery
            }
            1 => {
                cache
                    .invalidate(format!("row:{row}*").as_str())
                    .await
                    .delivery
            }
            2 => {
                cache
                    .invalidate_tag(format!("group:{group}"))
                    .await
                    .delivery
            }
            _ => cache.invalidate("row:*").await.delivery,
        };
        if delivery != Delivery::Delivered {
            while cache.flush(PATIENCE).await != Delivery::Delivered {}
        }
        let now = Instant::now();
        for (row, number) in written.into_iter().zip(numbers) {
            let mut told = self.rows[row].told.lock().expect("no panic");
            told.push((number, now));
        }
    }

    /// What a read that begins at this moment may return at least, if all may be as old as `bound`.
    pub(crate) fn least(&self, row: usize, bound: Duration) -> u64 {
        let told = self.rows[row].told.lock().expect("no panic");
        let old = told.iter().filter(|(_, at)| at.elapsed() >= bound);
        old.map(|(number, _)| *number).max().unwrap_or_default()
    }

    fn least_sum(&self, group: usize, bound: Duration) -> u64 {
        let rows = (group..ROWS).step_by(GROUPS);
        rows.map(|row| self.least(row, bound)).sum()
    }
}

/// Readers of two processes and a writer, while something happens. No call fails, none returns what is older than may be, and
/// afterwards values are stored again.
pub(crate) async fn under_readers(
    cluster: &RedisCluster,
    bound: Duration,
    happens: impl AsyncFnOnce(&Cache, &Database),
) {
    let caches = [cache(cluster).await, cache(cluster).await];
    let database = Database::new();
    let (is_over, reads) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicU64::new(0)),
    );
    let mut tasks = Vec::new();
    for at in 0..8 {
        let (cache, database) = (caches[at % 2].clone(), database.clone());
        let (is_over, reads) = (Arc::clone(&is_over), Arc::clone(&reads));
        tasks.push(tokio::spawn(async move {
            let mut turn = at;
            while !is_over.load(SeqCst) {
                turn += 1;
                let (row, group) = (turn * 5 % ROWS, turn % GROUPS);
                let least = database.least(row, bound);
                let number = database.read(&cache, row).await;
                assert!(number >= least, "row {row}: {number} is older than {least}");
                let least = database.least_sum(group, bound);
                let sum = database.sum(&cache, group).await;
                assert!(sum >= least, "sum {group}: {sum} is older than {least}");
                reads.fetch_add(1, SeqCst);
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        }));
    }
    let (cache_of_writer, its_database) = (caches[0].clone(), database.clone());
    let its_end = Arc::clone(&is_over);
    let writer = tokio::spawn(async move {
        let mut turn = 0;
        while !its_end.load(SeqCst) {
            turn += 1;
            its_database.write(&cache_of_writer, turn).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        turn
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    happens(&caches[1], &database).await;
    for cache in &caches {
        is_whole(cache).await;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    is_over.store(true, SeqCst);
    for task in tasks {
        task.await.expect("no stale read");
    }
    let writes = writer.await.expect("no failed write");
    let reads = reads.load(SeqCst);
    let kept: u64 = caches.iter().map(local_hits).sum();
    assert_eq!(kept == 0, is_strict_run(), "{kept} from what is kept");
    println!("{reads} reads, {writes} writes, {} runs", database.runs());
    assert!(reads > 100 && writes > 10);
    is_stored(&caches, &database).await;
}

/// What there is can be read, and is not computed again.
pub(crate) async fn is_stored(caches: &[Cache], database: &Database) {
    for cache in caches {
        for row in 0..ROWS {
            assert_eq!(database.read(cache, row).await, database.number(row));
        }
    }
    let runs = database.runs();
    for cache in caches {
        for row in 0..ROWS {
            assert_eq!(database.read(cache, row).await, database.number(row));
        }
    }
    assert_eq!(database.runs(), runs, "it is stored again");
}
