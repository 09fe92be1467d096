//! Who is answered.

use crate::world::{ask, get, open, post, request, used};
use cache_runtime::http::Admin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

const EVERYTHING: [(&str, &str); 6] = [
    ("GET", "/"),
    ("GET", "/stats"),
    ("GET", "/api/health/cache"),
    ("POST", "/api/health/cache"),
    ("POST", "/invalidate"),
    ("GET", "/nowhere"),
];

#[tokio::test]
async fn nobody_is_answered_unless_somebody_says_so_and_the_refusal_says_how() {
    let admin = Admin::new(&used().await);
    for (method, path) in EVERYTHING {
        let answer = ask(&admin, request(method, path, "{}")).await;
        assert_eq!(answer.status, 403, "{method} {path}");
        let error = answer.json()["error"].to_string();
        assert!(error.contains("Admin::authorize"), "{error}");
        assert!(!answer.text.contains("report"), "{answer:?}");
    }
}

#[tokio::test]
async fn a_closure_decides_by_what_a_request_says_of_itself() {
    let admin = Admin::new(&used().await).authorize(|parts| parts.headers.contains_key("operator"));
    assert_eq!(get(&admin, "/stats").await.status, 403);
    let mut allowed = request("GET", "/stats", "");
    allowed
        .headers_mut()
        .insert("operator", http::HeaderValue::from_static("ada"));
    assert_eq!(ask(&admin, allowed).await.status, 200);
}

#[tokio::test]
async fn a_future_may_decide_as_well() {
    let asked = Arc::new(AtomicU32::new(0));
    let admin = Admin::new(&used().await).authorize({
        let asked = Arc::clone(&asked);
        move |parts| {
            let (asked, path) = (Arc::clone(&asked), parts.uri.path().to_owned());
            async move {
                tokio::task::yield_now().await;
                asked.fetch_add(1, SeqCst);
                path == "/stats"
            }
        }
    });
    assert_eq!(get(&admin, "/stats").await.status, 200);
    assert_eq!(get(&admin, "/").await.status, 403);
    assert_eq!(asked.load(SeqCst), 2);
}

#[tokio::test]
async fn clones_decide_alike_and_what_is_said_later_is_of_the_later_one() {
    let refusing = Admin::new(&used().await);
    let allowing = refusing.clone().authorize(|_| true);
    assert_eq!(get(&allowing.clone(), "/stats").await.status, 200);
    assert_eq!(get(&refusing, "/stats").await.status, 403);
}

#[tokio::test]
async fn public_health_tells_two_words_and_opens_nothing_else() {
    let admin = Admin::new(&used().await).public_health();
    let answer = get(&admin, "/api/health/cache").await;
    assert_eq!(answer.status, 200);
    let told = serde_json::json!({ "status": "healthy", "backend": "embedded" });
    assert_eq!(answer.json(), told);
    for (method, path) in EVERYTHING {
        if (method, path) != ("GET", "/api/health/cache") {
            let answer = ask(&admin, request(method, path, "{}")).await;
            assert_eq!(answer.status, 403, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn public_health_tells_the_authorised_as_much_as_ever() {
    let admin = open(&used().await).public_health();
    assert!(get(&admin, "/api/health/cache").await.json()["caches"].is_array());
}

#[tokio::test]
async fn what_is_refused_has_no_effect() {
    let cache = used().await;
    let admin = Admin::new(&cache);
    post(&admin, "/invalidate", r#"{"pattern": "*"}"#).await;
    assert_eq!(cache.stats().invalidations, 0);
}
