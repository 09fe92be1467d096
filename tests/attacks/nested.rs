//! What an outer value is made of, where that is not a value.

use crate::{Db, either, ms, patient};
use cache_runtime::{Cache, DomainCache, cached};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;
use test_servers::{Deployment, Proxy, RedisServer, wait_until};
use tokio::sync::{Notify, Semaphore};

use crate::PATIENCE;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DomainCache)]
#[cache(prefix = "plain", ttl = "30m")]
struct Bare {
    #[cache(key)]
    id: String,
    version: u32,
}

#[tokio::test]
async fn an_outer_value_depends_on_the_key_whose_refresh_it_has_joined() {
    struct It {
        cache: Cache,
        now: AtomicU32,
        began: Notify,
        computing: AtomicU32,
        gate: Semaphore,
    }
    impl It {
        fn bares(&self) -> BareCache {
            BareCache::new(&self.cache)
        }
    }
    #[cached(cache = it.cache, key = "outer", ttl = "5m", skip(it))]
    async fn outer(it: &It) -> u32 {
        it.began.notify_one();
        let load = || async {
            Ok::<_, ()>(Some(Bare {
                id: "1".into(),
                version: it.now.load(SeqCst),
            }))
        };
        it.bares()
            .get_or_load("1", load)
            .await
            .expect("ok")
            .expect("there")
            .version
    }
    let server = RedisServer::start().await;
    let proxy = Proxy::start(server.port()).await;
    let it = Arc::new(It {
        cache: patient(proxy.url()).await,
        now: AtomicU32::new(1),
        began: Notify::new(),
        computing: AtomicU32::new(0),
        gate: Semaphore::new(0),
    });
    proxy.delay_replies(Duration::from_millis(300));
    let outer_call = tokio::spawn({
        let it = Arc::clone(&it);
        async move { outer(&it).await }
    });
    it.began.notified().await;
    ms(100).await; // The nested call looks; its answer is on the way.
    let refreshing = tokio::spawn({
        let it = Arc::clone(&it);
        async move {
            let load = || async {
                let version = it.now.load(SeqCst);
                it.computing.fetch_add(1, SeqCst);
                it.gate.acquire().await.expect("open").forget();
                Ok::<_, ()>(Some(Bare {
                    id: "1".into(),
                    version,
                }))
            };
            it.bares().refresh("1", load).await
        }
    });
    wait_until("the refresh computes", PATIENCE, || async {
        it.computing.load(SeqCst) == 1
    })
    .await;
    ms(300).await;
    it.gate.add_permits(10);
    refreshing.await.expect("returns").expect("ok");
    assert_eq!(outer_call.await.expect("returns"), 1);
    proxy.heal();
    it.now.store(2, SeqCst);
    it.bares().invalidate("1").await;
    assert_eq!(outer(&it).await, 2);
}

#[tokio::test]
async fn an_outer_value_depends_on_what_has_failed_inside_it() {
    #[cached(cache = db.cache, key = "inner", tags = ["numbers"], ttl = "5m", skip(db))]
    async fn inner(db: &Db) -> Result<u32, String> {
        match db.now.load(SeqCst) {
            0 => Err("not found".into()),
            value => Ok(value),
        }
    }
    #[cached(cache = db.cache, key = "outer", ttl = "5m", skip(db))]
    async fn outer(db: &Db) -> u32 {
        inner(db).await.unwrap_or(0)
    }
    for redis in [false, true] {
        let server = Deployment::start().await;
        let cache = either(redis, &server).await;
        let db = Db {
            cache,
            now: Arc::new(AtomicU32::new(0)),
        };
        assert_eq!(outer(&db).await, 0);
        assert_eq!(outer(&db).await, 0);
        db.now.store(5, SeqCst);
        db.cache.invalidate_tag("numbers").await;
        db.cache.delete("inner").await;
        assert_eq!(outer(&db).await, 5, "redis {redis}");
    }
}

#[tokio::test]
async fn an_outer_value_depends_on_what_it_has_given_up() {
    #[cached(cache = db.cache, key = "inner", tags = ["numbers"], ttl = "5m", skip(db))]
    async fn inner(db: &Db) -> u32 {
        if db.now.load(SeqCst) == 0 {
            ms(5_000).await;
        }
        db.now.load(SeqCst)
    }
    #[cached(cache = db.cache, key = "outer", ttl = "5m", skip(db))]
    async fn outer(db: &Db) -> u32 {
        tokio::time::timeout(Duration::from_millis(200), inner(db))
            .await
            .unwrap_or(0)
    }
    for redis in [false, true] {
        let server = Deployment::start().await;
        let cache = either(redis, &server).await;
        let db = Db {
            cache,
            now: Arc::new(AtomicU32::new(0)),
        };
        assert_eq!(outer(&db).await, 0);
        db.now.store(5, SeqCst);
        db.cache.invalidate_tag("numbers").await;
        assert_eq!(outer(&db).await, 5, "redis {redis}");
    }
}
