//! Many nodes.

use crate::app::{Db, read, read_twice, write_all};
use cache_runtime::testing::{Network, assert_coherent, on};
use std::time::{Duration, Instant};

const NODES: usize = 50;

#[tokio::test]
async fn fifty_nodes_agree_after_every_write() {
    let real = Instant::now();
    let (network, db) = (Network::new(), Db::default());
    let mut nodes = Vec::new();
    for number in 0..NODES {
        nodes.push(network.node(&number.to_string()).await);
    }
    for round in 1..=5_u32 {
        for node in &nodes {
            db.warm(node, 7).await;
            on(node, read_twice(&db, 7)).await;
        }
        let runs = db.runs();
        let cut = (7 * round).to_string();
        network.cut(&cut);
        on(&nodes[0], write_all(&db, round)).await;
        assert_coherent!(network, read(&db, 7).await, round);
        assert!(
            db.runs() - runs <= 2,
            "one computes for all, and one behind the cut"
        );
        network.heal(&cut);
        network.advance(Duration::from_secs(2)).await;
        assert_coherent!(network, read_twice(&db, 7).await, 2 * round);
    }
    println!("fifty nodes: {:?}", real.elapsed());
}
