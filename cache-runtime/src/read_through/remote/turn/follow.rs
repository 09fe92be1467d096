//! Waiting for a computation of this process: to share what it finds, or to take its place.

use super::Caller;
use crate::detect::Answer;
use crate::entry::{Entry, Lateness};
use crate::flight::{End, Flight, Waiting};
use crate::generation::Stamp;
use crate::read_through::miss::Turn;
use crate::read_through::remote::look::Seen;
use crate::read_through::shape::Shape;
use crate::redis::sequence;
use crate::redis::{Begun, Intent, Token};
use crate::stats::count;
use crate::sync::within;
use crate::trace;
use crate::value::CacheValue;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What came of waiting for somebody else.
pub(super) enum Waited<R> {
    Answered(R),
    LookAgain,
    /// It takes too long.
    TooLong(Arc<Flight>),
    /// Wait for nobody, and store nothing.
    Alone,
}

/// Why nobody is waited for any more.
pub(super) enum InVain {
    WouldNeverEnd,
    TooLong,
}

impl InVain {
    /// What comes after waiting for `flight`.
    pub(super) fn of<R>(self, flight: &Arc<Flight>) -> Waited<R> {
        match self {
            InVain::WouldNeverEnd => Waited::Alone,
            InVain::TooLong => Waited::TooLong(Arc::clone(flight)),
        }
    }
}

/// What a caller has seen standing after its call had begun.
struct Known {
    stamps: Vec<Stamp>,
}

impl Known {
    /// Whether an entry depends on nothing besides.
    fn covers(&self, entry: &Entry) -> bool {
        let Some(remote) = &entry.about.remote else {
            return false;
        };
        entry.about.late == Lateness::None
            && remote
                .stamps
                .iter()
                .all(|stamp| self.stamps.contains(stamp))
    }
}

/// One computation waits for another. However that ends: if the caller goes without, it does not hang on the other.
struct Waits<'w> {
    outer: &'w Arc<Flight>,
    flight: &'w Arc<Flight>,
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.outer.no_longer_waits_for(self.flight);
    }
}

impl Caller<'_> {
    /// Shares the result of a computation that was begun after this call.
    pub(super) async fn follow<R, S>(&self, shape: S, flight: &Arc<Flight>) -> Waited<R>
    where
        S: Shape<R>,
        S::Value: CacheValue,
    {
        // Whoever looks may be part of a future that nobody polls. To look as well does no harm.
        if flight.remote.looks() {
            let limit = self.redis.config().operation_timeout;
            if within(limit, pin!(flight.looked_or_ended()))
                .await
                .is_none()
            {
                self.looks_itself.store(true, Ordering::Relaxed);
                return Waited::LookAgain;
            }
        }
        let end = match self.wait(flight, flight.ended()).await {
            Ok(end) => end,
            Err(in_vain) => return in_vain.of(flight),
        };
        let answer = match end {
            End::Hit(entry, served) => {
                let answer = self.pending.reader().read(shape, entry, None);
                let answer = answer.inspect(|_| self.is_served(*served));
                return answer.map_or(Waited::Alone, Waited::Answered);
            }
            End::Entry(entry) => {
                if let Some(outer) = &self.pending.outer {
                    outer.has_result(flight, entry);
                }
                self.pending.reader().read(shape, entry, None)
            }
            End::Error(_) | End::Unshared if self.may_find_something_older() => {
                self.looks_itself.store(true, Ordering::Relaxed);
                return Waited::LookAgain;
            }
            End::Error(shared) => {
                self.depends_on_failure(flight);
                shape.failure(&**shared)
            }
            End::Unshared => self.pending.stands_in(shape),
            End::Abandoned => return Waited::LookAgain,
        };
        answer.map_or(Waited::Alone, |answer| self.coalesced(answer))
    }

    /// Comes after a computation whose result may be older than this call: takes its place if that is invalid already,
    /// and waits for its end otherwise.
    pub(super) async fn behind<R, S>(
        &self,
        shape: S,
        flight: &Arc<Flight>,
        seen: &Seen,
    ) -> Result<Turn<R>, Waited<R>>
    where
        S: Shape<R>,
        S::Value: CacheValue,
    {
        if let Some(outer) = &self.pending.outer
            && outer.would_wait_for_itself(flight)
        {
            return Err(Waited::Alone);
        }
        // Until then nobody can tell whether it is still good for anything. It may stand still, and then its lease ends.
        let patience = self.redis.config().lease;
        let known = within(
            patience,
            pin!(self.wait(flight, flight.computes_or_ended())),
        )
        .await;
        match known {
            Some(Ok(())) => {}
            Some(Err(in_vain)) => return Err(in_vain.of(flight)),
            None => return self.instead_of(shape, flight, seen, None).await,
        }
        let Some(Some(held)) = flight.remote.held() else {
            return Err(Waited::LookAgain);
        };
        let stamps = flight.computed_under();
        match self
            .redis
            .standing(&self.pending.key, held.token, &stamps)
            .await
        {
            Ok(true) => {
                let known = Known { stamps };
                return Err(self.share(shape, flight, &known).await);
            }
            Ok(false) => {}
            Err(_) => return Err(Waited::LookAgain),
        }
        // Its lease still stands if it was a tag or a scope that has ended.
        self.instead_of(shape, flight, seen, Some(held.token)).await
    }

    /// Takes the place of a computation, whose lease may stand in the way no longer; else waits until it has ended.
    async fn instead_of<R, S>(
        &self,
        shape: S,
        flight: &Arc<Flight>,
        seen: &Seen,
        supersedes: Option<Token>,
    ) -> Result<Turn<R>, Waited<R>>
    where
        S: Shape<R>,
        S::Value: CacheValue,
    {
        let guards = self.guards(seen);
        let began = sequence::next();
        let intent = Intent {
            seen: seen.fingerprint(),
            supersedes,
            must_compute: self.must_compute(),
        };
        match self
            .redis
            .begin(&self.pending.key, intent, self.wanted(&guards))
            .await
        {
            Ok(Begun::Acquired(captured, token)) => {
                let begin = || {
                    let flight = self.flight();
                    flight.remote.begun.begins_at(began);
                    flight
                };
                let flights = self.pending.cache.flights();
                let lead = flights.lead(&self.pending.key, begin);
                Ok(self.acquired(shape, lead, seen, token, captured).await)
            }
            Ok(Begun::Changed) => Err(Waited::LookAgain),
            Ok(Begun::Resting(time)) => {
                self.pending.rests(time);
                Err(Waited::LookAgain)
            }
            // Somebody else was faster.
            Ok(Begun::Busy(_)) => Err(match self.wait(flight, flight.ended_or_replaced()).await {
                Ok(()) => self.looks_again_after(flight),
                Err(in_vain) => in_vain.of(flight),
            }),
            // Neither can it be stored, nor is there anybody worth waiting for.
            Err(_) => Err(Waited::Alone),
        }
    }

    /// Waits for a computation whose lease and generations stood after this call had begun, and takes what it found if
    /// that depends on nothing else.
    async fn share<R, S>(&self, shape: S, flight: &Arc<Flight>, known: &Known) -> Waited<R>
    where
        S: Shape<R>,
        S::Value: CacheValue,
    {
        if let Err(in_vain) = self.wait(flight, flight.ended_or_replaced()).await {
            return in_vain.of(flight);
        }
        let found = match flight.found() {
            Some(End::Entry(entry)) if self.is_like_ours(flight) && known.covers(entry) => entry,
            // An error is shared where that can be done; otherwise everybody finds out alone, and nobody waits in line.
            Some(End::Error(shared)) if self.is_like_ours(flight) => {
                if self.pending.outer.is_some() && !flight.remote.knows_key_generation {
                    return Waited::Alone;
                }
                self.depends_on_failure(flight);
                let failure = shape.failure(&**shared);
                return failure.map_or(Waited::Alone, |failure| self.coalesced(failure));
            }
            Some(End::Unshared) if self.is_like_ours(flight) => {
                let older = self.pending.stands_in(shape);
                return older.map_or(Waited::Alone, Waited::Answered);
            }
            _ => return self.looks_again_after(flight),
        };
        if let Some(outer) = &self.pending.outer {
            if !flight.remote.knows_key_generation {
                return Waited::LookAgain;
            }
            outer.has_result(flight, found);
        }
        let answer = self.pending.reader().read(shape, found, None);
        answer.map_or(Waited::LookAgain, |answer| self.coalesced(answer))
    }

    /// If another computation has taken its place, that one is waited for as long.
    fn looks_again_after<R>(&self, flight: &Flight) -> Waited<R> {
        if flight.found().is_none() {
            self.waits_anew();
        }
        Waited::LookAgain
    }

    /// An answer that somebody else has computed.
    fn coalesced<R>(&self, answer: R) -> Waited<R> {
        self.misses(|| "computed by another call");
        count(&self.counters().coalesced);
        self.pending.is_answered(Answer::Shared);
        Waited::Answered(answer)
    }

    /// An outer value may be made of an error, too.
    fn depends_on_failure(&self, flight: &Arc<Flight>) {
        if let Some(outer) = &self.pending.outer {
            outer.computes(flight);
        }
    }

    /// Waits for what comes of `flight`.
    pub(super) async fn wait<T>(
        &self,
        flight: &Arc<Flight>,
        until: impl Future<Output = T>,
    ) -> Result<T, InVain> {
        let _waits = match &self.pending.outer {
            Some(outer) => match outer.waits_for(flight) {
                Waiting::IsSafe | Waiting::IsTooLate => Some(Waits { outer, flight }),
                Waiting::WouldNeverEnd => return Err(InVain::WouldNeverEnd),
            },
            None => None,
        };
        let waited = within(self.time_left(), pin!(until)).await;
        waited.ok_or_else(|| {
            trace::gave_up_waiting(self.pending.site);
            InVain::TooLong
        })
    }
}
