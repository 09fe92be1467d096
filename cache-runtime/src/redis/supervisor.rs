//! The task that keeps a link: connects, verifies, delivers what is pending, listens for the heartbeat, and starts
//! again when the link is lost.
//!
//! While there is no link it is the only one that talks to the server (the half-open state of a circuit breaker),
//! with pauses that grow and vary (exponential backoff with jitter).

use super::address::Place;
use super::advice;
use super::info::Info;
use super::link::{self, Failure, Line, Link};
use super::mirror::Mirror;
use super::script::Script;
use super::sentinel::{ASKED_EVERY, Appointed};
use super::sequence;
use super::server_time::ServerTime;
use super::tls;
use super::touch::Touching;
use super::tracking::{self, Deaf};
use super::{Shared, State, number};
use crate::clock::Tick;
use crate::sync::{all_at_once, within};
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
struct Alive(Weak<Shared>, u64);

impl Alive {
    /// What it looks after, unless that is gone or another one has taken its place.
    fn shared(&self) -> Option<Arc<Shared>> {
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
        let epoch = sequence::next();
        let connected = connect(&alive, epoch).await;
        // Another one may have taken over meanwhile.
        if me.shared().is_none() {
            return;
        }
        match connected {
            Ok((link, asked)) => {
                if alive.replaces(&link) {
                    hears_again = LONGEST_DEAFNESS.min(2 * hears_again);
                } else {
                    tell_up(&alive, &link, std::mem::take(&mut down).since);
                    hears_again = HEARS_AGAIN;
                }
                tracking::tell(&alive, &link);
                if !alive.advised.swap(true, Ordering::AcqRel) {
                    advise(&alive, &link);
                }
                alive.up(&link, asked);
                drop(alive);
                let began = Instant::now();
                let kept = keep(me, wake, link, hears_again).await;
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

fn tell_up(shared: &Shared, link: &Link, down_since: Option<Instant>) {
    let (server, version) = (&shared.server_name, &link.info.version);
    // Of one that sentinels watch.
    let primary = link.appointed.as_ref().map(tracing::field::display);
    match down_since.map(|since| since.elapsed()) {
        None => {
            tracing::info!(target: "cache_runtime", %server, primary, %version, "connected to redis");
        }
        Some(was_away) => {
            tracing::info!(target: "cache_runtime", %server, primary, %version, ?was_away, "connected to redis again");
        }
    }
}

fn advise(shared: &Shared, link: &Link) {
    for advice in advice::on(&link.info) {
        tracing::warn!(target: "cache_runtime", server = %shared.server_name, "{advice}");
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

/// Connects, and does everything that has to be done before the first read. Also tells when it was first asked something.
async fn connect(shared: &Shared, epoch: u64) -> Result<(Arc<Link>, Option<Tick>), Box<str>> {
    let limit = shared.config.connect_timeout;
    let (server, appointed) = located(&shared.place, limit).await?;
    let (connections, hears) = match &shared.mirror {
        None => (open(shared, &server, None).await?, None),
        Some(mirror) => match open(shared, &server, Some(mirror)).await {
            Ok(connections) => {
                let hears = tracking::begin(shared, mirror, &connections).await;
                (connections, Some(hears))
            }
            // Something between us and the server that knows no pushes.
            Err(failed) if failed.is_answered => {
                let deaf = Deaf::NoPushes(failed.why);
                (open(shared, &server, None).await?, Some(Err(deaf)))
            }
            Err(failed) => return Err(failed.why),
        },
    };
    let asked = shared.mirror.as_ref().map(|mirror| mirror.now());
    let mut found: Option<(Info, ServerTime)> = None;
    for connection in &connections {
        let (info, time) = verify(connection, shared.config.operation_timeout).await?;
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
    let patience = shared.config.operation_timeout;
    let mut link = Link::new(epoch, connections, info, patience, hashes, time, hears);
    link.appointed = appointed;
    let link = Arc::new(link);
    match within(limit, shared.deliver(&link)).await {
        Some(Ok(())) => {}
        Some(Err(failure)) => {
            let why = in_words(&failure, "DEL");
            return Err(format!("invalidations cannot be delivered: {why}").into());
        }
        None => return Err("delivering invalidations took too long".into()),
    }
    Ok((link, asked))
}

/// Where the server is at present, and who says so.
async fn located(
    place: &Place,
    limit: Duration,
) -> Result<(ConnectionInfo, Option<Appointed>), Box<str>> {
    match place {
        Place::At(server) => Ok(((**server).clone(), None)),
        Place::Watched(sentinels) => {
            let appointed = sentinels.ask(limit).await?;
            Ok((sentinels.connection(&appointed), Some(appointed)))
        }
    }
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
    connection: &MultiplexedConnection,
    limit: Duration,
) -> Result<(Info, ServerTime), Box<str>> {
    let mut commands = Pipeline::new();
    commands.cmd("INFO").cmd("TIME");
    let asked = Instant::now();
    let (info, time) = match within(limit, link::send_all(connection, &commands)).await {
        Some(Ok(replies)) => who_and_when(replies)?,
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
    Ok((info, time))
}

/// The answers to `INFO` and `TIME`.
fn who_and_when(replies: Vec<Result<Value, Failure>>) -> Result<(Info, u64), Box<str>> {
    let mut replies = replies.into_iter();
    let mut next = |command| match replies.next() {
        Some(reply) => reply.map_err(|failure| in_words(&failure, command)),
        None => Err("it does not answer".into()),
    };
    let (info, time) = (next("INFO")?, next("TIME")?);
    let info = read_info(&info).ok_or("its `INFO` cannot be read")?;
    let time = read_time(&time).ok_or("its `TIME` cannot be read")?;
    Ok((info, time))
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

/// Why a link is kept no longer.
#[derive(PartialEq, Eq)]
enum Kept {
    /// It is lost, or nobody needs it any more.
    Ended,
    /// It works, but the server does not tell of changes over it, and may over another one by now.
    HearsAgain,
}

/// Listens for the heartbeat of a link.
async fn keep(me: &Alive, wake: &Notify, link: Arc<Link>, hears_again: Duration) -> Kept {
    let pause = me.shared().map_or(HEARTBEAT, |shared| shared.heartbeat());
    let mut touching = Touching::default();
    let began = Instant::now();
    let mut sentinels_asked = began;
    loop {
        within(pause, wake.notified()).await;
        let Some(alive) = me.shared() else {
            return Kept::Ended;
        };
        if !matches!(&*alive.state.borrow(), State::Up(up) if up.epoch == link.epoch) {
            return Kept::Ended;
        }
        if let Err(why) = beat(&alive, &link).await {
            alive.lost(link.epoch, &why);
            return Kept::Ended;
        }
        if sentinels_asked.elapsed() >= ASKED_EVERY {
            sentinels_asked = Instant::now();
            // It may answer still, and has forgotten nothing: it just does not know.
            if let Some(other) = appointed_since(&alive, &link, pause / 2).await {
                let why = format!("the sentinels have appointed another primary, {other}");
                alive.lost(link.epoch, &why);
                return Kept::Ended;
            }
        }
        if link.deaf.as_ref().is_some_and(Deaf::may_pass) && began.elapsed() >= hears_again {
            return Kept::HearsAgain;
        }
        if let Some(mirror) = &alive.mirror {
            // Whether the server is there, the next heartbeat tells, and does not wait for this.
            let _failed = within(pause / 4, Box::pin(touching.go_on(mirror, &link))).await;
        }
    }
}

/// Whom sentinels have appointed since this link was made, if it is another one.
async fn appointed_since(shared: &Shared, link: &Link, limit: Duration) -> Option<Appointed> {
    let Place::Watched(sentinels) = &shared.place else {
        return None;
    };
    let said = sentinels.ask(limit).await.ok()?;
    let ours = link.appointed.as_ref()?;
    ours.is_replaced_by(&said).then_some(said)
}

async fn beat(shared: &Shared, link: &Link) -> Result<(), Box<str>> {
    if !shared.pending.is_clear() {
        match within(shared.config.delivery_timeout, shared.deliver(link)).await {
            Some(Ok(())) => {}
            Some(Err(failure)) => return Err(in_words(&failure, "DEL")),
            None => return Err("it answers too late, or not at all".into()),
        }
    }
    let mut commands = Pipeline::new();
    commands.cmd("INFO").arg("replication").cmd("TIME");
    let heard_of = shared.mirror.as_ref().map(|mirror| mirror.now());
    let asked = Instant::now();
    // Side by side: what is kept is as old as the first question.
    let beats = link.lines().iter();
    let beats = beats.map(|line| within(HEARTBEAT, line.send_all(&commands)));
    for reply in all_at_once(beats.collect()).await {
        let (info, time) = match reply {
            Some(Ok(replies)) => who_and_when(replies)?,
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
    }
    shared.heard(link, heard_of);
    Ok(())
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
struct Pauses {
    next: Duration,
}

impl Pauses {
    fn new() -> Self {
        Pauses {
            next: SHORTEST_PAUSE,
        }
    }

    fn next(&mut self, shared: &Weak<Shared>) -> Duration {
        let longest = self.next;
        self.next = LONGEST_PAUSE.min(2 * longest);
        let random = shared.upgrade().map_or(0, |shared| shared.draw.number());
        let half = longest / 2;
        half + half.mul_f64((random % 1024) as f64 / 1024.0)
    }
}
