//! The servers and the proxy do what they say; whatever is tested with them relies on it.

mod cuts;
mod delays;
#[cfg(target_os = "linux")]
mod ends;
mod losses;
mod passing;
mod replication;
mod restarts;
mod servers;

use std::io;
use std::time::Duration;
use test_servers::{Connection, Proxy, RedisServer};

/// Longer than anything takes, also on a machine with much to do.
const LONG: Duration = Duration::from_secs(10);

/// Long enough to see that nothing comes.
const SHORT: Duration = Duration::from_millis(150);

/// A server, a proxy before it, and a client of the proxy.
async fn proxied() -> (RedisServer, Proxy, Connection) {
    let server = RedisServer::start().await;
    let proxy = Proxy::start(server.port()).await;
    let client = connect(&proxy).await;
    (server, proxy, client)
}

/// A client that the proxy has let through to the server.
async fn connect(proxy: &Proxy) -> Connection {
    try_connect(proxy).await.expect("a reply")
}

/// Where there is no server, already opening the connection may fail: the reset follows at once.
async fn try_connect(proxy: &Proxy) -> io::Result<Connection> {
    let mut client = Connection::open(proxy.port()).await?;
    client.command(&["PING"]).await?;
    Ok(client)
}
