//! Keys that nobody expects, and somebody else's data under ours.

use crate::{Db, PATIENCE, on, patient, until_connected};
use cache_runtime::{Ttl, cached};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;
use test_servers::RedisServer;

#[tokio::test]
async fn a_key_of_another_type_keeps_nobody_from_running() {
    #[cached(cache = db.cache, key = "thing", tags = ["tag"], ttl = "5m", skip(db))]
    async fn thing(db: &Db) -> u32 {
        db.now.load(SeqCst)
    }
    #[cached(cache = db.cache, key = "outer-thing", ttl = "5m", skip(db))]
    async fn outer(db: &Db) -> u32 {
        thing(db).await
    }
    for name in [
        "thing",
        "~lease:{thing}",
        "~key:{thing}",
        "~tag:tag",
        "~scope:",
        "~any:key:{~scope:}",
        "~any:tag:{~scope:}",
    ] {
        let server = RedisServer::start().await;
        let db = Db {
            cache: patient(server.url()).await,
            now: Arc::new(AtomicU32::new(1)),
        };
        assert_eq!((thing(&db).await, outer(&db).await), (1, 1));
        server.command(&["DEL", name]).await;
        server.command(&["RPUSH", name, "x"]).await;
        server.reset_stats().await;
        assert_eq!((thing(&db).await, outer(&db).await), (1, 1), "{name}");
        db.now.store(2, SeqCst);
        let write = || async { Ok::<u32, ()>(2) };
        let written = db.cache.write_through("thing", write).tags(["tag"]).await;
        assert_eq!(written, Ok(2), "{name}");
        db.cache.invalidate_tag("tag").await;
        db.cache.delete("thing").await;
        assert_eq!((thing(&db).await, outer(&db).await), (2, 2), "{name}");
        db.now.store(4, SeqCst);
        db.cache.invalidate("*").await;
        assert_eq!((thing(&db).await, outer(&db).await), (4, 4), "{name}");
        assert!(db.cache.contains("thing").await, "{name}: it recovers");
    }
}

#[tokio::test]
async fn odd_keys_and_times() {
    let server = RedisServer::start().await;
    for namespace in ["", "ns", "{t}", "a{", "b}", "{}"] {
        let cache = on(server.url())
            .namespace(namespace)
            .operation_timeout(PATIENCE)
            .build()
            .await
            .expect("valid");
        until_connected(&cache).await;
        let long = "x".repeat(5_000);
        let keys = [
            "",
            ":",
            "{",
            "}",
            "{}",
            "{x}",
            "a{b}c",
            "*",
            "[a]",
            "~tag:x",
            "~entry:{~}",
            "~lease:{a}",
            "~key~{x}",
            "~scope:",
            "\0",
            "\r\n",
            long.as_str(),
            "::::::::::::",
        ];
        for (n, &odd) in keys.iter().enumerate() {
            assert!(cache.set(odd, n).await, "{namespace} {odd:.20}");
        }
        for (n, &odd) in keys.iter().enumerate() {
            assert_eq!(
                cache.get::<usize>(odd).await,
                Some(n),
                "{namespace} {odd:.20}"
            );
        }
        for (n, &odd) in keys.iter().enumerate() {
            assert!(cache.delete(odd).await, "{namespace} {odd:.20}");
            assert_eq!(cache.get::<usize>(odd).await, None);
            assert_eq!(cache.get_or_set(odd, || async { n }).await, n);
            assert_eq!(
                cache.get::<usize>(odd).await,
                Some(n),
                "{namespace} {odd:.20}"
            );
        }
        cache.invalidate("?*").await;
        for &odd in &keys[1..] {
            assert_eq!(cache.get::<usize>(odd).await, None, "{namespace} {odd:.20}");
        }
        cache.invalidate("*").await;
        assert_eq!(cache.get::<usize>("").await, None, "{namespace}");
        for ttl in [
            Ttl::Forever,
            Ttl::For(Duration::MAX),
            Ttl::For(Duration::from_nanos(1)),
            Ttl::For(Duration::ZERO),
            Ttl::For(Duration::from_millis(u64::MAX)),
        ] {
            let stored = cache.set("timed", 1_u32).ttl(ttl).await;
            // Not to live at all is not to be stored.
            let read = cache.get::<u32>("timed").await;
            let is_none = ttl == Ttl::For(Duration::ZERO);
            assert!(
                stored != is_none || ttl == Ttl::For(Duration::from_nanos(1)),
                "{ttl:?}"
            );
            assert!(!is_none || read.is_none(), "{ttl:?}");
        }
    }
}
