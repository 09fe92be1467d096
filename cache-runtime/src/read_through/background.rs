//! Computing in a task of its own, which goes on when its caller has been answered: to refresh an entry that is served
//! meanwhile, or since it may take longer than the caller wants to wait.

use super::in_task::in_task;
use super::miss::{Claim, Course, Limits, Miss, Pending, Turn};
use super::out_of_line::OutOfLine;
#[cfg(feature = "redis")]
use super::remote;
use super::shape::Shape;
use super::store::Decision;
use crate::cache::taking_along;
use crate::detect::Answer;
use crate::flight::{
    Entered, Flight, Lead, Stance, in_the_same_name, on_behalf, replacing_nothing,
};
use crate::stats::count;
use crate::sync::{lock, within};
use crate::timeout::{OnTimeout, TimedOut};
use crate::trace;
use crate::value::CacheValue;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tracing::Instrument;

/// What is computed, by whoever does.
struct Work<S, F, D> {
    shape: S,
    body: Pin<Box<F>>,
    decide: D,
}

impl<S> Miss<S> {
    /// As [`fill`](Miss::fill), with a body that needs nothing of its caller. `timed_out` makes the result of a call that has
    /// waited for as long as it may.
    #[inline]
    pub fn fill_apart<R, F, D>(
        self,
        decide: D,
        body: F,
        timed_out: Option<OnTimeout<R>>,
    ) -> impl Future<Output = R>
    where
        R: Send + 'static,
        S: Shape<R> + Send + Sync + 'static,
        S::Value: CacheValue,
        F: Future<Output = R> + Send + 'static,
        D: FnOnce(&S::Value, &mut Decision) + Send + 'static,
    {
        OutOfLine::new(self.filled_apart(decide, body, timed_out))
    }

    async fn filled_apart<R, F, D>(self, decide: D, body: F, timed_out: Option<OnTimeout<R>>) -> R
    where
        R: Send + 'static,
        S: Shape<R> + Send + Sync + 'static,
        S::Value: CacheValue,
        F: Future<Output = R> + Send + 'static,
        D: FnOnce(&S::Value, &mut Decision) + Send + 'static,
    {
        let shape = self.shape;
        if let Course::Through(pending) | Course::Serve(pending) = &self.course
            && pending.policy.warms()
        {
            // Nothing goes on without whoever warms.
            return self.fill(body, decide).await;
        }
        let pending = match self.course {
            Course::Through(pending) | Course::Serve(pending) if Handle::try_current().is_err() => {
                // There is no task but this one.
                let miss = Miss::new(shape, Course::Through(pending));
                return miss.fill(body, decide).await;
            }
            Course::Through(pending) => pending,
            Course::Serve(pending) => {
                let work = Work::new(shape, body, decide);
                return serve(pending, work).await;
            }
            course => {
                return match (course, timed_out) {
                    (Course::Past(Some(limits)), Some(timed_out)) => {
                        Box::pin(past_in_time(*limits, body, timed_out)).await
                    }
                    #[cfg(feature = "redis")]
                    (Course::PastInside(pending), Some(timed_out)) => {
                        Box::pin(remote::depend(&pending)).await;
                        let limits = Limits::of(&pending);
                        Box::pin(past_in_time(limits, body, timed_out)).await
                    }
                    (course, _) => Miss { shape, course }.fill(body, decide).await,
                };
            }
        };
        let work = Work::new(shape, body, decide);
        if pending.policy.has_limits() {
            Box::pin(in_time(pending.into(), work, timed_out)).await
        } else {
            answer(pending.into(), work).await
        }
    }
}

impl<S, F, D> Work<S, F, D> {
    fn new(shape: S, body: F, decide: D) -> Self {
        Work {
            shape,
            body: Box::pin(body),
            decide,
        }
    }
}

/// Answers with the entry that was found, and refreshes it.
async fn serve<R, S, F, D>(pending: Box<Pending>, work: Work<S, F, D>) -> R
where
    R: Send + 'static,
    S: Shape<R> + Send + Sync + 'static,
    S::Value: CacheValue,
    F: Future<Output = R> + Send + 'static,
    D: FnOnce(&S::Value, &mut Decision) + Send + 'static,
{
    let found = pending.found.as_ref();
    let returned = found.and_then(|entry| pending.reader().read(work.shape, entry, None));
    let Some(returned) = returned else {
        return answer(pending.into(), work).await;
    };
    if found.is_some_and(|entry| !entry.is_fresh(pending.cache.now())) {
        pending.is_stale();
        pending.is_answered(Answer::Stale);
    } else {
        pending.is_answered(Answer::Local);
    }
    renew(&pending, pending.left, work);
    returned
}

/// The answer of a call that nobody could give at once.
async fn answer<R, S, F, D>(pending: Arc<Pending>, mut work: Work<S, F, D>) -> R
where
    R: Send + 'static,
    S: Shape<R> + Send + Sync + 'static,
    S::Value: CacheValue,
    F: Future<Output = R> + Send + 'static,
    D: FnOnce(&S::Value, &mut Decision) + Send + 'static,
{
    let shape = work.shape;
    match pending.whose_turn(shape).await {
        Turn::Answered(returned) => returned,
        #[cfg(feature = "redis")]
        Turn::Serve(returned, left) => {
            renew(&pending, left, work);
            returned
        }
        Turn::Ours(lead, claim) => {
            let body = work.body.as_mut();
            let returned = pending.run(shape, lead, claim, body, work.decide).await;
            pending.answers(shape, returned)
        }
    }
}

/// The same, within the limits of the policy. What this caller computes goes on without it; what others do is theirs.
async fn in_time<R, S, F, D>(
    pending: Arc<Pending>,
    work: Work<S, F, D>,
    timed_out: Option<OnTimeout<R>>,
) -> R
where
    R: Send + 'static,
    S: Shape<R> + Send + Sync + 'static,
    S::Value: CacheValue,
    F: Future<Output = R> + Send + 'static,
    D: FnOnce(&S::Value, &mut Decision) + Send + 'static,
{
    let given_up = GivenUp(pending.outer.clone());
    let shape = work.shape;
    let work = Mutex::new(Some(work));
    let mut answering = Box::pin(answer_from_task(&pending, shape, &work));
    let hard = pending.policy.timeout.zip(timed_out);
    let soft = pending.policy.soft_timeout;
    let soft = soft.filter(|soft| hard.is_none_or(|(hard, _)| *soft < hard));
    let mut waited = Duration::ZERO;
    for limit in [soft, hard.map(|(hard, _)| hard)].into_iter().flatten() {
        if let Some(returned) = within(limit - waited, answering.as_mut()).await {
            given_up.not();
            return returned;
        }
        if let Some(older) = pending.stands_in(shape) {
            given_up.not();
            pending.goes_without();
            drop(answering);
            if let Some(work) = lock(&work).take() {
                // It was waiting for somebody else, or for a server. If nobody is at it, it goes on by itself.
                renew(&pending, Duration::ZERO, work);
            }
            return older;
        }
        waited = limit;
    }
    let Some((hard, timed_out)) = hard else {
        let returned = answering.await;
        given_up.not();
        return returned;
    };
    count(&pending.site.counters(&pending.cache).timeouts);
    pending.is_answered(Answer::TimedOut);
    trace::timed_out(pending.site, hard);
    timed_out(TimedOut::after(hard))
}

/// As [`answer`]; what is computed, is computed by a task.
async fn answer_from_task<R, S, F, D>(
    pending: &Arc<Pending>,
    shape: S,
    work: &Mutex<Option<Work<S, F, D>>>,
) -> R
where
    R: Send + 'static,
    S: Shape<R> + Send + Sync + 'static,
    S::Value: CacheValue,
    F: Future<Output = R> + Send + 'static,
    D: FnOnce(&S::Value, &mut Decision) + Send + 'static,
{
    let turn = pending.whose_turn(shape).await;
    let (lead, claim) = match turn {
        Turn::Answered(returned) => return returned,
        #[cfg(feature = "redis")]
        Turn::Serve(returned, left) => {
            if let Some(work) = lock(work).take() {
                renew(pending, left, work);
            }
            return returned;
        }
        Turn::Ours(lead, claim) => (lead, claim),
    };
    let Some(mut work) = lock(work).take() else {
        unreachable!("it is taken once this future is dropped, or here")
    };
    let computing = {
        let pending = Arc::clone(pending);
        async move {
            let body = work.body.as_mut();
            pending.run(shape, lead, claim, body, work.decide).await
        }
    };
    let computing = taking_along(on_behalf(computing));
    let returned = in_task(computing.in_current_span()).await;
    pending.answers(shape, returned)
}

/// A call inside a computation that does not wait for its answer: what that would have depended on, nobody may know yet, so
/// what is made without it is not kept.
struct GivenUp(Option<Arc<Flight>>);

impl GivenUp {
    fn not(mut self) {
        self.0 = None;
    }
}

impl Drop for GivenUp {
    fn drop(&mut self) {
        if let Some(outer) = &self.0 {
            outer.doom();
        }
    }
}

/// Runs the body of a call that goes past the cache, which waits no longer for that either.
pub(super) async fn past_in_time<R>(
    limits: Limits,
    body: impl Future<Output = R>,
    timed_out: OnTimeout<R>,
) -> R {
    let Limits {
        site,
        cache,
        outer,
        time,
    } = limits;
    let Some(time) = time else {
        return replacing_nothing(body).await;
    };
    let given_up = GivenUp(outer);
    if let Some(returned) = within(time, pin!(replacing_nothing(body))).await {
        given_up.not();
        return returned;
    }
    count(&site.counters(&cache).timeouts);
    trace::timed_out(site, time);
    timed_out(TimedOut::after(time))
}

/// Refreshes in the background what has been answered with, unless somebody does already, or the source is left alone.
fn renew<R, S, F, D>(pending: &Pending, left: Duration, work: Work<S, F, D>)
where
    R: Send + 'static,
    S: Shape<R> + Send + Sync + 'static,
    S::Value: CacheValue,
    F: Future<Output = R> + Send + 'static,
    D: FnOnce(&S::Value, &mut Decision) + Send + 'static,
{
    if !pending.may_refresh() || pending.cache.flights().contains(&pending.key) {
        return;
    }
    let pending = pending.to_renew(left);
    let renewing = async move {
        let Work {
            shape,
            mut body,
            decide,
        } = work;
        let Some((lead, claim)) = pending.turn_to_renew(shape).await else {
            return;
        };
        count(&pending.site.counters(&pending.cache).refreshes);
        let _stored = pending.run(shape, lead, claim, body.as_mut(), decide).await;
    };
    let renewing = taking_along(in_the_same_name(renewing));
    let _detached: JoinHandle<()> = tokio::spawn(renewing.in_current_span());
}

impl Pending {
    /// Replaces an entry that would be an answer as well, for a caller who has time. Where somebody else does that, it is the
    /// answer.
    pub(super) async fn ahead<R, S, F>(
        &self,
        shape: S,
        (older, from): (R, Answer),
        left: Duration,
        body: Pin<&mut F>,
        decide: impl FnOnce(&S::Value, &mut Decision),
    ) -> R
    where
        S: Shape<R>,
        S::Value: CacheValue,
        F: Future<Output = R>,
    {
        if self.may_refresh() {
            let pending = self.to_renew(left);
            if let Some((lead, claim)) = pending.turn_to_renew(shape).await {
                count(&self.site.counters(&self.cache).refreshes);
                let returned = pending.run(shape, lead, claim, body, decide).await;
                return pending.answers(shape, returned);
            }
        }
        self.is_answered(from);
        older
    }

    /// The right to replace the entry that was found; unless that has ended or been replaced, or somebody else does.
    async fn turn_to_renew<R, S>(&self, shape: S) -> Option<(Lead, Option<Claim>)>
    where
        S: Shape<R>,
        S::Value: CacheValue,
    {
        #[cfg(feature = "redis")]
        if let Some(redis) = self.cache.redis() {
            let (lead, claim) = remote::renew(self, redis, shape).await?;
            return Some((lead, Some(claim)));
        }
        #[cfg(not(feature = "redis"))]
        let _ = shape;
        Some((self.takes_the_lead()?, None))
    }

    /// The same for nobody who waits, to replace an entry that is fresh for so long still.
    fn to_renew(&self, left: Duration) -> Pending {
        Pending {
            cache: self.cache.clone(),
            site: self.site,
            key: Arc::clone(&self.key),
            plan: self.plan.clone(),
            policy: self.policy,
            found: self.found.clone(),
            left,
            last: Mutex::new(lock(&self.last).clone()),
            outer: None,
            refresh: false,
            renews: true,
            strict: self.strict,
            went_without: AtomicBool::new(false),
        }
    }

    /// Takes the lead to replace the entry that was found; unless that has ended or been replaced, or somebody computes.
    fn takes_the_lead(&self) -> Option<Lead> {
        let found = self.found.as_ref()?;
        let stance = |flight: &Arc<Flight>| {
            if flight.can_be_shared() {
                Stance::Join
            } else {
                Stance::Replace
            }
        };
        let flights = self.cache.flights();
        let Entered::Leads(lead) = flights.enter(&self.key, stance, || self.begin()) else {
            return None;
        };
        // Generations are captured: what ends from here on is seen when it is stored.
        let now = self.cache.local().peek(&self.key)?;
        (Arc::ptr_eq(&now, found) && now.is_current()).then_some(lead)
    }
}
