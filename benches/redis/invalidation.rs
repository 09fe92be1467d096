//! Invalidating a scope of a million entries (a tag is no different: both are one generation), beside one `SET`, an index set and a `SCAN`.

use crate::rounds::ratio;
use cache_runtime::Cache;
use redis::AsyncCommands;
use std::time::{Duration, Instant};
use test_servers::RedisServer;

const ENTRIES: usize = 1_000_000;
const ROUNDS: usize = 200;
/// Entries in one command while they are made.
const AT_ONCE: usize = 2_000;

pub(crate) async fn measure(server: &RedisServer) {
    server.command(&["FLUSHALL"]).await;
    let cache = Cache::builder()
        .redis(server.url())
        .namespace("bench")
        .build()
        .await
        .expect("a server");
    for first in (0..ENTRIES).step_by(AT_ONCE) {
        let entries = (first..first + AT_ONCE).map(|n| (format!("million:{n}"), n as u64));
        assert_eq!(
            cache.set_many(entries, Duration::from_secs(3_600)).await,
            AT_ONCE
        );
    }
    let client = redis::Client::open(server.url()).expect("a url");
    let connection = client
        .get_multiplexed_async_connection()
        .await
        .expect("a server");
    // So that there is a generation to end.
    let prepare = || async {
        assert!(cache.set("million:0", 0_u64).await);
    };
    let invalidate = || async {
        cache.invalidate("million:*").await;
    };
    let set = || async {
        let () = connection
            .clone()
            .set("bench:one", "value")
            .await
            .expect("a reply");
    };
    let (ratio, ours, set) = ratio(ROUNDS, prepare, invalidate, set).await;
    println!(
        "invalidation of a scope of {ENTRIES} entries: {ratio} times a SET ({ours:.1?} beside {set:.1?})"
    );
    prepare().await;
    let (ours, longest) = (ours, blocked(server, cache.invalidate("million:*")).await);
    println!("  it holds up others for {longest:.1?} at most, and takes {ours:.1?}");

    // The same entries, deleted by walking over the keys.
    let began = Instant::now();
    let walk = async {
        let mut deleted = 0;
        let mut cursor = 0_u64;
        loop {
            let (next, keys): (u64, Vec<String>) = redis::cmd("SCAN")
                .arg(cursor)
                .arg("MATCH")
                .arg("bench:million:*")
                .arg("COUNT")
                .arg(1_000)
                .query_async(&mut connection.clone())
                .await
                .expect("a reply");
            if !keys.is_empty() {
                deleted += connection
                    .clone()
                    .del::<_, usize>(keys)
                    .await
                    .expect("a reply");
            }
            if next == 0 {
                break deleted;
            }
            cursor = next;
        }
    };
    let deleted = walk.await;
    println!(
        "  by SCAN and DEL: {:.1?} for {deleted} entries",
        began.elapsed()
    );

    // And by a set that lists them, in one script.
    let fill = "for i = 1, tonumber(ARGV[1]) do redis.call('SET', 'k' .. i, i) redis.call('SADD', 'index', 'k' .. i) end";
    let () = redis::cmd("EVAL")
        .arg(fill)
        .arg(0)
        .arg(ENTRIES)
        .query_async(&mut patient(&client).await)
        .await
        .expect("a reply");
    let clear = "for _, key in ipairs(redis.call('SMEMBERS', 'index')) do redis.call('DEL', key) end redis.call('DEL', 'index')";
    let began = Instant::now();
    let mut patient = patient(&client).await;
    let command = redis::cmd("EVAL").arg(clear).arg(0).clone();
    let clear = async {
        let done = command.query_async::<()>(&mut patient).await;
        done.expect("a reply");
    };
    let longest = blocked(server, clear).await;
    println!(
        "  by an index set in a script: {:.1?}, holding up others for {longest:.1?}",
        began.elapsed()
    );
}

async fn patient(client: &redis::Client) -> redis::aio::MultiplexedConnection {
    let settings = redis::AsyncConnectionConfig::new().set_response_timeout(None);
    client
        .get_multiplexed_async_connection_with_config(&settings)
        .await
        .expect("a server")
}

/// The longest that a `PING` takes while `work` is under way.
async fn blocked(server: &RedisServer, work: impl Future) -> Duration {
    let url = server.url();
    let (stop, mut stopped) = tokio::sync::oneshot::channel::<()>();
    let pings = tokio::spawn(async move {
        let client = redis::Client::open(url).expect("a url");
        let mut connection = patient(&client).await;
        let mut longest = Duration::ZERO;
        while stopped.try_recv().is_err() {
            let began = Instant::now();
            let () = redis::cmd("PING")
                .query_async(&mut connection)
                .await
                .expect("a reply");
            longest = longest.max(began.elapsed());
        }
        longest
    });
    tokio::time::sleep(Duration::from_millis(20)).await;
    work.await;
    let _ = stop.send(());
    pings.await.expect("pings")
}
