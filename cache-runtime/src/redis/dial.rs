//! Reaching a server that is not on a network, but in this process (feature `testing`).

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisResult};
use std::future::Future;
use std::io;
use std::pin::Pin;
use tokio::io::DuplexStream;

/// Who opens connections to such a server.
pub(crate) trait Dial: Send + Sync {
    /// A new connection; waits for as long as that takes.
    fn dial(&self) -> Pin<Box<dyn Future<Output = io::Result<DuplexStream>> + Send + '_>>;
}

/// The same as the client does over TCP, which it does where there is no such server: opens a connection, and introduces
/// itself.
pub(super) async fn connect(
    dial: Option<&dyn Dial>,
    client: &Client,
    settings: &AsyncConnectionConfig,
) -> RedisResult<MultiplexedConnection> {
    let Some(dial) = dial else {
        let connecting = client.get_multiplexed_async_connection_with_config(settings);
        return connecting.await;
    };
    let stream = dial.dial().await?;
    let login = client.get_connection_info().redis_settings();
    let (connection, driver) =
        MultiplexedConnection::new_with_config(login, stream, settings.clone()).await?;
    // It ends with the last clone of the connection.
    tokio::spawn(driver);
    Ok(connection)
}
