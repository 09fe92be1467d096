//! Whatever changes an entry or what it depends on, here or elsewhere, ends what is kept of it.

use crate::world::{PATIENCE, Process, pair, read, reads};
use cache_runtime::{Cache, cached, key};
use std::sync::atomic::Ordering::SeqCst;
use test_servers::{Deployment, RedisServer, wait_until};

#[tokio::test]
async fn a_hit_asks_nobody() {
    let server = Deployment::start().await;
    let (one, other, _) = pair(server.url()).await;
    assert_eq!((one.warm(7).await, other.warm(7).await), (1, 1));
    server.reset_stats().await;
    for _ in 0..1_000 {
        assert_eq!((read(&one, 7).await, read(&other, 7).await), (1, 1));
    }
    assert_eq!(reads(&server.servers()).await, (0, 0));
    let stats = one.cache.stats();
    assert!(stats.hits() >= 1_000, "{stats}");
}

pub(crate) type Change = (
    &'static str,
    fn(Cache) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>>,
);

/// Everything that invalidates row 7.
pub(crate) const CHANGES: [Change; 8] = [
    ("a tag", |cache| {
        Box::pin(async move {
            _ = cache.invalidate_tag(key!("row-tag:{7}")).await;
        })
    }),
    ("another tag", |cache| {
        Box::pin(async move {
            _ = cache.invalidate_tag("rows").await;
        })
    }),
    ("a scope", |cache| {
        Box::pin(async move {
            _ = cache.invalidate("row:*").await;
        })
    }),
    ("the root", |cache| {
        Box::pin(async move {
            _ = cache.clear().await;
        })
    }),
    ("the key", |cache| {
        Box::pin(async move {
            _ = cache.delete("row:7").await;
        })
    }),
    ("a pattern", |cache| {
        Box::pin(async move {
            _ = cache.invalidate("r*w:7").await;
        })
    }),
    ("a write-through", |cache| {
        Box::pin(async move {
            let write = || async { Ok::<_, ()>(2_u32) };
            _ = cache
                .write_through("row:7", write)
                .tags(["rows", "row-tag:7"])
                .await;
        })
    }),
    ("a set", |cache| {
        Box::pin(async move {
            assert!(cache.set("row:7", 2_u32).tags(["rows", "row-tag:7"]).await);
        })
    }),
];

/// In the process that does it, at once: before it returns.
#[tokio::test]
async fn a_process_sees_what_it_has_done_itself() {
    for (change, make) in CHANGES {
        let server = Deployment::start().await;
        let (one, _, database) = pair(server.url()).await;
        assert_eq!(one.warm(7).await, 1);
        database.store(2, SeqCst);
        make(one.cache.clone()).await;
        assert_eq!(read(&one, 7).await, 2, "{change}");
    }
}

/// In another process, as soon as the server has told it.
#[tokio::test]
async fn a_process_hears_of_what_others_have_done() {
    for (change, make) in CHANGES {
        let server = Deployment::start().await;
        let (one, other, database) = pair(server.url()).await;
        assert_eq!(one.warm(7).await, 1);
        database.store(2, SeqCst);
        make(other.cache.clone()).await;
        until_reads(&one, 2, change).await;
    }
}

async fn until_reads(process: &Process, value: u32, after: &str) {
    let reads = || async { read(process, 7).await == value };
    wait_until(after, PATIENCE, reads).await;
}

#[tokio::test]
async fn a_flush_an_eviction_and_an_expiry_are_heard_of() {
    let commands: [&[&str]; 5] = [
        &["FLUSHALL"],
        &["FLUSHDB", "ASYNC"],
        &["DEL", "row:7"],
        &["DEL", "~scope:"],
        &["PEXPIRE", "~tag:rows", "1"],
    ];
    for command in commands {
        let server = Deployment::start().await;
        let (one, _, database) = pair(server.url()).await;
        assert_eq!(one.warm(7).await, 1);
        database.store(2, SeqCst);
        server.command(command).await;
        until_reads(&one, 2, &command.join(" ")).await;
    }
}

/// The server holds on to no more names than it was told to, and says so of those that it forgets.
#[tokio::test]
async fn names_that_the_server_can_no_longer_watch_are_not_kept() {
    let limit = ["--tracking-table-max-keys", "20"];
    let server = RedisServer::builder().arg(limit[0], limit[1]).start().await;
    let (one, other, database) = pair(server.url()).await;
    for row in 0..200 {
        one.warm(row).await;
    }
    database.store(2, SeqCst);
    other.cache.invalidate_tag("rows").await;
    for row in 0..200 {
        let reads = || async { read(&one, row).await == 2 };
        wait_until("nothing old is read", PATIENCE, reads).await;
    }
}

#[cached(cache = process.cache, key = "outer:{row}", ttl = "1h", skip(process))]
pub(crate) async fn outer(process: &Process, row: u32) -> u32 {
    read(process, row).await
}

/// Of what an outer entry depends on, the process has read nothing but the generations.
#[tokio::test]
async fn a_process_hears_of_changes_to_what_is_inside() {
    for (change, make) in CHANGES {
        let server = Deployment::start().await;
        let (one, other, database) = pair(server.url()).await;
        assert_eq!(outer(&other, 7).await, 1);
        for _ in 0..3 {
            assert_eq!(outer(&one, 7).await, 1);
        }
        database.store(2, SeqCst);
        make(other.cache.clone()).await;
        let is_new = || async { outer(&one, 7).await == 2 };
        wait_until(change, PATIENCE, is_new).await;
        // And at once of its own.
        for _ in 0..3 {
            assert_eq!(outer(&one, 7).await, 2);
        }
        let loads = || one.cache.stats().function("outer").map(|outer| outer.loads);
        let before = loads();
        make(one.cache.clone()).await;
        outer(&one, 7).await;
        assert!(loads() > before, "{change}");
    }
}

#[cached(cache = process.cache, key = "brief:{row}", tags = ["shared"], ttl = "5s", skip(process))]
async fn brief(process: &Process, row: u32) -> u32 {
    process.database.load(SeqCst)
}

#[cached(cache = _process.cache, key = "lasting:{_row}", tags = ["shared"], ttl = "1d", skip(_process))]
async fn lasting(_process: &Process, _row: u32) -> Result<u32, ()> {
    Err(())
}

/// What a process changes itself, it watches no less.
#[tokio::test]
async fn a_process_that_prolongs_a_generation_hears_of_its_end() {
    let server = Deployment::start().await;
    let (one, other, database) = pair(server.url()).await;
    for _ in 0..3 {
        assert_eq!(brief(&one, 7).await, 1);
    }
    // Its tag has to live longer from here on.
    assert_eq!(lasting(&one, 7).await, Err(()));
    for _ in 0..3 {
        assert_eq!(brief(&one, 7).await, 1);
    }
    database.store(2, SeqCst);
    other.cache.invalidate_tag("shared").await;
    let began = std::time::Instant::now();
    wait_until("it is heard of", PATIENCE, || async {
        brief(&one, 7).await == 2
    })
    .await;
    assert!(
        began.elapsed() < std::time::Duration::from_secs(2),
        "it has only expired"
    );
}
