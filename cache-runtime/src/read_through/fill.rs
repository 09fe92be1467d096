//! A miss: running the body, storing its value, and telling everybody who waits how it ended.

use super::plan::Plan;
use super::shape::{Shape, View};
use super::store::{Decision, Destination, Finding};
use crate::cache::Cache;
use crate::flight::{End, Lead, computing};
use crate::site::Site;
use crate::stats::count;
use crate::trace;
use crate::value::CacheValue;
use std::future::Future;
use std::sync::Arc;
use std::time::Instant;

/// A miss, and with it the turn to compute.
#[must_use]
pub struct Miss<S> {
    shape: S,
    /// `None`: the call goes past the cache.
    turn: Option<Turn>,
}

struct Turn {
    cache: Cache,
    site: &'static Site,
    lead: Lead,
    plan: Plan,
    /// Whether whatever began to compute before this is to be fenced off.
    supersede: bool,
}

impl<S> Miss<S> {
    pub(super) fn bypass(shape: S) -> Self {
        Miss { shape, turn: None }
    }

    pub(super) fn lead(
        shape: S,
        cache: Cache,
        site: &'static Site,
        lead: Lead,
        plan: Plan,
        supersede: bool,
    ) -> Self {
        let turn = Turn {
            cache,
            site,
            lead,
            plan,
            supersede,
        };
        Miss {
            shape,
            turn: Some(turn),
        }
    }

    /// Runs the body; stores its value as `decide` says; returns what the body returned.
    pub async fn fill<R, F>(self, body: F, decide: impl FnOnce(&S::Value, &mut Decision)) -> R
    where
        F: Future<Output = R>,
        S: Shape<R>,
        S::Value: CacheValue,
    {
        let Some(turn) = self.turn else {
            return body.await;
        };
        let counters = turn.site.counters(&turn.cache);
        let started = Instant::now();
        let computation = computing(Arc::clone(turn.lead.flight()), body);
        let returned = trace::computation(turn.site, turn.lead.key(), computation).await;
        counters.loaded(started.elapsed());
        let end = match self.shape.view(&returned) {
            View::Value(value) => {
                let mut decision = Decision::of(&turn.plan);
                decide(value, &mut decision);
                turn.keep(Finding::value(value.clone()), decision)
            }
            View::Absent => turn.keep(Finding::absence(), Decision::of_absence(&turn.plan)),
            View::Failure => {
                count(&counters.errors);
                trace::failed(turn.site);
                self.shape
                    .share(&returned)
                    .map_or(End::Unshared, End::Error)
            }
        };
        turn.lead.finish(end);
        returned
    }
}

impl Turn {
    /// Stores, and makes what those who wait are given.
    fn keep(&self, finding: Finding, decision: Decision) -> End {
        let destination = Destination {
            cache: &self.cache,
            site: self.site,
            key: self.lead.key(),
            flight: self.lead.flight(),
            supersede: self.supersede,
        };
        End::Entry(destination.store(finding, decision).0)
    }
}
