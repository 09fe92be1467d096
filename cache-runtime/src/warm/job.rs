//! What is to be warm, and when.

#[cfg(feature = "cron")]
use super::cron::{CronError, Times};
use super::pace::Pace;
use super::run::{Limits, Tell, listed, run};
use crate::cache::WarmReport;
use crate::cache::warm::AT_A_TIME;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// A list, and what to do for each of its items.
pub struct Job {
    pub(super) name: Arc<str>,
    pub(super) when: Option<When>,
    pub(super) at_start: bool,
    pub(super) at_a_time: usize,
    pub(super) pace: Option<Arc<Pace>>,
    pub(super) ahead: Duration,
    pub(super) work: Work,
}

/// When a job runs.
#[derive(Debug)]
pub(super) enum When {
    Every(Duration),
    #[cfg(feature = "cron")]
    Cron(Box<Times>),
}

impl When {
    /// The number of the next turn after `now`, in milliseconds since 1970, and how long until then. No number stands for two
    /// turns.
    pub(super) fn next(&self, now: u64) -> Option<(u64, Duration)> {
        match self {
            When::Every(interval) => {
                let length = millis(*interval);
                let left = length - now % length;
                Some((now / length + 1, Duration::from_millis(left)))
            }
            #[cfg(feature = "cron")]
            When::Cron(times) => {
                let next = times.after(now)?;
                Some((next, Duration::from_millis(next - now)))
            }
        }
    }
}

pub(super) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

type Report = Pin<Box<dyn Future<Output = Result<WarmReport, String>> + Send>>;

/// Runs it once.
pub(super) type Work = Arc<dyn Fn(Arc<str>, Limits, Option<Tell>) -> Report + Send + Sync>;

/// What a job's list can be: a `Vec`, or a `Result` of one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no list for a job",
    label = "expected a `Vec`, or a `Result` of one whose error can be displayed"
)]
pub trait Listed {
    /// Of what it is a list.
    type Item;

    /// Its items, or why there are none.
    ///
    /// # Errors
    ///
    /// If the list could not be made.
    fn listed(self) -> Result<Vec<Self::Item>, String>;
}

impl<K> Listed for Vec<K> {
    type Item = K;
    fn listed(self) -> Result<Vec<K>, String> {
        Ok(self)
    }
}

impl<K, E: fmt::Display> Listed for Result<Vec<K>, E> {
    type Item = K;
    fn listed(self) -> Result<Vec<K>, String> {
        self.map_err(|error| error.to_string())
    }
}

/// What the warming of an item can come to: a `Result`, or nothing.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not tell whether an item could be warmed",
    label = "expected a `Result`, or nothing",
    note = "of a function that cannot fail, leave the value: `async move {{ prices(id).await; }}`"
)]
pub trait Warmed {
    /// Whether it has failed.
    fn has_failed(&self) -> bool;
}

impl<T, E> Warmed for Result<T, E> {
    fn has_failed(&self) -> bool {
        self.is_err()
    }
}

impl Warmed for () {
    fn has_failed(&self) -> bool {
        false
    }
}

impl Job {
    /// For every item of `list`, calls `warm`, which goes through the cache: an annotated function, `get_or_load` of a domain cache.
    /// `name` tells jobs apart, also among processes.
    ///
    /// ```
    /// use cache_runtime::warm::Job;
    /// use std::time::Duration;
    ///
    /// # async fn popular() -> Result<Vec<u64>, std::io::Error> { Ok(vec![1]) }
    /// # async fn product(id: u64) -> Result<String, std::io::Error> { Ok(id.to_string()) }
    /// let job = Job::new("popular products", popular, product)
    ///     .every(Duration::from_secs(300))
    ///     .at_start()
    ///     .concurrency(4)
    ///     .per_second(50.0);
    /// ```
    ///
    /// A call that would be answered with what is past its time to live (`swr`) waits for what is fresh here.
    pub fn new<L, LF, W, WF>(name: &str, list: L, warm: W) -> Self
    where
        L: Fn() -> LF + Send + Sync + 'static,
        LF: Future<Output: Listed<Item: Send + 'static>> + Send + 'static,
        W: Fn(<LF::Output as Listed>::Item) -> WF + Send + Sync + 'static,
        WF: Future<Output: Warmed + Send> + Send + 'static,
    {
        let (list, warm) = (Arc::new(list), Arc::new(warm));
        let work = move |name: Arc<str>, limits: Limits, tell: Option<Tell>| -> Report {
            let (list, warm) = (Arc::clone(&list), Arc::clone(&warm));
            Box::pin(async move {
                let items = listed(async move { list().await.listed() }).await?;
                Ok(run(&name, items, &warm, &limits, tell.as_ref()).await)
            })
        };
        Job {
            name: name.into(),
            when: None,
            at_start: false,
            at_a_time: AT_A_TIME,
            pace: None,
            ahead: Duration::ZERO,
            work: Arc::new(work),
        }
    }

    /// Runs at intervals of this length, at least a second. They begin at whole multiples of it by the clock of the server, so that
    /// all processes mean the same; without one, when the warmer starts. Default: only when it is asked to.
    pub fn every(mut self, interval: Duration) -> Self {
        self.when = Some(When::Every(interval.max(Duration::from_secs(1))));
        self
    }

    /// Runs at the times that a `cron` pattern says, in UTC: `"*/15 * * * *"` every quarter of an hour, `"0 6 * * MON-FRI"` at six on
    /// workdays; with seconds before the minutes if it has six fields; `@hourly`, `@daily` and the like. By the clock of the server, if
    /// there is one.
    ///
    /// ```
    /// use cache_runtime::warm::Job;
    ///
    /// # fn main() -> Result<(), cache_runtime::warm::CronError> {
    /// let job = Job::new("reports", async || vec![1], async |_report: u32| ()).cron("0 6 * * MON-FRI")?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// If it is no pattern, or one that no time to come will match.
    #[cfg(feature = "cron")]
    pub fn cron(mut self, pattern: &str) -> Result<Self, CronError> {
        self.when = Some(When::Cron(Box::new(Times::read(pattern)?)));
        Ok(self)
    }

    /// Runs when the warmer starts, too. On a server, once for all processes that start within a minute.
    pub fn at_start(mut self) -> Self {
        self.at_start = true;
        self
    }

    /// How many items at a time, at least one. Default: 8.
    pub fn concurrency(mut self, items: usize) -> Self {
        self.at_a_time = items.max(1);
        self
    }

    /// How many items a second, at most. Default: as many as there are.
    ///
    /// # Panics
    ///
    /// If that is not a number above zero.
    pub fn per_second(mut self, items: f64) -> Self {
        self.pace = Some(Arc::new(Pace::new(items)));
        self
    }

    /// Computes anew what would end within this time: with an interval that is shorter, what is on the list never ends while
    /// somebody asks for it. Default: zero, only what has ended.
    ///
    /// ```
    /// use cache_runtime::warm::{Hot, Job};
    /// use std::sync::Arc;
    /// use std::time::Duration;
    ///
    /// # async fn product(id: u64) -> Result<String, std::io::Error> { Ok(id.to_string()) }
    /// let hot = Arc::new(Hot::new(1_000));
    /// hot.seen(7); // at every request
    /// let job = Job::new("hot products", move || std::future::ready(hot.top(100)), product)
    ///     .every(Duration::from_secs(30))
    ///     .ahead(Duration::from_secs(60));
    /// ```
    pub fn ahead(mut self, time: Duration) -> Self {
        self.ahead = time;
        self
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job")
            .field("name", &self.name)
            .field("when", &self.when)
            .field("at_start", &self.at_start)
            .field("concurrency", &self.at_a_time)
            .field("pace", &self.pace)
            .field("ahead", &self.ahead)
            .finish_non_exhaustive()
    }
}
