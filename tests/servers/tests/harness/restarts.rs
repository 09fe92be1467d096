//! Deaths and what they leave.

use test_servers::{RedisServer, Reply, wait_until};

use crate::{LONG, SHORT};

async fn replication_id(server: &RedisServer) -> String {
    server.info("replication").await["master_replid"].clone()
}

#[tokio::test]
async fn a_restart_keeps_what_was_saved_and_nothing_else() {
    let server = RedisServer::start().await;
    let before = (server.port(), replication_id(&server).await);
    server.command(&["SET", "saved", "1"]).await;
    server.save().await;
    server.command(&["SET", "later", "1"]).await;
    server.restart().await;
    assert_eq!(server.command(&["GET", "saved"]).await.text(), "1");
    assert_eq!(server.command(&["GET", "later"]).await, Reply::Nil);
    assert_eq!(server.port(), before.0);
    assert_ne!(replication_id(&server).await, before.1);
}

#[tokio::test]
async fn an_empty_restart_keeps_nothing() {
    let server = RedisServer::builder().arg("--appendonly", "yes");
    let server = server.password("secret").unix_socket().start().await;
    server.command(&["SET", "a", "1"]).await;
    server.save().await;
    server.restart().await;
    assert_eq!(server.command(&["GET", "a"]).await.text(), "1");
    server.restart_empty().await;
    assert_eq!(server.command(&["GET", "a"]).await, Reply::Nil);
}

#[tokio::test]
async fn a_killed_server_refuses_until_it_is_restarted() {
    let server = RedisServer::start().await;
    let mut open = server.connect().await;
    server.kill();
    assert_eq!(server.pid(), None);
    open.command(&["PING"]).await.expect_err("dead");
    assert!(!server.answers(SHORT).await);
    server.kill();
    server.restart().await;
    assert!(server.answers(LONG).await);
}

#[tokio::test]
async fn a_paused_server_can_be_restarted() {
    let server = RedisServer::start().await;
    server.pause();
    server.restart().await;
    assert!(server.answers(LONG).await);
}

#[tokio::test]
async fn a_shared_server_can_be_killed_while_others_use_it() {
    let server = std::sync::Arc::new(RedisServer::start().await);
    let user = tokio::spawn({
        let server = std::sync::Arc::clone(&server);
        async move {
            wait_until("the server is gone", LONG, || async {
                !server.answers(SHORT).await
            })
            .await;
        }
    });
    server.kill();
    user.await.expect("the user saw it");
}
