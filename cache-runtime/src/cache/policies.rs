//! What operations that compute do with time and failure.

use super::operation::{GetOrSet, GetOrTrySet, Operation};
use crate::policy::Range;
use crate::read_through::{Call, Fallible, Lookup, Opaque, Plain, Shape};
use crate::site::DIRECT;
use crate::timeout::{CanTimeOut, OnTimeout, TimedOut};
use crate::value::CacheValue;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::time::Duration;

/// A computation that may go on when its caller has an answer: it needs nothing of that. See [`Operation::swr`].
#[derive(Debug)]
pub struct Apart<A>(A);

/// The same for a caller who waits for so long at most; see [`Operation::timeout`].
#[derive(Debug)]
pub struct Limited<A>(A);

/// What reads or computes, and may do so apart from its caller.
pub trait Computes: sealed::Computes {
    /// The same apart from its caller.
    type Apart;

    #[doc(hidden)]
    fn apart(self) -> Self::Apart;
}

mod sealed {
    pub trait Computes {}
}

impl<F> sealed::Computes for GetOrSet<F> {}
impl<F> Computes for GetOrSet<F> {
    type Apart = Apart<Self>;

    fn apart(self) -> Apart<Self> {
        Apart(self)
    }
}

impl<F> sealed::Computes for GetOrTrySet<F> {}
impl<F> Computes for GetOrTrySet<F> {
    type Apart = Apart<Self>;

    fn apart(self) -> Apart<Self> {
        Apart(self)
    }
}

impl<A> sealed::Computes for Apart<A> {}
impl<A> Computes for Apart<A> {
    type Apart = Self;

    fn apart(self) -> Self {
        self
    }
}

impl<A> sealed::Computes for Limited<A> {}
impl<A> Computes for Limited<A> {
    type Apart = Self;

    fn apart(self) -> Self {
        self
    }
}

impl<'c, A> Operation<'c, A> {
    /// Shortens the time to live at random by up to this part of it, from 0 to 1, so that entries which are made together do
    /// not end together.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// # use cache_runtime::{Cache, Ttl};
    /// # let cache = Cache::in_memory();
    /// cache.get_or_set("total", || async { 7 }).ttl(Ttl::mins(10)).jitter(0.1).await; // 9 to 10 minutes
    /// # }
    /// ```
    pub fn jitter(mut self, part: f64) -> Self {
        self.policy.jitter = part.clamp(0.0, 1.0);
        self
    }

    /// The entry ends when nobody has read it for this long, and after its time to live at the latest. (On a server, it may
    /// live for up to a quarter of `time` longer.)
    pub fn idle(mut self, time: Duration) -> Self {
        self.policy.idle = Some(time);
        self
    }
}

impl<'c, A: Computes> Operation<'c, A> {
    /// Past its time to live, a value is served for this long still, while one caller among all processes computes a new one
    /// in the background (stale-while-revalidate, RFC 5861). What was invalidated is never served.
    ///
    /// The computation may go on after its caller, so it must own what it uses (`'static`) and be `Send`.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// use cache_runtime::{Cache, Ttl};
    /// use std::time::Duration;
    ///
    /// let cache = Cache::in_memory();
    /// let total = cache
    ///     .get_or_set("total", || async { 7 })
    ///     .ttl(Ttl::secs(60))
    ///     .swr(Duration::from_secs(600))
    ///     .await;
    /// assert_eq!(total, 7);
    /// # }
    /// ```
    pub fn swr(mut self, time: Duration) -> Operation<'c, A::Apart> {
        self.policy.swr = time;
        self.apart()
    }

    /// Before its end, a value is refreshed in the background with a chance that grows towards it, and with what computing it
    /// has taken; the larger `beta`, the earlier. 1 is a good one (XFetch; Vattani, Chierichetti and Lowenstein, VLDB 2015).
    pub fn early(mut self, beta: f64) -> Operation<'c, A::Apart> {
        self.policy.early = beta.clamp(0.0, 1_000.0);
        self.apart()
    }

    /// A caller with an older value to answer with (see [`stale_if_error`](Operation::stale_if_error)) waits for a new one for so
    /// long at most. The computation goes on.
    pub fn soft_timeout(mut self, limit: Duration) -> Operation<'c, A::Apart> {
        self.policy.soft_timeout = Some(limit);
        self.apart()
    }

    /// Past its time to live, for this long a value stands in for a computation that fails. Its source is then left alone for
    /// a while; see [`throttle`](Operation::throttle).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// use cache_runtime::{Cache, Clock, ManualClock, Ttl};
    /// use std::time::Duration;
    ///
    /// # let hand = ManualClock::new();
    /// # let cache = Cache::builder().clock(Clock::manual(&hand)).build().await.unwrap();
    /// let rate = async |source: Result<f64, &'static str>| {
    ///     cache
    ///         .get_or_try_set("rate", || async move { source })
    ///         .ttl(Ttl::mins(1))
    ///         .stale_if_error(Duration::from_secs(3600))
    ///         .await
    /// };
    /// assert_eq!(rate(Ok(1.25)).await, Ok(1.25));
    /// hand.advance(Duration::from_secs(90));
    /// assert_eq!(rate(Err("down")).await, Ok(1.25));
    /// # }
    /// ```
    pub fn stale_if_error(mut self, time: Duration) -> Self {
        self.policy.stale_if_error = time;
        self
    }

    /// For how long a source is left alone after a failure for which an older value stands in; 5 s without this.
    pub fn throttle(mut self, time: Duration) -> Self {
        self.policy.throttle = time;
        self
    }

    /// For how long past its time to live a value is kept to be handed to the computation that replaces it; see
    /// [`stored`](crate::stored).
    pub fn revalidate(mut self, time: Duration) -> Self {
        self.policy.revalidate = time;
        self
    }

    /// In place of one time to live: it doubles, up to `longest`, each time a computation finds what was there, and halves, down
    /// to `shortest`, when it finds something else.
    pub fn adaptive_ttl(mut self, shortest: Duration, longest: Duration) -> Self {
        let longest = longest.max(shortest);
        self.policy.adaptive = Some(Range { shortest, longest });
        self
    }

    fn apart(self) -> Operation<'c, A::Apart> {
        self.map(A::apart)
    }
}

impl<'c, A> Operation<'c, A> {
    fn map<B>(self, change: impl FnOnce(A) -> B) -> Operation<'c, B> {
        Operation {
            cache: self.cache,
            key: self.key,
            plan: self.plan,
            policy: self.policy,
            action: change(self.action),
        }
    }
}

impl<'c, F> Operation<'c, GetOrTrySet<F>> {
    /// A caller waits for so long at most, and then has an older value, if there is one that
    /// [`stale_if_error`](Operation::stale_if_error) lets stand in, or the error that [`TimedOut`] becomes. The computation
    /// goes on.
    pub fn timeout(mut self, limit: Duration) -> Operation<'c, Limited<GetOrTrySet<F>>> {
        self.policy.timeout = Some(limit);
        self.map(Limited)
    }
}

impl<'c, F> Operation<'c, Apart<GetOrTrySet<F>>> {
    /// See [`timeout`](Operation::timeout).
    pub fn timeout(mut self, limit: Duration) -> Operation<'c, Limited<GetOrTrySet<F>>> {
        self.policy.timeout = Some(limit);
        self.map(|Apart(action)| Limited(action))
    }
}

type Awaited<'c, T> = Pin<Box<dyn Future<Output = T> + Send + 'c>>;

impl<'c, T, F, Fut> IntoFuture for Operation<'c, Apart<GetOrSet<F>>>
where
    T: CacheValue,
    F: FnOnce() -> Fut + Send + 'static,
    Fut: Future<Output = T> + Send + 'static,
{
    type Output = T;
    type IntoFuture = Awaited<'c, T>;

    fn into_future(self) -> Self::IntoFuture {
        let work = self.map(|Apart(GetOrSet(compute))| compute);
        Box::pin(work.read_through(Plain, None))
    }
}

impl<'c, T, E, F, Fut> IntoFuture for Operation<'c, Apart<GetOrTrySet<F>>>
where
    T: CacheValue,
    E: Send + 'static,
    F: FnOnce() -> Fut + Send + 'static,
    Fut: Future<Output = Result<T, E>> + Send + 'static,
{
    type Output = Result<T, E>;
    type IntoFuture = Awaited<'c, Result<T, E>>;

    fn into_future(self) -> Self::IntoFuture {
        let work = self.map(|Apart(GetOrTrySet(compute))| compute);
        Box::pin(work.read_through(Fallible(Opaque), None))
    }
}

impl<'c, T, E, F, Fut> IntoFuture for Operation<'c, Limited<GetOrTrySet<F>>>
where
    T: CacheValue,
    E: From<TimedOut> + Send + 'static,
    F: FnOnce() -> Fut + Send + 'static,
    Fut: Future<Output = Result<T, E>> + Send + 'static,
{
    type Output = Result<T, E>;
    type IntoFuture = Awaited<'c, Result<T, E>>;

    fn into_future(self) -> Self::IntoFuture {
        let work = self.map(|Limited(GetOrTrySet(compute))| compute);
        Box::pin(work.read_through(Fallible(Opaque), Some(CanTimeOut::timed_out)))
    }
}

impl<F> Operation<'_, F> {
    async fn read_through<R, S, Fut>(self, shape: S, timed_out: Option<OnTimeout<R>>) -> R
    where
        R: Send + 'static,
        S: Shape<R> + Send + Sync + 'static,
        S::Value: CacheValue,
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = R> + Send + 'static,
    {
        let Operation {
            cache,
            key,
            plan,
            policy,
            action: compute,
        } = self;
        let call = Call::new(&DIRECT, cache, &key).policy(&policy);
        match call.look(shape, || plan.clone()) {
            Lookup::Hit(returned) => returned,
            Lookup::Miss(miss) => {
                let body = async { compute().await };
                miss.fill_apart(|_, _| {}, body, timed_out).await
            }
        }
    }
}
