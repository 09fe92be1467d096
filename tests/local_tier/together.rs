//! Callers who ask at once: one looks for all who come before its question is sent, and for nobody else.

use crate::world::{PATIENCE, Process, pair, reads};
use cache_runtime::cached;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::time::Duration;
use test_servers::{Deployment, Proxy, RedisServer, wait_until};

/// Every hit asks the server.
#[cached(cache = process.cache, key = "far:{row}", ttl = "1h", local = off, skip(process))]
async fn far(process: &Process, row: u32) -> u32 {
    process.database.load(SeqCst)
}

/// Makes `calls` that begin one after the other before any of them has been sent.
async fn at_once(process: &Arc<Process>, calls: usize, row: u32) -> Vec<u32> {
    let call = |_| {
        let process = Arc::clone(process);
        tokio::spawn(async move { far(&process, row).await })
    };
    let calls: Vec<_> = (0..calls).map(call).collect();
    let mut values = Vec::new();
    for call in calls {
        values.push(call.await.expect("it returns"));
    }
    values
}

#[tokio::test]
async fn callers_who_ask_at_once_ask_once() {
    let server = Deployment::start().await;
    let (one, other, database) = pair(server.url()).await;
    far(&other, 1).await;
    database.store(2, SeqCst);
    let one = Arc::new(one);
    at_once(&one, 2, 1).await;
    server.reset_stats().await;
    assert_eq!(at_once(&one, 100, 1).await, [1; 100]);
    let (get, mget) = reads(&server.servers()).await;
    assert!(get + mget <= 5, "{get} GET, {mget} MGET");
    let stats = one.cache.stats();
    let far = stats.function("far").expect("it was called");
    assert_eq!((far.hits, far.misses, far.coalesced), (102, 0, 0));
    assert_eq!(one.cache.health().await.computing, 0);
}

#[tokio::test]
async fn callers_of_what_is_not_there_ask_once_too() {
    let server = Deployment::start().await;
    let (one, _, _) = pair(server.url()).await;
    let one = Arc::new(one);
    at_once(&one, 2, 1).await;
    server.reset_stats().await;
    assert_eq!(at_once(&one, 100, 2).await, [1; 100]);
    let (get, mget) = reads(&server.servers()).await;
    // Those in the script that begins a computation are among them.
    assert!(get + mget <= 15, "{get} GET, {mget} MGET");
    let stats = one.cache.stats();
    let far = stats.function("far").expect("it was called");
    assert_eq!((far.hits, far.misses, far.coalesced), (0, 102, 100));
    assert_eq!(far.loads, 2);
}

/// Whoever has asked may be told what was so before this call.
#[tokio::test]
async fn who_comes_when_the_question_is_on_its_way_asks_again() {
    let server = RedisServer::start().await;
    let proxy = Proxy::start(server.port()).await;
    let database = Arc::new(AtomicU32::new(1));
    let one = Process::strict(proxy.url(), &database, |builder| builder).await;
    let other = Process::strict(server.url(), &database, |builder| builder).await;
    for (row, early) in [(1, 1), (2, 5), (3, 8)] {
        database.store(1, SeqCst);
        far(&other, row).await;
        proxy.delay_replies(Duration::from_millis(300));
        server.reset_stats().await;
        let before = {
            let one = Arc::clone(&one);
            tokio::spawn(async move { at_once(&one, early, row).await })
        };
        let are_asked = || async {
            let (get, mget) = reads(&[&server]).await;
            get + mget > 0
        };
        wait_until("the server is asked", PATIENCE, are_asked).await;
        database.store(2, SeqCst);
        other.cache.delete(format!("far:{row}")).await;
        let after = at_once(&one, 7, row).await;
        assert_eq!(after, [2; 7], "behind {early}");
        let before = before.await.expect("they return");
        assert!(before.iter().all(|value| [1, 2].contains(value)));
        proxy.heal();
    }
}

#[cached(cache = process.cache, key = "maybe:{row}", ttl = "1h", local = off, negative = "1h", skip(process))]
async fn remembers_nothing(process: &Process, row: u32) -> Option<u32> {
    Some(process.database.load(SeqCst)).filter(|found| *found > 0)
}

#[cached(cache = process.cache, key = "maybe:{row}", ttl = "1h", local = off, skip(process))]
async fn finds_out(process: &Process, row: u32) -> Option<u32> {
    Some(process.database.load(SeqCst)).filter(|found| *found > 0)
}

/// What is an answer for one function may be none for another.
#[tokio::test]
async fn nobody_is_answered_by_the_look_of_another_function() {
    let server = Deployment::start().await;
    let (one, _, database) = pair(server.url()).await;
    database.store(0, SeqCst);
    assert_eq!(remembers_nothing(&one, 1).await, None);
    database.store(7, SeqCst);
    // Several at a time, so that the next one waits for others before it asks.
    tokio::join!(far(&one, 1), far(&one, 2), far(&one, 3));
    tokio::join!(far(&one, 1), far(&one, 2), far(&one, 3));
    let (remembered, found) = tokio::join!(
        // As many as make a crowd.
        async {
            let remembers = || remembers_nothing(&one, 1);
            tokio::join!(
                remembers(),
                remembers(),
                remembers(),
                remembers(),
                remembers(),
                remembers()
            )
        },
        finds_out(&one, 1)
    );
    assert_eq!(remembered, (None, None, None, None, None, None));
    assert_eq!(found, Some(7));
}

#[cached(cache = process.cache, key = "passing:{row}", ttl = "1h", unless = |_value| true, skip(process))]
async fn passing(process: &Process, row: u32) -> u32 {
    tokio::time::sleep(Duration::from_millis(100)).await;
    process.database.fetch_add(1, SeqCst)
}

/// The later ones take the place of who looked before them and is waited for by nobody. Nothing is stored, so each that
/// computed for itself would show.
#[tokio::test]
async fn of_all_who_look_in_vain_one_computes() {
    let server = RedisServer::start().await;
    let proxy = Proxy::start(server.port()).await;
    let database = Arc::new(AtomicU32::new(1));
    let one = Process::strict(proxy.url(), &database, |builder| builder).await;
    proxy.delay_replies(Duration::from_millis(200));
    server.reset_stats().await;
    let call = |_| {
        let one = Arc::clone(&one);
        tokio::spawn(async move { passing(&one, 1).await })
    };
    let mut calls: Vec<_> = (0..5).map(call).collect();
    let are_asked = || async {
        let (get, mget) = reads(&[&server]).await;
        get + mget > 0
    };
    wait_until("the server is asked", PATIENCE, are_asked).await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    calls.extend((0..5).map(call));
    for call in calls {
        assert_eq!(call.await.expect("it returns"), 1);
    }
}

/// Who looks for others and is given up leaves it to one of them.
#[tokio::test]
async fn when_the_one_who_looks_is_given_up_another_looks() {
    let server = RedisServer::start().await;
    let proxy = Proxy::start(server.port()).await;
    let database = Arc::new(AtomicU32::new(1));
    let one = Process::strict(proxy.url(), &database, |builder| builder).await;
    far(&one, 1).await;
    proxy.delay_replies(Duration::from_millis(200));
    at_once(&one, 2, 1).await;
    let calls: Vec<_> = (0..10)
        .map(|_| {
            let one = Arc::clone(&one);
            tokio::spawn(async move { far(&one, 1).await })
        })
        .collect();
    tokio::task::yield_now().await;
    for call in &calls[..6] {
        call.abort();
    }
    for call in calls.into_iter().skip(6) {
        let value = tokio::time::timeout(PATIENCE, call).await;
        assert_eq!(value.expect("in time").expect("it returns"), 1);
    }
    assert_eq!(one.cache.health().await.computing, 0);
}

#[cached(cache = process.cache, key = "outer:{row}", ttl = "1h", local = off, skip(process))]
async fn outer(process: &Process, row: u32) -> u32 {
    // So that all of them are there when they read.
    tokio::time::sleep(Duration::from_millis(100)).await;
    far(process, 7).await
}

/// What is read in a computation becomes its dependency, also if many read it at once.
#[tokio::test]
async fn many_who_read_the_same_in_their_computations_depend_on_it() {
    let server = Deployment::start().await;
    let database = Arc::new(AtomicU32::new(1));
    let one = Process::strict(server.url(), &database, |builder| builder).await;
    for version in 1..3 {
        database.store(version, SeqCst);
        one.cache.delete("far:7").await;
        // They find it there.
        far(&one, 7).await;
        let call = |row| {
            let one = Arc::clone(&one);
            tokio::spawn(async move { outer(&one, row).await })
        };
        for call in (0..16).map(call).collect::<Vec<_>>() {
            assert_eq!(call.await.expect("it returns"), version);
        }
    }
}

#[tokio::test]
async fn many_hits_of_one_function_keep_no_other_one_waiting() {
    let server = RedisServer::start().await;
    let proxy = Proxy::start(server.port()).await;
    let database = Arc::new(AtomicU32::new(0));
    let one = Process::strict(proxy.url(), &database, |builder| builder).await;
    assert_eq!(remembers_nothing(&one, 1).await, None);
    proxy.delay_replies(Duration::from_millis(2));
    let ends = Arc::new(AtomicBool::new(false));
    let many: Vec<_> = (0..40)
        .map(|_| {
            let (one, ends) = (Arc::clone(&one), Arc::clone(&ends));
            tokio::spawn(async move {
                let mut calls = 0;
                while !ends.load(SeqCst) {
                    remembers_nothing(&one, 1).await;
                    calls += 1;
                }
                calls
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(50)).await;
    for _ in 0..5 {
        assert_eq!(finds_out(&one, 1).await, None);
    }
    ends.store(true, SeqCst);
    let mut calls = 0;
    for call in many {
        calls += call.await.expect("it returns");
    }
    // Five calls of three round trips each, while everybody else takes one a call.
    assert!(calls < 40 * 100, "{calls} hits meanwhile");
}
