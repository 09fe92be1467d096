//! Replicas and promotions.

use test_servers::RedisServer;

#[tokio::test]
async fn a_replica_has_what_the_primary_has_and_its_promotion_changes_the_replication_id() {
    let start = || RedisServer::builder().password("secret").start();
    let (primary, replica) = tokio::join!(start(), start());
    primary.command(&["SET", "before", "1"]).await;
    replica.replicate_from(&primary).await;
    primary.command(&["SET", "after", "1"]).await;
    assert_eq!(primary.command(&["WAIT", "1", "5000"]).await.integer(), 1);
    for key in ["before", "after"] {
        assert_eq!(replica.command(&["GET", key]).await.text(), "1", "{key}");
    }
    let id = async || replica.info("replication").await["master_replid"].clone();
    let followed = id().await;
    assert_eq!(
        followed,
        primary.info("replication").await["master_replid"],
        "a replica has the primary's"
    );
    primary.kill();
    replica.promote().await;
    assert_ne!(id().await, followed);
    assert!(replica.command(&["SET", "own", "1"]).await.is_ok());
}
