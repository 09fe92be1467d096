//! A hit on the server, strict and bounded, beside a bare `GET` whose reply is decoded with bincode, over the same kind
//! of connection. Bounded ones are kept out of this process: by `local = off`, or for want of room.

use crate::rounds::ratio;
use cache_runtime::{Cache, Consistency, cached};
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use test_servers::RedisServer;
use tokio::task::JoinSet;

const KEYS: u64 = 1_000;
const ROUNDS: usize = 11;

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

/// The same, which this process keeps no copies of.
#[cached(ttl = "1h", cache = cache, key = "user:{id}", tags = ["user:{id}", "profiles"], local = off, skip(cache))]
async fn user_elsewhere(cache: &Cache, id: u64) -> User {
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

async fn cache_with(server: &RedisServer, consistency: Consistency) -> Cache {
    let builder = Cache::builder()
        .redis(server.url())
        .namespace("bench")
        .consistency(consistency)
        // Room for hardly anything.
        .max_entries(1)
        .max_bytes(1 << 10)
        // A noisy machine may stand still for longer than a server in production may.
        .operation_timeout(Duration::from_secs(5));
    builder.build().await.expect("a server")
}

async fn connect(server: &RedisServer) -> MultiplexedConnection {
    let client = redis::Client::open(server.url()).expect("a url");
    let info = client.get_connection_info().clone();
    let tcp = redis::io::tcp::TcpSettings::default().set_nodelay(true);
    let client = redis::Client::open(info.set_tcp_settings(tcp)).expect("a url");
    let connecting = client.get_multiplexed_async_connection();
    connecting.await.expect("a server")
}

pub(crate) async fn measure(server: &RedisServer) {
    let strict = cache_with(server, Consistency::Strict).await;
    let bounded = cache_with(server, Consistency::default()).await;
    let connection = connect(server).await;
    for id in 0..KEYS {
        user(&strict, id).await;
        let bytes = bincode::serde::encode_to_vec(user_of(id), bincode::config::standard());
        let key = format!("bare:user:{id}");
        let () = connection
            .clone()
            .set_ex(key, bytes.expect("encodes"), 3_600)
            .await
            .expect("a reply");
    }
    for (tasks, calls) in [(1, 8_000), (16, 64_000), (64, 128_000), (512, 128_000)] {
        let modes = [
            ("strict", &strict, true),
            ("bounded, local = off", &bounded, false),
            ("bounded, no room", &bounded, true),
        ];
        for (mode, cache, keeps) in modes {
            let before = cache.stats();
            let hits = || {
                let cache = cache.clone();
                spread(tasks, calls, move |id| {
                    let cache = cache.clone();
                    async move {
                        if keeps {
                            user(&cache, id).await
                        } else {
                            user_elsewhere(&cache, id).await
                        }
                    }
                })
            };
            let gets = || {
                let connection = connection.clone();
                spread(tasks, calls, move |id| {
                    let connection = connection.clone();
                    async move { bare(&connection, id).await }
                })
            };
            let (ratio, get, hit) = ratio(ROUNDS, async || {}, gets, hits).await;
            let micros = |time: Duration| time.as_secs_f64() * 1e6 / calls as f64;
            println!(
                "hits, {mode}, {tasks:>3} tasks: {ratio} times the throughput of GET + decode ({:.1} us a call beside {:.1})",
                micros(hit),
                micros(get),
            );
            let after = cache.stats();
            assert_eq!(
                after.misses(),
                before.misses(),
                "all of them were hits\n{after}"
            );
            let local = |stats: &cache_runtime::Stats| {
                stats.functions.iter().map(|f| f.local_hits).sum::<u64>()
            };
            assert!(
                local(&after) - local(&before) <= after.hits() / 100,
                "from the server\n{after}"
            );
        }
    }
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
