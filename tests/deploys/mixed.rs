//! What it costs that two versions of a type stand under one key: while both are at work, each replaces what the other has
//! stored. Computations are counted; `docs/guide/deploys.md` has the numbers. And what does not cost that.

use crate::world::{By, Database, Dice, PATIENCE, Process, Promise, Version};
use cache_runtime::{Cache, cached};
use std::sync::Arc;
use std::time::{Duration, Instant};
use test_servers::RedisServer;

const ROWS: u32 = 4;
/// In any order, old or new by chance.
const CALLS: u32 = 4_000;

mod old {
    use super::*;

    #[cached(ttl = "1h", key = "row:{row}", tags = ["row-tag:{row}"], cache = process.cache, skip(process))]
    async fn load(process: &Process, row: u32) -> (u32, u32) {
        (row, process.state(row).await)
    }

    pub(super) struct Side;

    impl Version for Side {
        type Value = (u32, u32);
        async fn load(process: &Process, row: u32) -> (u32, u32) {
            load(process, row).await
        }
        fn of(row: u32, state: u32) -> (u32, u32) {
            (row, state)
        }
        fn state(value: &(u32, u32)) -> u32 {
            value.1
        }
    }
}

/// The type has changed, and nothing else.
mod new {
    use super::*;

    #[cached(ttl = "1h", key = "row:{row}", tags = ["row-tag:{row}"], cache = process.cache, skip(process))]
    async fn load(process: &Process, row: u32) -> (u32, u64) {
        (row, u64::from(process.state(row).await))
    }

    pub(super) struct Side;

    impl Version for Side {
        type Value = (u32, u64);
        async fn load(process: &Process, row: u32) -> (u32, u64) {
            load(process, row).await
        }
        fn of(row: u32, state: u32) -> (u32, u64) {
            (row, u64::from(state))
        }
        fn state(value: &(u32, u64)) -> u32 {
            value.1 as u32
        }
    }
}

/// The type has changed, and with it the key. Scopes and tags are those of the old version.
mod apart {
    use super::*;

    #[cached(ttl = "1h", key = "row:{row}:2", tags = ["row-tag:{row}"], cache = process.cache, skip(process))]
    async fn load(process: &Process, row: u32) -> (u32, u64) {
        (row, u64::from(process.state(row).await))
    }

    pub(super) struct Side;

    impl Version for Side {
        type Value = (u32, u64);
        async fn load(process: &Process, row: u32) -> (u32, u64) {
            load(process, row).await
        }
        fn of(row: u32, state: u32) -> (u32, u64) {
            (row, u64::from(state))
        }
        fn state(value: &(u32, u64)) -> u32 {
            value.1 as u32
        }
    }
}

/// Bodies that run a call, where of a hundred calls so many are of the new version.
async fn computations<New: Version>(promise: Promise, new_of_hundred: u32) -> f64 {
    let server = RedisServer::start().await;
    let database = Arc::new(Database::default());
    let old = Process::start(&server, &database, promise).await;
    let new = Process::start(&server, &database, promise).await;
    let mut dice = Dice(1);
    for _ in 0..CALLS {
        let row = dice.below(ROWS);
        if dice.below(100) < new_of_hundred {
            new.read::<New>(row).await;
        } else {
            old.read::<old::Side>(row).await;
        }
    }
    let share = database.runs() as f64 / f64::from(CALLS);
    println!("{promise:?}, {new_of_hundred} % new: {share:.3} computations a call");
    share
}

/// A call computes if the one before it, of this key, was of the other version: of two calls in a row one is old and one is
/// new with a chance of 2 p (1 - p).
#[tokio::test]
async fn under_one_key_every_other_call_computes_at_the_worst() {
    for (new_of_hundred, expected) in [(0, 0.0), (10, 0.18), (50, 0.5), (90, 0.18), (100, 0.0)] {
        let share = computations::<new::Side>(Promise::Strict, new_of_hundred).await;
        assert!((share - expected).abs() < 0.04, "{share}, not {expected}");
        // Who keeps an entry hears a little later that it was replaced, and answers with it until then.
        let share = computations::<new::Side>(Promise::Bounded, new_of_hundred).await;
        assert!(share < expected + 0.04, "{share}, more than {expected}");
    }
}

#[tokio::test]
async fn under_two_keys_each_version_computes_once() {
    for promise in Promise::BOTH {
        let share = computations::<apart::Side>(promise, 50).await;
        assert_eq!(share, f64::from(2 * ROWS) / f64::from(CALLS));
    }
}

/// Their scopes and tags are the same.
#[tokio::test]
async fn under_two_keys_a_tag_and_a_scope_end_both_and_an_exact_key_its_own() {
    let server = RedisServer::start().await;
    let database = Arc::new(Database::default());
    let old = Process::start(&server, &database, Promise::Strict).await;
    let new = Process::start(&server, &database, Promise::Strict).await;
    for (by_old, ends) in [
        ("tag", (true, true)),
        ("scope", (true, true)),
        ("key", (true, false)),
    ] {
        old.read::<old::Side>(1).await;
        new.read::<apart::Side>(1).await;
        old.ran();
        new.ran();
        match by_old {
            "tag" => old.cache.invalidate_tag("row-tag:1").await,
            "scope" => old.cache.invalidate("row:*").await,
            _ => old.cache.invalidate("row:1").await,
        };
        old.read::<old::Side>(1).await;
        new.read::<apart::Side>(1).await;
        assert_eq!((old.ran() > 0, new.ran() > 0), ends, "{by_old}");
    }
}

/// A namespace of its own is a cache of its own: nothing that the other version invalidates is heard of there.
#[tokio::test]
async fn a_namespace_of_its_own_hears_of_no_invalidation() {
    let server = RedisServer::start().await;
    let database = Arc::new(Database::default());
    let old = Process::start(&server, &database, Promise::Strict).await;
    let elsewhere = |cache: cache_runtime::Builder| cache.namespace("app-2");
    let new = Process::with(server.url(), &database, Promise::Strict, elsewhere).await;
    new.read::<new::Side>(1).await;
    old.read::<old::Side>(1).await;
    let state = database.write(1);
    // Not vouched for: it would be a promise that is not kept.
    old.cache.clear().await;
    assert_eq!(old.read::<old::Side>(1).await, state);
    assert_eq!(new.read::<new::Side>(1).await, state - 1);
}

/// Callers of both versions at once, who compute for a while: the lease goes from one to the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_waits_for_two_computations_of_the_other_version_at_most() {
    const TAKES: Duration = Duration::from_millis(100);
    const CALLERS: u64 = 8;
    const ROUNDS: usize = 15;

    async fn callers<V: Version>(process: Arc<Process>, mut dice: Dice) -> Vec<Duration> {
        let mut took = Vec::new();
        for _ in 0..ROUNDS {
            tokio::time::sleep(Duration::from_millis(dice.below(150).into())).await;
            let began = Instant::now();
            process.read::<V>(1).await;
            took.push(began.elapsed());
        }
        took
    }

    for promise in Promise::BOTH {
        let server = RedisServer::start().await;
        let database = Arc::new(Database::default());
        database.takes(TAKES);
        let old = Process::start(&server, &database, promise).await;
        let new = Process::start(&server, &database, promise).await;
        let mut tasks = Vec::new();
        for number in 0..CALLERS {
            let (one, other) = (Dice(2 * number), Dice(2 * number + 1));
            tasks.push(tokio::spawn(callers::<old::Side>(Arc::clone(&old), one)));
            tasks.push(tokio::spawn(callers::<new::Side>(Arc::clone(&new), other)));
        }
        let mut took = Vec::new();
        for task in tasks {
            took.extend(task.await.expect("no call fails"));
        }
        took.sort();
        let (median, longest) = (took[took.len() / 2], took[took.len() - 1]);
        let share = database.runs() as f64 / took.len() as f64;
        println!(
            "{promise:?}, {CALLERS} callers of each version at once: {share:.2} computations a call, \
             median {median:?}, longest {longest:?}"
        );
        assert!(share <= 1.0, "{share}");
        // Two of the other's, the own one, and what a busy machine takes.
        assert!(longest < 3 * TAKES + Duration::from_secs(1), "{longest:?}");
    }
}

/// What nobody calls, nobody computes: a refresh in the background stops at what it cannot read.
#[tokio::test]
async fn without_calls_nothing_is_computed() {
    #[cached(ttl = "100ms", swr = "1h", early, key = "row:{row}", cache = process.cache, skip(process))]
    async fn old(process: Arc<Process>, row: u32) -> u32 {
        process.state(row).await
    }
    #[cached(ttl = "100ms", swr = "1h", early, key = "row:{row}", cache = process.cache, skip(process))]
    async fn new(process: Arc<Process>, row: u32) -> u64 {
        u64::from(process.state(row).await)
    }

    let server = RedisServer::start().await;
    let database = Arc::new(Database::default());
    let one = Process::start(&server, &database, Promise::Bounded).await;
    let other = Process::start(&server, &database, Promise::Bounded).await;
    for _ in 0..10 {
        old(Arc::clone(&one), 1).await;
        new(Arc::clone(&other), 1).await;
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    assert!(one.cache.flush(PATIENCE).await == cache_runtime::Delivery::Delivered);
    let idle = || async {
        let (one, other) = (one.cache.health().await, other.cache.health().await);
        one.computing == 0 && other.computing == 0
    };
    test_servers::wait_until("nobody computes", PATIENCE, idle).await;
    let runs = database.runs();
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(database.runs(), runs);
}

/// Both versions of a function in one program, behind a switch say, are two functions of one key to its cache.
#[tokio::test]
async fn both_versions_in_one_process_are_right() {
    let server = RedisServer::start().await;
    for promise in Promise::BOTH {
        let database = Arc::new(Database::default());
        let process = Process::start(&server, &database, promise).await;
        process.cache.clear().await;
        for by in By::ALL {
            for _ in 0..3 {
                process.read::<old::Side>(1).await;
                process.read::<new::Side>(1).await;
            }
            process.write(1, by).await;
        }
    }
}

/// An embedded cache has nobody to share with but itself.
#[tokio::test]
async fn both_versions_in_one_embedded_cache_are_right() {
    #[cached(key = "number:{number}", cache = cache, skip(cache))]
    async fn old(cache: &Cache, number: u32) -> u32 {
        number
    }
    #[cached(key = "number:{number}", cache = cache, skip(cache), version = 2)]
    async fn raised(cache: &Cache, number: u32) -> u32 {
        number * 1000
    }
    #[cached(key = "number:{number}", cache = cache, skip(cache))]
    async fn new(cache: &Cache, number: u32) -> String {
        number.to_string()
    }

    let cache = Cache::in_memory();
    for _ in 0..3 {
        assert_eq!(old(&cache, 7).await, 7);
        assert_eq!(raised(&cache, 7).await, 7000);
        assert_eq!(new(&cache, 7).await, "7");
    }
}
