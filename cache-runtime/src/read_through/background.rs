//! Computing in a task of its own, which goes on when its caller has been answered: to refresh an entry that is served
//! meanwhile, or since it takes longer than the caller wants to wait.

use super::miss::{Course, Miss, Pending, Turn};
#[cfg(feature = "redis")]
use super::remote;
use super::shape::Shape;
use super::store::Decision;
use crate::detect::Answer;
use crate::flight::{Entered, Flight, Lead, Stance, on_behalf};
use crate::stats::count;
use crate::sync::{lock, within};
use crate::timeout::{OnTimeout, TimedOut};
use crate::trace;
use crate::value::CacheValue;
use std::future::Future;
use std::pin::Pin;
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
    pub async fn fill_apart<R, F, D>(self, decide: D, body: F, timed_out: Option<OnTimeout<R>>) -> R
    where
        R: Send + 'static,
        S: Shape<R> + Send + Sync + 'static,
        S::Value: CacheValue,
        F: Future<Output = R> + Send + 'static,
        D: FnOnce(&S::Value, &mut Decision) + Send + 'static,
    {
        let shape = self.shape;
        let pending = match self.course {
            Course::Through(pending) | Course::Serve(pending) if Handle::try_current().is_err() => {
                // There is no task but this one.
                let miss = Miss::new(shape, Course::Through(pending));
                return Box::pin(miss.fill(body, decide)).await;
            }
            Course::Through(pending) => pending,
            Course::Serve(pending) => {
                let work = Work::new(shape, body, decide);
                return serve(pending, work).await;
            }
            course => return Miss { shape, course }.fill(body, decide).await,
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
            pending.run(shape, lead, claim, body, work.decide).await
        }
    }
}

/// The same, within the limits of the policy. The computation goes on.
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
    let shape = work.shape;
    let given_up = GivenUp(pending.outer.clone());
    let answering = answer(Arc::clone(&pending), work);
    let mut task = tokio::spawn(on_behalf(answering).in_current_span());
    let (soft, hard) = (pending.policy.soft_timeout, pending.policy.timeout);
    let mut waited = Duration::ZERO;
    if let Some(soft) = soft.filter(|soft| hard.is_none_or(|hard| *soft < hard)) {
        if let Some(ended) = within(soft, &mut task).await {
            given_up.not();
            return result(ended);
        }
        if let Some(returned) = pending.stands_in(shape) {
            given_up.not();
            return returned;
        }
        waited = soft;
    }
    let (Some(hard), Some(timed_out)) = (hard, timed_out) else {
        let ended = task.await;
        given_up.not();
        return result(ended);
    };
    if let Some(ended) = within(hard.saturating_sub(waited), &mut task).await {
        given_up.not();
        return result(ended);
    }
    if let Some(returned) = pending.stands_in(shape) {
        given_up.not();
        return returned;
    }
    count(&pending.site.counters(&pending.cache).timeouts);
    pending.is_answered(Answer::TimedOut);
    trace::timed_out(pending.site, hard);
    timed_out(TimedOut::after(hard))
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

/// What the task came to. A panic goes on in its caller, as if it had happened there.
fn result<R>(ended: Result<R, tokio::task::JoinError>) -> R {
    match ended {
        Ok(returned) => returned,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // Nobody else can: its handle is here.
            Err(_) => panic!("the runtime shuts down"),
        },
    }
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
    let _detached: JoinHandle<()> = tokio::spawn(
        async move {
            let Work {
                shape,
                mut body,
                decide,
            } = work;
            #[cfg(feature = "redis")]
            let turn = match pending.cache.redis() {
                Some(redis) => {
                    let turn = remote::renew(&pending, redis, shape).await;
                    turn.map(|(lead, claim)| (lead, Some(claim)))
                }
                None => pending.takes_the_lead().map(|lead| (lead, None)),
            };
            #[cfg(not(feature = "redis"))]
            let turn = pending.takes_the_lead().map(|lead| (lead, None));
            let Some((lead, claim)) = turn else { return };
            count(&pending.site.counters(&pending.cache).refreshes);
            let _stored = pending.run(shape, lead, claim, body.as_mut(), decide).await;
        }
        .in_current_span(),
    );
}

impl Pending {
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
