//! Asking a server to tell of changes (client tracking), and making sure that it does.

use super::Shared;
use super::link::{self, Link};
use super::mirror::Mirror;
use crate::sync::within;
use redis::Pipeline;
use redis::aio::MultiplexedConnection;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How long the name lives that a connection is tried with, in milliseconds, if it is not deleted.
const TRIAL: u64 = 1_000;

/// Asks to be told, over each connection, of changes to what is read over it; its own included. (With `NOLOOP` the server
/// would tell it of no change of its own, and forget nevertheless that it watches the name: who prolongs a generation would
/// not hear of its end.) Returns whether that can be relied on.
pub(super) async fn begin(
    shared: &Shared,
    mirror: &Mirror,
    connections: &[MultiplexedConnection],
) -> bool {
    for connection in connections {
        if !begin_on(shared, mirror, connection).await {
            return false;
        }
    }
    true
}

/// What stands between us and the server may take the command and lose the news. So a name is read, and changed, and the
/// news of that has to come; it comes before the replies to what follows.
async fn begin_on(shared: &Shared, mirror: &Mirror, connection: &MultiplexedConnection) -> bool {
    let key = format!("~trial:{}", shared.draw.number());
    let name = shared.names.lease(&key);
    let waiter = mirror.wait_for(&key);
    let mut commands = Pipeline::new();
    commands.cmd("CLIENT").arg("TRACKING").arg("ON");
    commands.cmd("GET").arg(&name);
    commands.cmd("SET").arg(&name).arg(1).arg("PX").arg(TRIAL);
    commands.cmd("DEL").arg(&name);
    let limit = shared.config.operation_timeout;
    let Some(Ok(replies)) = within(limit, link::send_all(connection, &commands)).await else {
        return false;
    };
    let is_begun = matches!(replies.first(), Some(Ok(_)));
    // A server that is full does not set it, has nothing to tell then, and is not relied on.
    let is_set = matches!(replies.get(2), Some(Ok(_)));
    is_begun && is_set && waiter.changed(Duration::ZERO).await
}

/// Says once if there is nothing to rely on, and again when that has changed.
pub(super) fn tell(shared: &Shared, link: &Link) {
    if shared.mirror.is_none() {
        return;
    }
    let server = &shared.config.server;
    if link.tracks {
        if shared.is_deaf.swap(false, Ordering::AcqRel) {
            tracing::info!(target: "cache_runtime", %server, "redis tells of changes now; hits are answered from this process");
        }
    } else if !shared.is_deaf.swap(true, Ordering::AcqRel) {
        tracing::warn!(target: "cache_runtime", %server,
            "redis does not tell of changes (client tracking over RESP3; a proxy may be in the way): the cache is strict, \
             every hit asks it");
    }
}
