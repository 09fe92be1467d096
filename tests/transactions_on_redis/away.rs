//! A server that is away when a transaction commits.

use crate::database::{File, Session};
use crate::world::PATIENCE;
use cache_runtime::{Cache, Consistency, Delivery, Invalidations, Outbox};
use std::time::Duration;
use test_servers::{Proxy, RedisServer, wait_until};

/// A cache that sees at once what others have invalidated.
async fn cache(url: String) -> Cache {
    let cache = Cache::builder()
        .redis(url)
        .consistency(Consistency::Strict)
        .operation_timeout(Duration::from_secs(5));
    cache.build().await.expect("a valid configuration")
}

async fn is_connected(cache: &Cache) -> bool {
    let redis = cache.health().await.redis;
    redis.is_some_and(|redis| redis.connected && redis.queued_invalidations == 0)
}

struct World {
    server: RedisServer,
    proxy: Proxy,
    file: File,
    /// Cut off from the server at times,
    cut_off: Cache,
    /// and another process that is not.
    other: Cache,
}

impl World {
    async fn new() -> Self {
        let server = RedisServer::start().await;
        let proxy = Proxy::start(server.port()).await;
        let (cut_off, other) = (cache(proxy.url()).await, cache(server.url()).await);
        let are_there = || async { is_connected(&cut_off).await && is_connected(&other).await };
        wait_until("the server is there", PATIENCE, are_there).await;
        assert!(other.set("name:1", "Ada".to_owned()).tag("names").await);
        World {
            server,
            proxy,
            file: File::create(),
            cut_off,
            other,
        }
    }

    async fn cut(&self) {
        self.proxy.refuse();
        self.proxy.cut();
        let is_lost = || async { !is_connected(&self.cut_off).await };
        wait_until("the connection is lost", PATIENCE, is_lost).await;
    }

    fn outbox(&self) -> Outbox<Session> {
        Outbox::new(&self.cut_off, self.file.session())
    }

    async fn seen_by_others(&self) -> Option<String> {
        self.other.get("name:1").await
    }
}

#[tokio::test]
async fn rows_stay_until_it_is_back() {
    for line in [
        "key name:1",
        "tag names",
        "pattern name:*",
        "pattern n?me:1",
        "?",
    ] {
        let world = World::new().await;
        let outbox = world.outbox();
        world.cut().await;
        let database = world.file.session();
        database.leave(&["tag other".to_owned(), line.to_owned()]);
        for _ in 0..2 {
            let report = outbox.deliver_pending().await.expect("a database");
            assert_eq!(
                (report.delivered, report.delivery),
                (0, Delivery::Deferred),
                "{line}"
            );
            assert_eq!(database.left(), ["tag other", line]);
        }
        assert_eq!(
            world.seen_by_others().await.as_deref(),
            Some("Ada"),
            "{line}"
        );
        assert_eq!(
            world.cut_off.get::<String>("name:1").await,
            None,
            "{line}: not served here"
        );
        let running = tokio::spawn(outbox.run(Duration::from_secs(3600)));
        world.proxy.heal();
        let is_empty = || async { database.left().is_empty() };
        wait_until("the rows are delivered", PATIENCE, is_empty).await;
        assert_eq!(world.seen_by_others().await, None, "{line}");
        running.abort();
    }
}

/// Without the acknowledgement nobody knows, so the row is delivered again.
#[tokio::test]
async fn rows_stay_when_the_acknowledgement_is_lost() {
    let world = World::new().await;
    let outbox = world.outbox();
    let database = world.file.session();
    database.leave(&["key name:1".to_owned()]);
    world.proxy.drop_replies();
    let report = outbox.deliver_pending().await.expect("a database");
    assert_eq!((report.delivered, database.left().len()), (0, 1));
    world.proxy.heal();
    wait_until("the row is delivered", PATIENCE, || async {
        let report = outbox.deliver_pending().await.expect("a database");
        report.delivery == Delivery::Delivered
    })
    .await;
    assert!(database.left().is_empty());
}

#[tokio::test]
async fn a_list_of_many_is_deferred_as_one() {
    let world = World::new().await;
    let mut invalidations = Invalidations::of(&world.cut_off);
    for id in 0..1_500 {
        invalidations.key(format!("name:{id}"));
    }
    invalidations.pattern("x?z").pattern("y?z").pattern("z?z");
    world.cut().await;
    assert_eq!(invalidations.deliver().await, Delivery::Deferred);
    assert_eq!(world.cut_off.stats().deferred, 1_503);
    world.proxy.heal();
    assert_eq!(world.cut_off.flush(PATIENCE).await, Delivery::Delivered);
    assert_eq!(world.seen_by_others().await, None);
}

/// The server does not answer while it is dropped: the part that was sent, and the part that was not.
#[tokio::test]
async fn a_delivery_that_is_dropped_midway_is_deferred_and_not_lost() {
    let world = World::new().await;
    let pid = world.server.pid();
    let mut invalidations = Invalidations::of(&world.cut_off);
    for id in 0..600 {
        invalidations.tag(format!("tag:{id}"));
    }
    invalidations.tag("names");
    world.proxy.drop_requests();
    let limit = Duration::from_millis(50);
    let dropped = tokio::time::timeout(limit, invalidations.deliver()).await;
    dropped.expect_err("nobody answers");
    world.proxy.heal();
    assert_eq!(world.cut_off.flush(PATIENCE).await, Delivery::Delivered);
    assert_eq!(world.seen_by_others().await, None);
    assert_eq!(world.server.pid(), pid, "it was never restarted");
}
