//! Processes that want the same value at the same time: one computes, and the others wait for it, but not for one that
//! is gone.

use crate::world::{Call, Database, PATIENCE, Process, soon};
use cache_runtime::{Builder, cached};
use std::env;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use test_servers::{Proxy, RedisServer, wait_until};
use tokio::task::JoinHandle;

/// Longer than any test: who waits for it to expire does not come back in time.
const ENDLESS: Duration = Duration::from_secs(60);

/// A process whose computations nobody waits out.
async fn process(url: String, database: &Arc<Database>, lease: Duration) -> Arc<Process> {
    let configure = |cache: Builder| {
        cache
            .lease(lease)
            .longest_wait(ENDLESS)
            .operation_timeout(PATIENCE)
    };
    Process::with(url, database, configure).await
}

/// Starts callers, and waits until they have looked in vain. On one thread all of them have begun by the time at which the
/// first is told, and either they have asked with it or they wait for its look.
async fn waiting(process: &Arc<Process>, callers: u64) -> Vec<JoinHandle<Call>> {
    let misses = process.misses();
    let readers = (0..callers).map(|_| process.reader(7)).collect();
    let has_missed = || async { process.misses() > misses };
    wait_until("they have looked", PATIENCE, has_missed).await;
    readers
}

#[tokio::test]
async fn a_hundred_callers_in_two_processes_run_a_cold_body_once_and_do_not_hammer() {
    let database = Database::new();
    let server = RedisServer::start().await;
    let one = process(server.url(), &database, ENDLESS).await;
    let other = process(server.url(), &database, ENDLESS).await;
    database.takes(Duration::from_secs(1));
    server.reset_stats().await;
    let began = Instant::now();
    let callers = [waiting(&one, 50).await, waiting(&other, 50).await];
    let mut ran = 0;
    for caller in callers.into_iter().flatten() {
        let call = soon(caller).await;
        assert_eq!(call.value, 1);
        ran += usize::from(call.ran);
    }
    let took = began.elapsed();
    assert_eq!((ran, database.runs()), (1, 1));
    let (reads, scripts) = (server.calls("mget").await, server.calls("evalsha").await);
    assert!(reads <= 20, "{reads} reads, of 100 callers in {took:?}");
    assert!(
        scripts <= 20,
        "{scripts} scripts, of 100 callers in {took:?}"
    );
}

/// The longer they wait, the more seldom they ask; but no longer than for 50 ms.
#[tokio::test]
async fn those_who_wait_in_another_process_go_on_soon_after_the_value_is_there() {
    let database = Database::new();
    let server = RedisServer::start().await;
    let one = process(server.url(), &database, ENDLESS).await;
    let other = process(server.url(), &database, ENDLESS).await;
    database.takes(Duration::from_millis(500));
    let mut least = Duration::MAX;
    for _ in 0..4 {
        one.cache.clear().await;
        let runs = database.runs();
        let leader = one.reader(7);
        database.until_runs(runs + 1).await;
        let followers = waiting(&other, 10).await;
        soon(leader).await;
        let filled = Instant::now();
        for follower in followers {
            assert!(!soon(follower).await.ran);
        }
        least = least.min(filled.elapsed());
        if least <= Duration::from_millis(100) {
            break;
        }
    }
    assert!(least <= Duration::from_millis(100), "{least:?}");
}

/// Between looking in vain and asking for the lease, another process may have stored.
#[tokio::test]
async fn who_has_looked_in_vain_takes_what_another_has_stored_since() {
    let database = Database::new();
    let server = RedisServer::start().await;
    let proxy = Proxy::start(server.port()).await;
    let near = process(server.url(), &database, ENDLESS).await;
    let far = process(proxy.url(), &database, ENDLESS).await;
    proxy.reset_counts();
    proxy.delay_replies(Duration::from_millis(300));
    let reader = far.reader(7);
    let has_looked = || async { proxy.round_trips() > 0 };
    wait_until("it has looked", PATIENCE, has_looked).await;
    assert!(near.read(7).await.ran);
    assert!(!soon(reader).await.ran);
    assert_eq!(database.runs(), 1);
}

#[tokio::test]
async fn when_the_leader_is_cancelled_the_others_go_on_at_once() {
    let database = Database::new();
    let server = RedisServer::start().await;
    let one = process(server.url(), &database, ENDLESS).await;
    let other = process(server.url(), &database, ENDLESS).await;
    database.takes(ENDLESS);
    let leader = one.reader(7);
    database.until_runs(1).await;
    let mut callers = waiting(&one, 10).await;
    callers.extend(waiting(&other, 10).await);
    database.takes(Duration::ZERO);
    leader.abort();
    let cancelled = Instant::now();
    for caller in callers {
        assert_eq!(soon(caller).await.value, 1);
    }
    let took = cancelled.elapsed();
    assert!(took < Duration::from_secs(2), "{took:?}");
    assert!(database.runs() <= 3, "{} runs", database.runs());
}

#[tokio::test]
async fn when_the_leader_fails_the_others_go_on_at_once() {
    #[derive(Debug)]
    struct Failed;

    #[cached(cache = process.cache, key = "failing", skip(process))]
    async fn failing(process: &Process) -> Result<u32, Failed> {
        process.database.read(7).await;
        if process.database.runs() > 1 {
            Ok(1)
        } else {
            Err(Failed)
        }
    }

    let database = Database::new();
    let server = RedisServer::start().await;
    let one = process(server.url(), &database, ENDLESS).await;
    let other = process(server.url(), &database, ENDLESS).await;
    let call = |process: &Arc<Process>| {
        let process = Arc::clone(process);
        tokio::spawn(async move { failing(&process).await })
    };
    database.takes(Duration::from_millis(500));
    let leader = call(&one);
    database.until_runs(1).await;
    let callers: Vec<_> = (0..10).map(|_| call(&other)).collect();
    wait_until("they have looked", PATIENCE, || async {
        other
            .cache
            .stats()
            .function("failing")
            .is_some_and(|failing| failing.misses > 0)
    })
    .await;
    database.takes(Duration::ZERO);
    soon(leader).await.expect_err("it fails");
    let failed = Instant::now();
    for caller in callers {
        assert_eq!(soon(caller).await.expect("the second run is well"), 1);
    }
    let took = failed.elapsed();
    assert!(took < Duration::from_secs(2), "{took:?}");
    assert_eq!(database.runs(), 2);
}

#[tokio::test]
async fn a_leader_that_takes_longer_than_the_lease_keeps_it_while_it_lives() {
    let database = Database::new();
    let server = RedisServer::start().await;
    let lease = Duration::from_millis(400);
    let one = process(server.url(), &database, lease).await;
    let other = process(server.url(), &database, lease).await;
    database.takes(3 * lease);
    let leader = one.reader(7);
    database.until_runs(1).await;
    let follower = other.reader(7);
    assert!(soon(leader).await.ran);
    assert!(!soon(follower).await.ran, "nobody else has taken the lease");
    assert!(!other.read(7).await.ran, "it was stored");
}

/// Names the server to a process that is started only to be killed.
const DOOMED: &str = "SERVER_OF_THE_DOOMED_PROCESS";

#[tokio::test]
async fn when_the_process_of_the_leader_dies_the_others_go_on_when_the_lease_has_expired() {
    let database = Database::new();
    let server = RedisServer::start().await;
    let lease = Duration::from_secs(1);
    let process = process(server.url(), &database, lease).await;
    let mut doomed = doomed_process(&server);
    let leased = || async {
        server
            .command(&["EXISTS", "app:~lease:{app:row:7}"])
            .await
            .integer()
            == 1
    };
    wait_until("the other process has the lease", PATIENCE, leased).await;
    let callers = waiting(&process, 10).await;
    doomed.0.kill().expect("it lives");
    let killed = Instant::now();
    for caller in callers {
        assert_eq!(soon(caller).await.value, 1);
    }
    let took = killed.elapsed();
    assert_eq!(database.runs(), 1, "one of them has run the body");
    assert!(took < 2 * lease, "{took:?}");
}

/// Killed with the test.
struct Doomed(Child);

impl Drop for Doomed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn doomed_process(server: &RedisServer) -> Doomed {
    let program = env::current_exe().expect("this test program");
    let child = Command::new(program)
        .args([
            "--exact",
            "processes::is_killed_while_it_computes",
            "--ignored",
        ])
        .env(DOOMED, server.url())
        .stdout(Stdio::null())
        .spawn();
    Doomed(child.expect("it starts"))
}

#[tokio::test]
#[ignore = "started by another test, in a process of its own"]
async fn is_killed_while_it_computes() {
    let Ok(url) = env::var(DOOMED) else { return };
    let database = Database::new();
    database.takes(ENDLESS);
    let configure = |cache: Builder| cache.lease(Duration::from_secs(1));
    let process = Process::with(url, &database, configure).await;
    soon(process.reader(7)).await;
}
