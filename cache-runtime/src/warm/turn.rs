//! Whose turn it is to run a job: of all processes that share a server, one's.

#[cfg(any(feature = "redis", feature = "cron"))]
use super::job::When;
use super::job::{Job, millis};
use super::run::Outcome;
use crate::cache::Cache;
#[cfg(feature = "redis")]
use crate::redis::{self, Redis};
use std::future::Future;
use std::time::Duration;
#[cfg(feature = "redis")]
use tokio::task::JoinSet;
use tokio::time::Instant;

/// How long it is remembered that a turn was run, where no interval says so.
#[cfg(feature = "redis")]
const REMEMBERED: Duration = Duration::from_secs(600);

/// A process that has died is known to have for so long at most.
#[cfg(feature = "redis")]
const LEASE: Duration = Duration::from_secs(10);
#[cfg(feature = "redis")]
const RENEWED_AFTER: Duration = Duration::from_secs(3);

/// After so long somebody else's turn is looked at again.
pub(super) const LOOKED_AFTER: Duration = Duration::from_secs(5);

/// A turn of a job, as all processes number them.
#[cfg_attr(
    not(feature = "redis"),
    allow(dead_code, reason = "there is no server, and all turns are ours")
)]
#[derive(Clone, Copy)]
pub(super) struct Turn<'j> {
    pub(super) cache: &'j Cache,
    pub(super) job: &'j Job,
    pub(super) number: u64,
}

/// Whose turn it is.
#[cfg_attr(
    not(feature = "redis"),
    allow(dead_code, reason = "there is no server, and all turns are ours")
)]
pub(super) enum Whose {
    Ours,
    /// Another process runs it, while that lives.
    Anothers,
    /// It was run to its end.
    WasRun,
    /// The server cannot be asked.
    Unknown,
}

impl Whose {
    pub(super) fn outcome(&self) -> Outcome {
        match self {
            Whose::Ours => Outcome::Done,
            Whose::Anothers | Whose::WasRun => Outcome::Elsewhere,
            Whose::Unknown => Outcome::Unavailable,
        }
    }
}

/// The time in milliseconds, since 1970 where that matters; without a server, since `started` where it does not. `None`: the server,
/// by whose clock it is, cannot be asked.
pub(super) async fn time(cache: &Cache, job: &Job, started: Instant) -> Option<u64> {
    #[cfg(feature = "redis")]
    if let Some(redis) = cache.redis() {
        return redis.server_time().await.ok();
    }
    let _ = cache;
    Some(match &job.when {
        #[cfg(feature = "cron")]
        Some(When::Cron(_)) => super::cron::now(),
        _ => millis(started.elapsed()),
    })
}

impl Turn<'_> {
    /// Takes it, unless somebody else has.
    pub(super) async fn whose(self) -> Whose {
        #[cfg(feature = "redis")]
        if let Some(redis) = self.cache.redis() {
            return match redis.takes_turn((&self.job.name, self.number), LEASE).await {
                Ok(redis::Turn::Ours) => Whose::Ours,
                Ok(redis::Turn::Taken) => Whose::Anothers,
                Ok(redis::Turn::Run) => Whose::WasRun,
                Err(_) => Whose::Unknown,
            };
        }
        Whose::Ours
    }

    /// Runs it, and keeps it meanwhile: nobody else takes it while this process lives.
    pub(super) async fn during(self, run: impl Future) {
        #[cfg(feature = "redis")]
        if let Some(redis) = self.cache.redis() {
            // It ends with this.
            let mut keeping = JoinSet::new();
            keeping.spawn(keep(redis.clone(), self.job.name.clone(), self.number));
            run.await;
            keeping.shutdown().await;
            let remembered = match self.job.when {
                Some(When::Every(interval)) => interval.saturating_mul(2),
                _ => REMEMBERED,
            };
            let turn = (&*self.job.name, self.number);
            let _failed = redis.ends_turn(turn, remembered).await;
            return;
        }
        run.await;
    }
}

#[cfg(feature = "redis")]
async fn keep(redis: Redis, job: std::sync::Arc<str>, number: u64) {
    loop {
        tokio::time::sleep(RENEWED_AFTER).await;
        // What cannot be kept may be run by others as well.
        let _failed = redis.keeps_turn((&job, number), LEASE).await;
    }
}
