//! A client that has changed something on one node and asks another, which has not heard of it yet.

use crate::world::{Body, MINUTE, Origin, answer};
use bytes::Bytes;
use cache_runtime::http::{CacheLayer, InvalidateLayer, ReadYourWritesLayer};
use cache_runtime::{Cache, Consistency, cached};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use std::convert::Infallible;
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;
use test_servers::{Proxy, RedisServer, wait_until};
use tower_layer::Layer;
use tower_service::Service;

const BOUND: Duration = Duration::from_secs(2);
const PATIENCE: Duration = Duration::from_secs(10);

#[cached(ttl = "1h", key = "row", cache = cache, skip(cache, database))]
async fn row(cache: &Cache, database: &AtomicU32) -> u32 {
    database.load(SeqCst)
}

struct Node {
    cache: Cache,
    database: Arc<AtomicU32>,
}

impl Node {
    async fn start(url: String, database: &Arc<AtomicU32>) -> Self {
        let cache = Cache::builder()
            .redis(url)
            .consistency(Consistency::Bounded(BOUND))
            .operation_timeout(PATIENCE);
        Node {
            cache: cache.build().await.expect("valid"),
            database: Arc::clone(database),
        }
    }

    /// `POST` writes, everything else reads; with the token that was given.
    async fn ask(&self, method: &str, token: Option<&str>) -> (String, Option<String>) {
        let (cache, database) = (self.cache.clone(), Arc::clone(&self.database));
        let origin = Origin::new(move |request| {
            let (cache, database) = (cache.clone(), Arc::clone(&database));
            async move {
                if request.method() == "POST" {
                    database.fetch_add(1, SeqCst);
                    return answer(204, &[], "");
                }
                answer(200, &[], &row(&cache, &database).await.to_string())
            }
        });
        let changes = InvalidateLayer::new(&self.cache).patterns(|request| {
            let writes = request.method == "POST";
            writes.then_some("row")
        });
        let mut service = ReadYourWritesLayer::new(&self.cache).layer(changes.layer(origin));
        let mut request = Request::builder().method(method).uri("/");
        if let Some(token) = token {
            request = request.header("cache-token", token);
        }
        let request = request.body(Body::default()).expect("a request");
        let told = sent(&mut service, request).await;
        let token = told.headers().get("cache-token").cloned();
        let token = token.map(|token| token.to_str().expect("text").to_owned());
        let body = told.into_body().collect().await.expect("a body");
        let body = String::from_utf8(body.to_bytes().to_vec());
        (body.expect("text"), token)
    }

    fn local_hits(&self) -> u64 {
        let stats = self.cache.stats();
        stats.function("row").map_or(0, |row| row.local_hits)
    }
}

async fn sent<S>(service: &mut S, request: Request<Body>) -> Response<Full<Bytes>>
where
    S: Service<Request<Body>, Response = Response<Full<Bytes>>, Error = Infallible>,
{
    let ready = poll_fn(|context| service.poll_ready(context)).await;
    ready.expect("infallible");
    service.call(request).await.expect("infallible")
}

/// Two nodes, of which the second keeps the row, and hears of everything late.
async fn nodes() -> (RedisServer, Proxy, Node, Node) {
    let server = RedisServer::start().await;
    let late = Proxy::start(server.port()).await;
    let database = Arc::new(AtomicU32::new(1));
    let one = Node::start(server.url(), &database).await;
    let other = Node::start(late.url(), &database).await;
    wait_until("the other keeps it", PATIENCE, || async {
        other.ask("GET", None).await;
        other.local_hits() > 2
    })
    .await;
    (server, late, one, other)
}

#[tokio::test]
async fn whoever_shows_a_token_reads_what_he_has_written() {
    let (_server, late, one, other) = nodes().await;
    for round in 2..6 {
        late.delay_replies(Duration::from_millis(300));
        let (_, token) = one.ask("POST", None).await;
        let token = token.expect("it has changed something");
        // Others may read what the node keeps, up to the bound.
        assert_eq!(other.ask("GET", None).await.0, (round - 1).to_string());
        assert_eq!(other.ask("GET", Some(&token)).await.0, round.to_string());
        late.heal();
        wait_until("it keeps the new one", PATIENCE, || async {
            let before = other.local_hits();
            other.ask("GET", None).await.0 == round.to_string() && other.local_hits() > before
        })
        .await;
    }
}

#[tokio::test]
async fn a_token_past_the_bound_demands_nothing() {
    let (_server, _late, one, other) = nodes().await;
    let (_, token) = one.ask("POST", None).await;
    let (answered, none) = other.ask("GET", token.as_deref()).await;
    assert_eq!((&*answered, none), ("2", None), "reading changes nothing");
    tokio::time::sleep(BOUND + Duration::from_millis(200)).await;
    wait_until("it is served from the node", PATIENCE, || async {
        let before = other.local_hits();
        assert_eq!(other.ask("GET", token.as_deref()).await.0, "2");
        other.local_hits() > before
    })
    .await;
    for nonsense in ["", "1.2", "1.99999999999999999999999.0", "x"] {
        assert_eq!(other.ask("GET", Some(nonsense)).await.0, "2");
    }
}

/// The other node cannot know, nor can the server.
#[tokio::test]
async fn what_could_not_be_told_is_read_past_the_cache() {
    let (server, late, one, other) = nodes().await;
    late.refuse();
    late.cut();
    wait_until("it is cut off", PATIENCE, || async {
        let redis = other.cache.health().await.redis;
        !redis.is_some_and(|redis| redis.connected)
    })
    .await;
    // It keeps the row.
    wait_until("the first keeps it", PATIENCE, || async {
        one.ask("GET", None).await;
        one.local_hits() > 2
    })
    .await;
    let (_, token) = other.ask("POST", None).await;
    let token = token.expect("it has changed something");
    assert_eq!(one.ask("GET", None).await.0, "1", "nobody could tell it");
    assert_eq!(one.ask("GET", Some(&token)).await.0, "2");
    // And what he changes next does not make that forgotten.
    let (_, both) = one.ask("POST", Some(&token)).await;
    let both = both.expect("it has changed something");
    assert_eq!(both.split('.').nth(2), token.split('.').nth(2));
    drop(server);
}

#[tokio::test]
async fn a_whole_response_is_read_as_strictly() {
    let server = RedisServer::start().await;
    let late = Proxy::start(server.port()).await;
    let database = Arc::new(AtomicU32::new(1));
    let one = Node::start(server.url(), &database).await;
    let other = Node::start(late.url(), &database).await;
    let origin = {
        let database = Arc::clone(&database);
        Origin::new(move |_| {
            std::future::ready(answer(200, &[], &database.load(SeqCst).to_string()))
        })
    };
    let cached = |cache: &Cache| {
        let layer = CacheLayer::new(cache, "whole").ttl(MINUTE);
        ReadYourWritesLayer::new(cache).layer(layer.layer(origin.clone()))
    };
    let ask = async |cache: &Cache, token: Option<&str>| {
        let mut service = cached(cache);
        let mut request = Request::get("/");
        if let Some(token) = token {
            request = request.header("cache-token", token);
        }
        let request = request.body(Body::default()).expect("a request");
        let ready = poll_fn(|context| service.poll_ready(context)).await;
        ready.expect("infallible");
        let told = service.call(request).await.expect("infallible");
        let body = told.into_body().collect().await.expect("a body");
        String::from_utf8(body.to_bytes().to_vec()).expect("text")
    };
    for _ in 0..5 {
        assert_eq!(ask(&other.cache, None).await, "1");
    }
    late.delay_replies(Duration::from_millis(300));
    database.store(2, SeqCst);
    one.cache.invalidate("whole:GET:/:*").await;
    let (_, token) = one.ask("POST", None).await;
    let old = ask(&other.cache, None).await;
    let new = ask(&other.cache, token.as_deref()).await;
    assert_eq!((&*old, &*new), ("1", "3"), "`POST` has added one");
}
