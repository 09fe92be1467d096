//! Panics, hangs, aborts, growth.

use crate::world::{World, settle};
use cache_runtime::{Cache, cached, key};
use serde::{Deserialize, Serialize};
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

/// The result of a future that is ready at once, without a runtime.
fn now<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    match future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}

/// Whether `work` ends within `limit`, on a thread that is left behind if it does not.
fn ends_within<T: Send + 'static>(
    limit: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (done, is_done) = channel();
    std::thread::spawn(move || done.send(work()));
    is_done.recv_timeout(limit).ok()
}

// ----------------------------------------------------------------------------------------- Drop under a lock

type DropHook = Mutex<Option<Box<dyn FnOnce() + Send>>>;

/// A value that does something when it is dropped.
#[derive(Clone, Serialize, Deserialize)]
struct Guarded {
    #[serde(skip)]
    #[allow(dead_code, reason = "it is there to be dropped")]
    on_drop: Option<Arc<Hooked>>,
}

#[derive(Default)]
struct Hooked(DropHook);

impl Drop for Hooked {
    fn drop(&mut self) {
        if let Some(hook) = self.0.lock().unwrap().take() {
            hook();
        }
    }
}

fn guarded(hook: impl FnOnce() + Send + 'static) -> Guarded {
    Guarded {
        on_drop: Some(Arc::new(Hooked(Mutex::new(Some(Box::new(hook)))))),
    }
}

#[test]
fn a_drop_that_panics_leaves_the_cache_whole() {
    let cache = Cache::in_memory();
    now(cache
        .set("k", guarded(|| panic!("once, on purpose")))
        .into_future());
    let replaced = catch_unwind(AssertUnwindSafe(|| now(cache.set("k", 1u32).into_future())));
    assert!(replaced.is_err(), "the panic of the user's own `Drop`");
    let read = catch_unwind(AssertUnwindSafe(|| now(cache.get::<u32>("k"))));
    assert!(read.is_ok(), "a look-up panics for good");
}

#[test]
fn a_drop_may_use_the_cache() {
    let ended = ends_within(Duration::from_secs(5), || {
        let cache = Cache::in_memory();
        let inside = cache.clone();
        let value = guarded(move || {
            now(inside.delete("k"));
        });
        now(cache.set("k", value).into_future());
        now(cache.set("k", 1u32).into_future());
    });
    assert!(ended.is_some(), "it hangs");
}

// ----------------------------------------------------------------------------------------- graphs of flights

/// Each level reads both functions of the level below, at the same time.
#[cached(cache = cache, key = "node:{level}:{side}", skip(cache))]
fn node(cache: &Cache, level: u32, side: u32) -> Pin<Box<dyn Future<Output = u64> + Send + '_>> {
    Box::pin(async move {
        tokio::task::yield_now().await;
        if level == 0 {
            return 1;
        }
        let (a, b) = tokio::join!(node(cache, level - 1, 0), node(cache, level - 1, 1));
        a + b
    })
}

#[test]
fn a_diamond_of_reads_is_walked_once() {
    let started = Instant::now();
    let ended = ends_within(Duration::from_secs(20), || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let mut times = Vec::new();
        for level in [4, 8, 12, 16, 18, 20] {
            let cache = Cache::in_memory();
            let started = Instant::now();
            assert_eq!(runtime.block_on(node(&cache, level, 0)), 1 << level);
            times.push((level, started.elapsed()));
            println!("{level} levels: {:?}", started.elapsed());
        }
        times
    });
    assert!(ended.is_some(), "not done after {:?}", started.elapsed());
}

/// Yesterday's balance is needed for today's; every day is asked for by a task of its own, so that each day's flight
/// waits for the flight before.
#[cached(cache = world.cache, key = "balance:{day}", skip(world))]
async fn balance(world: &World, day: u32) -> u64 {
    if day == 0 {
        return u64::from(world.read_slowly().await);
    }
    1 + Box::pin(balance(world, day - 1)).await
}

const CHAIN: &str = "ATTACK_CHAIN";

#[test]
fn a_long_chain_of_waiting_tasks_does_not_overflow_a_stack() {
    if let Ok(days) = std::env::var(CHAIN) {
        let days: u32 = days.parse().unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            tokio::spawn(async move {
                let patient = std::env::var("ATTACK_PATIENT").is_ok();
                let wait = Duration::from_secs(if patient { 3_600 } else { 10 });
                let world = World::with(|cache| cache.longest_wait(wait)).await;
                let mut tasks = Vec::new();
                for day in 0..=days {
                    tasks.push(world.spawn(|world| async move { balance(&world, day).await }));
                    tokio::task::yield_now().await;
                }
                world.let_go(1);
                let mut last = 0;
                for task in tasks {
                    last = task.await.unwrap();
                }
                assert_eq!(last, u64::from(days) + 1);
            })
            .await
            .unwrap();
        });
        return;
    }
    let mut fates = Vec::new();
    for days in [100, 500] {
        let started = Instant::now();
        let mut child = std::process::Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "robust::a_long_chain_of_waiting_tasks_does_not_overflow_a_stack",
                "--nocapture",
            ])
            .env(CHAIN, days.to_string())
            .stderr(std::process::Stdio::null())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status.to_string();
            }
            if started.elapsed() > Duration::from_secs(60) {
                child.kill().unwrap();
                child.wait().unwrap();
                break "not done after 60 s".to_owned();
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        fates.push(format!(
            "{days} days: {status} after {:.1?}",
            started.elapsed()
        ));
        if !fates[fates.len() - 1].contains("exit status: 0") {
            break;
        }
    }
    let all_well = fates.iter().all(|fate| fate.contains("exit status: 0"));
    assert!(all_well, "{fates:#?}");
}

// ----------------------------------------------------------------------------------------- waiting

#[tokio::test(start_paused = true)]
async fn of_those_who_give_up_waiting_one_leads_and_the_others_join() {
    #[cached(cache = cache, key = "slow", skip(cache, runs))]
    async fn slow(cache: &Cache, runs: &AtomicUsize) -> u32 {
        runs.fetch_add(1, SeqCst);
        tokio::time::sleep(Duration::from_secs(11)).await;
        7
    }
    let (cache, runs) = (Cache::in_memory(), Arc::new(AtomicUsize::new(0)));
    let callers: Vec<_> = (0..1_000)
        .map(|_| {
            let (cache, runs) = (cache.clone(), Arc::clone(&runs));
            tokio::spawn(async move { slow(&cache, &runs).await })
        })
        .collect();
    for caller in callers {
        assert_eq!(caller.await.unwrap(), 7);
    }
    assert!(
        runs.load(SeqCst) <= 3,
        "{} runs of the body",
        runs.load(SeqCst)
    );
}

#[test]
fn a_follower_without_a_timer_waits() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let world = runtime.block_on(World::new());
    let ended = catch_unwind(AssertUnwindSafe(|| {
        runtime.block_on(async {
            let leader = world.cache.get_or_set("k", || world.read_slowly());
            let follower = world.cache.get_or_set("k", || world.read_slowly());
            let let_go = async {
                settle().await;
                world.let_go(2);
            };
            tokio::join!(leader.into_future(), follower.into_future(), let_go)
        })
    }));
    assert!(ended.is_ok());
}

// ----------------------------------------------------------------------------------------- errors of the cache

static SERIALIZABLE: AtomicBool = AtomicBool::new(true);

#[derive(Clone, Debug, PartialEq, Deserialize)]
struct Touchy(u32);

impl Serialize for Touchy {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        assert!(SERIALIZABLE.load(SeqCst), "nobody serializes this here");
        serializer.serialize_u32(self.0)
    }
}

#[tokio::test]
async fn a_serialize_that_panics_does_not_reach_the_caller() {
    SERIALIZABLE.store(false, SeqCst);
    let cache = Cache::in_memory();
    let call = tokio::spawn(async move { cache.get_or_set("k", || async { Touchy(1) }).await });
    assert_eq!(call.await.expect("the body has succeeded"), Touchy(1));
}

// ----------------------------------------------------------------------------------------- growth

#[cached(cache = cache, key = "wide:{n}", skip(cache))]
async fn wide(cache: &Cache, n: u32) -> u32 {
    let mut sum = 0;
    for m in 0..2_000 {
        sum += cache.get::<u32>(key!("leaf:{m}")).await.unwrap_or_default();
    }
    sum + n
}

#[test]
fn stamps_count_towards_the_bound_in_bytes() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let cache = runtime
        .block_on(Cache::builder().max_bytes(4 << 20).build())
        .unwrap();
    runtime.block_on(async {
        for m in 0..2_000u32 {
            cache.set(key!("leaf:{m}"), m).await;
        }
    });
    let used = allocation_counter::measure(|| {
        runtime.block_on(async {
            for n in 0..3_000 {
                wide(&cache, n).await;
            }
        });
    });
    let (held, claimed) = (used.bytes_current, cache.stats().bytes);
    assert!(
        held < 8 << 20,
        "{held} bytes held by entries that are said to take {claimed}; the bound is {}",
        4 << 20
    );
}
