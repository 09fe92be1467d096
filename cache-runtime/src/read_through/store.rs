//! Storing what was computed, unless something it depends on was invalidated meanwhile.

use super::lifespan::Lifespan;
use super::plan::{Plan, guards_of};
use crate::audit;
use crate::cache::Cache;
use crate::clock::Tick;
use crate::cost::Cost;
use crate::entry::{About, Entry, Lateness, Steps};
use crate::flight::Flight;
use crate::generation::{Generation, Guard};
use crate::invalidate::{Delivery, Ending};
use crate::key::{Key, encode};
use crate::policy::Policy;
use crate::site::Site;
use crate::stats::count;
use crate::tag::Tag;
use crate::trace;
use crate::ttl::{IntoTtl, Ttl};
use crate::value::CacheValue;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

/// What becomes of a value, now that it is known. Starts as the plan has it.
#[derive(Debug)]
pub struct Decision {
    pub(super) ttl: Ttl,
    /// For how long it is kept past that, where it says so itself.
    grace: Option<Duration>,
    tags: Vec<Tag>,
    pub(super) aliases: Vec<Key>,
    pub(super) store: bool,
    is_absence: bool,
    /// Whether what is there stays, though nothing is stored.
    pub(super) leaves: bool,
    /// Who has to know what becomes of it.
    #[cfg(feature = "http")]
    pub(super) fate: Option<Arc<Fate>>,
    /// Whether it is a response: what copies of that are for is made anew, and has not ended.
    #[cfg(feature = "http")]
    of_response: bool,
}

/// What became of a value, once that is known.
#[cfg(feature = "http")]
#[derive(Debug, Default)]
pub(crate) struct Fate(std::sync::OnceLock<Outcome>);

#[cfg(feature = "http")]
impl Fate {
    /// Of what was stored.
    pub(crate) fn stored() -> Self {
        Fate(Outcome::Stored.into())
    }

    pub(super) fn is(&self, outcome: Outcome) {
        let _is_known = self.0.set(outcome);
    }

    pub(crate) fn outcome(&self) -> Option<Outcome> {
        self.0.get().copied()
    }
}

impl Decision {
    /// For a value.
    pub(crate) fn of(plan: &Plan) -> Self {
        Decision {
            ttl: plan.ttl,
            grace: None,
            tags: Vec::new(),
            aliases: plan.aliases.clone(),
            store: true,
            is_absence: false,
            leaves: false,
            #[cfg(feature = "http")]
            fate: None,
            #[cfg(feature = "http")]
            of_response: false,
        }
    }

    /// For the finding that there is none.
    pub(crate) fn of_absence(plan: &Plan) -> Self {
        Decision {
            ttl: plan.negative.unwrap_or_default(),
            grace: None,
            tags: Vec::new(),
            aliases: Vec::new(),
            store: plan.negative.is_some(),
            is_absence: true,
            leaves: false,
            #[cfg(feature = "http")]
            fate: None,
            #[cfg(feature = "http")]
            of_response: false,
        }
    }

    /// `ttl = |value| …`
    pub fn ttl(&mut self, ttl: impl IntoTtl) {
        self.ttl = ttl.into_ttl();
    }

    /// `tags_with = |value| …`
    pub fn tags<T: Into<Tag>>(&mut self, tags: impl IntoIterator<Item = T>) {
        self.tags.extend(tags.into_iter().map(Into::into));
    }

    /// For how long past its time to live the value may be of use, which says so itself ([`Shape::answers_for`](super::Shape)).
    #[cfg(feature = "http")]
    pub(crate) fn grace(&mut self, grace: Duration) {
        self.grace = Some(grace);
    }

    /// What is there is as good as before: the value says nothing of it.
    #[cfg(feature = "http")]
    pub(crate) fn leave_what_is_there(&mut self) {
        self.leaves = true;
    }

    /// It is about a response.
    #[cfg(feature = "http")]
    pub(crate) fn of_response(&mut self) {
        self.of_response = true;
    }

    /// Whether it is.
    pub(super) fn is_of_response(&self) -> bool {
        #[cfg(feature = "http")]
        return self.of_response;
        #[cfg(not(feature = "http"))]
        false
    }

    /// Tells there what becomes of the value.
    #[cfg(feature = "http")]
    pub(crate) fn tells(&mut self, fate: &Arc<Fate>) {
        self.fate = Some(Arc::clone(fate));
    }

    /// `unless = |value| …`
    pub fn unless(&mut self, unwanted: bool) {
        self.store &= !unwanted;
    }

    /// For how long the entry is fresh, and kept. What is made of something old is fresh for so long at most.
    pub(crate) fn lifespan(
        &self,
        cache: &Cache,
        policy: &Policy,
        at_most: Option<Duration>,
    ) -> Lifespan {
        let lifespan = if self.is_absence {
            Lifespan::of_absence(cache, self.ttl, policy)
        } else {
            Lifespan::of_value(cache, self.ttl, policy)
        };
        let lifespan = match self.grace {
            Some(grace) => lifespan.kept_past(grace),
            None => lifespan,
        };
        match at_most {
            Some(at_most) => lifespan.provisional(at_most),
            None => lifespan,
        }
    }

    /// Stores the entry under `key` as well. It becomes invalid with any of its keys.
    pub(crate) fn also_under(&mut self, key: Key) {
        self.aliases.push(key);
    }

    /// The guards that come from the value.
    pub(super) fn guards(&self) -> impl Iterator<Item = (Guard, &str)> {
        let tags = self.tags.iter().map(|tag| (Guard::Tag, tag.as_str()));
        tags.chain(self.aliases.iter().flat_map(|key| guards_of(key.as_str())))
    }
}

/// What became of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Stored,
    /// Something it depends on was invalidated while it was computed.
    Fenced,
    /// Its function's author did not want it stored, or it is too large.
    Declined,
    /// The server could not be asked.
    #[cfg(feature = "redis")]
    Unavailable,
}

/// A finding and its weight in bytes.
pub(crate) struct Finding<T> {
    pub(super) value: Option<T>,
    pub(super) weight: usize,
}

impl<T: CacheValue> Finding<T> {
    /// What a computation has found: a value, or that there is none.
    pub(crate) fn of(value: Option<&T>) -> Self {
        Finding {
            weight: value.map_or(0, |value| weight(value) + size_of::<T>()),
            value: value.cloned(),
        }
    }
}

/// A value whose `Serialize` fails or panics is as good as any other here: it is only weighed.
fn weight<T: CacheValue>(value: &T) -> usize {
    let weighed = std::panic::catch_unwind(AssertUnwindSafe(|| encode::weight(value)));
    weighed.ok().and_then(Result::ok).unwrap_or_default()
}

/// Where a finding belongs.
pub(crate) struct Destination<'s> {
    pub(crate) cache: &'s Cache,
    pub(crate) site: &'static Site,
    pub(crate) policy: &'s Policy,
    pub(crate) key: &'s Arc<str>,
    pub(crate) flight: &'s Flight,
    /// Whether computations that began before this one are to be fenced off.
    pub(crate) supersede: bool,
}

impl Destination<'_> {
    /// Makes the entry of a finished computation, and stores it if everything it depends on is still current.
    ///
    /// Nothing needs to be locked between that check and the insertion: an entry carries its generations, so one
    /// that is overtaken by an invalidation right here is invalid from the start.
    pub(crate) fn store<T: CacheValue>(
        &self,
        finding: Finding<T>,
        decision: Decision,
        cost: Duration,
    ) -> (Arc<Entry>, Outcome) {
        let ending = self.ending(&decision);
        let (mut about, outcome) = self.judge(finding.weight, &decision);
        about.cost = Cost::of(cost);
        about.idle = self.policy.idle.map_or(Steps::default(), Steps::of);
        let entry = Entry::of(self.key, finding.value, about);
        let outcome = self.conclude(&entry, outcome, &decision.aliases);
        self.ends_what_is_older(outcome, &decision.aliases);
        Self::has_ended(ending, outcome, &decision.aliases);
        (entry, outcome)
    }

    /// What was there before is ending, if there is to be something else.
    pub(super) fn ending(&self, decision: &Decision) -> Option<Ending<'_>> {
        if !self.supersede || decision.is_of_response() {
            return None;
        }
        let own = std::iter::once((Guard::Key, &**self.key));
        let aliases = decision.aliases.iter();
        let aliases = aliases.map(|alias| (Guard::Key, alias.as_str()));
        Some(Ending::of(self.cache, own.chain(aliases)))
    }

    /// If nothing could be stored, it is for the caller to end the key itself.
    pub(super) fn has_ended(ending: Option<Ending<'_>>, outcome: Outcome, aliases: &[Key]) {
        let Some(ending) = ending else { return };
        match outcome {
            Outcome::Stored => ending.has(Delivery::Delivered),
            _ if aliases.is_empty() => ending.has_not(),
            #[cfg(feature = "redis")]
            Outcome::Unavailable => ending.has(Delivery::Deferred),
            Outcome::Fenced | Outcome::Declined => ending.has(Delivery::Delivered),
        }
    }

    /// What there is to know of an entry that weighs so much, and whether it is to be stored.
    fn judge(&self, weight: usize, decision: &Decision) -> (About, Outcome) {
        let now = self.cache.now();
        let (mut stamps, captured) = self.stamps(decision);
        let at_most = self.flight.longest_freshness();
        let lifespan = decision.lifespan(self.cache, self.policy, at_most);
        let expires = lifespan.fresh.map_or(Tick::NEVER, |ttl| now.plus(ttl));
        let late = self.lateness(&stamps[captured..]);
        let outcome = if !decision.store || expires <= now {
            Outcome::Declined
        } else if late != Lateness::Doubtful
            && self.flight.is_current()
            && stamps.iter().all(|stamp| stamp.is_current())
            && self.supersedes(&mut stamps, &decision.aliases)
        {
            Outcome::Stored
        } else {
            Outcome::Fenced
        };
        let about = About {
            has_aliases: !decision.aliases.is_empty(),
            provisional: lifespan.provisional,
            tag_set: self.site.tag_set,
            version: self.site.version,
            late,
            created: now,
            expires,
            weight: crate::local::weight(self.key, weight, &stamps),
            stamps: stamps.into(),
            ..About::default()
        };
        (about, outcome)
    }

    /// The generations of everything the finding depends on. From the second number on they were captured only
    /// now, since their guards are known only from the value.
    fn stamps(&self, decision: &Decision) -> (Vec<Arc<Generation>>, usize) {
        let from_value = |hinted: &Generation| {
            decision
                .guards()
                .any(|(guard, name)| hinted.is_of(guard, name))
        };
        let (mut stamps, in_time) = self.flight.stamps(from_value);
        let captured = stamps.len();
        for (guard, name) in decision.guards() {
            // That something read on the way carries it as well proves nothing about what was read before.
            if !stamps[..in_time]
                .iter()
                .any(|stamp| stamp.is_of(guard, name))
            {
                stamps.push(self.cache.generations().capture(guard, name));
            }
        }
        (stamps, captured)
    }

    /// Of a guard that has not ended since before the computation, a generation that is captured after it is as good.
    fn lateness(&self, late: &[Arc<Generation>]) -> Lateness {
        let generations = self.cache.generations();
        if self.flight.is_doomed() || !generations.stand_since(self.flight.epoch, late) {
            Lateness::Doubtful
        } else if !late.is_empty() || self.flight.is_late() {
            Lateness::Vouched
        } else {
            Lateness::None
        }
    }

    /// Fences off what began to compute before, under any of the keys.
    fn supersedes(&self, stamps: &mut [Arc<Generation>], aliases: &[Key]) -> bool {
        if !self.supersede {
            return true;
        }
        let generations = self.cache.generations();
        let Some(successor) = generations.succeed(self.flight.key_generation()) else {
            return false;
        };
        stamps[0] = successor;
        // Each in one step as well: whoever has ended one of them, has ended this.
        aliases.iter().all(|alias| {
            let mut captured = stamps.iter_mut();
            let captured = captured.find(|stamp| stamp.is_of(Guard::Key, alias.as_str()));
            captured.is_some_and(|stamp| match generations.succeed(stamp) {
                Some(successor) => {
                    *stamp = successor;
                    true
                }
                None => false,
            })
        })
    }

    /// What is not stored is younger than what stands under its further keys.
    fn ends_what_is_older(&self, outcome: Outcome, aliases: &[Key]) {
        if self.supersede && outcome != Outcome::Stored {
            for alias in aliases {
                self.cache.generations().end(Guard::Key, alias.as_str());
            }
        }
    }

    fn conclude(&self, entry: &Arc<Entry>, outcome: Outcome, aliases: &[Key]) -> Outcome {
        let counters = self.site.counters(self.cache);
        match outcome {
            Outcome::Stored => {
                let local = self.cache.local();
                if !local.insert(self.key, entry) {
                    trace::too_large(self.site, entry.about.weight);
                    return Outcome::Declined;
                }
                for alias in aliases {
                    local.insert(alias.as_str(), entry);
                }
                count(&counters.stores);
                audit::stored(self.cache, self.site, self.key);
            }
            Outcome::Fenced => {
                count(&counters.fenced);
                trace::fenced(self.site, self.key);
                if entry.about.late == Lateness::Doubtful {
                    self.remember_guards(entry);
                }
            }
            Outcome::Declined => trace::declined(self.site),
            #[cfg(feature = "redis")]
            Outcome::Unavailable => {}
        }
        outcome
    }

    /// Leaves a note of the guards that this key's value has, for the next computation to capture in time.
    fn remember_guards(&self, entry: &Entry) {
        let local = self.cache.local();
        if local.peek(self.key).is_some_and(|found| found.is_current()) {
            return;
        }
        let about = About {
            stamps: entry.stamps().into(),
            tag_set: entry.about.tag_set,
            version: entry.about.version,
            late: entry.about.late,
            created: entry.about.created,
            expires: entry.about.expires,
            weight: crate::local::weight(self.key, 0, entry.stamps()),
            ..About::default()
        };
        local.insert(self.key, &Entry::hint(self.key, about));
    }
}
