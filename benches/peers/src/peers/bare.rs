//! What one writes without a library: commands over one multiplexed connection, and bincode.

use super::{BODY, TTL, keep};
use crate::user::User;
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;

pub(crate) async fn connection(url: &str) -> MultiplexedConnection {
    let client = redis::Client::open(url).expect("a url");
    let info = client.get_connection_info().clone();
    let tcp = redis::io::tcp::TcpSettings::default().set_nodelay(true);
    let client = redis::Client::open(info.set_tcp_settings(tcp)).expect("a url");
    // What takes long here is meant to.
    let patient = redis::AsyncConnectionConfig::new().set_response_timeout(None);
    let connection = client.get_multiplexed_async_connection_with_config(&patient);
    connection.await.expect("a server")
}

pub(crate) async fn kept(url: &str) -> &'static MultiplexedConnection {
    keep(connection(url).await)
}

pub(crate) async fn get(connection: &MultiplexedConnection, id: u64) -> Option<User> {
    let bytes: Option<Vec<u8>> = connection.clone().get(key(id)).await.expect("a reply");
    bytes.map(|bytes| decode(&bytes))
}

pub(crate) async fn get_many(
    connection: &MultiplexedConnection,
    ids: impl Iterator<Item = u64>,
) -> Vec<User> {
    let keys: Vec<String> = ids.map(key).collect();
    let found: Vec<Vec<u8>> = connection.clone().mget(keys).await.expect("a reply");
    found.iter().map(|bytes| decode(bytes)).collect()
}

/// What nobody should write: who finds nothing runs the body, and stores.
pub(crate) async fn get_or_make(connection: &MultiplexedConnection, id: u64) -> User {
    // Others read what is stored under the other half of the numbers.
    let slow = u64::MAX - id;
    if let Some(user) = get(connection, slow).await {
        return user;
    }
    tokio::time::sleep(BODY).await;
    let user = User::made(id);
    set(connection, slow, &user).await;
    user
}

pub(crate) async fn set(connection: &MultiplexedConnection, id: u64, user: &User) {
    let bytes = bincode::serde::encode_to_vec(user, bincode::config::standard());
    let bytes = bytes.expect("encodes");
    let () = connection
        .clone()
        .set_ex(key(id), bytes, TTL.as_secs())
        .await
        .expect("a reply");
}

fn decode(bytes: &[u8]) -> User {
    let decoded = bincode::serde::decode_from_slice(bytes, bincode::config::standard());
    decoded.expect("a user").0
}

fn key(id: u64) -> String {
    format!("bare:user:{id}")
}
