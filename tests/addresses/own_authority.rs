//! TLS with an authority that the system does not know.

use crate::certificates::{Authority, Folder, Signed};
use addresses::{reached, works};
use cache_runtime::{Builder, Cache};
use std::time::Duration;
use test_servers::{RedisServer, Tls, wait_until};

/// A server that shows this, without a question to its clients; and its authority.
async fn server(shows: impl FnOnce(&Authority) -> Signed) -> (RedisServer, Authority, Folder) {
    let (folder, authority) = (Folder::new(), Authority::new("ours"));
    let tls: Tls = folder.tls(&shows(&authority), &authority, false);
    let server = RedisServer::builder().tls(tls).start().await;
    (server, authority, folder)
}

fn to(server: &RedisServer, host: &str) -> Builder {
    let port = server.tls_port().expect("it has one");
    let url = format!("rediss://{host}:{port}/");
    Cache::builder().redis(url).namespace("app")
}

async fn refused(builder: Builder) -> String {
    reached(builder).await.expect_err("it is refused")
}

#[tokio::test]
async fn its_servers_are_trusted_by_their_names_alone() {
    let (server, ours, _folder) = server(|ours| ours.signs("localhost")).await;
    let stranger = Authority::new("a stranger").pem();
    let trusting = |host, pem: &str| to(&server, host).tls_ca(pem);
    reached(trusting("localhost", &ours.pem()))
        .await
        .expect("it is trusted");
    // Among others.
    let several = [&*stranger, &*ours.pem()].concat();
    reached(trusting("localhost", &several))
        .await
        .expect("it is trusted");
    let why = refused(trusting("localhost", &stranger)).await;
    assert!(
        why.contains("UnknownIssuer") && why.contains("REDIS_TLS_CA"),
        "{why}"
    );
    let why = refused(trusting("127.0.0.1", &ours.pem())).await;
    assert!(
        why.contains("not valid for name \"127.0.0.1\"") && why.contains("called otherwise"),
        "{why}"
    );
    // And the system's authorities do not know it.
    let why = refused(to(&server, "localhost")).await;
    assert!(why.contains("UnknownIssuer"), "{why}");
}

#[tokio::test]
async fn a_certificate_that_is_over_is_refused() {
    let (server, ours, _folder) = server(|ours| ours.has_signed("localhost")).await;
    let why = refused(to(&server, "localhost").tls_ca(ours.pem())).await;
    assert!(why.contains("its certificate is over"), "{why}");
}

#[tokio::test]
async fn an_address_in_parts_is_one_with_tls_if_certificates_are_given() {
    let (server, ours, folder) = server(|ours| ours.signs("localhost")).await;
    let ours = folder.write("ours.pem", &ours.pem());
    let port = server.tls_port().expect("it has one").to_string();
    let visit = |host: &str| {
        let visit = std::process::Command::new(env!("CARGO_BIN_EXE_visitor"))
            .env("REDIS_HOST", host)
            .env("REDIS_PORT", &port)
            .env("REDIS_TLS_CA", &ours)
            .output();
        String::from_utf8(visit.expect("it runs").stdout).expect("a text")
    };
    assert_eq!(visit("localhost"), "in\n");
    let why = visit("127.0.0.1");
    assert!(why.contains("not valid for name"), "{why}");
}

#[tokio::test]
async fn an_address_without_tls_does_not_go_with_certificates() {
    let ours = Authority::new("ours").pem();
    for address in [
        "redis://localhost",
        "unix:///run/redis.sock",
        "redis+sentinel://localhost/main",
    ] {
        let built = Cache::builder().redis(address).tls_ca(&*ours).build().await;
        let error = built.map(|_| ()).expect_err(address).to_string();
        assert!(error.contains("expected `rediss://…`"), "{error}");
    }
}

/// Who is restarted is verified as at first, and not asked without encryption.
#[tokio::test]
async fn after_a_restart_it_is_tls_again() {
    let (server, ours, folder) = server(|ours| ours.signs("localhost")).await;
    let cache = reached(to(&server, "localhost").tls_ca(ours.pem())).await;
    let cache = cache.expect("it is trusted");
    let goes_to = async || {
        let clients = server.command(&["CLIENT", "LIST"]).await;
        let clients = clients.text().lines();
        let of_cache =
            clients.filter(|client| client.contains("cmd=") && !client.contains("cmd=client|list"));
        let port = format!("laddr=127.0.0.1:{}", server.tls_port().expect("it has one"));
        of_cache
            .map(|client| client.contains(&port))
            .collect::<Vec<_>>()
    };
    assert_eq!(goes_to().await, [true]);
    server.restart().await;
    let limit = Duration::from_secs(20);
    wait_until("it works again", limit, || works(&cache)).await;
    assert_eq!(goes_to().await, [true]);
    // With another certificate, of somebody else.
    folder.tls(
        &Authority::new("a stranger").signs("localhost"),
        &ours,
        false,
    );
    server.restart().await;
    wait_until("it is refused", limit, || async {
        let redis = cache.health().await.redis.expect("there is one");
        redis
            .reason
            .is_some_and(|why| why.contains("UnknownIssuer"))
    })
    .await;
}
