//! The layers around axum's routers.

use crate::backend::Backend;
use crate::world::{MINUTE, read};
use axum::Router;
use axum::body::Body;
use axum::extract::OriginalUri;
use axum::routing::get;
use cache_runtime::Cache;
use cache_runtime::http::{CacheLayer, InvalidateLayer, ReadYourWritesLayer};
use http::Request;
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use tower_service::Service;

/// What is said there, and how often.
fn saying(what: &'static str, calls: &Arc<AtomicU32>) -> Router {
    let calls = Arc::clone(calls);
    Router::new().route(
        "/list",
        get(move || async move {
            calls.fetch_add(1, SeqCst);
            what
        }),
    )
}

async fn ask(router: &Router, path: &str) -> String {
    let mut router = router.clone();
    let ready = poll_fn(|context| Service::<Request<Body>>::poll_ready(&mut router, context)).await;
    ready.expect("infallible");
    let request = Request::get(path).body(Body::empty()).expect("a request");
    let response = router.call(request).await.expect("infallible");
    read(response).await.body
}

async fn asked_twice(router: Router, calls: &AtomicU32) {
    for _ in 0..2 {
        assert_eq!(ask(&router, "/a/list").await, "a");
        assert_eq!(ask(&router, "/b/list").await, "b");
    }
    assert_eq!(calls.swap(0, SeqCst), 2);
}

fn layer(cache: &Cache, name: &str) -> CacheLayer {
    CacheLayer::new(cache, name).ttl(MINUTE)
}

#[tokio::test]
async fn nested_routers_are_apart_where_the_layer_sees_whole_paths() {
    let backend = Backend::new().await;
    let cache = backend.cache();
    let calls = Arc::default();
    let (a, b) = (saying("a", &calls), saying("b", &calls));
    let outside = Router::new()
        .nest("/a", a.clone())
        .nest("/b", b.clone())
        .layer(layer(&cache, "outside"));
    asked_twice(outside, &calls).await;
    // Inside they see `/list`, both of them.
    let named = Router::new()
        .nest("/a", a.clone().layer(layer(&cache, "of a")))
        .nest("/b", b.clone().layer(layer(&cache, "of b")));
    asked_twice(named, &calls).await;
    let whole = || {
        layer(&cache, "whole").path(|request| {
            let whole = request.extensions.get::<OriginalUri>();
            whole
                .map_or(request.uri.path(), |uri| uri.path())
                .to_owned()
        })
    };
    let told = Router::new()
        .nest("/a", a.layer(whole()))
        .nest("/b", b.layer(whole()));
    asked_twice(told, &calls).await;
}

#[tokio::test]
async fn layers_go_around_routers_routes_and_one_another() {
    let backend = Backend::new().await;
    let cache = backend.cache();
    let calls = Arc::new(AtomicU32::new(0));
    let route = {
        let calls = Arc::clone(&calls);
        get(move || async move { calls.fetch_add(1, SeqCst).to_string() })
    };
    let changes = InvalidateLayer::new(&cache).tags(|_| ["everything"]);
    let router = Router::new()
        .route("/route", route.clone().layer(layer(&cache, "route")))
        .route("/other", route.post(async || "done").layer(changes))
        .layer(layer(&cache, "router"))
        .layer(ReadYourWritesLayer::new(&cache));
    assert_eq!(ask(&router, "/route").await, "0");
    assert_eq!(ask(&router, "/route").await, "0");
    assert_eq!(ask(&router, "/other").await, "1");
    assert_eq!(ask(&router, "/other").await, "1");
}
