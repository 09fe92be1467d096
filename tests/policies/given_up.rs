//! Callers who do not wait for long: what they leave behind.

use crate::source::{Broken, Source, pass, ttl_is_over, until};
use cache_runtime::{Answer, TimedOut, cached, detect};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::task::JoinSet;

#[derive(Debug)]
#[allow(dead_code, reason = "for whoever reads a failure")]
enum Error {
    Broken,
    Slow(TimedOut),
}

impl From<Broken> for Error {
    fn from(Broken: Broken) -> Self {
        Error::Broken
    }
}

impl From<TimedOut> for Error {
    fn from(error: TimedOut) -> Self {
        Error::Slow(error)
    }
}

/// Its error cannot be shared.
#[cached(ttl = "1m", timeout = "100ms", cache = source.cache(), key = "limited", skip(source))]
async fn limited(source: &Source) -> Result<u32, Error> {
    Ok(source.read().await?)
}

#[cached(ttl = "200ms", stale_if_error = "1m", soft_timeout = "100ms", cache = source.cache(), key = "soft", skip(source))]
async fn soft(source: &Source) -> Result<u32, Error> {
    Ok(source.read().await?)
}

const CALLERS: usize = 30;

async fn all_give_up(source: &Source) {
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let source = source.clone();
        callers.spawn(async move { limited(&source).await });
    }
    for answer in callers.join_all().await {
        assert!(matches!(answer, Err(Error::Slow(_))), "{answer:?}");
    }
}

/// Nobody waits any more for those who had joined the run: they have no business asking the source themselves.
#[tokio::test]
async fn whoever_has_given_up_does_not_ask_a_failing_source() {
    let source = Source::new().await;
    source.breaks();
    source.hold();
    all_give_up(&source).await;
    assert_eq!(source.runs(), 1);
    source.let_go();
    pass(Duration::from_millis(300)).await;
    assert_eq!(source.runs(), 1, "for nobody");
}

/// One run goes on. Those who have joined it are answered, and need no task any more.
#[tokio::test]
async fn whoever_has_given_up_leaves_no_task_behind() {
    let source = Source::new().await;
    source.hold();
    all_give_up(&source).await;
    pass(Duration::from_millis(50)).await;
    let before = Handle::current().metrics().num_alive_tasks();
    all_give_up(&source).await;
    all_give_up(&source).await;
    pass(Duration::from_millis(50)).await;
    let after = Handle::current().metrics().num_alive_tasks();
    assert!(after <= before + 3, "{before} tasks, then {after}");
    source.let_go();
}

#[tokio::test]
async fn one_call_is_stale_once() {
    let source = Source::new().await;
    soft(&source).await.expect("not broken");
    ttl_is_over().await;
    source.breaks();
    source.hold();
    soft(&source).await.expect("the older one");
    source.let_go();
    until(async || {
        let stats = source.cache().stats();
        stats.function("soft").expect("called").errors == 1
    })
    .await;
    pass(Duration::from_millis(50)).await;
    let stats = source.cache().stats();
    let stats = stats.function("soft").expect("called");
    assert_eq!((stats.hits + stats.misses, stats.stale), (2, 1));
}

#[tokio::test]
async fn one_call_is_answered_once() {
    let source = Source::new().await;
    soft(&source).await.expect("not broken");
    ttl_is_over().await;
    source.hold();
    let ((), detected) = detect(async {
        soft(&source).await.expect("the older one");
        source.let_go();
        pass(Duration::from_millis(100)).await;
    })
    .await;
    let answers: Vec<Answer> = detected.calls().iter().map(|call| call.answer).collect();
    assert_eq!(answers, [Answer::Stale]);
}
