//! What becomes of the items of a job.

use crate::source::{Source, ttl_is_over};
use cache_runtime::warm::{Job, Outcome, Progress, Warmer, Warming};
use cache_runtime::{Cache, cached};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

#[cached(ttl = "1h", cache = source.cache(), key = "item:{id}", skip(source))]
async fn item(source: &Source, id: u32) -> Result<u32, String> {
    match id {
        13 => Err("unlucky".to_owned()),
        17 => panic!("worse"),
        _ => source.read().await.map_err(|_| "broken".to_owned()),
    }
}

#[cached(ttl = "400ms", swr = "1h", cache = source.cache(), key = "served:{id}", skip(source))]
async fn served(source: &Source, id: u32) -> Result<u32, String> {
    source.read().await.map_err(|_| format!("{id} is broken"))
}

#[cached(ttl = "30s", cache = source.cache(), key = "short:{id}", skip(source))]
async fn short(source: &Source, id: u32) -> Result<u32, String> {
    source.read().await.map_err(|_| format!("{id} is broken"))
}

#[cached(ttl = "1h", cache = source.cache(), key = "outer:{id}", skip(source))]
async fn outer(source: &Source, id: u32) -> Result<u32, String> {
    short(source, id).await
}

/// A warmer with one job, which calls `$function` for these items.
macro_rules! warmer {
    ($source:expr, $items:expr, $function:ident) => {
        warmer!($source, $items, $function, Duration::ZERO)
    };
    ($source:expr, $items:expr, $function:ident, $ahead:expr) => {{
        let source = $source.clone();
        let items: Vec<u32> = $items.into();
        let job = Job::new(
            "items",
            move || std::future::ready(items.clone()),
            move |id| {
                let source = source.clone();
                async move { $function(&source, id).await }
            },
        );
        Warmer::new(&$source.cache()).job(job.ahead($ahead))
    }};
}

/// What the next run has warmed, skipped and failed in.
async fn next(warming: &Warming) -> (usize, usize, usize) {
    let summary = warming.run("items").await.expect("the job");
    assert_eq!(summary.outcome, Outcome::Done);
    let report = summary.report;
    (report.warmed, report.skipped, report.failed)
}

#[tokio::test]
async fn what_is_missing_is_computed_and_what_is_there_is_not() {
    let source = Source::new().await;
    item(&source, 1).await.expect("computes");
    let warming = warmer!(source, [1, 2, 3], item).start();
    assert_eq!(next(&warming).await, (2, 1, 0));
    assert_eq!(next(&warming).await, (0, 3, 0));
    assert_eq!(source.runs(), 3);
    source.cache().delete("item:2").await;
    assert_eq!(next(&warming).await, (1, 2, 0));
    assert_eq!(warming.last().len(), 1);
    assert!(warming.run("others").await.is_none());
}

#[tokio::test]
async fn what_fails_is_counted_and_stops_nothing() {
    let source = Source::new().await;
    let told: Arc<Mutex<Vec<Progress>>> = Arc::default();
    let scribe = Arc::clone(&told);
    let warming = warmer!(source, [1, 13, 17, 2], item)
        .on_progress(move |progress| scribe.lock().expect("no panic").push(progress.clone()))
        .start();
    assert_eq!(next(&warming).await, (2, 0, 2));
    let told = told.lock().expect("no panic");
    let steps: Vec<(usize, usize)> = told.iter().map(|it| (it.done, it.total)).collect();
    assert_eq!(steps, [(1, 4), (2, 4), (3, 4), (4, 4)]);
    assert_eq!(told[3].report.failed, 2);
    let line = warming.last()[0].to_string();
    assert!(
        line.starts_with("items: 2 warmed, 0 skipped, 2 failed in "),
        "{line}"
    );
}

#[tokio::test]
async fn a_list_that_cannot_be_made_is_told() {
    let source = Source::new().await;
    let job = Job::new(
        "items",
        || std::future::ready(Err::<Vec<u32>, _>("no database")),
        |_| std::future::ready(()),
    );
    let warming = Warmer::new(&source.cache()).job(job).start();
    let summary = warming.run("items").await.expect("the job");
    assert_eq!(summary.outcome, Outcome::NoList("no database".to_owned()));
    assert_eq!(
        summary.to_string(),
        "items: not run, there is no list: no database"
    );
}

/// Callers are served what is past its time; who warms waits for what is fresh.
#[tokio::test]
async fn what_is_past_its_time_is_computed_anew() {
    let source = Source::new().await;
    let warming = warmer!(source, [1], served).start();
    assert_eq!(next(&warming).await, (1, 0, 0));
    source.write(2);
    ttl_is_over().await;
    ttl_is_over().await;
    assert_eq!(next(&warming).await, (1, 0, 0));
    assert_eq!(served(&source, 1).await, Ok(2));
}

#[cached(ttl = "400ms", stale_if_error = "1h", throttle = "1ms", cache = source.cache(), key = "stands-in:{id}", skip(source))]
async fn stands_in(source: &Source, id: u32) -> Result<u32, String> {
    source.read().await.map_err(|_| format!("{id} is broken"))
}

/// What stands in for it is not warm.
#[tokio::test]
async fn a_source_that_fails_has_failed_though_something_stands_in() {
    let source = Source::new().await;
    let warming = warmer!(source, [1], stands_in).start();
    assert_eq!(next(&warming).await, (1, 0, 0));
    source.breaks();
    ttl_is_over().await;
    ttl_is_over().await;
    assert_eq!(next(&warming).await, (0, 0, 1));
}

#[tokio::test]
async fn what_ends_soon_is_computed_anew() {
    let source = Source::new().await;
    let ahead = warmer!(source, [1, 2], short, MINUTE).start();
    assert_eq!(next(&ahead).await, (2, 0, 0));
    source.write(2);
    assert_eq!(next(&ahead).await, (2, 0, 0), "both end within a minute");
    assert_eq!(short(&source, 1).await, Ok(2));
    let not_yet = warmer!(source, [1, 2], short, Duration::from_secs(5)).start();
    assert_eq!(next(&not_yet).await, (0, 2, 0));
    let long = warmer!(source, [1], item, MINUTE).start();
    assert_eq!(next(&long).await, (1, 0, 0));
    assert_eq!(next(&long).await, (0, 1, 0), "an hour is left");
}

/// While it is, callers are answered with what is there; and still are if it fails.
#[tokio::test]
async fn callers_do_not_wait_for_what_is_computed_ahead() {
    let source = Source::new().await;
    let warming = Arc::new(warmer!(source, [1], short, MINUTE).start());
    next(&warming).await;
    source.write(2);
    source.hold();
    let running = Arc::clone(&warming);
    let run = tokio::spawn(async move { next(&running).await });
    source.has_read().await;
    assert_eq!(short(&source, 1).await, Ok(1));
    source.let_go();
    assert_eq!(run.await.expect("no panic"), (1, 0, 0));
    assert_eq!(short(&source, 1).await, Ok(2));
    source.breaks();
    assert_eq!(next(&warming).await, (0, 0, 1));
    assert_eq!(short(&source, 1).await, Ok(2));
}

/// What was ended while it was computed ahead does not come back.
#[tokio::test]
async fn what_ends_while_it_is_computed_ahead_is_not_stored() {
    let source = Source::new().await;
    let warming = Arc::new(warmer!(source, [1], short, MINUTE).start());
    next(&warming).await;
    source.hold();
    let running = Arc::clone(&warming);
    let run = tokio::spawn(async move { next(&running).await });
    source.has_read().await;
    source.write(2);
    source.cache().delete("short:1").await;
    source.let_go();
    run.await.expect("no panic");
    assert_eq!(short(&source, 1).await, Ok(2));
}

/// Only what the job calls itself is computed ahead, and not what that reads.
#[tokio::test]
async fn what_is_read_inside_is_read_as_ever() {
    let source = Source::new().await;
    let warming = warmer!(source, [1], outer, MINUTE).start();
    assert_eq!(next(&warming).await, (1, 0, 0));
    assert_eq!(source.runs(), 1);
    source.cache().delete("outer:1").await;
    assert_eq!(next(&warming).await, (1, 0, 0));
    assert_eq!(source.runs(), 1, "the inner one was there");
}

/// What nobody waits for any more is given up, and half of it is nothing.
#[tokio::test]
async fn a_warmer_that_is_dropped_leaves_nothing_half_done() {
    let source = Source::new().await;
    source.hold();
    let warming = Arc::new(warmer!(source, [1, 2, 3], item).start());
    let running = Arc::clone(&warming);
    let run = tokio::spawn(async move { next(&running).await });
    source.has_read().await;
    run.abort();
    assert!(run.await.is_err());
    drop(warming);
    source.let_go();
    for id in [1, 2, 3] {
        let answer = tokio::time::timeout(Duration::from_secs(10), item(&source, id)).await;
        assert_eq!(answer, Ok(Ok(1)), "{id}");
    }
}

#[tokio::test]
async fn what_a_user_needs_is_warmed_when_he_logs_in() {
    let source = Source::new().await;
    let warming = Warmer::new(&source.cache()).start();
    let login = source.clone();
    let summary = warming
        .warm("login of u7", [1, 2, 3], move |id| {
            let source = login.clone();
            async move { item(&source, id).await }
        })
        .await;
    assert_eq!((summary.report.warmed, source.runs()), (3, 3));
    let cache: Cache = source.cache();
    assert!(cache.contains("item:2").await);
}
