//! Calls from outside of a runtime, and from one that ends.

use crate::source::{Broken, Source};
use cache_runtime::{TimedOut, cached};
use std::time::Duration;
use tokio::runtime::Builder;

#[derive(Debug, PartialEq, Eq)]
enum Error {
    Broken,
    Slow,
}

impl From<Broken> for Error {
    fn from(Broken: Broken) -> Self {
        Error::Broken
    }
}

impl From<TimedOut> for Error {
    fn from(_: TimedOut) -> Self {
        Error::Slow
    }
}

#[cached(ttl = "1m", timeout = "20s", cache = source.cache(), key = "limited", skip(source))]
async fn limited(source: &Source) -> Result<u32, Error> {
    Ok(source.read().await?)
}

#[cached(ttl = "50ms", swr = "1m", stale_if_error = "1m", soft_timeout = "20ms", cache = source.cache(), key = "soft", skip(source))]
async fn soft(source: &Source) -> Result<u32, Error> {
    Ok(source.read().await?)
}

/// A body that needs no runtime runs also where that has ended; so without the cache, so with it.
#[test]
fn a_caller_outlives_its_runtime() {
    let runtime = Builder::new_multi_thread()
        .enable_all()
        .worker_threads(2)
        .build()
        .expect("a runtime");
    let source = runtime.block_on(Source::new());
    source.hold();
    let caller = std::thread::spawn({
        let (source, handle) = (source.clone(), runtime.handle().clone());
        move || handle.block_on(limited(&source))
    });
    runtime.block_on(source.has_read());
    runtime.shutdown_background();
    std::thread::sleep(Duration::from_millis(100));
    source.let_go();
    let answer = caller.join();
    assert_eq!(answer.expect("no panic of the cache"), Ok(1));
}

#[test]
fn a_runtime_without_a_timer_will_do() {
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        let source = Source::new().await;
        assert_eq!(soft(&source).await, Ok(1));
        assert_eq!(limited(&source).await, Ok(1));
        std::thread::sleep(Duration::from_millis(100));
        assert_eq!(soft(&source).await, Ok(1));
    });
}
