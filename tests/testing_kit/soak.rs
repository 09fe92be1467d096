//! Nodes that read and write under faults at random, in virtual time, beside a database of truth: no read is older than it
//! may be. `KIT_SOAK_SEEDS` in the environment makes it longer; a failure names its seed.

use cache_runtime::testing::{Network, on};
use cache_runtime::{Builder, Cache, Consistency, Delivery, cached, key};
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::{Instant, sleep};

const SEEDS: u64 = 12;
const ROWS: usize = 3;
const NODES: [&str; 3] = ["a", "b", "c"];
const READERS: u64 = 6;
const READS: usize = 30;
const WRITES: usize = 25;
const FAULTS: usize = 25;

/// The database: the version of each row.
struct Db {
    rows: [AtomicU32; ROWS],
    random: Random,
}

#[cached(ttl = "1m", key = "row:{row}", tags = ["row-tag:{row}"], skip(db))]
async fn read(db: &Db, row: usize) -> u32 {
    let version = db.rows[row].load(SeqCst);
    db.random.pause(120).await;
    version
}

#[cached(ttl = "1m", key = "row:{row}", tags = ["row-tag:{row}"], consistency = strict, skip(db))]
async fn read_strictly(db: &Db, row: usize) -> u32 {
    let version = db.rows[row].load(SeqCst);
    db.random.pause(120).await;
    version
}

#[cached(ttl = "1m", key = "outer:{row}", skip(db))]
async fn read_through_another(db: &Db, row: usize) -> u32 {
    let version = read(db, row).await;
    db.random.pause(60).await;
    version
}

/// Its tag is known only when the value is.
#[cached(ttl = "1m", key = "late:{row}", tags_with = |_| [format!("row-tag:{row}")], skip(db))]
async fn read_late(db: &Db, row: usize) -> u32 {
    let version = db.rows[row].load(SeqCst);
    db.random.pause(60).await;
    version
}

/// A sequence that a seed determines.
struct Random(Mutex<u64>);

impl Random {
    fn new(seed: u64) -> Self {
        Random(Mutex::new(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1))
    }

    fn below(&self, limit: u64) -> u64 {
        let mut state = self.0.lock().expect("nobody panics here");
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        *state % limit
    }

    async fn pause(&self, limit: u64) {
        sleep(Duration::from_millis(self.below(limit))).await;
    }
}

/// What is known to be invalidated, and since when.
#[derive(Clone, Copy)]
struct Vouched {
    at: Instant,
    row: usize,
    version: u32,
    by_tag: bool,
    /// If it is only deferred: for whom it counts all the same.
    only_for: Option<usize>,
}

struct World {
    seed: u64,
    network: Network,
    nodes: Vec<(Cache, Option<Duration>)>,
    db: Db,
    vouched: Mutex<Vec<Vouched>>,
}

impl World {
    async fn new(seed: u64) -> Arc<Self> {
        let network = Network::new();
        let random = Random::new(seed);
        let mut nodes = Vec::new();
        for name in NODES {
            let bound = match random.below(3) {
                0 => None,
                1 => Some(Duration::from_millis(300)),
                _ => Some(Duration::from_secs(2)),
            };
            let configure = |builder: Builder| {
                builder.consistency(bound.map_or(Consistency::Strict, Consistency::Bounded))
            };
            nodes.push((network.node_with(name, configure).await, bound));
        }
        Arc::new(World {
            seed,
            network,
            nodes,
            db: Db {
                rows: Default::default(),
                random,
            },
            vouched: Mutex::default(),
        })
    }

    /// The least version that a read may return.
    fn floor(&self, began: Instant, node: usize, row: usize, bound: Duration, late: bool) -> u32 {
        let vouched = self.vouched.lock().expect("nobody panics here");
        let counts = |vouched: &&Vouched| {
            let is_old_enough = match vouched.only_for {
                None => vouched.at + bound <= began,
                Some(other) => other == node,
            };
            vouched.row == row && is_old_enough && (vouched.by_tag || !late)
        };
        vouched
            .iter()
            .filter(counts)
            .map(|vouched| vouched.version)
            .max()
            .unwrap_or(0)
    }

    async fn reader(self: Arc<Self>, number: u64) {
        let random = Random::new(self.seed * 1_000 + number);
        for _ in 0..READS {
            let (node, row) = (random.below(3) as usize, random.below(ROWS as u64) as usize);
            let (cache, bound) = &self.nodes[node];
            let began = Instant::now();
            let kind = random.below(4);
            let bound = match kind {
                1 => Duration::ZERO,
                _ => bound.unwrap_or_default(),
            };
            let floor = self.floor(began, node, row, bound, kind == 3);
            let version = on(cache, async {
                match kind {
                    0 => read(&self.db, row).await,
                    1 => read_strictly(&self.db, row).await,
                    2 => read_through_another(&self.db, row).await,
                    _ => read_late(&self.db, row).await,
                }
            })
            .await;
            assert!(
                version >= floor,
                "seed {}: node {} has read version {version} of row {row} (kind {kind}), and {floor} was invalidated",
                self.seed,
                NODES[node]
            );
            random.pause(80).await;
        }
    }

    async fn writer(self: Arc<Self>) {
        let random = Random::new(self.seed * 1_000 + 500);
        for _ in 0..WRITES {
            let (node, row) = (random.below(3) as usize, random.below(ROWS as u64) as usize);
            let (cache, _) = &self.nodes[node];
            let version = self.db.rows[row].fetch_add(1, SeqCst) + 1;
            let by_tag = random.below(2) == 0;
            let done = if by_tag {
                cache.invalidate_tag(format!("row-tag:{row}")).await
            } else {
                cache.invalidate(key!("row:{row}")).await
            };
            let only_for = (done.delivery == Delivery::Deferred).then_some(node);
            self.vouched
                .lock()
                .expect("nobody panics here")
                .push(Vouched {
                    at: Instant::now(),
                    row,
                    version,
                    by_tag,
                    only_for,
                });
            random.pause(300).await;
        }
    }

    async fn breaker(self: Arc<Self>) {
        let random = Random::new(self.seed * 1_000 + 700);
        let network = &self.network;
        let mut saved = network.save();
        for _ in 0..FAULTS {
            let node = NODES[random.below(3) as usize];
            match random.below(16) {
                0..=3 => network.cut(node),
                4..=6 => NODES.iter().for_each(|node| network.heal(node)),
                7 => network.delay(node, Duration::from_millis(random.below(60))),
                8 => network.lose_next_reply(node),
                9 => network.reset(node),
                10 => network.restart(),
                11 => network.restart_from(&saved),
                12 => network.restart_empty(),
                13 => {
                    let patterns = ["row:*", "~tag:*", "~scope:*", "*"];
                    network.evict(patterns[random.below(4) as usize]);
                }
                14 => network.flush(),
                _ => saved = network.save(),
            }
            random.pause(400).await;
        }
        NODES.iter().for_each(|node| network.heal(node));
    }
}

#[tokio::test]
async fn under_faults_at_random_no_read_is_older_than_it_may_be() {
    let real = std::time::Instant::now();
    let seeds = std::env::var("KIT_SOAK_SEEDS").map(|seeds| seeds.parse().expect("a number"));
    for seed in 1..=seeds.unwrap_or(SEEDS) {
        let world = World::new(seed).await;
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..READERS {
            tasks.spawn(Arc::clone(&world).reader(number));
        }
        tasks.spawn(Arc::clone(&world).writer());
        tasks.spawn(Arc::clone(&world).breaker());
        while let Some(ended) = tasks.join_next().await {
            ended.expect("no task panics");
        }
        // And in the end all of them know everything, once what was deferred is delivered.
        for (cache, _) in &world.nodes {
            let flushed = cache.flush(Duration::from_secs(10)).await;
            assert_eq!(flushed, Delivery::Delivered, "seed {seed}");
        }
        world.network.advance(Duration::from_secs(3)).await;
        for (node, (cache, _)) in world.nodes.iter().enumerate() {
            for row in 0..ROWS {
                let version = on(cache, read(&world.db, row)).await;
                let truth = world.db.rows[row].load(SeqCst);
                assert_eq!(version, truth, "seed {seed}: row {row} on {}", NODES[node]);
            }
        }
    }
    println!("random faults: {:?}", real.elapsed());
}
