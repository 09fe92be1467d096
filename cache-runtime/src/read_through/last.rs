//! The entry that a computation is to replace: what it says can stand in where the computation fails, be handed to its
//! body, and tell how often the value changes.
//!
//! It is past its time to live, or soon will be, which is not to be invalidated: what was invalidated is good for nothing.

use super::miss::Pending;
use super::shape::{Shape, View};
use crate::circumstances::answered;
use crate::detect::Answer;
#[cfg(feature = "redis")]
use crate::entry::Entry;
use crate::entry::{Content, Last};
use crate::flight::Flight;
use crate::key::encode::digest;
use crate::policy::Range;
use crate::stats::count;
use crate::sync::lock;
use crate::trace;
use crate::ttl::Ttl;
use crate::value::CacheValue;
use std::panic::AssertUnwindSafe;
#[cfg(feature = "redis")]
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

impl Pending {
    /// Takes note of it. What is known later is known better.
    pub(super) fn replaces(&self, last: Option<Last>) {
        if let Some(last) = last {
            *lock(&self.last) = Some(last);
        }
    }

    /// What the entry hangs on that is to be replaced. Nothing: it has been invalidated.
    #[cfg(feature = "redis")]
    pub(super) fn replaces_what_hangs_on(&self, hangs_on: Option<Arc<Entry>>) {
        let mut last = lock(&self.last);
        *last = last.take().filter(|_| hangs_on.is_some());
        if let Some(last) = &mut *last {
            last.hangs_on = hangs_on;
        }
    }

    /// Whether there is an entry of use to the computation that replaces it.
    #[cfg(feature = "redis")]
    pub(super) fn replaces_something(&self) -> bool {
        lock(&self.last).is_some()
    }

    /// It is no longer there.
    #[cfg(feature = "redis")]
    pub(super) fn replaces_nothing(&self) {
        *lock(&self.last) = None;
    }

    /// What the entry to be replaced says, if it stands in and has not been invalidated since.
    pub(super) fn stands_in<R, S>(&self, shape: S) -> Option<R>
    where
        S: Shape<R>,
        S::Value: CacheValue,
    {
        let last = lock(&self.last).clone();
        let last = last.filter(|last| last.stands_in && last.entry.is_current())?;
        let returned = self
            .reader()
            .read(shape, &last.entry, self.outer.as_ref())?;
        if let Some(outer) = &self.outer {
            // What is made of something old is to be made anew when that is.
            outer.is_fresh_for(self.policy.throttle);
        }
        self.is_stale();
        self.is_answered(Answer::Stale);
        Some(returned)
    }

    /// Its caller was answered with what stands in, and has nothing to wait for.
    pub(super) fn goes_without(&self) {
        self.went_without.store(true, Ordering::Release);
    }

    /// Whether there is something to answer with if the computation fails.
    pub(super) fn can_fall_back(&self) -> bool {
        lock(&self.last).as_ref().is_some_and(|last| last.stands_in)
    }

    /// Counts an answer past its time to live.
    pub(super) fn is_stale(&self) {
        count(&self.site.counters(&self.cache).stale);
        trace::stale(self.site, &self.key);
    }

    /// Tells whoever wants to know.
    pub(super) fn is_answered(&self, answer: Answer) {
        answered(&self.cache, self.site, &self.key, answer);
    }

    /// What stands in while the source is left alone.
    pub(super) fn spares<R, S>(&self, shape: S) -> Option<R>
    where
        S: Shape<R>,
        S::Value: CacheValue,
    {
        self.is_spared().then(|| self.stands_in(shape)).flatten()
    }

    /// Whether the source is left alone, since something stands in.
    pub(super) fn is_spared(&self) -> bool {
        self.can_fall_back() && self.has_failed()
    }

    /// The result; or, of one that failed, what stands in.
    pub(super) fn unless_failed<R, S>(&self, shape: S, returned: R) -> R
    where
        S: Shape<R>,
        S::Value: CacheValue,
    {
        match shape.view(&returned) {
            View::Failure => self.stands_in(shape).unwrap_or(returned),
            View::Value(_) | View::Absent => returned,
        }
    }

    /// Whether the source has failed, and is left alone.
    fn has_failed(&self) -> bool {
        let rests = self.cache.rests();
        rests.has_failed(&self.key, self.cache.now())
    }

    /// Whether a refresh in the background is to be tried now.
    pub(super) fn may_refresh(&self) -> bool {
        let rests = self.cache.rests();
        rests.may_refresh(&self.key, self.cache.now())
    }

    /// The source has failed: it is left alone for `time`.
    pub(super) fn rests(&self, time: Duration) {
        let until = self.cache.now().plus(time);
        self.cache.rests().failed(&self.key, until);
    }

    /// Somebody else refreshes it, which is not looked at again for `time`.
    #[cfg(feature = "redis")]
    pub(super) fn is_refreshed_elsewhere(&self, time: Duration) {
        let until = self.cache.now().plus(time);
        let rests = self.cache.rests();
        rests.is_refreshed_elsewhere(&self.key, until);
    }

    /// After a failure the source is left alone for as long as its author wants, by all who have an entry to answer with
    /// meanwhile. Returns for how long.
    pub(super) fn rests_after_failure(&self) -> Option<Duration> {
        let others_can_answer = self.renews || !self.policy.stale_if_error.is_zero();
        if self.renews || self.can_fall_back() {
            trace::source_fails(self.site, self.policy.throttle);
        }
        others_can_answer.then(|| {
            self.rests(self.policy.throttle);
            self.policy.throttle
        })
    }

    /// Whether `value` is what was there. Counted, and asked only where it matters.
    pub(super) fn is_unchanged<T: CacheValue>(&self, flight: &Flight, value: &T) -> bool {
        let told = flight.is_not_modified();
        let compared = || {
            let last = lock(&self.last).clone();
            last.is_some_and(|last| match last.entry.content::<T>() {
                Content::Value(before) => are_alike(before, value),
                Content::Absent | Content::Other => false,
            })
        };
        let unchanged = told || (self.policy.adaptive.is_some() && compared());
        if unchanged {
            count(&self.site.counters(&self.cache).unchanged);
        }
        unchanged
    }

    /// The time to live that follows from the last one: twice as long if the value is the same, half as long if not.
    pub(super) fn adapted(&self, range: Range, is_unchanged: bool) -> Ttl {
        let last = lock(&self.last).as_ref().and_then(|last| last.fresh_for);
        let time = match last {
            None => range.shortest,
            Some(last) if is_unchanged => last.saturating_mul(2),
            Some(last) => last / 2,
        };
        Ttl::For(time.clamp(range.shortest, range.longest))
    }
}

/// A value whose `Serialize` fails or panics is like no other.
fn are_alike<T: CacheValue>(one: &T, other: &T) -> bool {
    let digests = || Some((digest(one).ok()?, digest(other).ok()?));
    let digests = std::panic::catch_unwind(AssertUnwindSafe(digests));
    matches!(digests, Ok(Some((one, other))) if one == other)
}
