//! Callers of one key while the server cannot be asked: what they share, and what they may not.

use crate::world::{PATIENCE, Process};
use cache_runtime::{Consistency, cached};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;
use test_servers::{Proxy, RedisServer, wait_until};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

/// A process without its server, whose bodies tell how many there are and wait until they are let go.
struct Alone {
    process: Process,
    runs: AtomicUsize,
    gate: Semaphore,
}

#[cached(cache = alone.process.cache, key = "row:{row}", tags = ["rows"], ttl = "1h", skip(alone))]
async fn slow(alone: &Alone, row: u32) -> u32 {
    alone.run().await
}

#[cached(cache = alone.process.cache, key = "strict:{row}", ttl = "1h", consistency = strict, skip(alone))]
async fn strict(alone: &Alone, row: u32) -> u32 {
    alone.run().await
}

#[cached(cache = alone.process.cache, key = "told:{row}", tags_with = |value| [format!("value:{value}")],
    ttl = "1h", skip(alone))]
async fn told_by_value(alone: &Alone, row: u32) -> u32 {
    alone.run().await
}

#[cached(cache = alone.process.cache, key = "outer:{row}", ttl = "1h", skip(alone))]
async fn outer(alone: &Alone, row: u32) -> u32 {
    slow(alone, row).await
}

impl Alone {
    async fn with_bound(bound: Duration) -> Arc<Self> {
        let server = RedisServer::start().await;
        let database = Arc::new(AtomicU32::new(1));
        let process = Process::start(server.url(), &database, bound).await;
        server.kill();
        process.until_lost().await;
        Alone::of(process)
    }

    fn of(process: Process) -> Arc<Self> {
        Arc::new(Alone {
            process,
            runs: AtomicUsize::new(0),
            gate: Semaphore::new(0),
        })
    }

    /// What is in the database when the body begins.
    async fn run(&self) -> u32 {
        let value = self.process.database.load(SeqCst);
        self.runs.fetch_add(1, SeqCst);
        self.gate
            .acquire()
            .await
            .expect("it is never closed")
            .forget();
        value
    }

    async fn runs(&self, runs: usize) {
        let began = || async { self.runs.load(SeqCst) >= runs };
        wait_until("the bodies run", PATIENCE, began).await;
        // Time for one too many.
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(self.runs.load(SeqCst), runs);
    }

    /// Lets all bodies go, and returns what the callers have got.
    async fn answers(&self, callers: Vec<JoinHandle<u32>>) -> Vec<u32> {
        self.gate.add_permits(10_000);
        let mut answers = Vec::new();
        for caller in callers {
            answers.push(caller.await.expect("a call does not fail"));
        }
        answers
    }
}

/// Calls the function so often at once.
macro_rules! callers {
    ($alone:ident, $many:literal, $function:ident) => {
        (0..$many)
            .map(|_| {
                let alone = Arc::clone(&$alone);
                tokio::spawn(async move { $function(&alone, 7).await })
            })
            .collect::<Vec<_>>()
    };
}

const LONG: Duration = Duration::from_secs(60);

#[tokio::test]
async fn all_who_call_at_once_share_one_run() {
    let alone = Alone::with_bound(LONG).await;
    let mut calls = callers!(alone, 100, slow);
    alone.runs(1).await;
    // Those who come later as well, up to the bound.
    calls.extend(callers!(alone, 100, slow));
    alone.runs(1).await;
    assert_eq!(alone.answers(calls).await, [1; 200]);
}

#[tokio::test]
async fn what_this_process_has_invalidated_since_is_not_shared() {
    for change in 0..5 {
        let alone = Alone::with_bound(LONG).await;
        let mut calls = callers!(alone, 20, slow);
        alone.runs(1).await;
        alone.process.database.store(2, SeqCst);
        let cache = &alone.process.cache;
        match change {
            0 => drop(cache.invalidate_tag("rows").await),
            1 => drop(cache.invalidate("row:*").await),
            2 => drop(cache.invalidate("r?w:7").await),
            3 => drop(cache.delete("row:7").await),
            _ => drop(cache.clear().await),
        }
        calls.extend(callers!(alone, 20, slow));
        alone.runs(2).await;
        let answers = alone.answers(calls).await;
        assert_eq!(answers[..20], [1; 20], "change {change}");
        assert_eq!(answers[20..], [2; 20], "change {change}");
    }
}

#[tokio::test]
async fn what_began_before_the_bound_is_not_shared() {
    let alone = Alone::with_bound(Duration::from_millis(300)).await;
    let mut calls = callers!(alone, 20, slow);
    alone.runs(1).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    calls.extend(callers!(alone, 1, slow));
    alone.runs(2).await;
    assert_eq!(alone.answers(calls).await, [1; 21]);
}

/// A strict function may have been invalidated elsewhere, and nobody can tell; nor can anybody tell which tags a value
/// will turn out to have.
#[tokio::test]
async fn what_nobody_can_vouch_for_is_not_shared() {
    let alone = Alone::with_bound(LONG).await;
    let mut calls = callers!(alone, 1, strict);
    alone.runs(1).await;
    calls.extend(callers!(alone, 1, strict));
    alone.runs(2).await;
    calls.extend(callers!(alone, 1, told_by_value));
    alone.runs(3).await;
    calls.extend(callers!(alone, 1, told_by_value));
    alone.runs(4).await;
    // What is part of another computation would be as old as both.
    calls.extend(callers!(alone, 1, slow));
    alone.runs(5).await;
    calls.extend(callers!(alone, 1, outer));
    alone.runs(6).await;
    assert_eq!(alone.answers(calls).await, [1; 6]);
}

#[cached(cache = alone.process.cache, key = "part:{row}", tags = ["parts"], ttl = "1h", skip(alone))]
async fn part(alone: &Alone, row: u32) -> u32 {
    alone.process.database.load(SeqCst)
}

#[cached(cache = alone.process.cache, key = "whole:{row}", ttl = "1h", skip(alone))]
async fn whole(alone: &Alone, row: u32) -> u32 {
    let part = part(alone, row).await;
    alone.run().await;
    part
}

/// The server was there when it was read, and only it could tell whether that still stands.
#[tokio::test]
async fn what_has_read_an_entry_of_the_server_is_not_shared() {
    let server = RedisServer::start().await;
    let proxy = Proxy::start(server.port()).await;
    let database = Arc::new(AtomicU32::new(1));
    let process = Process::with(proxy.url(), &database, |builder| {
        let builder = builder.consistency(Consistency::Bounded(LONG));
        builder.operation_timeout(Duration::from_millis(300))
    })
    .await;
    let alone = Alone::of(process);
    // So that all generations are there; new ones are changes.
    alone.gate.add_permits(1);
    assert_eq!((part(&alone, 7).await, whole(&alone, 8).await), (1, 1));
    let mut calls = callers!(alone, 1, whole);
    alone.runs(2).await;
    alone.process.database.store(2, SeqCst);
    alone.process.cache.invalidate_tag("parts").await;
    // Too late for one question, and not for long enough that the connection is given up.
    proxy.hang();
    calls.extend(callers!(alone, 1, whole));
    alone.runs(3).await;
    proxy.heal();
    assert_eq!(alone.answers(calls).await, [1, 2]);
}
