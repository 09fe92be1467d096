//! The task that keeps a link: connects, verifies, delivers what is pending, listens for the heartbeat, and starts
//! again when the link is lost.
//!
//! While there is no link it is the only one that talks to the server (the half-open state of a circuit breaker),
//! with pauses that grow and vary (exponential backoff with jitter).

use super::address::Place;
use super::advice;
use super::cluster::ClusterState;
use super::cluster_watch;
use super::info::Info;
use super::link::{self, Failure, Found, Line, Link};
use super::mirror::Mirror;
use super::script::Script;
use super::sentinel::{ASKED_EVERY, Appointed, Sentinels};
use super::sequence;
use super::server_time::ServerTime;
use super::tls;
use super::topology::Topology;
use super::touch::Touching;
use super::tracking::{self, Deaf};
use super::{Redis, Shared, State, number};
use crate::clock::Tick;
use crate::sync::{all_at_once, first_of, within};
use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, ConnectionInfo, Pipeline, ProtocolVersion, PushInfo, Value,
};
use std::convert::Infallible;
use std::future::{Future, pending, poll_fn};
use std::pin::pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::task::Poll;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::time::Instant;

/// How often the server is asked whether it is still the one it was, at least.
pub(super) const HEARTBEAT: Duration = Duration::from_millis(500);
/// Questions within the bound of what this process keeps.
pub(super) const PER_BOUND: u32 = 4;
/// How often a supervisor shows that it lives.
const SIGN_OF_LIFE: Duration = Duration::from_millis(500);
const SHORTEST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);
/// After this a server that could not be made to tell of changes is asked again, and then after twice as long.
const HEARS_AGAIN: Duration = Duration::from_secs(5);
const LONGEST_DEAFNESS: Duration = Duration::from_secs(60);
/// A link that stood this long was a good one: after it the pauses start anew.
const GOOD_LINK: Duration = Duration::from_secs(5);

pub(super) fn start(runtime: &Handle, shared: &Arc<Shared>) {
    let number = shared.supervisor.fetch_add(1, Ordering::AcqRel) + 1;
    let alive = Alive(Arc::downgrade(shared), number);
    let wake = Arc::clone(&shared.wake);
    runtime.spawn(async move {
        // The work may wait for the server for long; life goes on.
        let wakes = async {
            loop {
                within(SIGN_OF_LIFE, pending::<()>()).await;
            }
        };
        let (mut work, mut wakes) = (pin!(run(&alive, &wake)), pin!(wakes));
        poll_fn(|context| {
            // Somebody drives this runtime.
            let _it_is_noted = alive.shared();
            let _never_ends: Poll<()> = wakes.as_mut().poll(context);
            work.as_mut().poll(context)
        })
        .await;
    });
}

/// Tells the others when the task is gone: ended, or dropped together with its runtime. The next call starts another
/// one, in a runtime that lives.
pub(super) struct Alive(Weak<Shared>, u64);

impl Alive {
    /// What it looks after, unless that is gone or another one has taken its place.
    pub(super) fn shared(&self) -> Option<Arc<Shared>> {
        let shared = self.0.upgrade()?;
        if shared.supervisor.load(Ordering::Acquire) != self.1 {
            return None;
        }
        shared.seen_alive.store(shared.now(), Ordering::Release);
        Some(shared)
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        if let Some(shared) = self.0.upgrade()
            && shared.supervisor.load(Ordering::Acquire) == self.1
        {
            shared.down(State::Starting);
            shared.supervised.store(false, Ordering::Release);
        }
    }
}

async fn run(me: &Alive, wake: &Notify) {
    let mut pauses = Pauses::new();
    let mut down = Down::default();
    let mut hears_again = HEARS_AGAIN;
    while let Some(alive) = me.shared() {
        let connected = connect(&alive).await;
        // Another one may have taken over meanwhile.
        if me.shared().is_none() {
            return;
        }
        match connected {
            Ok((topology, asked)) => {
                if alive.is_up() {
                    hears_again = LONGEST_DEAFNESS.min(2 * hears_again);
                } else {
                    tell_up(&alive, &topology, std::mem::take(&mut down).since);
                    hears_again = HEARS_AGAIN;
                }
                tracking::tell(&alive, &topology);
                if !alive.advised.swap(true, Ordering::AcqRel) {
                    advise(&alive, &topology);
                }
                alive.up(topology, asked);
                drop(alive);
                let began = Instant::now();
                let keeping = Box::pin(keep(me, wake));
                let kept = first_of(keeping, Box::pin(watch(me, hears_again))).await;
                if began.elapsed() >= GOOD_LINK {
                    pauses = Pauses::new();
                }
                if kept == Kept::HearsAgain {
                    continue;
                }
                down.since = Some(Instant::now());
            }
            Err(why) => {
                tell_down(&alive, &why, &mut down);
                alive.down(State::Down(why));
            }
        }
        // Woken earlier only if there is nobody left.
        let pause = pauses.next(&me.0);
        let mut left = pause;
        while !left.is_zero() && me.0.strong_count() > 0 {
            let began = Instant::now();
            within(left, wake.notified()).await;
            left = left.saturating_sub(began.elapsed());
        }
    }
}

fn tell_up(shared: &Shared, topology: &Topology, down_since: Option<Instant>) {
    let Some(link) = topology.links().first() else {
        return;
    };
    let (server, version) = (&shared.server_name, &link.info.version);
    // Of one that sentinels watch.
    let primary = link.appointed.as_ref().map(tracing::field::display);
    let primaries = topology.is_cluster().then_some(topology.links().len());
    match down_since.map(|since| since.elapsed()) {
        None => {
            tracing::info!(target: "cache_runtime", %server, primary, primaries, %version, "connected to redis");
        }
        Some(was_away) => {
            tracing::info!(target: "cache_runtime", %server, primary, primaries, %version, ?was_away, "connected to redis again");
        }
    }
}

fn advise(shared: &Shared, topology: &Topology) {
    let mut told: Vec<String> = Vec::new();
    for advice in topology
        .links()
        .iter()
        .flat_map(|link| advice::on(&link.info))
    {
        // Once for all of a cluster.
        if !told.contains(&advice) {
            tracing::warn!(target: "cache_runtime", server = %shared.server_name, "{advice}");
            told.push(advice);
        }
    }
}

/// Says it once, not at every attempt, and again if it is for another reason.
fn tell_down(shared: &Shared, why: &str, down: &mut Down) {
    if *down.why != *why {
        tracing::warn!(target: "cache_runtime", server = %shared.server_name, %why,
            "redis cannot be used; functions run without the cache until it can");
        down.why = why.into();
    }
    down.since.get_or_insert_with(Instant::now);
}

/// Since when there is no link, and why not, as it was said last.
#[derive(Default)]
struct Down {
    since: Option<Instant>,
    why: Box<str>,
}

/// Connects, and does everything that has to be done before the first read. Also tells when the server was first asked
/// something.
async fn connect(shared: &Arc<Shared>) -> Result<(Topology, Option<Tick>), Box<str>> {
    let limit = shared.config.connect_timeout;
    let (server, appointed) = match &shared.place {
        Place::At(server) => ((**server).clone(), None),
        Place::Watched(sentinels) => {
            let appointed = sentinels.ask(limit).await?;
            (sentinels.connection(&appointed), Some(appointed))
        }
        Place::Cluster(cluster) => {
            let asked = shared.mirror.as_ref().map(|mirror| mirror.now());
            let topology = cluster_watch::connect(shared, cluster).await?;
            return Ok((topology, asked));
        }
    };
    let asked = shared.mirror.as_ref().map(|mirror| mirror.now());
    let link = link_to(shared, &server, None, appointed).await?;
    let topology = Arc::new(Topology::of_one(link));
    match within(limit, shared.deliver(&topology)).await {
        Some(Ok(())) => {}
        Some(Err(failure)) => {
            let why = in_words(&failure, "DEL");
            return Err(format!("invalidations cannot be delivered: {why}").into());
        }
        None => return Err("delivering invalidations took too long".into()),
    }
    let topology = Arc::into_inner(topology).ok_or("it is in use already")?;
    Ok((topology, asked))
}

/// Connects to one server, and finds out what it is. `slots`: if it is one of a cluster, what it has.
pub(super) async fn link_to(
    shared: &Shared,
    server: &ConnectionInfo,
    slots: Option<&[(u16, u16)]>,
    appointed: Option<Appointed>,
) -> Result<Arc<Link>, Box<str>> {
    let (epoch, limit) = (sequence::next(), shared.config.connect_timeout);
    let (connections, hears) = match &shared.mirror {
        None => (open(shared, server, None).await?, None),
        Some(mirror) => match open(shared, server, Some(mirror)).await {
            Ok(connections) => {
                let hears = tracking::begin(shared, mirror, slots, &connections).await;
                (connections, Some(hears))
            }
            // Something between us and the server that knows no pushes.
            Err(failed) if failed.is_answered => {
                let deaf = Deaf::NoPushes(failed.why);
                (open(shared, server, None).await?, Some(Err(deaf)))
            }
            Err(failed) => return Err(failed.why),
        },
    };
    let mut found: Option<(Info, ServerTime)> = None;
    for connection in &connections {
        let (info, time) = verify(shared, connection).await?;
        if shared.place.is_watched() && info.good_replicas == Some(0) {
            return Err(LONELY.into());
        }
        if found
            .as_ref()
            .is_some_and(|(other, _)| other.replication_id != info.replication_id)
        {
            return Err("its connections lead to different servers".into());
        }
        found = Some((info, time));
    }
    let hashes = match within(limit, load_scripts(&connections[0])).await {
        Some(loaded) => loaded.map_err(|failure| in_words(&failure, "SCRIPT LOAD"))?,
        None => return Err("loading scripts took too long".into()),
    };
    let (info, time) = found.ok_or("there is no connection")?;
    let found = Found {
        address: server.addr().to_string().into(),
        info,
        time,
        hashes,
        hears,
        appointed,
    };
    let patience = shared.config.operation_timeout;
    Ok(Arc::new(Link::new(epoch, connections, patience, found)))
}

/// Why there is no connection.
struct Unconnected {
    why: Box<str>,
    /// Whether somebody was there.
    is_answered: bool,
}

impl Unconnected {
    fn new(error: &redis::RedisError) -> Self {
        Unconnected {
            why: in_short(error),
            is_answered: !error.is_connection_refusal() && !error.is_timeout(),
        }
    }

    fn too_late() -> Self {
        Unconnected {
            why: "connecting took too long".into(),
            is_answered: false,
        }
    }
}

impl From<Unconnected> for Box<str> {
    fn from(unconnected: Unconnected) -> Self {
        unconnected.why
    }
}

/// Opens connections; with a mirror, such as the server can push to.
async fn open(
    shared: &Shared,
    server: &ConnectionInfo,
    mirror: Option<&Arc<Mirror>>,
) -> Result<Vec<MultiplexedConnection>, Unconnected> {
    let limit = shared.config.connect_timeout;
    let mut server = server.clone();
    if mirror.is_some() {
        let login = server.redis_settings().clone();
        server = server.set_redis_settings(login.set_protocol(ProtocolVersion::RESP3));
    }
    let client = Client::open(server).map_err(|error| Unconnected::new(&error))?;
    let mut connections = Vec::new();
    for _ in 0..shared.config.connections.max(1) {
        let mut settings = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(limit))
            .set_response_timeout(None)
            .set_pipeline_buffer_size(1024);
        if let Some(mirror) = mirror {
            let (mirror, wake) = (Arc::clone(mirror), Arc::clone(&shared.wake));
            settings = settings.set_push_sender(move |push: PushInfo| {
                if !mirror.pushed(&push) {
                    wake.notify_one();
                }
                Ok::<(), Infallible>(())
            });
        }
        #[cfg(not(feature = "testing"))]
        let connecting = client.get_multiplexed_async_connection_with_config(&settings);
        #[cfg(feature = "testing")]
        let connecting = super::dial::connect(shared.config.dial.as_deref(), &client, &settings);
        match within(limit, connecting).await {
            Some(Ok(connected)) => connections.push(connected),
            Some(Err(error)) => return Err(Unconnected::new(&error)),
            None => return Err(Unconnected::too_late()),
        }
    }
    Ok(connections)
}

/// Asks the server who it is, and for the time; it has to answer as fast as every call will expect it to.
async fn verify(
    shared: &Shared,
    connection: &MultiplexedConnection,
) -> Result<(Info, ServerTime), Box<str>> {
    let limit = shared.config.operation_timeout;
    let is_cluster = shared.place.is_cluster();
    let mut commands = Pipeline::new();
    commands.cmd("INFO").cmd("TIME");
    if is_cluster {
        commands.cmd("CLUSTER").arg("INFO");
    }
    let asked = Instant::now();
    let (info, time, cluster) = match within(limit, link::send_all(connection, &commands)).await {
        Some(Ok(replies)) => who_and_when(replies, is_cluster)?,
        Some(Err(failure)) => return Err(in_words(&failure, "INFO")),
        None => return Err("it answers too late, or not at all".into()),
    };
    let time = ServerTime::new(asked, time);
    if !info.is_primary {
        return Err("it is a replica, not a primary".into());
    }
    if info.release() < (6, 0) {
        return Err(format!("version {} is older than 6.0", info.version).into());
    }
    match cluster {
        None if info.is_of_cluster => {
            Err("it is one of a cluster, which has to be given as such: \
             `redis+cluster://host:port` or `REDIS_CLUSTER_NODES`"
                .into())
        }
        Some(state) if !state.is_ok => Err(CLUSTER_DOWN.into()),
        _ => Ok((info, time)),
    }
}

/// The answers to `INFO` and `TIME`, and to `CLUSTER INFO` if that was asked.
fn who_and_when(
    replies: Vec<Result<Value, Failure>>,
    is_cluster: bool,
) -> Result<(Info, u64, Option<ClusterState>), Box<str>> {
    let mut replies = replies.into_iter();
    let mut next = |command| match replies.next() {
        Some(reply) => reply.map_err(|failure| in_words(&failure, command)),
        None => Err("it does not answer".into()),
    };
    let (info, time) = (next("INFO")?, next("TIME")?);
    let info = read_info(&info).ok_or("its `INFO` cannot be read")?;
    let time = read_time(&time).ok_or("its `TIME` cannot be read")?;
    let cluster = if is_cluster {
        let state = ClusterState::read(&next("CLUSTER INFO")?);
        Some(state.ok_or("its `CLUSTER INFO` cannot be read")?)
    } else {
        None
    };
    Ok((info, time, cluster))
}

/// Milliseconds, of seconds and microseconds.
fn read_time(reply: &Value) -> Option<u64> {
    let Value::Array(parts) = reply else {
        return None;
    };
    let [seconds, micros] = parts.as_slice() else {
        return None;
    };
    Some(number(seconds)?.checked_mul(1_000)? + number(micros)? / 1_000)
}

pub(super) fn read_info(reply: &Value) -> Option<Info> {
    let info = match reply {
        Value::BulkString(bytes) => Info::read(std::str::from_utf8(bytes).ok()?),
        Value::SimpleString(text) | Value::VerbatimString { text, .. } => Info::read(text),
        _ => return None,
    };
    (!info.replication_id.is_empty()).then_some(info)
}

async fn load_scripts(connection: &MultiplexedConnection) -> Result<Box<[String]>, Failure> {
    let replies = link::send_all(connection, &loading()).await?;
    let text = |reply: Result<Value, Failure>| match reply? {
        Value::BulkString(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Value::SimpleString(text) => Ok(text),
        other => Err(link::unexpected(&other)),
    };
    replies.into_iter().map(text).collect()
}

/// For a server that has forgotten them (`SCRIPT FLUSH`). Their names depend on nothing but the text.
pub(super) async fn load_scripts_again(line: &Line) -> Result<(), Failure> {
    let replies = line.send_all(&loading()).await?;
    replies.into_iter().try_for_each(|reply| reply.map(|_| ()))
}

fn loading() -> Pipeline {
    let mut commands = Pipeline::new();
    for script in Script::ALL {
        commands.cmd("SCRIPT").arg("LOAD").arg(script.source());
    }
    commands
}

/// Why it is not watched any more.
#[derive(PartialEq, Eq)]
pub(super) enum Kept {
    /// It is lost, or nobody needs it any more.
    Ended,
    /// It works, but the server does not tell of changes over it, and may over another one by now.
    HearsAgain,
}

/// Listens for the heartbeats of all servers.
async fn keep(me: &Alive, wake: &Notify) -> Kept {
    let pause = me.shared().map_or(HEARTBEAT, |shared| shared.heartbeat());
    let mut touching = Touching::default();
    loop {
        within(pause, wake.notified()).await;
        let Some(alive) = me.shared() else {
            return Kept::Ended;
        };
        let State::Up(topology) = alive.state.borrow().clone() else {
            return Kept::Ended;
        };
        beat_all(&alive, &topology).await;
        if alive.mirror.is_some() {
            let redis = Redis { shared: alive };
            // Whether the server is there, the next heartbeat tells, and does not wait for this.
            let touching = Box::pin(touching.go_on(&redis, &topology));
            let _failed = within(pause / 4, touching).await;
        }
    }
}

/// Finds out whether everything still lies where it is thought to.
async fn watch(me: &Alive, hears_again: Duration) -> Kept {
    let began = Instant::now();
    loop {
        let Some(alive) = me.shared() else {
            return Kept::Ended;
        };
        let State::Up(topology) = alive.state.borrow().clone() else {
            return Kept::Ended;
        };
        match &alive.place {
            Place::Cluster(_) => {
                drop((alive, topology));
                return cluster_watch::watch(me).await;
            }
            Place::Watched(sentinels) => {
                let link = &topology.links()[0];
                // It may answer still, and has forgotten nothing: it just does not know.
                if let Some(other) = appointed_since(sentinels, link).await {
                    let why = format!("the sentinels have appointed another primary, {other}");
                    alive.lost(link, &why);
                    return Kept::Ended;
                }
            }
            Place::At(_) => {}
        }
        let deaf = topology.links()[0].deaf.as_ref();
        if deaf.is_some_and(Deaf::may_pass) && began.elapsed() >= hears_again {
            return Kept::HearsAgain;
        }
        drop((alive, topology));
        within(ASKED_EVERY, pending::<()>()).await;
    }
}

/// Whom sentinels have appointed since this link was made, if it is another one.
async fn appointed_since(sentinels: &Sentinels, link: &Link) -> Option<Appointed> {
    let said = sentinels.ask(HEARTBEAT / 2).await.ok()?;
    let ours = link.appointed.as_ref()?;
    ours.is_replaced_by(&said).then_some(said)
}

/// Asks all servers, side by side, and gives up those that do not answer, or are no longer what they were.
async fn beat_all(shared: &Arc<Shared>, topology: &Arc<Topology>) {
    if !shared.pending.is_clear() {
        let limit = shared.config.delivery_timeout;
        let delivered = within(limit, shared.deliver(topology)).await;
        let why: Option<Box<str>> = match delivered {
            Some(Ok(())) => None,
            Some(Err(failure)) => Some(in_words(&failure, "DEL")),
            None => Some("it answers too late, or not at all".into()),
        };
        // Of a cluster it is not known whose fault that is; the next question tells.
        if let Some(why) = why.filter(|_| !topology.is_cluster()) {
            return shared.lost(&topology.links()[0], &why);
        }
    }
    let heard_of = shared.mirror.as_ref().map(|mirror| mirror.now());
    let links = topology.links().iter();
    let beats = links.map(|link| async move { (link, beat(shared, link).await) });
    let mut epoch = 0;
    for (link, outcome) in all_at_once(beats.collect()).await {
        match outcome {
            Ok(newest) => epoch = epoch.max(newest),
            Err(why) => shared.lost(link, &why),
        }
    }
    if shared.epoch.fetch_max(epoch, Ordering::AcqRel) < epoch {
        shared.redraw();
    }
    shared.heard(topology, heard_of);
}

/// Asks a server whether it is what it was; returns the epoch of its cluster, if it is one of one.
async fn beat(shared: &Shared, link: &Link) -> Result<u64, Box<str>> {
    let is_cluster = shared.place.is_cluster();
    let mut commands = Pipeline::new();
    commands.cmd("INFO").arg("replication").cmd("TIME");
    if is_cluster {
        commands.cmd("CLUSTER").arg("INFO");
    }
    let asked = Instant::now();
    let mut epoch = 0;
    // Side by side: what is kept is as old as the first question.
    let beats = link.lines().iter();
    let beats = beats.map(|line| within(HEARTBEAT, line.send_all(&commands)));
    for reply in all_at_once(beats.collect()).await {
        let (info, time, cluster) = match reply {
            Some(Ok(replies)) => who_and_when(replies, is_cluster)?,
            Some(Err(failure)) => return Err(failure.to_string().into()),
            None => return Err("it does not answer".into()),
        };
        link.time.answered(asked, time);
        if !info.is_primary {
            return Err("it has become a replica".into());
        }
        if shared.place.is_watched() && info.good_replicas == Some(0) {
            // It may be the one that is cut off, while another one has been appointed.
            return Err(LONELY.into());
        }
        if info.replication_id != link.replication_id() {
            return Err("it has become another server: its replication id has changed".into());
        }
        if let Some(state) = cluster {
            if !state.is_ok {
                return Err(CLUSTER_DOWN.into());
            }
            epoch = epoch.max(state.epoch);
        }
    }
    Ok(epoch)
}

/// A library's error in the words of a log line. What is said while connecting quotes nobody's data.
pub(super) fn in_short(error: &redis::RedisError) -> Box<str> {
    match error.kind() {
        redis::ErrorKind::AuthenticationFailed => "it refuses the user name or the password".into(),
        redis::ErrorKind::Parse => "it does not speak the protocol of Redis".into(),
        _ if is_missing(error) => "there is no such socket".into(),
        _ if error.is_connection_refusal() => "connection refused".into(),
        _ if error.is_timeout() => "connecting took too long".into(),
        _ => match (error.code(), error.detail()) {
            (Some("NOAUTH"), _) => NO_PASSWORD.into(),
            (Some(code), Some(detail)) => format!("{code} {detail}").into(),
            (Some(code), None) => code.into(),
            (None, _) => hinted(&error.to_string()),
        },
    }
}

/// Whether there is no file at the path of a Unix socket. To the library that is a refusal like others.
fn is_missing(error: &redis::RedisError) -> bool {
    const ENOENT: &str = "(os error 2)";
    error.is_connection_refusal() && error.to_string().contains(ENOENT)
}

/// The same for what a command was answered with.
pub(super) fn in_words(failure: &Failure, command: &str) -> Box<str> {
    match failure {
        Failure::Lost(why) if **why == *"NOAUTH" => NO_PASSWORD.into(),
        Failure::Refused(why) if **why == *"NOPERM" => {
            format!(
                "its user may not use `{command}`, or not on these keys (NOPERM); docs/guide/redis.md says what it needs"
            )
            .into()
        }
        _ => failure.to_string().into(),
    }
}

const CLUSTER_DOWN: &str = "its cluster is down: not all slots are served (`cluster_state`)";
const LONELY: &str = "no replica follows it, and so it may not write (`min-replicas-to-write`)";
const NO_PASSWORD: &str = "it wants a password (NOAUTH)";

fn hinted(why: &str) -> Box<str> {
    let first = why.lines().next().unwrap_or_default();
    match tls::hint(first) {
        Some(hint) => format!("{first} ({hint})").into(),
        None => first.into(),
    }
}

/// Between two attempts: doubled every time, and of that a random half.
pub(super) struct Pauses {
    next: Duration,
}

impl Pauses {
    pub(super) fn new() -> Self {
        Pauses {
            next: SHORTEST_PAUSE,
        }
    }

    pub(super) fn next(&mut self, shared: &Weak<Shared>) -> Duration {
        let longest = self.next;
        self.next = LONGEST_PAUSE.min(2 * longest);
        let random = shared.upgrade().map_or(0, |shared| shared.draw.number());
        let half = longest / 2;
        half + half.mul_f64((random % 1024) as f64 / 1024.0)
    }
}
