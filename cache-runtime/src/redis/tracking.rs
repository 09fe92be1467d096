//! Asking a server to tell of changes (client tracking), and making sure that it does.

use super::Shared;
use super::link::{self, Failure};
use super::mirror::Mirror;
use super::slot;
use super::topology::Topology;
use crate::sync::within;
use redis::Pipeline;
use redis::aio::MultiplexedConnection;
use std::fmt;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How long the name lives that a connection is tried with, in milliseconds, if it is not deleted.
const TRIAL: u64 = 1_000;

/// Why it cannot be relied on that the server tells of changes.
#[derive(Clone, Debug)]
pub(super) enum Deaf {
    /// Whoever is there does not speak RESP3.
    NoPushes(Box<str>),
    /// `CLIENT TRACKING` is refused.
    Refused(Failure),
    /// Trying it is refused: the server is full, or the user may not touch the keys of the namespace.
    NotTried(Failure),
    TooLate,
    /// It was asked, and what it should have told has not come.
    Silent,
}

impl Deaf {
    /// Whether it may be otherwise after a while.
    pub(super) fn may_pass(&self) -> bool {
        matches!(self, Deaf::NotTried(_) | Deaf::TooLate)
    }
}

impl fmt::Display for Deaf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Deaf::NoPushes(why) => write!(f, "RESP3 is refused: {why}"),
            Deaf::Refused(why) => write!(f, "`CLIENT TRACKING` is refused: {why}"),
            Deaf::NotTried(why) => write!(
                f,
                "it cannot be tried with a key of the namespace: {why}; it is tried again later"
            ),
            Deaf::TooLate => f.write_str("the trial took too long; it is tried again later"),
            Deaf::Silent => f.write_str(
                "`CLIENT TRACKING` is accepted, and no news come; a proxy may keep them to itself",
            ),
        }
    }
}

/// Asks to be told, over each connection, of changes to what is read over it; its own included. (With `NOLOOP` the server
/// would tell it of no change of its own, and forget nevertheless that it watches the name: who prolongs a generation would
/// not hear of its end.) Returns whether that can be relied on. `slots`: if the server is one of a cluster, those that it
/// has.
pub(super) async fn begin(
    shared: &Shared,
    mirror: &Mirror,
    slots: Option<&[(u16, u16)]>,
    connections: &[MultiplexedConnection],
) -> Result<Heard, Deaf> {
    let only = shared.names.only_slot();
    if slots.is_some_and(|slots| only.is_some_and(|only| !slot::is_among(only, slots))) {
        return Ok(Heard::NothingThere);
    }
    for connection in connections {
        let key = loop {
            let key = format!("~trial:{}", shared.draw.number());
            let slot = slot::of(&shared.names.lease(&key));
            if slots.is_none_or(|slots| slots.is_empty() || slot::is_among(slot, slots)) {
                break key;
            }
        };
        begin_on(shared, mirror, connection, &key).await?;
    }
    Ok(Heard::Changes)
}

/// What is heard from a server that was asked to tell of changes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    Changes,
    /// There is nothing that could change: all names lie on one slot, which it does not have. So it could not be tried.
    NothingThere,
}

/// What stands between us and the server may take the command and lose the news. So a name is read, and changed, and the
/// news of that has to come; it comes before the replies to what follows.
async fn begin_on(
    shared: &Shared,
    mirror: &Mirror,
    connection: &MultiplexedConnection,
    key: &str,
) -> Result<(), Deaf> {
    let name = shared.names.lease(key);
    let waiter = mirror.wait_for(key);
    let mut commands = Pipeline::new();
    commands.cmd("CLIENT").arg("TRACKING").arg("ON");
    commands.cmd("GET").arg(&name);
    commands.cmd("SET").arg(&name).arg(1).arg("PX").arg(TRIAL);
    commands.cmd("DEL").arg(&name);
    let limit = shared.config.operation_timeout;
    let sent = within(limit, link::send_all(connection, &commands)).await;
    let mut replies = sent
        .ok_or(Deaf::TooLate)?
        .map_err(Deaf::Refused)?
        .into_iter();
    replies.next().transpose().map_err(Deaf::Refused)?;
    // A server that is full does not set it, has nothing to tell then, and is not relied on.
    for reply in replies {
        reply.map_err(Deaf::NotTried)?;
    }
    if waiter.changed(Duration::ZERO).await {
        Ok(())
    } else {
        Err(Deaf::Silent)
    }
}

/// Says once if there is nothing to rely on, and again when that has changed.
pub(super) fn tell(shared: &Shared, topology: &Topology) {
    if shared.mirror.is_none() {
        return;
    }
    let server = &*shared.server_name;
    let mut deaf = topology
        .links()
        .iter()
        .filter_map(|link| link.deaf.as_ref());
    match deaf.next() {
        None => {
            if shared.is_deaf.swap(false, Ordering::AcqRel) {
                tracing::info!(target: "cache_runtime", %server, "redis tells of changes now; hits are answered from this process");
            }
        }
        Some(why) => {
            if !shared.is_deaf.swap(true, Ordering::AcqRel) {
                tracing::warn!(target: "cache_runtime", %server, %why,
                    "redis does not tell of changes: the cache is strict, every hit asks it");
            }
        }
    }
}
