//! How the servers of a cluster are found.

use crate::world::*;
use cache_runtime::{Cache, Delivery};
use test_servers::{RedisCluster, RedisServer, free_port};

#[tokio::test]
async fn one_that_is_named_leads_to_all() {
    let cluster = RedisCluster::of(3, 0).await;
    let one = format!("redis+cluster://127.0.0.1:{}", cluster.nodes()[1].port());
    let cache = Cache::builder().redis(one).build().await.expect("valid");
    is_whole(&cache).await;
    let health = redis(&cache).await;
    assert_eq!((health.servers, health.unserved_slots), (3, 0), "{health}");
    let database = Database::new();
    is_stored(&[cache], &database).await;
    assert_eq!(database.runs(), ROWS as u64);
    for node in cluster.nodes() {
        let names = node.command(&["DBSIZE"]).await.integer();
        assert!(names > 0, "each has a part");
    }
}

#[tokio::test]
async fn those_that_are_named_may_be_away_but_for_one() {
    let cluster = RedisCluster::of(2, 0).await;
    let hosts = format!(
        "127.0.0.1:{},127.0.0.1:{}",
        free_port(),
        cluster.nodes()[1].port()
    );
    let cache = Cache::builder().redis(format!("redis+cluster://{hosts}"));
    let cache = cache.build().await.expect("valid");
    is_whole(&cache).await;
}

#[tokio::test]
async fn without_servers_functions_run_and_it_is_said_why() {
    let nobody = format!("redis+cluster://127.0.0.1:{}", free_port());
    let cache = Cache::builder().redis(nobody).build().await.expect("valid");
    let database = Database::new();
    for runs in 1..3 {
        assert_eq!((database.read(&cache, 0).await, database.runs()), (0, runs));
    }
    let done = cache.invalidate("row:0").await;
    assert_eq!(done.delivery, Delivery::Deferred);
    let reason = redis(&cache).await.reason.expect("it is not connected");
    assert!(reason.contains("refused"), "{reason}");
}

#[tokio::test]
async fn one_of_a_cluster_has_to_be_given_as_such_and_no_other() {
    let cluster = RedisCluster::of(1, 0).await;
    let alone = format!("redis://127.0.0.1:{}", cluster.nodes()[0].port());
    let cache = Cache::builder().redis(alone).build().await.expect("valid");
    let reason = redis(&cache).await.reason.expect("it is not connected");
    assert!(reason.contains("redis+cluster://"), "{reason}");
    let server = RedisServer::start().await;
    let url = format!("redis+cluster://127.0.0.1:{}", server.port());
    let cache = Cache::builder().redis(url).build().await.expect("valid");
    let reason = redis(&cache).await.reason.expect("it is not connected");
    assert!(reason.contains("not one of a cluster"), "{reason}");
}

#[tokio::test]
async fn a_password_is_said_to_all() {
    let cluster = RedisCluster::with(2, 0, &[("--requirepass", "secret")]).await;
    let without = Cache::builder().redis(cluster.url());
    let without = without.build().await.expect("valid");
    let reason = redis(&without).await.reason.expect("it is not let in");
    assert!(reason.contains("password"), "{reason}");
    let url = cluster.url().replace("://", "://:secret@");
    let cache = Cache::builder().redis(url).build().await.expect("valid");
    is_whole(&cache).await;
}
