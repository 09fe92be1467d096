//! Single flight: callers of a cold key share one run, and go on however it ends.

use crate::backend::{Backend, JOINS_AT_ONCE, SLOWNESS};
use cache_runtime::{Cache, cached};
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use tokio::task::{self, JoinHandle};

struct Source {
    cache: Cache,
    _backend: Option<Backend>,
    runs: AtomicUsize,
    gate: Semaphore,
    /// Whose body has run last.
    leader: Mutex<Option<task::Id>>,
}

impl Source {
    async fn new() -> Arc<Self> {
        Self::on(Backend::new().await)
    }

    fn on(backend: Backend) -> Arc<Self> {
        Self::with(backend.cache(), Some(backend))
    }

    fn with(cache: Cache, backend: Option<Backend>) -> Arc<Self> {
        Arc::new(Source {
            cache,
            _backend: backend,
            runs: AtomicUsize::new(0),
            gate: Semaphore::new(0),
            leader: Mutex::default(),
        })
    }

    fn runs(&self) -> usize {
        self.runs.load(SeqCst)
    }

    async fn until_running(&self, runs: usize) {
        let reached = async {
            while self.runs() < runs {
                tokio::task::yield_now().await;
            }
        };
        let reached = tokio::time::timeout(PATIENCE, reached).await;
        reached.expect("as many runs of the body");
    }

    /// Takes the caller who leads out of those who were started.
    fn take_leader<T>(&self, callers: &mut Vec<JoinHandle<T>>) -> JoinHandle<T> {
        let leader = self.leader.lock().expect("not poisoned");
        let leads = |caller: &JoinHandle<T>| Some(caller.id()) == *leader;
        let place = callers.iter().position(leads);
        callers.remove(place.expect("one of them leads"))
    }

    async fn work(&self) -> usize {
        *self.leader.lock().expect("not poisoned") = task::try_id();
        let run = self.runs.fetch_add(1, SeqCst) + 1;
        self.gate.acquire().await.expect("never closed").forget();
        run
    }
}

#[cached(cache = source.cache, key = "value", skip(source))]
async fn value(source: &Source) -> usize {
    source.work().await
}

fn callers(source: &Arc<Source>, count: usize) -> Vec<JoinHandle<usize>> {
    let call = |_| {
        let source = Arc::clone(source);
        tokio::spawn(async move { value(&source).await })
    };
    (0..count).map(call).collect()
}

/// Long for a task that may go on, short for a test that fails.
const PATIENCE: Duration = Duration::from_secs(10);

/// The result of a task that has no reason left to wait.
async fn soon<T>(task: JoinHandle<T>) -> T {
    let ended = tokio::time::timeout(PATIENCE, task).await;
    ended.expect("the task hangs").expect("the task returns")
}

/// Lets every spawned task reach the place where it waits.
async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_callers_of_one_cold_function_run_its_body_once() {
    let source = Source::new().await;
    let callers = callers(&source, 1_000);
    source.until_running(1).await;
    source.gate.add_permits(1_000);
    for caller in callers {
        assert_eq!(soon(caller).await, 1);
    }
    assert_eq!(source.runs(), 1);
    let stats = source.cache.stats();
    let stats = stats.function("value").expect("it was called");
    assert_eq!((stats.loads, stats.stores), (1, 1));
    assert_eq!(stats.hits + stats.misses, 1_000);
    assert_eq!(stats.coalesced, stats.misses - 1);
}

#[tokio::test]
async fn a_cancelled_leader_is_followed_by_one_more_run() {
    let source = Source::new().await;
    let mut callers = callers(&source, 100);
    source.until_running(1).await;
    settle().await;
    let leader = source.take_leader(&mut callers);
    leader.abort();
    assert!(leader.await.expect_err("aborted").is_cancelled());
    source.until_running(2).await;
    source.gate.add_permits(1_000);
    for caller in callers {
        assert_eq!(soon(caller).await, 2);
    }
    assert_eq!(source.runs(), 2);
}

#[tokio::test]
async fn a_panicking_leader_is_followed_by_one_more_run() {
    #[cached(cache = source.cache, key = "panicking", skip(source))]
    async fn panicking(source: &Source) -> usize {
        let run = source.work().await;
        assert!(run > 1, "on purpose");
        run
    }

    let source = Source::new().await;
    let call = |_| {
        let source = Arc::clone(&source);
        tokio::spawn(async move { panicking(&source).await })
    };
    let mut callers: Vec<_> = (0..100).map(call).collect();
    source.until_running(1).await;
    settle().await;
    let leader = source.take_leader(&mut callers);
    source.gate.add_permits(1_000);
    assert!(leader.await.expect_err("panics").is_panic());
    for caller in callers {
        assert_eq!(soon(caller).await, 2);
    }
    assert_eq!(source.runs(), 2);
}

/// An error that cannot be cloned.
#[derive(Debug)]
struct Unclonable(usize);

impl fmt::Display for Unclonable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "failure {}", self.0)
    }
}

#[tokio::test]
async fn fifty_callers_of_a_failing_body_do_not_queue_up() {
    #[cached(cache = source.cache, key = "failing", skip(source))]
    async fn failing(source: &Source) -> Result<usize, Unclonable> {
        let run = source.runs.fetch_add(1, SeqCst) + 1;
        tokio::time::sleep(Duration::from_millis(20)).await;
        Err(Unclonable(run))
    }

    let source = Source::new().await;
    // A server takes real time; one after the other they would take a second.
    let longest = Duration::from_millis(if JOINS_AT_ONCE { 60 } else { 500 });
    if JOINS_AT_ONCE {
        tokio::time::pause();
    }
    let started = tokio::time::Instant::now();
    let call = |_| {
        let source = Arc::clone(&source);
        tokio::spawn(async move { failing(&source).await })
    };
    for caller in (0..50).map(call).collect::<Vec<_>>() {
        soon(caller).await.expect_err("fails");
    }
    let took = started.elapsed();
    assert!(took < longest, "{took:?}: they waited in line");
    // The leader fails; those who waited find out for themselves, all at once.
    assert_eq!(source.runs(), 50);
    assert_eq!(
        source.cache.stats().function("failing").map(|f| f.errors),
        Some(50)
    );
}

#[tokio::test]
async fn an_error_that_can_be_cloned_is_shared() {
    #[cached(cache = source.cache, key = "sharing", skip(source))]
    async fn sharing(source: &Source) -> Result<usize, String> {
        Err(format!("failure {}", source.work().await))
    }

    let source = Source::new().await;
    let call = |_| {
        let source = Arc::clone(&source);
        tokio::spawn(async move { sharing(&source).await })
    };
    let callers: Vec<_> = (0..50).map(call).collect();
    source.until_running(1).await;
    settle().await;
    source.gate.add_permits(1_000);
    for caller in callers {
        assert_eq!(soon(caller).await.expect_err("fails"), "failure 1");
    }
    assert_eq!(source.runs(), 1);
    // It was shared, not stored.
    assert_eq!(sharing(&source).await.expect_err("fails"), "failure 2");
}

#[tokio::test]
async fn a_value_that_is_not_stored_is_still_shared() {
    #[cached(cache = source.cache, key = "unless", unless = |_value| true, skip(source))]
    async fn unless(source: &Source) -> Option<usize> {
        Some(source.work().await)
    }

    let source = Source::new().await;
    let call = |_| {
        let source = Arc::clone(&source);
        tokio::spawn(async move { unless(&source).await })
    };
    let callers: Vec<_> = (0..50).map(call).collect();
    source.until_running(1).await;
    settle().await;
    source.gate.add_permits(1_000);
    for caller in callers {
        assert_eq!(soon(caller).await, Some(1));
    }
    assert!(!source.cache.contains("unless").await);
}

#[tokio::test]
async fn a_follower_waits_no_longer_than_it_was_told_to() {
    let wait = Duration::from_millis(50);
    let source = Source::on(Backend::with(|cache| cache.longest_wait(wait)).await);
    let leader = callers(&source, 1).remove(0);
    source.until_running(1).await;
    let started = Instant::now();
    let follower = callers(&source, 1).remove(0);
    source.until_running(2).await;
    assert!(started.elapsed() >= wait);
    source.gate.add_permits(2);
    let mut runs = [soon(leader).await, soon(follower).await];
    runs.sort_unstable();
    assert_eq!(runs, [1, 2]);
}

#[tokio::test]
async fn two_functions_with_one_key_and_other_tags_do_not_share_a_run() {
    #[cached(cache = source.cache, key = "shared-key", tags = ["left"], skip(source))]
    async fn left(source: &Source) -> usize {
        source.work().await
    }
    #[cached(cache = source.cache, key = "shared-key", tags = ["right"], skip(source))]
    async fn right(source: &Source) -> usize {
        source.work().await
    }

    let source = Source::new().await;
    let one = tokio::spawn({
        let source = Arc::clone(&source);
        async move { left(&source).await }
    });
    source.until_running(1).await;
    let other = tokio::spawn({
        let source = Arc::clone(&source);
        async move { right(&source).await }
    });
    // On a server they compute one after the other: there is one lease for the key.
    source.gate.add_permits(if JOINS_AT_ONCE { 0 } else { 1 });
    source.until_running(2).await;
    source.gate.add_permits(2);
    assert_eq!(soon(one).await, 1);
    assert_eq!(soon(other).await, 2);
    // The entry that is there now carries one of the tags; the other function does not take it.
    source.gate.add_permits(2);
    right(&source).await;
    source.cache.invalidate_tag("right").await;
    let before = source.runs();
    right(&source).await;
    assert_eq!(source.runs(), before + 1);
}

#[tokio::test]
async fn functions_work_without_a_cache() {
    let source = Source::with(Cache::disabled(), None);
    source.gate.add_permits(10);
    assert_eq!(value(&source).await, 1);
    assert_eq!(value(&source).await, 2);
    let stats = source.cache.stats();
    assert_eq!(stats.function("value").map(|f| f.bypassed), Some(2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_body_that_is_over_at_once_still_runs_once_a_key() {
    const KEYS: usize = 20_000 / SLOWNESS.pow(2);

    #[cached(cache = source.cache, key = "quick:{id}", skip(source))]
    async fn quick(source: &Source, id: usize) -> usize {
        source.runs.fetch_add(1, SeqCst);
        id
    }

    let source = Source::new().await;
    let walk = |_| {
        let source = Arc::clone(&source);
        tokio::spawn(async move {
            for id in 0..KEYS {
                assert_eq!(quick(&source, id).await, id);
            }
        })
    };
    for walker in (0..8).map(walk).collect::<Vec<_>>() {
        soon(walker).await;
    }
    assert_eq!(source.runs(), KEYS);
}

static GATED: std::sync::OnceLock<Arc<Source>> = std::sync::OnceLock::new();

fn gated() -> &'static Arc<Source> {
    GATED.get().expect("made by the test")
}

#[cached(cache = gated().cache, key = "gated", companion)]
async fn gated_value() -> usize {
    gated().work().await
}

#[tokio::test]
async fn a_refresh_joins_nothing_that_began_before_it() {
    assert!(GATED.set(Source::new().await).is_ok());
    let early = tokio::spawn(gated_value());
    gated().until_running(1).await;
    let refreshed = tokio::spawn(gated_value::refresh());
    gated().until_running(2).await;
    gated().gate.add_permits(2);
    assert_eq!((soon(early).await, soon(refreshed).await), (1, 2));
    assert_eq!(gated_value().await, 2, "and what it found is kept");
}

#[tokio::test]
async fn two_versions_of_a_function_do_not_share_a_run() {
    #[cached(cache = source.cache, key = "versioned", version = 1, skip(source))]
    async fn old(source: &Source) -> usize {
        source.work().await
    }
    #[cached(cache = source.cache, key = "versioned", version = 2, skip(source))]
    async fn new(source: &Source) -> usize {
        source.work().await
    }

    let source = Source::new().await;
    let one = tokio::spawn({
        let source = Arc::clone(&source);
        async move { old(&source).await }
    });
    source.until_running(1).await;
    let other = tokio::spawn({
        let source = Arc::clone(&source);
        async move { new(&source).await }
    });
    // On a server they compute one after the other: there is one lease for the key.
    source.gate.add_permits(if JOINS_AT_ONCE { 0 } else { 1 });
    source.until_running(2).await;
    source.gate.add_permits(2);
    assert_eq!((soon(one).await, soon(other).await), (1, 2));
}
