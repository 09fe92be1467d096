//! A process of the soak: many tasks over one cache.

use crate::functions::{World, late, late_pair, pair, row};
use crate::promise::{Promise, SAMPLING, Vouched};
use crate::random::Random;
use crate::truth::{Fact, ROWS, Truth};
use cache_runtime::{Cache, Delivery, Invalidated, key};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

const TASKS: u64 = 16;

struct Worker {
    number: usize,
    world: World,
    /// One write of a row at a time.
    writing: [Mutex<()>; ROWS],
    promise: Promise,
    vouched: Vouched,
    vouched_by_tag: Vouched,
    left: AtomicU64,
    until: Instant,
    done: AtomicU64,
    deferred: AtomicU64,
}

/// `number`, its share of operations, seconds at most, the server, the truth.
pub(crate) async fn run(arguments: &[String]) -> ExitCode {
    let [promise, number, share, seconds, url, path] = arguments else {
        return ExitCode::FAILURE;
    };
    let promise = Promise::of(promise).expect("a promise");
    let cache = Cache::builder()
        .redis(url)
        .namespace("soak")
        .consistency(promise.consistency())
        .lease(Duration::from_millis(500));
    let worker = Arc::new(Worker {
        number: number.parse().expect("a number"),
        world: World {
            cache: cache.build().await.expect("a server"),
            truth: Truth::open(path),
        },
        writing: std::array::from_fn(|_| Mutex::default()),
        promise,
        vouched: Vouched::new(promise, Fact::Vouched),
        vouched_by_tag: Vouched::new(promise, Fact::VouchedByTag),
        left: AtomicU64::new(share.parse().expect("a number")),
        until: Instant::now() + Duration::from_secs(seconds.parse().expect("a number")),
        done: AtomicU64::new(0),
        deferred: AtomicU64::new(0),
    });
    let sampling = Arc::clone(&worker);
    // On a thread of its own, which is late only if the process is.
    if promise == Promise::Bounded {
        std::thread::spawn(move || {
            loop {
                sampling.vouched.sample(&sampling.world.truth);
                sampling.vouched_by_tag.sample(&sampling.world.truth);
                std::thread::sleep(SAMPLING);
            }
        });
    }
    let tasks: Vec<_> = (0..TASKS)
        .map(|seed| {
            let random = Random::new(seed + TASKS * (worker.number as u64 + 1));
            tokio::spawn(Arc::clone(&worker).work(random))
        })
        .collect();
    for task in tasks {
        if task.await.is_err() {
            // It has said why.
            return ExitCode::FAILURE;
        }
    }
    worker.report()
}

impl Worker {
    async fn work(self: Arc<Self>, mut random: Random) {
        let rows = ROWS as u64;
        while Instant::now() < self.until
            && self
                .left
                .fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1))
                .is_ok()
        {
            let (a, b) = (random.below(rows) as usize, random.below(rows) as usize);
            match random.below(self.promise.actions()) {
                0 => self.write(a, Route::Tag).await,
                1 => self.write(a, Route::Key).await,
                2 if random.below(8) == 0 => self.write(a, Route::Scope).await,
                3 if random.below(32) == 0 => self.write(a, Route::Scan).await,
                4 => self.write_through(a).await,
                5..8 => {
                    let least = self.least_by_tag(a);
                    let read = late(&self.world, a).await;
                    self.check(&[(a, read, least)], "late");
                }
                8..10 => {
                    let least = (self.least_by_tag(a), self.least_by_tag(b));
                    let read = late_pair(&self.world, a, b).await;
                    self.check(&[(a, read.0, least.0), (b, read.1, least.1)], "late pair");
                }
                10..16 => {
                    let least = (self.least(a), self.least(b));
                    let read = pair(&self.world, a, b).await;
                    self.check(&[(a, read.0, least.0), (b, read.1, least.1)], "pair");
                }
                _ => {
                    let least = self.least(a);
                    let read = row(&self.world, a).await;
                    self.check(&[(a, read, least)], "row");
                }
            }
            self.done.fetch_add(1, SeqCst);
        }
    }

    fn least(&self, row: usize) -> u64 {
        self.vouched.least(&self.world.truth, row)
    }

    fn least_by_tag(&self, row: usize) -> u64 {
        self.vouched_by_tag.least(&self.world.truth, row)
    }

    fn check(&self, reads: &[(usize, u64, u64)], what: &str) {
        for &(row, read, least) in reads {
            if read < least {
                eprintln!(
                    "soak, {}: STALE {what} {row} in process {}: read {read}, vouched {least}",
                    self.promise, self.number
                );
                std::process::exit(1);
            }
        }
    }

    /// Only rows of this process are written: the next one of those.
    fn own(&self, row: usize) -> usize {
        row - row % crate::WORKERS + self.number
    }

    async fn write(&self, row: usize, route: Route) {
        let row = self.own(row);
        let _turn = self.writing[row].lock().await;
        let version = self.bump(row);
        let cache = &self.world.cache;
        let done = match route {
            Route::Tag => cache.invalidate_tag(key!("row-tag:{row}")).await,
            Route::Key => cache.invalidate(key!("row:{row}")).await,
            Route::Scope => cache.invalidate("row:*").await,
            Route::Scan => cache.invalidate(format!("ro?:{row}")).await,
        };
        self.vouch(row, version, route, done);
    }

    async fn write_through(&self, row: usize) {
        let row = self.own(row);
        let _turn = self.writing[row].lock().await;
        let write = || async { Ok::<_, ()>(self.bump(row)) };
        let written = self.world.cache.write_through(key!("row:{row}"), write);
        let written = written
            .tag(key!("row-tag:{row}"))
            .ttl(Duration::from_secs(60))
            .await;
        // Whether that has reached the others it does not tell.
        self.vouched.vouch_here(row, written.expect("never fails"));
    }

    fn bump(&self, row: usize) -> u64 {
        let version = self.world.truth.get(Fact::Version, row) + 1;
        self.world.truth.set(Fact::Version, row, version);
        version
    }

    fn vouch(&self, row: usize, version: u64, route: Route, done: Invalidated) {
        let is_by_tag = matches!(route, Route::Tag);
        self.vouched.vouch_here(row, version);
        if is_by_tag {
            self.vouched_by_tag.vouch_here(row, version);
        }
        if done.delivery == Delivery::Delivered {
            self.world.truth.set(Fact::Vouched, row, version);
            if is_by_tag {
                self.world.truth.set(Fact::VouchedByTag, row, version);
            }
        } else {
            self.deferred.fetch_add(1, SeqCst);
        }
    }

    fn report(&self) -> ExitCode {
        let (done, stats) = (self.done.load(SeqCst), self.world.cache.stats());
        let sum = |of: fn(&cache_runtime::FunctionStats) -> u64| -> u64 {
            stats.functions.iter().map(of).sum()
        };
        println!(
            "soak, {}: process {}: {done} operations, {} hits, {} of them here, {} misses, {} coalesced, {} fenced, {} without the \
             server, {} invalidations deferred",
            self.promise,
            self.number,
            stats.hits(),
            sum(|f| f.local_hits),
            stats.misses(),
            sum(|f| f.coalesced),
            sum(|f| f.fenced),
            sum(|f| f.unavailable),
            self.deferred.load(SeqCst),
        );
        // Otherwise it would not mean much.
        let is_kept = self.promise == Promise::Strict || sum(|f| f.local_hits) > done / 10;
        if stats.hits() > done / 10 && sum(|f| f.fenced) > 0 && is_kept {
            ExitCode::SUCCESS
        } else {
            eprintln!("soak: too few hits, or no races\n{stats}");
            ExitCode::FAILURE
        }
    }
}

#[derive(Clone, Copy)]
enum Route {
    Tag,
    Key,
    Scope,
    Scan,
}
