//! A strict hit beside a bare `GET` whose reply is decoded with bincode, over the same kind of connection.

use crate::rounds::ratio;
use cache_runtime::{Cache, cached};
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use test_servers::RedisServer;
use tokio::task::JoinSet;

const KEYS: u64 = 1_000;
const ROUNDS: usize = 15;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct User {
    id: u64,
    name: String,
    email: String,
    roles: Vec<String>,
    bio: String,
}

fn user_of(id: u64) -> User {
    User {
        id,
        name: format!("user number {id}"),
        email: format!("user{id}@example.com"),
        roles: vec!["reader".to_owned(), "writer".to_owned()],
        bio: "x".repeat(120),
    }
}

/// The root, a scope and two tags: four generations beside the entry.
#[cached(ttl = "1h", cache = cache, key = "user:{id}", tags = ["user:{id}", "profiles"], skip(cache))]
async fn user(cache: &Cache, id: u64) -> User {
    user_of(id)
}

async fn bare(server: &MultiplexedConnection, id: u64) -> User {
    let bytes: Vec<u8> = server
        .clone()
        .get(format!("bare:user:{id}"))
        .await
        .expect("a reply");
    let (user, _) =
        bincode::serde::decode_from_slice(&bytes, bincode::config::standard()).expect("a user");
    user
}

pub(crate) async fn measure(server: &RedisServer) {
    let cache = Cache::builder()
        .redis(server.url())
        .namespace("bench")
        // A noisy machine may stand still for longer than a server in production may.
        .operation_timeout(Duration::from_secs(5))
        .build()
        .await
        .expect("a server");
    let client = redis::Client::open(server.url()).expect("a url");
    let info = client.get_connection_info().clone();
    let tcp = redis::io::tcp::TcpSettings::default().set_nodelay(true);
    let client = redis::Client::open(info.set_tcp_settings(tcp)).expect("a url");
    let connection = client
        .get_multiplexed_async_connection()
        .await
        .expect("a server");
    for id in 0..KEYS {
        user(&cache, id).await;
        let bytes = bincode::serde::encode_to_vec(user_of(id), bincode::config::standard());
        let key = format!("bare:user:{id}");
        let () = connection
            .clone()
            .set_ex(key, bytes.expect("encodes"), 3_600)
            .await
            .expect("a reply");
    }
    let before = cache.stats();
    let (cache, connection) = (Arc::new(cache), Arc::new(connection));
    for (tasks, calls) in [(1, 4_000), (16, 16_000), (64, 32_000), (256, 32_000)] {
        let one = || {
            let cache = Arc::clone(&cache);
            spread(tasks, calls, move |id| {
                let cache = Arc::clone(&cache);
                async move { user(&cache, id).await }
            })
        };
        let other = || {
            let connection = Arc::clone(&connection);
            spread(tasks, calls, move |id| {
                let connection = Arc::clone(&connection);
                async move { bare(&connection, id).await }
            })
        };
        let (ratio, hit, get) = ratio(ROUNDS, async || {}, other, one).await;
        println!(
            "hits, {tasks:>3} tasks: {ratio} times the throughput of GET + decode ({:.1} us a call beside {:.1})",
            get.as_secs_f64() * 1e6 / calls as f64,
            hit.as_secs_f64() * 1e6 / calls as f64,
        );
    }
    let after = cache.stats();
    assert_eq!(
        after.misses(),
        before.misses(),
        "all of them were hits\n{after}"
    );
}

/// So many calls by so many tasks.
async fn spread<F, Fut>(tasks: u64, calls: u64, call: F)
where
    F: Fn(u64) -> Fut + Clone + Send + 'static,
    Fut: Future<Output = User> + Send,
{
    let mut running = JoinSet::new();
    for task in 0..tasks {
        let call = call.clone();
        running.spawn(async move {
            for n in 0..calls / tasks {
                let id = (task * 7_919 + n * 31) % KEYS;
                assert_eq!(call(id).await.id, id);
            }
        });
    }
    running.join_all().await;
}
