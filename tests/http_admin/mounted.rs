//! Inside of axum, at two places.

use crate::world::{Answer, open, request, used};
use axum::Router;
use axum::body::Body;
use cache_runtime::Cache;
use tower_service::Service;

async fn app() -> (Cache, Router) {
    let cache = used().await;
    let admin = open(&cache);
    let app = Router::new()
        .nest_service("/cache", admin.clone())
        .route_service("/api/health/cache", admin);
    (cache, app)
}

async fn ask(app: &Router, method: &str, path: &str, body: &str) -> Answer {
    let request = request(method, path, body).map(Body::new);
    let Ok(response) = app.clone().call(request).await;
    Answer::of(response).await
}

#[tokio::test]
async fn the_page_stands_where_it_was_mounted_with_a_slash_and_without() {
    let (_, app) = app().await;
    for path in ["/cache", "/cache/"] {
        let answer = ask(&app, "GET", path, "").await;
        assert_eq!(
            answer.header("content-type"),
            "text/html; charset=utf-8",
            "{path}"
        );
    }
    let json = ask(&app, "GET", "/cache/stats", "").await.json();
    assert_eq!(json["totals"]["lookups"], 6);
}

#[tokio::test]
async fn health_stands_at_its_own_path_and_below_the_page() {
    let (_, app) = app().await;
    for path in ["/api/health/cache", "/cache/api/health/cache"] {
        let json = ask(&app, "GET", path, "").await.json();
        assert_eq!(json["status"], "healthy", "{path}");
        let json = ask(&app, "POST", path, r#"{"action": "get_stats"}"#)
            .await
            .json();
        assert_eq!(json["totals"]["hits"], 2, "{path}");
        let head = ask(&app, "HEAD", path, "").await;
        assert_eq!(
            (head.status.as_u16(), head.text.as_str()),
            (200, ""),
            "{path}"
        );
    }
}

#[tokio::test]
async fn an_invalidation_goes_through_the_router() {
    let (cache, app) = app().await;
    let answer = ask(&app, "POST", "/cache/invalidate", r#"{"tag": "reports"}"#).await;
    assert_eq!(answer.json()["delivery"], "delivered");
    assert_eq!(cache.stats().invalidations, 1);
}

#[tokio::test]
async fn what_is_not_there_is_said_by_whom_it_belongs_to() {
    let (_, app) = app().await;
    let answer = ask(&app, "GET", "/cache/nowhere", "").await;
    assert_eq!(answer.status, 404);
    assert!(answer.json()["error"].is_string());
    assert_eq!(
        ask(&app, "GET", "/stats", "").await.status,
        404,
        "it is not mounted there"
    );
    let answer = ask(&app, "PUT", "/api/health/cache", "").await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("allow")),
        (405, "GET, HEAD, POST")
    );
}
