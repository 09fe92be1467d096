//! The server is killed.

use crate::load::Load;
use crate::world::{Call, Database, PATIENCE, Process, least_of, soon, timed};
use cache_runtime::{Builder, cached};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::{Duration, Instant};
use test_servers::{RedisServer, wait_until};

/// The operation timeout, where none is set.
const TIMEOUT: Duration = Duration::from_millis(50);
/// What a busy machine may add to it, in the best of a few tries.
const MARGIN: Duration = Duration::from_millis(50);
const TRIES: usize = 4;
const CALLERS: u64 = 50;

/// Always a miss: nobody asks for the same number twice.
#[cached(cache = process.cache, key = "fresh:{number}", skip(process))]
async fn fresh(process: &Process, number: u64) -> u32 {
    process.database.read(number as usize).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn under_load_no_call_fails_and_afterwards_everything_is_as_before() {
    let database = Database::new();
    database.takes(Duration::from_millis(2));
    let server = RedisServer::start().await;
    let one = Process::start(server.url(), &database).await;
    let several = |cache: Builder| cache.connections(3);
    let other = Process::with(server.url(), &database, several).await;
    let load = Load::on(&[&one, &other]);
    for _ in 0..2 {
        load.until_hits(200).await;
        load.until_delivered(10).await;
        server.kill();
        load.until_deferred(10).await;
        load.until_runs(200).await;
        server.restart().await;
    }
    load.until_hits(200).await;
    load.until_delivered(10).await;
    load.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_call_takes_longer_than_the_operation_timeout_and_its_body() {
    let database = Database::new();
    database.takes(Duration::from_millis(20));
    let server = RedisServer::start().await;
    let process = Process::start(server.url(), &database).await;
    let slowest = least_of(TRIES, TIMEOUT + MARGIN, || async {
        let slowest = slowest_around(&process, || server.kill()).await;
        server.restart().await;
        process.until_connected().await;
        slowest
    });
    let slowest = slowest.await;
    assert!(slowest <= TIMEOUT + MARGIN, "{slowest:?}");
}

/// A server that says nothing is worse: the calls that wait for it have to give up by themselves.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nor_when_the_server_hangs() {
    let database = Database::new();
    database.takes(Duration::from_millis(20));
    let server = RedisServer::start().await;
    let timeout = 4 * TIMEOUT;
    let patient = |cache: Builder| cache.operation_timeout(timeout);
    let process = Process::with(server.url(), &database, patient).await;
    let slowest = least_of(TRIES, timeout + 2 * MARGIN, || async {
        let slowest = slowest_around(&process, || server.pause()).await;
        server.resume();
        process.until_connected().await;
        slowest
    });
    let slowest = slowest.await;
    assert!(slowest <= timeout + 2 * MARGIN, "{slowest:?}");
}

/// Lets callers call without a pause, breaks the server, and tells how much longer than its body the slowest call took
/// of those that were under way or began then.
async fn slowest_around(process: &Arc<Process>, fault: impl FnOnce()) -> Duration {
    let stops = Arc::new(AtomicBool::new(false));
    let caller = |caller| {
        let (process, stops) = (Arc::clone(process), Arc::clone(&stops));
        tokio::spawn(async move {
            let mut ended: Vec<(Instant, Call)> = Vec::new();
            let mut number = process.database.runs() as u64 * CALLERS + caller;
            while !stops.load(SeqCst) {
                let call = timed(fresh(&process, number)).await;
                ended.push((Instant::now(), call));
                number += CALLERS;
            }
            ended
        })
    };
    let callers: Vec<_> = (0..CALLERS).map(caller).collect();
    let runs = process.database.runs();
    process.database.until_runs(runs + 100).await;
    let broken = Instant::now();
    fault();
    let runs = process.database.runs();
    process
        .database
        .until_runs(runs + 5 * CALLERS as usize)
        .await;
    stops.store(true, SeqCst);
    let mut slowest = Duration::ZERO;
    for caller in callers {
        let calls = soon(caller).await;
        let after = calls.into_iter().filter(|(ended, _)| *ended >= broken);
        slowest = after
            .map(|(_, call)| call.over)
            .fold(slowest, Duration::max);
    }
    slowest
}

#[tokio::test]
async fn while_the_breaker_is_open_a_call_takes_no_longer_than_its_body() {
    let database = Database::new();
    let server = RedisServer::start().await;
    let process = Process::start(server.url(), &database).await;
    // Hangs: of the calls before, some have waited.
    server.pause();
    process.until_lost().await;
    let median = least_of(TRIES, Duration::from_millis(1), || async {
        let mut overs = Vec::new();
        for row in 0..200 {
            overs.push(process.read(row % 8).await.over);
        }
        overs.sort();
        overs[overs.len() / 2]
    });
    let median = median.await;
    assert!(median <= Duration::from_millis(1), "{median:?}");
    server.resume();
}

#[tokio::test]
async fn hits_are_back_within_a_second_of_the_restart() {
    let database = Database::new();
    let server = RedisServer::start().await;
    let process = Process::start(server.url(), &database).await;
    process.until_hit(1).await;
    server.kill();
    // Long enough for the pauses between attempts to have grown to their longest.
    let away = Instant::now();
    wait_until("it has been away for a while", PATIENCE, || async {
        assert!(process.read(1).await.ran, "there is nothing to hit");
        away.elapsed() > Duration::from_secs(4)
    })
    .await;
    server.restart().await;
    let back = Instant::now();
    process.until_hit(1).await;
    let took = back.elapsed();
    assert!(took <= Duration::from_secs(1), "{took:?}");
}
