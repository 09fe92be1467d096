//! Attacks that the cache withstood.

use cache_runtime::{Cache, Pattern, cache_invalidate, cache_put, cached, key};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};

const KEYS: usize = 6;

struct Truth {
    /// The inner functions live in one cache, the outer ones in another.
    inner: Cache,
    outer: Cache,
    rows: [AtomicU64; KEYS],
    vouched: [AtomicU64; KEYS],
}

#[cached(cache = truth.inner, key = "t:row:{row}:x", tags = ["row-tag:{row}", "all"], skip(truth))]
async fn row(truth: &Truth, row: usize) -> u64 {
    let version = truth.rows[row].load(SeqCst);
    tokio::task::yield_now().await;
    assert!(
        !version.is_multiple_of(97) || version == 0,
        "a panic now and then"
    );
    version
}

/// Fails now and then, with an error that cannot be cloned.
#[cached(cache = truth.inner, key = "t:fallible:{row}", tags = ["row-tag:{row}"], skip(truth))]
async fn fallible(truth: &Truth, row: usize) -> Result<u64, std::io::Error> {
    let version = truth.rows[row].load(SeqCst);
    tokio::task::yield_now().await;
    if version.is_multiple_of(5) {
        return Err(std::io::Error::other("five"));
    }
    Ok(version)
}

#[cached(cache = truth.outer, key = "pair:{first}:{second}", skip(truth))]
async fn pair(truth: &Truth, first: usize, second: usize) -> (u64, u64) {
    tokio::join!(row(truth, first), async {
        match fallible(truth, second).await {
            Ok(version) => version,
            Err(_) => row(truth, second).await,
        }
    })
}

#[cached(cache = truth.inner, key = "double:{first}:{second}", skip(truth))]
async fn double(truth: &Truth, first: usize, second: usize) -> (u64, u64) {
    let (a, _) = pair(truth, first, second).await;
    tokio::task::yield_now().await;
    let (_, b) = pair(truth, second, first).await;
    let read = truth
        .inner
        .get_or_set(key!("direct:{first}"), || row(truth, first))
        .await;
    (a.min(read).min(b), pair(truth, first, second).await.1)
}

#[cache_invalidate(tags = ["row-tag:{row}"], cache = truth.inner)]
async fn by_tag(truth: &Truth, row: usize) -> u64 {
    truth.rows[row].fetch_add(1, SeqCst) + 1
}

#[cache_invalidate("t:row:{row}:*", "t:fallible:{row}", cache = truth.inner)]
async fn by_scope(truth: &Truth, row: usize) -> u64 {
    truth.rows[row].fetch_add(1, SeqCst) + 1
}

#[cache_invalidate("t:*:{row}*", cache = truth.inner)]
async fn by_glob(truth: &Truth, row: usize) -> u64 {
    truth.rows[row].fetch_add(1, SeqCst) + 1
}

#[cache_invalidate("t:row:{row}:x", "t:f?llible:{row}", cache = truth.inner)]
async fn by_key(truth: &Truth, row: usize) -> u64 {
    truth.rows[row].fetch_add(1, SeqCst) + 1
}

#[cache_put(cache = truth.inner, key = "t:row:{row}:x", tags = ["row-tag:{row}", "all"])]
async fn put(truth: &Truth, row: usize) -> u64 {
    let version = truth.rows[row].fetch_add(1, SeqCst) + 1;
    tokio::task::yield_now().await;
    truth.inner.delete(key!("t:fallible:{row}")).await;
    version
}

/// Declared guards only, two caches, nesting, eviction, cancellation, panics, errors: a few seconds.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn declared_guards_across_two_caches_under_everything() {
    std::panic::set_hook(Box::new(|info| {
        let text = info.to_string();
        if !text.contains("now and then") {
            eprintln!("{text}");
        }
    }));
    let build = || Cache::builder().max_entries(20).build();
    let truth = Arc::new(Truth {
        inner: build().await.unwrap(),
        outer: build().await.unwrap(),
        rows: Default::default(),
        vouched: Default::default(),
    });
    let until = Instant::now() + Duration::from_secs(4);
    let tasks: Vec<_> = (0..16u64)
        .map(|seed| tokio::spawn(work(Arc::clone(&truth), seed, until)))
        .collect();
    for task in tasks {
        task.await.expect("no stale read");
    }
    let stats = (truth.inner.stats(), truth.outer.stats());
    assert!(
        stats.0.hits() > 1_000 && stats.1.hits() > 100,
        "{}\n{}",
        stats.0,
        stats.1
    );
}

async fn work(truth: Arc<Truth>, seed: u64, until: Instant) {
    let mut random = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    while Instant::now() < until {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let (a, b) = (
            (random >> 8) as usize % KEYS,
            (random >> 16) as usize % KEYS,
        );
        let vouch = |row: usize, version: u64| truth.vouched[row].fetch_max(version, SeqCst);
        match random % 32 {
            0 => _ = vouch(a, by_tag(&truth, a).await),
            1 => _ = vouch(a, by_scope(&truth, a).await),
            2 => _ = vouch(a, by_glob(&truth, a).await),
            3 => _ = vouch(a, by_key(&truth, a).await),
            4 => {
                let cloned = Arc::clone(&truth);
                if let Ok(version) = tokio::spawn(async move { put(&cloned, a).await }).await {
                    vouch(a, version);
                }
            }
            5 => {
                truth.rows[a].fetch_add(1, SeqCst);
                let version = truth.rows[a].load(SeqCst);
                truth.inner.invalidate_tag("all").await;
                truth.inner.delete(key!("t:fallible:{a}")).await;
                vouch(a, version);
            }
            // Cancelled midway.
            6..9 => {
                let cloned = Arc::clone(&truth);
                let task = tokio::spawn(async move { double(&cloned, a, b).await });
                tokio::task::yield_now().await;
                task.abort();
            }
            9..18 => {
                let least = (truth.vouched[a].load(SeqCst), truth.vouched[b].load(SeqCst));
                let cloned = Arc::clone(&truth);
                if let Ok(read) = tokio::spawn(async move { double(&cloned, a, b).await }).await {
                    assert!(
                        read.0 >= least.0 && read.1 >= least.1,
                        "{read:?} < {least:?}"
                    );
                }
            }
            18..24 => {
                let least = (truth.vouched[a].load(SeqCst), truth.vouched[b].load(SeqCst));
                let cloned = Arc::clone(&truth);
                if let Ok(read) = tokio::spawn(async move { pair(&cloned, a, b).await }).await {
                    assert!(
                        read.0 >= least.0 && read.1 >= least.1,
                        "{read:?} < {least:?}"
                    );
                }
            }
            _ => {
                let least = truth.vouched[a].load(SeqCst);
                let cloned = Arc::clone(&truth);
                if let Ok(read) = tokio::spawn(async move { row(&cloned, a).await }).await {
                    assert!(read >= least, "{read} < {least}");
                }
            }
        }
    }
}

/// Provided methods of a trait, for two types; a generic method of a generic type.
#[tokio::test]
async fn default_keys_of_provided_methods_tell_the_types_apart() {
    trait Named: Sized + Sync {
        const NAME: &'static str;
        #[cached]
        async fn name(&self, id: u32) -> String {
            format!("{} {id}", Self::NAME)
        }
        #[cached]
        async fn of<T: 'static>(id: u32) -> String {
            format!("{} {} {id}", Self::NAME, std::any::type_name::<T>())
        }
    }
    struct A;
    struct B<T>(T);
    impl Named for A {
        const NAME: &'static str = "A";
    }
    impl Named for B<u8> {
        const NAME: &'static str = "B8";
    }
    impl Named for B<u16> {
        const NAME: &'static str = "B16";
    }
    assert_eq!(A.name(1).await, "A 1");
    assert_eq!(B(1u8).name(1).await, "B8 1");
    assert_eq!(B(1u16).name(1).await, "B16 1");
    assert_eq!(A::of::<u8>(1).await, "A u8 1");
    assert_eq!(A::of::<&'static str>(1).await, "A &str 1");
    assert_eq!(B::<u8>::of::<u8>(1).await, "B8 u8 1");
}

/// Every pattern made from a key by putting stars and question marks into it reaches the key, however deep.
#[tokio::test]
async fn patterns_reach_the_keys_they_are_made_from() {
    let mut random = 0x9E37_79B9_7F4A_7C15u64;
    let mut next = |below: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random >> 11) % below
    };
    let cache = Cache::in_memory();
    for round in 0..20_000 {
        let depth = 1 + next(12) as usize;
        let segments: Vec<String> = (0..depth).map(|_| format!("s{}", next(30))).collect();
        let text = segments.join(":");
        let mut pattern = segments.clone();
        match next(4) {
            0 => {}
            1 => {
                let cut = 1 + next(depth as u64) as usize;
                pattern.truncate(cut);
                if cut == depth {
                    pattern[cut - 1] = "*".to_owned();
                } else {
                    pattern.push("*".to_owned());
                }
            }
            2 => pattern[next(depth as u64) as usize] = "*".to_owned(),
            _ => pattern[next(depth as u64) as usize].replace_range(0..1, "?"),
        }
        let pattern = pattern.join(":");
        cache.set(text.as_str(), round).await;
        assert!(cache.contains(text.as_str()).await);
        cache.invalidate(pattern.as_str()).await;
        let route = Pattern::from(pattern.as_str()).route();
        assert!(
            !cache.contains(text.as_str()).await,
            "{text} by {pattern}, {route}"
        );
    }
}

/// Generic functions that nobody calls, and methods, are in the wiring.
#[test]
fn the_wiring_knows_functions_that_are_never_instantiated() {
    #[allow(dead_code, reason = "the point")]
    #[cached(skip(T), key = "never-called:{id}")]
    async fn never_called<T: Send + Default>(id: u32) -> u32 {
        let _ = T::default();
        id
    }
    let wiring = cache_runtime::wiring();
    assert!(
        wiring
            .caches
            .iter()
            .any(|cache| cache.name.ends_with("never_called"))
    );
}

/// A body that takes no turn any more: its waiters go on after `longest_wait`, and those who come later have hits.
#[tokio::test(start_paused = true)]
async fn a_leader_that_is_never_polled_again_holds_nobody_for_ever() {
    let cache = Cache::in_memory();
    let mut stuck = Box::pin(
        cache
            .get_or_set("k", std::future::pending::<u32>)
            .into_future(),
    );
    let _ = futures_poll(&mut stuck);
    assert_eq!(cache.get_or_set("k", || async { 7u32 }).await, 7);
    assert_eq!(cache.get::<u32>("k").await, Some(7));
    drop(stuck);
    assert_eq!(cache.get::<u32>("k").await, Some(7));
}

fn futures_poll<F: Future + Unpin>(future: &mut F) -> std::task::Poll<F::Output> {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    std::pin::Pin::new(future).poll(&mut context)
}

/// Times at the edges.
#[tokio::test]
async fn times_at_the_edges_do_not_overflow() {
    let cache = Cache::in_memory();
    for ttl in [
        Duration::MAX,
        Duration::from_secs(u64::MAX),
        Duration::from_nanos(1),
        Duration::from_millis(u64::MAX - 1),
    ] {
        assert!(cache.set("k", 1).ttl(ttl).await);
        let _ = (cache.ttl("k").await, cache.explain("k").await.to_string());
    }
}
