//! Callers who stand still: they have begun to ask, and nobody polls them any more. Nobody waits for them, and nobody
//! takes from them what is older than their own call.

use crate::relay::behind;
use crate::world::{PATIENCE, Process};
use cache_runtime::cached;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::task::Poll;
use std::time::{Duration, Instant};
use test_servers::{Proxy, RedisServer, wait_until};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};

/// Every hit asks the server.
#[cached(cache = process.cache, key = "far:{row}", tags = ["far-tag:{row}"], ttl = "1h", local = off, skip(process))]
async fn far(process: &Process, row: u32) -> u32 {
    process.database.load(SeqCst)
}

/// With a timeout that is much less than anybody waits for a computation.
async fn impatient(url: String, database: &Arc<AtomicU32>) -> Arc<Process> {
    let timeout = Duration::from_millis(200);
    Process::strict(url, database, |b| b.operation_timeout(timeout)).await
}

async fn poll_once<F: Future + ?Sized>(mut future: Pin<&mut F>) -> Option<F::Output> {
    poll_fn(|context| {
        Poll::Ready(match future.as_mut().poll(context) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        })
    })
    .await
}

type Held = Pin<Box<dyn Future<Output = u32>>>;

/// So many calls that have begun, and that nobody polls from here on.
async fn begun(process: &Arc<Process>, calls: usize, row: u32) -> Vec<Held> {
    let mut held: Vec<Held> = Vec::new();
    for _ in 0..calls {
        let process = Arc::clone(process);
        let mut call: Held = Box::pin(async move { far(&process, row).await });
        assert!(poll_once(call.as_mut()).await.is_none());
        held.push(call);
    }
    held
}

/// Polls them again, side by side.
async fn answers(mut held: Vec<Held>) -> Vec<u32> {
    let mut values = Vec::new();
    poll_fn(|context| {
        held.retain_mut(|call| match call.as_mut().poll(context) {
            Poll::Ready(value) => {
                values.push(value);
                false
            }
            Poll::Pending => true,
        });
        if held.is_empty() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    values
}

async fn at_once(process: &Process, row: u32) -> u32 {
    let began = Instant::now();
    let value = far(process, row).await;
    let took = began.elapsed();
    assert!(took < Duration::from_secs(2), "{took:?}");
    value
}

/// Few look, and some do not go on; many, and the one who looks for the others does not.
#[tokio::test]
async fn keep_nobody_waiting_for_what_is_there() {
    let server = RedisServer::start().await;
    let database = Arc::new(AtomicU32::new(1));
    let one = impatient(server.url(), &database).await;
    far(&one, 1).await;
    for number in [4, 5, 8] {
        let _held = begun(&one, number, 1).await;
        assert_eq!(at_once(&one, 1).await, 1);
    }
    assert_eq!(one.cache.stats().function("far").expect("called").loads, 1);
}

#[tokio::test]
async fn keep_nobody_from_computing() {
    let server = RedisServer::start().await;
    let database = Arc::new(AtomicU32::new(1));
    let one = impatient(server.url(), &database).await;
    let mut held = begun(&one, 6, 2).await;
    // Few look now, and the one who looks for others is still there.
    held.drain(..4);
    assert_eq!(at_once(&one, 2).await, 1);
}

#[tokio::test]
async fn keep_no_key_from_being_cached() {
    let server = RedisServer::start().await;
    let database = Arc::new(AtomicU32::new(1));
    let one = impatient(server.url(), &database).await;
    let mut held = begun(&one, 6, 2).await;
    // Only the one who looks for others hangs.
    held.drain(..4);
    held.drain(1..);
    for _ in 0..5 {
        at_once(&one, 2).await;
    }
    let stats = one.cache.stats();
    let far = stats.function("far").expect("called");
    assert_eq!((far.loads, far.stores, far.hits), (1, 1, 4), "{far:?}");
}

/// One that has asked for the lease, and does not compute. Its lease ends.
#[tokio::test]
async fn keep_no_key_from_being_cached_with_a_lease() {
    let server = RedisServer::start().await;
    let database = Arc::new(AtomicU32::new(1));
    let lease = Duration::from_millis(500);
    let one = Process::strict(server.url(), &database, |b| b.lease(lease)).await;
    far(&one, 3).await;
    let mut leads: Held = {
        let one = Arc::clone(&one);
        Box::pin(async move { far(&one, 2).await })
    };
    while one.cache.health().await.computing == 0 {
        assert!(poll_once(leads.as_mut()).await.is_none());
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    for _ in 0..5 {
        at_once(&one, 2).await;
    }
    let stats = one.cache.stats();
    let far = stats.function("far").expect("called");
    assert_eq!((far.loads, far.hits), (2, 4), "{far:?}");
}

/// A task that asks several times at once, and blocks its thread beside that.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn keep_no_other_task_waiting() {
    let server = RedisServer::start().await;
    let database = Arc::new(AtomicU32::new(1));
    let one = impatient(server.url(), &database).await;
    far(&one, 1).await;
    let let_go = Arc::new(AtomicBool::new(false));
    let blocks = {
        let (one, let_go) = (Arc::clone(&one), Arc::clone(&let_go));
        tokio::spawn(async move {
            let some = async { tokio::join!(far(&one, 1), far(&one, 1), far(&one, 1)) };
            let others = async { tokio::join!(far(&one, 1), far(&one, 1), far(&one, 1)) };
            let heavy = async {
                while !let_go.load(SeqCst) {
                    std::thread::sleep(Duration::from_millis(1));
                }
            };
            tokio::join!(some, others, heavy);
        })
    };
    tokio::time::sleep(Duration::from_millis(100)).await;
    for _ in 0..5 {
        let one = Arc::clone(&one);
        let call = tokio::spawn(async move { at_once(&one, 1).await });
        call.await.expect("it returns");
    }
    let_go.store(true, SeqCst);
    blocks.await.expect("it returns");
}

/// A look from before is not sent yet. The caller has deleted the key since, and that is deferred.
#[tokio::test]
async fn are_not_followed_past_a_deferred_deletion() {
    let server = RedisServer::start().await;
    let proxy = Proxy::start(server.port()).await;
    let database = Arc::new(AtomicU32::new(1));
    let timeout = Duration::from_millis(100);
    let one = Process::strict(proxy.url(), &database, |b| b.invalidation_timeout(timeout)).await;
    far(&one, 1).await;
    let held = begun(&one, 6, 1).await;
    database.store(2, SeqCst);
    // Nobody answers, and nobody can connect.
    proxy.refuse();
    proxy.hang();
    one.until_lost().await;
    // So that the pauses between attempts are long by now.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let deleted = one.cache.try_delete("far:1").await;
    assert!(deleted.is_err(), "{deleted:?}");
    let mut mine: Held = {
        let one = Arc::clone(&one);
        Box::pin(async move { far(&one, 1).await })
    };
    let first = poll_once(mine.as_mut()).await;
    proxy.heal();
    let mine = async {
        match first {
            Some(value) => value,
            None => mine.await,
        }
    };
    let (_, mine) = tokio::join!(answers(held), mine);
    assert_eq!(mine, 2);
}

/// Passes everything on, deletions after a while, and what is sent behind them over the same connection.
async fn behind_one_that_hesitates(server: &RedisServer) -> String {
    behind(server, |client, server| async move {
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_server, mut to_server) = server.into_split();
        let there = async {
            let mut buffer = vec![0; 1 << 16];
            while let Ok(length) = from_client.read(&mut buffer).await
                && length > 0
            {
                let sent = &buffer[..length];
                if sent.windows(5).any(|word| word == b"\nDEL\r") {
                    tokio::time::sleep(Duration::from_millis(300)).await;
                }
                if to_server.write_all(sent).await.is_err() {
                    return;
                }
            }
        };
        _ = tokio::join!(there, copy(&mut from_server, &mut to_client));
    })
    .await
}

/// The same while the deletion, which its caller has given up, is on its way over another connection.
#[tokio::test]
async fn are_not_followed_past_a_pending_deletion() {
    let server = RedisServer::start().await;
    let database = Arc::new(AtomicU32::new(1));
    let url = behind_one_that_hesitates(&server).await;
    let one = Process::strict(url, &database, |b| b.connections(2)).await;
    far(&one, 1).await;
    for round in 0..4 {
        let held = begun(&one, 6 + round, 1).await;
        let version = database.fetch_add(1, SeqCst) + 1;
        {
            let mut deletion = Box::pin(one.cache.delete("far:1"));
            assert!(poll_once(deletion.as_mut()).await.is_none());
        }
        let (_, mine) = tokio::join!(answers(held), far(&one, 1));
        assert_eq!(mine, version, "round {round}");
    }
}

/// Passes each new connection on to whichever port it is told at that moment; those that are there stay where they are.
async fn switchboard(port: u16) -> (String, Arc<AtomicU32>) {
    let to = Arc::new(AtomicU32::new(u32::from(port)));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let own = listener.local_addr().expect("it is bound").port();
    let target = Arc::clone(&to);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let port = u16::try_from(target.load(SeqCst)).expect("a port");
            tokio::spawn(async move {
                if let Ok(mut server) = tokio::net::TcpStream::connect(("127.0.0.1", port)).await {
                    let _ended = tokio::io::copy_bidirectional(&mut client, &mut server).await;
                }
            });
        }
    });
    (format!("redis://127.0.0.1:{own}/"), to)
}

/// The look has a link to a primary that was demoted since. The caller's own deletion was acknowledged by the new one.
#[tokio::test]
async fn are_not_followed_to_a_primary_that_was_demoted() {
    let (old, new) = (RedisServer::start().await, RedisServer::start().await);
    new.replicate_from(&old).await;
    let (url, to) = switchboard(old.port()).await;
    let database = Arc::new(AtomicU32::new(1));
    let one = Process::strict(url, &database, |b| b).await;
    far(&one, 1).await;
    let held = begun(&one, 6, 1).await;
    new.promote().await;
    to.store(u32::from(new.port()), SeqCst);
    old.command(&["REPLICAOF", "127.0.0.1", "1"]).await;
    let has_moved = || async { new.calls("script|load").await > 0 };
    wait_until("the new primary is found", PATIENCE, has_moved).await;
    one.until_connected().await;
    database.store(2, SeqCst);
    let deleted = one.cache.try_delete("far:1").await;
    assert!(deleted.is_ok(), "{deleted:?}");
    let (mine, _) = tokio::join!(far(&one, 1), answers(held));
    assert_eq!(mine, 2);
}

/// Whose batch nobody sends asks for itself, and nobody joins it from then on.
#[tokio::test]
async fn who_does_not_wait_for_them_any_more_has_begun() {
    let server = RedisServer::start().await;
    let proxy = Proxy::start(server.port()).await;
    let database = Arc::new(AtomicU32::new(1));
    let one = Process::strict(proxy.url(), &database, |b| {
        b.operation_timeout(Duration::from_secs(2))
    })
    .await;
    let other = Process::strict(server.url(), &database, |b| b).await;
    far(&one, 1).await;
    // The first asks, the second is about to ask for the others.
    let held = begun(&one, 4, 1).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    server.reset_stats().await;
    let looks = {
        let one = Arc::clone(&one);
        tokio::spawn(async move { far(&one, 1).await })
    };
    tokio::task::yield_now().await;
    proxy.delay_replies(Duration::from_millis(600));
    let is_asked = || async { server.calls("get").await + server.calls("mget").await > 0 };
    wait_until("it asks for itself", PATIENCE, is_asked).await;
    database.store(2, SeqCst);
    other.cache.delete("far:1").await;
    assert_eq!(far(&one, 1).await, 2);
    assert_eq!(
        looks.await.expect("it returns"),
        1,
        "else this tests nothing"
    );
    drop(held);
}

/// Nobody computes: what is there is being read.
#[tokio::test]
async fn a_look_is_no_computation() {
    let server = RedisServer::start().await;
    let database = Arc::new(AtomicU32::new(1));
    let one = Process::strict(server.url(), &database, |b| b).await;
    far(&one, 1).await;
    let _held = begun(&one, 6, 1).await;
    let (health, explained) = (one.cache.health().await, one.cache.explain("far:1").await);
    assert_eq!((health.computing, explained.computing), (0, false));
}
