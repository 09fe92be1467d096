//! Who was there lately, as several processes have seen it.

use crate::backend::process;
use cache_runtime::warm::RecentlyActive;
use std::time::Duration;
use test_servers::Deployment;

#[tokio::test]
async fn all_processes_tell_of_all() {
    let server = Deployment::start().await;
    let (one, other) = (process(&server).await, process(&server).await);
    let here = RecentlyActive::new(&one, "users");
    let there = RecentlyActive::new(&other, "users");
    here.seen("ada");
    assert_eq!(here.recent(10).await, ["ada"]);
    tokio::time::sleep(Duration::from_millis(20)).await;
    there.seen("grace");
    assert_eq!(there.recent(10).await, ["grace", "ada"]);
    tokio::time::sleep(Duration::from_millis(20)).await;
    there.seen("ada");
    there.recent(10).await;
    assert_eq!(here.recent(10).await, ["ada", "grace"]);
    assert_eq!(here.recent(1).await, ["ada"]);
    assert_eq!(
        RecentlyActive::new(&one, "others").recent(10).await,
        [""; 0]
    );
}

#[tokio::test]
async fn they_are_bounded_in_time_and_number() {
    let server = Deployment::start().await;
    let cache = process(&server).await;
    let few = RecentlyActive::bounded(&cache, "few", Duration::from_secs(600), 5);
    for id in 0..50 {
        few.seen(&format!("u{id}"));
    }
    assert_eq!(few.recent(50).await.len(), 5);
    assert_eq!(server.command(&["ZCARD", "~active:few"]).await.integer(), 5);
    let brief = RecentlyActive::bounded(&cache, "brief", Duration::from_millis(300), 100);
    brief.seen("ada");
    assert_eq!(brief.recent(10).await, ["ada"]);
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(brief.recent(10).await, [""; 0]);
    assert_eq!(
        server.command(&["EXISTS", "~active:brief"]).await.integer(),
        0
    );
}

/// Without being asked: a hundred at a time.
#[tokio::test]
async fn the_server_is_told_now_and_then() {
    let server = Deployment::start().await;
    let cache = process(&server).await;
    let users = RecentlyActive::new(&cache, "users");
    for id in 0..250 {
        users.seen(&format!("u{id}"));
    }
    let told = async || server.command(&["ZCARD", "~active:users"]).await.integer() >= 200;
    test_servers::wait_until("they are told", Duration::from_secs(10), told).await;
}

#[tokio::test]
async fn without_the_server_a_process_tells_of_its_own() {
    let server = Deployment::start().await;
    let cache = process(&server).await;
    let users = RecentlyActive::new(&cache, "users");
    server.kill();
    users.seen("ada");
    assert_eq!(users.recent(10).await, ["ada"]);
    server.restart().await;
    let told = async || {
        users.recent(10).await;
        server.command(&["ZCARD", "~active:users"]).await.integer() == 1
    };
    test_servers::wait_until("it is told", Duration::from_secs(20), told).await;
}

/// Whoever only sees people tells of them as well.
#[tokio::test]
async fn the_server_is_told_within_a_moment() {
    let server = Deployment::start().await;
    let (one, other) = (process(&server).await, process(&server).await);
    let here = RecentlyActive::new(&one, "users");
    here.seen("ada");
    let there = RecentlyActive::new(&other, "users");
    let told = async || there.recent(10).await == ["ada"];
    test_servers::wait_until("it is told", Duration::from_secs(20), told).await;
}

/// A server that may be read and not written, as one that is full, knows of nobody.
#[tokio::test]
async fn what_cannot_be_told_is_known_here() {
    let server = Deployment::start().await;
    let cache = process(&server).await;
    let users = RecentlyActive::new(&cache, "users");
    server
        .command(&["ACL", "SETUSER", "default", "-zadd"])
        .await;
    users.seen("ada");
    assert_eq!(users.recent(usize::MAX).await, ["ada"]);
    server
        .command(&["ACL", "SETUSER", "default", "+zadd"])
        .await;
    let other = RecentlyActive::new(&process(&server).await, "users");
    assert_eq!(users.recent(usize::MAX).await, ["ada"]);
    assert_eq!(other.recent(usize::MAX).await, ["ada"]);
}
