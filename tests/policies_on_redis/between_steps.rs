//! What only a server can get wrong: between looking and asking for the lease, and while another process is waited for.

use crate::source::{Broken, Source, pass, until};
use cache_runtime::{Cache, Consistency, TimedOut, bypass, cached, stored};
use serde::{Deserialize, Deserializer, Serialize};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};
use test_servers::{Deployment, Proxy, RedisServer, Reply};
use tokio::task::JoinSet;

async fn process(server: &Deployment) -> Cache {
    let cache = Cache::builder()
        .redis(server.url())
        .consistency(Consistency::Strict)
        .operation_timeout(Duration::from_secs(5))
        .longest_wait(Duration::from_millis(300))
        .build()
        .await;
    cache.expect("a valid configuration")
}

/// Stops whoever decodes a page, once: after its entry was found to be valid, and before anything else is done.
static STOP: Mutex<Option<(Sender<()>, Receiver<()>)>> = Mutex::new(None);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Page {
    #[serde(deserialize_with = "stopping")]
    revision: u32,
    text: String,
}

fn stopping<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let stop = STOP.lock().expect("not poisoned").take();
    if let Some((has_stopped, goes_on)) = stop {
        has_stopped.send(()).expect("somebody waits");
        goes_on.recv().expect("somebody lets go");
    }
    u32::deserialize(deserializer)
}

#[cached(ttl = "200ms", revalidate = "1m", cache = cache, key = "page", tags = ["pages"], skip(cache, source))]
async fn page(cache: &Cache, source: &Source) -> Page {
    // The source tells revisions of the text apart, and knows nothing of what "pages" stands for.
    if let Some(stored) = stored::<Page>()
        && stored.revision == 7
    {
        return stored.not_modified();
    }
    Page {
        revision: 7,
        text: format!("in theme {}", source.read().await.expect("not broken here")),
    }
}

/// "What was invalidated is not handed over. The body cannot bring it back by accident."
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_invalidated_before_the_lease_is_taken_is_not_handed_over() {
    let server = Deployment::start().await;
    let (one, other) = (process(&server).await, process(&server).await);
    let source = Source::behind(&one);
    assert_eq!(page(&one, &source).await.text, "in theme 1");
    pass(Duration::from_millis(260)).await;
    let ((stops, has_stopped), (lets_go, goes_on)) = (channel(), channel());
    *STOP.lock().expect("not poisoned") = Some((stops, goes_on));
    let early = tokio::spawn({
        let (one, source) = (one.clone(), source.clone());
        async move { page(&one, &source).await }
    });
    tokio::task::spawn_blocking(move || has_stopped.recv().expect("it decodes"))
        .await
        .expect("no panic");
    source.write(2);
    other.invalidate_tag("pages").await;
    lets_go.send(()).expect("it waits");
    early.await.expect("answered");
    // This call begins long after the invalidation has returned.
    assert_eq!(page(&other, &source).await.text, "in theme 2");
}

#[derive(Debug)]
struct Slow;

impl From<TimedOut> for Slow {
    fn from(_: TimedOut) -> Self {
        Slow
    }
}

#[cached(ttl = "1m", timeout = "100ms", cache = cache, key = "slow", tags = ["slow"], skip(cache, source))]
async fn slow(cache: &Cache, source: &Source) -> Result<u32, Slow> {
    Ok(source.read().await.expect("not broken here"))
}

#[cached(ttl = "1h", cache = cache, key = "lenient", skip(cache, source))]
async fn lenient(cache: &Cache, source: &Source) -> String {
    slow(cache, source)
        .await
        .map_or("unknown".to_owned(), |number| number.to_string())
}

/// A value that is made of the news that something takes too long depends on it, also where another process is at it.
#[tokio::test]
async fn what_is_made_of_waiting_for_another_process_ends_with_what_was_waited_for() {
    let server = Deployment::start().await;
    let (one, other) = (process(&server).await, process(&server).await);
    let source = Source::behind(&one);
    source.hold();
    let first = tokio::spawn({
        let (one, source) = (one.clone(), source.clone());
        async move { slow(&one, &source).await }
    });
    source.has_read().await;
    assert_eq!(lenient(&other, &source).await, "unknown");
    source.let_go();
    let _ = first.await;
    until(async || one.contains("slow").await).await;
    source.write(2);
    one.invalidate_tag("slow").await;
    assert_eq!(lenient(&other, &source).await, "2");
}

/// A source that hangs: callers give up, and what they leave behind must not ask it again for nobody.
#[tokio::test]
async fn a_source_that_hangs_is_not_asked_for_callers_who_have_gone() {
    let server = Deployment::start().await;
    let cache = process(&server).await;
    let source = Source::behind(&cache);
    source.hold();
    let mut callers = JoinSet::new();
    for _ in 0..30 {
        let (cache, source) = (cache.clone(), source.clone());
        callers.spawn(async move { slow(&cache, &source).await.is_err() });
    }
    assert_eq!(callers.join_all().await, [true; 30]);
    pass(Duration::from_secs(1)).await;
    let runs = source.runs();
    source.let_go();
    assert!(runs <= 3, "{runs} runs");
}

#[cached(ttl = "200ms", stale_if_error = "1m", cache = cache, key = "hanging", skip(cache, source))]
async fn hanging(cache: &Cache, source: &Source) -> Result<u32, Broken> {
    source.read().await
}

/// Of those who have waited for the longest time, one leads again and the others join it: so it is with an embedded cache.
#[tokio::test]
async fn a_source_that_hangs_is_not_asked_by_all_at_once() {
    let server = Deployment::start().await;
    let cache = process(&server).await;
    let source = Source::behind(&cache);
    assert_eq!(hanging(&cache, &source).await, Ok(1));
    pass(Duration::from_millis(260)).await;
    source.hold();
    let mut callers = JoinSet::new();
    for _ in 0..30 {
        let (cache, source) = (cache.clone(), source.clone());
        callers.spawn(async move { hanging(&cache, &source).await });
    }
    source.has_read().await;
    pass(Duration::from_millis(450)).await;
    let runs = source.runs() - 1;
    source.let_go();
    callers.join_all().await;
    assert!(runs <= 3, "{runs} runs");
}

#[cached(ttl = "200ms", stale_if_error = "1m", throttle = "1m", cache = cache, key = "rate", skip(cache, source))]
async fn rate(cache: &Cache, source: &Source) -> Result<u32, Broken> {
    source.read().await
}

/// A rest lies where a lease does, and is none.
#[tokio::test]
async fn what_rests_is_not_said_to_be_computed() {
    let server = Deployment::start().await;
    let cache = process(&server).await;
    let source = Source::behind(&cache);
    rate(&cache, &source).await.expect("not broken yet");
    pass(Duration::from_millis(260)).await;
    source.breaks();
    rate(&cache, &source).await.expect("the older one");
    let explanation = cache.explain("rate").await;
    assert!(!explanation.computing, "{explanation}");
}

#[cached(batch(id in ids), ttl = "1m", cache = cache, key = "far:{id}", skip(cache, source))]
async fn far(cache: &Cache, source: &Source, ids: &[u32]) -> Result<Vec<(u32, u32)>, Broken> {
    let value = source.read().await?;
    Ok(ids.iter().map(|id| (*id, value)).collect())
}

#[cached(ttl = "1m", cache = cache, key = "sum", skip(cache, source, ids))]
async fn sum_past(cache: &Cache, source: &Source, ids: Vec<u32>) -> Result<u32, Broken> {
    let found = bypass(far(cache, source, &ids)).await?;
    Ok(found.iter().map(|(_, value)| value).sum())
}

/// A batch takes as many round trips as one call does, however it ends and wherever it goes.
#[tokio::test]
async fn a_batch_takes_no_round_trip_for_each_identifier() {
    const SLOW: Duration = Duration::from_millis(10);
    let server = RedisServer::start().await;
    let proxy = Proxy::start(server.port()).await;
    let cache = Cache::builder()
        .redis(proxy.url())
        .consistency(Consistency::Strict)
        .operation_timeout(Duration::from_secs(5))
        .build()
        .await
        .expect("a valid configuration");
    let source = Source::behind(&cache);
    let ids: Vec<u32> = (0..100).collect();
    cache.set("there", 1).await;
    proxy.delay(SLOW);
    let timed = async |ids: &[u32]| {
        let began = Instant::now();
        let answer = far(&cache, &source, ids).await.map(|found| found.len());
        (answer, began.elapsed())
    };
    let (answer, succeeded) = timed(&ids).await;
    assert_eq!(answer, Ok(100));
    let began = Instant::now();
    assert_eq!(sum_past(&cache, &source, ids.clone()).await, Ok(100));
    let past = began.elapsed();
    cache.clear().await;
    source.breaks();
    let (answer, failed) = timed(&ids).await;
    assert_eq!(answer, Err(Broken));
    let most = 3 * succeeded + 10 * SLOW;
    assert!(
        failed < most && past < most,
        "where it succeeds {succeeded:?}, where it fails {failed:?}, inside of a computation past the cache {past:?}"
    );
}

#[cached(ttl = "200ms", stale_if_error = "1m", throttle = "1m", cache = cache, key = "tagged", tags = ["tagged"], skip(cache, source))]
async fn tagged(cache: &Cache, source: &Source) -> Result<u32, Broken> {
    source.read().await
}

/// The end of a tag leaves the rest where it is, and nobody has anything to fall back on.
#[tokio::test]
async fn who_has_nothing_to_answer_with_passes_over_a_rest() {
    let server = Deployment::start().await;
    let (one, other) = (process(&server).await, process(&server).await);
    let source = Source::behind(&one);
    tagged(&one, &source).await.expect("not broken yet");
    pass(Duration::from_millis(260)).await;
    source.breaks();
    assert_eq!(tagged(&one, &source).await, Ok(1));
    source.recovers();
    source.write(2);
    other.invalidate_tag("tagged").await;
    for cache in [&other, &one] {
        let answer = tokio::time::timeout(Duration::from_secs(5), tagged(cache, &source));
        assert_eq!(answer.await.expect("at once"), Ok(2));
    }
}

#[cached(ttl = "200ms", swr = "1m", throttle = "1m", cache = cache, key = "renewed", skip(cache, source))]
async fn renewed(cache: &Cache, source: &Source) -> Result<u32, Broken> {
    source.read().await
}

/// What one process has found out about a source, the refreshes of all others go by.
#[tokio::test]
async fn the_refreshes_of_all_processes_rest_together() {
    let server = Deployment::start().await;
    let (one, other) = (process(&server).await, process(&server).await);
    let source = Source::behind(&one);
    renewed(&one, &source).await.expect("not broken yet");
    pass(Duration::from_millis(260)).await;
    source.breaks();
    assert_eq!(renewed(&one, &source).await, Ok(1));
    until(async || source.runs() == 2).await;
    pass(Duration::from_millis(100)).await;
    for _ in 0..5 {
        assert_eq!(renewed(&other, &source).await, Ok(1));
        pass(Duration::from_millis(50)).await;
    }
    assert_eq!(source.runs(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn no_process_sees_what_another_has_invalidated_before() {
    let server = Deployment::start().await;
    let caches = [
        process(&server).await,
        process(&server).await,
        process(&server).await,
    ];
    crate::everything_at_once::soak(caches.to_vec()).await;
}

#[cached(ttl = "1h", swr = "100h", cache = cache, key = "kept", tags = ["kept"], skip(cache, source))]
async fn kept(cache: &Cache, source: &Source) -> u32 {
    source.read().await.expect("not broken here")
}

/// A generation that ends before its entry takes it along.
#[tokio::test]
async fn generations_live_for_longer_than_what_is_kept_past_its_time() {
    let server = Deployment::start().await;
    let cache = process(&server).await;
    let source = Source::behind(&cache);
    kept(&cache, &source).await;
    let left = async |name: &str| match server.command(&["PTTL", name]).await {
        Reply::Integer(left) => left,
        other => panic!("{name}: {other:?}"),
    };
    let entry = left("kept").await;
    assert!(entry > 100 * 3_600_000, "{entry}");
    for generation in ["~tag:kept", "~scope:"] {
        let its = left(generation).await;
        assert!(its > entry, "{generation}: {its}, and the entry {entry}");
    }
}

#[cached(batch(id in ids), ttl = "1m", cache = cache, key = "long:{id}", skip(cache, source))]
async fn long(cache: &Cache, source: &Source, ids: &[u32]) -> Vec<(u32, u32)> {
    let value = source.read().await.expect("not broken here");
    ids.iter().map(|id| (*id, value)).collect()
}

/// A batch keeps its leases for as long as it runs.
#[tokio::test]
async fn a_batch_that_takes_longer_than_a_lease_keeps_them() {
    let server = Deployment::start().await;
    let process = async || {
        let cache = Cache::builder()
            .redis(server.url())
            .operation_timeout(Duration::from_secs(5))
            .lease(Duration::from_millis(400))
            .build();
        cache.await.expect("a valid configuration")
    };
    let (one, other) = (process().await, process().await);
    let source = Source::behind(&one);
    source.hold();
    let mut callers = JoinSet::new();
    for (cache, ids) in [(one, [1, 2]), (other, [2, 1])] {
        let source = source.clone();
        callers.spawn(async move { long(&cache, &source, &ids).await.len() });
        pass(Duration::from_millis(100)).await;
    }
    pass(Duration::from_millis(1_500)).await;
    assert_eq!(source.runs(), 1);
    source.let_go();
    assert_eq!(callers.join_all().await, [2, 2]);
    assert_eq!(source.runs(), 1);
}
