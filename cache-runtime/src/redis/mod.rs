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
mod cluster;
mod cluster_watch;
mod coherence;
mod commands;
mod config;
mod crowd;
mod delivery;
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
mod slot;
mod supervisor;
pub(crate) mod tls;
mod token;
mod topology;
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
pub(crate) use topology::Topology;
pub(crate) use warming::Turn;

use crate::clock::Tick;
use crate::generation::Named;
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

/// Topologies are counted from one.
const NO_TOPOLOGY: u64 = 0;

/// A server, or a cluster of them, as one cache uses it. Clones share everything; with the last one the connections close.
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
    /// The number of the topology, for those who need no more; `NO_TOPOLOGY` while that changes.
    topology_number: AtomicU64,
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
    /// Wakes who finds out where everything lies.
    redraw: Arc<Notify>,
    /// The youngest that any server of the cluster knows of.
    epoch: AtomicU64,
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

/// Whether there is a server.
#[derive(Clone)]
enum State {
    /// Nobody has tried yet.
    Starting,
    Up(Arc<Topology>),
    Down(Box<str>),
}

/// Of many keys so many at a time: what one of them waits for is to be its reply, and not the work for all others.
pub(crate) const AT_A_TIME: usize = 256;

impl Redis {
    pub(crate) fn new(config: RedisConfig, namespace: &str) -> Result<Self, Unusable> {
        let place = config.server.place()?;
        let names = Names::new(namespace);
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
                topology_number: AtomicU64::new(NO_TOPOLOGY),
                pending: Pending::new(),
                delivering: Mutex::default(),
                draw: Draw::new(),
                crowd: Crowd::new(),
                supervised: AtomicBool::new(false),
                supervisor: AtomicU64::new(0),
                seen_alive: AtomicU64::new(0),
                suspected: AtomicU64::new(0),
                made: Instant::now(),
                wake: Arc::default(),
                redraw: Arc::default(),
                epoch: AtomicU64::new(0),
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

    /// What the servers' clocks show, at least and at most, in milliseconds since 1970; if there is a link.
    #[cfg(feature = "http")]
    pub(crate) fn clock(&self) -> Option<(u64, u64)> {
        match &*self.shared.state.borrow() {
            State::Up(topology) => Some(topology.clock()),
            State::Starting | State::Down(_) => None,
        }
    }

    /// A number that nobody has drawn before.
    pub(crate) fn draw(&self) -> u64 {
        self.shared.draw.number()
    }

    /// Where everything lies, if there is a server. What cannot be read before something else is delivered lies nowhere.
    pub(crate) async fn topology(&self) -> Result<Arc<Topology>, Failure> {
        let topology = self.shared.as_it_is().await?;
        if self.shared.pending.is_clear() {
            return Ok(topology);
        }
        let limit = self.config().operation_timeout;
        let delivering = Box::pin(self.shared.deliver(&topology));
        let delivered = within(limit, delivering)
            .await
            .unwrap_or(Err(Failure::TimedOut));
        let slots = self.shared.pending.slots(&self.shared.names);
        match topology.blocked(|slot| slots.contains(&slot)) {
            Some(left) => Ok(Arc::new(left)),
            None => delivered.map(|()| topology),
        }
    }

    /// Whether anything can be asked for.
    pub(crate) async fn is_reached(&self) -> bool {
        self.topology().await.is_ok()
    }

    /// The number of the topology, if there is one that is not just changing.
    pub(crate) fn topology_number(&self) -> Option<u64> {
        let number = self.shared.topology_number.load(Ordering::Acquire);
        (number != NO_TOPOLOGY).then_some(number)
    }

    /// Where and when an entry of this key is made.
    pub(crate) fn origin<'t>(&self, topology: &'t Topology, key: &str) -> Origin<'t> {
        topology.origin(&self.shared.names.entry(key))
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

    /// Where everything lies, whatever is pending. At the very start this waits for a moment.
    async fn as_it_is(self: &Arc<Self>) -> Result<Arc<Topology>, Failure> {
        self.supervise();
        let mut waited = false;
        loop {
            match &*self.state.borrow() {
                State::Up(topology) => return Ok(Arc::clone(topology)),
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

    /// Takes note of whether the server has refused what it was asked.
    fn refuses(&self, asked: Asked, failure: Option<&Failure>) {
        self.refusals.note(&self.server_name, asked, failure);
    }

    fn failed(&self, link: &Link, failure: &Failure) {
        match failure {
            Failure::Lost(why) => self.lost(link, why),
            Failure::TimedOut if link.breaker.failed() => {
                self.lost(link, "it answers too late, or not at all");
            }
            _ => {}
        }
    }

    /// There is no server from here on.
    fn down(&self, why: State) {
        self.topology_number.store(NO_TOPOLOGY, Ordering::Release);
        self.state.send_replace(why);
    }

    /// From here on this is where everything lies; all of its servers were asked something at this moment, and have answered.
    fn up(&self, topology: Topology, asked: Option<Tick>) {
        let (mut before, mut now) = (None, Some(topology));
        // In this order: who finds the number, begins when nothing else has been used yet.
        self.topology_number.store(NO_TOPOLOGY, Ordering::Release);
        self.state.send_modify(|state| {
            while let Some(topology) = &now
                && let Some(lost) = topology.links().iter().find(|link| link.is_lost())
            {
                now = topology.without(lost.epoch);
            }
            let next = match now.take() {
                Some(topology) => State::Up(Arc::new(topology)),
                None => State::Down("it was lost again at once".into()),
            };
            before = Some(std::mem::replace(state, next));
        });
        let State::Up(topology) = self.state.borrow().clone() else {
            return;
        };
        self.topology_number
            .store(topology.number(), Ordering::Release);
        if let Some(mirror) = &self.mirror {
            // Only now: who captures from here on reads where it lies now.
            match before {
                Some(State::Up(before)) if topology.has_all_of(&before) => {
                    mirror.moved(|name| topology.moves(&before, topology.slot(name)));
                }
                // What was kept was read over a link to which nobody listens any more.
                _ => mirror.lost(),
            }
        }
        self.heard(&topology, asked);
    }

    /// Whether other links are in use, which are not lost.
    fn is_up(&self) -> bool {
        matches!(&*self.state.borrow(), State::Up(_))
    }

    /// The servers have answered what was asked at this moment, over every connection.
    fn heard(&self, topology: &Topology, asked: Option<Tick>) {
        let state = self.state.borrow();
        // All that are in use have answered, and none has said that something lies elsewhere by now.
        let is_it = matches!(&*state, State::Up(up) if topology.has_all_of(up))
            && topology.configuration() >= self.epoch.load(Ordering::Acquire);
        if let (Some(mirror), Some(asked), true) = (&self.mirror, asked, topology.tracks() && is_it)
        {
            mirror.heard(asked);
        }
    }

    /// Gives up a link. From here on, and until there is another one, nobody waits for its server.
    fn lost(&self, link: &Link, why: &str) {
        // Before it is looked for: who brings up a topology with it, sees that.
        link.is_lost.store(true, Ordering::Release);
        let mut is_left = false;
        let was_up = self.state.send_if_modified(|state| {
            let State::Up(topology) = state else {
                return false;
            };
            if !topology.has(link) {
                return false;
            }
            self.topology_number.store(NO_TOPOLOGY, Ordering::Release);
            match topology.without(link.epoch) {
                Some(left) => {
                    is_left = true;
                    let number = left.number();
                    *state = State::Up(Arc::new(left));
                    self.topology_number.store(number, Ordering::Release);
                }
                None => *state = State::Down(why.into()),
            }
            true
        });
        if !was_up {
            return;
        }
        // After the state has changed: who has the link, has captured before.
        if let Some(mirror) = &self.mirror {
            mirror.lost();
        }
        let server = &*self.server_name;
        if is_left {
            tracing::warn!(target: "cache_runtime", %server, node = %link.address, %why,
                "a server of the cluster is lost; what lies there is not cached until it, or its replica, can be used");
        } else {
            tracing::warn!(target: "cache_runtime", %server, %why,
                "redis is lost; functions run without the cache until it is back");
        }
        self.wake.notify_one();
        self.redraw();
    }

    /// Something does not lie where it is thought to.
    fn redraw(&self) {
        self.redraw.notify_one();
    }

    /// What comes after a topology that turned out to be out of date.
    async fn newer_than(&self, old: &Topology, limit: Duration) -> Option<Arc<Topology>> {
        self.redraw();
        let mut state = self.state.subscribe();
        let is_newer =
            |state: &State| matches!(state, State::Up(up) if up.number() != old.number());
        let found = within(limit, state.wait_for(is_newer)).await?;
        match &*found.ok()? {
            State::Up(newer) => Some(Arc::clone(newer)),
            State::Starting | State::Down(_) => None,
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
