//! What is delivered later than it was said.

use crate::{PATIENCE, ms, on, patient, until_connected};
use cache_runtime::{Cache, Delivery, cached};
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use test_servers::{Proxy, RedisServer};
use tokio::sync::Semaphore;

/// More than fit into one command.
#[tokio::test]
async fn pending_invalidations_end_any_tag_not_after_the_tags() {
    struct Late {
        cache: Cache,
        now: Arc<AtomicU32>,
        gate: Arc<Semaphore>,
        tag: Arc<Mutex<String>>,
    }
    #[cached(cache = late.cache, key = "late", ttl = "5m", skip(late), tags_with = |_value: &u32| vec![late.tag.lock().expect("fine").clone()])]
    async fn late(late: &Late) -> u32 {
        let value = late.now.load(SeqCst);
        late.gate.acquire().await.expect("open").forget();
        value
    }
    const TAGS: usize = 2_400;
    for attempt in 0..3 {
        let server = RedisServer::start().await;
        let proxy = Proxy::start(server.port()).await;
        let far = on(proxy.url())
            .operation_timeout(Duration::from_secs(2))
            .connect_timeout(PATIENCE);
        let far = far.build().await.expect("valid");
        until_connected(&far).await;
        let near = patient(server.url()).await;
        let it = Arc::new(Late {
            cache: near.clone(),
            now: Arc::new(AtomicU32::new(1)),
            gate: Arc::new(Semaphore::new(0)),
            tag: Arc::default(),
        });
        let mut all = vec!["MSET".to_owned()];
        let names: Vec<String> = (0..TAGS).map(|n| format!("~tag:t{n}")).collect();
        for (n, name) in names.iter().enumerate() {
            all.extend([name.clone(), (n + 1_000).to_string()]);
        }
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        server.command(&all).await;
        let computing = tokio::spawn({
            let it = Arc::clone(&it);
            async move { late(&it).await }
        });
        ms(50).await;
        proxy.refuse();
        proxy.cut();
        ms(100).await;
        it.now.store(2, SeqCst);
        for n in 0..TAGS {
            assert_eq!(
                far.invalidate_tag(format!("t{n}")).await.delivery,
                Delivery::Deferred
            );
        }
        proxy.heal();
        proxy.delay(Duration::from_millis(60));
        let mut direct = server.connect().await;
        let mut mget = vec!["MGET"];
        mget.extend(names.iter().map(String::as_str));
        let gone = loop {
            let replies = direct
                .pipeline(&[&mget, &["EXISTS", "~any:tag:{~scope:}"]])
                .await
                .expect("answers");
            if replies[1].integer() == 0 {
                break None;
            }
            let test_servers::Reply::Array(values) = &replies[0] else {
                panic!("{:?}", replies[0])
            };
            let text = |reply: &test_servers::Reply| format!("{reply:?}");
            let first = values
                .iter()
                .position(|value| text(value).contains("Nil") || text(value).contains("Null"));
            if let Some(at) = first {
                break Some(at);
            }
            ms(2).await;
        };
        let Some(at) = gone else {
            it.gate.add_permits(10);
            let _ = computing.await;
            continue;
        };
        *it.tag.lock().expect("fine") = format!("t{at}");
        it.gate.add_permits(10);
        assert_eq!(computing.await.expect("computes"), 1);
        proxy.heal();
        until_connected(&far).await;
        assert_eq!(
            far.health()
                .await
                .redis
                .expect("there")
                .queued_invalidations,
            0
        );
        assert_eq!(
            late(&it).await,
            2,
            "attempt {attempt}: t{at} has been invalidated, all is delivered"
        );
        return;
    }
}
