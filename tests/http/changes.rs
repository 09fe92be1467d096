//! Requests that change something.

use crate::backend::Backend;
use crate::world::*;
use bytes::Bytes;
use cache_runtime::http::{CacheLayer, InvalidateLayer};
use cache_runtime::key;
use http::{Request, Response};
use http_body_util::Full;
use std::convert::Infallible;
use std::future::poll_fn;
use std::time::Duration;
use tower_layer::Layer;
use tower_service::Service;

fn layer(cache: &cache_runtime::Cache) -> InvalidateLayer {
    InvalidateLayer::new(cache)
        .patterns(|request| {
            let user = request.headers.get("x-user")?.to_str().ok()?.to_owned();
            Some(format!("{}:*", key!("user-conversations:{user}")))
        })
        .tags(|_| ["conversations"])
}

async fn send<S>(mut service: S, user: &str) -> Option<Response<Full<Bytes>>>
where
    S: Service<Request<Body>, Response = Response<Full<Bytes>>, Error = Infallible>,
{
    let ready = poll_fn(|context| service.poll_ready(context)).await;
    ready.expect("infallible");
    let request = Request::post("/conversations").header("x-user", user);
    let request = request.body(Body::default()).expect("a request");
    service.call(request).await.ok()
}

#[tokio::test]
async fn what_a_request_has_changed_is_invalidated_if_it_succeeds() {
    let backend = Backend::new().await;
    let cache = backend.cache();
    for (status, ends) in [(201, true), (303, true), (404, false), (500, false)] {
        cache.set("user-conversations:7:page:1", 1).await;
        cache.set("user-conversations:8:page:1", 1).await;
        cache.set("list", 1).tag("conversations").await;
        let origin = Origin::saying([answer(status, &[], "done")]);
        let told = send(layer(&cache).layer(origin), "7").await;
        assert_eq!(told.expect("answered").status(), status);
        let is_there = async |key| cache.contains(key).await;
        assert_ne!(
            is_there("user-conversations:7:page:1").await,
            ends,
            "{status}"
        );
        assert!(is_there("user-conversations:8:page:1").await);
        assert_ne!(is_there("list").await, ends, "{status}");
    }
}

/// It may not make more old than it says.
#[tokio::test]
async fn no_value_of_a_request_is_a_wildcard() {
    let backend = Backend::new().await;
    let cache = backend.cache();
    cache.set("user-conversations:8:page:1", 1).await;
    let origin = Origin::saying([answer(200, &[], "done")]);
    send(layer(&cache).layer(origin), "*").await;
    assert!(cache.contains("user-conversations:8:page:1").await);
}

/// What its handler has written until then may have been committed.
#[tokio::test]
async fn a_request_whose_client_goes_away_invalidates() {
    let backend = Backend::new().await;
    let cache = backend.cache();
    let cached = CacheLayer::new(&cache, "http").ttl(MINUTE);
    let hanging = Origin::new(|request| async move {
        if request.method() == "GET" {
            return answer(200, &[], "old");
        }
        std::future::pending().await
    });
    let client = behind(&cached, hanging.clone());
    client.get("/conversations").await;
    cache.set("user-conversations:7:page:1", 1).await;
    let going = [
        tokio::spawn(send(layer(&cache).layer(hanging.clone()), "7")),
        tokio::spawn({
            let client = client.clone();
            async move {
                client.ask("POST", "/conversations", &[]).await;
                None
            }
        }),
    ];
    test_servers::wait_until("both were asked", Duration::from_secs(10), || async {
        hanging.calls() == 3
    })
    .await;
    for task in going {
        task.abort();
        assert!(task.await.is_err(), "it goes away");
    }
    test_servers::wait_until("it has ended", Duration::from_secs(10), || async {
        !cache.contains("user-conversations:7:page:1").await
    })
    .await;
    let only = [("cache-control", "only-if-cached")];
    test_servers::wait_until("its path has ended", Duration::from_secs(10), || async {
        client.ask("GET", "/conversations", &only).await.status == 504
    })
    .await;
}
