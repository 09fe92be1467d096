//! Waiting, in real time.

use std::panic::Location;
use std::time::{Duration, Instant};
use tokio::task::spawn_blocking;

/// How long to sleep between two looks.
const PAUSE: Duration = Duration::from_millis(5);

/// Asks `condition` again and again until it is true.
///
/// `what` completes the sentence "waited in vain until ...". The limit also ends a condition that never answers.
///
/// # Panics
///
/// If the condition is not true within the limit.
///
/// ```
/// # use std::time::Duration;
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// # let server = test_servers::RedisServer::start().await;
/// test_servers::wait_until("the server answers", Duration::from_secs(5), || async {
///     server.answers(Duration::from_secs(1)).await
/// })
/// .await;
/// # }
/// ```
#[track_caller]
pub fn wait_until<C, F>(what: &str, limit: Duration, mut condition: C) -> impl Future<Output = ()>
where
    C: FnMut() -> F,
    F: Future<Output = bool>,
{
    let caller = Location::caller();
    async move {
        let deadline = Instant::now() + limit;
        let mut looks = 0_u32;
        let met = async {
            while !condition().await {
                looks += 1;
                sleep(PAUSE).await;
            }
        };
        let in_time = tokio::select! {
            biased;
            () = met => true,
            () = sleep_until(deadline) => false,
        };
        assert!(
            in_time,
            "waited {limit:?} in vain until {what} ({looks} times it was not so), at {caller}"
        );
    }
}

/// Sleeps in slices, so that a runtime that shuts down need not wait for the whole of it.
async fn sleep_until(deadline: Instant) {
    while let Some(rest) = deadline.checked_duration_since(Instant::now()) {
        sleep(rest.min(Duration::from_millis(20))).await;
    }
}

async fn sleep(time: Duration) {
    off_thread(move || std::thread::sleep(time)).await;
}

/// Runs what blocks where it may. While it runs, Tokio's paused clock does not advance on its own, which it would do
/// if the test waited for a socket: every limit would be over at once.
pub(crate) async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}
