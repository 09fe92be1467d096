//! A connection that breaks in the middle of a step. The server may have done what it was told, or not, or half of it.

use crate::load::Load;
use crate::world::{By, Database, PATIENCE, Process, proxied};
use std::sync::Arc;
use test_servers::{Proxy, RedisServer, wait_until};

/// What one caller does after the other: a miss (read, begin, fill), an invalidation, a miss. Six requests and more.
async fn miss_invalidate_miss(process: &Arc<Process>) {
    process.read(7).await;
    process.write(7, By::Tag).await;
    process.read(7).await;
    process.write(7, By::Key).await;
    process.read(7).await;
}

#[tokio::test]
async fn a_connection_may_break_after_any_request() {
    for n in 1..=10 {
        let database = Database::new();
        let (server, proxy, process) = proxied(&database).await;
        let other = Process::patient(server.url(), &database).await;
        proxy.cut_after_requests(n);
        miss_invalidate_miss(&process).await;
        other.read(7).await;
        process.until_hit(7).await;
        assert_eq!(process.read(7).await.value, 3, "after request {n}");
        assert_eq!(other.read(7).await.value, 3, "after request {n}");
    }
}

#[tokio::test]
async fn a_reply_may_break_off_anywhere() {
    for n in 0..10 {
        let database = Database::new();
        let (server, proxy, process) = proxied(&database).await;
        let other = Process::patient(server.url(), &database).await;
        // So many replies pass, and the next one does not.
        proxy.reset_counts();
        let breaking = async {
            wait_until("it is time", PATIENCE, || async {
                proxy.round_trips() >= n
            })
            .await;
            proxy.truncate_reply();
        };
        tokio::join!(breaking, async {
            for _ in 0..4 {
                miss_invalidate_miss(&process).await;
            }
        });
        other.read(7).await;
        process.until_hit(7).await;
        assert_eq!(process.read(7).await.value, 9, "after {n} replies");
        assert_eq!(other.read(7).await.value, 9, "after {n} replies");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn under_load_no_broken_connection_harms_anybody() {
    let database = Database::new();
    let server = RedisServer::start().await;
    let proxy = Proxy::start(server.port()).await;
    let near = Process::patient(server.url(), &database).await;
    let far = Process::start(proxy.url(), &database).await;
    let load = Load::on(&[&near, &far]);
    for n in 1..=12 {
        let connections = proxy.connections();
        match n % 3 {
            0 => proxy.truncate_reply(),
            1 => proxy.cut_after_requests(n),
            _ => proxy.cut(),
        }
        wait_until("it has broken", PATIENCE, || async {
            proxy.connections() > connections
        })
        .await;
        far.until_connected().await;
        load.until_hits(50).await;
    }
    load.stop().await;
}
