//! Servers, and proxies before them, that do not tell of changes: every hit asks, and the cache says so.

use crate::relay::{behind, behind_a_deaf_one};
use crate::world::{PATIENCE, Process, read, reads};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;
use test_servers::{RedisServer, wait_until};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};

async fn is_strict(server: &RedisServer, url: String) {
    let database = Arc::new(AtomicU32::new(1));
    let bound = Duration::from_secs(60);
    let one = Process::start(url, &database, bound).await;
    let other = Process::start(server.url(), &database, bound).await;
    assert_eq!(one.warm(7).await, 1);
    server.reset_stats().await;
    for version in 2..10 {
        database.store(version, SeqCst);
        other.cache.invalidate_tag("rows").await;
        assert_eq!(read(&one, 7).await, version);
        assert_eq!(read(&one, 7).await, version);
    }
    let (get, mget) = reads(&[server]).await;
    assert!(get + mget >= 16);
    let health = one.cache.health().await.redis.expect("a server");
    assert_eq!(health.consistency, Some("strict"));
    let coherence = one.cache.stats().coherence.expect("it was wanted");
    assert_eq!(coherence.lag, None);
    let health = other.cache.health().await.redis.expect("a server");
    assert_eq!(health.consistency, Some("bounded"));
}

#[tokio::test]
async fn a_user_who_may_not_ask_to_be_told() {
    let server = RedisServer::start().await;
    let user = [
        "ACL",
        "SETUSER",
        "ann",
        "on",
        ">secret",
        "~*",
        "+@all",
        "-client|tracking",
    ];
    server.command(&user).await;
    let url = format!("redis://ann:secret@127.0.0.1:{}/", server.port());
    is_strict(&server, url).await;
}

#[tokio::test]
async fn a_proxy_that_keeps_the_news_to_itself() {
    let server = RedisServer::start().await;
    is_strict(&server, behind_a_deaf_one(&server).await).await;
}

/// A server that is full cannot show whether news arrives.
#[tokio::test]
async fn a_proxy_that_keeps_the_news_to_itself_before_a_full_server() {
    let server = RedisServer::start().await;
    let url = behind_a_deaf_one(&server).await;
    let limit = |bytes| ["CONFIG", "SET", "maxmemory", bytes];
    server.command(&limit("1")).await;
    let database = Arc::new(AtomicU32::new(1));
    let far = Process::start(url, &database, Duration::from_secs(60)).await;
    server.command(&limit("0")).await;
    let near = Process::start(server.url(), &database, Duration::from_secs(60)).await;
    assert_eq!(far.warm(7).await, 1);
    database.store(2, SeqCst);
    near.cache.invalidate_tag("rows").await;
    assert_eq!(read(&far, 7).await, 2);
    let health = far.cache.health().await.redis.expect("a server");
    assert_eq!(health.consistency, Some("strict"));
}

#[tokio::test]
async fn a_proxy_that_speaks_only_the_old_protocol() {
    let server = RedisServer::start().await;
    let url = behind(&server, |mut client, mut server| async move {
        let mut buffer = [0; 4096];
        let length = client.read(&mut buffer).await.unwrap_or(0);
        if buffer.windows(5).any(|word| word == b"HELLO") {
            let refusal = b"-ERR unknown command 'HELLO'\r\n";
            _ = client.write_all(refusal).await;
        } else if server.write_all(&buffer[..length]).await.is_ok() {
            _ = copy_bidirectional(&mut client, &mut server).await;
        }
    });
    is_strict(&server, url.await).await;
}

/// Once it is mended, the process is told, and keeps what it reads.
#[tokio::test]
async fn a_server_that_may_tell_again() {
    let server = RedisServer::start().await;
    let user = [
        "ACL", "SETUSER", "ann", "on", ">secret", "~*", "&*", "+@all",
    ];
    server
        .command(&[&user[..], &["-client|tracking"]].concat())
        .await;
    let url = format!("redis://ann:secret@127.0.0.1:{}/", server.port());
    is_strict(&server, url.clone()).await;
    let database = Arc::new(AtomicU32::new(1));
    let one = Process::start(url, &database, Duration::from_secs(60)).await;
    server.command(&user).await;
    server.command(&["CLIENT", "KILL", "USER", "ann"]).await;
    wait_until("it keeps what it reads", PATIENCE, || async {
        read(&one, 7).await;
        let stats = one.cache.stats();
        stats
            .function("read")
            .is_some_and(|read| read.local_hits > 0)
    })
    .await;
}
