//! Storing what was computed, unless something it depends on was invalidated meanwhile.

use super::claim::{Claim, Hold};
use super::guards::{MOST_GUARDS, declared};
use super::sealing::Sealing;
use crate::audit;
use crate::clock::Tick;
use crate::entry::{About, Entry, Lateness, Remembered};
use crate::generation::{Guard, Named, Stamp};
use crate::key::Key;
use crate::read_through::Lifespan;
use crate::read_through::plan::Plan;
use crate::read_through::store::{Decision, Destination, Outcome};
use crate::redis::{Commit, Failure, Fill, Sealed, Wanted};
use crate::stats::count;
use crate::trace;
use crate::value::CacheValue;
use std::sync::Arc;
use std::time::Duration;

/// A finished computation.
pub(crate) struct Finished<'d, 's> {
    pub(crate) destination: &'d Destination<'s>,
    pub(crate) plan: &'d Plan,
    pub(crate) claim: Claim,
    pub(crate) decision: Decision,
    /// How long it took.
    pub(crate) cost: Duration,
    /// Whether it is part of another computation, which will depend on what this one depends on.
    pub(crate) is_nested: bool,
}

impl Finished<'_, '_> {
    /// Makes the entry, and stores it if the claim still stands.
    pub(crate) async fn keep<T: CacheValue>(mut self, value: Option<&T>) -> (Arc<Entry>, Outcome) {
        let destination = self.destination;
        let ending = destination.ending(&self.decision);
        let lifespan = self.lifespan();
        let wanted = self.decision.store && !lifespan.is_none();
        let depends = if wanted || self.is_nested {
            self.depends_on(lifespan.on_server()).await
        } else {
            Ok((Vec::new(), Lateness::Doubtful))
        };
        let is_reached = depends.is_ok() && self.claim.captured.is_some();
        // Who came without is counted already.
        let has_a_right = self.claim.captured.is_some() && self.claim.hold != Hold::Nothing;
        let (mut stamps, late) = depends.unwrap_or_else(|_| (Vec::new(), Lateness::Doubtful));
        let outcome = if !wanted {
            Outcome::Declined
        } else if !is_reached {
            Outcome::Unavailable
        } else if late == Lateness::Doubtful {
            Outcome::Fenced
        } else if self.claim.hold == Hold::Nothing {
            Outcome::Unavailable
        } else {
            self.store(value, &mut stamps, lifespan).await
        };
        let entry = self.entry(value.cloned(), stamps, late, lifespan);
        if outcome == Outcome::Unavailable && has_a_right {
            let site = self.destination.site;
            count(&site.counters(self.destination.cache).unavailable);
        }
        self.conclude(outcome);
        self.end_what_is_older(outcome).await;
        Destination::has_ended(ending, outcome, &self.decision.aliases);
        self.settle(outcome).await;
        (entry, outcome)
    }

    /// Whether it has to be encrypted: for what it is, or for what it is made of.
    fn is_secret(&self) -> bool {
        self.destination.site.sensitive || self.destination.flight.is_secret()
    }

    fn lifespan(&self) -> Lifespan {
        let Destination {
            cache,
            policy,
            flight,
            ..
        } = *self.destination;
        self.decision
            .lifespan(cache, policy, flight.longest_freshness())
    }

    /// The generations of everything that the value depends on, if they are all as good as captured before the
    /// computation.
    async fn depends_on(&self, ttl: Option<Duration>) -> Result<(Vec<Stamp>, Lateness), Failure> {
        let Some(captured) = &self.claim.captured else {
            return Ok((Vec::new(), Lateness::Doubtful));
        };
        let mut stamps = Vec::new();
        let mut late: Vec<Named> = Vec::new();
        for (guard, name) in self.names() {
            match captured
                .stamps
                .iter()
                .find(|stamp| stamp.is_of(guard, &name))
            {
                Some(stamp) => stamps.push(stamp.clone()),
                None => late.push((guard, name)),
            }
        }
        let flight = self.destination.flight;
        let inherited = flight.inherited();
        let agree = inherited.is_some_and(|inherited| add_all(&mut stamps, inherited));
        if !agree || flight.is_doomed() {
            return Ok((stamps, Lateness::Doubtful));
        }
        if late.is_empty() {
            let late = if flight.is_late() {
                Lateness::Vouched
            } else {
                Lateness::None
            };
            return Ok((stamps, late));
        }
        let wanted = Wanted {
            guards: &late,
            any: &[],
            ttl,
        };
        let vouched = self.claim.redis.vouch(wanted, captured).await?;
        if vouched.is_some_and(|vouched| add_all(&mut stamps, vouched.stamps)) {
            return Ok((stamps, Lateness::Vouched));
        }
        self.remember(names_of(&stamps).chain(late));
        Ok((stamps, Lateness::Doubtful))
    }

    /// The guards that the value has: those that were declared, and those that come from the value.
    fn names(&self) -> Vec<Named> {
        let key = self.destination.key;
        let mut names = declared(key, self.plan);
        names.extend(
            self.decision
                .guards()
                .map(|(guard, name)| (guard, name.into())),
        );
        if !self.decision.aliases.is_empty() || self.is_nested {
            names.push((Guard::Key, (&**key).into()));
        }
        super::guards::dedup(&mut names);
        names
    }

    async fn store<T: CacheValue>(
        &mut self,
        value: Option<&T>,
        stamps: &mut [Stamp],
        lifespan: Lifespan,
    ) -> Outcome {
        if stamps.len() > MOST_GUARDS {
            trace::too_many_guards(self.destination.site, stamps.len());
            return Outcome::Declined;
        }
        let (cache, site) = (self.destination.cache, self.destination.site);
        let limit = self.claim.redis.config().max_entry;
        let Ok(sealing) = Sealing::of(
            cache,
            site,
            self.is_secret(),
            value,
            limit,
            lifespan,
            self.cost,
        ) else {
            return Outcome::Declined;
        };
        let lives = lifespan.on_server();
        let captured_for = Lifespan::at_most(cache, self.plan.ttl, self.destination.policy);
        let captured_for = captured_for.on_server();
        let lives_longer = captured_for.is_some_and(|then| lives.is_none_or(|now| now > then));
        // What was inherited was captured for whoever read it first.
        let own = |stamp: &&Stamp| self.claim.stamps().contains(stamp);
        let prolong = lives_longer || stamps.iter().any(|stamp| !own(&stamp));
        let stored = match self.claim.hold {
            Hold::Nothing => return Outcome::Unavailable,
            Hold::Lease(token) => {
                let (entry, copies) = self.sealed(&sealing, stamps);
                let fill = Fill {
                    entry: &entry,
                    copies: &copies,
                    token,
                    stamps,
                    lives,
                    prolong,
                };
                self.claim.redis.fill(fill).await
            }
            Hold::Permit => {
                let expected = self.replace_keys(stamps);
                let (entry, copies) = self.sealed(&sealing, stamps);
                let commit = Commit {
                    entry: &entry,
                    copies: &copies,
                    expected: &expected,
                    stamps,
                    lives,
                    prolong,
                };
                self.claim.redis.commit(commit).await
            }
        };
        match stored {
            Ok(true) => {
                self.remember(names_of(stamps));
                Outcome::Stored
            }
            Ok(false) => Outcome::Fenced,
            Err(failure) => {
                trace::not_stored(self.destination.site, &failure);
                Outcome::Unavailable
            }
        }
    }

    /// Draws the generations that the keys will have from the commit on. Returns what has to stand until then, the key's own
    /// generation first.
    fn replace_keys(&self, stamps: &mut [Stamp]) -> Vec<Stamp> {
        let of_key = |stamp: &&Stamp| stamp.guard == Guard::Key;
        let others = stamps.iter().filter(|stamp| !of_key(stamp)).cloned();
        let others: Vec<Stamp> = others.collect();
        let mut expected: Vec<Stamp> = Vec::new();
        let keys = std::iter::once(&**self.destination.key)
            .chain(self.decision.aliases.iter().map(Key::as_str));
        for key in keys {
            let is_own = |stamp: &&Stamp| stamp.is_of(Guard::Key, key);
            let mut captured = self.claim.stamps().iter().chain(&*stamps);
            let captured = captured.find(is_own);
            expected.extend(captured.cloned());
            if let Some(stamp) = stamps.iter_mut().find(|stamp| stamp.is_of(Guard::Key, key)) {
                stamp.generation = self.claim.redis.draw();
            }
        }
        expected.extend(others);
        expected
    }

    /// The entry, and its copies under further keys.
    fn sealed(&self, sealing: &Sealing, stamps: &[Stamp]) -> (Sealed, Vec<Sealed>) {
        let under = |key: &str| sealing.under(key, stamps, self.claim.origin(key));
        let copies = self
            .decision
            .aliases
            .iter()
            .map(|alias| under(alias.as_str()));
        (under(self.destination.key), copies.collect())
    }

    /// Keeps in mind what readers of this key have to ask for, if their declarations do not tell.
    fn remember(&self, names: impl Iterator<Item = Named>) {
        let known = declared(self.destination.key, self.plan);
        let own: Named = (Guard::Key, (&**self.destination.key).into());
        let more: Vec<Named> = names
            .filter(|name| !known.contains(name) && *name != own)
            .collect();
        if !more.is_empty() {
            self.claim.redis.remember(self.destination.key, &more);
        }
    }

    fn entry<T: CacheValue>(
        &self,
        found: Option<T>,
        stamps: Vec<Stamp>,
        late: Lateness,
        lifespan: Lifespan,
    ) -> Arc<Entry> {
        let (cache, site) = (self.destination.cache, self.destination.site);
        let remembered = Remembered {
            home: cache.id(),
            stamps: stamps.into(),
            is_secret: self.is_secret(),
        };
        let now = cache.now();
        let about = About {
            remote: Some(Box::new(remembered)),
            tag_set: site.tag_set,
            version: site.version,
            late,
            created: now,
            expires: lifespan.fresh.map_or(Tick::NEVER, |ttl| now.plus(ttl)),
            ..About::default()
        };
        Entry::of(self.destination.key, found, about)
    }

    fn conclude(&self, outcome: Outcome) {
        let (site, cache) = (self.destination.site, self.destination.cache);
        let counters = site.counters(cache);
        match outcome {
            Outcome::Stored => {
                count(&counters.stores);
                audit::stored(cache, site, self.destination.key);
            }
            Outcome::Fenced => {
                count(&counters.fenced);
                trace::fenced(site, self.destination.key);
            }
            Outcome::Declined => trace::declined(site),
            Outcome::Unavailable => {}
        }
    }

    /// What is not stored is younger than what stands under its further keys. Whoever writes sees to the first one.
    async fn end_what_is_older(&self, outcome: Outcome) {
        let (redis, aliases) = (&self.claim.redis, &self.decision.aliases);
        if !self.destination.supersede || outcome == Outcome::Stored || aliases.is_empty() {
            return;
        }
        let keys = aliases.iter().map(Key::as_str);
        if outcome == Outcome::Unavailable {
            // To wait for the server once is enough.
            keys.for_each(|key| redis.end_soon(Guard::Key, key));
        } else {
            redis.delete(&keys.collect::<Vec<_>>()).await;
        }
    }

    /// Nobody has to wait for this computation any more.
    async fn settle(mut self, outcome: Outcome) {
        match outcome {
            // The script has released it.
            Outcome::Stored => self.claim.hold = Hold::Nothing,
            // To ask the server again would take the caller as long again.
            Outcome::Unavailable => drop(self.claim),
            Outcome::Fenced | Outcome::Declined => self.claim.give_back().await,
        }
    }
}

fn names_of(stamps: &[Stamp]) -> impl Iterator<Item = Named> {
    stamps.iter().map(|stamp| (stamp.guard, stamp.name.clone()))
}

/// Adds stamps to others. False if a guard has two generations: it ended while the value was computed.
fn add_all(stamps: &mut Vec<Stamp>, more: Vec<Stamp>) -> bool {
    for stamp in more {
        match stamps
            .iter()
            .find(|known| known.is_of(stamp.guard, &stamp.name))
        {
            Some(known) if known.generation != stamp.generation => return false,
            Some(_) => {}
            None => stamps.push(stamp),
        }
    }
    true
}
