//! What passes unharmed, and what is counted of it.

use crate::{LONG, connect, proxied, try_connect};
use std::io::ErrorKind;
use test_servers::{Proxy, Reply, free_port, wait_until};

#[tokio::test]
async fn a_batch_is_one_round_trip() {
    let (_server, proxy, mut client) = proxied().await;
    proxy.reset_counts();
    let replies = client.pipeline(&[&["SET", "a", "1"], &["GET", "a"], &["PING"]]);
    assert_eq!(replies.await.expect("replies").len(), 3);
    assert_eq!(proxy.round_trips(), 1);
    client.command(&["GET", "a"]).await.expect("a reply");
    client.command(&["GET", "a"]).await.expect("a reply");
    assert_eq!(proxy.round_trips(), 3);
    let get = "*2\r\n$3\r\nGET\r\n$1\r\na\r\n".len() + "$1\r\n1\r\n".len();
    let before = proxy.bytes();
    client.command(&["GET", "a"]).await.expect("a reply");
    assert_eq!(proxy.bytes() - before, get as u64);
}

#[tokio::test]
async fn connections_are_counted() {
    let (_server, proxy, client) = proxied().await;
    let other = connect(&proxy).await;
    assert_eq!((proxy.connections(), proxy.open_connections()), (2, 2));
    drop((client, other));
    wait_until("both have gone", LONG, || async {
        proxy.open_connections() == 0
    })
    .await;
    assert_eq!(proxy.connections(), 2);
    proxy.reset_counts();
    assert_eq!(proxy.connections(), 0);
}

#[tokio::test]
async fn what_is_larger_than_all_buffers_arrives_unharmed_and_is_one_round_trip() {
    let (_server, proxy, mut client) = proxied().await;
    proxy.reset_counts();
    let value: String = (0..3_000_000)
        .map(|i| char::from(b'a' + (i % 23) as u8))
        .collect();
    let set = client.command(&["SET", "a", &value]).await;
    assert!(set.expect("a reply").is_ok());
    assert_eq!(proxy.round_trips(), 1);
    let got = client.command(&["GET", "a"]).await.expect("a reply");
    assert!(got == Reply::Bulk(value.into_bytes()));
    assert_eq!(proxy.round_trips(), 2);
}

#[tokio::test]
async fn the_death_of_the_server_is_passed_on_and_so_is_its_return() {
    let (server, proxy, mut client) = proxied().await;
    server.kill();
    client.command(&["PING"]).await.expect_err("dead");
    assert!(try_connect(&proxy).await.is_err());
    server.restart().await;
    connect(&proxy).await;
}

#[tokio::test]
async fn a_proxy_before_nobody_resets() {
    let proxy = Proxy::start(free_port()).await;
    let error = try_connect(&proxy).await.err().expect("nobody is there");
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}
