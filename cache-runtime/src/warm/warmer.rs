//! Running jobs when it is time.

use super::job::{Job, Warmed, millis};
use super::pace::Pace;
use super::run::{Limits, Outcome, Progress, Summary, Tell, run};
use super::turn::{self, LOOKED_AFTER, Turn, Whose};
use crate::cache::warm::AT_A_TIME;
use crate::cache::{Cache, WarmReport};
use crate::sync::lock;
use crate::trace;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Jobs, and what they may take together. See [the module](super).
#[must_use = "nothing runs until it is started"]
pub struct Warmer {
    cache: Cache,
    jobs: Vec<Job>,
    at_a_time: usize,
    pace: Option<Arc<Pace>>,
    tell: Option<Tell>,
}

/// A warmer that runs. Dropped, it stops.
#[must_use = "a warmer stops when this is dropped"]
#[derive(Debug)]
pub struct Warming {
    shared: Arc<Shared>,
    /// One a job.
    tasks: JoinSet<()>,
}

struct Shared {
    cache: Cache,
    started: Instant,
    jobs: Vec<Job>,
    of_all: Arc<Semaphore>,
    pace_of_all: Option<Arc<Pace>>,
    tell: Option<Tell>,
    last: Mutex<Vec<Option<Summary>>>,
}

/// Processes that start within one such time, in milliseconds, mean the same turn.
const AT_ONCE: u64 = 60_000;

/// After a server could not be asked.
const TRY_AGAIN: Duration = Duration::from_secs(5);

impl Warmer {
    /// Without jobs yet. Turns are agreed on with the server of `cache`, if there is one.
    pub fn new(cache: &Cache) -> Self {
        Warmer {
            cache: cache.clone(),
            jobs: Vec::new(),
            at_a_time: 32,
            pace: None,
            tell: None,
        }
    }

    /// With this job, too; in place of one of the same name.
    pub fn job(mut self, job: Job) -> Self {
        self.jobs.retain(|other| other.name != job.name);
        self.jobs.push(job);
        self
    }

    /// How many items of all jobs at a time, at least one. Default: 32.
    pub fn concurrency(mut self, items: usize) -> Self {
        self.at_a_time = items.max(1);
        self
    }

    /// How many items of all jobs a second, at most. Default: as many as there are.
    ///
    /// # Panics
    ///
    /// If that is not a number above zero.
    pub fn per_second(mut self, items: f64) -> Self {
        self.pace = Some(Arc::new(Pace::new(items)));
        self
    }

    /// Calls `tell` after every item: for a progress bar. It must not block.
    pub fn on_progress(mut self, tell: impl Fn(&Progress) + Send + Sync + 'static) -> Self {
        self.tell = Some(Arc::new(tell));
        self
    }

    /// Begins. Has to be called in a Tokio runtime whose timer is on.
    pub fn start(self) -> Warming {
        let shared = Arc::new(Shared {
            last: Mutex::new(vec![None; self.jobs.len()]),
            cache: self.cache,
            started: Instant::now(),
            jobs: self.jobs,
            of_all: Arc::new(Semaphore::new(self.at_a_time)),
            pace_of_all: self.pace,
            tell: self.tell,
        });
        let mut tasks = JoinSet::new();
        for nth in 0..shared.jobs.len() {
            let shared = Arc::clone(&shared);
            tasks.spawn(async move { shared.keep_running(nth).await });
        }
        Warming { shared, tasks }
    }
}

impl Warming {
    /// Runs a job now, in this process, whoever else does. `None`: there is none of this name.
    pub async fn run(&self, job: &str) -> Option<Summary> {
        let nth = self.shared.jobs.iter().position(|it| &*it.name == job)?;
        Some(self.shared.run(nth).await)
    }

    /// Warms `items` now, within the limits of this warmer: what a user needs who has just logged in.
    ///
    /// ```
    /// use cache_runtime::cached;
    /// use cache_runtime::warm::Warming;
    ///
    /// #[cached(ttl = "10m", key = "conversation:{id}")]
    /// async fn conversation(id: u64) -> Result<String, std::io::Error> {
    ///     Ok(id.to_string())
    /// }
    ///
    /// async fn logs_in(warming: &Warming, conversations: Vec<u64>) {
    ///     let summary = warming.warm("a login", conversations, conversation).await;
    ///     println!("{summary}");
    /// }
    /// ```
    ///
    /// It goes on as long as this is awaited: hand it to `tokio::spawn` if nobody waits.
    pub async fn warm<K, W, F>(
        &self,
        name: &str,
        items: impl IntoIterator<Item = K>,
        warm: W,
    ) -> Summary
    where
        K: Send + 'static,
        W: Fn(K) -> F + Send + Sync + 'static,
        F: Future<Output: Warmed + Send> + Send + 'static,
    {
        let name: Arc<str> = name.into();
        let limits = self.shared.limits(AT_A_TIME, None, Duration::ZERO);
        let tell = self.shared.tell.as_ref();
        let (outcome, report) = match self.shared.why_not().await {
            Some(why) => (why, WarmReport::default()),
            None => {
                let items = items.into_iter().collect();
                let report = run(&name, items, &Arc::new(warm), &limits, tell).await;
                (Outcome::Done, report)
            }
        };
        let summary = Summary {
            job: name,
            outcome,
            report,
        };
        trace::warmed(&summary);
        summary
    }

    /// What became last of every job whose time has come, in the order of the jobs: what was told of it last, be it that another
    /// process runs it.
    pub fn last(&self) -> Vec<Summary> {
        lock(&self.shared.last).iter().flatten().cloned().collect()
    }

    /// Stops. What is stored stays; items under way are given up where they wait next.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
    }
}

impl Shared {
    /// Runs a job at its times, for ever.
    async fn keep_running(&self, nth: usize) {
        let job = &self.jobs[nth];
        let mut last = None;
        if job.at_start {
            let now = self.known_time(nth).await;
            let next = job.when.as_ref().and_then(|when| when.next(now));
            let next = next.map(|(_, left)| left);
            self.see_to(nth, now / AT_ONCE, next).await;
        }
        let Some(when) = &job.when else { return };
        loop {
            let now = self.known_time(nth).await;
            // Of some patterns there is no further one.
            let Some((turn, left)) = when.next(now) else {
                return;
            };
            tokio::time::sleep(left).await;
            // Clocks differ: it may be a moment before the time that was waited for.
            if last.replace(turn) != Some(turn) {
                let then = now.saturating_add(millis(left));
                let next = when.next(then).map(|(_, left)| left);
                self.see_to(nth, turn, next).await;
            }
        }
    }

    /// Sees to it that a turn is run: by this process, or by another as long as that lives, and until it is time for the next.
    async fn see_to(&self, nth: usize, number: u64, next: Option<Duration>) {
        let until = next.map(|next| Instant::now() + next);
        let turn = Turn {
            cache: &self.cache,
            job: &self.jobs[nth],
            number,
        };
        let mut whose = turn.whose().await;
        if !matches!(whose, Whose::Ours) {
            self.ended(nth, whose.outcome(), WarmReport::default());
        }
        // Another process may die, and a server come back.
        while matches!(whose, Whose::Anothers | Whose::Unknown)
            && until.is_none_or(|until| Instant::now() < until)
        {
            tokio::time::sleep(LOOKED_AFTER).await;
            whose = turn.whose().await;
        }
        if matches!(whose, Whose::Ours) {
            turn.during(self.run(nth)).await;
        }
    }

    /// The time, as soon as it can be told.
    async fn known_time(&self, nth: usize) -> u64 {
        loop {
            match turn::time(&self.cache, &self.jobs[nth], self.started).await {
                Some(now) => return now,
                None => {
                    self.ended(nth, Outcome::Unavailable, WarmReport::default());
                    tokio::time::sleep(TRY_AGAIN).await;
                }
            }
        }
    }

    async fn run(&self, nth: usize) -> Summary {
        let job = &self.jobs[nth];
        if let Some(why) = self.why_not().await {
            return self.ended(nth, why, WarmReport::default());
        }
        let limits = self.limits(job.at_a_time, job.pace.clone(), job.ahead);
        let ran = (job.work)(Arc::clone(&job.name), limits, self.tell.clone()).await;
        let (outcome, report) = match ran {
            Ok(report) => (Outcome::Done, report),
            Err(why) => (Outcome::NoList(why), WarmReport::default()),
        };
        self.ended(nth, outcome, report)
    }

    /// Why nothing is warmed, if nothing could be stored.
    async fn why_not(&self) -> Option<Outcome> {
        if !self.cache.is_in_use() {
            Some(Outcome::Off)
        } else if !self.cache.can_store().await {
            Some(Outcome::Unavailable)
        } else {
            None
        }
    }

    fn limits(&self, at_a_time: usize, pace: Option<Arc<Pace>>, ahead: Duration) -> Limits {
        Limits {
            at_a_time,
            pace,
            of_all: Arc::clone(&self.of_all),
            pace_of_all: self.pace_of_all.clone(),
            ahead,
        }
    }

    fn ended(&self, nth: usize, outcome: Outcome, report: WarmReport) -> Summary {
        let summary = Summary {
            job: Arc::clone(&self.jobs[nth].name),
            outcome,
            report,
        };
        trace::warmed(&summary);
        lock(&self.last)[nth] = Some(summary.clone());
        summary
    }
}

impl fmt::Debug for Warmer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Warmer")
            .field("jobs", &self.jobs)
            .field("concurrency", &self.at_a_time)
            .field("pace", &self.pace)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("jobs", &self.jobs)
            .finish_non_exhaustive()
    }
}
