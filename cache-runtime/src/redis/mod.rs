//! The remote tier: a Redis server that many processes share.
//!
//! `protocol` has the steps that keep the promise, as `docs/redis-protocol.md` describes them; everything else here
//! is about talking to a server that may be slow, gone, or another one than before. No type of the client library
//! leaves this room.

mod address;
mod advice;
mod awaited;
mod batch;
mod breaker;
mod coherence;
mod config;
mod crowd;
#[cfg(feature = "testing")]
mod dial;
mod draw;
mod health;
mod info;
mod known;
mod link;
mod mirror;
mod names;
mod pending;
mod protocol;
mod refusals;
mod scan;
mod script;
mod sentinel;
pub(crate) mod sequence;
mod server_time;
mod supervisor;
pub(crate) mod tls;
mod token;
mod touch;
mod tracking;
mod warming;

#[cfg(feature = "testing")]
pub(crate) use address::ServerConfig;
pub(crate) use address::Unusable;
pub use coherence::Coherence;
pub(crate) use config::RedisConfig;
pub(crate) use crowd::Looker;
#[cfg(feature = "testing")]
pub(crate) use dial::Dial;
pub use health::RedisHealth;
pub(crate) use link::{Failure, Link, Origin};
pub(crate) use mirror::{Footing, Mirror};
pub(crate) use names::Any;
pub(crate) use protocol::{
    Begun, Captured, Commit, Fill, Given, Intent, Lease, Prolonged, Reading, Sealed, Wanted,
};
#[cfg(feature = "testing")]
pub(crate) use script::Script;
pub(crate) use token::Token;
pub(crate) use warming::Turn;

use crate::clock::Tick;
use crate::generation::Named;
use crate::invalidate::Delivery;
use crate::sync::{all_at_once, within};
use address::Place;
use crowd::Crowd;
use draw::Draw;
use known::Known;
use names::Names;
use pending::Pending;
use quick_cache::sync::Cache;
use redis::{Cmd, Value};
use refusals::{Asked, Refusals};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::{Mutex, Notify, watch};
use tokio::time::Instant;

/// So many keys are remembered whose entries depend on more than their readers declare, and so many generations.
const REMEMBERED: usize = 10_000;
/// A supervisor that has shown no life for so long may be part of a runtime that nobody drives,
const SUSPICIOUS: u64 = 2_000;
/// and is, if it shows none for so long after that was suspected: its runtime may have been that of this very call.
const STANDS_STILL: u64 = 1_000;

/// Links are counted from one.
const NO_LINK: u64 = 0;

/// A server, as one cache uses it. Clones share everything; with the last one the connections close.
#[derive(Clone)]
pub(crate) struct Redis {
    shared: Arc<Shared>,
}

struct Shared {
    config: RedisConfig,
    place: Place,
    /// As it stands in the log.
    server_name: Box<str>,
    names: Names,
    state: watch::Sender<State>,
    /// The number of the link that is up, for those who need no more; `NO_LINK` while that changes.
    link_number: AtomicU64,
    pending: Pending,
    /// Held while pending deletions are delivered, so that whoever comes then waits for them.
    delivering: Mutex<()>,
    draw: Draw,
    crowd: Crowd,
    /// Whether the supervisor's task is alive; it may have died with its runtime.
    supervised: AtomicBool,
    /// Which supervisor: one whose runtime stands still is replaced, and goes when it notices.
    supervisor: AtomicU64,
    /// When it last showed life, and when somebody suspected that it does not, in milliseconds since `made`.
    seen_alive: AtomicU64,
    suspected: AtomicU64,
    made: Instant,
    wake: Arc<Notify>,
    /// Whether a caller has been told that its invalidation is deferred, and not all have been delivered since.
    defers: AtomicBool,
    /// Whether it was said what is configured dangerously.
    advised: AtomicBool,
    /// Whether it was said that the server does not tell of changes.
    is_deaf: AtomicBool,
    refusals: Refusals,
    /// Callers that are about to begin several reads.
    gathering: AtomicUsize,
    /// What entries turned out to depend on besides what their readers declare, by key.
    remembered: Cache<Box<str>, Arc<[Named]>>,
    known: Known,
    /// What has not changed since it was read, if values may be kept in this process.
    mirror: Option<Arc<Mirror>>,
}

/// Whether there is a link.
#[derive(Clone)]
enum State {
    /// Nobody has tried yet.
    Starting,
    Up(Arc<Link>),
    Down(Box<str>),
}

/// Of many keys so many at a time: what one of them waits for is to be its reply, and not the work for all others.
pub(crate) const AT_A_TIME: usize = 256;

impl Redis {
    pub(crate) fn new(config: RedisConfig, namespace: &str) -> Result<Self, Unusable> {
        let place = config.server.place()?;
        let names = Names::new(namespace);
        let root = names.generation(crate::generation::Guard::Scope, "");
        let mirror = config
            .staleness
            .map(|bound| Arc::new(Mirror::new(names.clone(), bound, config.clock())));
        Ok(Redis {
            shared: Arc::new(Shared {
                server_name: config.server.to_string().into(),
                config,
                place,
                names,
                state: watch::Sender::new(State::Starting),
                link_number: AtomicU64::new(NO_LINK),
                pending: Pending::new(root),
                delivering: Mutex::default(),
                draw: Draw::new(),
                crowd: Crowd::new(),
                supervised: AtomicBool::new(false),
                supervisor: AtomicU64::new(0),
                seen_alive: AtomicU64::new(0),
                suspected: AtomicU64::new(0),
                made: Instant::now(),
                wake: Arc::default(),
                defers: AtomicBool::new(false),
                advised: AtomicBool::new(false),
                is_deaf: AtomicBool::new(false),
                refusals: Refusals::default(),
                gathering: AtomicUsize::new(0),
                remembered: Cache::new(REMEMBERED),
                known: Known::new(REMEMBERED),
                mirror,
            }),
        })
    }

    /// Waits for the outcome of the first attempt to connect.
    pub(crate) async fn started(&self) {
        self.shared.supervise();
        let limit = self.shared.config.connect_timeout;
        within(limit, self.shared.first_attempt()).await;
    }

    pub(crate) fn config(&self) -> &RedisConfig {
        &self.shared.config
    }

    /// Runs `works`, some of them at a time. These begin at once, so that their reads share a command.
    pub(crate) async fn together<F: Future>(&self, works: Vec<F>) -> Vec<F::Output> {
        let mut outputs = Vec::with_capacity(works.len());
        let mut works = works.into_iter();
        loop {
            let some: Vec<F> = works.by_ref().take(AT_A_TIME).collect();
            if some.is_empty() {
                return outputs;
            }
            outputs.extend(self.side_by_side(some).await);
        }
    }

    async fn side_by_side<F: Future>(&self, works: Vec<F>) -> Vec<F::Output> {
        struct Gathering<'s>(&'s AtomicUsize);
        impl Drop for Gathering<'_> {
            fn drop(&mut self) {
                self.0.fetch_sub(1, Ordering::Relaxed);
            }
        }
        self.shared.gathering.fetch_add(1, Ordering::Relaxed);
        let _gathering = Gathering(&self.shared.gathering);
        all_at_once(works).await
    }

    /// What this process may keep, if it may keep anything.
    #[inline]
    pub(crate) fn mirror(&self) -> Option<&Arc<Mirror>> {
        self.shared.mirror.as_ref()
    }

    /// How close what this process keeps is to the server, if it may keep anything.
    pub(crate) fn coherence(&self) -> Option<Coherence> {
        self.mirror().map(|mirror| mirror.coherence())
    }

    /// What the server's clock shows, at least and at most, in milliseconds since 1970; if there is a link.
    #[cfg(feature = "http")]
    pub(crate) fn clock(&self) -> Option<(u64, u64)> {
        match &*self.shared.state.borrow() {
            State::Up(link) => Some(link.clock()),
            State::Starting | State::Down(_) => None,
        }
    }

    /// A number that nobody has drawn before.
    pub(crate) fn draw(&self) -> u64 {
        self.shared.draw.number()
    }

    /// The link, if there is one and nothing has to be delivered before it is read from.
    pub(crate) async fn link(&self) -> Result<Arc<Link>, Failure> {
        let link = self.shared.link_as_it_is().await?;
        if !self.shared.pending.is_clear() {
            let limit = self.config().operation_timeout;
            match within(limit, Box::pin(self.shared.deliver(&link))).await {
                Some(delivered) => delivered?,
                None => return Err(Failure::TimedOut),
            }
        }
        Ok(link)
    }

    /// The number of the link, if there is one that is not just changing.
    pub(crate) fn link_number(&self) -> Option<u64> {
        let number = self.shared.link_number.load(Ordering::Acquire);
        (number != NO_LINK).then_some(number)
    }

    /// To be held while a key is looked for.
    pub(crate) fn looks_for(&self, key: &str) -> Looker<'_> {
        self.shared.crowd.enter(key)
    }

    /// Whether the server has got everything that this process has changed.
    pub(crate) fn is_clear(&self) -> bool {
        self.shared.pending.is_clear()
    }

    /// What the last entry under this key depended on besides what its reader had declared.
    pub(crate) fn remembered(&self, key: &str) -> Option<Arc<[Named]>> {
        self.shared.remembered.get(key)
    }

    pub(crate) fn remember(&self, key: &str, guards: &[Named]) {
        self.shared.remembered.insert(key.into(), guards.into());
    }

    /// Sends a command over this link, and waits for so long.
    async fn ask(&self, link: &Link, command: &Cmd, limit: Duration) -> Result<Value, Failure> {
        let sent = within(limit, link.line().send(command)).await;
        self.noted(link, sent.unwrap_or(Err(Failure::TimedOut)))
    }

    /// Takes note of how the server has done.
    fn noted<T>(&self, link: &Link, outcome: Result<T, Failure>) -> Result<T, Failure> {
        match &outcome {
            Ok(_) | Err(Failure::Refused(_) | Failure::NoScript) => link.breaker.answered(),
            Err(failure) => self.shared.failed(link, failure),
        }
        outcome
    }

    /// Deletes `names` in one command, or sees to it that they are deleted before anything is read again.
    async fn delete_names(&self, names: Vec<String>) -> Delivery {
        let began = Instant::now();
        let undelivered = Undelivered::new(&self.shared, names);
        if let Ok(link) = self.shared.link_as_it_is().await {
            let command = deletion(undelivered.names.iter());
            let limit = self.config().delivery_timeout;
            if self.ask(&link, &command, limit).await.is_ok() {
                undelivered.delivered();
                return Delivery::Delivered;
            }
        }
        drop(undelivered);
        self.delivered_soon(began).await
    }

    /// Whether everything that is pending is delivered before the patience of a caller ends who came at `began`.
    async fn delivered_soon(&self, began: Instant) -> Delivery {
        let is_down = matches!(&*self.shared.state.borrow(), State::Down(_));
        // Nobody knows how long that takes.
        if !is_down {
            let limit = self.config().delivery_timeout;
            self.delivered(limit.saturating_sub(began.elapsed())).await;
        }
        if self.shared.pending.is_clear() {
            return Delivery::Delivered;
        }
        self.shared.defers();
        Delivery::Deferred
    }

    /// Waits until nothing is pending, or until it has taken too long.
    async fn delivered(&self, limit: Duration) {
        let mut state = self.shared.state.subscribe();
        let delivered = async {
            while !self.shared.pending.is_clear() {
                // Whoever delivers says so there.
                if state.changed().await.is_err() {
                    break;
                }
            }
        };
        within(limit, delivered).await;
    }

    /// The same for who goes when it is done.
    pub(crate) async fn flush(&self, limit: Duration) -> Delivery {
        self.shared.supervise();
        self.shared.wake.notify_one();
        self.delivered(limit).await;
        if self.shared.pending.is_clear() {
            Delivery::Delivered
        } else {
            Delivery::Deferred
        }
    }
}

impl Shared {
    /// Makes sure that there is a supervisor. Without a runtime there can be none, and no link.
    fn supervise(self: &Arc<Self>) {
        if self.supervised.load(Ordering::Acquire) && !self.stands_still() {
            return;
        }
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let now = self.now();
            let is_there = self.supervised.swap(true, Ordering::AcqRel);
            // Of several callers, one.
            if !is_there || self.suspected.swap(now, Ordering::AcqRel) != now {
                self.seen_alive.store(now, Ordering::Release);
                supervisor::start(&runtime, self);
            }
        }
    }

    /// Whether the supervisor's runtime is driven by nobody.
    fn stands_still(&self) -> bool {
        let (now, seen) = (self.now(), self.seen_alive.load(Ordering::Acquire));
        if now < seen + SUSPICIOUS {
            return false;
        }
        let suspected = self.suspected.load(Ordering::Acquire);
        if suspected <= seen {
            // Only now: let it show that it lives, if it does.
            self.suspected.store(now, Ordering::Release);
            return false;
        }
        now >= suspected + STANDS_STILL
    }

    /// How often to ask the server. What is kept is served only as long as there were answers.
    fn heartbeat(&self) -> Duration {
        let bound = self.config.staleness.unwrap_or(Duration::MAX);
        let shortest = Duration::from_millis(5);
        supervisor::HEARTBEAT.min((bound / supervisor::PER_BOUND).max(shortest))
    }

    fn now(&self) -> u64 {
        u64::try_from(self.made.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// The link, whatever is pending. At the very start this waits for a moment.
    async fn link_as_it_is(self: &Arc<Self>) -> Result<Arc<Link>, Failure> {
        self.supervise();
        let mut waited = false;
        loop {
            match &*self.state.borrow() {
                State::Up(link) => return Ok(Arc::clone(link)),
                State::Down(_) => return Err(Failure::NoLink),
                State::Starting if waited || !self.supervised.load(Ordering::Acquire) => {
                    return Err(Failure::NoLink);
                }
                State::Starting => {}
            }
            let first_attempt = Box::pin(self.first_attempt());
            within(self.config.operation_timeout, first_attempt).await;
            waited = true;
        }
    }

    async fn first_attempt(&self) {
        let mut state = self.state.subscribe();
        // It fails only when nobody can change the state any more.
        let _ = state
            .wait_for(|state| !matches!(state, State::Starting))
            .await;
    }

    /// Delivers what is pending; over every connection, so that it comes after what a caller has given up on any of them.
    async fn deliver(&self, link: &Link) -> Result<(), Failure> {
        // Whoever has the turn may be part of a runtime that nobody drives. Two deliveries at once do no harm.
        let patience = self.config.operation_timeout / 4;
        let _turn = within(patience, self.delivering.lock()).await;
        while let Some(delivering) = self.pending.some() {
            // What stands for tags, scopes and keys must not end after them, and they may be among others' names.
            let any = [names::Any::Tag, names::Any::Key].map(|any| self.names.any(any));
            let deletion = deletion(any.iter().chain(delivering.iter().map(|(name, _)| name)));
            let sent = link.lines().iter().map(|line| line.send(&deletion));
            for outcome in all_at_once(sent.collect()).await {
                outcome?;
            }
            self.pending.acknowledged(&delivering);
        }
        // For those who wait until it is done.
        self.state.send_modify(|_| {});
        if self.defers.swap(false, Ordering::AcqRel) {
            tracing::info!(target: "cache_runtime", server = %self.server_name,
                "deferred invalidations are delivered");
        }
        Ok(())
    }

    /// Says once, for all until the next delivery, that others may read what was invalidated.
    fn defers(&self) {
        if !self.defers.swap(true, Ordering::AcqRel) {
            tracing::warn!(target: "cache_runtime", server = %self.server_name,
                "invalidations are deferred until redis answers; other processes may read what was there until then");
        }
    }

    /// Takes note of whether the server has refused what it was asked.
    fn refuses(&self, asked: Asked, failure: Option<&Failure>) {
        self.refusals.note(&self.server_name, asked, failure);
    }

    /// Ends what this process keeps of these names.
    fn end_here(&self, names: &[String]) {
        if let Some(mirror) = &self.mirror {
            names.iter().for_each(|name| mirror.changed(name));
        }
    }

    fn failed(&self, link: &Link, failure: &Failure) {
        match failure {
            Failure::Lost(why) => self.lost(link.epoch, why),
            Failure::TimedOut if link.breaker.failed() => {
                self.lost(link.epoch, "it answers too late, or not at all");
            }
            _ => {}
        }
    }

    /// There is no link from here on.
    fn down(&self, state: State) {
        self.link_number.store(NO_LINK, Ordering::Release);
        self.state.send_replace(state);
    }

    /// From here on this link is the one to use; its server was asked something at this moment, and has answered.
    fn up(&self, link: &Arc<Link>, asked: Option<Tick>) {
        // In this order: who finds the number, begins when no other link has been used yet.
        self.link_number.store(NO_LINK, Ordering::Release);
        self.state.send_replace(State::Up(Arc::clone(link)));
        self.link_number.store(link.epoch, Ordering::Release);
        if let Some(mirror) = &self.mirror {
            // Whatever was kept was read over another link, and nobody listens to that any more. Only now: who captures
            // from here on reads over this one.
            mirror.lost();
        }
        self.heard(link, asked);
    }

    /// Whether another link is in use, which is not lost.
    fn replaces(&self, link: &Link) -> bool {
        matches!(&*self.state.borrow(), State::Up(up) if up.epoch != link.epoch)
    }

    /// The server has answered what was asked at this moment, over every connection of this link.
    fn heard(&self, link: &Link, asked: Option<Tick>) {
        let state = self.state.borrow();
        let is_it = matches!(&*state, State::Up(up) if up.epoch == link.epoch);
        if let (Some(mirror), Some(asked), true) = (&self.mirror, asked, link.tracks && is_it) {
            mirror.heard(asked);
        }
    }

    /// Gives up the link with this number. From here on, and until there is another one, nobody waits for Redis.
    fn lost(&self, epoch: u64, why: &str) {
        let was_up = self.state.send_if_modified(|state| {
            let is_it = matches!(state, State::Up(link) if link.epoch == epoch);
            if is_it {
                self.link_number.store(NO_LINK, Ordering::Release);
                *state = State::Down(why.into());
            }
            is_it
        });
        // After the state has changed: who has the link, has captured before.
        if was_up && let Some(mirror) = &self.mirror {
            mirror.lost();
        }
        if was_up {
            tracing::warn!(target: "cache_runtime", server = %self.server_name, %why,
                "redis is lost; functions run without the cache until it is back");
            self.wake.notify_one();
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if !self.pending.is_clear() {
            tracing::warn!(target: "cache_runtime", server = %self.server_name, deletions = self.pending.len(),
                "the cache ends with invalidations that were not delivered; they are lost");
        }
        self.wake.notify_one();
    }
}

/// Deletions under way. If they are not acknowledged, for whatever reason, they become pending.
struct Undelivered<'s> {
    shared: &'s Arc<Shared>,
    names: Vec<String>,
}

impl<'s> Undelivered<'s> {
    fn new(shared: &'s Arc<Shared>, names: Vec<String>) -> Self {
        Undelivered { shared, names }
    }

    /// They are acknowledged. What this process keeps ends only now: what it has read before may have been read before
    /// they were deleted.
    fn delivered(mut self) {
        let names = std::mem::take(&mut self.names);
        self.shared.end_here(&names);
    }
}

impl Drop for Undelivered<'_> {
    fn drop(&mut self) {
        if !self.names.is_empty() {
            let names = std::mem::take(&mut self.names);
            self.shared.pending.add(names.iter().cloned());
            // From here on nothing is read. What is kept of what was read before ends.
            self.shared.end_here(&names);
            self.shared.supervise();
            self.shared.wake.notify_one();
        }
    }
}

fn deletion<'n>(names: impl Iterator<Item = &'n String>) -> Cmd {
    let mut command = Cmd::new();
    command.arg("DEL");
    for name in names {
        command.arg(name);
    }
    command
}

fn number(value: &Value) -> Option<u64> {
    match value {
        Value::Int(number) => u64::try_from(*number).ok(),
        Value::BulkString(bytes) => batch::generation(bytes),
        _ => None,
    }
}

fn millis(of: Duration) -> u64 {
    /// Ten years: what Redis adds to its own clock must not overflow.
    const LONGEST: u64 = 10 * 365 * 24 * 3600 * 1000;
    u64::try_from(of.as_millis()).map_or(LONGEST, |millis| millis.clamp(1, LONGEST))
}
