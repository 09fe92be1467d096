//! What vanishes.

use crate::{LONG, SHORT, connect, proxied};
use std::io::ErrorKind;
use test_servers::wait_until;

#[tokio::test]
async fn dropped_replies_leave_the_client_in_doubt_about_what_was_done() {
    let (server, proxy, mut client) = proxied().await;
    proxy.drop_replies();
    client.limit(SHORT);
    let error = client.command(&["INCR", "a"]).await.expect_err("no reply");
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert_eq!(server.command(&["GET", "a"]).await.text(), "1");
    assert_eq!(proxy.open_connections(), 1);
}

#[tokio::test]
async fn dropped_requests_do_nothing() {
    let (server, proxy, mut client) = proxied().await;
    proxy.drop_requests();
    client.limit(SHORT);
    let error = client.command(&["INCR", "a"]).await.expect_err("no reply");
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert_eq!(server.command(&["EXISTS", "a"]).await.integer(), 0);
}

#[tokio::test]
async fn healing_cuts_only_the_connections_that_lost_something() {
    let (_server, proxy, mut loser) = proxied().await;
    let mut other = connect(&proxy).await;
    proxy.drop_replies();
    loser.limit(SHORT);
    loser.command(&["PING"]).await.expect_err("no reply");
    proxy.heal();
    wait_until("the loser is cut", LONG, || async {
        proxy.open_connections() == 1
    })
    .await;
    loser.limit(LONG);
    let error = loser.command(&["GET", "a"]).await.expect_err("cut");
    assert_ne!(error.kind(), ErrorKind::TimedOut);
    other.command(&["PING"]).await.expect("a reply");
}
