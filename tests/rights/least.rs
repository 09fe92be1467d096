//! The line of the guide, beside what was asked.

use crate::work::*;
use cache_runtime::{Cache, Consistency};
use std::collections::BTreeSet;
use test_servers::{RedisServer, least_rights, least_rights_on_sentinels, wait_until};

/// What this test asks a server itself, beside the cache. (That the cache asks for `INFO` shows where it may not.)
const OURS: [&str; 2] = ["config|resetstat", "info"];
/// Everybody may say who they are.
const FREE: [&str; 2] = ["auth", "hello"];

/// Commands that were asked for since the statistics were reset, refused ones included; and which were refused.
async fn asked(server: &RedisServer) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut all, mut refused) = (BTreeSet::new(), BTreeSet::new());
    for (name, statistics) in server.info("commandstats").await {
        let name = name.trim_start_matches("cmdstat_").to_owned();
        if !statistics.contains("rejected_calls=0") {
            refused.insert(name.clone());
        }
        all.insert(name);
    }
    for other in OURS.iter().chain(&FREE) {
        all.remove(*other);
    }
    (all, refused)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_user_of_the_guide_may_do_all_that_is_asked_and_nothing_else() {
    let server = RedisServer::start().await;
    let rights = least_rights(NAMESPACE);
    user(&server, &rights).await;
    server.reset_stats().await;
    let bounded = cache(&server, Consistency::default()).await;
    let strict = cache(&server, Consistency::Strict).await;
    at_all(&strict).await;
    at_all(&bounded).await;
    besides(&bounded).await;
    // Now and then the server is told what is in use here.
    wait_until("what is in use is touched", PATIENCE, || async {
        profile(&bounded, 1).await;
        server.calls("touch").await > 0
    })
    .await;
    let (asked, refused) = asked(&server).await;
    assert_eq!(refused, BTreeSet::new());
    let log = server.command(&["ACL", "LOG"]).await;
    assert_eq!(log, test_servers::Reply::Array(Vec::new()));
    let listed = rights.iter().filter_map(|rule| rule.strip_prefix('+'));
    let listed: BTreeSet<String> = listed.map(str::to_owned).collect();
    let listed_for_us: BTreeSet<String> = listed
        .into_iter()
        .filter(|right| !OURS.contains(&right.as_str()))
        .collect();
    assert_eq!(asked, listed_for_us, "asked, and in the guide");
    // What it has written is its own.
    let mut there = server.connect().await;
    let select = there.command(&["SELECT", "3"]).await.expect("a reply");
    assert!(select.is_ok());
    let names = there
        .command(&["KEYS", "*"])
        .await
        .expect("a reply")
        .texts();
    assert!(names.len() > 10, "{names:?}");
    let others: Vec<_> = names.iter().filter(|it| !it.starts_with("shop:")).collect();
    assert_eq!(others, [""; 0]);
}

/// Each that is named by the table as needed for everything. Without it, not even a connection, or nothing stored.
#[tokio::test]
async fn what_is_needed_for_everything_is_missed_by_its_name() {
    let server = RedisServer::start().await;
    for (without, says) in [
        ("+info", "`INFO`"),
        ("+time", "`TIME`"),
        ("+script|load", "`SCRIPT LOAD`"),
    ] {
        let rights: Vec<String> = least_rights(NAMESPACE)
            .into_iter()
            .filter(|right| right != without)
            .collect();
        user(&server, &rights).await;
        let cache = cache(&server, Consistency::default()).await;
        let redis = cache.health().await.redis.expect("there is one");
        let reason = redis.reason.unwrap_or_default();
        assert!(
            reason.contains(says) && reason.contains("docs/guide/redis.md"),
            "{reason}"
        );
    }
}

#[tokio::test]
async fn the_user_on_sentinels_may_ask_for_the_primary() {
    let primary = RedisServer::start().await;
    user(&primary, &least_rights(NAMESPACE)).await;
    let sentinel = RedisServer::builder().watching(&primary, 1).start().await;
    user(&sentinel, &least_rights_on_sentinels()).await;
    let url = format!(
        "redis+sentinel://shop:word@127.0.0.1:{}/mymaster?sentinel_username=shop&sentinel_password=word",
        sentinel.port()
    );
    let builder = || Cache::builder().redis(url.clone()).namespace(NAMESPACE);
    let cache = builder().operation_timeout(PATIENCE).build().await;
    let cache = cache.expect("a valid configuration");
    assert!(cache.set("number", 7).await);
    assert_eq!(cache.get("number").await, Some(7));
    let log = sentinel.command(&["ACL", "LOG"]).await;
    assert_eq!(log, test_servers::Reply::Array(Vec::new()));
    user(&sentinel, &["reset".to_owned(), "on".to_owned()]).await;
    let cache = builder().build().await.expect("a valid configuration");
    let redis = cache.health().await.redis.expect("there is one");
    let reason = redis.reason.unwrap_or_default();
    assert!(
        reason.contains("SENTINEL") && reason.contains("NOPERM"),
        "{reason}"
    );
}
