//! What breaks off.

use crate::{LONG, connect, proxied};
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use test_servers::{Connection, Proxy, wait_until};

#[tokio::test]
async fn a_cut_resets_all_connections_and_lets_new_ones_in() {
    let (_server, proxy, mut client) = proxied().await;
    // Not even served yet.
    let mut young = Connection::open(proxy.port()).await.expect("open");
    proxy.cut();
    for connection in [&mut client, &mut young] {
        let error = connection.command(&["PING"]).await.expect_err("cut");
        assert_ne!(error.kind(), ErrorKind::TimedOut);
    }
    let mut new = connect(&proxy).await;
    assert_eq!(proxy.connections(), 3);
    proxy.heal();
    new.command(&["PING"]).await.expect("nothing to heal");
}

#[tokio::test]
async fn a_cut_ends_what_hangs_and_loses_it() {
    let (server, proxy, mut client) = proxied().await;
    proxy.hang();
    let asked = tokio::spawn(async move { client.command(&["INCR", "a"]).await });
    let before = proxy.bytes();
    wait_until("the request has come", LONG, || async {
        proxy.bytes() > before
    })
    .await;
    proxy.cut();
    asked.await.expect("no panic").expect_err("cut");
    proxy.heal();
    connect(&proxy).await;
    assert_eq!(server.command(&["EXISTS", "a"]).await.integer(), 0);
}

#[tokio::test]
async fn refusing_concerns_new_connections_until_healed() {
    let (_server, proxy, mut client) = proxied().await;
    proxy.refuse();
    proxy.refuse();
    let error = TcpStream::connect(("127.0.0.1", proxy.port())).expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    client.command(&["PING"]).await.expect("a reply");
    proxy.cut();
    client.command(&["PING"]).await.expect_err("cut");
    proxy.heal();
    proxy.heal();
    connect(&proxy).await;
}

#[tokio::test]
async fn the_request_before_the_cut_is_done_and_not_answered() {
    let (server, proxy, mut client) = proxied().await;
    let mut other = connect(&proxy).await;
    proxy.cut_after_requests(2);
    client.command(&["INCR", "a"]).await.expect("the first");
    let error = client
        .command(&["INCR", "a"])
        .await
        .expect_err("the second");
    assert_ne!(error.kind(), ErrorKind::TimedOut);
    wait_until("it was done", LONG, || async {
        server.command(&["GET", "a"]).await.text() == "2"
    })
    .await;
    other
        .command(&["PING"])
        .await
        .expect("only that connection");
    connect(&proxy).await;
}

#[tokio::test]
async fn a_truncated_reply_ends_in_its_middle() {
    let (_server, proxy, mut client) = proxied().await;
    let value = "a".repeat(1000);
    client.command(&["SET", "a", &value]).await.expect("set");
    proxy.truncate_reply();
    let before = proxy.bytes();
    let error = client.command(&["GET", "a"]).await.expect_err("truncated");
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    assert!(proxy.bytes() > before + 1000);
    let mut next = connect(&proxy).await;
    let whole = next.command(&["GET", "a"]).await.expect("whole");
    assert_eq!(whole.text(), value);
}

#[tokio::test]
async fn a_server_may_still_talk_to_a_client_that_was_cut() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
    let proxy = Proxy::start(listener.local_addr().expect("bound").port()).await;
    let mut client = TcpStream::connect(("127.0.0.1", proxy.port())).expect("connect");
    client.write_all(b"ask").expect("sent");
    let (mut server, _) = listener.accept().expect("accept");
    server.read_exact(&mut [0; 3]).expect("asked");
    proxy.cut();
    wait_until("the client is cut", LONG, || async {
        proxy.open_connections() == 0
    })
    .await;
    // A reset would follow the first, and fail the second.
    server.write_all(b"one").expect("sent");
    server.write_all(b"two").expect("sent");
    assert_eq!(server.read(&mut [0; 3]).expect("no reset"), 0);
}

#[tokio::test]
async fn dropping_a_proxy_closes_its_port_and_its_connections() {
    let (_server, proxy, mut client) = proxied().await;
    let port = proxy.port();
    drop(proxy);
    client.command(&["PING"]).await.expect_err("closed");
    TcpStream::connect(("127.0.0.1", port)).expect_err("nobody listens");
}
