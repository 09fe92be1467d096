//! The steps of the protocol. `docs/redis-protocol.md` says what each is for, and `tests/model` searches what they
//! do together; all three use the same names.

use super::batch::{self, Values};
use super::link::{self, Failure, Link};
use super::names::Any;
use super::script::Script;
use super::supervisor::load_scripts_again;
use super::{Redis, millis, number};
use crate::generation::{Guard, Named, Stamp};
use crate::invalidate::Delivery;
use crate::sync::within;
use redis::{Pipeline, Value};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;

/// What was found under a key, and the generations that were read with it.
pub(crate) struct Reading {
    pub(crate) link: Arc<Link>,
    values: Values,
    /// Where the entry's value is: behind the key generation, if that was asked for.
    entry_at: usize,
    asked: Vec<Named>,
    /// Guards that only the entry knew of.
    more: Option<(Values, Vec<Named>)>,
}

impl Reading {
    pub(crate) fn bytes(&self) -> Option<&[u8]> {
        self.values.get(self.entry_at)
    }

    /// The generation of the key itself, if it was asked for and there is one.
    pub(crate) fn key_generation(&self) -> Option<u64> {
        (self.entry_at == 1)
            .then(|| self.values.generation(0))
            .flatten()
    }

    /// The generation of a guard; the outer `None` if it was not read.
    pub(crate) fn generation(&self, guard: Guard, name: &str) -> Option<Option<u64>> {
        let place = |among: &[Named]| among.iter().position(|(g, n)| *g == guard && **n == *name);
        if let Some(at) = place(&self.asked) {
            return Some(self.values.generation(self.entry_at + 1 + at));
        }
        let (values, more) = self.more.as_ref()?;
        place(more).map(|at| values.generation(at))
    }
}

/// Generations, captured before a computation.
pub(crate) struct Captured {
    /// The link on which they were captured. What is sealed with them is sealed with its replication id.
    pub(crate) link: Arc<Link>,
    pub(crate) stamps: Vec<Stamp>,
    pub(crate) any: Vec<(Any, u64)>,
}

/// What came of wanting to compute.
pub(crate) enum Begun {
    Acquired(Captured),
    /// Somebody else computes.
    Busy,
    /// The entry is no longer the one that was seen.
    Changed,
}

/// Wanting to compute.
#[derive(Clone, Copy)]
pub(crate) struct Intent<'i> {
    /// What the lease will hold.
    pub(crate) token: u64,
    /// What tells the entry that was seen from others; empty if there was none.
    pub(crate) seen: &'i [u8],
    /// The token of a computation of this process whose generations have ended: its lease can be taken over.
    pub(crate) supersedes: Option<u64>,
}

/// An entry on its way to the server.
pub(crate) struct Sealed {
    pub(crate) key: Box<str>,
    pub(crate) bytes: Vec<u8>,
}

/// The result of an explicit write.
#[derive(Clone, Copy)]
pub(crate) struct Commit<'c> {
    pub(crate) entry: &'c Sealed,
    pub(crate) copies: &'c [Sealed],
    /// What generations have to be still: first that of its key, then those of its copies' keys, and everything else that
    /// it depends on.
    pub(crate) expected: &'c [Stamp],
    /// What the entry depends on; among it, what its keys' generations are from here on. A key's generation that is not
    /// among it ends.
    pub(crate) stamps: &'c [Stamp],
    pub(crate) ttl: Option<Duration>,
}

/// What to capture, and for how long it will be needed.
#[derive(Clone, Copy)]
pub(crate) struct Wanted<'w> {
    pub(crate) guards: &'w [Named],
    pub(crate) any: &'w [Any],
    /// The time to live of the entry; `None` for ever.
    pub(crate) ttl: Option<Duration>,
}

impl Redis {
    /// Reads an entry and the generations of `guards`; and first that of the key, for a `nested` read.
    pub(crate) async fn read(
        &self,
        key: &str,
        guards: Vec<Named>,
        nested: bool,
    ) -> Result<Reading, Failure> {
        let link = self.link().await?;
        let mut names = Vec::with_capacity(guards.len() + 2);
        if nested {
            names.push(self.shared.names.generation(Guard::Key, key));
        }
        names.push(self.shared.names.entry(key));
        names.extend(self.names_of(&guards));
        let values = self.noted(&link, self.gathered(&link, names).await)?;
        Ok(Reading {
            link,
            values,
            entry_at: usize::from(nested),
            asked: guards,
            more: None,
        })
    }

    /// Reads the generations of further guards. They may be younger than the rest: generations never come back.
    pub(crate) async fn read_more(
        &self,
        reading: &mut Reading,
        guards: Vec<Named>,
    ) -> Result<(), Failure> {
        let names = self.names_of(&guards).collect();
        let values = self.noted(&reading.link, self.gathered(&reading.link, names).await)?;
        reading.more = Some((values, guards));
        Ok(())
    }

    /// Takes the lease and captures generations, before a computation.
    pub(crate) async fn begin(
        &self,
        key: &str,
        intent: Intent<'_>,
        wanted: Wanted<'_>,
    ) -> Result<Begun, Failure> {
        let link = self.link().await?;
        let names = &self.shared.names;
        let (entry, lease) = (names.entry(key), names.lease(key));
        let asked = Asked {
            redis: self,
            key,
            token: intent.token,
        };
        let replies = self
            .evaluate(&link, |commands, link| {
                // First, so that a deletion of the key between the two ends its generation.
                self.capturing(commands, link, wanted);
                commands
                    .cmd("EVALSHA")
                    .arg(link.hash(Script::Acquire))
                    .arg(2)
                    .arg(&entry)
                    .arg(&lease)
                    .arg(intent.token)
                    .arg(millis(self.config().lease))
                    .arg(intent.seen)
                    .arg(
                        intent
                            .supersedes
                            .map(|token| token.to_string())
                            .unwrap_or_default(),
                    );
            })
            .await?;
        let [captured, acquired] = exactly(replies)?;
        let begun = match acquired {
            Ok(Value::Int(0)) => Ok(Begun::Acquired(self.captured(link, wanted, &captured?)?)),
            Ok(Value::Int(_)) => Ok(Begun::Changed),
            Ok(_) => Ok(Begun::Busy),
            Err(refused) => Err(refused),
        };
        asked.answered();
        begun
    }

    /// Captures generations, without a lease: for explicit writes, and for nested calls that go past the cache.
    pub(crate) async fn capture(&self, wanted: Wanted<'_>) -> Result<Captured, Failure> {
        let link = self.link().await?;
        let replies = self
            .evaluate(&link, |commands, link| {
                self.capturing(commands, link, wanted);
            })
            .await?;
        let [captured] = exactly(replies)?;
        self.captured(link, wanted, &captured?)
    }

    /// Captures guards that are known only now. `None`, if they are not as good as captured in `begin`, when `any` stood
    /// as `then` has it.
    pub(crate) async fn vouch(
        &self,
        late: Wanted<'_>,
        then: &[(Any, u64)],
    ) -> Result<Option<Captured>, Failure> {
        let link = self.link().await?;
        let replies = self
            .evaluate(&link, |commands, link| {
                self.capturing(commands, link, Wanted { any: &[], ..late });
                commands.cmd("MGET");
                for &(any, _) in then {
                    commands.arg(self.shared.names.any(any));
                }
            })
            .await?;
        let [captured, any] = exactly(replies)?;
        let captured = self.captured(link, Wanted { any: &[], ..late }, &captured?)?;
        let Value::Array(now) = any? else {
            return Ok(None);
        };
        let stands = now.len() == then.len()
            && now
                .iter()
                .zip(then)
                .all(|(now, (_, then))| number(now) == Some(*then));
        Ok(stands.then_some(captured))
    }

    /// Stores an entry, if the lease still stands; and copies under further keys, whose stamps protect them.
    ///
    /// An entry whose generations have ended would be invalid; that it is not stored at all is a courtesy. `prolong` where
    /// they were captured for an entry that lives less long.
    pub(crate) async fn fill(
        &self,
        entry: &Sealed,
        copies: &[Sealed],
        token: u64,
        stamps: &[Stamp],
        ttl: Option<Duration>,
        prolong: bool,
    ) -> Result<bool, Failure> {
        let link = self.link().await?;
        let names = &self.shared.names;
        let guards = if prolong { named(stamps) } else { Vec::new() };
        let wanted = Wanted {
            guards: &guards,
            any: &[],
            ttl,
        };
        let replies = self
            .evaluate(&link, |commands, link| {
                commands
                    .cmd("EVALSHA")
                    .arg(link.hash(Script::Fill))
                    .arg(2 + stamps.len())
                    .arg(names.entry(&entry.key))
                    .arg(names.lease(&entry.key));
                for stamp in stamps {
                    commands.arg(names.generation(stamp.guard, &stamp.name));
                }
                commands
                    .arg(token)
                    .arg(&entry.bytes)
                    .arg(ttl.map_or(0, millis));
                for stamp in stamps {
                    commands.arg(stamp.generation);
                }
                for copy in copies {
                    self.storing(commands, copy, ttl);
                }
                if prolong {
                    self.capturing(commands, link, wanted);
                }
            })
            .await?;
        all_well(replies).map(|first| number(&first) == Some(1))
    }

    /// Stores the result of an explicit write, if the generations of its keys are still those that were captured; deletes
    /// the key otherwise.
    pub(crate) async fn commit(&self, commit: Commit<'_>) -> Result<bool, Failure> {
        let link = self.link().await?;
        let names = &self.shared.names;
        let key = &commit.entry.key;
        let of_key = |key: &str| {
            let mut stamps = commit.stamps.iter();
            stamps
                .find(|stamp| stamp.is_of(Guard::Key, key))
                .map(|stamp| stamp.generation)
        };
        // What ends with a key is read only while its generation stands, so that may live as long as any.
        let life = generation_ttl(commit.ttl).map_or(0, millis);
        let replies = self
            .evaluate(&link, |commands, link| {
                commands.cmd("DEL").arg(names.any(Any::Key));
                commands
                    .cmd("EVALSHA")
                    .arg(link.hash(Script::Commit))
                    .arg(2 + commit.expected.len())
                    .arg(names.entry(key))
                    .arg(names.lease(key));
                for stamp in commit.expected {
                    commands.arg(names.generation(stamp.guard, &stamp.name));
                }
                commands
                    .arg(&commit.entry.bytes)
                    .arg(commit.ttl.map_or(0, millis))
                    .arg(
                        of_key(key)
                            .map(|number| number.to_string())
                            .unwrap_or_default(),
                    )
                    .arg(life);
                for stamp in commit.expected {
                    commands.arg(stamp.generation);
                }
                for copy in commit.copies {
                    let mut stamps = commit.stamps.iter();
                    if let Some(stamp) = stamps.find(|stamp| stamp.is_of(Guard::Key, &copy.key)) {
                        self.replacing(commands, stamp, life);
                    }
                    commands.cmd("DEL").arg(names.lease(&copy.key));
                    self.storing(commands, copy, commit.ttl);
                }
            })
            .await?;
        let mut replies = replies.into_iter();
        replies.next().transpose()?;
        all_well(replies.collect()).map(|first| number(&first) == Some(1))
    }

    /// Keeps the lease. Returns whether it still stands.
    pub(crate) async fn renew(&self, key: &str, token: u64) -> Result<bool, Failure> {
        let link = self.link().await?;
        let lease = self.shared.names.lease(key);
        let replies = self
            .evaluate(&link, |commands, link| {
                commands
                    .cmd("EVALSHA")
                    .arg(link.hash(Script::Renew))
                    .arg(1)
                    .arg(&lease)
                    .arg(token)
                    .arg(millis(self.config().lease));
            })
            .await?;
        all_well(replies).map(|reply| number(&reply) == Some(1))
    }

    /// Gives the lease back.
    pub(crate) async fn release(&self, key: &str, token: u64) {
        if self.try_release(key, token).await.is_err() {
            self.release_soon(key, token);
        }
    }

    /// Gives the lease back without waiting, when the server can be reached. Others would have to wait until it expires.
    pub(crate) fn release_soon(&self, key: &str, token: u64) {
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        let (redis, key): (Redis, Box<str>) = (self.clone(), key.into());
        runtime.spawn(async move {
            let released = async {
                let mut state = redis.shared.state.subscribe();
                while redis.try_release(&key, token).await.is_err() && state.changed().await.is_ok()
                {
                }
            };
            within(redis.config().lease, released).await;
        });
    }

    async fn try_release(&self, key: &str, token: u64) -> Result<(), Failure> {
        let link = self.link().await?;
        let lease = self.shared.names.lease(key);
        let replies = self
            .evaluate(&link, |commands, link| {
                commands
                    .cmd("EVALSHA")
                    .arg(link.hash(Script::Release))
                    .arg(1)
                    .arg(&lease)
                    .arg(token);
            })
            .await?;
        all_well(replies).map(|_| ())
    }

    /// The link over which it was found that a computation still holds its lease, and that all it runs under still stands.
    pub(crate) async fn standing(
        &self,
        key: &str,
        token: u64,
        stamps: &[Stamp],
    ) -> Result<Option<Arc<Link>>, Failure> {
        let link = self.link().await?;
        let lease = std::iter::once(self.shared.names.lease(key));
        let guards = stamps
            .iter()
            .map(|stamp| self.shared.names.generation(stamp.guard, &stamp.name));
        let values = self.noted(
            &link,
            self.gathered(&link, lease.chain(guards).collect()).await,
        )?;
        let expected = std::iter::once(token).chain(stamps.iter().map(|stamp| stamp.generation));
        let mut expected = expected.enumerate();
        let stands = expected.all(|(at, expected)| values.generation(at) == Some(expected));
        Ok(stands.then_some(link))
    }

    /// Whether somebody computes this key.
    pub(crate) async fn is_leased(&self, key: &str) -> Result<bool, Failure> {
        let link = self.link().await?;
        let names = vec![self.shared.names.lease(key)];
        let values = self.noted(&link, self.gathered(&link, names).await)?;
        Ok(values.get(0).is_some())
    }

    /// How long the entry is kept (`None`: for ever, or there is none), and whether somebody computes it.
    pub(crate) async fn times(&self, key: &str) -> Result<(Option<Duration>, bool), Failure> {
        let link = self.link().await?;
        let names = &self.shared.names;
        let replies = self
            .evaluate(&link, |commands, _| {
                commands.cmd("PTTL").arg(names.entry(key));
                commands.cmd("EXISTS").arg(names.lease(key));
            })
            .await?;
        let [left, leased] = exactly(replies)?;
        Ok((
            number(&left?).map(Duration::from_millis),
            number(&leased?) == Some(1),
        ))
    }

    /// Makes sure that a key has a generation, which ends when it is deleted.
    pub(crate) async fn capture_key(
        &self,
        key: &str,
        ttl: Option<Duration>,
    ) -> Result<(), Failure> {
        let wanted = Wanted {
            guards: &[(Guard::Key, key.into())],
            any: &[],
            ttl,
        };
        self.capture(wanted).await.map(|_| ())
    }

    /// Ends a tag or a scope.
    pub(crate) async fn invalidate(&self, guard: Guard, name: &str) -> Delivery {
        self.delete_names(self.names_ended(guard, name)).await
    }

    /// Everything that goes with a guard when it ends: what is deleted stands for what was.
    pub(crate) fn names_ended(&self, guard: Guard, name: &str) -> Vec<String> {
        let names = &self.shared.names;
        match guard {
            Guard::Tag => vec![names.any(Any::Tag), names.generation(guard, name)],
            Guard::Scope => vec![names.any(Any::Key), names.generation(guard, name)],
            Guard::Key => vec![
                names.any(Any::Key),
                names.entry(name),
                names.lease(name),
                names.generation(guard, name),
            ],
        }
    }

    /// Deletes keys: entries, leases and generations. Tells how many entries there were, if it got through.
    pub(crate) async fn delete(&self, keys: &[&str]) -> (Delivery, Option<u64>) {
        let began = Instant::now();
        let all = keys
            .iter()
            .flat_map(|key| self.names_ended(Guard::Key, key))
            .collect();
        let undelivered = super::Undelivered::new(&self.shared, all);
        if let Ok(link) = self.shared.link_as_it_is().await {
            let names = &self.shared.names;
            let mut commands = Pipeline::new();
            commands.atomic().cmd("DEL").arg(names.any(Any::Key));
            for key in keys {
                commands.cmd("DEL").arg(names.entry(key));
                commands
                    .cmd("DEL")
                    .arg(names.lease(key))
                    .arg(names.generation(Guard::Key, key));
            }
            let limit = self.config().delivery_timeout;
            let sent = within(limit, link.line().send_all(&commands)).await;
            let outcome = sent.unwrap_or(Err(Failure::TimedOut)).and_then(|replies| {
                let numbers = replies
                    .into_iter()
                    .map(|reply| Ok(number(&reply?).unwrap_or(0)));
                numbers.collect::<Result<Vec<u64>, Failure>>()
            });
            if let Ok(numbers) = self.noted(&link, outcome) {
                undelivered.delivered();
                let entries = numbers.iter().skip(1).step_by(2).sum();
                return (Delivery::Delivered, Some(entries));
            }
        }
        drop(undelivered);
        (self.delivered_soon(began).await, None)
    }

    /// Ends a guard without waiting: for futures that are being dropped. Nothing is read here until it has ended.
    pub(crate) fn end_soon(&self, guard: Guard, name: &str) {
        drop(super::Undelivered::new(
            &self.shared,
            self.names_ended(guard, name),
        ));
    }

    /// Stores what its caller already has, fencing off what began to compute before. `seal` makes the entries, given the
    /// generations wanted; `keys` are the generations that keys are to have from here on.
    ///
    /// One round trip, if the generations are those that this process has captured last; two otherwise. An entry that was
    /// sealed with others is invalid, and replaced.
    pub(crate) async fn set(
        &self,
        wanted: Wanted<'_>,
        keys: &[Stamp],
        seal: impl Fn(&[Stamp], &str) -> Vec<Sealed>,
    ) -> Result<(), Failure> {
        let link = self.link().await?;
        let known = self.known(&link, wanted.guards);
        let guess = known.map(|known| (seal(&known, link.replication_id()), known));
        let replies = self
            .evaluate(&link, |commands, link| {
                self.capturing(commands, link, wanted);
                if let Some((entries, _)) = &guess {
                    self.setting(commands, entries, keys, wanted.ttl);
                }
            })
            .await?;
        let mut replies = replies.into_iter();
        let first = replies.next().ok_or_else(|| link::unexpected(&()))??;
        replies.try_for_each(|reply| reply.map(|_| ()))?;
        let captured = self.captured(link, wanted, &first)?;
        if guess.is_some_and(|(_, known)| known == captured.stamps) {
            return Ok(());
        }
        let entries = seal(&captured.stamps, captured.link.replication_id());
        let replies = self
            .evaluate(&captured.link, |commands, _| {
                self.setting(commands, &entries, keys, wanted.ttl);
            })
            .await?;
        all_well(replies).map(|_| ())
    }

    fn setting(
        &self,
        commands: &mut Pipeline,
        entries: &[Sealed],
        keys: &[Stamp],
        ttl: Option<Duration>,
    ) {
        let names = &self.shared.names;
        let life = generation_ttl(ttl).map_or(0, millis);
        commands.cmd("DEL").arg(names.any(Any::Key));
        for entry in entries {
            let own = keys
                .iter()
                .find(|stamp| stamp.is_of(Guard::Key, &entry.key));
            commands.cmd("DEL").arg(names.lease(&entry.key));
            match own {
                Some(stamp) => self.replacing(commands, stamp, life),
                None => {
                    commands.arg(names.generation(Guard::Key, &entry.key));
                }
            }
            self.storing(commands, entry, ttl);
        }
    }

    fn replacing(&self, commands: &mut Pipeline, stamp: &Stamp, life: u64) {
        let name = self.shared.names.generation(stamp.guard, &stamp.name);
        commands.cmd("SET").arg(name).arg(stamp.generation);
        if life > 0 {
            commands.arg("PX").arg(life);
        }
    }

    /// The generations as this process has captured them last; `None` if it has not, on this link.
    fn known(&self, link: &Link, guards: &[Named]) -> Option<Vec<Stamp>> {
        let known = guards.iter().map(|(guard, name)| {
            let (epoch, generation) = self.shared.known.get(&(*guard, name.clone()))?;
            (epoch == link.epoch).then(|| Stamp {
                guard: *guard,
                name: name.clone(),
                generation,
            })
        });
        known.collect()
    }

    async fn gathered(&self, link: &Arc<Link>, names: Vec<String>) -> Result<Values, Failure> {
        let more_to_come = self.shared.gathering.load(Ordering::Relaxed) > 0;
        batch::read(link, names, more_to_come).await
    }

    fn names_of(&self, guards: &[Named]) -> impl Iterator<Item = String> {
        guards
            .iter()
            .map(|(guard, name)| self.shared.names.generation(*guard, name))
    }

    fn storing(&self, commands: &mut Pipeline, entry: &Sealed, ttl: Option<Duration>) {
        commands
            .cmd("SET")
            .arg(self.shared.names.entry(&entry.key))
            .arg(&entry.bytes);
        if let Some(ttl) = ttl {
            commands.arg("PX").arg(millis(ttl));
        }
    }

    /// Every attempt draws new numbers: one that was lost on the way and arrives late must not be mistaken for ours.
    fn capturing(&self, commands: &mut Pipeline, link: &Link, wanted: Wanted<'_>) {
        let names = self.names_of(wanted.guards);
        let any = wanted.any.iter().map(|&any| self.shared.names.any(any));
        let all: Vec<String> = names.chain(any).collect();
        commands
            .cmd("EVALSHA")
            .arg(link.hash(Script::Capture))
            .arg(all.len());
        for name in &all {
            commands.arg(name);
        }
        commands.arg(least_ttl(wanted.ttl).map_or(0, millis));
        commands.arg(generation_ttl(wanted.ttl).map_or(0, millis));
        for _ in &all {
            commands.arg(self.draw());
        }
    }

    fn captured(
        &self,
        link: Arc<Link>,
        wanted: Wanted<'_>,
        reply: &Value,
    ) -> Result<Captured, Failure> {
        let foreign = || Failure::Refused("a generation's key holds something else".into());
        let Value::Array(generations) = reply else {
            return Err(link::unexpected(reply));
        };
        let numbers: Option<Vec<u64>> = generations.iter().map(number).collect();
        let numbers = numbers.ok_or_else(foreign)?;
        let (guards, any) = numbers
            .split_at_checked(wanted.guards.len())
            .ok_or_else(foreign)?;
        let stamp = |((guard, name), &generation): (&Named, &u64)| Stamp {
            guard: *guard,
            name: name.clone(),
            generation,
        };
        let stamps: Vec<Stamp> = wanted.guards.iter().zip(guards).map(stamp).collect();
        for stamp in &stamps {
            let named = (stamp.guard, stamp.name.clone());
            self.shared
                .known
                .insert(named, (link.epoch, stamp.generation));
        }
        Ok(Captured {
            stamps,
            any: wanted
                .any
                .iter()
                .copied()
                .zip(any.iter().copied())
                .collect(),
            link,
        })
    }

    /// Sends what `build` makes of it. Once more only if the server had forgotten a script, in which case that script has
    /// not run.
    async fn evaluate(
        &self,
        link: &Arc<Link>,
        build: impl Fn(&mut Pipeline, &Link),
    ) -> Result<Vec<Result<Value, Failure>>, Failure> {
        let limit = self.config().operation_timeout;
        let mut again = true;
        loop {
            let mut commands = Pipeline::new();
            build(&mut commands, link);
            let line = link.line();
            let sent = within(limit, line.send_all(&commands)).await;
            let replies = self.noted(link, sent.unwrap_or(Err(Failure::TimedOut)))?;
            let lost = replies.iter().find_map(|reply| match reply {
                Err(failure @ Failure::Lost(_)) => Some(failure.clone()),
                _ => None,
            });
            if let Some(lost) = lost {
                return self.noted(link, Err(lost));
            }
            let forgotten = replies
                .iter()
                .any(|reply| matches!(reply, Err(Failure::NoScript)));
            if !forgotten || !std::mem::take(&mut again) {
                return Ok(replies);
            }
            let loaded = within(limit, load_scripts_again(line)).await;
            self.noted(link, loaded.unwrap_or(Err(Failure::TimedOut)))?;
        }
    }
}

/// A lease that was asked for. If no answer is heard, it may have been granted all the same.
struct Asked<'r> {
    redis: &'r Redis,
    key: &'r str,
    token: u64,
}

impl Asked<'_> {
    fn answered(self) {
        std::mem::forget(self);
    }
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        self.redis.release_soon(self.key, self.token);
    }
}

/// A generation has to outlive what is stamped with it. It is given twice the time that it must have left, so that it
/// is not extended at every computation.
fn least_ttl(entry: Option<Duration>) -> Option<Duration> {
    entry.map(|ttl| ttl.saturating_mul(2).max(Duration::from_secs(60)))
}

fn generation_ttl(entry: Option<Duration>) -> Option<Duration> {
    least_ttl(entry).map(|ttl| ttl.saturating_mul(2))
}

fn named(stamps: &[Stamp]) -> Vec<Named> {
    stamps
        .iter()
        .map(|stamp| (stamp.guard, stamp.name.clone()))
        .collect()
}

fn exactly<const N: usize>(
    replies: Vec<Result<Value, Failure>>,
) -> Result<[Result<Value, Failure>; N], Failure> {
    replies.try_into().map_err(|other| link::unexpected(&other))
}

/// The first reply, if none is a refusal.
fn all_well(replies: Vec<Result<Value, Failure>>) -> Result<Value, Failure> {
    let mut first = None;
    for reply in replies {
        let reply = reply?;
        first.get_or_insert(reply);
    }
    first.ok_or_else(|| link::unexpected(&()))
}
