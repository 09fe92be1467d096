//! Without encryption.

use addresses::leads_to_a_server;
use test_servers::RedisServer;

#[tokio::test]
async fn host_and_port() {
    let server = RedisServer::start().await;
    assert!(leads_to_a_server(&server.url()).await);
    let database = format!("{}3", server.url());
    assert!(leads_to_a_server(&database).await);
    assert_eq!(
        server
            .command(&["INFO", "keyspace"])
            .await
            .text()
            .lines()
            .count(),
        3,
        "two databases"
    );
    let localhost = format!("redis://localhost:{}", server.port());
    assert!(leads_to_a_server(&localhost).await);
}

#[tokio::test]
async fn a_user_and_a_password() {
    let server = RedisServer::builder().password("secret").start().await;
    assert!(leads_to_a_server(&server.url()).await);
    let user = ["ACL", "SETUSER", "ann", "on", ">word", "~*", "+@all"];
    server.command(&user).await;
    let port = server.port();
    let with = |login: &str| format!("redis://{login}@127.0.0.1:{port}/");
    assert!(leads_to_a_server(&with("ann:word")).await);
    assert!(!leads_to_a_server(&with("ann:secret")).await);
    assert!(!leads_to_a_server(&format!("redis://127.0.0.1:{port}/")).await);
}
