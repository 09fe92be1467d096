//! How long calls wait for others, and for what.

use crate::{PATIENCE, SessionCache, ms, on, patient, session, until_connected};
use cache_runtime::{Cache, Delivery, cached};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::{Duration, Instant};
use test_servers::{Deployment, Proxy, RedisServer, wait_until};
use tokio::sync::Semaphore;

#[tokio::test]
async fn a_server_that_hangs_during_the_body_is_waited_for_once() {
    struct Hang {
        cache: Cache,
        proxy: Proxy,
    }
    #[cached(cache = it.cache, key = "late", ttl = "5m", skip(it), tags_with = |value: &u32| vec![format!("t{value}")])]
    async fn late(it: &Hang) -> u32 {
        it.proxy.hang();
        1
    }
    #[cached(cache = it.cache, key = "plain", ttl = "5m", skip(it))]
    async fn plain(it: &Hang) -> u32 {
        it.proxy.hang();
        1
    }
    const TIMEOUT: Duration = Duration::from_millis(300);
    let mut took = Vec::new();
    for which in ["plain", "tags_with", "load"] {
        let server = RedisServer::start().await;
        let proxy = Proxy::start(server.port()).await;
        let cache = on(proxy.url())
            .operation_timeout(TIMEOUT)
            .build()
            .await
            .expect("valid");
        until_connected(&cache).await;
        let it = Hang { cache, proxy };
        let sessions = SessionCache::new(&it.cache);
        let load = || async {
            it.proxy.hang();
            Ok::<_, ()>(Some(session("s1", "a@x", 1)))
        };
        let began = Instant::now();
        match which {
            "plain" => {
                plain(&it).await;
            }
            "tags_with" => {
                late(&it).await;
            }
            _ => {
                let _ = sessions.get_or_load("s1", load).await;
            }
        }
        took.push((which, began.elapsed()));
    }
    let slow: Vec<_> = took
        .iter()
        .filter(|(_, took)| *took > TIMEOUT * 3 / 2)
        .collect();
    assert!(slow.is_empty(), "{slow:?}");
}

#[tokio::test]
async fn a_caller_behind_an_ended_computation_does_not_hammer_a_server_that_is_full() {
    struct Slow {
        cache: Cache,
        gate: Semaphore,
        calls: AtomicU32,
    }
    #[cached(cache = it.cache, key = "slow", tags = ["slow"], ttl = "5m", skip(it))]
    async fn slow(it: &Slow) -> u32 {
        let call = it.calls.fetch_add(1, SeqCst);
        if call == 0 {
            it.gate.acquire().await.expect("open").forget();
        }
        call
    }
    let server = RedisServer::start().await;
    let cache = patient(server.url()).await;
    let it = Arc::new(Slow {
        cache: cache.clone(),
        gate: Semaphore::new(0),
        calls: AtomicU32::new(0),
    });
    let first = tokio::spawn({
        let it = Arc::clone(&it);
        async move { slow(&it).await }
    });
    wait_until("it computes", PATIENCE, || async {
        it.calls.load(SeqCst) == 1
    })
    .await;
    server.command(&["CONFIG", "SET", "maxmemory", "1"]).await;
    assert_eq!(
        cache.invalidate_tag("slow").await.delivery,
        Delivery::Delivered
    );
    server.reset_stats().await;
    let second = tokio::spawn({
        let it = Arc::clone(&it);
        async move { slow(&it).await }
    });
    ms(1000).await;
    let (scripts, reads) = (server.calls("evalsha").await, server.calls("mget").await);
    let is_done = second.is_finished();
    it.gate.add_permits(10);
    second.await.expect("returns");
    first.await.expect("returns");
    assert!(
        is_done,
        "it waits for a computation that is of no use to it"
    );
    assert!(scripts < 50, "{scripts} scripts, {reads} reads");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_do_not_wait_in_line_for_a_function_that_stores_nothing() {
    #[cached(cache = cache, key = "failing", ttl = "5m", skip(cache))]
    async fn failing(cache: &Cache) -> Result<u32, String> {
        ms(300).await;
        Err("down".into())
    }
    #[cached(cache = cache, key = "nothing", ttl = "5m", skip(cache))]
    async fn nothing(cache: &Cache) -> Option<u32> {
        ms(300).await;
        None
    }
    let server = Deployment::start().await;
    let mut slowest = Vec::new();
    for which in ["failing", "nothing"] {
        let mut caches = Vec::new();
        for _ in 0..8 {
            caches.push(patient(server.url()).await);
        }
        let calls: Vec<_> = caches
            .into_iter()
            .map(|cache| {
                tokio::spawn(async move {
                    let began = Instant::now();
                    if which == "failing" {
                        let _ = failing(&cache).await;
                    } else {
                        let _ = nothing(&cache).await;
                    }
                    began.elapsed()
                })
            })
            .collect();
        let mut worst = Duration::ZERO;
        for call in calls {
            worst = worst.max(call.await.expect("returns"));
        }
        slowest.push((which, worst));
    }
    assert!(
        slowest
            .iter()
            .all(|(_, worst)| *worst < Duration::from_millis(1_500)),
        "{slowest:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_of_a_hot_key_elsewhere_waits_for_two_computations_at_most() {
    struct Hot {
        cache: Cache,
        bodies: Arc<AtomicU32>,
    }
    #[cached(cache = hot.cache, key = "hot", tags = ["hot"], ttl = "5m", skip(hot))]
    async fn hot(hot: &Hot) -> u32 {
        ms(60).await;
        hot.bodies.fetch_add(1, SeqCst)
    }
    let server = Deployment::start().await;
    let bodies = Arc::new(AtomicU32::new(0));
    let near = Hot {
        cache: patient(server.url()).await,
        bodies: Arc::clone(&bodies),
    };
    let far = Hot {
        cache: patient(server.url()).await,
        bodies: Arc::clone(&bodies),
    };
    let churning = tokio::spawn(async move {
        loop {
            hot(&near).await;
            near.cache.invalidate_tag("hot").await;
        }
    });
    ms(200).await;
    let mut worst = 0;
    for _ in 0..6 {
        let before = bodies.load(SeqCst);
        hot(&far).await;
        let waited = bodies.load(SeqCst) - before;
        worst = worst.max(waited);
        ms(30).await;
    }
    churning.abort();
    assert!(worst <= 4, "{worst} computations");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hung_body_elsewhere_delays_one_call_and_not_all() {
    struct Hung {
        cache: Cache,
        hangs: bool,
    }
    #[cached(cache = it.cache, key = "hung", ttl = "5m", skip(it))]
    async fn hung(it: &Hung) -> u32 {
        if it.hangs {
            std::future::pending::<()>().await;
        }
        1
    }
    let server = Deployment::start().await;
    let build = || async {
        let cache = on(server.url())
            .longest_wait(Duration::from_millis(100))
            .build()
            .await
            .expect("valid");
        until_connected(&cache).await;
        cache
    };
    let bad = Hung {
        cache: build().await,
        hangs: true,
    };
    let good = Hung {
        cache: build().await,
        hangs: false,
    };
    let hanging = tokio::spawn(async move { hung(&bad).await });
    ms(100).await;
    // Its lease is renewed for ten times as long as anybody waits.
    let mut quick = false;
    for _ in 0..40 {
        let began = Instant::now();
        hung(&good).await;
        quick |= began.elapsed() < Duration::from_millis(80);
    }
    hanging.abort();
    assert!(quick, "every call waits for as long as it may, for ever");
}

#[tokio::test]
async fn a_reader_does_not_wait_for_another_that_nobody_polls() {
    let server = Deployment::start().await;
    let cache = on(server.url())
        .operation_timeout(Duration::from_millis(500))
        .build()
        .await
        .expect("valid");
    until_connected(&cache).await;
    cache.set("a", 1_u32).await;
    cache.set("b", 2_u32).await;
    for _ in 0..3 {
        cache.get_many::<u32>(["a", "b"]).await;
    }
    let mut stalled = Box::pin(cache.get::<u32>("a"));
    std::future::poll_fn(|context| {
        let _ = stalled.as_mut().poll(context);
        std::task::Poll::Ready(())
    })
    .await;
    let began = Instant::now();
    let found = cache.get::<u32>("b").await;
    assert!(found.is_some() && began.elapsed() < Duration::from_millis(400));
    drop(stalled);
}

#[test]
fn a_runtime_that_is_idle_does_not_keep_others_from_the_server() {
    let driver = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let (server, cache) = driver.block_on(async {
        let server = Deployment::start().await;
        let cache = on(server.url()).build().await.expect("valid");
        until_connected(&cache).await;
        cache.set("a", 1_u32).await;
        (server, cache)
    });
    let other = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    other.block_on(async {
        let began = Instant::now();
        let mut found = None;
        while began.elapsed() < Duration::from_secs(5) && found.is_none() {
            found = cache.get::<u32>("a").await;
            ms(20).await;
        }
        assert!(found.is_some());
    });
    drop((server, driver));
}
