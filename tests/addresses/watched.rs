//! Sentinels and servers over TLS, each with a certificate and asking for one.

use crate::certificates::{Authority, Folder};
use addresses::{reached, works};
use cache_runtime::{Builder, Cache};
use std::time::Duration;
use test_servers::{RedisServer, wait_until};

const PATIENCE: Duration = Duration::from_secs(30);

/// How many connections come to the port for TLS, but for those of replicas and Sentinels.
async fn visitors(server: &RedisServer) -> usize {
    let clients = server.command(&["CLIENT", "LIST", "TYPE", "normal"]).await;
    let port = format!(
        "laddr=127.0.0.1:{} ",
        server.tls_port().expect("it has one")
    );
    let clients = clients.text().lines();
    let ours = clients.filter(|it| it.contains(&port) && !it.contains("name=sentinel-"));
    ours.count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_primary_is_asked_for_and_used_over_tls_also_after_a_failover() {
    let (folder, ours) = (Folder::new(), Authority::new("ours"));
    // They say addresses, and so the certificate is for one.
    let tls = folder.tls(&ours.signs("127.0.0.1"), &ours, true);
    let server = || RedisServer::builder().tls(tls.clone()).start();
    let servers = [server().await, server().await];
    servers[1].replicate_from(&servers[0]).await;
    let sentinel = RedisServer::builder().tls(tls.clone());
    let sentinel = sentinel.watching(&servers[0], 1).start().await;
    wait_until("it knows the replica", PATIENCE, || async {
        let info = sentinel.info("sentinel").await;
        info.get("master0")
            .is_some_and(|it| it.contains("slaves=1"))
    })
    .await;
    let port = sentinel.tls_port().expect("it has one");
    let shown = ours.signs("shop");
    let url = format!("rediss+sentinel://127.0.0.1:{port}/mymaster");
    let cache = || Cache::builder().redis(url.clone()).namespace("app");
    let showing =
        |builder: Builder| builder.tls_client_certificate(&*shown.certificate, &*shown.key);
    let why = reached(showing(cache())).await.expect_err("unknown");
    assert!(
        why.contains("sentinel") && why.contains("UnknownIssuer"),
        "{why}"
    );
    let why = reached(cache().tls_ca(ours.pem())).await.err();
    let why = why.expect("it shows nothing");
    assert!(
        why.contains("sentinel") && why.contains("CertificateRequired"),
        "{why}"
    );
    let cache = reached(showing(cache().tls_ca(ours.pem()))).await;
    let cache = cache.expect("it is let in");
    assert_eq!(visitors(&servers[0]).await, 1);
    servers[0].kill();
    wait_until("it works with the other", PATIENCE, || works(&cache)).await;
    assert_eq!(visitors(&servers[1]).await, 1);
}
