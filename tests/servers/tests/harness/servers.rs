//! Starting, asking, counting, pausing.

use crate::{LONG, SHORT};
use std::io::ErrorKind;
use std::time::Duration;
use test_servers::{RedisServer, Reply, free_port, wait_until};

#[tokio::test]
async fn a_server_answers_with_typed_replies() {
    let server = RedisServer::start().await;
    assert!(server.command(&["SET", "a", "1"]).await.is_ok());
    assert_eq!(server.command(&["INCR", "a"]).await.integer(), 2);
    assert_eq!(server.command(&["GET", "a"]).await.text(), "2");
    assert_eq!(server.command(&["GET", "b"]).await, Reply::Nil);
    let both = server.command(&["MGET", "a", "b"]).await;
    assert_eq!(
        both,
        Reply::Array(vec![Reply::Bulk(b"2".to_vec()), Reply::Nil])
    );
    assert!(matches!(server.command(&["NO"]).await, Reply::Error(_)));
    assert_eq!(
        server.url(),
        format!("redis://127.0.0.1:{}/", server.port())
    );
    assert_eq!(server.unix_url(), None);
}

#[tokio::test]
async fn servers_are_strangers_to_each_other() {
    let (one, other) = tokio::join!(RedisServer::start(), RedisServer::start());
    one.command(&["SET", "a", "1"]).await;
    assert_eq!(other.command(&["GET", "a"]).await, Reply::Nil);
    assert_ne!(one.port(), other.port());
}

#[tokio::test]
async fn arguments_passwords_and_unix_sockets_reach_the_server() {
    let server = RedisServer::builder()
        .arg("--maxmemory", "10mb")
        .arg("--save", "60 1")
        .password("secret")
        .unix_socket()
        .start()
        .await;
    let setting = server.command(&["CONFIG", "GET", "maxmemory"]).await;
    let expected = [&b"maxmemory"[..], b"10485760"].map(|text| Reply::Bulk(text.to_vec()));
    assert_eq!(setting, Reply::Array(expected.to_vec()));

    let mut stranger = test_servers::Connection::open(server.port())
        .await
        .expect("open");
    let refused = stranger.command(&["PING"]).await.expect("a reply");
    assert!(matches!(refused, Reply::Error(error) if error.starts_with("NOAUTH")));
    assert!(server.url().starts_with("redis://:secret@"));

    let url = server.unix_url().expect("a socket");
    let path = url
        .strip_prefix("redis+unix://")
        .and_then(|rest| rest.strip_suffix("?pass=secret"));
    std::os::unix::net::UnixStream::connect(path.expect("a path")).expect("the socket is there");
}

#[tokio::test]
async fn calls_are_counted_until_they_are_reset() {
    let server = RedisServer::start().await;
    assert_eq!(server.calls("mget").await, 0);
    server.command(&["MGET", "a", "b"]).await;
    server.command(&["MGET", "a"]).await;
    assert_eq!(server.calls("mget").await, 2);
    assert_eq!(server.calls("config|resetstat").await, 0);
    server.reset_stats().await;
    assert_eq!(server.calls("MGET").await, 0);
}

#[tokio::test]
async fn a_paused_server_does_not_answer_until_it_is_resumed() {
    let server = RedisServer::start().await;
    let mut open = server.connect().await;
    open.limit(SHORT);
    server.pause();
    let error = open.command(&["INCR", "a"]).await.expect_err("paused");
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert!(!server.answers(SHORT).await);
    server.resume();
    assert!(server.answers(LONG).await);
    // What was sent to it meanwhile was not lost.
    assert_eq!(server.command(&["GET", "a"]).await.text(), "1");
}

#[tokio::test(start_paused = true)]
async fn a_paused_clock_does_not_run_ahead() {
    let start = tokio::time::Instant::now();
    let server = RedisServer::start().await;
    assert!(server.answers(LONG).await);
    let mut looks = 0;
    wait_until("it was looked three times", LONG, || {
        looks += 1;
        std::future::ready(looks == 3)
    })
    .await;
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test]
#[should_panic(expected = "in vain until pigs fly")]
async fn waiting_in_vain_says_for_what() {
    wait_until("pigs fly", Duration::from_millis(20), || async { false }).await;
}

#[tokio::test]
#[should_panic(expected = "in vain until somebody answers")]
async fn waiting_ends_though_the_condition_never_answers() {
    wait_until(
        "somebody answers",
        Duration::from_millis(20),
        std::future::pending,
    )
    .await;
}

#[test]
fn free_ports_differ() {
    assert_ne!(free_port(), free_port());
}

#[tokio::test]
#[should_panic(expected = "no-such-option")]
async fn a_server_that_does_not_start_shows_its_log() {
    RedisServer::builder()
        .arg("--no-such-option", "1")
        .start()
        .await;
}
