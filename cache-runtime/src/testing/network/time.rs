//! Virtual time.

use super::Network;
use std::time::Duration;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::time::Instant;

/// All tasks have had so many turns when it is asked whether anything goes on.
const TURNS: usize = 64;
/// So often: a task that asks without end and lets no time pass is not waited for.
const ROUNDS: usize = 200;
/// After a jump every node has sent a heartbeat within this time, and connected again if it had to.
const AWAKE: Duration = Duration::from_secs(5);

impl Network {
    /// Lets time go on by so much, as it would: what becomes due meanwhile happens at its moment (entries and leases
    /// expire, heartbeats are sent, nodes connect again), in every task. No real time passes, but for the work.
    ///
    /// A heartbeat is work as well: an hour of one node takes a second or so in a build that is not optimized. See
    /// [`skip`](Self::skip). (`tokio::time::advance` always jumps.)
    pub async fn advance(&self, by: Duration) {
        tokio::time::sleep(by).await;
        self.settle().await;
    }

    /// The same for long times in which nothing of interest happens: all but the last seconds of it are one jump, which
    /// takes no work, however long it is. What becomes due meanwhile is late then, as after a computer's sleep: a computation
    /// under way has lost its lease, and a task of yours that wakes every minute wakes once.
    ///
    /// ```
    /// use cache_runtime::testing::Network;
    /// use std::time::Duration;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let network = Network::new();
    /// let cache = network.node("a").await;
    /// cache.set("greeting", "hello".to_owned()).ttl(Duration::from_secs(86_400)).await;
    /// network.skip(Duration::from_secs(86_399)).await;
    /// assert_eq!(cache.get::<String>("greeting").await.as_deref(), Some("hello"));
    /// network.advance(Duration::from_secs(2)).await;
    /// assert_eq!(cache.get::<String>("greeting").await, None);
    /// # }
    /// ```
    pub async fn skip(&self, by: Duration) {
        let walk = by.min(AWAKE);
        tokio::time::advance(by - walk).await;
        self.settle().await;
        self.advance(walk).await;
    }

    /// Lets everything happen that can happen now: what is on its way arrives, unless the wire is cut or slow. No time
    /// passes.
    ///
    /// # Panics
    ///
    /// If the server was asked what the stand-in does not know.
    pub async fn settle(&self) {
        for _ in 0..ROUNDS {
            let before = self.done();
            for _ in 0..TURNS {
                tokio::task::yield_now().await;
            }
            if self.done() == before {
                break;
            }
        }
        self.check();
    }

    /// How much the server has done.
    fn done(&self) -> u64 {
        crate::sync::lock(&self.place.server).executed()
    }
}

/// Pauses the clock of the runtime.
#[track_caller]
pub(super) fn pause() {
    let flavor = Handle::try_current().map(|runtime| runtime.runtime_flavor());
    assert!(
        matches!(flavor, Ok(RuntimeFlavor::CurrentThread)),
        "virtual time needs a runtime with one thread, as `#[tokio::test]` makes without `flavor`"
    );
    if !stands_still() {
        tokio::time::pause();
    }
}

/// Whether Tokio's clock is paused, which it does not tell.
fn stands_still() -> bool {
    let (then, real) = (Instant::now(), std::time::Instant::now());
    while real.elapsed() < Duration::from_micros(5) {
        std::hint::spin_loop();
    }
    then == Instant::now()
}
