//! One run of a job: its items, several at a time, and what became of them.

use super::job::Warmed;
use super::pace::Pace;
use crate::cache::warm::{Warmth, watched};
use crate::cache::{self, WarmReport};
use crate::flight::in_the_same_name;
use serde::Serialize;
use std::fmt;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::task::JoinSet;

/// How far a run has come. Made for a progress bar: told after every item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Progress {
    /// Of which job.
    pub job: Arc<str>,
    /// Items that are done, one way or another.
    pub done: usize,
    /// All of them.
    pub total: usize,
    /// What has become of them so far.
    pub report: WarmReport,
}

/// What a run has done. Displays as a line; serializes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Summary {
    /// Of which job.
    pub job: Arc<str>,
    /// Whether it ran.
    pub outcome: Outcome,
    /// What has become of its items.
    pub report: WarmReport,
}

/// Whether a job ran.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub enum Outcome {
    /// To its end.
    Done,
    /// Another process runs it this time, or has.
    Elsewhere,
    /// The server could not be asked whose turn it is, and could not store anything.
    Unavailable,
    /// The cache is switched off, or it was asked inside of `bypass` or a transaction: nothing would be stored.
    Off,
    /// Its list could not be made, and why.
    NoList(String),
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Summary {
            job,
            outcome,
            report,
        } = self;
        match outcome {
            Outcome::Done => write!(f, "{job}: {report}"),
            Outcome::Elsewhere => write!(f, "{job}: run by another process"),
            Outcome::Unavailable => write!(f, "{job}: not run, the server cannot be asked"),
            Outcome::Off => write!(f, "{job}: not run, the cache is switched off"),
            Outcome::NoList(why) => write!(f, "{job}: not run, there is no list: {why}"),
        }
    }
}

/// Makes the list of a job, in a task that ends with this, so that a panic ends nothing else.
pub(super) async fn listed<K: Send + 'static>(
    list: impl Future<Output = Result<Vec<K>, String>> + Send + 'static,
) -> Result<Vec<K>, String> {
    let mut task = JoinSet::new();
    task.spawn(in_the_same_name(list));
    let ended = task.join_next().await.and_then(Result::ok);
    ended.unwrap_or_else(|| Err("making it has panicked".to_owned()))
}

/// What a run may take.
#[derive(Clone)]
pub(super) struct Limits {
    pub(super) at_a_time: usize,
    /// Of this job.
    pub(super) pace: Option<Arc<Pace>>,
    /// Of all jobs of a warmer.
    pub(super) of_all: Arc<Semaphore>,
    pub(super) pace_of_all: Option<Arc<Pace>>,
    pub(super) ahead: Duration,
}

/// Tells how far a run has come.
pub(super) type Tell = Arc<dyn Fn(&Progress) + Send + Sync>;

/// Warms `items`.
pub(super) async fn run<K, W, F>(
    job: &Arc<str>,
    items: Vec<K>,
    warm: &Arc<W>,
    limits: &Limits,
    tell: Option<&Tell>,
) -> WarmReport
where
    K: Send + 'static,
    W: Fn(K) -> F + Send + Sync + 'static,
    F: Future + Send + 'static,
    F::Output: Warmed + Send,
{
    let total = items.len();
    let tell = |report: &WarmReport| {
        let Some(tell) = tell else { return };
        let progress = Progress {
            job: Arc::clone(job),
            done: report.warmed + report.skipped + report.failed,
            total,
            report: *report,
        };
        // Whoever only looks on does not end the job.
        let _panicked = std::panic::catch_unwind(AssertUnwindSafe(|| tell(&progress)));
    };
    let warm = |item| {
        let (warm, limits) = (Arc::clone(warm), limits.clone());
        async move {
            let _permit = limits.granted().await;
            warmth(limits.ahead, warm(item)).await
        }
    };
    cache::warm::run(items, limits.at_a_time, warm, tell).await
}

impl Limits {
    /// Waits until one more item may begin; there is room for it again when what is returned is dropped.
    async fn granted(&self) -> Option<SemaphorePermit<'_>> {
        // It is never closed.
        let permit = self.of_all.acquire().await;
        if let Some(pace) = &self.pace {
            pace.wait().await;
        }
        if let Some(pace) = &self.pace_of_all {
            pace.wait().await;
        }
        permit.ok()
    }
}

/// Whether something was computed, as the caches tell that were asked.
async fn warmth<F>(ahead: Duration, warm: F) -> Warmth
where
    F: Future,
    F::Output: Warmed,
{
    let (output, warmth) = watched(ahead, warm).await;
    if output.has_failed() {
        Warmth::Failed
    } else {
        warmth
    }
}
