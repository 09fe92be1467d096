//! What processes keep of a cluster, every server of which tells them of changes.

use crate::world::*;
use cache_runtime::{Cache, Consistency};
use std::time::Duration;
use test_servers::{RedisCluster, RedisServer, wait_until};

/// Longer than any of these tests: what is read afresh was heard of.
const BOUND: Duration = Duration::from_secs(600);

/// Processes that read from their own memory.
async fn processes(cluster: &RedisCluster, namespace: &str) -> [Cache; 2] {
    let process = || {
        cache_with(cluster, |cache| {
            cache
                .namespace(namespace)
                .consistency(Consistency::Bounded(BOUND))
        })
    };
    [process().await, process().await]
}

async fn other_than<'c>(cluster: &'c RedisCluster, server: &RedisServer) -> &'c RedisServer {
    let mut others = cluster.nodes().iter();
    let other = others.find(|node| node.port() != server.port());
    other.expect("there are several")
}

/// Waits until the process reads this.
async fn hears(process: &Cache, database: &Database, row: usize) {
    wait_until("it is heard of", PATIENCE, || async {
        database.read(process, row).await == database.number(row)
    })
    .await;
}

/// Whether a read asks no server.
async fn is_kept(process: &Cache, database: &Database, row: usize) -> bool {
    let before = local_hits(process);
    database.read(process, row).await;
    local_hits(process) > before
}

/// Reads until all is kept; a process may learn meanwhile that something lies elsewhere.
async fn warm(process: &Cache, database: &Database) {
    for row in 0..ROWS {
        wait_until("it is kept", PATIENCE, || is_kept(process, database, row)).await;
    }
}

#[tokio::test]
async fn each_server_tells_of_its_own() {
    let cluster = RedisCluster::of(3, 0).await;
    let [writer, reader] = processes(&cluster, "").await;
    let database = Database::new();
    for turn in 0..12 {
        warm(&reader, &database).await;
        database.write(&writer, turn).await;
        for row in 0..ROWS {
            hears(&reader, &database, row).await;
        }
    }
    assert_eq!(redis(&reader).await.consistency, Some("bounded"));
}

/// A namespace with a hash tag lies on one slot, and most servers have nothing of it.
#[tokio::test]
async fn a_namespace_on_one_slot_is_kept_and_heard_of_wherever_it_goes() {
    let cluster = RedisCluster::of(3, 0).await;
    let [writer, reader] = processes(&cluster, "{shop}").await;
    let database = Database::new();
    let name = "{shop}:~scope:";
    let slot = cluster.slot_of(name).await;
    for turn in 0..4 {
        warm(&reader, &database).await;
        database.write(&writer, turn).await;
        for row in 0..ROWS {
            hears(&reader, &database, row).await;
        }
        let from = cluster.primary_of(name).await;
        let to = other_than(&cluster, from).await;
        cluster.move_slot(slot, from, to).await;
    }
}

/// A server takes slots that another one has, without what is in them.
#[tokio::test]
async fn what_was_read_from_a_server_that_has_its_slot_no_longer_is_not_kept() {
    let cluster = RedisCluster::of(3, 0).await;
    let [writer, reader] = processes(&cluster, "").await;
    let database = Database::new();
    warm(&reader, &database).await;
    for name in ["~scope:", "~scope:row:", "~tag:group:1", "row:1"] {
        let slot = cluster.slot_of(name).await;
        let from = cluster.primary_of(name).await;
        let to = other_than(&cluster, from).await;
        cluster.claim_slot(slot, from, to).await;
        // Whoever knows where it lies now, changes it there.
        let newcomers = processes(&cluster, "").await;
        database.write(&newcomers[0], 2).await;
        database.write(&newcomers[1], 3).await;
        for row in 0..ROWS {
            hears(&reader, &database, row).await;
            hears(&writer, &database, row).await;
        }
        warm(&reader, &database).await;
    }
}
