//! What is late.

use crate::{LONG, SHORT, connect, proxied};
use std::io::ErrorKind;
use std::time::{Duration, Instant};
use test_servers::{Connection, wait_until};

const DELAY: Duration = Duration::from_millis(100);

#[tokio::test]
async fn a_delay_counts_in_each_direction_and_for_open_connections() {
    let (_server, proxy, mut client) = proxied().await;
    proxy.delay(DELAY);
    let start = Instant::now();
    client.command(&["PING"]).await.expect("a reply");
    assert!(start.elapsed() >= 2 * DELAY);
    proxy.delay_replies(Duration::ZERO);
    let start = Instant::now();
    client.command(&["PING"]).await.expect("a reply");
    assert!(start.elapsed() >= DELAY);
}

#[tokio::test]
async fn a_delay_is_no_throttle() {
    let (_server, proxy, mut client) = proxied().await;
    proxy.delay_requests(DELAY);
    // Sixteen chunks, which are under way at the same time.
    let value = "a".repeat(1_000_000);
    let start = Instant::now();
    client.command(&["SET", "a", &value]).await.expect("set");
    let took = start.elapsed();
    assert!(took >= DELAY && took < 15 * DELAY, "{took:?}");
}

#[tokio::test]
async fn requests_are_on_time_when_replies_are_late_and_healing_ends_a_delay_that_has_begun() {
    let (server, proxy, mut client) = proxied().await;
    proxy.delay_replies(Duration::from_secs(3600));
    let reply = tokio::spawn(async move { client.command(&["INCR", "a"]).await });
    wait_until("the server was asked", LONG, || async {
        server.command(&["EXISTS", "a"]).await.integer() == 1
    })
    .await;
    tokio::time::sleep(SHORT).await;
    assert!(!reply.is_finished());
    proxy.heal();
    reply.await.expect("no panic").expect("a reply");
}

#[tokio::test]
async fn what_hangs_is_delivered_later_even_of_clients_that_gave_up() {
    let (server, proxy, mut client) = proxied().await;
    proxy.hang();
    client.limit(SHORT);
    let error = client.command(&["INCR", "a"]).await.expect_err("it hangs");
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    drop(client);
    let mut new = Connection::open(proxy.port()).await.expect("accepted");
    new.limit(SHORT);
    new.command(&["INCR", "a"]).await.expect_err("it hangs too");
    assert_eq!(server.command(&["EXISTS", "a"]).await.integer(), 0);
    assert_eq!(proxy.open_connections(), 2);

    proxy.heal();
    wait_until("both have been heard", LONG, || async {
        server.command(&["GET", "a"]).await == test_servers::Reply::Bulk(b"2".to_vec())
    })
    .await;
    connect(&proxy).await;
}

#[tokio::test]
async fn not_even_the_death_of_the_server_gets_through_what_hangs() {
    let (server, proxy, mut old) = proxied().await;
    proxy.hang();
    server.kill();
    let mut new = Connection::open(proxy.port()).await.expect("accepted");
    let ask = async |connection: &mut Connection, limit| {
        connection.limit(limit);
        connection
            .command(&["PING"])
            .await
            .expect_err("dead")
            .kind()
    };
    for client in [&mut old, &mut new] {
        assert_eq!(ask(client, SHORT).await, ErrorKind::TimedOut);
    }
    proxy.heal();
    for client in [&mut old, &mut new] {
        assert_ne!(ask(client, LONG).await, ErrorKind::TimedOut);
    }
}
