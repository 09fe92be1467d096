//! Everything at once: whoever calls after an invalidation has returned sees nothing from before it, and everybody is answered.

use crate::backend::{Backend, SLOWNESS};
use cache_runtime::{Cache, TimedOut, cached};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// What one process sees of it.
#[derive(Clone)]
struct World(Arc<Inner>, usize);

struct Inner {
    /// One a process.
    caches: Vec<Cache>,
    /// What there is now.
    version: AtomicU32,
    /// What there was, at the least, when the last invalidation returned.
    invalidated: AtomicU32,
    dice: AtomicU64,
}

#[derive(Debug)]
struct Failed;

impl From<TimedOut> for Failed {
    fn from(_: TimedOut) -> Self {
        Failed
    }
}

impl World {
    fn cache(&self) -> Cache {
        self.0.caches[self.1].clone()
    }

    fn dice(&self, sides: u64) -> u64 {
        let thrown = self.0.dice.fetch_add(0x9E37_79B9_7F4A_7C15, SeqCst);
        let mixed = (thrown ^ (thrown >> 31)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        (mixed ^ (mixed >> 29)) % sides
    }

    async fn read(&self) -> Result<u32, Failed> {
        let version = self.0.version.load(SeqCst);
        tokio::time::sleep(Duration::from_millis(self.dice(5))).await;
        assert!(self.dice(200) > 0, "a panic now and then");
        if self.dice(6) == 0 {
            Err(Failed)
        } else {
            Ok(version)
        }
    }

    async fn write(&self) {
        let version = self.0.version.fetch_add(1, SeqCst) + 1;
        match self.dice(3) {
            0 => drop(self.cache().clear().await),
            1 => drop(self.cache().invalidate("s:*").await),
            _ => drop(self.cache().invalidate_tag("all").await),
        }
        self.0.invalidated.fetch_max(version, SeqCst);
    }
}

#[cached(ttl = "20ms", swr = "1m", throttle = "3ms", cache = world.cache(), key = "s:leaf:{id}", tags = ["all"], skip(world))]
async fn leaf(world: &World, id: u32) -> Result<u32, Failed> {
    world.read().await
}

#[cached(ttl = "20ms", stale_if_error = "1m", soft_timeout = "2ms", throttle = "3ms", cache = world.cache(), key = "s:row:{id}", tags = ["all"], skip(world))]
async fn row(world: &World, id: u32) -> Result<Option<u32>, Failed> {
    Ok(Some(world.read().await?.min(leaf(world, id).await?)))
}

#[cached(batch(id in ids), ttl = "20ms", cache = world.cache(), key = "s:row:{id}", tags = ["all"], skip(world))]
async fn rows(world: &World, ids: &[u32]) -> Result<HashMap<u32, u32>, Failed> {
    let mut version = world.read().await?;
    for id in ids {
        version = version.min(leaf(world, *id).await?);
    }
    Ok(ids.iter().map(|id| (*id, version)).collect())
}

#[cached(ttl = "60ms", early = 2.0, timeout = "40ms", cache = world.cache(), key = "outer:{id}", skip(world))]
async fn outer(world: &World, id: u32) -> Result<u32, Failed> {
    let batch = rows(world, &[id, (id + 1) % 4, (id + 2) % 4]).await?;
    let lowest = batch.values().min().copied().ok_or(Failed)?;
    Ok(lowest.min(row(world, id).await?.ok_or(Failed)?))
}

#[cached(ttl = "1h", cache = world.cache(), key = "top:{id}", skip(world))]
async fn top(world: &World, id: u32) -> Result<u32, Failed> {
    let [one, other] = [outer(world, id).await?, outer(world, (id + 1) % 4).await?];
    Ok(one.min(other))
}

async fn ask(world: &World) -> Result<u32, Failed> {
    let id = u32::try_from(world.dice(4)).expect("small");
    match world.dice(5) {
        0 => leaf(world, id).await,
        1 => row(world, id).await?.ok_or(Failed),
        2 => {
            let found = rows(world, &[(id + 3) % 4, id]).await?;
            found.values().min().copied().ok_or(Failed)
        }
        3 => outer(world, id).await,
        _ => top(world, id).await,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn nobody_sees_what_was_invalidated_before_and_nobody_hangs() {
    let backend = Backend::with(|cache| cache.longest_wait(Duration::from_millis(500))).await;
    soak(vec![backend.cache()]).await;
}

/// With strict caches of as many processes.
pub(crate) async fn soak(caches: Vec<Cache>) {
    std::panic::set_hook(Box::new(|_| {}));
    let world = Arc::new(Inner {
        caches,
        version: AtomicU32::new(1),
        invalidated: AtomicU32::new(1),
        dice: AtomicU64::new(7),
    });
    let ends = Instant::now() + Duration::from_secs(6);
    let mut tasks = JoinSet::new();
    for caller in 0..24 {
        let world = World(Arc::clone(&world), caller % world.caches.len());
        tasks.spawn(async move {
            let mut wrong: Vec<(u32, u32)> = Vec::new();
            let (mut asked, mut slowest) = (0u32, Duration::ZERO);
            while Instant::now() < ends {
                if caller == 0 {
                    world.write().await;
                    tokio::time::sleep(Duration::from_millis(world.dice(10 * SLOWNESS as u64)))
                        .await;
                    continue;
                }
                let least = world.0.invalidated.load(SeqCst);
                let call = {
                    let world = world.clone();
                    async move { ask(&world).await }
                };
                let began = Instant::now();
                let answer = if world.dice(8) == 0 {
                    let limit = Duration::from_millis(world.dice(4));
                    tokio::time::timeout(limit, tokio::spawn(call)).await.ok()
                } else {
                    Some(tokio::spawn(call).await)
                };
                slowest = slowest.max(began.elapsed());
                asked += 1;
                if let Some(Ok(Ok(version))) = answer
                    && version < least
                {
                    wrong.push((version, least));
                }
            }
            (wrong, asked, slowest)
        });
    }
    let done = tokio::time::timeout(Duration::from_secs(40), tasks.join_all()).await;
    let _ = std::panic::take_hook();
    let done = done.expect("nobody hangs");
    let wrong: Vec<_> = done.iter().flat_map(|(wrong, ..)| wrong).collect();
    let asked: u32 = done.iter().map(|(_, asked, _)| asked).sum();
    let slowest = done.iter().map(|(.., slowest)| slowest).max();
    assert!(
        wrong.is_empty(),
        "{} of {asked}: {:?}",
        wrong.len(),
        wrong.first()
    );
    assert!(slowest < Some(&Duration::from_secs(5)), "{slowest:?}");
    println!(
        "{asked} calls, the slowest took {slowest:?}, {:?}",
        world.caches[0].stats()
    );
}
