//! Unix sockets.

use addresses::{leads_to_a_server, reached, works};
use cache_runtime::{Builder, Cache, Consistency};
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;
use test_servers::{RedisServer, wait_until};

const PATIENCE: Duration = Duration::from_secs(20);

fn to(url: &str) -> Builder {
    Cache::builder().redis(url).namespace("app")
}

/// A server, and the path of its socket.
async fn server(password: Option<&str>) -> (RedisServer, String) {
    let builder = RedisServer::builder().unix_socket();
    let server = match password {
        Some(password) => builder.password(password).start().await,
        None => builder.start().await,
    };
    let url = server.unix_url().expect("a socket");
    let path = url.trim_start_matches("redis+unix://");
    let path = path.split('?').next().unwrap_or_default().to_owned();
    (server, path)
}

#[tokio::test]
async fn a_password_and_a_database() {
    let (server, path) = server(Some("secret")).await;
    for scheme in ["unix", "redis+unix"] {
        assert!(leads_to_a_server(&format!("{scheme}://{path}?pass=secret")).await);
    }
    assert!(!leads_to_a_server(&format!("unix://{path}?pass=wrong")).await);
    assert!(!leads_to_a_server(&format!("unix://{path}")).await);
    let user = ["ACL", "SETUSER", "ann", "on", ">word", "~app:*", "+@all"];
    server.command(&user).await;
    assert!(leads_to_a_server(&format!("unix://{path}?db=3&user=ann&pass=word")).await);
    let stored = server.command(&["INFO", "keyspace"]).await;
    let databases = stored.text().lines().filter(|line| line.starts_with("db"));
    let databases: Vec<_> = databases
        .filter_map(|line| line.split(':').next())
        .collect();
    assert_eq!(databases, ["db0", "db3"]);
}

/// What is changed elsewhere is heard of over a socket as well, and so is everything after a restart.
#[tokio::test]
async fn bounded_and_strict_and_after_a_restart() {
    let (server, path) = server(None).await;
    let url = format!("unix://{path}");
    let bounded = reached(to(&url)).await.expect("it is there");
    let strict = to(&url).consistency(Consistency::Strict);
    let strict = strict.operation_timeout(PATIENCE).build().await;
    let strict = strict.expect("an address");
    let both = async |number: u32| {
        assert!(strict.set("number", number).await);
        // Written elsewhere, it is heard of before long.
        wait_until("it is heard of", PATIENCE, || async {
            bounded.get("number").await == Some(number)
        })
        .await;
        assert_eq!(strict.get("number").await, Some(number));
        strict.invalidate("number").await;
        assert_eq!(strict.get::<u32>("number").await, None);
    };
    both(1).await;
    server.reset_stats().await;
    assert!(bounded.set("kept", 1).await);
    for _ in 0..10 {
        assert_eq!(bounded.get("kept").await, Some(1));
    }
    let asked = server.calls("get").await + server.calls("mget").await;
    assert!(
        asked <= 2,
        "hits are answered here, not {asked} times there"
    );
    server.restart().await;
    wait_until("it works again", PATIENCE, || works(&bounded)).await;
    wait_until("it works again", PATIENCE, || async {
        strict.set("kept", 2).await
    })
    .await;
    both(2).await;
}

#[tokio::test]
async fn a_socket_that_is_not_there_is_said_and_used_as_soon_as_it_is() {
    let (server, path) = server(None).await;
    server.kill();
    let url = format!("unix://{path}");
    let cache = to(&url).operation_timeout(PATIENCE).build().await;
    let cache = cache.expect("an address");
    let why = async || {
        let redis = cache.health().await.redis.expect("there is one");
        (redis.server, redis.reason.unwrap_or_default())
    };
    // A server that is killed leaves its file.
    assert_eq!(why().await, (path.clone(), "connection refused".to_owned()));
    std::fs::remove_file(&path).expect("it is there");
    wait_until("it is said", PATIENCE, || async {
        why().await.1 == "there is no such socket"
    })
    .await;
    assert_eq!(cache.get_or_set("number", || async { 7 }).await, 7);
    server.restart().await;
    wait_until("it works", PATIENCE, || works(&cache)).await;
    // Root may go everywhere.
    let locked = std::fs::Permissions::from_mode(0o000);
    std::fs::set_permissions(&path, locked).expect("it is ours");
    if std::os::unix::net::UnixStream::connect(&path).is_err() {
        let why = reached(to(&url)).await.expect_err("it is locked");
        assert!(why.contains("Permission denied"), "{why}");
    }
}
